"""The clock that waits are made on."""

import threading

import pytest

from alicloud.clock import Clock, Stopped


class Hands:
    """A wall clock that a test turns, and what was waited on it."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds
        self.waited: list[float] = []

    def clock(self, speed: float = 1.0) -> Clock:
        return Clock(speed, wall=lambda: self.seconds, wait=self.waited.append)


def test_without_an_answer_it_tells_our_own_time():
    assert Hands(1234.0).clock().now() == 1234.0


def test_after_an_answer_it_tells_the_clouds_time_however_wrong_ours_is():
    hands = Hands(1000.0)
    clock = hands.clock()

    clock.observe(5000.0)
    hands.seconds += 7

    assert clock.now() == 5007.0


def test_a_fast_cloud_ages_faster_than_we_do():
    hands = Hands()
    clock = hands.clock(speed=60)

    clock.observe(5000.0)
    hands.seconds += 2

    assert clock.now() == 5120.0


def test_the_last_answer_counts():
    hands = Hands()
    clock = hands.clock()

    clock.observe(5000.0)
    clock.observe(6000.0)

    assert clock.now() == 6000.0


@pytest.mark.parametrize(("speed", "cloud_seconds", "ours"), [(1, 60, 60), (60, 60, 1), (0.5, 1, 2)])
def test_a_wait_is_counted_in_the_clouds_time(speed, cloud_seconds, ours):
    hands = Hands()

    hands.clock(speed).sleep(cloud_seconds)

    assert hands.waited == [ours]


@pytest.mark.parametrize("seconds", [0, -1])
def test_nothing_is_waited_for_what_is_over(seconds):
    hands = Hands()

    hands.clock().sleep(seconds)

    assert hands.waited == []


def test_a_stopped_clock_ends_every_wait_at_once():
    clock, ended = Clock(), threading.Event()

    def wait():
        with pytest.raises(Stopped):
            clock.sleep(600)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    clock.stop()

    assert ended.wait(10)
    with pytest.raises(Stopped):
        clock.check()
