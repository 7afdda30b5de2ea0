import pytest

from tasks.progress import Timing

TIMING = Timing(expected_seconds=1800, timeout_seconds=3600, poll_seconds=45)


@pytest.mark.parametrize(
    ("elapsed", "draw", "seconds"),
    [
        (0, 0.5, 45),
        (1600, 0.5, 45),
        (1700, 0.5, 15),
        (1800, 0.5, 15),
        (1900, 0.5, 15),
        (2000, 0.5, 45),
        (0, 0.0, 40.5),
        (0, 1.0, 49.5),
    ],
)
def test_looks_come_closer_near_the_expected_time_and_are_spread(elapsed, draw, seconds):
    assert TIMING.pause(elapsed, draw=lambda: draw) == pytest.approx(seconds)


def test_the_age_of_a_look_shortens_the_pause_after_it_but_never_to_nothing():
    assert TIMING.pause(0, age=7, draw=lambda: 0) == pytest.approx(TIMING.pause(0, draw=lambda: 0) - 7)
    assert TIMING.pause(0, age=10_000, draw=lambda: 0) == pytest.approx(TIMING.tick(0) / 10)


@pytest.mark.requirement("R22")
def test_the_estimate_rises_to_90_at_the_expected_time_and_never_says_done():
    percents = [TIMING.percent(elapsed) for elapsed in range(0, 40_000, 100)]

    assert percents == sorted(percents)
    assert (TIMING.percent(-5), TIMING.percent(0), TIMING.percent(900), TIMING.percent(1800)) == (0, 0, 45, 90)
    assert 90 < percents[-1] < 100
