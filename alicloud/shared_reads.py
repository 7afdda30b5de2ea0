"""What many runs of a process ask for at the same time: one call answers all who ask while its answer is fresh."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from alicloud.call import Call
from alicloud.errors import AlibabaCloudError
from alicloud.session import Session

Answer = TypeVar("Answer")
Key = tuple[Any, ...]


@dataclass
class _Shared:
    """The last outcome of a read, and when it was asked for, in our seconds."""

    outcome: Any = None
    asked_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class SharedReads:
    """Answers of reads, shared by those who ask the same account and region. Safe to use from many threads.

    For waits alone, where an answer that is some seconds old is as good as a new one: whoever acts reads for himself.
    A refusal is an answer too; were it not, each of a hundred who wait would be refused by himself.
    """

    now: Callable[[], float] = time.monotonic
    _reads: dict[Key, _Shared] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def read(self, cloud: Session, call: Call[Answer], fresh_seconds: float) -> tuple[Answer, float]:
        """Give the last answer while it is fresh, else ask; who comes while one asks waits for that answer.

        Args:
            fresh_seconds: of the cloud's time, since the call was sent.

        Returns:
            The answer and its age, in the cloud's seconds.

        Raises:
            AlibabaCloudError: as `Session.send` raises it.
        """
        shared = self._of(cloud, call)
        with shared.lock:
            if self._age(shared, cloud) >= fresh_seconds:
                asked_at = self.now()
                shared.outcome = _outcome(cloud, call)
                shared.asked_at = asked_at
            if isinstance(shared.outcome, AlibabaCloudError):
                raise copy(shared.outcome)
            return cast("Answer", shared.outcome), self._age(shared, cloud)

    def _age(self, shared: _Shared, cloud: Session) -> float:
        return (self.now() - shared.asked_at) * cloud.clock.speed

    def _of(self, cloud: Session, call: Call[Any]) -> _Shared:
        whose = cloud.identity.lasting_key_id or cloud.identity.access_key_id
        key = (whose, cloud.region, *sorted(cloud.overrides.items()), *call.key)
        with self._lock:
            return self._reads.setdefault(key, _Shared())


def _outcome(cloud: Session, call: Call[Any]) -> Any:
    try:
        return cloud.send(call)
    except AlibabaCloudError as error:
        return error


WAITING = SharedReads()  # of all runs of this process that wait for a cluster or a workspace
