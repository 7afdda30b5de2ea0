"""The plan: what a run would do, for people to read before it does it, and to agree to by its digest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256

from alicloud.changes import Change
from alicloud.rights_lint import REMEDIES
from alicloud.snapshot import Write
from blocks.rights import Judged
from tasks.inert import plain, table

MADE, CHANGED, KEPT, BLOCKED = "+", "~", "=", "!"


@dataclass(frozen=True)
class Row:
    """What becomes of one resource: made, changed, kept, or blocked; `detail` says how, or by what."""

    sign: str
    title: str
    detail: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    `scope` says what of the environment it is about. `writes` stand in the order of the procedure. `price` is what the
    first order costs, in words, empty when nothing is bought. `reasons` say why a person should look at it: money,
    or what cannot be taken back. `minutes` are expected along `path`, the longest chain of steps. `checked` are the
    steps that only read; `unjudged` are so many that build on what is blocked.
    """

    environment: str
    scope: str
    rows: tuple[Row, ...]
    writes: tuple[Write, ...] = ()
    price: str = ""
    reasons: tuple[str, ...] = ()
    minutes: float = 0.0
    path: tuple[str, ...] = ()
    findings: tuple[Judged, ...] = ()
    checked: tuple[str, ...] = ()
    unjudged: int = 0

    @property
    def blocked(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.sign == BLOCKED)

    @property
    def digest(self) -> str:
        """Tell this plan from every one that would write, change or cost something else: 12 hexadecimal digits."""
        told = sorted([write.action, write.means, write.fingerprint, *map(str, write.changes)] for write in self.writes)
        return sha256(json.dumps([self.environment, told, self.price]).encode()).hexdigest()[:12]

    def summary(self) -> str:
        """Say in one line what it comes to."""
        if self.blocked:
            number = len(self.blocked)
            return f"blocked: {number} thing{'s stand' if number > 1 else ' stands'} in the way; nothing is written"
        if not self.writes:
            return "nothing to do"
        number = len(self.writes)
        said = f"{number} write{'s' if number > 1 else ''}"
        if self.price:
            return f"{said}, 1 costs money: {self.price}"
        once = sum(write.once_only for write in self.writes)
        return f"{said}, {once} cannot be taken back" if once else said

    def markdown(self) -> str:
        """Write the plan; nothing that others wrote takes effect in it."""
        parts = [
            f"# Plan of {plain(self.environment)}: {plain(self.summary())}",
            f"{plain(self.scope)}. Digest `{self.digest}`.",
            self._facts(),
            _section("Look at this", "\n".join(f"- {plain(reason)}" for reason in self.reasons)),
            _section("Blocked", self._blocked()),
            _section("What becomes of what", self._rows()),
            _section("What would be written" if self.blocked else "What is written", self._writes()),
            _section("Rights that reach far", self._findings()),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _facts(self) -> str:
        lines = [f"- Costs: **{plain(self.price)}**"] if self.price else []
        if self.writes or self.path:
            lasts = f"about {self.minutes:.0f} minutes" if self.minutes >= 1 else "less than a minute"
            on = f", on the longest chain: {plain(' → '.join(self.path))}" if self.path else ""
            lines.append(f"- Takes: {lasts}{on}")
        if self.checked:
            lines.append(f"- Looked at: {plain('; '.join(self.checked))}")
        return "\n".join(lines)

    def _blocked(self) -> str:
        if not self.blocked:
            return ""
        told = table(("", "What", "Cause and remedy"), ((row.sign, row.title, row.detail) for row in self.blocked))
        return told if not self.unjudged else f"{told}\n\n{self.unjudged} steps that build on these are not judged yet."

    def _rows(self) -> str:
        rows: list[tuple[str, ...]] = []
        for row in self.rows:
            if row.sign != BLOCKED:
                rows.append((row.sign, row.title, row.detail))
                rows += [("", "", str(change)) for change in row.changes]
        return table(("", "What", "How"), rows) if rows else ""

    def _writes(self) -> str:
        if not self.writes:
            return "Nothing."
        rows = ((write.means, write.action, "once only" if write.once_only else "") for write in self.writes)
        return table(("What", "API action", ""), rows)

    def _findings(self) -> str:
        if not self.findings:
            return ""
        rows = ((each.finding.id, each.finding.principal, each.finding.policy, _judged(each)) for each in self.findings)
        return table(("Finding", "Whose", "By policy", "Judged"), rows)


def _judged(each: Judged) -> str:
    return f"Waived: {each.waiver}" if each.waiver else REMEDIES[each.finding.id]


def _section(title: str, content: str) -> str:
    return f"## {title}\n\n{content}" if content else ""
