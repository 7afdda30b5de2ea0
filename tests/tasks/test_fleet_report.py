from collections import Counter

import pytest
from prefect.states import Cancelled, Completed, Failed, Suspended

from alicloud.limiter import Passed
from alicloud.rates import Rate
from tasks.fleet_report import Member, page, summary

DOCUMENT = {"account": "1234567890123456", "region": "cn-hangzhou", "cluster": {"mode": "managed"}}


def member(name, state=None, begun=True):
    made = Member.of(name, DOCUMENT)
    if begun:
        made.begin("0c2f9a3e-0000-4000-8000-000000000000")
    if state is not None:
        made.end(state)
    return made


def rows(text):
    return [line for line in text.split("## ")[0].splitlines() if line.startswith("| fleet-")]


def test_those_that_need_somebody_stand_first():
    members = [
        member("fleet-ready", Completed(message="ready")),
        member("fleet-asks", Suspended(message="")),
        member("fleet-broken", Failed(message="No vSwitch. Name another one.")),
    ]

    order = [row.split(" | ")[0].removeprefix("| ") for row in rows(page(members, "prepare"))]

    assert order == ["fleet-broken", "fleet-asks", "fleet-ready"]


@pytest.mark.parametrize(
    ("state", "begun", "told", "needs"),
    [
        (None, False, "Waiting for its turn", ""),
        (None, True, "Running", ""),
        (Completed(message="Environment x is ready."), True, "Completed", ""),
        (Failed(name="Drifted", message="3 differences"), True, "Drifted", "3 differences"),
        (Cancelled(message="Cancelled by an operator."), True, "Cancelled", "Cancelled by an operator."),
        (Suspended(), True, "Suspended", "Its run waits for an operator's answer; then a worker carries it out."),
    ],
)
def test_an_environment_says_how_far_it_is_and_what_it_needs(state, begun, told, needs):
    one = member("fleet-one", state, begun)

    assert (one.told, one.needs) == (told, needs)


def test_a_summary_counts_states():
    members = [member("fleet-a", Completed()), member("fleet-b", Completed()), member("fleet-c")]

    assert summary(members) == "3 environments: 2 Completed, 1 Running"


def test_what_a_cloud_or_a_user_has_named_takes_no_effect_in_the_table():
    hostile = Member.of("fleet-a", {"account": "<img src=x>|", "region": "[x](http://evil)", "cluster": "no mapping"})
    hostile.end(Failed(message="a | b\n| c | <script>"))

    text = page([hostile], "prepare")

    assert "<img" not in text
    assert "<script>" not in text
    assert "[x](http://evil)" not in text
    assert len(rows(text)) == 1


def test_the_action_that_came_nearest_to_its_rate_stands_first():
    near = Passed(Rate(10), calls=30, throttled=1, held_seconds=2.0, per_period=Counter({1: 9, 2: 5}))
    far = Passed(Rate(100), calls=40, per_period=Counter({1: 10}))
    unlimited = Passed(None, calls=7, per_period=Counter({1: 7}))
    traffic = {("a", "Ram", "GetUser"): far, ("a", "Ram", "Attach"): near, ("a", "oss", "PutBucket"): unlimited}

    lines = [
        line
        for line in page([member("fleet-a")], "prepare", traffic).splitlines()
        if "| Ram |" in line or "oss" in line
    ]

    assert lines[0].startswith("| Ram | Attach | 30 | 1 | 2.0 s | 9 of 10 in 1 s | `██████████████████░░` 90%")
    assert lines[1].startswith("| Ram | GetUser | 40 | 0 | 0.0 s | 10 of 100 in 1 s |")
    assert lines[2] == "| oss | PutBucket | 7 | 0 | 0.0 s | 7 in 1 s |  |"
