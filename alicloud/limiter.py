"""Keeps calls below the rates that the vendor publishes, for all sessions of this process together."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from alicloud.rates import PUBLISHED, Rate, rate_of

BURST = 0.1  # of a published rate may go at once; the rest follows evenly, so that no period has more than the rate
SLOWEST = 1 / 16  # of a rate, after the cloud has said no again and again
RECOVERY = 1.05  # by which a rate that was cut grows again, with each call that is let through


def burst(rate: Rate) -> float:
    """Give how many calls may go at once."""
    return max(1.0, rate.calls * BURST)


def flow(rate: Rate) -> float:
    """Give how many calls may follow in a second."""
    return max(rate.calls / 2, rate.calls - burst(rate)) / rate.seconds


@dataclass
class _Bucket:
    """The calls of one account to one action that may still go now; below zero, so many wait."""

    rate: Rate
    left: float
    at: float
    share: float = 1.0

    def reserve(self, now: float) -> float:
        """Take a call, and give the seconds until it may be sent."""
        speed = flow(self.rate) * self.share
        self.left = min(burst(self.rate), self.left + max(0.0, now - self.at) * speed) - 1
        self.at = now
        return max(0.0, -self.left / speed)


@dataclass
class Passed:
    """The calls of one account to one action that were let pass while somebody watched.

    `held_seconds` is how long they were held back, in the cloud's time; `per_period` counts them by the rate's period.
    """

    rate: Rate | None
    calls: int = 0
    throttled: int = 0
    held_seconds: float = 0.0
    per_period: Counter[int] = field(default_factory=Counter)

    @property
    def busiest(self) -> int:
        """The most calls in one period of the rate."""
        return max(self.per_period.values(), default=0)


Traffic = dict[tuple[str, str, str], Passed]  # by account, product and action


class Limits(Protocol):
    """What holds calls back; see `Limiter`."""

    def delay(self, account: str, product: str, action: str, is_read: bool, speed: float = 1.0) -> float: ...

    def told(self, account: str, product: str, action: str, throttled: bool) -> None: ...


@dataclass
class Limiter:
    """Lets calls pass at the rates of a table, in the order in which they came; slower where the cloud said no.

    Safe to use from many threads. Times are the cloud's: an emulator whose clock runs faster has faster rates.
    """

    rates: Mapping[tuple[str, str], Rate] = field(default_factory=lambda: PUBLISHED)
    now: Callable[[], float] = time.monotonic
    _buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)
    _watches: list[Traffic] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def watched(self) -> Iterator[Traffic]:
        """Count the calls that are let pass meanwhile."""
        traffic: Traffic = {}
        with self._lock:
            self._watches.append(traffic)
        try:
            yield traffic
        finally:
            with self._lock:
                self._watches = [each for each in self._watches if each is not traffic]

    def delay(self, account: str, product: str, action: str, is_read: bool, speed: float = 1.0) -> float:
        """Reserve a call, and give the cloud's seconds that it has to wait. None is refused.

        Args:
            account: whose rate it is; an AccessKey id will do.
            speed: how many times faster than ours the cloud's clock runs.
        """
        with self._lock:
            bucket = self._bucket(account, product, action, is_read, speed)
            now = self.now() * speed
            held = bucket.reserve(now) if bucket else 0.0
            for traffic in self._watches:
                passed = traffic.setdefault((account, product, action), Passed(bucket.rate if bucket else None))
                passed.calls += 1
                passed.held_seconds += held
                passed.per_period[int((now + held) / (bucket.rate.seconds if bucket else 1.0))] += 1
            return held

    def told(self, account: str, product: str, action: str, throttled: bool) -> None:
        """Learn from an answer: halve the rate where the cloud said no, and let it grow again where it did not."""
        with self._lock:
            for traffic in self._watches:
                if throttled and (passed := traffic.get((account, product, action))):
                    passed.throttled += 1
            bucket = self._buckets.get((account, product, action))
            if bucket is not None:
                share = bucket.share / 2 if throttled else bucket.share * RECOVERY
                bucket.share = min(1.0, max(SLOWEST, share))

    def rate(self, product: str, action: str, is_read: bool) -> Rate | None:
        """Give the published rate of an action, None where there is none."""
        return rate_of(self.rates, product, action, is_read)

    def _bucket(self, account: str, product: str, action: str, is_read: bool, speed: float) -> _Bucket | None:
        found = self._buckets.get((account, product, action))
        if found is None and (rate := self.rate(product, action, is_read)) is not None:
            found = _Bucket(rate, burst(rate), self.now() * speed)
            self._buckets[account, product, action] = found
        return found


SHARED = Limiter()  # of this process: rates are an account's, whatever run calls
