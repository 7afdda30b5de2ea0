"""Keeps the calls of several processes below an account's rates together: Prefect's global concurrency limits.

They are rate limits, no locks: slots that decay at the rate. A server that cannot be asked costs no more than a
throttled call, which is repeated; nothing relies on them to be safe.
"""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import rate_limit
from prefect.exceptions import ObjectAlreadyExists
from prefect.logging import get_logger

from alicloud.limiter import SHARED, Limiter, burst, flow
from alicloud.rates import Rate

log = get_logger("realtime_compute.rates")


@dataclass
class _Quota:
    """What this process may still call of an action before it asks again."""

    left: int = 0
    known: bool = False  # to the server
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class SharedRates:
    """Limits that first take from the account's quota on the Prefect server, then wait as `inner` says."""

    inner: Limiter = field(default_factory=lambda: SHARED)
    _quotas: dict[str, _Quota] = field(default_factory=dict)
    _quotas_lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def delay(self, account: str, product: str, action: str, is_read: bool, speed: float = 1.0) -> float:
        rate = self.inner.rate(product, action, is_read)
        if rate is not None:
            self._take(f"realtime-compute-rate-{_digest(account)}-{product}-{action}", rate, speed)
        return self.inner.delay(account, product, action, is_read, speed)

    def told(self, account: str, product: str, action: str, throttled: bool) -> None:
        self.inner.told(account, product, action, throttled)

    def _take(self, name: str, rate: Rate, speed: float) -> None:
        with self._quotas_lock:
            quota = self._quotas.setdefault(name, _Quota())
        batch = math.floor(burst(rate))
        with quota.lock:
            if quota.left == 0:
                self._ask(name, quota, batch, flow(rate) * speed)
            quota.left -= 1

    def _ask(self, name: str, quota: _Quota, batch: int, per_second: float) -> None:
        try:
            if not quota.known:
                _ensure_limit(name, batch, per_second)
                quota.known = True
            rate_limit(name, occupy=batch)
        except Exception as error:  # whatever it is: the cloud says by itself when it is too much
            log.warning("The rate of %s is not shared just now: %s", name, type(error).__name__)
        quota.left = batch


def _ensure_limit(name: str, limit: int, per_second: float) -> None:
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):  # another process was faster
        client.upsert_global_concurrency_limit_by_name(name, limit, per_second)


def _digest(account: str) -> str:
    """Tell accounts apart without telling their AccessKeys."""
    return sha256(account.encode()).hexdigest()[:8]


ACROSS_PROCESSES = SharedRates()
