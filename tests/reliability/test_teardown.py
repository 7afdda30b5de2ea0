"""Teardown under all that may happen: ours goes, what is not ours stays, whatever is killed, lost or meddled with."""

import base64
import copy
import json
from unittest.mock import patch

import pytest

from alicloud.journal import journal_key
from alicloud.journal_record import What
from blocks.environment import describe
from emulator import foas, foasconsole_namespaces, oss_state, ram, ram_attachments, ram_groups, vpc_vswitches
from emulator import foasconsole as console
from emulator import vpc as networks
from emulator.faults import Faults
from emulator.networks import VSwitch
from emulator.world import World
from tests.flows.running import environment
from tests.reliability.plays import SLOWLY
from tests.reliability.runs import SPEED, Hands
from tests.reliability.teardowns import rehearse, tear_down

SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}
ENVIRONMENTS = {mode: environment(mode) for mode in SEEDS}
MANAGED = ENVIRONMENTS["managed"]
BUCKET = MANAGED.storage.bucket
_PREPARED = {}


@pytest.fixture
def prepared(account):
    """Give the account with an environment of ours in it; the preparation is done once."""

    def prepare(mode="managed", wanted=None, seed=None, key=""):
        wanted = wanted or ENVIRONMENTS[mode]
        known = _PREPARED.get(key or mode)
        if known is None or key == "anew":
            account.reset(seed or SEEDS[mode], SLOWLY)
            ended = account.run(wanted)
            assert ended.done, str(ended)
            known = _PREPARED[key or mode] = copy.deepcopy(account.running.cloud.world)
        account.reset(seed or SEEDS[mode])
        account.running.cloud.world = copy.deepcopy(known)
        account.running.control("POST", "clock", {"speed": SPEED})
        return account

    return prepare


def world(account) -> World:
    return account.running.cloud.world


def left(account):
    """Give what the account still has, by kind."""
    parts = account.running.world()["parts"]
    kinds = {
        "users": parts["ram"]["users"],
        "groups": parts["ram"]["groups"],
        "policies": parts["ram"]["policies"],
        "roles": parts["ram"]["roles"],
        "vpcs": [each for each in parts["vpc"]["vpcs"] if networks.find_vpc(world(account), each)],
        "vswitches": [each for each in parts["vpc"]["vswitches"] if networks.find_vswitch(world(account), each)],
        "security groups": parts["ecs"]["security_groups"],
        "interfaces": parts["ecs"]["interfaces"],
        "buckets": parts["oss_state"]["buckets"],
        "clusters": parts["foas"]["clusters"],
        "projects": parts["foas"]["projects"],
        "queues": [name for each in parts["foas"]["queues"].values() for name in each],
        "workspaces": parts["foasconsole"]["workspaces"],
    }
    return {kind: sorted(found) for kind, found in kinds.items() if found}


# What is ours goes


def test_nothing_of_a_managed_environment_is_left_but_the_bucket_with_the_journal(prepared):
    account = prepared()

    torn = tear_down(account, MANAGED)

    assert not torn.errors, str(torn)
    assert left(account) == {"buckets": [BUCKET]}
    assert list(world(account).part(oss_state.State).buckets[BUCKET].objects) == [journal_key(MANAGED.name)]
    assert torn.why(f"OSS bucket {BUCKET}").startswith("it keeps the journal")


def test_a_second_teardown_writes_nothing_and_the_bucket_goes_last_when_asked_for(prepared):
    account = prepared()
    tear_down(account, MANAGED)

    again = tear_down(account, MANAGED)
    last = tear_down(account, MANAGED, bucket=True)
    nothing = tear_down(account, MANAGED, bucket=True)

    assert again.writes == []
    assert last.writes == ["DeleteObject", "DeleteBucket"]
    assert left(account) == {}
    assert (nothing.writes, nothing.errors) == ([], [])


def test_everything_goes_in_one_run_with_the_bucket(prepared):
    account = prepared()

    torn = tear_down(account, MANAGED, bucket=True)

    assert not torn.errors, str(torn)
    assert left(account) == {}
    assert torn.writes[-2:] == ["DeleteObject", "DeleteBucket"]


