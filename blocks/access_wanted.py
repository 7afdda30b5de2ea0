"""The rights that an environment wants, as far as it says, and how real ones differ from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from alicloud import policy, role_trust
from alicloud.effective_rights import Held, Principal
from alicloud.errors import Unmet
from alicloud.ram_policies import Attachment, PrincipalKind
from blocks import desired
from blocks.environment import Environment

T = TypeVar("T")
Subject = tuple[PrincipalKind, str]


def subjects(environment: Environment) -> list[Subject]:
    """Give whose rights are looked at: every group and user, and the service's role."""
    people = environment.people
    found: list[Subject] = [("group", group.name) for group in people.groups]
    found += [("user", user.name) for user in people.users]
    return [*found, ("role", desired.service_role(environment).name)]


def wanted(environment: Environment, subject: Subject, tightened: bool | None = None) -> Principal:
    """Give somebody with the policies that the environment wants on them, and a user's groups with theirs.

    A document is empty where it is not the environment's to say: that of a system policy, or of the service's custom
    policy when `tightened` is None.
    """
    kind, name = subject
    groups = tuple(each.name for each in environment.people.groups if kind == "user" and name in each.members)
    held = [Held(each, document) for each, document in _own(environment, subject, tightened)]
    for group in groups:
        held += [Held(each, document, group) for each, document in _own(environment, ("group", group), tightened)]
    members = tuple(
        user for each in environment.people.groups if subject == ("group", each.name) for user in each.members
    )
    return Principal(kind, name, tuple(held), groups, members)


def differences(environment: Environment, real: Principal, tightened: bool | None) -> list[str]:
    """Say in lines where the policies, groups and members that somebody really has differ from the wanted ones.

    What comes through a group is told of the group.
    """
    ideal = wanted(environment, (real.kind, real.name), tightened)
    lines = [f"is not in group {name}" for name in _lacking(real.groups, ideal.groups)]
    lines += [
        f"is in group {name}, which the environment does not ask for" for name in _lacking(ideal.groups, real.groups)
    ]
    lines += [f"lacks member {name}" for name in _lacking(real.members, ideal.members)]
    lines += [
        f"has member {name}, whom the environment does not ask for" for name in _lacking(ideal.members, real.members)
    ]
    has, asked = _own_policies(real), _own_policies(ideal)
    lines += [f"lacks policy {attachment}" for attachment in _lacking(has, asked)]
    lines += [f"holds policy {each}, which the environment does not ask for" for each in _lacking(asked, has)]
    for attachment, document in asked.items():
        if attachment in has and document:
            lines += [f"policy {attachment}: {line}" for line in _compared(document, has[attachment])]
    return lines


def mistrusted(environment: Environment, real: Principal) -> list[str]:
    """Say in lines whom the service's role trusts but should not, and the other way round (R7)."""
    if real.kind != "role":
        return []
    try:
        return role_trust.differences(desired.service_role(environment), real.trust_policy)
    except (Unmet, RecursionError):
        return ["it cannot be read"]


def _own(environment: Environment, subject: Subject, tightened: bool | None) -> Iterable[tuple[Attachment, str]]:
    if subject[0] == "role":
        network = desired.exclusive_policy(not tightened)
        for each in desired.service_policies(environment).policies:
            known = each.name == network.name and tightened is not None
            yield each, network.document if known else ""
    for access in desired.accesses(environment):
        if (access.attachment.principal_kind, access.attachment.principal) == subject:
            yield access.attachment.policies[0], access.policy.document


def _lacking(has: Iterable[T], asked: Iterable[T]) -> list[T]:
    return [each for each in asked if each not in set(has)]


def _own_policies(principal: Principal) -> dict[Attachment, str]:
    return {held.attachment: held.document for held in principal.policies if not held.group}


def _compared(ideal: str, real: str) -> list[str]:
    try:
        return policy.differences(ideal, real)
    except (Unmet, RecursionError):
        return ["its document cannot be read"]
