"""The rights that an environment gives, looked at by the lint, and what the environment says about its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alicloud import policy, prerequisites
from alicloud.errors import Unmet
from alicloud.rights_lint import Finding, Grant, lint
from blocks import desired
from blocks.environment import Environment

# What the service's policies allow, for a plan that could not read them. Source: RAM, system policies.
KNOWN_DOCUMENTS: Mapping[str, str] = {
    prerequisites.EXCLUSIVE_ROLE_POLICY: prerequisites.role_policy_document(),
    prerequisites.EXCLUSIVE_CUSTOM_POLICY: prerequisites.exclusive_policy_document(True),
    prerequisites.OSS_FULL_ACCESS: policy.document([policy.statement("oss:*")]),
}


@dataclass(frozen=True)
class Judged:
    """A finding of the lint, and why it is waived; empty when it is not."""

    finding: Finding
    waiver: str = ""


def judged(environment: Environment, documents: Mapping[str, str]) -> tuple[Judged, ...]:
    """Look at every right that the environment gives to people and to the service (R3, R4, R8, R9).

    Args:
        documents: of the service role's policies by name, as far as they were read.
    """
    if environment.safety.rights_lint == "off":
        return ()
    waivers = {waiver.finding: waiver.reason for waiver in environment.safety.waivers}
    found = lint(grants(environment, {**KNOWN_DOCUMENTS, **documents}))
    return tuple(Judged(finding, waivers.get(finding.id, "")) for finding in found)


def grants(environment: Environment, documents: Mapping[str, str]) -> list[Grant]:
    """Give every policy that the environment wants attached, with its document as far as it is known."""
    found = [
        Grant(access.attachment.principal_kind, access.attachment.principal, access.policy.name, access.policy.document)
        for access in desired.accesses(environment)
    ]
    service = desired.service_policies(environment)
    return found + [
        Grant("role", service.principal, each.name, documents.get(each.name, "")) for each in service.policies
    ]


def refusal(environment: Environment, found: Sequence[Judged]) -> Unmet | None:
    """Refuse what is not waived, if the environment wants that."""
    open_ = sorted({each.finding.id for each in found if not each.waiver})
    if environment.safety.rights_lint != "refuse" or not open_:
        return None
    return Unmet(
        f"Rights reach too far: {', '.join(open_)} (safety.rights_lint is refuse).",
        remedy="Narrow them, or waive each in safety.waivers with the reason.",
    )
