"""`make bench-fleet`: what it reckons, and a small fleet of each mode, judged by counts and ratios, not by seconds."""

from dataclasses import replace

import pytest

from alicloud.rates import PUBLISHED
from benchmarks import fleet
from benchmarks.charts import draw, fitted
from benchmarks.fleet import Measured
from benchmarks.fleet_stack import stack

GOOD = Measured("managed", 10, "first", 30.0, 40.0, 35.0, 1.14, 130.0, 200, 0, 0, 41, 41.5, 1.1, 180, 9000, 4.0)
AGAIN = replace(GOOD, run="second", seconds=3.0, bound=0.0, ratio=0.0, writes=0, looks=0, ticks=0.0)


@pytest.mark.parametrize(
    "worse",
    [
        replace(GOOD, seconds=46.0),
        replace(GOOD, throttled=1),
        replace(GOOD, duplicates=1),
        replace(GOOD, looks=43),
        replace(GOOD, cpu=2.1),
        replace(GOOD, peak_mib=2049),
        replace(AGAIN, writes=1),
        replace(AGAIN, seconds=31.0),
    ],
    ids=[
        "slow",
        "throttled",
        "twice",
        "looked too often",
        "too much CPU",
        "too much memory",
        "writes again",
        "slow again",
    ],
)
def test_each_goal_can_be_missed(worse):
    assert GOOD.met
    assert AGAIN.met
    assert not worse.met


def test_the_bound_counts_the_longest_queue_that_a_published_rate_forces():
    attach = {"product": "Ram", "action": "AttachPolicyToUser", "write": True}  # 10 a second
    users = {"product": "Ram", "action": "CreateUser", "write": True}  # 20 a second

    assert PUBLISHED["Ram", "AttachPolicyToUser"].calls == 10
    assert fleet._queue([attach] * 110 + [users] * 120) == 10.0
    assert fleet._queue([users] * 20) == 0.0


def test_the_fit_of_a_line_is_the_line():
    assert fitted([(1, 12.0), (10, 30.0), (100, 210.0)]) == pytest.approx((2.0, 10.0))


def test_the_charts_are_drawn_of_what_was_measured(tmp_path):
    rows = [
        {"mode": mode, "size": size, "run": run, "ratio": 1.1, "seconds": 3.0, "cpu": 1.0, "calls": 130.0}
        for mode in ("exclusive", "managed")
        for size in (1, 10)
        for run in ("first", "second")
    ]

    draw(rows, tmp_path / "fleet.png")

    assert (tmp_path / "fleet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("mode", ["exclusive", "managed"])
def test_a_small_fleet_makes_each_thing_once_and_nothing_the_second_time(mode):
    speed = 2.5 * fleet.speed_of(mode, 3)  # 8 s of waiting are enough to count looks
    with stack(mode, 3, speed, "sqlite") as (local, _):
        first, second = (fleet._run(local, mode, 3, speed, 3, run) for run in ("first", "second"))

    assert (first.throttled, first.duplicates, second.writes, second.throttled) == (0, 0, 0, 0)
    assert 0 < first.looks <= first.ticks + 1
    assert second.calls < first.calls / 3
    assert first.peak_mib < fleet.MOST_MIB
