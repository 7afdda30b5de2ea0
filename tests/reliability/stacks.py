"""A Prefect server, a worker and accounts on emulators, all real processes: for tests that kill some of them."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import yaml
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.demo import account_variables
from deployments.local import ROOT, Local
from deployments.register import WORK_POOL, register
from deployments.scale_out_processes import descendants, runs
from deployments.watch import TERMINAL, Busy, Prefect
from tests.reliability.sameness import same

SPEED = 600.0  # the half hour in which a cluster is STARTING takes 3 s
LEASE_SECONDS = 10
DEAD_AFTER_SECONDS = 45
SLOTS = 6
PATIENCE_SECONDS = 300.0
HAND_SECONDS = 30.0  # that a person takes at most to press Retry, see Stack.reported
SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}

# What would take minutes otherwise: Prefect's server looks for dead leases, and lets those who wait ask again.
PROFILE = """
active = "quick"

[profiles.quick]
PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS = "2"
PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS = "2"
"""

Said = TypeVar("Said")

_registering = threading.Lock()  # block classes remember the ids that a server gave them


@dataclass
class Slot:
    """An account of its own, with an environment for each mode: what happens here disturbs nobody else."""

    number: int
    local: Local
    speed: float = SPEED

    def environment(self, mode: str) -> str:
        return f"flink-{mode}-slot{self.number}"

    def documents(self) -> list[Path]:
        """Write the two examples down with names of our own; the turn goes by the cluster's."""
        paths = []
        for mode in SEEDS:
            facts = yaml.safe_load((ROOT / "environments" / f"{mode}.yaml").read_text("utf-8"))
            name = self.environment(mode)
            facts |= {"name": name, "credentials": f"slot{self.number}"}
            facts["cluster"]["name"] = name.replace("-", "_") if mode == "exclusive" else name
            facts["safety"] |= {"lease_seconds": LEASE_SECONDS, "manual_minutes": 0}  # nobody acts by hand
            paths.append(self.local.state / f"{mode}.yaml")
            paths[-1].write_text(yaml.safe_dump(facts), "utf-8")
        return paths

    def start(self) -> None:
        self.local.state.mkdir(parents=True)
        self.local.start_emulator("nothing", self.speed)

    def control(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        url = f"{self.local.emulator_url}/_emulator/{path}"
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.request(method, url, json=body, params=query).raise_for_status().json()

    def world(self) -> Any:
        return self.control("GET", "world")

    def left(self) -> Any:
        """Give the account so that it compares with that of another slot."""
        return same(json.loads(re.sub(r"slot\d+", "slot", json.dumps(self.world()))))

    def calls(self, since: int = 0, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "calls", since=since, **query)["calls"]
        return found

    def last_call(self) -> int:
        return int(self.control("GET", "calls", since=10**12)["last"])

    def kill_emulator(self) -> None:
        """Kill it, and start it again on its port with its data."""
        kill(self.local.processes.pop())
        self.local.start_emulator("nothing", self.speed)


@dataclass
class Stack:
    """A Prefect server, a worker, and the slots."""

    local: Local
    slots: list[Slot]

    @cached_property
    def prefect(self) -> Prefect:
        # Prefect's server on SQLite answers 503, or nothing, for a minute when two of its transactions meet.
        return Prefect(self.local.prefect_url, httpx.Client(timeout=10, trust_env=False))

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Ask the server until it answers; asked again after a lost answer, it does nothing twice."""

        def answer() -> httpx.Response | None:
            try:
                return self.prefect._answered(method, path, body or None)
            except (httpx.TransportError, Busy):
                return None

        got = until(answer, f"an answer to {path}")
        return got.json() if got.content else None

    def start(self) -> None:
        home = self.local.state / "prefect"
        home.mkdir(parents=True)
        (home / "profiles.toml").write_text(PROFILE, "utf-8")
        self.local.start_server()
        for slot in self.slots:
            slot.start()
        self.local.wait_for_server()
        for slot in self.slots:
            self._register(slot)
        self.local.start_worker(WORK_POOL, "default")
        self.local.deploy()
        deployment = self.ask("GET", "/deployments/name/prepare/prepare")
        self.ask("PATCH", f"/deployments/{deployment['id']}", concurrency_limit=3 * SLOTS)

    def _register(self, slot: Slot) -> None:
        variables = {
            **account_variables(slot.local.emulator_url, slot.speed),
            "REALTIME_COMPUTE_DEAD_AFTER_SECONDS": str(DEAD_AFTER_SECONDS),
        }
        with _registering, temporary_settings({PREFECT_API_URL: f"{self.local.prefect_url}/api"}):
            register(slot.documents(), variables)

    def stop(self) -> None:
        self.local.stop()
        for slot in self.slots:
            slot.local.stop()

    # Runs

    def run(self, flow: str, parameters: Mapping[str, Any], work_queue: str = "default") -> str:
        """Start a run through its deployment and give its id."""
        path = f"/deployments/{self.ask('GET', f'/deployments/name/{flow}')['id']}/create_flow_run"
        key = str(uuid4())
        run = self.ask("POST", path, parameters=parameters, work_queue_name=work_queue, idempotency_key=key)
        return str(run["id"])

    def state(self, run: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/flow_runs/{run}")["state"])

    def ended(self, run: str) -> dict[str, Any]:
        """Wait for the end of a run and give its state."""
        return until(lambda: terminal(self.state(run)), f"the end of run {run}", 1.0)

    def retry(self, run: str) -> dict[str, Any]:
        """Press Retry, as the dashboard does, and wait for the end."""
        state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}

        def pressed() -> bool:
            with suppress(httpx.HTTPError):
                address = f"{self.local.prefect_url}/api/flow_runs/{run}/set_state"
                self.prefect.http.post(address, json={"state": state, "force": True}, timeout=70).raise_for_status()
            return not terminal(self.state(run))

        until(pressed, f"Retry of run {run}")
        return self.ended(run)

    def kill_flow(self, run: str, worker: int) -> None:
        """Kill the process of a run, which a worker of ours has started, and wait until its supervisors are gone."""
        pids = until(lambda: processes_of(run, worker), f"a process of run {run}")
        above = [each for pid in pids for each in _ancestors(pid, worker) if each not in pids]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(_parent(pid) for pid in above), f"the end of the supervisors of run {run}")

    def reported(self, run: str) -> None:
        """Wait until the worker has reported a crash too.

        It does so seconds after the supervisor of the process did, and takes a run for crashed that has been retried
        meanwhile; nobody's hand is that fast, but ours is.
        """

        def said() -> bool:
            logs = self.ask("POST", "/logs/filter", logs={"flow_run_id": {"any_": [run]}}, sort="TIMESTAMP_DESC")
            return any(log["name"].endswith(".worker") and "memory" in log["message"] for log in logs)

        with suppress(AssertionError):  # the server may have lost the line
            until(said, f"the worker's report on run {run}", 1.0, HAND_SECONDS)

    def kill_server(self) -> None:
        """Kill the Prefect server, and start it again on its port with its database."""
        kill(self.local.processes.pop(0))
        self.local.start_server()
        self.local.wait_for_server()
        self.local.processes.insert(0, self.local.processes.pop())


@contextmanager
def stack(folder: Path, slots: int = SLOTS) -> Iterator[Stack]:
    """Start everything in a folder of its own; what was started ends with it."""
    made = Stack(Local(folder / "server"), [Slot(n, Local(folder / f"slot{n}")) for n in range(1, slots + 1)])
    try:
        made.start()
        yield made
    finally:
        made.stop()


def until(
    condition: Callable[[], Said | None], what: str, every_seconds: float = 0.3, seconds: float = PATIENCE_SECONDS
) -> Said:
    """Give what a condition says once it is true."""
    end = time.monotonic() + seconds
    while not (said := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        time.sleep(every_seconds)
    return said


def processes_of(run: str, worker: int) -> list[int]:
    """Give the processes that carry out a flow run, of those that a worker has started."""
    return [pid for pid in descendants(worker) if runs(pid, run)]


def _parent(pid: int) -> int:
    """Give the parent of a process; 0 when it has ended."""
    facts = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return int(facts[1]) if facts and facts[0] != b"Z" else 0


def _ancestors(pid: int, worker: int) -> list[int]:
    """Give the processes between a process and the worker that it descends from."""
    found: list[int] = []
    while (pid := _parent(pid)) not in (0, 1, worker):
        found.append(pid)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has ended meanwhile


def kill(process: Any) -> None:
    process.kill()
    process.wait()


def terminal(state: dict[str, Any]) -> dict[str, Any] | None:
    return state if state["type"] in TERMINAL else None
