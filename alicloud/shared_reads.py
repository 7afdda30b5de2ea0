"""What many runs of a process ask for at the same time: one call answers all who ask while its answer is fresh."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Any, TypeVar

from alicloud.call import Call
from alicloud.errors import AlibabaCloudError
from alicloud.session import WRITTEN, Session

Answer = TypeVar("Answer")
Key = tuple[Any, ...]
PATIENCE = 10.0  # of our seconds: who waits longer for an answer that another asked for asks for himself
PLANNED_WITHIN = 5.0  # of our seconds: how old an answer may be that a plan builds on
UNKNOWN: Any = object()  # None is an answer: there is no such thing
KEPT = 2_000  # answers, of which the older half is forgotten when there are more


@dataclass
class _Shared:
    """The last outcome of a read, when it was asked for in our seconds, and whether somebody asks now."""

    outcome: Any = UNKNOWN
    asked_at: float = float("-inf")
    asking: threading.Event | None = None


@dataclass
class SharedReads:
    """Answers of reads, shared by those who ask the same account and region. Safe to use from many threads.

    For waits and plans alone, where an answer that is some seconds old is as good as a new one: whoever acts reads for
    himself. To who waits a refusal is an answer too; were it not, each of a hundred would be refused by himself.

    Args:
        now: seconds of our clock, which nobody sets. The cloud's runs `clock.speed` times as fast.
    """

    now: Callable[[], float] = time.monotonic
    sent_at: list[float] = field(default_factory=list)  # of each call, in our seconds
    _reads: dict[Key, _Shared] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def read(
        self,
        cloud: Session,
        call: Call[Answer],
        fresh_seconds: float,
        since: float = float("-inf"),
        refusals: bool = True,
    ) -> tuple[Answer, float]:
        """Give the last answer while it is fresh, else ask; who comes while one asks waits for that answer.

        Args:
            fresh_seconds: of the cloud's time, since the call was sent.
            since: in our seconds; what was asked for earlier is not fresh.
            refusals: they are answers too; else who finds one asks for himself.

        Returns:
            The answer and its age, in the cloud's seconds.

        Raises:
            AlibabaCloudError: as `Session.send` raises it.
        """
        shared = self._of(cloud, call)
        patient = True
        while True:
            with self._lock:
                age = (self.now() - shared.asked_at) * cloud.clock.speed
                told = refusals or not isinstance(shared.outcome, AlibabaCloudError)
                if age < fresh_seconds and shared.asked_at > since and told:
                    return _told(shared.outcome), age
                asking = shared.asking if patient else None
                if asking is None:
                    shared.asking = mine = threading.Event()
                    break
            cloud.clock.check()
            patient = asking.wait(PATIENCE)
        return _told(self._ask(cloud, call, shared, mine)), 0.0

    def _ask(self, cloud: Session, call: Call[Any], shared: _Shared, asking: threading.Event) -> Any:
        asked_at = self.now()
        outcome = UNKNOWN
        try:
            outcome = _outcome(cloud, call)
        finally:
            with self._lock:
                self.sent_at.append(asked_at)
                if outcome is not UNKNOWN and asked_at > shared.asked_at:
                    shared.outcome, shared.asked_at = outcome, asked_at
                if shared.asking is asking:
                    shared.asking = None
            asking.set()
        return outcome

    def _of(self, cloud: Session, call: Call[Any]) -> _Shared:
        key = (cloud.identity.owner, cloud.region, *sorted(cloud.overrides.items()), *call.key)
        with self._lock:
            if key not in self._reads and len(self._reads) >= KEPT:
                self._forget()
            return self._reads.setdefault(key, _Shared())

    def _forget(self) -> None:
        """Leave out what was asked for longest ago, but what is being asked for."""
        oldest = sorted(self._reads, key=lambda key: self._reads[key].asked_at)
        for key in oldest[: KEPT // 2]:
            if self._reads[key].asking is None:
                del self._reads[key]


def _outcome(cloud: Session, call: Call[Any]) -> Any:
    try:
        return cloud.read_again(call)
    except AlibabaCloudError as error:
        return error


def _told(outcome: Any) -> Any:
    if isinstance(outcome, AlibabaCloudError):
        raise copy(outcome)
    return outcome


WAITING = SharedReads()  # of all runs of a fleet that wait for a cluster or a workspace
_PLANNING = SharedReads()


def ask_together(cloud: Session, call: Call[Any]) -> Any:
    """Answer a read of a plan with what another of this fleet has just read, unless somebody here has written since.

    Most of what an environment stands on is the account's, and a hundred plans ask for it within seconds. How old an
    answer may be is said in our seconds, since what makes it old here is people and other processes.
    """
    since = WRITTEN.get(cloud.identity.owner, float("-inf"))
    return _PLANNING.read(cloud, call, PLANNED_WITHIN * cloud.clock.speed, since, refusals=False)[0]
