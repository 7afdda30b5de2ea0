import threading
from contextlib import contextmanager

import pytest

from alicloud import shared_reads
from alicloud.call import Call, Kind
from alicloud.clock import Clock, Stopped
from alicloud.errors import Unavailable
from alicloud.shared_reads import SharedReads

CALL = Call("foas", "2018-11-11", "ListCluster", Kind.READ, lambda body: body)


class Time:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Account:
    """Stands for a session: counts what it is asked, and answers when it may."""

    def __init__(self, key="LTAI-one", region="cn-hangzhou", speed=1.0):
        self.identity = type("Identity", (), {"access_key_id": key, "lasting_key_id": ""})
        self.clock = Clock(speed)
        self.region, self.overrides = region, {}
        self.asked = 0
        self.error = None
        self.asks = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def send(self, call):
        self.asked += 1
        self.asks.set()
        assert self.may_answer.wait(10)
        if self.error:
            raise self.error
        return f"answer {self.asked}"


def test_an_answer_serves_all_who_ask_while_it_is_fresh():
    time, account = Time(), Account()
    reads = SharedReads(time)

    first = reads.read(account, CALL, 30)
    time.now += 29
    second = reads.read(account, CALL, 30)
    time.now += 1
    third = reads.read(account, CALL, 30)

    assert [first, second, third] == [("answer 1", 0.0), ("answer 1", 29.0), ("answer 2", 0.0)]


def test_an_age_is_of_the_clouds_time():
    time, account = Time(), Account(speed=60.0)
    reads = SharedReads(time)

    reads.read(account, CALL, 30)
    time.now += 0.4

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


@pytest.mark.parametrize("other", [Account(key="LTAI-other"), Account(region="cn-beijing")], ids=["account", "region"])
def test_another_account_or_region_has_answers_of_its_own(other):
    account, reads = Account(), SharedReads(Time())

    reads.read(account, CALL, 30)
    reads.read(other, CALL, 30)

    assert (account.asked, other.asked) == (1, 1)


def test_a_refusal_is_told_to_all_who_ask_and_forgotten_with_its_time():
    time, account = Time(), Account()
    reads = SharedReads(time)
    account.error = Unavailable("ServiceUnavailable", "Busy.", action="ListCluster")

    for _ in range(5):
        with pytest.raises(Unavailable, match="Busy"):
            reads.read(account, CALL, 30)
    asked, account.error = account.asked, None
    time.now += 30

    assert asked == 1
    assert reads.read(account, CALL, 30) == ("answer 2", 0.0)
