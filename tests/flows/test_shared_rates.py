"""Rates that several processes keep to together, by rate limits on the Prefect server."""

import threading
import time

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.concurrency._asyncio import ConcurrencySlotAcquisitionError

from alicloud.limiter import SHARED, Limiter, burst, flow
from alicloud.rates import Rate
from blocks.credentials import AlibabaCloudCredentials
from tasks.opening import limiter_of
from tasks.shared_rates import ACROSS_PROCESSES, SharedRates

pytestmark = pytest.mark.xdist_group("prefect")


class Fast(Limiter):
    """A process that would send at once what it may: it knows the rate, and holds nothing back."""

    def delay(self, account, product, action, is_read, speed=1.0):
        return 0.0


def process(rate):
    """Stand for a process of its own: nothing but the server tells it of the others."""
    return SharedRates(inner=Fast({("Ram", "reads"): rate}))


def take(limiter, calls, account, at):
    for _ in range(calls):
        limiter.delay(account, "Ram", "GetUser", True)
        at.append(time.monotonic())


def test_two_processes_together_keep_to_the_rate_of_their_account(prefect_server):
    rate, at = Rate(20), []
    threads = [threading.Thread(target=take, args=(process(rate), 30, "LTAI-shared", at)) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    at.sort()
    assert len(at) == 60
    assert at[-1] - at[0] >= (60 - 3 * burst(rate)) / flow(rate)  # each may hold what it was given last


def test_another_account_has_a_rate_of_its_own_and_no_name_tells_an_access_key(prefect_server):
    limiter = process(Rate(20))

    for account in ("LTAI-first", "LTAI-second"):
        limiter.delay(account, "Ram", "GetUser", True)

    with get_client(sync_client=True) as client:
        names = [each.name for each in client.read_global_concurrency_limits(limit=200, offset=0)]
    ours = [name for name in names if name.startswith("realtime-compute-rate-")]
    assert len([name for name in ours if name.endswith("-Ram-GetUser")]) >= 2
    assert not any("LTAI" in name for name in ours)


def test_a_server_that_cannot_be_asked_holds_no_call_up(prefect_server, monkeypatch):
    def gone(*_arguments, **_named):
        raise httpx.ConnectError("nobody listens")

    monkeypatch.setattr("tasks.shared_rates.rate_limit", gone)

    assert process(Rate(20)).delay("LTAI-alone", "Ram", "GetUser", True) == 0.0


def test_what_has_no_rate_asks_no_server(monkeypatch):
    monkeypatch.setattr("tasks.shared_rates.rate_limit", pytest.fail)

    assert process(Rate(20)).delay("LTAI-alone", "oss", "GetObject", True) == 0.0


@pytest.mark.parametrize(("shares", "limiter"), [(True, ACROSS_PROCESSES), (False, SHARED)])
def test_the_credentials_block_says_whether_rates_are_shared(shares, limiter):
    block = AlibabaCloudCredentials(access_key_id="id", access_key_secret="secret", share_rates=shares)

    assert limiter_of(block) is limiter


def test_a_server_that_says_no_holds_no_call_back(prefect_server, monkeypatch):
    def gone(*_args, **_kwargs):
        raise ConcurrencySlotAcquisitionError("Unable to acquire concurrency slots")

    limiter = process(Rate(20))
    take(limiter, 1, "LTAI-gone", [])
    monkeypatch.setattr("tasks.shared_rates.rate_limit", gone)

    take(limiter, 5, "LTAI-gone", [])  # raises nothing