def test_a_disabled_workspace_that_is_paid_by_use_is_released_with_its_namespaces(prepared):
    account = prepared()
    (workspace,) = world(account).part(console.State).workspaces.values()
    workspace.phase = "DISABLE"

    torn = tear_down(account, MANAGED, bucket=True)

    assert not torn.errors, str(torn)
    assert left(account) == {}
    assert "DeleteNamespace" not in torn.writes
    assert torn.why("Namespace payments") == "goes along with its workspace, which is DISABLE"


def test_of_a_subscription_that_has_ended_all_stays_that_the_workspace_stands_on(prepared):
    wanted = environment(
        "managed",
        cluster=describe(MANAGED)["cluster"] | {"charge_type": "Subscription"},
        safety={"may_order": True, "max_price": 100_000, "max_compute_units": 40},
    )
    account = prepared(wanted=wanted, seed={"bssopenapi": {"balance": "100000.00"}}, key="subscribed")
    account.running.advance(40 * 86_400)

    torn = tear_down(account, wanted, bucket=True)
    again = tear_down(account, wanted, bucket=True)

    assert not torn.errors, str(torn)
    assert {"workspaces", "vpcs", "vswitches", "roles"} <= set(left(account))
    assert "has ended, and the cloud releases it by itself" in torn.why("Workspace flink-managed")
    assert "goes when the cloud releases that" in torn.why("Namespace payments")
    assert (again.writes, again.errors) == ([], [])


def test_of_an_exclusive_environment_stays_what_is_billed_with_all_it_stands_on(prepared):
    account = prepared("exclusive")

    torn = tear_down(account, ENVIRONMENTS["exclusive"], bucket=True)

    assert not torn.errors, str(torn)
    signs = torn.signs()
    assert signs["Cluster flink_exclusive"] == "$"
    assert "stays billed (blinkonecs_cn-order-0001 until 20" in torn.why("Cluster flink_exclusive")
    assert set(left(account)) == {
        "policies",
        "roles",
        "vpcs",
        "vswitches",
        "security groups",
        "interfaces",
        "buckets",
        "clusters",
    }
    assert len(left(account)["interfaces"]) == 6
    assert "DestroyCluster" not in torn.writes


def test_a_pay_as_you_go_cluster_is_destroyed_with_everything_around_it(prepared):
    account = prepared("exclusive", seed=pay_as_you_go(), key="post")

    torn = tear_down(account, ENVIRONMENTS["exclusive"], bucket=True)

    assert not torn.errors, str(torn)
    (cluster,) = world(account).part(foas.State).clusters.values()
    assert cluster.phase == "DESTROYED"
    assert set(left(account)) == {"clusters"}


def pay_as_you_go():
    return {
        "bssopenapi": {
            "balance": "10000.00",
            "orders": [
                {
                    "product_code": "blinkonecs",
                    "instance_id": "blinkonecs_cn-order-0001",
                    "region": "cn-hangzhou",
                    "paid": True,
                    "subscription": "PayAsYouGo",
                }
            ],
        },
        "foas": {
            "orders": [
                {"instance_id": "blinkonecs_cn-order-0001", "region": "cn-hangzhou", "pay_model": "post"},
            ]
        },
    }


# A dry run


@pytest.mark.parametrize("mode", SEEDS)
def test_a_dry_run_tells_what_the_run_does_and_writes_nothing(prepared, mode):
    account = prepared(mode)
    before = account.running.world()

    told = rehearse(account, ENVIRONMENTS[mode])

    assert told.writes == []
    assert account.running.world() == before
    assert told.signs() == tear_down(account, ENVIRONMENTS[mode]).signs()


# What is not ours stays


def test_what_was_there_before_is_never_deleted(prepared):
    account = prepared(seed="nothing", key="anew")
    forget_the_journal(account)
    before = left(account)

    torn = tear_down(account, MANAGED, bucket=True)

    assert torn.writes == []
    assert left(account) == before
    assert {fate.why for fate in torn.fates.values() if fate.sign} >= {"this environment did not create it"}


def forget_the_journal(account):
    """Leave an account in which somebody else has made everything."""
    del world(account).part(oss_state.State).buckets[BUCKET].objects[journal_key(MANAGED.name)]


