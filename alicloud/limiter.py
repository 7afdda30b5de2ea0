"""Keeps calls below the rates that the vendor publishes, for all sessions of this process together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from alicloud.rates import PUBLISHED, Rate, rate_of

SHARE = 0.9  # of a published rate: our clock is not the cloud's, and others may call too
SLOWEST = 1 / 16  # of a rate, after the cloud has said no again and again
RECOVERY = 1.05  # by which a rate that was cut grows again, with each call that is let through


@dataclass
class _Bucket:
    """The calls of one account to one action that may still go now; below zero, so many wait."""

    rate: Rate
    left: float
    at: float
    share: float = SHARE

    def reserve(self, now: float) -> float:
        """Take a call, and give the seconds until it may be sent."""
        speed = self.rate.calls / self.rate.seconds * self.share
        self.left = min(self.rate.calls * self.share, self.left + max(0.0, now - self.at) * speed) - 1
        self.at = now
        return max(0.0, -self.left / speed)


@dataclass
class Limiter:
    """Lets calls pass at the rates of a table, in the order in which they came; slower where the cloud said no.

    Safe to use from many threads. Times are the cloud's: an emulator whose clock runs faster has faster rates.
    """

    rates: Mapping[tuple[str, str], Rate] = field(default_factory=lambda: PUBLISHED)
    now: Callable[[], float] = time.monotonic
    _buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def delay(self, account: str, product: str, action: str, is_read: bool, speed: float = 1.0) -> float:
        """Reserve a call, and give the cloud's seconds that it has to wait. None is refused.

        Args:
            account: whose rate it is; an AccessKey id will do.
            speed: how many times faster than ours the cloud's clock runs.
        """
        with self._lock:
            bucket = self._bucket(account, product, action, is_read, speed)
            return bucket.reserve(self.now() * speed) if bucket else 0.0

    def told(self, account: str, product: str, action: str, throttled: bool) -> None:
        """Learn from an answer: halve the rate where the cloud said no, and let it grow again where it did not."""
        with self._lock:
            bucket = self._buckets.get((account, product, action))
            if bucket is not None:
                share = bucket.share / 2 if throttled else bucket.share * RECOVERY
                bucket.share = min(SHARE, max(SLOWEST, share))

    def _bucket(self, account: str, product: str, action: str, is_read: bool, speed: float) -> _Bucket | None:
        found = self._buckets.get((account, product, action))
        if found is None and (rate := rate_of(self.rates, product, action, is_read)) is not None:
            found = _Bucket(rate, rate.calls * SHARE, self.now() * speed)
            self._buckets[account, product, action] = found
        return found


SHARED = Limiter()  # of this process: rates are an account's, whatever run calls
