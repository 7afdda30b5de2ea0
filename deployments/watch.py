"""Watches flow runs from a terminal: a line per step with state and time, a bar per cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
COLOURS = {"COMPLETED": "green", "FAILED": "red", "CRASHED": "red", "CANCELLED": "yellow", "PENDING": "yellow"}
EVERY_SECONDS = 0.5
LAST_SECONDS = 5.0
BUSY_SECONDS = 120.0  # that a server may stay busy on a machine that has other work too


class Busy(Exception):
    """The server asks to be asked again: SQLite lets one writer in at a time."""


@dataclass
class Prefect:
    """The Prefect server's REST API, as far as watching needs it."""

    url: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))

    def post(self, path: str, **body: Any) -> Any:
        return self._answered("POST", path, body).json()

    def get(self, path: str) -> Any:
        return self._answered("GET", path).json()

    @retry(
        retry=retry_if_exception_type((httpx.TransportError, Busy)),
        stop=stop_after_delay(BUSY_SECONDS),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        reraise=True,
    )
    def _answered(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = self.http.request(method, f"{self.url}/api{path}", json=body)
        if answer.status_code == 503:
            raise Busy(f"{path}: the server's database is busy")
        answer.raise_for_status()
        return answer

    def run_deployment(self, name: str, parameters: Mapping[str, Any]) -> str:
        """Start a run of a deployment `flow/deployment` and give its id. A repeated request starts no second run."""
        deployment = self.get(f"/deployments/name/{name}")
        run = self.post(
            f"/deployments/{deployment['id']}/create_flow_run",
            parameters=dict(parameters),
            idempotency_key=str(uuid4()),
        )
        return str(run["id"])

    def has_completed(self, flow: str) -> bool:
        """Say whether a run of a flow has ever completed."""
        wanted = {"state": {"type": {"any_": ["COMPLETED"]}}}
        return bool(self.post("/flow_runs/filter", flows={"name": {"any_": [flow]}}, flow_runs=wanted, limit=1))

    def task_runs(self, flow_run_id: str) -> list[dict[str, Any]]:
        """Give the task runs of a flow run, all pages."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.post(
                "/task_runs/filter", flow_runs={"id": {"any_": [flow_run_id]}}, offset=len(found), limit=200
            )
            found += page
            if len(page) < 200:
                return found

    def artifact(self, key: str) -> dict[str, Any] | None:
        """Give the newest artifact of a key."""
        answer = self.http.get(f"{self.url}/api/artifacts/{key}/latest")
        return answer.json() if answer.status_code == 200 else None


class Ending:
    """What the state of a flow run says of its end."""

    state: Mapping[str, Any]

    @property
    def ended(self) -> bool:
        return self.state.get("type") in TERMINAL

    @property
    def succeeded(self) -> bool:
        return self.state.get("type") == "COMPLETED"


@dataclass
class Watched(Ending):
    """One flow run that is watched. `bar` is the key of the artifact that shows the long wait."""

    title: str
    run_id: str
    bar: str
    shown: set[str] = field(default_factory=set)
    state: Mapping[str, Any] = field(default_factory=dict)
    task: TaskID | None = None


def watch(prefect: Prefect, runs: list[Watched], console: Console, alive: Callable[[], bool]) -> None:
    """Show the runs until all have ended, or until `alive` says that a process of ours is gone."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        for run in runs:
            run.task = progress.add_task(f"{run.title}: starting", total=100)
        while not all(run.ended for run in runs) and alive():
            for run in runs:
                _look(prefect, run, progress)
            time.sleep(EVERY_SECONDS)
        _last_look(prefect, runs, progress)


def _last_look(prefect: Prefect, runs: list[Watched], progress: Progress) -> None:
    """Show the steps that the server records after a run's end: it takes task states from its event stream."""
    until = time.monotonic() + LAST_SECONDS
    pending = [run for run in runs if run.ended]
    while pending and time.monotonic() < until:
        pending = [run for run in pending if not _show_steps(prefect, run, progress.console)]
        time.sleep(EVERY_SECONDS)


def _look(prefect: Prefect, run: Watched, progress: Progress) -> None:
    if run.ended:
        return
    run.state = prefect.get(f"/flow_runs/{run.run_id}")["state"]
    _show_steps(prefect, run, progress.console)
    artifact = prefect.artifact(run.bar)
    percent = 100 if run.ended else (float(artifact["data"]) if artifact else 0)
    text = str(artifact["description"]) if artifact else f"{len(run.shown)} steps done"
    assert run.task is not None  # noqa: S101  watch adds it
    progress.update(run.task, completed=percent, description=escape(f"{run.title}: {text}"))


def _show_steps(prefect: Prefect, run: Watched, console: Console) -> bool:
    """Print the steps that have ended since the last look, and say whether all have."""
    tasks = sorted(prefect.task_runs(run.run_id), key=lambda task: task.get("end_time") or "9")
    for task in tasks:
        state = task.get("state") or {}
        if (state.get("type") in TERMINAL or state.get("name") == "NotReady") and task["id"] not in run.shown:
            run.shown.add(task["id"])
            _print_step(console, run.title, task, state)
    return bool(tasks) and all(task["id"] in run.shown for task in tasks)


def _print_step(console: Console, title: str, task: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    colour = COLOURS.get(str(state["type"]), "white")
    seconds = _seconds(task)
    line = Text.assemble(
        (f"{title:<16} ", "dim"), (f"{state['name']:<10}", colour), f" {seconds:6.1f} s  {task['name']}"
    )
    console.print(line, soft_wrap=True)
    if state["type"] in ("FAILED", "CRASHED"):
        console.print(Text(f"                 {state.get('message') or ''}", "red"), soft_wrap=True)


def _seconds(task: Mapping[str, Any]) -> float:
    if not task.get("start_time") or not task.get("end_time"):
        return 0.0
    return (datetime.fromisoformat(task["end_time"]) - datetime.fromisoformat(task["start_time"])).total_seconds()


def closing_table(title: str, rows: list[Mapping[str, Any]]) -> Table:
    """Draw what exists now, from the rows of an inventory artifact."""
    table = Table(title=title, title_justify="left", show_lines=False)
    for column in ("What", "Name", "Id", "Facts"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(row.get(column, ""))) for column in ("What", "Name", "Id", "Facts")))
    return table
