"""How much of a step's time is the cloud's own."""

from threading import Thread

from alicloud.clock import Clock
from alicloud.snapshot import Attempt, Ledger
from alicloud.stopwatch import Stopwatch, cloud_time, run


class Hands:
    """Our clock, which a test turns."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    def turn(self, seconds: float) -> None:
        self.seconds += seconds


def attempts(ledger, step):
    return list(ledger.outcomes[step].attempts)


def test_a_step_is_timed_from_the_begin_of_its_ledger():
    hands = Hands()
    ledger = Ledger(now=hands)

    hands.turn(5)
    with ledger.step("VPC"):
        hands.turn(3)

    assert attempts(ledger, "VPC") == [Attempt(5.0, 8.0, 0.0)]


def test_answers_and_waits_are_the_cloud_s_time_and_the_rest_is_ours():
    hands = Hands()
    ledger, clock = Ledger(now=hands), Clock(speed=2.0, wait=hands.turn)

    with ledger.step("VPC"):
        hands.turn(1)
        with cloud_time():
            hands.turn(4)
        clock.sleep(10)  # of the cloud's seconds
        clock.pause(7)

    assert attempts(ledger, "VPC") == [Attempt(0.0, 17.0, 16.0)]


def test_what_is_waited_for_in_vain_is_the_cloud_s_time_too():
    hands = Hands()
    ledger = Ledger(now=hands)

    try:
        with ledger.step("VPC"), cloud_time():
            hands.turn(30)
            raise OSError("no answer")
    except OSError:
        hands.turn(1)

    assert attempts(ledger, "VPC") == [Attempt(0.0, 30.0, 30.0)]
    assert ledger.outcomes["VPC"].error == "no answer"


def test_a_step_that_is_carried_out_again_keeps_the_times_of_each_attempt():
    hands = Hands()
    ledger = Ledger(now=hands)

    for seconds in (2, 3):
        with ledger.step("VPC"), cloud_time():
            hands.turn(seconds)
        hands.turn(10)

    assert attempts(ledger, "VPC") == [Attempt(0.0, 2.0, 2.0), Attempt(12.0, 15.0, 3.0)]


def test_the_cloud_s_time_is_that_of_the_step_in_the_same_thread():
    hands = Hands()
    ledger = Ledger(now=hands)

    def other() -> None:
        with ledger.step("other"):
            hands.turn(2)

    with ledger.step("VPC"), cloud_time():
        thread = Thread(target=other)
        thread.start()
        thread.join()
        hands.turn(1)

    assert attempts(ledger, "VPC") == [Attempt(0.0, 3.0, 3.0)]
    assert attempts(ledger, "other") == [Attempt(0.0, 2.0, 0.0)]


def test_what_a_step_has_done_by_others_is_part_of_its_time():
    hands = Hands()
    ledger = Ledger(now=hands)

    def look(inner: Ledger) -> None:
        with inner.step("VPC"), cloud_time():
            hands.turn(4)

    with ledger.step("Verification"):
        inner = Ledger(now=hands)
        thread = Thread(target=look, args=(inner,))
        thread.start()
        thread.join()
        hands.turn(1)

    assert attempts(ledger, "Verification") == [Attempt(0.0, 5.0, 4.0)]
    assert attempts(inner, "VPC") == [Attempt(0.0, 4.0, 4.0)]


def test_seconds_in_which_several_threads_wait_count_once():
    hands = Hands()
    outer = Stopwatch(hands)
    one, two = Stopwatch(hands, outer), Stopwatch(hands, outer)

    one.begin()
    hands.turn(2)
    two.begin()
    hands.turn(3)
    one.end()
    hands.turn(4)
    two.end()
    hands.turn(5)

    assert (one.cloud_seconds, two.cloud_seconds, outer.cloud_seconds) == (5.0, 7.0, 9.0)


def test_a_wait_inside_another_counts_once():
    hands = Hands()

    with run(Stopwatch(hands)) as stopwatch, cloud_time(), cloud_time():
        hands.turn(2)

    assert stopwatch.cloud_seconds == 2.0


def test_outside_of_a_step_nothing_is_counted():
    hands = Hands()
    ledger = Ledger(now=hands)

    with cloud_time():
        hands.turn(2)

    assert ledger.outcomes == {}
