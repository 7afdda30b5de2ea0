"""Several runs at once, runs taken for dead, clocks that jump: nothing is made twice, and each run ends and says why.

The runs know of each other through the account alone, as on two Prefect servers; see test_races_of_flows for flows.
"""

from __future__ import annotations

import itertools
import time

import pytest

from alicloud.clock import Clock
from alicloud.errors import TimedOut, Uncertain
from alicloud.journal_record import What
from emulator import foas as emulated_foas
from emulator import ram as emulated_ram
from emulator.faults import Faults
from flows.procedure import surroundings
from tests.flows.rights import CREATION, CUSTOM, NETWORK, allowed, default_document, everywhere
from tests.flows.running import environment
from tests.reliability.runs import SPEED, Hands, took_effect

SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}
PAID = {"exclusive": "CreateCluster", "managed": "CreateInstance"}
MADE_ONCE = ("CreateVpc", "CreateVSwitch", "CreateProject", "CreateNamespace", *PAID.values())
TELLING = ("VpcName", "CidrBlock", "displayName", "name", "InstanceName", "Namespace")  # parameters of creations
MODES = ["exclusive", "managed"]


@pytest.fixture(scope="module")
def _left():
    return {}


@pytest.fixture
def alone(account, _left):
    """Give the account as one undisturbed run leaves it, and begin anew."""

    def left(mode, speed=SPEED):
        if mode not in _left:
            account.reset(SEEDS[mode])
            assert account.run(environment(mode)).done
            _left[mode] = account.normal()
        account.reset(SEEDS[mode], speed)
        return _left[mode]

    return left


def twice(account, but=()):
    """Give the creations that were sent more than once without being refused."""
    calls = [call for call in account.running.calls() if call["action"] in MADE_ONCE and took_effect(call)]
    told = [(call["action"], *(call["parameters"].get(name, "") for name in TELLING)) for call in calls]
    return sorted({each for each in told if told.count(each) > 1 and each[0] not in but})


def rights(account):
    return allowed(default_document(account.part("ram")["policies"][CUSTOM]))


def allowed_by(world):
    """Give the rights of the service's own policy from within a call."""
    policy = world.part(emulated_ram.State).policies[CUSTOM]
    return allowed(policy.versions[policy.default_version].document)


# Runs on one environment


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("mode", MODES)
def test_of_runs_on_one_environment_one_works_and_the_others_find_nothing_to_do(account, alone, mode, count):
    world, wanted = alone(mode), environment(mode)

    ended = account.together([wanted] * count)

    assert [str(each) for each in ended if not each.done] == []
    assert account.normal() == world
    assert twice(account) == []
    assert account.count(PAID[mode]) == 1
    workers = [each for each in ended if set(each.writes) & set(MADE_ONCE)]
    assert len(workers) == 1
    assert account.run(wanted).writes == []


