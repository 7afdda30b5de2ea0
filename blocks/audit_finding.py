"""What an audit finds: a value with its severity, and whether somebody has accepted it. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Protocol

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")

FindingId = Literal[
    "drift",  # prepare would write, or be refused
    "more-than-wanted",  # what prepare never takes away: members and policies that nobody asked for
    "account-key",
    "access-key-age",
    "user-without-mfa",
    "password-policy",
    "policy-on-user",
    "wide-rights",
    "public-bucket",
    "open-security-group",
    "service-network",
    "order-expiry",
    "free-addresses",
    "compute-units",
]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    `resource` names it in the operator's words, `field` the part of it, `what` how it is. `cis` is the number in the
    CIS Alibaba Cloud Foundation Benchmark, version 1.0.0, empty when none is known for certain. `names` are those by
    which ActionTrail knows the resource, `action` the write that changes what has no name.
    """

    id: FindingId
    severity: Severity
    resource: str
    what: str
    remedy: str = ""
    field: str = ""
    cis: str = ""
    names: tuple[str, ...] = ()
    action: str = ""

    @property
    def counts(self) -> bool:
        """Whether the environment has drifted for it. What is low and no drift is a note: it is good to know."""
        return self.id == "drift" or self.severity != "low"


class Acceptance(Protocol):
    """What somebody has accepted; see `auditing.Accepted`."""

    @property
    def finding(self) -> FindingId | None: ...
    @property
    def resource(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def until(self) -> date: ...


@dataclass(frozen=True)
class Judged:
    """A finding, the acceptance that covers it (which may have `expired`), and who changed it, in words."""

    finding: Finding
    acceptance: Acceptance | None = None
    expired: bool = False
    by: str = ""

    @property
    def is_accepted(self) -> bool:
        return self.acceptance is not None and not self.expired

    @property
    def counts(self) -> bool:
        return self.finding.counts and not self.is_accepted


def judged(findings: Iterable[Finding], accepted: Sequence[Acceptance], today: date) -> list[Judged]:
    """Put beside each finding what was accepted of it; the worst first. An acceptance holds through its last day."""
    found = [_judge(finding, accepted, today) for finding in dict.fromkeys(findings)]
    return sorted(found, key=lambda each: SEVERITIES.index(each.finding.severity))


def with_author(each: Judged, author: str) -> Judged:
    return replace(each, by=author)


def _judge(finding: Finding, accepted: Sequence[Acceptance], today: date) -> Judged:
    covering = sorted((each for each in accepted if _covers(each, finding)), key=lambda each: each.until)
    if not covering:
        return Judged(finding)
    return Judged(finding, covering[-1], expired=covering[-1].until < today)


def _covers(acceptance: Acceptance, finding: Finding) -> bool:
    return (
        acceptance.finding in (None, finding.id)
        and acceptance.resource in ("", finding.resource)
        and acceptance.field in ("", finding.field)
    )
