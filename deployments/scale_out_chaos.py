"""What is killed in the middle of the runs, one after the other, and how long it took until all went on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from deployments.scale_out_parts import SERVERS, ScaleOut
from deployments.scale_out_runs import Operator, Run
from deployments.watch import Prefect

BETWEEN_SECONDS = 5.0
RECOVERY_SECONDS = 120.0
PROBE = "realtime-compute.scale-out.probe"


class NotRecovered(Exception):
    """A part that was killed or started again did not come back into service."""


@dataclass(frozen=True)
class Blow:
    """One part that was killed or started again. Seconds count from the start of the runs."""

    what: str
    at_seconds: float
    running: int
    followed: str
    seconds: float


@dataclass
class Chaos:
    """Kills a worker with its runs and an API server, and starts PostgreSQL and Redis again."""

    local: ScaleOut
    operator: Operator
    prefect: Prefect
    workers: Sequence[str]
    began: float = field(default_factory=time.monotonic)
    blows: list[Blow] = field(default_factory=list)

    def strike(self) -> None:
        """Do it all, each once the one before is overcome; last the worker, whose runs then begin again elsewhere."""
        for what, act in (
            ("Redis started again", self._redis),
            ("PostgreSQL started again", self._postgres),
            (f"{SERVERS[0]}, an API server, kill -9; another started", self._api_server),
        ):
            self._blow(what, act)
            self.operator.look_on(BETWEEN_SECONDS)
        placed = self._placed()
        worker = max(placed, key=lambda name: len(placed[name]))
        self._blow(
            f"{worker} and its {len(placed[worker])} runs, kill -9", lambda: self._worker(worker, placed[worker])
        )

    def missed(self) -> list[str]:
        """Name the blows that met no run, and so prove nothing."""
        return [f"{blow.what}: no run was under way" for blow in self.blows if not blow.running]

    def _placed(self) -> dict[str, list[Run]]:
        """Say which worker carries out which runs, by its processes."""
        runs = [run for run in self.operator.runs if run.running]
        return {
            name: [run for run in runs if any(self.local.carries_out(name, each) for each in run.processes)]
            for name in self.workers
        }

    def _blow(self, what: str, act: Callable[[], str]) -> None:
        running = sum(map(len, self._placed().values()))
        began = time.monotonic()
        self.operator.told(f"now: {what}")
        followed = act()
        self.blows.append(Blow(what, began - self.began, running, followed, time.monotonic() - began))

    def _worker(self, name: str, runs: Sequence[Run]) -> str:
        self.local.kill_with_runs(name)
        for run in runs:
            run.left = time.monotonic()
        return "its runs are told below"

    def _api_server(self) -> str:
        name = SERVERS[0]
        self.local.kill_with_runs(name)
        self.local.start_api_server(name)
        self.prefect.get("/version")
        began = time.monotonic()
        self.local.wait_for_api_server(name)
        return f"the other one answered meanwhile; the new one after {time.monotonic() - began:.0f} s"

    def _postgres(self) -> str:
        self.local.end("postgres")
        self.local.start_postgres()
        for name in SERVERS:
            self.local.wait_for_api_server(name)
        return "both API servers reach it again"

    def _redis(self) -> str:
        since = datetime.now(UTC)
        self.local.end("redis")
        self.local.start_redis()
        self._until(lambda: self._event_arrives(since), "an event")
        return "an event that is sent arrives in the database again"

    def _event_arrives(self, since: datetime) -> bool:
        """Send an event, and say whether one that was sent before has gone through Redis to the database."""
        event = {"occurred": datetime.now(UTC).isoformat(), "event": PROBE, "id": str(uuid4())}
        resource = {"prefect.resource.id": PROBE}
        self.prefect.http.post(f"{self.prefect.url}/api/events", json=[{**event, "resource": resource}])
        wanted = {"occurred": {"since": since.isoformat()}, "event": {"name": [PROBE]}}
        return bool(self.prefect.post("/events/filter", filter=wanted, limit=1)["total"])

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + RECOVERY_SECONDS
        while not condition():
            if time.monotonic() > end:
                raise NotRecovered(f"waited {RECOVERY_SECONDS:.0f} s for {what}")
            time.sleep(0.2)
