"""Effective rights: what a user, group or role may do by all policies together, decided without asking the cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from alicloud.policy_patterns import example
from alicloud.policy_statements import Statement, statements
from alicloud.ram_policies import Attachment, PrincipalKind

NOTHING_KNOWN: Mapping[str, str] = {}
UNNAMED = "one-that-no-policy-names"


@dataclass(frozen=True)
class Held:
    """A policy that somebody holds, with its document; `group` is empty when it is their own."""

    attachment: Attachment
    document: str = field(repr=False)
    group: str = ""

    def __str__(self) -> str:
        return f"{self.attachment}, through group {self.group}" if self.group else str(self.attachment)


@dataclass(frozen=True)
class Principal:
    """A user, group or role with every policy that bears on it.

    `groups` are those that a user is in, `members` the users who are in a group, `trust_policy` is a role's.
    """

    kind: PrincipalKind
    name: str
    policies: tuple[Held, ...] = ()
    groups: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    trust_policy: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def by(self, policy: str) -> Principal:
        """Give the same with this policy alone, to ask what it gives by itself."""
        return replace(self, policies=tuple(held for held in self.policies if held.attachment.name == policy))


class Decision(StrEnum):
    ALLOWED = "allowed"
    DENIED = "denied"  # by a statement that says Deny
    CONDITIONAL = "conditional"  # allowed or not, as what is not known of the request decides
    NOT_GRANTED = "not granted"  # no statement allows it


@dataclass(frozen=True)
class Verdict:
    """A decision, the policies that make it, and what it hangs on when it is conditional."""

    decision: Decision
    by: tuple[Held, ...] = ()
    conditions: str = ""

    @property
    def is_possible(self) -> bool:
        """Whether it is allowed, or may be."""
        return self.decision in (Decision.ALLOWED, Decision.CONDITIONAL)


def decide(principal: Principal, action: str, resource: str, context: Mapping[str, str] = NOTHING_KNOWN) -> Verdict:
    """Decide as RAM does: a Deny wins, then an Allow, and what nobody allows is not granted.

    Args:
        principal: who asks.
        action: product and API action, e.g. `vpc:CreateVpc`.
        resource: what it acts on, e.g. `acs:vpc:cn-hangzhou:1234567890123456:vpc/*`.
        context: condition keys of which the value is known. A condition on another key makes the verdict conditional
            wherever it matters, never allowed.

    Source: RAM, policy evaluation.
    """
    spoken = list(_speaking(principal, action, resource, context))
    denying = [said for said in spoken if not said.statement.allows]
    if certain := [said for said in denying if said.holds]:
        return Verdict(Decision.DENIED, _policies(certain))
    allowing = [said for said in spoken if said.statement.allows]
    certain = [said for said in allowing if said.holds]
    if certain and not denying:
        return Verdict(Decision.ALLOWED, _policies(certain))
    if allowing:
        return Verdict(Decision.CONDITIONAL, _policies([*(certain or allowing), *denying]), _told(allowing, denying))
    return Verdict(Decision.NOT_GRANTED)


def decide_on_any(principal: Principal, action: str, kind: str, context: Mapping[str, str] = NOTHING_KNOWN) -> Verdict:
    """Decide on every one of a kind that some policy names, and on one that none does; what is possible counts.

    Args:
        principal: see `decide`; so are `action` and `context`.
        kind: what stands before the id, e.g. `acs:vpc:cn-hangzhou:1234567890123456:vpc/`.
    """
    named = (
        example(pattern, kind, UNNAMED)
        for held in principal.policies
        for statement in statements(held.document)
        for pattern in statement.resources
    )
    asked = dict.fromkeys([f"{kind}{UNNAMED}", *(each for each in named if each)])
    return furthest(decide(principal, action, each, context) for each in asked)


def furthest(verdicts: Iterable[Verdict]) -> Verdict:
    """Give the first verdict that allows the most."""
    return min(verdicts, key=lambda verdict: _FURTHEST.index(verdict.decision))


_FURTHEST = (Decision.ALLOWED, Decision.CONDITIONAL, Decision.DENIED, Decision.NOT_GRANTED)


@dataclass(frozen=True)
class _Said:
    held: Held
    statement: Statement
    holds: bool | None


def _speaking(principal: Principal, action: str, resource: str, context: Mapping[str, str]) -> Iterable[_Said]:
    """Give the statements that bear on it; those whose condition surely does not hold are silent."""
    for held in principal.policies:
        for statement in statements(held.document):
            if statement.speaks_of(action, resource) and (holds := statement.holds(context)) is not False:
                yield _Said(held, statement, holds)


def _policies(said: Iterable[_Said]) -> tuple[Held, ...]:
    return tuple(dict.fromkeys(each.held for each in said))


def _told(allowing: list[_Said], denying: list[_Said]) -> str:
    only_if = [] if any(said.holds for said in allowing) else [said.statement.conditions() for said in allowing]
    unless = [said.statement.conditions() for said in denying]
    told = [f"if {' or '.join(dict.fromkeys(only_if))}"] if only_if else []
    told += [f"unless {' or '.join(dict.fromkeys(unless))}"] if unless else []
    return ", ".join(told)
