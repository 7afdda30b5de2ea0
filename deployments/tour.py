"""A run of each of the other flows on what is prepared, so that whoever looks around finds one of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deployments.watch import COLOURS, Ending, Prefect

AT_ONCE = 2  # each is a process that loads Prefect, beside a server on SQLite, which lets one writer in at a time
EVERY_SECONDS = 0.5


@dataclass
class Visit(Ending):
    """One run of a deployment."""

    deployment: str
    parameters: Mapping[str, Any]
    run_id: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def flow(self) -> str:
        return self.deployment.partition("/")[0]


def itinerary(exclusive: str, managed: str, credentials: str, region: str) -> list[Visit]:
    """Give a run of each flow that finds nothing to do where everything is as wanted; teardown is a dry run.

    Args:
        exclusive: name of an environment.
        managed: name of an environment whose billing can be converted.
        credentials: name of their credentials block.
        region: where they are.
    """
    account = {"credentials": credentials, "region": region}
    whose: dict[str, Mapping[str, Any]] = {
        "convert": {"environment": managed},
        "adopt": {**account, "mode": "exclusive"},
        "orphans": account,
        "prepare-fleet": {"environments": [exclusive, managed]},
        "audit-fleet": {"environments": [exclusive]},  # the other may not be audited with the account's own AccessKey
    }
    names = ("plan", "audit", "prove-access", "people", "scale", "renew", "convert", "export", "teardown")
    flows = (*names, "adopt", "orphans", "prepare-fleet", "audit-fleet")
    return [Visit(f"{flow}/{flow}", whose.get(flow, {"environment": exclusive})) for flow in flows]


def unvisited(prefect: Prefect, visits: list[Visit]) -> list[Visit]:
    """Give the visits of flows that have never completed a run: a dashboard that has one of each needs no more."""
    return [visit for visit in visits if not prefect.has_completed(visit.flow)]


def tour(prefect: Prefect, visits: list[Visit], console: Console, alive: Callable[[], bool]) -> None:
    """Make the visits, a few at a time, and tell each end; stop early when `alive` says so."""
    coming, going = list(visits), list[Visit]()
    while (coming or going) and alive():
        while coming and len(going) < AT_ONCE:
            visit = coming.pop(0)
            visit.run_id = prefect.run_deployment(visit.deployment, visit.parameters)
            going.append(visit)
        time.sleep(EVERY_SECONDS)
        for visit in list(going):
            visit.state = prefect.get(f"/flow_runs/{visit.run_id}")["state"]
            if visit.ended:
                going.remove(visit)
                console.print(_line(visit), soft_wrap=True)


def _line(visit: Visit) -> Text:
    return Text.assemble((f"{visit.flow:<16} ", "dim"), (f"{visit.state['name']:<10}", _colour(visit)), " ended")


def tour_table(visits: list[Visit]) -> Table:
    """Draw which flows have run, and how they ended."""
    table = Table(title="A run of each of the other flows", title_justify="left", show_lines=False)
    for column in ("Flow", "State", "What it says"):
        table.add_column(column, overflow="fold")
    for visit in visits:
        said = str(visit.state.get("message") or "").partition("\n")[0]
        table.add_row(Text(visit.flow), Text(str(visit.state.get("name", "not run")), _colour(visit)), Text(said))
    return table


def _colour(visit: Visit) -> str:
    return COLOURS.get(str(visit.state.get("type")), "white")
