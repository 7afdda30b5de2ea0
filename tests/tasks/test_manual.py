import logging

import pytest

from alicloud.clock import Clock
from alicloud.errors import ManualStep, Throttled, Unmet
from tasks import manual
from tasks.inert import linked
from tasks.manual import may_wait, wait_for_person
from tests.flows.running import environment

AUTHORIZE = ManualStep("The role is missing.", remedy="Click Authorize.")
PAY = ManualStep("The order is not paid.", remedy="Pay it.")
PUBLIC = Unmet("The bucket is public.")


class Cloud:
    """A session whose clock moves when somebody waits on it."""

    def __init__(self):
        self.at = 1_000_000.0
        self.clock = Clock(wall=lambda: self.at, wait=self.move)

    def move(self, seconds):
        self.at += seconds


@pytest.fixture
def waiting(monkeypatch):
    """Wait with somebody who gives what is found at each look; gives the seconds waited and the lists of what to do."""
    told = []
    monkeypatch.setattr(manual, "create_markdown_artifact", lambda text, **_: told.append(text))
    monkeypatch.setattr(manual, "tell", lambda *_: None)
    monkeypatch.setattr(manual, "get_run_logger", lambda: logging.getLogger("none"))

    def run(*found, minutes=10):
        cloud, looks = Cloud(), iter(found)
        wanted = environment(safety={"manual_minutes": minutes})
        wait_for_person.fn(wanted, cloud, [AUTHORIZE], lambda: next(looks))
        return cloud.at - 1_000_000.0, told

    return run


def test_the_wait_ends_with_the_first_look_that_finds_it_done(waiting):
    seconds, told = waiting([AUTHORIZE], [AUTHORIZE], [])

    assert seconds == 90
    assert len(told) == 1
    assert "1. The role is missing. Click Authorize." in told[0]


def test_what_has_to_be_done_is_told_anew_when_it_changes(waiting):
    _, told = waiting([AUTHORIZE, PAY], [PAY], [])

    assert ["Pay it." in text for text in told] == [False, True, True]
    assert ["Click Authorize." in text for text in told] == [True, True, False]


def test_a_look_that_got_no_answer_ends_no_wait(waiting):
    seconds, _ = waiting([Throttled("Throttling.User")], [])

    assert seconds == 60


def test_something_else_that_stands_in_the_way_ends_the_wait_and_is_told_by_the_plan(waiting):
    seconds, _ = waiting([PUBLIC])

    assert seconds == 30


def test_what_nobody_does_is_refused_at_the_end_of_the_time(waiting):
    with pytest.raises(ManualStep, match="The role is missing"):
        waiting(*[[AUTHORIZE]] * 100, minutes=2)


@pytest.mark.parametrize(
    ("refusals", "minutes", "waits"),
    [
        ([AUTHORIZE, PAY], 1, True),
        ([AUTHORIZE, PUBLIC], 1, False),
        ([PUBLIC], 1, False),
        ([], 1, False),
        ([AUTHORIZE], 0, False),
    ],
)
def test_only_what_a_person_does_in_the_console_is_waited_for(refusals, minutes, waits):
    assert may_wait(environment(safety={"manual_minutes": minutes}), refusals) is waits


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See https://ram.console.aliyun.com/roles/a_b.", "See <https://ram.console.aliyun.com/roles/a_b>."),
        ("https://evil.example/aliyun.com/x_y", r"https://evil.example/aliyun.com/x\_y"),
        ("https://aliyun.com.evil.example/x_y", r"https://aliyun.com.evil.example/x\_y"),
        ("[here](javascript:x) <b>", r"\[here\](javascript:x) &lt;b&gt;"),
        ("https://oss.console.aliyun.com/a><script>", "<https://oss.console.aliyun.com/a>&gt;&lt;script&gt;"),
    ],
)
def test_nothing_in_a_text_takes_effect_but_addresses_of_the_vendor(text, shown):
    assert linked(text) == shown
