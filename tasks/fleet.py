"""A fleet: many environments at once, each in a flow run of its own, so many of them worked on at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Context
from typing import Any
from uuid import UUID, uuid4

from httpx import HTTPStatusError, codes
from prefect import Flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import SettingsContext, get_settings_context
from prefect.exceptions import ObjectNotFound, Pause
from prefect.flow_engine import run_flow_sync
from prefect.futures import wait
from prefect.logging import get_logger, get_run_logger
from prefect.runtime import flow_run
from prefect.settings import PREFECT_CLIENT_CSRF_SUPPORT_ENABLED, Settings
from prefect.states import Cancelled, Completed, Crashed, Failed, Pending

from alicloud.errors import Misconfigured
from alicloud.limiter import SHARED
from alicloud.redaction import redact
from tasks.fleet_report import Member, publish
from tasks.inert import one_line
from tasks.known_environments import documents
from tasks.place import PLACE, Place

AT_ONCE = 16  # environments that are worked on at a time; those that wait for the cloud do not count
SHOWN_EVERY_SECONDS = 2.0
CANCEL_SECONDS = 5.0  # between two looks for runs that an operator has cancelled
log = get_logger("realtime_compute.fleet")


class FleetFailed(Exception):
    """Some environments of a fleet are not as they should be; the message names them, with what each needs."""


def choose_members(names: Sequence[str], tag: str) -> list[Member]:
    """Choose environments: those that are named, those with the tag, or all that there are.

    Raises:
        Misconfigured: none is left, or both are given.
    """
    if names and tag:
        raise Misconfigured("Both environments and a tag are given.", remedy="Name environments, or a tag; not both.")
    known = documents()
    chosen = list(dict.fromkeys(names)) or [name for name in sorted(known) if not tag or tag in _tags(known[name])]
    if not chosen:
        which = f"with the tag {one_line(tag)}" if tag else "at all"
        raise Misconfigured(f"There is no environment {which}.", remedy="See the blocks of type Flink Environment.")
    return [Member.of(name, known.get(name, {})) for name in chosen]


def _tags(document: Mapping[str, Any]) -> Sequence[Any]:
    tags = document.get("tags", ())
    return tags if isinstance(tags, list) else ()


class Fleet:
    """Many environments that one flow is carried out for.

    Each has a flow run of its own, of a deployment where there is one: so it can be watched, cancelled and, when it
    has failed, retried alone by any worker. All of them run in this process and share its limiter.

    Not a dataclass: Prefect would look into it for futures.
    """

    def __init__(self, flow: Flow[..., Any], deployment: str, members: Sequence[Member], at_once: int) -> None:
        self.flow = flow
        self.members = {member.name: member for member in members}
        self._deployment = _deployment_id(deployment)
        self._settings = _settings()
        self._places = threading.BoundedSemaphore(at_once)
        self._running: dict[UUID, Place] = {}
        self._lock = threading.Lock()
        self._ended = False
        self._creating = threading.Lock()  # one after the other: a server on SQLite refuses many at once for seconds
        self._shown_at = float("-inf")

    def run(self) -> State[Any]:
        """Carry the flow out for all; one that fails holds no other.

        Raises:
            FleetFailed: naming those that did not end well.
        """
        with SHARED.watched() as traffic, self._obeying(), self._ending():
            wait([carry_out.submit(self, name) for name in self.members])
        publish(list(self.members.values()), self.flow.name, traffic)
        failed = [member for member in self.members.values() if member.failed]
        told = f"{len(self.members) - len(failed)} of {len(self.members)} environments went well"
        if failed:
            which = "; ".join(f"{member.name}: {member.needs}" for member in failed)
            raise FleetFailed(f"{told}. {which}")
        waiting = sum(member.waits for member in self.members.values())
        return Completed(message=f"{told}{f', {waiting} of them wait for an answer' if waiting else ''}.")

    def carry_out(self, name: str) -> State[Any]:
        """Carry the flow out for one environment, once there is room, and give how it ended."""
        member, place = self.members[name], Place(self._places)
        with place:
            if self._ended:
                return member.end(Cancelled(message="Not begun: the fleet's run was ended."))
            try:
                run = self._create_run(name)
                member.begin(str(run.id))
                with self._under_way(run, place):
                    state = self._carried_out(run, place)
            except Exception as error:  # of the Prefect server's, which is no reason to hold the others
                get_run_logger().exception("The run of environment %s could not be carried out.", name)
                state = Failed(message=redact(f"{type(error).__name__}: {error}"))
            ended = member.end(state)
            self._show()
        return ended

    def _carried_out(self, run: FlowRun, place: Place) -> State[Any]:
        """Run the flow in a context of its own, as a worker would: it may suspend itself, which a task may not."""
        profile = get_settings_context().profile

        def execute() -> State[Any]:
            PLACE.set(place)
            with SettingsContext(profile=profile, settings=self._settings):
                try:
                    return run_flow_sync(self.flow, run, dict(run.parameters), return_type="state")  # type: ignore[return-value]
                except Pause as pause:
                    return pause.state or Pending()

        state = Context().run(execute)
        if place.stopped and not state.is_completed():
            return self._stopped(run)
        return state

    def _stopped(self, run: FlowRun) -> State[Any]:
        state: State[Any] = Cancelled(message="Cancelled by an operator; what was under way has ended.")
        if self._ended:
            state = Crashed(message="The fleet's run was ended; what was under way has ended too. Retry this run.")
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run.id, state, force=True)
        return state

    def _create_run(self, name: str) -> FlowRun:
        """Create a flow run that no worker takes, for it is Pending.

        It is tagged with the fleet's run, and no subflow of it: a subflow could not suspend itself for an approval.
        """
        facts: dict[str, Any] = {"parameters": {"environment": name}, "tags": [fleet_tag()], "state": Pending()}
        with self._creating, get_client(sync_client=True) as client:
            if self._deployment is None:
                return client.create_flow_run(self.flow, **facts)
            once = f"{flow_run.id}-{flow_run.run_count}-{name}"  # the client repeats what a busy server did not answer
            return client.create_flow_run_from_deployment(self._deployment, idempotency_key=once, **facts)

    @contextmanager
    def _under_way(self, run: FlowRun, place: Place) -> Iterator[None]:
        with self._lock:
            self._running[run.id] = place
            ended = self._ended
        if ended:
            place.stop()
        try:
            yield
        finally:
            with self._lock:
                del self._running[run.id]

    def _show(self) -> None:
        with self._lock:
            if time.monotonic() - self._shown_at < SHOWN_EVERY_SECONDS:
                return
            self._shown_at = time.monotonic()
        publish(list(self.members.values()), self.flow.name)

    @contextmanager
    def _obeying(self) -> Iterator[None]:
        """Stop runs that an operator cancels: no worker is there to do it."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(CANCEL_SECONDS):
                try:
                    found = self._cancelled()
                except Exception as error:  # a server that is gone for a moment
                    log.warning("Nobody could be asked for cancelled runs: %s", type(error).__name__)
                    continue
                for place in found:
                    place.stop()

        thread = threading.Thread(target=look, name="cancelled runs", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """End every run when the fleet's is ended: no other may begin, and none of them order anything any more."""
        try:
            yield
        except BaseException:
            with self._lock:
                self._ended, running = True, list(self._running.values())
            for place in running:
                place.stop()
            raise

    def _cancelled(self) -> list[Place]:
        with self._lock:
            running = dict(self._running)
        if not running:
            return []
        wanted = FlowRunFilter.model_validate(
            {"id": {"any_": list(running)}, "state": {"type": {"any_": [StateType.CANCELLING, StateType.CANCELLED]}}}
        )
        with get_client(sync_client=True) as client:
            return [running[run.id] for run in client.read_flow_runs(flow_run_filter=wanted)]


@task(name="environment", task_run_name="Environment {name}", cache_policy=NO_CACHE, persist_result=False)
def carry_out(fleet: Fleet, name: str) -> State[Any]:
    """Carry the fleet's flow out for one environment, in a flow run of its own."""
    return fleet.carry_out(name)


def fleet_tag() -> str:
    """Give the tag that the flow runs of this fleet's run have."""
    return f"fleet-{flow_run.id[:8]}"


def _settings() -> Settings:
    """Give Prefect's settings for a fleet's runs: every new client asks for a CSRF token, which few servers want."""
    settings = get_settings_context().settings
    with get_client(sync_client=True) as client:
        try:
            client.request("GET", "/csrf-token", params={"client": str(uuid4())})
        except HTTPStatusError as error:
            if error.response.status_code == codes.UNPROCESSABLE_ENTITY:  # it does not use them
                return settings.copy_with_update(updates={PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False})
    return settings


def _deployment_id(name: str) -> UUID | None:
    with get_client(sync_client=True) as client:
        try:
            return client.read_deployment_by_name(name).id
        except ObjectNotFound:
            get_run_logger().warning(
                "There is no deployment %s: a run that fails cannot be retried alone. Deploy it: prefect deploy --all.",
                name,
            )
            return None
