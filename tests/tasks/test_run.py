import threading
from concurrent.futures import Future
from uuid import uuid4

import pytest
from prefect.states import Completed

from alicloud.errors import Forbidden, ManualStep, Unmet
from alicloud.session import Identity, Session
from tasks.run import Handle, Planning
from tasks.step import step
from tests.flows.running import environment

NOBODY = Identity("nobody", "nothing")


@pytest.fixture
def planning():
    """A plan that reaches no cloud: its steps are the tests' own."""
    with Session(NOBODY, "cn-hangzhou", {"*": "http://127.0.0.1:1"}, dry=True) as cloud:
        yield Planning(environment(), cloud)


@step("Give {value}")
def give(cloud, value):
    return value


@step("Add {values}")
def add(cloud, values):
    return sum(values)


@step("Refuse {reason}")
def refuse(cloud, reason):
    raise Unmet(reason)


@step("Click {reason}")
def click(cloud, reason):
    raise ManualStep(reason)


@step("Break")
def break_down(cloud):
    raise ZeroDivisionError


def test_steps_take_the_results_of_others_even_in_lists(planning):
    one, two = planning.step(give, 1), planning.step(give, 2)

    total = planning.step(add, [one, two])

    assert planning.refusals() == []
    assert total.result() == 3


def test_every_refusal_is_found_in_the_order_of_the_procedure(planning):
    planning.step(refuse, "no order")
    planning.step(give, 1)
    planning.step(click, "no role")

    refusals = planning.refusals()

    assert [(type(error), error.message) for error in refusals] == [(Unmet, "no order"), (ManualStep, "no role")]


def test_what_builds_on_a_refused_result_is_skipped_and_is_no_refusal_of_its_own(planning):
    refused = planning.step(refuse, "no VPC")
    vswitch = planning.step(give, refused)
    planning.step(add, [vswitch, refused])

    refusals = planning.refusals()

    assert [error.message for error in refusals] == ["no VPC"]
    assert list(planning.cloud.ledger.outcomes) == ["Refuse no VPC"]


def test_what_only_comes_after_a_refused_step_is_judged_all_the_same(planning):
    refused = planning.step(refuse, "no role")
    planning.step(refuse, "no stock", after=[refused])

    assert [error.message for error in planning.refusals()] == ["no role", "no stock"]


def test_a_step_begins_after_those_it_is_said_to_follow(planning):
    may_end, order = threading.Event(), []

    @step("Slow")
    def slow(cloud):
        may_end.wait(10)
        order.append("slow")

    @step("Next")
    def following(cloud):
        order.append("next")

    @step("Free")
    def free(cloud):
        may_end.set()

    first = planning.step(slow)
    planning.step(following, after=[first])
    planning.step(free)

    planning.refusals()

    assert order == ["slow", "next"]


def test_a_fault_of_ours_is_not_taken_for_a_refusal(planning):
    planning.step(break_down)

    with pytest.raises(ZeroDivisionError):
        planning.refusals()


def test_how_each_step_came_out_is_told_in_the_order_of_the_procedure(planning):
    one = planning.step(give, 1)
    refused = planning.step(refuse, "no VPC")
    planning.step(add, [one, refused])
    planning.step(give, one, after=[refused])

    told = planning.foreseen()

    assert [(step.name, step.title, step.after, step.result) for step in told] == [
        ("give", "Give 1", (), 1),
        ("refuse", "Refuse no VPC", (), None),
        ("add", "", (0, 1), None),
        ("give", "Give 1", (0, 1), 1),
    ]
    assert [str(step.refused) for step in told if step.refused] == ["no VPC"]


@step("Deny {action}")
def deny(cloud, action):
    raise Forbidden("InvalidAccessKeyId", action=action)


def test_a_wrong_key_is_told_once_and_not_at_every_step(planning):
    planning.step(deny, "DescribeVpcs")
    planning.step(deny, "GetCallerIdentity")

    assert [error.action for error in planning.refusals()] == ["GetCallerIdentity"]
    assert [step.title for step in planning.foreseen() if step.refused] == ["Deny GetCallerIdentity"]


# The future of a step


@pytest.fixture
def nobody_answers(monkeypatch):
    """A Prefect server that is asked for nothing: whoever asks fails."""

    def asked(*_, **__):
        raise AssertionError("the server was asked")

    monkeypatch.setattr("prefect.futures.get_client", asked)


def test_a_step_that_has_not_ended_is_pending_and_nobody_is_asked(nobody_answers):
    assert Handle(uuid4(), Future()).state.is_pending()


def test_a_step_that_has_ended_knows_its_state_and_nobody_is_asked(nobody_answers):
    future, completed = Future(), Completed()
    future.set_result(completed)

    assert Handle(uuid4(), future).state is completed


@pytest.mark.parametrize("end", ["cancel", "raise"])
def test_of_a_step_that_ended_without_a_state_the_server_is_asked(nobody_answers, end):
    future = Future()
    if end == "cancel":
        future.cancel()
    else:
        future.set_exception(RuntimeError("killed"))

    with pytest.raises(AssertionError, match="the server was asked"):
        _ = Handle(uuid4(), future).state
