"""`make bench`: API calls and times of a first and a second `prepare`, in both modes, against the critical path.

The emulator answers each call after 50 ms. Its clock runs 90 times as fast as ours, so that a half hour takes 20
seconds; the critical path is what the cloud itself takes along the longest chain of things that need each other.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from deployments.demo import account_variables
from deployments.local import ROOT, Local
from deployments.watch import Prefect
from emulator.world import Delays

SPEED = 90.0
LATENCY_MS = 50
OUTPUT = ROOT / "build" / "bench-prepare.json"
DELAYS = Delays()
# The longest chain of the cloud's own delays: VPC, vSwitch, cluster (or workspace, namespace).
CHAINS = {
    "exclusive": DELAYS.vpc + DELAYS.vswitch + DELAYS.cluster,
    "managed": DELAYS.vpc + DELAYS.vswitch + DELAYS.workspace + DELAYS.namespace,
}


@dataclass(frozen=True)
class Measured:
    """One run: seconds from the first task's start to the last one's end, and what the emulator counted."""

    mode: str
    run: str
    reads: int
    writes: int
    seconds: float
    critical_path: float
    limit: float
    met: bool


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        local = Local(Path(folder))
        try:
            measured = _measure(local)
        finally:
            local.stop()
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([asdict(row) for row in measured], indent=1) + "\n")
    _print(measured)
    return 0 if all(row.met for row in measured) else 1


def _measure(local: Local) -> list[Measured]:
    local.start_server()
    local.start_emulator("exclusive-order", SPEED, LATENCY_MS)
    local.wait_for_server()
    os.environ.update(local.environment())
    os.environ["PREFECT_LOGGING_LEVEL"] = "WARNING"

    from deployments.register import register

    variables = account_variables(local.emulator_url, SPEED)
    environments = register([ROOT / "environments" / f"{mode}.yaml" for mode in CHAINS], variables)
    rows = []
    for environment in environments:
        mode = environment.cluster.mode
        rows += [_run(local, mode, environment.name, run) for run in ("first", "second")]
    return rows


def _run(local: Local, mode: str, environment: str, run: str) -> Measured:
    from flows.prepare import prepare

    before = _calls(local)["last"]
    state: Any = prepare(environment, return_state=True)
    if not state.is_completed():
        raise SystemExit(f"{mode}, {run} run: {state.name} {state.message}")
    calls = list(_calls(local, before)["calls"])
    writes = sum(1 for call in calls if call["write"])
    seconds = _seconds(Prefect(local.prefect_url), str(state.state_details.flow_run_id))
    path = CHAINS[mode] / SPEED if run == "first" else 0.0
    limit = 1.1 * path + 3 if run == "first" else 3.0
    met = seconds <= limit and (run == "first" or (writes == 0 and len(calls) <= 40))
    return Measured(mode, run, len(calls) - writes, writes, round(seconds, 2), round(path, 2), round(limit, 2), met)


def _calls(local: Local, since: int = 0) -> Any:
    answer = httpx.get(f"{local.emulator_url}/_emulator/calls", params={"since": str(since)}, trust_env=False)
    answer.raise_for_status()
    return answer.json()


def _seconds(prefect: Prefect, flow_run_id: str) -> float:
    """Give the time between the first task's start and the last one's end, once the server has recorded them all."""
    until = time.monotonic() + 30
    while True:
        tasks = prefect.task_runs(flow_run_id)
        ends = [task["end_time"] for task in tasks]
        if tasks and all(ends):
            starts = [datetime.fromisoformat(task["start_time"]) for task in tasks]
            return (max(map(datetime.fromisoformat, ends)) - min(starts)).total_seconds()
        if time.monotonic() > until:
            raise SystemExit("the server did not record all task runs within 30 s")
        time.sleep(0.2)


def _print(measured: list[Measured]) -> None:
    table = Table(
        title=f"prepare, {LATENCY_MS} ms a call, the cloud's clock {SPEED:.0f} times ours", title_justify="left"
    )
    for column in ("mode", "run", "reads", "writes", "seconds", "critical path", "goal", "met"):
        table.add_column(column, justify="left" if column in ("mode", "run", "goal", "met") else "right")
    for row in measured:
        goal = f"<= {row.limit:.1f}" if row.run == "first" else f"<= {row.limit:.1f}, 0 writes, <= 40 reads"
        facts = (row.reads, row.writes, row.seconds, row.critical_path, goal)
        table.add_row(row.mode, row.run, *(str(fact) for fact in facts), "yes" if row.met else "NO")
    Console(width=110).print(table)
    print(f"written to {OUTPUT.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
