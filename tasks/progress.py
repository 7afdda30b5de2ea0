"""A long wait that can be watched: a progress artifact updated in place, few log lines, polls that tighten."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.logging import get_run_logger

from alicloud.errors import TimedOut
from alicloud.session import Session
from blocks.environment import Environment
from tasks.inert import fenced, one_line, plain
from tasks.place import away, in_fleet

LOG_EVERY_SECONDS = 60.0  # of our clock: at most one line a minute


@dataclass(frozen=True)
class Look:
    """One look at what is awaited.

    `percent` is what the cloud says, None when it does not. `being_made` is false for something that exists and is
    only being changed: its age says nothing of how long the change has lasted. `age` is that of the look itself, in the
    cloud's seconds: in a fleet one looks for all who wait.
    """

    ready: bool
    label: str
    created_ms: int
    percent: int | None = None
    being_made: bool = True
    age: float = 0.0


@dataclass(frozen=True)
class Timing:
    """How long a creation takes, in the cloud's seconds."""

    expected_seconds: float
    timeout_seconds: float
    poll_seconds: float

    def tick(self, elapsed: float) -> float:
        """Give the least seconds between two looks: fewer near the expected time."""
        near = abs(elapsed - self.expected_seconds) < self.expected_seconds * 0.1
        return 0.9 * (self.poll_seconds / 3 if near else self.poll_seconds)

    def pause(self, elapsed: float, age: float = 0.0, draw: Callable[[], float] = random.random) -> float:
        """Give the seconds until the next look after one of that age: a tick, spread by a fifth."""
        tick = self.tick(elapsed)
        return max(tick - age, tick / 10) + tick * 0.2 / 0.9 * draw()

    def percent(self, elapsed: float) -> int:
        """Estimate how far it is: 90 at the expected time, never 100 before it is ready."""
        share = max(0.0, elapsed) / self.expected_seconds
        return int(90 * share) if share <= 1 else int(90 + 9 * (1 - 1 / share))


def wait_key(environment: Environment) -> str:
    """Give the key of the wait for the environment's cluster or workspace, in artifacts and journal."""
    return f"{'cluster' if environment.cluster.mode == 'exclusive' else 'workspace'}-{environment.name}"


def timing_of(cloud: Session, environment: Environment) -> Timing:
    """Give how long the wait will be: as the journal knows it of earlier ones, else as the environment says."""
    usual = cloud.journal.usual_seconds(wait_key(environment)) if cloud.journal else None
    return wanted_timing(environment, usual)


def wanted_timing(environment: Environment, usual: float | None = None) -> Timing:
    """Give what the environment says of a wait, with the usual seconds in the place of those that it expects."""
    wanted = environment.cluster
    timeout = wanted.timeout_minutes * 60
    return Timing(min(usual or wanted.expected_minutes * 60, timeout), timeout, wanted.poll_seconds)


def wait_with_progress(
    cloud: Session, look: Callable[[float], Look], timing: Timing, key: str, what: str, ticket: Callable[[float], str]
) -> None:
    """Look until it is ready, and show how far it is.

    Args:
        look: reads, or takes in a fleet what another run has read not as many seconds ago; raises on a state that will
            not become ready.
        timing: expectations; the age counts from the cloud's own creation time.
        key: of the artifacts and in the journal, the same for each run of an environment.
        what: in the operator's words, e.g. "Cluster flink_prod".
        ticket: makes the text of a ticket from the age in seconds.

    Raises:
        TimedOut: not ready at the age of `timeout_seconds`; the ticket's text stands in an artifact.
    """
    shown = _Shown(key, what)
    since, elapsed, watched = 0.0, 0.0, False
    while True:
        seen = look(timing.tick(elapsed) if in_fleet() else 0.0)
        since = since or _begun(seen, cloud.clock.now())
        elapsed = max(0.0, cloud.clock.now() - since)
        if seen.ready:
            shown.update(100, f"{what}: {seen.label}")
            if watched and cloud.journal is not None:
                cloud.journal.lasted(key, elapsed)
            return
        if elapsed >= timing.timeout_seconds:
            _raise_timeout(what, seen, elapsed, key, ticket(elapsed))
        watched = seen.being_made and bool(seen.created_ms)
        percent = seen.percent if seen.percent is not None else timing.percent(elapsed)
        expected = timing.expected_seconds / 60
        shown.update(percent, f"{what}: {seen.label}, {elapsed / 60:.0f} of about {expected:.0f} min")
        with away():
            cloud.clock.sleep(min(timing.pause(elapsed, seen.age), timing.timeout_seconds - elapsed))


def _begun(seen: Look, now: float) -> float:
    """Give when the wait began: with the creation, or with our first look at a change of something older."""
    return seen.created_ms / 1000 if seen.being_made and seen.created_ms else now


class _Shown:
    """The artifact of one wait, and its log lines."""

    def __init__(self, key: str, what: str) -> None:
        self._key, self._what = key, what
        self._artifact: UUID | None = None
        self._last: tuple[int, str] = (-1, "")
        self._logged_at = float("-inf")

    def update(self, percent: int, text: str) -> None:
        if (percent, text) == self._last:
            return
        self._last = (percent, text)
        if self._artifact is None:
            made = create_progress_artifact(percent, self._key, plain(text))
            assert isinstance(made, UUID)  # noqa: S101  in a sync task it is not a coroutine
            self._artifact = made
        else:
            update_progress_artifact(self._artifact, progress=percent, description=plain(text))
        self._log(percent, text)

    def _log(self, percent: int, text: str) -> None:
        if percent == 100 or time.monotonic() - self._logged_at >= LOG_EVERY_SECONDS:
            self._logged_at = time.monotonic()
            get_run_logger().info("%s (%d %%)", one_line(text), percent)


def _raise_timeout(what: str, seen: Look, elapsed: float, key: str, ticket: str) -> None:
    create_markdown_artifact(
        f"# Ticket\n\n{fenced(ticket, 'text')}\n", key=f"ticket-{key}", description=plain(f"{what}: ticket")
    )
    raise TimedOut(
        one_line(f"{what} is still {seen.label} after {elapsed / 60:.0f} minutes."),
        remedy=f"Submit a ticket with the text of artifact ticket-{key}; Retry this run once the vendor has answered.",
    )
