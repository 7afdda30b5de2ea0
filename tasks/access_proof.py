"""The proof of access: who may do what, by which policy, what should be otherwise, and the paths to more rights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alicloud.effective_rights import Decision, Verdict
from alicloud.escalation import Finding
from blocks.access_probes import Probe
from tasks.inert import plain, table

AS_WANTED, OTHERWISE, NOT_JUDGED = "=", "!", ""
MOST_ROWS = 2_000  # of the matrix, what is not as wanted before what is
MOST_LINES = 100  # of what is not as wanted; whoever has corrected that much looks again
MOST_NAMES = 10


@dataclass(frozen=True)
class Row:
    """What one principal may do: the question, and the answer by all their policies."""

    who: str
    probe: Probe
    verdict: Verdict

    @property
    def differs(self) -> bool:
        return not self.probe.is_met_by(self.verdict)

    @property
    def sign(self) -> str:
        return OTHERWISE if self.differs else AS_WANTED if self.probe.expected else NOT_JUDGED

    def told(self) -> str:
        """Say in one line what is not as it should be."""
        must = "must be allowed" if self.probe.expected == "may" else "must not be possible"
        requirement = f" ({self.probe.requirement})" if self.probe.requirement else ""
        return f"{self.who}: {self.probe.what}: {self.verdict.decision}, but {must}{requirement}"


@dataclass(frozen=True)
class LiveRow:
    """What the cloud answered to a role, beside what its policies say. `allowed` is None when it said neither."""

    probe: Probe
    verdict: Verdict
    allowed: bool | None
    code: str = ""

    @property
    def disagrees(self) -> bool:
        """Whether the cloud contradicts the policies; a verdict that is conditional contradicts nothing."""
        if self.allowed is None or self.verdict.decision is Decision.CONDITIONAL:
            return False
        return self.allowed != self.verdict.is_possible

    @property
    def sign(self) -> str:
        undecided = self.allowed is None or self.verdict.decision is Decision.CONDITIONAL
        return OTHERWISE if self.disagrees else NOT_JUDGED if undecided else AS_WANTED


@dataclass(frozen=True)
class LiveProof:
    """The live probes as one role."""

    role: str
    rows: tuple[LiveRow, ...]


@dataclass(frozen=True)
class Proof:
    """What was found.

    `told` are pairs of whom and of what differs from the environment without breaking a requirement. `missing` are
    users, groups and roles that do not exist. `unread` are pairs of a step that failed, and why. `accepted` gives the
    reason by the id of a path that the environment has accepted. `mistrusted` are pairs of a role and of where its
    trust policy differs.
    """

    environment: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    live: LiveProof | None = None
    accepted: Mapping[str, str] | None = None
    mistrusted: tuple[tuple[str, str], ...] = ()

    @property
    def broken(self) -> list[str]:
        """Say in lines what keeps the proof from holding."""
        lines = [f"{who} does not exist" for who in self.missing]
        lines += [f"{who}: its trust policy differs: {line} (R7)" for who, line in self.mistrusted]
        lines += [row.told() for row in self.rows if row.differs]
        for row in self.live.rows if self.live else ():
            if row.disagrees:
                said = "allowed" if row.allowed else "refused"
                lines.append(f"the cloud {said} what the policies say is {row.verdict.decision}: {row.probe.what}")
        return lines

    def summary(self) -> str:
        """Say in one line what it comes to."""
        judged = sum(bool(row.probe.expected) for row in self.rows)
        if self.unread:
            return f"not proven: {len(self.unread)} could not be read"
        if self.broken:
            return f"not as wanted: {len(self.broken)} of {judged + len(self.missing) + len(self.mistrusted)}"
        paths = len({finding.path.id for finding in self.findings})
        live = f", {len(self.live.rows)} probed live as {self.live.role}" if self.live else ""
        return f"{judged} rights are as wanted{live}; {paths} escalation path{'' if paths == 1 else 's'} open"

    def markdown(self) -> str:
        """Write the proof; nothing that others wrote takes effect in it."""
        parts = [
            f"# Access to {plain(self.environment)}: {plain(self.summary())}",
            "Decided from the policies as they are in the account. `=` is as wanted, `!` is not; what has no sign is "
            "not decided by any requirement.",
            _section("Could not be read", table(("What", "Cause and remedy"), self.unread) if self.unread else ""),
            _section("Not as wanted", "\n".join(f"- {plain(line)}" for line in first(self.broken))),
            _section("Escalation paths", self._paths()),
            _section("Other than the environment", table(("Who", "What"), self.told) if self.told else ""),
            _section("Probed live", self._live()),
            _section("Who may use which project", self._projects()),
            _section("Who may do what", self._matrix()),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _paths(self) -> str:
        if not self.findings:
            return "None."
        who: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        first: dict[tuple[str, str], Finding] = {}
        for finding in self.findings:
            for held in finding.by:
                place = (finding.path.id, str(held.attachment))
                first.setdefault(place, finding)
                who[place].append(str(finding.principal))
        rows = (
            (path, _listed(who[path, policy]), policy, *self._judged(finding))
            for (path, policy), finding in first.items()
        )
        return table(("Path", "Who", "By policy", "Allows to", "Remedy"), rows)

    def _judged(self, finding: Finding) -> tuple[str, str]:
        allows = f"perhaps {finding.path.allows}" if finding.conditional else finding.path.allows
        reason = (self.accepted or {}).get(finding.path.id)
        return allows, f"Accepted: {reason}" if reason else finding.path.remedy

    def _live(self) -> str:
        if self.live is None:
            return ""
        rows = (
            (row.sign, row.probe.what, row.probe.action, row.verdict.decision.value, _answered(row), row.code)
            for row in self.live.rows
        )
        told = table(("", "What", "Action", "By the policies", "The cloud", ""), rows)
        return f"As role {plain(self.live.role)}, with reads and dry runs alone.\n\n{told}"

    def _projects(self) -> str:
        may: dict[str, list[str]] = {}
        for row in self.rows:
            if row.probe.what.startswith("use project "):
                names = may.setdefault(row.probe.what.removeprefix("use project "), [])
                names += [_with_doubt(row)] if row.verdict.is_possible else []
        return table(("Project", "Who"), ((name, _listed(who) or "nobody") for name, who in may.items())) if may else ""

    def _matrix(self) -> str:
        kept = {id(row) for row in sorted(self.rows, key=lambda row: not row.differs)[:MOST_ROWS]}
        told = table(
            ("", "Who", "What", "Action", "Verdict", "By policy", "Wanted"),
            (_cells(row) for row in self.rows if id(row) in kept),
        )
        left = [row for row in self.rows if id(row) not in kept]
        differing = sum(row.differs for row in left)
        return f"{told}\n\nAnd {len(left)} more, {differing} of them not as wanted." if left else told


def first(lines: list[str]) -> list[str]:
    """Give the first of many lines, and say how many there are more."""
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return [*lines[:MOST_LINES], *more]


def _cells(row: Row) -> tuple[str, ...]:
    verdict, probe = row.verdict, row.probe
    decision = f"{verdict.decision} {verdict.conditions}".strip()
    if probe.note and verdict.is_possible:
        decision = f"{decision}. {probe.note}"
    wanted = f"{probe.expected} ({probe.requirement})" if probe.expected and probe.requirement else probe.expected
    return (row.sign, row.who, probe.what, probe.action, decision, "; ".join(map(str, verdict.by)), wanted)


def _with_doubt(row: Row) -> str:
    return f"{row.who} (conditional)" if row.verdict.decision is Decision.CONDITIONAL else row.who


def _answered(row: LiveRow) -> str:
    return "said neither" if row.allowed is None else "allowed" if row.allowed else "refused"


def _listed(names: Iterable[str]) -> str:
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _section(title: str, content: str) -> str:
    return f"## {title}\n\n{content}" if content else ""
