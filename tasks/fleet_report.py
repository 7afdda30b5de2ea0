"""The report of a fleet: a table of its environments, and how near its calls came to the published rates."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.utilities.urls import url_for

from alicloud.limiter import Passed, Traffic
from tasks.inert import one_line, plain

BAR = 20  # signs that stand for the whole of a published rate


class Member:
    """One environment of a fleet, and how far it is."""

    def __init__(self, name: str, account: str = "", region: str = "", mode: str = "") -> None:
        self.name, self.account, self.region, self.mode = name, account, region, mode
        self.run_id = ""
        self.state: State[Any] | None = None
        self._began = self._ended = 0.0

    @classmethod
    def of(cls, name: str, document: Mapping[str, Any]) -> Member:
        """Describe it by its document, which may be impossible."""
        cluster = document.get("cluster")
        mode = cluster.get("mode") if isinstance(cluster, Mapping) else ""
        return cls(name, *(str(fact or "") for fact in (document.get("account"), document.get("region"), mode)))

    def begin(self, run_id: str) -> None:
        self.run_id, self._began = run_id, time.monotonic()

    def end(self, state: State[Any]) -> State[Any]:
        """Note how its run ended, and give that as a state of the fleet's own task."""
        self._ended = time.monotonic()
        if state.is_paused():
            told = "Its run waits for an operator's answer; then a worker carries it out."
            self.state = Completed(name=state.name, message=told)
        else:
            kind = Completed if state.is_completed() else Failed
            self.state = kind(name=state.name, message=state.message or "")
        return self.state

    @property
    def failed(self) -> bool:
        return self.state is None or not self.state.is_completed()

    @property
    def waits(self) -> bool:
        return self.state is not None and self.state.name == "Suspended"

    @property
    def told(self) -> str:
        """Its state in a word."""
        if self.state is not None:
            return str(self.state.name)
        return "Running" if self.run_id else "Waiting for its turn"

    @property
    def needs(self) -> str:
        """What it needs from a person: the message of what did not end well."""
        if self.state is None or not (self.failed or self.waits):
            return ""
        return one_line(self.state.message or "")

    @property
    def seconds(self) -> float | None:
        return self._ended - self._began if self._ended else None

    def row(self) -> str:
        """Its row in the table, in Markdown."""
        url = url_for("flow-run", self.run_id) if self.run_id else None
        run = f"[run]({url})" if url else plain(self.run_id)
        lasted = f"{self.seconds:.0f} s" if self.seconds is not None else ""
        place = " ".join(filter(None, (self.account, self.region)))
        return " | ".join(
            ["", plain(self.name), plain(place), plain(self.mode), plain(self.told), lasted, run, plain(self.needs), ""]
        )


def publish(members: Sequence[Member], flow: str, traffic: Traffic | None = None) -> None:
    """Store the report as an artifact whose key is the flow's."""
    create_markdown_artifact(page(members, flow, traffic), key=f"fleet-{flow}", description=plain(summary(members)))


def summary(members: Sequence[Member]) -> str:
    """Say in one line how far the fleet is."""
    counts: dict[str, int] = defaultdict(int)
    for member in members:
        counts[member.told] += 1
    return f"{len(members)} environments: {', '.join(f'{number} {told}' for told, number in sorted(counts.items()))}"


def page(members: Sequence[Member], flow: str, traffic: Traffic | None = None) -> str:
    """Write the report: those that need somebody first."""
    order = sorted(members, key=lambda member: (not (member.state and member.failed), not member.waits, member.name))
    lines = [
        f"# {flow}: {summary(members)}",
        "",
        "| Environment | Account, region | Mode | State | Time | Run | What it needs |",
        "| --- | --- | --- | --- | ---: | --- | --- |",
        *(member.row().strip() for member in order),
    ]
    return "\n".join([*lines, *(_rates(traffic) if traffic else ())]) + "\n"


def _rates(traffic: Traffic) -> Iterator[str]:
    """Draw how near the busiest period of each action came to its rate, the nearest first."""
    yield from (
        "",
        "## Calls and published rates",
        "",
        "| Product | Action | Calls | Refused as too many | Held back | Busiest period of an account | |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    )
    actions: dict[tuple[str, str], list[Passed]] = defaultdict(list)
    for (_, product, action), passed in traffic.items():
        actions[product, action].append(passed)
    for (product, action), each in sorted(actions.items(), key=lambda item: (-_share(item[1]), item[0])):
        rate = each[0].rate
        busiest = max(passed.busiest for passed in each)
        of = f"{busiest} of {rate.calls:g} in {rate.seconds:g} s" if rate else f"{busiest} in 1 s"
        calls, throttled = sum(passed.calls for passed in each), sum(passed.throttled for passed in each)
        held = f"{sum(passed.held_seconds for passed in each):.1f} s"
        bar = _bar(_share(each)) if rate else ""
        yield f"| {product} | {action} | {calls} | {throttled} | {held} | {of} | {bar} |"


def _share(each: Sequence[Passed]) -> float:
    return max((passed.busiest / passed.rate.calls for passed in each if passed.rate), default=0.0)


def _bar(share: float) -> str:
    filled = min(BAR, round(share * BAR))
    return f"`{'█' * filled}{'░' * (BAR - filled)}` {share:.0%}"
