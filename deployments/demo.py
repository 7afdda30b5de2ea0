"""`make demo`: the main job, on an emulator and a Prefect server of our own.

Starts both on free loopback ports, registers and deploys everything, starts a worker, runs `prepare` for both modes
through their deployments, shows progress and what exists in the end, and stays up until Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from alicloud.redaction import install
from deployments.local import ROOT, Local, NotStarted
from deployments.watch import Prefect, Watched, closing_table, watch

SPEED = 90.0  # the half hour of STARTING takes 20 seconds
DOCUMENTS = (ROOT / "environments" / "exclusive.yaml", ROOT / "environments" / "managed.yaml")
EMULATOR_KEY = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tEmulatorAccount",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator-account-secret",
}


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
    names = _register_when_up(local, server.poll)
    local.deploy()
    local.start_worker("realtime-compute")
    prefect = Prefect(local.prefect_url)
    before = _writes(local)
    runs = _start(prefect, names)
    console.print(f"Dashboard {local.prefect_url}   emulator {local.emulator_url}\n")
    watch(prefect, runs, console, lambda: not stop.is_set() and all(p.poll() is None for p in local.processes))
    if stop.is_set():
        return 130
    _close(local, prefect, runs, console, _writes(local) - before)
    failed = not all(run.succeeded for run in runs)
    if not leave:
        console.print("\nUp until Ctrl-C.")
        stop.wait()
    return 1 if failed else 0


def _register_when_up(local: Local, server_poll: Any) -> list[tuple[str, str]]:
    """Register once the server answers. Prefect is imported late: it reads its settings when it is."""
    from deployments.register import register

    local.wait_for_server()
    endpoints = json.dumps({"*": local.emulator_url})
    variables = {**EMULATOR_KEY, "REALTIME_COMPUTE_ENDPOINTS": endpoints, "REALTIME_COMPUTE_CLOCK_SPEED": str(SPEED)}
    environments = register(DOCUMENTS, variables)
    return [(environment.name, environment.cluster.mode) for environment in environments]


def _start(prefect: Prefect, names: list[tuple[str, str]]) -> list[Watched]:
    runs = []
    for name, mode in names:
        run_id = prefect.run_deployment("prepare/prepare", {"environment": name})
        bar = f"{'cluster' if mode == 'exclusive' else 'workspace'}-{name}"
        runs.append(Watched(name, run_id, bar))
    return runs


def _writes(local: Local) -> Counter[str]:
    """Count the writes, and those to the journals apart."""
    calls = httpx.get(f"{local.emulator_url}/_emulator/calls", params={"writes": "true"}, trust_env=False).json()
    return Counter("journal" if call["action"] == "AppendObject" else "account" for call in calls["calls"])


def _close(local: Local, prefect: Prefect, runs: list[Watched], console: Console, writes: Counter[str]) -> None:
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
    said = f"{writes['account']} writes" if writes else "zero writes: everything was as wanted"
    beside = f", and {writes['journal']} appends to the journals" if writes["journal"] else ""
    console.print(f"\nThe emulator counted [bold]{said}[/]{beside}.")
    console.print(f"Dashboard: {local.prefect_url}   Emulator: {local.emulator_url}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