def test_a_journal_of_an_earlier_version_is_no_proof(prepared):
    account = prepared()
    rewrite_the_journal(account, lambda line: {k: v for k, v in line.items() if k != "creates"})
    before = left(account)

    torn = tear_down(account, MANAGED, bucket=True)

    assert torn.writes == []
    assert left(account) == before
    assert "is not known" in torn.why("RAM user carol")


def rewrite_the_journal(account, change):
    version = world(account).part(oss_state.State).buckets[BUCKET].current(journal_key(MANAGED.name))
    lines = [change(json.loads(line)) for line in base64.b64decode(version.body).splitlines()]
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    version.body = base64.b64encode(data).decode()
    version.size = len(data)


def test_a_creation_whose_answer_was_lost_is_no_proof(prepared):
    account = prepared()
    intents = {e.id for e in account.journal(MANAGED).entries if e.creates == "ram:user/carol"}
    rewrite_the_journal(account, lambda line: line | ({"what": "lost"} if line.get("intent") in intents else {}))

    torn = tear_down(account, MANAGED)

    assert "is not known" in torn.why("RAM user carol")
    assert left(account)["users"] == ["carol"]


def test_a_user_that_somebody_made_anew_is_not_ours(prepared):
    account = prepared()
    account.speed = 1.0
    user = world(account).part(ram.State).users["dave"]
    user.created_at += 86_400 * 400

    torn = tear_down(account, MANAGED)

    assert "this is another" in torn.why("RAM user dave")
    assert left(account)["users"] == ["dave"]


def meddle(name):
    """Give what somebody else does in the account, and what stays because of it."""
    return {
        "key": lambda w: sow(w, lambda s: s.users["carol"].keys.append(next(iter(s.keys)))),
        "second factor": lambda w: setattr(w.part(ram.State).users["carol"], "mfa_device", "acs:ram::1:mfa/carol"),
        "group": other_group,
        "policy": other_policy,
        "logon": other_logon,
        "member": other_member,
        "policy elsewhere": policy_elsewhere,
        "vswitch": other_vswitch,
        "address": lambda w: setattr(first(w, "vswitches"), "occupied", 1),
        "namespace": other_namespace,
    }[name]


def sow(w, act):
    act(w.part(ram.State))


def first(w, kind):
    return next(iter(getattr(w.part(networks.State), kind).values()))


def eve(w):
    state = w.part(ram.State)
    state.users["eve"] = ram.User("eve", "209999999999999999", w.now(), w.now())
    return state.users["eve"]


def other_group(w):
    state = w.part(ram.State)
    state.groups["others"] = ram.Group("others", "g-others", w.now(), w.now(), "")
    ram_groups.join(w, state.users["carol"], state.groups["others"])


def other_member(w):
    ram_groups.join(w, eve(w), next(iter(w.part(ram.State).groups.values())))


def other_policy(w):
    ram_attachments.attach(w, "User", w.part(ram.State).users["carol"], "System/AliyunOSSReadOnlyAccess")


def policy_elsewhere(w):
    ram_attachments.attach(w, "User", eve(w), f"Custom/{next(iter(w.part(ram.State).policies))}")


def other_logon(w):
    w.part(ram.State).users["carol"].login = ram.LoginProfile("x", w.now(), False, False)


def other_vswitch(w):
    network = first(w, "vpcs")
    block = VSwitch("", network.id, network.region, "cn-hangzhou-h", "10.0.99.0/24", "others", "", {})
    vpc_vswitches.add_vswitch(w, block)


def other_namespace(w):
    (workspace,) = w.part(console.State).workspaces.values()
    workspace.namespaces["theirs"] = console.Namespace("theirs", 1, w.now(), w.now(), w.now())
    workspace.namespaces["theirs"].status = "SUCCESS"


