from typing import get_args

import pytest

from alicloud.errors import Misconfigured
from alicloud.session import Identity, Session
from flows.procedure import everything
from tasks.choice import WRITING, StepName, _Graph, choose
from tasks.run import Planning
from tasks.step import step
from tests.flows.running import environment


@step("Bucket")
def ensure_bucket(cloud):
    return "bucket"


@step("VPC")
def ensure_vpc(cloud):
    return "vpc"


@step("vSwitch of {vpc}")
def ensure_vswitch(cloud, vpc):
    return "vswitch"


@step("Look at {vswitches}")
def check_vswitches(cloud, vswitches):
    return "checked"


@step("Cluster in {vpc}")
def ensure_cluster(cloud, vpc):
    return "cluster"


def procedure(run):
    bucket = run.step(ensure_bucket)
    vpc = run.step(ensure_vpc)
    vswitch = run.step(ensure_vswitch, vpc)
    checked = run.step(check_vswitches, [vswitch])
    run.step(ensure_cluster, vpc, after=[checked, bucket])


class Noting:
    """A run that notes which steps act and which only look."""

    def __init__(self):
        self.environment, self.acted, self.looked = environment(), [], []

    def step(self, task, *arguments, after=()):
        assert None not in (*arguments, *after)
        self.acted.append(task.name)
        return task.name

    def look(self, task, *arguments, after=()):
        assert None not in (*arguments, *after)
        self.looked.append(task.name)
        return task.name


def chosen(*steps):
    run = Noting()
    choose(procedure, steps)(run)
    return run.acted, run.looked


def test_a_chosen_step_acts_and_what_it_builds_on_is_looked_at_and_the_rest_stays_out():
    assert chosen("ensure_vswitch") == (["ensure_vswitch"], ["ensure_vpc"])


def test_steps_that_never_write_are_carried_out_as_ever_and_the_bucket_keeps_the_journal_anyway():
    assert chosen("ensure_cluster") == (
        ["ensure_bucket", "check_vswitches", "ensure_cluster"],
        ["ensure_vpc", "ensure_vswitch"],
    )


def test_none_chosen_is_all_chosen():
    assert choose(procedure, ()) is procedure


def test_a_step_that_the_environment_does_not_have_is_refused_with_its_name():
    with pytest.raises(Misconfigured, match=r"flink-exclusive \(exclusive mode\) has no step ensure_workspace"):
        choose(everything, ["ensure_workspace"])(Noting())


def test_what_can_be_chosen_is_what_the_procedure_can_write():
    names = set()
    for mode in ("exclusive", "managed"):
        packages = [{"name": "a.jar", "path": "a.jar", "project": "orders"}] if mode == "exclusive" else []
        people = {
            "initialize_ram": True,
            "users": [{"name": user, "console_logon": True} for user in ("alice", "bob", "carol", "dave")],
        }
        graph = _Graph(environment(mode, people=people, storage={"udf_packages": packages}))
        everything(graph)
        names |= {name for name, _ in graph.steps if name.startswith(WRITING)}

    assert names == set(get_args(StepName))


def test_a_step_that_is_only_looked_at_says_which_step_to_choose_too():
    with Session(Identity("nobody", "nothing"), "cn-hangzhou", {"*": "http://127.0.0.1:1"}, dry=True) as cloud:

        @step("VPC flink")
        def ensure_it(cloud):
            from alicloud.call import Call, Kind

            cloud.foresee(Call("Vpc", "1", "CreateVpc", Kind.IDEMPOTENT, dict, means="create VPC flink"))

        planning = Planning(environment(), cloud)
        planning.look(ensure_it)
        refused = planning.refusals()

        assert [error.message for error in refused] == [
            "This run may not create VPC flink: that step is not chosen, and a chosen one builds on it."
        ]
        assert cloud.ledger.writes == []
