"""`make bench-fleet`: fleets of 1, 10, 30 and 100 environments in both modes, against what the cloud itself forces.

Each size has a new emulator (50 ms a call, published rates in force, a fast clock), a new Prefect server and a runner,
each a process of its own. The bound is the cloud's own time along the longest chain (VPC, vSwitch, cluster; managed:
and namespace) and the longest queue that the published rates force on the calls that were made. Large fleets have a
slower clock: on two cores the runner's own work must find room in the cloud's half hour, as it does in life.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from rich.console import Console
from rich.table import Table

from alicloud.rates import PUBLISHED, rate_of
from benchmarks.fleet_script import prepare_one_after_the_other
from benchmarks.fleet_world import TAG, account, member
from benchmarks.prepare import CHAINS, LATENCY_MS
from deployments.demo import account_variables
from deployments.local import ROOT, Local
from deployments.scale_out_parts import ScaleOut
from deployments.scale_out_stores import USER

SIZES = (1, 10, 30, 100)
OUTPUT = ROOT / "build" / "bench-fleet.json"
POLL_SECONDS = {"exclusive": 45.0, "managed": 20.0}  # as the environments of the fleet say
MAKES = {"exclusive": "CreateCluster", "managed": "CreateInstance"}
COMPARED = 3  # environments of the ways that are compared
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


@dataclass
class Stack(ScaleOut):
    """One Prefect server with all its services, on SQLite or on a PostgreSQL of our own."""

    database: str = "postgresql"

    def server_environment(self) -> dict[str, str]:
        variables = Local.server_environment(self)
        return variables | ({"PREFECT_SERVER_DATABASE_CONNECTION_URL": self._url()} if self._postgres else {})

    def start_server(self) -> None:
        if self._postgres:
            self.start_postgres()
        Local.start_server(self)

    def size(self) -> tuple[int, float]:
        """Count the rows of Prefect's database, and its MiB."""
        return asyncio.run(_size_of_postgres(self._url(""))) if self._postgres else _size_of_sqlite(self.state)

    @property
    def _postgres(self) -> bool:
        return self.database == "postgresql"

    def _url(self, driver: str = "+asyncpg") -> str:
        place = f"127.0.0.1:{self._port('postgres')}"
        return f"postgresql{driver}://{USER}:{self._password('postgres')}@{place}/postgres"


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
            with _stack(mode, size, speed, options.database) as (local, _):
                rows += [_run(local, mode, size, speed, options.at_once, run) for run in ("first", "second")]
            _keep([asdict(row) for row in rows[-2:]], [])  # at once: the next size takes minutes, and may fail
            _print(rows[-2:])
    compared = list(_compare(options.modes.split(","), options.database)) if options.compare else []
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


@contextmanager
def _stack(mode: str, size: int, speed: float, database: str) -> Iterator[tuple[Stack, list[str]]]:
    """Start a server and an emulator with an account for so many environments, and register them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as another user
        local = Stack(Path(folder), database=database)
        try:
            local.start_server()
            local.start_emulator("nothing", speed, LATENCY_MS)
            local.wait_for_server()
            _control(local, "POST", "rates", {"rates": "default"})
            _control(local, "POST", "seed", account(mode, size))
            yield local, _register(local, mode, size, speed)
        finally:
            local.stop()


def _register(local: Local, mode: str, size: int, speed: float) -> list[str]:
    """Register in a process of its own: Prefect reads its settings once, and each stack has another server."""
    documents = local.state / "documents"
    documents.mkdir()
    names = []
    for number in range(1, size + 1):
        document = member(mode, number)
        names.append(document["name"])
        (documents / f"{document['name']}.yaml").write_text(json.dumps(document), "utf-8")
    variables = account_variables(local.emulator_url, speed)
    command = [sys.executable, "-m", "deployments.register", *map(str, sorted(documents.iterdir()))]
    subprocess.run(command, cwd=ROOT, env={**local.environment(), **variables}, check=True, stdout=subprocess.DEVNULL)
    return names


def _run(local: Stack, mode: str, size: int, speed: float, at_once: int, run: str) -> Measured:
    rows, mib = local.size()
    since = _calls(local)["last"]
    told = _runner(local, "prepare-fleet", TAG, str(at_once))
    if told["state"] != "Completed":
        raise SystemExit(f"{mode}, {size} environments, {run} run: {told['message']}")
    calls = list(_calls(local, since)["calls"])
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


def _runner(local: Local, *arguments: str) -> dict[str, Any]:
    environment = {**local.environment(), "PREFECT_LOGGING_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "benchmarks.fleet_runner", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if not lines:
        raise SystemExit(f"the runner ended with {done.returncode}: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(lines[-1])
    return told


def _queue(calls: Sequence[Mapping[str, Any]]) -> float:
    """Give the seconds of the cloud's time that the longest queue of one action takes at its published rate."""
    longest = 0.0
    for (product, action, write), number in Counter((c["product"], c["action"], c["write"]) for c in calls).items():
        rate = rate_of(PUBLISHED, product, action, not write)
        if rate is not None:
            longest = max(longest, (number - rate.calls) / rate.calls * rate.seconds)
    return longest


def _size_of_sqlite(state: Path) -> tuple[int, float]:
    path = state / "prefect" / "prefect.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        rows = sum(database.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables)
    return rows, sum(each.stat().st_size for each in path.parent.glob("prefect.db*")) / 2**20


async def _size_of_postgres(url: str) -> tuple[int, float]:
    database = await asyncpg.connect(url)
    try:
        names = await database.fetch("select tablename from pg_tables where schemaname = 'public'")
        rows = 0
        for row in names:
            rows += await database.fetchval(f'select count(*) from "{row["tablename"]}"')
        return rows, await database.fetchval("select pg_database_size(current_database())") / 2**20
    finally:
        await database.close()


def _compare(modes: Sequence[str], database: str) -> Iterator[dict[str, Any]]:
    """Measure a sequential script with the vendor's SDK, and a process for each environment, on the same emulator."""
    for mode in modes:
        speed = CHAINS[mode] / 20.0
        with _stack(mode, COMPARED, speed, database) as (local, _):
            yield {
                "mode": mode,
                "size": COMPARED,
                **prepare_one_after_the_other(local.emulator_url, mode, COMPARED, speed),
            }
        with _stack(mode, COMPARED, speed, database) as (local, names):
            began = time.monotonic()
            with ThreadPoolExecutor(COMPARED) as pool:
                told = list(pool.map(lambda name: _runner(local, "prepare", name), names))
            cpu = sum(each["cpu_seconds"] for each in told) / COMPARED
            facts = {
                "seconds": time.monotonic() - began,
                "cpu": cpu,
                "peak_mib": sum(each["peak_mib"] for each in told),
            }
            yield {"way": "a process for each", "mode": mode, "size": COMPARED, **facts}


def _calls(local: Local, since: int = 0) -> Any:
    return _control(local, "GET", f"calls?since={since}")


def _control(local: Local, method: str, name: str, content: Any = None) -> Any:
    url = f"{local.emulator_url}/_emulator/{name}"
    answer = httpx.request(method, url, json=content, trust_env=False, timeout=60)
    answer.raise_for_status()
    return answer.json()


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
