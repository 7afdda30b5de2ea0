"""`make demo`: the main job, on an emulator and a Prefect server of our own.

Starts both on free loopback ports, registers and deploys everything, starts a worker, runs `prepare` for both modes
through their deployments, then one of each other flow, shows progress and what exists in the end, and stays up until
Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from rich.console import Console
from rich.markup import escape

from alicloud.redaction import install
from deployments.local import ROOT, Local, NotStarted
from deployments.tour import AT_ONCE, Visit, itinerary, tour, tour_table, unvisited
from deployments.watch import Prefect, Watched, closing_table, watch

if TYPE_CHECKING:  # Prefect is imported late: it reads its settings when it is
    from blocks.environment import Environment

SPEED = 90.0  # the half hour of STARTING takes 20 seconds
DOCUMENTS = (ROOT / "environments" / "exclusive.yaml", ROOT / "environments" / "managed.yaml")
EMULATOR_KEY = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tEmulatorAccount",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator-account-secret",
}


def account_variables(url: str, speed: float) -> dict[str, str]:
    """Give the variables that `register` makes the credentials of the emulator's account from."""
    endpoints = json.dumps({"*": url})
    return {**EMULATOR_KEY, "REALTIME_COMPUTE_ENDPOINTS": endpoints, "REALTIME_COMPUTE_CLOCK_SPEED": str(speed)}


def main(arguments: Sequence[str] | None = None) -> int:
    install()
    parser = argparse.ArgumentParser(prog="python -m deployments.demo", description=__doc__.split("\n")[0])
    parser.add_argument("--exit", action="store_true", help="end after the closing table")
    parser.add_argument("--state", type=Path, default=ROOT / ".state", help="where world, database and logs are kept")
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 140, emoji=False)
    local = Local(options.state.resolve())
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        return _demo(local, console, stop, options.exit)
    except NotStarted as error:
        console.print(f"[red]{escape(str(error))}[/]")
        return 1
    finally:
        local.stop()


def _demo(local: Local, console: Console, stop: threading.Event, leave: bool) -> int:
    console.print(
        f"Starting an emulator and a Prefect server. The emulator's clock runs {SPEED:.0f} times as fast as ours: "
        f"the half hour in which a cluster is STARTING takes about {1800 / SPEED:.0f} seconds."
    )
    local.start_server()
    server = local.processes[-1]
    local.start_emulator("exclusive-order", SPEED)
    os.environ.update(local.environment())
    environments = _register_when_up(local, server.poll)
    local.deploy()
    local.start_worker("realtime-compute")
    prefect = Prefect(local.prefect_url)
    before = _writes(local)
    runs = _start(prefect, environments)
    console.print(f"Dashboard {local.prefect_url}   emulator {local.emulator_url}\n")

    def alive() -> bool:
        return not stop.is_set() and all(process.poll() is None for process in local.processes)

    watch(prefect, runs, console, alive)
    if stop.is_set():
        return 130
    _tell(local, prefect, runs, console)  # before other runs write an inventory of their own
    prepared = all(run.succeeded for run in runs)
    visits = _tour(prefect, environments, console, alive) if prepared else []
    _count(local, console, _writes(local) - before)
    failed = not (prepared and all(visit.succeeded for visit in visits))
    if not leave and not stop.is_set():
        console.print("\nUp until Ctrl-C.")
        stop.wait()
    return 1 if failed else 0


def _register_when_up(local: Local, server_poll: Any) -> list[Environment]:
    """Register once the server answers. Prefect is imported late: it reads its settings when it is."""
    from deployments.register import register

    local.wait_for_server()
    return register(DOCUMENTS, account_variables(local.emulator_url, SPEED))


def _start(prefect: Prefect, environments: list[Environment]) -> list[Watched]:
    runs = []
    for environment in environments:
        run_id = prefect.run_deployment("prepare/prepare", {"environment": environment.name})
        bar = f"{'cluster' if environment.cluster.mode == 'exclusive' else 'workspace'}-{environment.name}"
        runs.append(Watched(environment.name, run_id, bar))
    return runs


def _tour(
    prefect: Prefect, environments: list[Environment], console: Console, alive: Callable[[], bool]
) -> list[Visit]:
    """Run each other flow that this server has no run of: all is as wanted, so none of them has anything to write."""
    names = {environment.cluster.mode: environment.name for environment in environments}
    first = environments[0]
    visits = unvisited(prefect, itinerary(names["exclusive"], names["managed"], first.credentials, first.region))
    if not visits:
        return []
    console.print(f"\nA run of each of the other flows, {AT_ONCE} at a time:")
    tour(prefect, visits, console, alive)
    console.print()
    console.print(tour_table(visits))
    return visits


def _writes(local: Local) -> Counter[str]:
    """Count the writes, and those to the journals apart."""
    calls = httpx.get(f"{local.emulator_url}/_emulator/calls", params={"writes": "true"}, trust_env=False).json()
    return Counter("journal" if call["action"] == "AppendObject" else "account" for call in calls["calls"])


def _tell(local: Local, prefect: Prefect, runs: list[Watched], console: Console) -> None:
    for run in runs:
        state = prefect.get(f"/flow_runs/{run.run_id}")["state"]
        colour = "green" if run.succeeded else "red"
        console.print(f"\n[{colour}]{run.title}: {state['name']}[/] {escape(str(state.get('message') or ''))}")
        inventory, links = prefect.artifact(f"inventory-{run.title}"), prefect.artifact(f"links-{run.title}")
        if inventory:
            console.print(closing_table(f"What exists now in {run.title}", json.loads(inventory["data"])))
        for row in json.loads(links["data"]) if links else ():
            console.print(f"  {escape(row['Page'])}: {escape(row['Address'])}", highlight=False, soft_wrap=True)
        url = f"{local.prefect_url}/v2/runs/flow-run/{run.run_id}"
        console.print(f"  Run in the dashboard: {url}", highlight=False, soft_wrap=True)


def _count(local: Local, console: Console, writes: Counter[str]) -> None:
    said = f"{writes['account']} writes" if writes else "zero writes: everything was as wanted"
    beside = f", and {writes['journal']} appends to the journals" if writes["journal"] else ""
    console.print(f"\nThe emulator counted [bold]{said}[/]{beside}.")
    console.print(f"Dashboard: {local.prefect_url}   Emulator: {local.emulator_url}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
