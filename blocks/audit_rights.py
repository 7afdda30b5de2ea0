"""What an audit finds in the rights of somebody: too many, on the wrong one, or a way to more. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from alicloud.effective_rights import Held, Principal
from alicloud.escalation import ADMINISTRATOR, escalations
from alicloud.escalation import Finding as Escalation
from alicloud.ram_policies import Attachment
from alicloud.rights_lint import REMEDIES, Grant, lint
from blocks.access_wanted import wanted
from blocks.audit_finding import Finding, Severity
from blocks.environment import Environment

T = TypeVar("T")


def rights(environment: Environment, account: str, real: Principal) -> list[Finding]:
    """Find what somebody holds beyond the environment, and which of it reaches too far.

    Rights that the environment itself gives (the vendor's procedure wants them wide) are notes.
    """
    ideal = wanted(environment, (real.kind, real.name))
    return [*_surplus(environment, ideal, real), *_on_user(ideal, real), *_wide(environment, account, ideal, real)]


def _surplus(environment: Environment, ideal: Principal, real: Principal) -> Iterable[Finding]:
    """What prepare never takes away: members, groups and policies that nobody asked for."""
    remedy = "Take it away in the RAM console, or put it into the environment."
    where = _titled(real)
    known = {group.name for group in environment.people.groups}  # of these it is told as their member
    for name in _beyond(real.members, ideal.members):
        what = f"has member {name}, whom nobody asked for"
        yield Finding("more-than-wanted", "medium", where, what, remedy, f"member {name}", names=(real.name, name))
    for name in _beyond(real.groups, [*ideal.groups, *known]):
        what = f"is in group {name}, which the environment does not know"
        yield Finding("more-than-wanted", "low", where, what, remedy, f"group {name}", names=(real.name, name))
    if real.kind != "user":
        for policy in _beyond(_attached(real), _attached(ideal)):
            what, field = f"holds policy {policy}, which nobody asked for", f"policy {policy.name}"
            names = (real.name, policy.name)
            yield Finding("more-than-wanted", "medium", where, what, remedy, field, names=names)


def _on_user(ideal: Principal, real: Principal) -> Iterable[Finding]:
    asked = _attached(ideal)
    for policy in _attached(real) if real.kind == "user" else ():
        severity: Severity = "low" if policy in asked else "medium"
        what = f"policy {policy} is attached to the user" + ("" if policy in asked else ", unasked")
        remedy, names = REMEDIES["policy-on-user"], (real.name, policy.name)
        yield Finding("policy-on-user", severity, _titled(real), what, remedy, f"policy {policy.name}", "1.16", names)


def _wide(environment: Environment, account: str, ideal: Principal, real: Principal) -> Iterable[Finding]:
    known = {group.name for group in environment.people.groups}
    asked = {held.attachment for held in ideal.policies}
    for found in escalations(real, account):
        if not all(held.group in known for held in found.by):  # else it is told of the group
            cis = "1.15" if found.path is ADMINISTRATOR else ""
            names = (real.name, *(held.attachment.name for held in found.by))
            what = f"may {found.path.allows}, by {', '.join(str(held.attachment) for held in found.by)}"
            severity = _severity(found, all(held.attachment in asked for held in found.by))
            yield Finding("wide-rights", severity, _titled(real), what, found.path.remedy, found.path.id, cis, names)
    for held in real.policies:
        if held.group in known:
            continue  # it is told of the group
        grants = [Grant(real.kind, real.name, held.attachment.name, held.document)]
        if any(each.id == "oss-on-everything" for each in lint(grants)):
            severity = "low" if held.attachment in asked and not held.group else "high"
            what = f"reaches every bucket of the account, by {held}"
            remedy, names = REMEDIES["oss-on-everything"], (real.name, held.attachment.name)
            yield Finding("wide-rights", severity, _titled(real), what, remedy, "oss-on-everything", names=names)


def _severity(found: Escalation, is_asked: bool) -> Severity:
    if is_asked:
        return "low"
    return "medium" if found.conditional else "high"


def _own(principal: Principal) -> list[Held]:
    return [held for held in principal.policies if not held.group]


def _attached(principal: Principal) -> list[Attachment]:
    return [held.attachment for held in _own(principal)]


def _beyond(has: Iterable[T], asked: Sequence[T]) -> list[T]:
    return [each for each in has if each not in asked]


def _titled(principal: Principal) -> str:
    """Name somebody as the steps of prepare do."""
    kinds = {"user": "RAM user", "group": "RAM group", "role": "Role"}
    return f"{kinds[principal.kind]} {principal.name}"
