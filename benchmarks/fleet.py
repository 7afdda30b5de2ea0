"""`make bench-fleet`: fleets of 1, 10, 30 and 100 environments in both modes, against what the cloud itself forces.

Each size has a new emulator (50 ms a call, published rates in force, a fast clock), a new Prefect server and a runner,
each a process of its own. The bound is the cloud's own time along the longest chain (VPC, vSwitch, cluster; managed:
and namespace) and the longest queue that the published rates force on the calls that were made. Large fleets have a
slower clock: on two cores the runner's own work must find room in the cloud's half hour, as it does in life.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from rich.console import Console
from rich.table import Table

from alicloud.rates import PUBLISHED, rate_of
from benchmarks.fleet_compared import compare
from benchmarks.fleet_stack import Stack, calls_of, run_apart, stack
from benchmarks.fleet_world import TAG
from benchmarks.prepare import CHAINS, LATENCY_MS
from deployments.local import ROOT

SIZES = (1, 10, 30, 100)
OUTPUT = ROOT / "build" / "bench-fleet.json"
POLL_SECONDS = {"exclusive": 45.0, "managed": 20.0}  # as the environments of the fleet say
MAKES = {"exclusive": "CreateCluster", "managed": "CreateInstance"}
# Goals of a fleet; a run of one has those of `make bench`.
MOST_RATIO, MOST_SECOND_SECONDS, MOST_CPU, MOST_MIB = 1.3, 30.0, 2.0, 2048.0


@dataclass(frozen=True)
class Measured:
    """One run of a fleet. Times are seconds of ours; `calls` and `cpu` are per environment.

    `looks` are those at all that is being made, `ticks` the shortest ones that fit between the first and the last.
    """

    mode: str
    size: int
    run: str
    speed: float
    seconds: float
    bound: float
    ratio: float
    calls: float
    writes: int
    throttled: int
    duplicates: int
    looks: int
    ticks: float
    cpu: float
    peak_mib: float
    rows: int
    database_mib: float

    @property
    def met(self) -> bool:
        whole = self.throttled == 0 and self.duplicates == 0 and self.looks <= self.ticks + 1
        small = self.peak_mib <= MOST_MIB and (self.size == 1 or self.cpu <= MOST_CPU)
        if self.run == "first":
            return whole and small and self.seconds <= MOST_RATIO * self.bound + (3.0 if self.size == 1 else 0.0)
        return whole and small and self.seconds <= MOST_SECOND_SECONDS and self.writes == 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure fleets against an emulator.")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--modes", default="exclusive,managed")
    parser.add_argument("--speed", type=float, default=0.0, help="of the cloud's clock; 0: by the size of the fleet")
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql", help="of the server")
    parser.add_argument("--compare", action="store_true", help="measure other ways too")
    options = parser.parse_args(arguments)
    rows: list[Measured] = []
    for mode in options.modes.split(","):
        for size in map(int, options.sizes.split(",")):
            speed = options.speed or speed_of(mode, size)
            with stack(mode, size, speed, options.database) as (local, _):
                rows += [_run(local, mode, size, speed, options.at_once, run) for run in ("first", "second")]
            _keep([asdict(row) for row in rows[-2:]], [])  # at once: the next size takes minutes, and may fail
            _print(rows[-2:])
    compared = list(compare(options.modes.split(","), options.database)) if options.compare else []
    _keep([], compared)
    _print(rows)
    for row in compared:
        print(
            "{way}, {mode}, {size} environments: {seconds:.1f} s, {cpu:.1f} s CPU each, {peak_mib:.0f} MiB".format(
                **row
            )
        )
    print(f"written to {OUTPUT.relative_to(ROOT)}")
    return 0 if all(row.met for row in rows) else 1


def _keep(fleets: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    """Write what was measured; what the file has of other sizes and modes stays."""
    known = json.loads(OUTPUT.read_text("utf-8")) if OUTPUT.exists() else {"fleets": [], "others": []}
    rows = {(row["mode"], row["size"], row["run"]): row for row in [*known["fleets"], *fleets]}
    ways = {(row["mode"], row["way"]): row for row in [*known["others"], *others]}
    told = {"fleets": [rows[key] for key in sorted(rows)], "others": [ways[key] for key in sorted(ways)]}
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def speed_of(mode: str, size: int) -> float:
    """Give a speed at which the cloud takes at least 20 s, and 3.5 s for each environment."""
    return CHAINS[mode] / max(20.0, 3.5 * size)


def _run(local: Stack, mode: str, size: int, speed: float, at_once: int, run: str) -> Measured:
    rows, mib = local.size()
    since = calls_of(local)["last"]
    told = run_apart(local, "prepare-fleet", TAG, str(at_once))
    if told["state"] != "Completed":
        raise SystemExit(f"{mode}, {size} environments, {run} run: {told['message']}")
    calls = list(calls_of(local, since)["calls"])
    made = sum(call["action"] == MAKES[mode] and call["status"] == 200 for call in calls)
    bound = (CHAINS[mode] + _queue(calls)) / speed if run == "first" else 0.0
    more_rows, more_mib = local.size()
    return Measured(
        mode,
        size,
        run,
        round(speed, 1),
        round(told["seconds"], 1),
        round(bound, 1),
        round(told["seconds"] / bound, 2) if bound else 0.0,
        round(len(calls) / size, 1),
        sum(call["write"] for call in calls),
        sum(call["code"].startswith("Throttling") for call in calls),
        abs(made - (size if run == "first" else 0)),
        told["looks"],
        round(told["looked_seconds"] * speed / (0.9 * POLL_SECONDS[mode] / 3), 1),
        round(told["cpu_seconds"] / size, 2),
        round(told["peak_mib"]),
        more_rows - rows,
        round(more_mib - mib, 1),
    )


def _queue(calls: Sequence[Mapping[str, Any]]) -> float:
    """Give the seconds of the cloud's time that the longest queue of one action takes at its published rate."""
    longest = 0.0
    for (product, action, write), number in Counter((c["product"], c["action"], c["write"]) for c in calls).items():
        rate = rate_of(PUBLISHED, product, action, not write)
        if rate is not None:
            longest = max(longest, (number - rate.calls) / rate.calls * rate.seconds)
    return longest


def _print(measured: Sequence[Measured]) -> None:
    table = Table(title=f"fleets, {LATENCY_MS} ms a call, published rates in force", title_justify="left")
    for name in (*(field.name.replace("_", " ") for field in fields(Measured)), "met"):
        table.add_column(name, justify="left" if name in ("mode", "run", "met") else "right")
    for row in measured:
        table.add_row(*(str(fact) for fact in asdict(row).values()), "yes" if row.met else "NO")
    Console(width=170).print(table)


if __name__ == "__main__":
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    sys.exit(main())
