"""Drift: what a dry run of the procedure would write or be refused, told as findings. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from alicloud.changes import Change
from alicloud.errors import AlibabaCloudError
from alicloud.snapshot import Write
from blocks import desired
from blocks.audit_finding import Finding, FindingId, Severity
from blocks.environment import Environment

REPAIR = "Run prepare: it puts it right. Or correct the environment, or accept it with a date."

# What opens the account, and without what the service cannot work; and what only people read.
_OPENS = frozenset({"UpdateRole", "UpdateLoginProfile", "SetPasswordPolicy", "SetSecurityPreference"})
_BEARS = frozenset(
    {"CreateRole", "AttachPolicyToRole", "CreateVpc", "CreateVSwitch", "PutBucket", "CreateCluster", "CreateInstance"}
)
_TEXTS = frozenset({"UpdateUser", "UpdateGroup"})

# CIS Alibaba Cloud Foundation Benchmark 1.0.0, by the field of the password policy.
PASSWORD_ITEMS = {
    "require uppercase": "1.7",
    "require lowercase": "1.8",
    "require symbols": "1.9",
    "require numbers": "1.10",
    "minimum length": "1.11",
    "reuse prevention": "1.12",
    "max age days": "1.13",
    "max attempts": "1.14",
}

# A step that is refused for a reason that a check tells better.
TOLD_BETTER: dict[str, FindingId] = {"ensure_bucket": "public-bucket", "check_cluster_network": "service-network"}


class Refusal(Protocol):
    """A step of a dry run that was refused; see `tasks.run.Foreseen`."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def refused(self) -> AlibabaCloudError | None: ...


def drift(
    environment: Environment, writes: Iterable[Write], refusals: Iterable[Refusal], told: Collection[FindingId] = ()
) -> list[Finding]:
    """Make a finding of every field that a write would change, of what it would make, and of every refusal.

    Args:
        refusals: those that the cloud's state is the cause of.
        told: what the checks have found, and so need not be told again.
    """
    found = [finding for write in writes for finding in _of(write)]
    return found + [
        _refused(environment, each, each.refused)
        for each in refusals
        if each.refused is not None and TOLD_BETTER.get(each.name) not in told
    ]


def _of(write: Write) -> Iterable[Finding]:
    if not write.changes:
        yield _finding(write, f"is missing: prepare would {write.means}", _severity(write.action))
    for change in write.changes:
        what = f"is {change.before or 'absent'}, wanted {change.after or 'absent'}"
        yield _finding(write, what, _severity(write.action, change), change.field)


def _finding(write: Write, what: str, severity: Severity, field: str = "") -> Finding:
    cis = PASSWORD_ITEMS.get(field, "") if write.action == "SetPasswordPolicy" else ""
    cis = "1.4" if write.action == "UpdateLoginProfile" else cis
    return Finding("drift", severity, write.step, what, REPAIR, field, cis, write.names, write.action)


def _severity(action: str, change: Change | None = None) -> Severity:
    if action in _OPENS or (change is None and action in _BEARS):
        return "high"
    if action == "CreatePolicyVersion" and change is not None and _gives_too_much(change):
        return "high"
    return "low" if action in _TEXTS else "medium"


def _gives_too_much(change: Change) -> bool:
    """Say whether the account allows what is not wanted, or does not deny what is to be denied."""
    surplus, lacking = bool(change.before), bool(change.after)
    return (surplus and change.field.startswith("Allow")) or (lacking and change.field.startswith("Deny"))


def _refused(environment: Environment, step: Refusal, error: AlibabaCloudError) -> Finding:
    names = tuple(name for name in known_names(environment) if name in step.title.split() or name in error.message)
    return Finding("drift", "high", step.title, error.message, error.remedy, names=names)


def known_names(environment: Environment) -> list[str]:
    """Give the names of the environment by which the cloud's records may know something."""
    network = environment.network
    found = [
        environment.storage.bucket,
        desired.service_role(environment).name,
        environment.cluster.name,
        network.vpc.id,
        network.vpc.name,
        *(name for vswitch in network.vswitches for name in (vswitch.id, vswitch.name)),
        *(project.name for project in environment.projects),
        *(user.name for user in environment.people.users),
        *(group.name for group in environment.people.groups),
    ]
    return [name for name in dict.fromkeys(found) if name]
