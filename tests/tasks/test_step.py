import importlib
import logging
import pkgutil

import pytest
from prefect import Task
from prefect.states import Failed

import tasks
from alicloud.call import PLANNED
from alicloud.errors import Forbidden, ManualStep, Refused, Throttled, Uncertain, Unmet, Unreachable, Unsettled
from alicloud.foas import Cluster
from alicloud.ram import get_user
from alicloud.redaction import know
from alicloud.snapshot import Ledger
from blocks.runner_rights import Need, need
from tasks.cluster import wait_for_cluster
from tasks.project import ensure_project
from tasks.ram_user import ensure_user
from tasks.step import needs_of, retry_if_transient, step

NO_STEPS = ("plan", "manual", "lease", "resolve", "verify", "rehearse", "compare", "environment")
# What sends a once-only call, and what refuses to where an earlier one is open.
ONCE = {
    "ensure_cluster",
    "ensure_workspace",
    "ensure_slaves",
    "ensure_masters",
    "ensure_workspace_size",
    "ensure_billing",
    "ensure_renewal",
    "ensure_order_renewal",
    "ensure_key_age",
    "check_price_of_change",
    "check_price_of_conversion",
    "check_price_of_renewal",
}


def all_steps():
    """Give every step of the house. What `NO_STEPS` do is none: they carry steps or flows out, or wait for a person."""
    found = {}
    for module in pkgutil.iter_modules(tasks.__path__):
        for value in vars(importlib.import_module(f"tasks.{module.name}")).values():
            if isinstance(value, Task) and value.name not in NO_STEPS:
                found[value.name] = value
    return found


STEPS = all_steps()


class Cloud:
    """As much of a session as a step's wrapping needs."""

    def __init__(self):
        self.ledger = Ledger()


@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_step_says_what_it_needs(name):
    assert all(isinstance(each, Need) for each in needs_of(STEPS[name]))


def test_a_step_keeps_what_it_has_said_that_it_needs():
    said = need(get_user, user="users")

    @step("Look at {name}", needs=[said])
    def look_at(cloud, name):
        return name

    assert needs_of(look_at) == (said,)
    assert look_at.fn(Cloud(), "alice") == "alice"


@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_step_has_words_for_the_operator_and_no_result_cache(name):
    task = STEPS[name]

    assert task.task_run_name[0].isupper() or task.task_run_name.startswith("vSwitch")
    assert task.description
    assert task.cache_policy.compute_key(None, {}, {}) is None
    assert task.persist_result is False


def test_what_may_spend_money_is_never_repeated_by_itself():
    once = {name for name, task in STEPS.items() if task.retries == 0}

    assert once == ONCE
    assert {STEPS[name].retry_condition_fn for name in once} == {None}


def test_every_other_step_is_repeated_on_transient_errors_only():
    others = [task for task in STEPS.values() if task.retries]

    assert len(others) == len(STEPS) - len(ONCE)
    assert {(task.retries, tuple(task.retry_delay_seconds)) for task in others} == {(2, (2, 10))}
    assert {task.retry_condition_fn for task in others} == {retry_if_transient}


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Throttled("Throttling.User"), True),
        (Unreachable("No answer."), True),
        (Forbidden("NoPermission"), False),
        (Refused("InvalidParameter"), False),
        (Unmet("The bucket is public."), False),
        (ManualStep("Click Authorize."), False),
        (Uncertain("No answer to CreateCluster."), False),
        (Unsettled("It still differs."), False),
        (ValueError("a fault of ours"), False),
    ],
)
def test_only_what_waiting_can_heal_is_worth_another_try(error, again):
    assert retry_if_transient(ensure_user, None, Failed(data=error)) is again


def test_a_step_is_named_alike_in_the_dashboard_and_in_the_ledger():
    made = step("Thing {thing.name}", "R1")(lambda cloud, thing: thing.name)
    cloud, thing = Cloud(), Cluster("c-1", "flink", "", "RUNNING", "", "", 0)

    result = made.fn(cloud, thing)

    (outcome,) = cloud.ledger.outcomes.values()
    assert result == "flink"
    assert (outcome.step, outcome.requirements, outcome.error) == ("Thing flink", ("R1",), "")
    assert made.task_run_name.format(thing=thing) == outcome.step


def test_a_step_that_fails_leaves_its_cause_in_the_ledger():
    def refuse(cloud):
        raise Unmet("The bucket is public.", remedy="Name another one.")

    cloud = Cloud()

    with pytest.raises(Unmet):
        step("Bucket", "R20")(refuse).fn(cloud)

    assert cloud.ledger.outcomes["Bucket"].error == "The bucket is public. Name another one."


def test_a_fault_of_ours_leaves_a_step_without_the_secret_that_it_held():
    know("canary-of-a-step")

    def break_down(cloud):
        raise RuntimeError("https://ram.aliyuncs.com/?Signature=a%2Fb", {"secret": "canary-of-a-step"})

    cloud = Cloud()

    with pytest.raises(RuntimeError) as caught:
        step("Bug")(break_down).fn(cloud)

    told = "('https://ram.aliyuncs.com/?Signature=***', {'secret': '***'})"
    assert str(caught.value) == cloud.ledger.outcomes["Bug"].error == told


def test_what_the_cloud_says_leaves_a_step_without_secrets_and_as_the_error_that_it_is():
    know("canary-of-a-step")

    def refuse(cloud):
        raise Throttled("Throttling.User", "canary-of-a-step", action="GetUser") from ValueError("canary-of-a-step")

    with pytest.raises(Throttled) as caught:
        step("Refusal")(refuse).fn(Cloud())

    assert "Throttling.User on GetUser: ***." in str(caught.value)
    assert str(caught.value.__cause__) == caught.value.text == "***"
    assert retry_if_transient(ensure_user, None, Failed(data=caught.value))


def test_who_imports_steps_has_the_redactor_at_the_root_of_logging():
    record = logging.getLogger("anything").makeRecord("n", 20, "f", 1, "Password=%s", ("hunter-2",), None)

    assert record.getMessage() == "Password=***"


def test_names_of_runs_speak_of_projects_and_clusters():
    assert ensure_project.task_run_name == "Project {project.name}"
    assert wait_for_cluster.task_run_name == "Cluster {cluster.name}, until it is RUNNING"


def test_a_planned_cluster_is_not_waited_for():
    planned = Cluster(PLANNED, "flink", "", "STARTING", "", "", 0)

    assert wait_for_cluster.fn(Cloud(), None, planned, None, "") is planned
