from concurrent.futures import ThreadPoolExecutor

import pytest

from alicloud import ram
from alicloud.clock import Clock
from alicloud.limiter import Limiter
from alicloud.rates import PUBLISHED, Rate
from alicloud.session import Session
from emulator import throttle
from tests.alicloud.test_session import ACCOUNT
from tests.flows.running import start_emulator

READS = {("Ram", "reads"): Rate(10)}


class Time:
    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def time():
    return Time()


def delays(limiter, number, account="a", action="GetUser", speed=1.0):
    return [limiter.delay(account, "Ram", action, True, speed) for _ in range(number)]


def test_calls_beyond_the_rate_wait_in_the_order_in_which_they_came(time):
    limiter = Limiter(READS, time)

    waits = delays(limiter, 11)

    assert waits[0] == 0.0
    assert waits[1:] == pytest.approx([(number + 1) / 9 for number in range(10)])


@pytest.mark.parametrize("rate", [Rate(1), Rate(4), Rate(10), Rate(20), Rate(300, 60), Rate(1200, 60)], ids=str)
def test_no_period_has_more_calls_than_the_rate_however_many_come(time, rate):
    limiter = Limiter({("Ram", "reads"): rate}, time)

    at = [round(delay, 9) for delay in delays(limiter, int(5 * rate.calls))]

    most = max(sum(start <= each < start + rate.seconds - 1e-6 for each in at) for start in at)
    assert most <= max(rate.calls, 2)  # of one a second a second one may follow within it: half of it goes on
    assert at[-1] < 12 * rate.seconds


def test_what_has_waited_may_go_again(time):
    limiter = Limiter(READS, time)
    delays(limiter, 9)

    time.at = 1.0

    assert delays(limiter, 1) == [0.0]


def test_accounts_and_actions_do_not_wait_for_each_other(time):
    limiter = Limiter(READS, time)
    delays(limiter, 30)

    assert delays(limiter, 1, account="b") == delays(limiter, 1, action="ListUsers") == [0.0]


def test_what_has_no_rate_is_not_held_back(time):
    assert set(delays(Limiter({}, time), 1000)) == {0.0}


def test_a_cloud_whose_clock_runs_faster_has_faster_rates(time):
    limiter = Limiter(READS, time)
    delays(limiter, 10, speed=60.0)

    time.at = 1 / 60

    assert delays(limiter, 1, speed=60.0) == [pytest.approx(1 / 9)]


def test_a_rate_is_halved_where_the_cloud_says_no_and_grows_again_with_what_it_lets_through(time):
    limiter = Limiter(READS, time)
    delays(limiter, 1)
    limiter.told("a", "Ram", "GetUser", throttled=True)
    (halved,) = delays(limiter, 1)

    for _ in range(100):
        limiter.told("a", "Ram", "GetUser", throttled=False)
    time.at = 100.0

    assert halved == pytest.approx(2 / 9)
    assert delays(limiter, 2) == [0.0, pytest.approx(1 / 9)]


def test_a_rate_that_is_cut_again_and_again_is_never_none(time):
    limiter = Limiter(READS, time)
    for _ in range(50):
        delays(limiter, 1)
        limiter.told("a", "Ram", "GetUser", throttled=True)

    assert delays(limiter, 1)[0] < 100


def test_sessions_that_share_a_limiter_are_never_throttled_and_without_it_they_are():
    with start_emulator() as running:
        running.cloud.throttle.set_rates({"ram": {"reads": "20/1"}})
        running.reset("nothing")

        def ask(limiter):
            with Session(ACCOUNT, "cn-hangzhou", {"*": running.url}, Clock(), attempts=6, limiter=limiter) as cloud:
                for _ in range(8):
                    cloud.send(ram.get_user("nobody"))

        def throttled(limiter):
            before = running.cloud.calls.last
            with ThreadPoolExecutor(6) as pool:
                list(pool.map(ask, [limiter] * 6))
            return sum("Throttling" in call["code"] for call in running.cloud.calls.since(before))

        assert throttled(Limiter({("Ram", "reads"): Rate(20)})) == 0
        assert throttled(Limiter({})) > 0


def test_ours_and_the_emulator_s_rates_are_the_same_facts():
    ours = {
        (product.lower(), action): f"{rate.calls:g}/{rate.seconds:g}" for (product, action), rate in PUBLISHED.items()
    }
    known = {(product, action): rate for product, rates in throttle.DEFAULT.items() for action, rate in rates.items()}

    assert {key: rate for key, rate in ours.items() if known[key] != rate} == {}


def test_who_watches_counts_what_is_let_pass_and_how_long_it_was_held(time):
    limiter = Limiter(READS, time)
    delays(limiter, 1)

    with limiter.watched() as traffic:
        delays(limiter, 9)
        limiter.told("a", "Ram", "GetUser", throttled=True)
    delays(limiter, 1)

    (passed,) = traffic.values()
    assert (passed.calls, passed.throttled, passed.rate) == (9, 1, READS["Ram", "reads"])
    assert passed.held_seconds == pytest.approx(sum(range(1, 10)) / 9)
    assert passed.busiest == 8