IN_USE = [
    ("key", "RAM user carol", "AccessKey"),
    ("second factor", "RAM user carol", "second factor"),
    ("group", "RAM user carol", "in a group of somebody else's: others"),
    ("policy", "RAM user carol", "AliyunOSSReadOnlyAccess"),
    ("logon", "RAM user carol", "somebody else has let it log on"),
    ("member", "RAM group flink-managed-developers", "eve"),
    ("policy elsewhere", "RAM group flink-managed-developers", "stays"),
    ("vswitch", "VPC flink-managed-vpc", "vSwitches of somebody else's"),
    ("address", "vSwitch flink-managed-h", "1 of its addresses"),
    ("namespace", "Workspace flink-managed", "theirs"),
]


@pytest.mark.parametrize(("what", "stays", "why"), IN_USE, ids=[each[0] for each in IN_USE])
def test_what_others_use_is_held_back_and_the_rest_goes(prepared, what, stays, why):
    account = prepared()
    meddle(what)(world(account))

    torn = tear_down(account, MANAGED, bucket=True)
    again = tear_down(account, MANAGED, bucket=True)

    assert not torn.errors, str(torn)
    assert torn.fates[stays].sign == "=", str(torn)
    assert why in torn.why(stays)
    assert "it keeps the proof" in torn.why(f"OSS bucket {BUCKET}")
    assert "RAM user dave" not in again.fates or again.fates["RAM user dave"].sign == ""
    assert again.writes == []


def test_a_workspace_with_running_jobs_is_held_back_with_all_it_stands_on(prepared):
    account = prepared()
    busy = busy_namespaces(account)

    with busy:
        torn = tear_down(account, MANAGED)

    assert torn.why("Namespace payments") == "jobs in it use 3 CUs: stop them first"
    assert {"workspaces", "vpcs", "vswitches", "roles", "security groups"} <= set(left(account))


def busy_namespaces(account):
    """Let the namespace show that jobs run in it, which no job of the emulator does."""
    shown = foasconsole_namespaces._shown
    used = {"Cpu": 3.0, "Cu": 3.0, "MemoryGB": 12.0}
    return patch.object(foasconsole_namespaces, "_shown", lambda w, n: shown(w, n) | {"ResourceUsed": used})


def test_a_project_with_jobs_is_held_back(prepared):
    account = prepared("exclusive")
    world(account).part(foas.State).jobs["orders"] = ["hourly"]

    torn = tear_down(account, ENVIRONMENTS["exclusive"])

    assert torn.why("Project orders") == "it has jobs: hourly"
    assert torn.fates["Queue of project orders"].sign == "="
    assert left(account)["queues"] == ["root.orders"]


def test_a_bucket_with_anything_else_in_it_is_held_back(prepared):
    account = prepared()
    theirs = world(account).part(oss_state.State).buckets[BUCKET]
    mine = theirs.objects[journal_key(MANAGED.name)]
    theirs.objects["theirs/orders.csv"] = copy.deepcopy(mine)

    torn = tear_down(account, MANAGED, bucket=True)

    assert not torn.errors, str(torn)
    assert torn.why(f"OSS bucket {BUCKET}") == "it is not empty: theirs/orders.csv"
    assert left(account) == {"buckets": [BUCKET]}
    assert set(theirs.objects) == {journal_key(MANAGED.name), "theirs/orders.csv"}


def test_a_role_that_the_service_uses_in_another_region_is_held_back(prepared):
    account = prepared()
    (own,) = world(account).part(console.State).workspaces.values()
    other = copy.deepcopy(own)
    other.instance_id, other.region, other.name, other.interfaces = "f-cn-other", "cn-beijing", "theirs", {}
    world(account).part(console.State).workspaces["f-cn-other"] = other

    torn = tear_down(account, MANAGED)

    assert "workspace theirs in cn-beijing" in torn.why("Role AliyunStreamAsiDefaultRole")
    assert left(account)["roles"] == ["AliyunStreamAsiDefaultRole"]


# The service's own


def test_the_service_s_security_group_and_interfaces_are_never_deleted_by_us(prepared):
    for mode, seed in (("managed", None), ("exclusive", pay_as_you_go())):
        account = prepared(mode, seed=seed, key="post" if seed else "")

        torn = tear_down(account, ENVIRONMENTS[mode])

        assert not {"DeleteSecurityGroup", "DeleteNetworkInterface"} & set(torn.writes)


