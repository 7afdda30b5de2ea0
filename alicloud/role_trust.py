"""Whom the role of a service may trust, and what a trust policy allows beyond that."""

from __future__ import annotations

import re
from dataclasses import dataclass

from alicloud import policy, prerequisites
from alicloud.errors import Unmet
from alicloud.policy import Right


@dataclass(frozen=True)
class RoleSpec:
    """A role that is wanted for a service. `description` is given at creation only: the vendor's own text stays.

    `trusted_service` is empty where it is not known: then whom the role trusts is not compared, and the role cannot
    be created by us. `candidates` are given where it is only the documented default: then a role that exists and
    trusts any of them, and nobody else, is right, since the console made it and the vendor knows its own name.
    """

    name: str
    trusted_service: str
    description: str = ""
    candidates: tuple[str, ...] = ()


def differences(spec: RoleSpec, trust_policy: str) -> list[str]:
    """Say in lines where a trust policy differs from the wanted one: "- Allow sts:AssumeRole to RAM ...".

    Where only candidates are known, any of them will do, also under a condition; everybody else is a difference.

    Raises:
        Unmet: it is not a policy document.
    """
    if not spec.trusted_service:
        return []
    wanted = prerequisites.trust_policy(spec.trusted_service)
    if not spec.candidates:
        return policy.differences(wanted, trust_policy)
    lacking = [] if _trusted(spec, trust_policy) else list(map(str, policy.allowed(wanted)))
    return [f"+ {line}" for line in lacking] + [f"- {right}" for right in _strangers(spec, trust_policy)]


def kept(spec: RoleSpec, trust_policy: str) -> list[str]:
    """Give the services that a role goes on trusting, when everybody else is thrown out.

    Raises:
        Unmet: it trusts a service of which we cannot tell whether it is Realtime Compute; a person must.
    """
    if unknown := _unknown(spec, trust_policy):
        raise Unmet(
            f"RAM role {spec.name} trusts {', '.join(unknown)}, not known to be Realtime Compute.",
            remedy=how_to_name(spec, trust_policy),
        )
    return _trusted(spec, trust_policy) or [spec.trusted_service]


def how_to_name(spec: RoleSpec, trust_policy: str) -> str:
    """Say how a service that we do not know is accepted, or refused; empty when there is none."""
    unknown = _unknown(spec, trust_policy)
    if not unknown:
        return ""
    return (
        f"If the Authorize page made it trust {unknown[0]}, say so in the environment (service_role.trusted_service); "
        f"if not, say {spec.trusted_service} there, and prepare corrects it, or correct it in the RAM console. Then "
        "Retry this run."
    )


def _is_candidate(spec: RoleSpec, right: Right) -> bool:
    """Say whether a right lets a candidate assume the role, and no more than that."""
    known = {f"Service {name}" for name in spec.candidates}
    return right.principal in known and right.action.casefold() == "sts:assumerole"


def _trusted(spec: RoleSpec, trust_policy: str) -> list[str]:
    """Give the candidates that are trusted."""
    found = {right.principal for right in policy.allowed(trust_policy) if _is_candidate(spec, right)}
    return sorted(principal.removeprefix("Service ") for principal in found)


def _strangers(spec: RoleSpec, trust_policy: str) -> list[Right]:
    """Give what a trust policy allows beyond a candidate's assuming the role: accounts, federations, everybody."""
    return [right for right in policy.allowed(trust_policy) if not _is_candidate(spec, right)]


def _unknown(spec: RoleSpec, trust_policy: str) -> list[str]:
    """Give the services that are trusted and may be Realtime Compute by a name that we do not know."""
    if not spec.candidates:
        return []
    principals = {right.principal for right in _strangers(spec, trust_policy)}
    named = (re.fullmatch(r"Service ([a-z0-9.-]+\.aliyuncs\.com)", each) for each in principals)
    return sorted(match[1] for match in named if match and match[1] not in spec.candidates)
