"""The report of an audit: what has drifted, by how much, who did it, and what was accepted until when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from blocks.audit_finding import SEVERITIES, Judged
from tasks.inert import cell, plain

COLUMNS = ("Status", "Severity", "Finding", "What", "Field", "How it is", "Who", "What to do", "CIS")
MOST_ROWS = 1_000
MOST_LINES = 20  # of the final state's message


@dataclass(frozen=True)
class AuditReport:
    """What an audit found.

    `unread` are pairs of a step that failed, and why. `unjudged` are so many steps that build on what is refused.
    `looked` are the things that were looked at.
    """

    environment: str
    findings: tuple[Judged, ...]
    unread: tuple[tuple[str, str], ...] = ()
    unjudged: int = 0
    looked: int = 0

    @property
    def drifted(self) -> tuple[Judged, ...]:
        """What counts: drift of any severity, other findings but notes, unless they are accepted."""
        return tuple(each for each in self.findings if each.counts)

    @property
    def accepted(self) -> tuple[Judged, ...]:
        return tuple(each for each in self.findings if each.is_accepted)

    @property
    def notes(self) -> tuple[Judged, ...]:
        return tuple(each for each in self.findings if not each.counts and not each.is_accepted)

    def summary(self) -> str:
        """Say in one line what it comes to."""
        beside = [f"{len(self.accepted)} accepted"] if self.accepted else []
        beside += [f"{len(self.notes)} note{'s' if len(self.notes) > 1 else ''}"] if self.notes else []
        beside += [f"{len(self.unread)} could not be read"] if self.unread else []
        more = f"; {', '.join(beside)}" if beside else ""
        if not self.drifted:
            return f"{'not complete' if self.unread else 'nothing has drifted'}{more}"
        counted = Counter(each.finding.severity for each in self.drifted)
        told = ", ".join(f"{counted[severity]} {severity}" for severity in SEVERITIES if counted[severity])
        return f"{len(self.drifted)} finding{'s' if len(self.drifted) > 1 else ''} ({told}){more}"

    def lines(self) -> list[str]:
        """Say the findings that count in lines, the worst first."""
        told = [f"{number}. {_line(each)}" for number, each in enumerate(self.drifted[:MOST_LINES], 1)]
        more = len(self.drifted) - MOST_LINES
        return told + ([f"And {more} more, in the artifact audit-{self.environment}."] if more > 0 else [])

    def description(self) -> str:
        """Say above the table what it comes to, and what it does not tell."""
        lines = [f"Audit of {self.environment}: {self.summary()}. {self.looked} steps looked, nothing was written."]
        if self.unjudged:
            steps = f"{self.unjudged} step{'s' if self.unjudged > 1 else ''}"
            lines.append(f"{steps} could not be judged: what they build on is refused.")
        if len(self.findings) > MOST_ROWS:
            lines.append(f"The first {MOST_ROWS} of {len(self.findings)} findings.")
        return plain(" ".join(lines))

    def table(self) -> list[dict[str, str]]:
        """Give the rows of the table artifact, what counts first; nothing that others wrote takes effect in it."""
        rows = [_unread(what, why) for what, why in self.unread]
        rows += [_row(each) for each in [*self.drifted, *self.accepted, *self.notes][:MOST_ROWS]]
        return [{name: cell(text) for name, text in row.items()} for row in rows]


def _row(each: Judged) -> dict[str, str]:
    finding = each.finding
    about = (finding.severity, finding.id, finding.resource, finding.field, finding.what)
    return dict(zip(COLUMNS, (_status(each), *about, each.by, finding.remedy, finding.cis), strict=True))


def _unread(what: str, why: str) -> dict[str, str]:
    return {**dict.fromkeys(COLUMNS, ""), "Status": "could not be read", "What": what, "How it is": why}


def _status(each: Judged) -> str:
    if each.acceptance is None:
        return "drifted" if each.counts else "note"
    state = "drifted" if each.counts else "note"
    accepted = f"accepted until {each.acceptance.until}: {each.acceptance.reason}"
    return f"{state}, was {accepted}" if each.expired else accepted


def _line(each: Judged) -> str:
    finding = each.finding
    field = f": {finding.field}" if finding.field else ""
    accepted = f" ({_status(each)})" if each.expired else ""
    by = f"; by {each.by}" if each.by else ""
    return f"[{finding.severity}] {finding.resource}{field} {finding.what}{accepted}{by}"
