"""How much of a step's time is the cloud's own: its answers, and the waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Stopwatch:
    """Counts the seconds in which at least one thread waits for the cloud.

    Args:
        now: our seconds, of a clock that never goes back.
        within: the stopwatch of what this is a part of, which counts the same seconds.
    """

    now: Callable[[], float] = time.monotonic
    within: Stopwatch | None = None
    cloud_seconds: float = 0.0
    _waiting: int = 0
    _since: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self) -> None:
        with self._lock:
            if not self._waiting:
                self._since = self.now()
            self._waiting += 1
        if self.within is not None:
            self.within.begin()

    def end(self) -> None:
        with self._lock:
            self._waiting -= 1
            if not self._waiting:
                self.cloud_seconds += self.now() - self._since
        if self.within is not None:
            self.within.end()


_RUNNING: ContextVar[Stopwatch | None] = ContextVar("stopwatch", default=None)


def running() -> Stopwatch | None:
    """Give the stopwatch of the step that this thread is in."""
    return _RUNNING.get()


@contextmanager
def run(stopwatch: Stopwatch) -> Iterator[Stopwatch]:
    """Let a stopwatch be that of this thread."""
    token = _RUNNING.set(stopwatch)
    try:
        yield stopwatch
    finally:
        _RUNNING.reset(token)


@contextmanager
def cloud_time() -> Iterator[None]:
    """Count what happens inside as the cloud's own time, for the step that this thread is in."""
    stopwatch = running()
    if stopwatch is None:
        yield
        return
    stopwatch.begin()
    try:
        yield
    finally:
        stopwatch.end()
