"""The clock that waits are made on, so that a test or a fast emulator can turn it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from alicloud.stopwatch import cloud_time


class Stopped(Exception):
    """The run has ended, by an operator's hand perhaps: what still waits in a thread of it ends too."""


@dataclass
class Clock:
    """Tells the cloud's time and waits on it.

    `speed` says how many times faster than ours the cloud's clock runs: 1 for the real cloud, more for an emulator
    that was started so; a wait of 60 cloud seconds then takes 60/speed of ours. `observe` takes the Date header of
    each answer, so that ages are counted in the cloud's own time even when our clock is wrong.
    """

    speed: float = 1.0
    wall: Callable[[], float] = time.time
    wait: Callable[[float], None] = time.sleep
    _cloud: float = 0.0
    _ours: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _stopped: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        if self.wait is time.sleep:
            self.wait = self._wait

    def stop(self) -> None:
        """End every wait, now and from now on: a thread that polls would keep its process alive for minutes."""
        self._stopped.set()

    def check(self) -> None:
        """Raise `Stopped` once the run has ended."""
        if self._stopped.is_set():
            raise Stopped("The run has ended.")

    def _wait(self, seconds: float) -> None:
        self._stopped.wait(seconds)
        self.check()

    def now(self) -> float:
        """Seconds since 1970 on the cloud's clock, as far as we know it."""
        with self._lock:
            if not self._ours:
                return self.wall()
            return self._cloud + (self.wall() - self._ours) * self.speed

    def observe(self, cloud_seconds: float) -> None:
        """Learn the cloud's time from an answer."""
        with self._lock:
            self._cloud, self._ours = cloud_seconds, self.wall()

    def sleep(self, seconds: float) -> None:
        """Wait for that many seconds of the cloud's time."""
        if seconds > 0:
            self.pause(seconds / self.speed)

    def pause(self, seconds: float) -> None:
        """Wait for that many of our seconds, for the cloud: it is the cloud's time that passes."""
        with cloud_time():
            self.wait(seconds)
