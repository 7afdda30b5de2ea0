import itertools
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from alicloud import shared_reads
from alicloud.call import Call, Kind
from alicloud.clock import Clock, Stopped
from alicloud.errors import Unavailable
from alicloud.session import WRITTEN, Identity
from alicloud.shared_reads import SharedReads, ask_together

KEYS = itertools.count()
ROLE = "acs:ram::{}:role/flink-prep"
CALL = Call("foas", "2018-11-11", "ListCluster", Kind.READ, lambda body: body)


class Time:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Account:
    """Stands for a session: counts what it is asked, and answers when it may."""

    def __init__(self, key="LTAI-one", region="cn-hangzhou", speed=1.0, role_arn=""):
        self.identity = Identity(f"STS-{next(KEYS)}", "", "", 0.0, key, role_arn)
        self.clock = Clock(speed)
        self.region, self.overrides = region, {}
        self.asked = 0
        self.answer = self.error = None
        self.asks = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def read_again(self, call):
        self.asked += 1
        self.asks.set()
        assert self.may_answer.wait(10)
        if self.error:
            raise self.error
        return self.answer or f"answer {self.asked}"


def test_an_answer_serves_all_who_ask_while_it_is_fresh():
    clock, account = Time(), Account()
    reads = SharedReads(clock)

    first = reads.read(account, CALL, 30)
    clock.now += 29
    second = reads.read(account, CALL, 30)
    clock.now += 1
    third = reads.read(account, CALL, 30)

    assert [first, second, third] == [("answer 1", 0.0), ("answer 1", 29.0), ("answer 2", 0.0)]


def test_an_age_is_of_the_clouds_time():
    clock, account = Time(), Account(speed=60.0)
    reads = SharedReads(clock)

    reads.read(account, CALL, 30)
    clock.now += 0.4

    assert reads.read(account, CALL, 30) == ("answer 1", pytest.approx(24.0))


def test_who_comes_while_one_asks_waits_for_that_answer():
    account, reads, answers = Account(), SharedReads(Time()), []
    account.may_answer.clear()
    threads = [threading.Thread(target=lambda: answers.append(reads.read(account, CALL, 30)[0])) for _ in range(20)]

    for thread in threads:
        thread.start()
    account.may_answer.set()
    for thread in threads:
        thread.join(10)

    assert answers == ["answer 1"] * 20


@contextmanager
def hanging(reads):
    """Have somebody ask, and get no answer until the end; gives who asks."""
    account = Account()
    account.may_answer.clear()
    thread = threading.Thread(target=lambda: reads.read(account, CALL, 30))
    thread.start()
    assert account.asks.wait(10)
    yield account
    account.may_answer.set()
    thread.join(10)


def test_who_has_waited_long_for_the_answer_of_another_asks_for_himself(monkeypatch):
    monkeypatch.setattr(shared_reads, "PATIENCE", 0.01)
    account, reads = Account(), SharedReads(Time())
    with hanging(reads) as hangs:
        answer = reads.read(account, CALL, 30)

    assert answer == ("answer 1", 0.0)
    assert (hangs.asked, account.asked) == (1, 1)


def test_a_run_that_has_ended_waits_for_no_answer(monkeypatch):
    monkeypatch.setattr(shared_reads, "PATIENCE", 0.01)
    ended, reads = Account(), SharedReads(Time())
    ended.clock.stop()
    with hanging(reads), pytest.raises(Stopped):
        reads.read(ended, CALL, 30)

    assert ended.asked == 0


@pytest.mark.parametrize(
    "other",
    [
        Account(key="LTAI-other", role_arn=ROLE.format(1)),
        Account(role_arn=ROLE.format(2)),
        Account(region="cn-beijing", role_arn=ROLE.format(1)),
    ],
    ids=["key", "account of the same key", "region"],
)
def test_another_account_or_region_has_answers_of_its_own(other):
    account, reads = Account(role_arn=ROLE.format(1)), SharedReads(Time())

    reads.read(account, CALL, 30)
    reads.read(other, CALL, 30)

    assert (account.asked, other.asked) == (1, 1)


def test_a_refusal_is_told_to_all_who_ask_and_forgotten_with_its_time():
    clock, account = Time(), Account()
    reads = SharedReads(clock)
    account.error = Unavailable("ServiceUnavailable", "Busy.", action="ListCluster")

    for _ in range(5):
        with pytest.raises(Unavailable, match="Busy"):
            reads.read(account, CALL, 30)
    asked, account.error = account.asked, None
    clock.now += 30

    assert asked == 1
    assert reads.read(account, CALL, 30) == ("answer 2", 0.0)


def test_that_there_is_no_such_thing_is_an_answer_too():
    account, reads = Account(), SharedReads(Time())
    account.read_again = lambda _call: setattr(account, "asked", account.asked + 1)  # gives None

    assert [reads.read(account, CALL, 30)[0] for _ in range(3)] == [None] * 3
    assert account.asked == 1


def test_what_was_asked_for_before_a_time_is_not_fresh():
    clock, account = Time(), Account()
    reads = SharedReads(clock)
    reads.read(account, CALL, 30)

    clock.now += 1

    assert reads.read(account, CALL, 30, since=100.0) == ("answer 2", 0.0)
    assert reads.read(account, CALL, 30, since=100.0) == ("answer 2", 0.0)


def test_the_older_half_is_forgotten_when_too_many_are_kept(monkeypatch):
    monkeypatch.setattr(shared_reads, "KEPT", 4)
    clock, account = Time(), Account()
    reads = SharedReads(clock)
    calls = [replace(CALL, action=f"List{number}") for number in range(5)]
    for call in calls:
        clock.now += 1
        reads.read(account, call, 30)

    for call in reversed(calls):
        reads.read(account, call, 30)

    assert account.asked == 5 + 2


def test_plans_ask_together_until_somebody_of_the_same_account_has_written():
    one, other = Account(key="LTAI-plans"), Account(key="LTAI-plans")

    asked = [ask_together(account, CALL) for account in (one, other)]
    WRITTEN[one.identity.owner] = time.monotonic()
    after = ask_together(other, CALL)

    assert (asked, after) == (["answer 1", "answer 1"], "answer 1")
    assert (one.asked, other.asked) == (1, 1)