# What was not foreseen is not sent


def test_nothing_is_deleted_that_was_not_in_the_plan(prepared):
    account = prepared()
    other_member(world(account))

    def leave():
        user, group = (
            world(account).part(ram.State).users["eve"],
            next(iter(world(account).part(ram.State).groups.values())),
        )
        del user.groups[group.name], group.members["eve"]

    torn = tear_down(account, MANAGED, meddle=leave)

    assert [str(error) for error in torn.errors if "was not in the plan" in str(error)]
    assert {"DeleteGroup", "DeletePolicy"}.isdisjoint(torn.writes)
    assert "DeleteVpc" in torn.writes


def test_what_is_taken_into_use_after_the_plan_is_held_back(prepared):
    account = prepared()

    torn = tear_down(account, MANAGED, meddle=lambda: other_group(world(account)))

    assert "in a group of somebody else's" in torn.why("RAM user carol")
    assert left(account)["users"] == ["carol"]


def test_an_open_order_forbids_every_deletion(prepared):
    account = prepared()
    intent = next(e for e in account.journal(MANAGED).entries if e.action == "CreateInstance")
    rewrite_the_journal(account, lambda line: line | ({"what": "lost"} if line.get("intent") == intent.id else {}))

    torn = tear_down(account, MANAGED)

    assert torn.writes == []
    assert f"`resolve` with intent {intent.id}" in str(torn)


# Faults and kills


DELETIONS = [
    "DeleteNamespace",
    "DeleteInstance",
    "DetachPolicyFromGroup",
    "DeletePolicy",
    "RemoveUserFromGroup",
    "DeleteGroup",
    "DeleteUser",
    "DetachPolicyFromRole",
    "DeleteRole",
    "DeleteVSwitch",
    "DeleteVpc",
]


@pytest.mark.parametrize("when", ["before", "between", "after"])
@pytest.mark.parametrize("action", DELETIONS)
def test_a_teardown_that_was_killed_is_finished_by_the_next(prepared, action, when):
    account = prepared()
    killed = tear_down(account, MANAGED, hands=Hands(action, when, kill=True))
    assert killed.errors
    account.running.advance(2 * MANAGED.safety.lease_seconds * SPEED)  # the dead run's lease is over

    ended = tear_down(account, MANAGED)

    assert not ended.errors, str(ended)
    assert left(account) == {"buckets": [BUCKET]}
    assert tear_down(account, MANAGED).writes == []


@pytest.mark.parametrize("kind", ["throttle", "error", "drop-before", "drop-after", "cut"])
@pytest.mark.parametrize("action", DELETIONS)
def test_a_fault_at_a_deletion_is_outlived(prepared, action, kind):
    account = prepared()
    account.running.fault(kind, action)

    torn = tear_down(account, MANAGED)

    assert not torn.errors, str(torn)
    assert left(account) == {"buckets": [BUCKET]}


@pytest.mark.parametrize("action", ["DeletePolicy", "DeleteUser", "DeleteVSwitch", "DeleteNamespace"])
def test_a_failure_stops_only_what_must_come_after_it(prepared, action):
    account = prepared()
    account.running.fault("error", action, times=99, status=403, code="NoPermission")

    torn = tear_down(account, MANAGED)
    account.running.cloud.faults = Faults()
    ended = tear_down(account, MANAGED)

    assert torn.errors
    assert len(set(torn.writes)) > 4
    assert f"OSS bucket {BUCKET}" not in torn.fates  # the bucket comes after all
    assert not ended.errors, str(ended)
    assert left(account) == {"buckets": [BUCKET]}


def test_every_deletion_stands_in_the_journal_with_its_outcome(prepared):
    account = prepared()

    torn = tear_down(account, MANAGED)

    record = account.journal(MANAGED)
    removals = [entry for entry in record.entries if entry.what is What.INTENT and entry.action in DELETIONS]
    assert sorted(entry.action for entry in removals) == sorted(torn.writes)
    assert {entry.removes for entry in removals} >= {"ram:user/carol", "vpc:vpc/cn-hangzhou/flink-managed-vpc"}
    assert record.entries[-1].what is What.RELEASED