@pytest.mark.parametrize("mode", MODES)
def test_only_one_run_at_a_time_has_the_lease(account, alone, mode):
    alone(mode)
    wanted = environment(mode, safety={"max_compute_units": 20, "max_price": 100})

    account.together([wanted] * 3)

    said = [entry for entry in account.journal(wanted).entries if entry.what in (What.LEASE, What.RELEASED)]
    assert [entry.what for entry in said] == [What.LEASE, What.RELEASED] * (len(said) // 2)
    assert [entry.run for entry in said[::2]] == [entry.run for entry in said[1::2]]


# Runs that die


DEATHS = [
    ("exclusive", "CreateUser", "after"),
    ("exclusive", "CreateVpc", "between"),
    ("exclusive", "CreateVpc", "after"),
    ("exclusive", "CreateVSwitch", "after"),
    ("exclusive", "CreatePolicyVersion", "before"),
    ("exclusive", "CreateCluster", "before"),
    ("exclusive", "CreateCluster", "after"),
    ("exclusive", "CreateProject", "between"),
    ("managed", "CreateInstance", "before"),
    ("managed", "CreateInstance", "after"),
    ("managed", "CreateNamespace", "after"),
]


@pytest.mark.parametrize(("mode", "action", "when"), DEATHS)
def test_the_work_of_a_run_that_died_is_gone_on_with_and_nothing_is_made_again(account, alone, mode, action, when):
    world, wanted = alone(mode, speed=1.0), environment(mode)
    account.run(wanted, "the dead run", Hands(action, when, kill=True))
    account.running.advance(61)

    ended = account.run(wanted, "the next run")

    assert ended.done, str(ended)
    assert account.normal() == world
    assert twice(account) == []
    assert account.run(wanted).writes == []


@pytest.mark.parametrize("mode", MODES)
def test_a_run_that_died_between_intent_and_answer_of_a_paid_call_stops_the_next_until_somebody_is_certain(
    account, alone, mode
):
    world, wanted = alone(mode, speed=1.0), environment(mode)
    account.run(wanted, "the dead run", Hands(PAID[mode], "between", kill=True))
    account.running.advance(61)
    before = account.writes()

    stopped = account.run(wanted, "the next run")

    assert isinstance(stopped.error, Uncertain)
    assert f"{PAID[mode]}, to " in str(stopped)
    assert "by the dead run" in str(stopped)
    assert account.writes() == before
    (intent,) = (each for each in account.journal(wanted).open() if each.action == PAID[mode])
    assert f"deployment `resolve` with intent {intent.id}" in str(stopped)

    account.resolve(wanted, intent.id)
    assert account.run(wanted).done
    assert account.normal() == world
    assert account.count(PAID[mode]) == 1


def test_a_run_waits_for_a_dead_one_no_longer_than_its_lease(account, alone):
    alone("exclusive", speed=1.0)
    wanted, waited = environment(), []
    account.run(wanted, "the dead run", Hands("CreateVpc", kill=True))

    def wait(seconds):
        waited.append(seconds)
        account.running.cloud.world.clock.advance(seconds)

    ended = account.run(wanted, "the next run", procedure=surroundings, clock=Clock(wait=wait))

    assert ended.done
    lease = wanted.safety.lease_seconds
    looks = list(itertools.takewhile(lambda seconds: seconds == 5.0, waited))
    assert lease <= sum(looks) <= lease + 2 * looks[0]


# Runs that wake up


ZOMBIES = [
    ("exclusive", "CreateUser", "before"),
    ("exclusive", "CreateVpc", "before"),
    ("exclusive", "CreateVpc", "between"),
    ("exclusive", "CreateCluster", "before"),
    ("exclusive", "CreatePolicyVersion", "before"),
    ("exclusive", "CreateProject", "before"),
    ("managed", "CreateInstance", "before"),
    ("managed", "CreateNamespace", "before"),
]


@pytest.mark.parametrize(("mode", "action", "when"), ZOMBIES)
def test_a_run_that_wakes_up_after_its_lease_was_taken_makes_nothing_and_says_so(account, alone, mode, action, when):
    world, wanted = alone(mode, speed=1.0), environment(mode)
    with account.stopped(wanted, Hands(action, when), "the sleeper") as wake:
        account.running.advance(61)
        other = account.run(wanted, "the other run")
        before = account.effects()

        ended = wake()

    assert other.done, str(other)
    assert not ended.done
    assert "The lease of environment" in str(ended)
    assert "when it has ended, Retry this one" in str(ended)
    late = account.effects()[len(before) :]  # what was on its way already carries the token of what was made meanwhile
    assert [name for name, _ in late] == ([] if when == "before" else [action])
    assert twice(account, but=[name for name, _ in late]) == []
    assert account.normal() == world
    assert account.run(wanted).writes == []


def test_a_run_that_was_overtaken_names_the_run_that_works_now(account, alone):
    alone("exclusive", speed=1.0)
    wanted = environment()
    with account.stopped(wanted, Hands("CreateVpc"), "the sleeper") as wake:
        account.running.advance(61)
        with account.stopped(wanted, Hands("CreateCluster"), "the other run") as wake_other:
            ended = wake()
            other = wake_other()

    assert "was taken by the other run" in str(ended)
    assert other.done, str(other)


def test_a_run_that_was_overtaken_names_the_run_that_has_ended_meanwhile(account, alone):
    alone("exclusive", speed=1.0)
    wanted = environment()
    with account.stopped(wanted, Hands("CreateVpc"), "the sleeper") as wake:
        account.running.advance(61)
        account.run(wanted, "the other run")
        ended = wake()

    assert "was taken by the other run" in str(ended)


def leave_groups(world):
    state = world.part(emulated_ram.State)
    for user in state.users.values():
        user.groups.clear()
    for group in state.groups.values():
        group.members.clear()


def test_a_run_that_finds_at_its_end_what_another_run_is_changing_names_that_run(account, alone):
    alone("exclusive", speed=1.0)
    wanted = environment()
    with account.stopped(wanted, Hands("BindQueue", "after"), "the sleeper") as wake:
        account.running.advance(61)
        account.once_before("GetCallerIdentity", leave_groups)
        with account.stopped(wanted, Hands("AddUserToGroup"), "the other run") as wake_other:
            ended = wake()
            other = wake_other()

    assert "was taken by the other run" in str(ended)
    assert other.done, str(other)


@pytest.mark.parametrize("mode", MODES)
def test_a_run_that_sleeps_between_intent_and_paid_call_is_not_bought_for_a_second_time(account, alone, mode):
    world, wanted = alone(mode, speed=1.0), environment(mode)
    with account.stopped(wanted, Hands(PAID[mode], "between"), "the sleeper") as wake:
        account.running.advance(61)
        other = account.run(wanted, "the other run")
        bought_meanwhile = account.count(PAID[mode])

        ended = wake()

    assert isinstance(other.error, Uncertain)
    assert "by the sleeper" in str(other)
    assert bought_meanwhile == 0
    assert ended.done, str(ended)
    assert account.count(PAID[mode]) == 1
    assert account.normal() == world
    assert account.run(wanted).writes == []


# Clocks


@pytest.mark.parametrize("mode", MODES)
def test_a_cloud_clock_that_runs_away_takes_the_lease_from_a_living_run_which_then_stops(account, alone, mode):
    alone(mode)
    wanted = environment(mode)
    account.run(wanted)
    world = account.normal(history=False)
    account.reset(SEEDS[mode], speed=1.0)

    ended = account.together([wanted] * 3, ["run a", "run b", "run c"])  # each wait steps the cloud's clock for all

    for each in ended:  # overtaken, or met by what an overtaken one had still on the way: a retry is all that it takes
        assert each.done or "Retry this" in str(each), str(each)
    assert any(each.done for each in ended)
    assert twice(account) == []
    assert account.run(wanted).done
    assert account.normal(history=False) == world
    assert account.run(wanted).writes == []


@pytest.mark.parametrize("action", ["CreateVpc", "CreateCluster", "GetClusterDetails", "CreateProject"])
def test_a_cloud_clock_that_jumps_an_hour_makes_nothing_twice(account, alone, action):
    world, wanted = alone("exclusive"), environment()
    account.once_before(action, lambda cloud: cloud.clock.advance(3600))

    ended = account.run(wanted)

    assert ended.done, str(ended)
    assert account.normal() == world
    assert twice(account) == []


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
@pytest.mark.parametrize("mode", MODES)
def test_a_clock_of_ours_that_jumps_and_jumps_back_makes_nothing_twice_and_ends_no_wait(account, alone, mode, jump):
    world, wanted = alone(mode), environment(mode)
    skew = [0.0]
    clock = account.clock()
    clock.wall = lambda: time.time() + skew[0]

    def meddle(_world, _action, _parameters):
        skew[0] = jump - skew[0]

    account.meanwhile(meddle)

    ended = account.run(wanted, clock=clock)

    assert ended.done, str(ended)
    assert account.normal() == world
    assert twice(account) == []


def test_a_machine_whose_clock_is_an_hour_off_is_told_so_and_goes_on_once_it_is_set(account, alone):
    world, wanted = alone("exclusive", speed=1.0), environment()
    clock = account.running.cloud.world.clock

    def part(_world):
        clock.wall = lambda: time.time() + 3600
        clock.advance(3600)

    account.once_before("CreateCluster", part)

    ended = account.run(wanted)

    assert "Set the clock of this machine (NTP), then Retry this run." in str(ended)
    assert account.count("CreateCluster") == 1
    clock.wall = time.time
    clock.advance(61)
    assert account.run(wanted).done
    assert account.normal() == world
    assert account.count("CreateCluster") == 1


def test_a_cluster_that_does_not_start_ends_the_wait_at_its_time_even_when_the_clock_jumps(account, alone):
    alone("exclusive", speed=1.0)
    wanted, waited = environment(), []
    account.running.sow({"foas": {"stuck": ["flink_exclusive"]}})

    def wait(seconds):
        waited.append(seconds)
        account.running.cloud.world.clock.advance(seconds if len(waited) < 20 else 3600)

    ended = account.run(wanted, clock=Clock(wait=wait))

    assert isinstance(ended.error, TimedOut)
    assert "Cluster flink_exclusive is still STARTING after" in str(ended)
    assert len(waited) < 40
    account.running.cloud.world.part(emulated_foas.State).stuck.clear()
    assert account.run(wanted).done
    assert account.count("CreateCluster") == 1


# Environments that share


def sharing(name, mode="exclusive", number=1):
    """Give an environment that shares VPC, vSwitch, role, groups, users and bucket with the others of this name."""
    exclusive = {"name": f"flink_{name}", "order_id": f"blinkonecs_{number}"}
    project = f"orders{name}"
    network = {
        "vpc": {"name": "shared-vpc", "cidr": "10.0.0.0/16"},
        "vswitches": [{"name": "shared-vswitch", "cidr": "10.0.1.0/24"}],
    }
    people = {
        "users": [{"name": "alice"}, {"name": "bob"}, {"name": name}],
        "groups": [{"name": "shared-group", "members": ["alice", "bob", name], "projects": [project]}],
    }
    return environment(
        mode,
        name=f"flink-{name}",
        people=people,
        network=network,
        storage={"bucket": "shared-bucket"},
        cluster=exclusive if mode == "exclusive" else {"name": f"flink-{name}"},
        projects=[{"name": project, "compute_units": 4}],
    )


ORDERS = {
    "foas": {"orders": [{"instance_id": f"blinkonecs_{number}", "region": "cn-hangzhou"} for number in (1, 2, 3)]},
    "bssopenapi": {"balance": "10000.00"},
}


@pytest.mark.parametrize("modes", [["exclusive"] * 2, ["exclusive"] * 3, ["exclusive", "managed", "managed"]])
def test_environments_that_share_nearly_everything_are_prepared_at_once_and_do_not_undo_each_other(account, modes):
    account.reset(ORDERS)
    wanted = [sharing("abc"[number], mode, number + 1) for number, mode in enumerate(modes)]

    ended = account.together(wanted, [f"run of {each.name}" for each in wanted])

    again = [account.run(each) for each, first in zip(wanted, ended, strict=True) if not first.done]
    assert [str(each) for each in again if not each.done] == []
    network, ram = account.part("vpc"), account.part("ram")
    assert (len(network["vpcs"]), len(network["vswitches"])) == (1, 1)
    assert set(ram["groups"]["shared-group"]["members"]) == {"alice", "bob", *"abc"[: len(modes)]}
    assert len(ram["groups"]["shared-group"]["policies"]) == len(modes)
    assert len(account.part("foas")["clusters"]) == modes.count("exclusive")
    assert len(account.part("foasconsole")["workspaces"]) == modes.count("managed")
    assert rights(account) == everywhere(NETWORK)
    for each in [*wanted, *wanted]:
        assert account.run(each).writes == []


def test_the_policy_that_environments_share_stays_open_until_the_last_cluster_of_the_region_runs(account):
    account.reset(ORDERS)
    one, other = sharing("a", number=1), sharing("b", number=2)
    assert account.run(one).done
    account.running.sow({"foas": {"stuck": ["flink_b"]}})
    with account.stopped(other, Hands("GetClusterDetails"), "run of b") as wake:  # its cluster is STARTING
        while_starting = rights(account), account.run(one).writes, rights(account)
        account.running.cloud.world.part(emulated_foas.State).stuck.clear()
        ended = wake()

    opened = everywhere(NETWORK | CREATION)
    assert while_starting == (opened, [], opened)
    assert ended.done, str(ended)
    assert rights(account) == everywhere(NETWORK)


def test_a_policy_that_was_left_open_for_a_cluster_that_came_up_meanwhile_is_tightened_by_who_sees_it(account):
    account.reset(ORDERS)
    one, other, left = sharing("a", number=1), sharing("b", number=2), []

    def come_up(world):
        left.append(allowed_by(world))
        world.part(emulated_foas.State).stuck.clear()

    account.running.sow({"foas": {"stuck": ["flink_b"]}})
    with account.stopped(other, Hands("GetClusterDetails"), "run of b") as wake:  # its cluster is STARTING
        account.once_before("GetCallerIdentity", come_up, nth=2)  # with which the verification begins
        ended, then = account.run(one), rights(account)
        account.running.cloud.faults = Faults()
        last = wake()

    assert left == [everywhere(NETWORK | CREATION)]
    assert ended.done, str(ended)
    assert then == everywhere(NETWORK)
    assert last.done, str(last)
    assert account.run(one).writes == account.run(other).writes == []


AROUND = [
    pytest.param("before", ("DescribeVSwitches", "before"), id="before the last check"),
    pytest.param("before", ("QueryAvailableInstances", "before"), id="after the last check"),
    pytest.param("before", ("CreateCluster", "after"), id="right after the creation"),
    pytest.param("after", ("GetClusterDetails", "before"), id="while it starts, having looked before the creation"),
]


@pytest.mark.parametrize(("when", "stop"), AROUND)
def test_a_policy_that_one_environment_tightens_is_open_as_long_as_the_cluster_of_another_starts(account, when, stop):
    account.reset(ORDERS)
    one, other, seen = sharing("a", number=1), sharing("b", number=2), []

    def look(world, action, _parameters):
        starting = [each.name for each in world.part(emulated_foas.State).clusters.values() if each.phase == "STARTING"]
        if action == "GetClusterDetails" and "flink_b" in starting:
            seen.append(allowed_by(world))

    account.meanwhile(look)
    account.running.sow({"foas": {"stuck": ["flink_b"]}})
    with (
        account.stopped(one, Hands("ListCluster", when), "run of a") as wake_one,  # where it looks for other clusters
        account.stopped(other, Hands(*stop), "run of b") as wake_other,
    ):
        first = wake_one()
        account.running.cloud.world.part(emulated_foas.State).stuck.clear()
        second = wake_other()

    assert first.done, str(first)
    if not second.done:
        assert "ServiceRoleNotAuthorized on CreateCluster" in str(second)
        second = account.run(other)
    assert second.done, str(second)
    assert seen
    assert all(each == everywhere(NETWORK | CREATION) for each in seen)
    assert rights(account) == everywhere(NETWORK)
    assert account.run(one).writes == account.run(other).writes == []


def test_two_environments_that_want_one_cluster_of_one_order_get_one(account):
    account.reset("exclusive-order")
    wanted = [environment(name=f"flink-{name}", projects=[], people=None) for name in "ab"]

    ended = account.together(wanted)

    again = [account.run(each) for each, first in zip(wanted, ended, strict=True) if not first.done]
    assert [str(each) for each in again if not each.done] == []
    assert account.count("CreateCluster") == 1
    assert [account.run(each).writes for each in wanted] == [[], []]
