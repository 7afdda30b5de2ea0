"""The runs of the demo's fleets, and the operator who presses Retry when one has died."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from deployments.local import NotStarted
from deployments.watch import Ending, Prefect

DIED = {"CRASHED", "FAILED", "CANCELLED"}
EVERY_SECONDS = 1.0
PENDING_SECONDS = 60.0
SILENT_SECONDS = 150.0  # the automation marks a dead run after 90, if it has ever given a sign of life
TRIES = 5
FLEETS = 2  # on workers of their own, where there are as many
START_SECONDS = 120.0


@dataclass(frozen=True)
class Death:
    """That a run was found dead, when on the monotonic clock, and what was said of it."""

    at: float
    said: str


@dataclass
class Run(Ending):
    """The flow run of an environment, as the operator sees it. Seconds are of the monotonic clock."""

    name: str
    run_id: str
    state: Mapping[str, Any] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)  # of this state
    left: float = math.inf  # when its worker was killed
    retries: int = 0
    deaths: list[Death] = field(default_factory=list)
    fleet: str = ""  # the run of the fleet in whose process it began

    @property
    def processes(self) -> Sequence[str]:
        """Give the flow runs of which one has a process that carries this one out: after a Retry it has its own."""
        return [self.run_id, *([self.fleet] if self.fleet and not self.retries else [])]

    @property
    def running(self) -> bool:
        return self.state.get("type") == "RUNNING"

    @property
    def died(self) -> bool:
        """Say whether somebody must act: it ended badly, or the worker that had claimed or started it is gone.

        A claim, and a run that died before its first sign of life, give none that could stop coming: only time tells.
        """
        now, kind = time.monotonic(), self.state.get("type")
        claimed = kind == "PENDING" and now - self.since > PENDING_SECONDS
        silent = kind == "RUNNING" and self.since <= self.left < now - SILENT_SECONDS
        return kind in DIED or claimed or silent


@dataclass
class Operator:
    """Somebody at the dashboard, who retries what has died and sees how it ends."""

    prefect: Prefect
    runs: list[Run]
    told: Callable[[str], None]

    def look(self) -> None:
        """Look at every run once, and press Retry where one has died."""
        for run in self.runs:
            if not run.succeeded:
                self._see(run)
                if run.died and run.retries < TRIES:
                    self._retry(run)

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look on until a condition holds, and say whether it came to hold in time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(EVERY_SECONDS)
            self.look()
        return True

    def look_on(self, seconds: float) -> None:
        """Look on for a while."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end, seconds + EVERY_SECONDS)

    def all_ended(self) -> bool:
        return all(run.succeeded or (run.ended and run.retries >= TRIES) for run in self.runs)

    def _see(self, run: Run) -> None:
        state = self.prefect.get(f"/flow_runs/{run.run_id}")["state"]
        if state["id"] != run.state.get("id"):
            run.state, run.since = state, time.monotonic()
            self.told(f"{run.name}: {state['name']}" + (f" ({_line(state)})" if state["type"] in DIED else ""))

    def _retry(self, run: Run) -> None:
        """Do what the button Retry of the dashboard does."""
        run.retries += 1
        run.deaths.append(Death(time.monotonic(), f"{run.state['name']}: {_line(run.state)}"))
        self.told(f"{run.name}: the operator presses Retry")
        state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}
        address = f"{self.prefect.url}/api/flow_runs/{run.run_id}/set_state"
        answer = self.prefect.http.post(address, json={"state": state, "force": True}, timeout=70)
        if answer.is_error and answer.status_code != httpx.codes.CONFLICT:
            answer.raise_for_status()


def _line(state: Mapping[str, Any]) -> str:
    """Give the first sentence of what is said of a state."""
    return " ".join(str(state.get("message") or "").split()).partition(". ")[0][:160]


def start(prefect: Prefect, environments: Sequence[str], fleets: int = FLEETS) -> list[Run]:
    """Start fleets that share the environments, and give the runs of their environments.

    Raises:
        NotStarted: some environment has no run in time.
    """
    size = -(-len(environments) // fleets)
    shares = [list(environments[place : place + size]) for place in range(0, len(environments), size)]
    begun = [prefect.run_deployment("prepare-fleet/prepare-fleet", {"environments": share}) for share in shares]
    end = time.monotonic() + START_SECONDS
    while True:
        runs = [run for fleet in begun for run in _members(prefect, fleet)]
        if len(runs) == len(environments):
            return runs
        if time.monotonic() > end:
            raise NotStarted(f"After {START_SECONDS:.0f} s only {len(runs)} of {len(environments)} runs had begun.")
        time.sleep(EVERY_SECONDS)


def _members(prefect: Prefect, fleet: str) -> list[Run]:
    wanted = {"tags": {"all_": [f"fleet-{fleet[:8]}"]}}
    found = prefect.post("/flow_runs/filter", flow_runs=wanted)
    return [Run(each["parameters"]["environment"], each["id"], fleet=fleet) for each in found]
