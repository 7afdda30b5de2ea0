"""Somebody changes the account in the middle of a run: nothing is paid for on a wrong basis, and the run says why.

Each change comes right before the cloud handles a certain call. Once the account is put right, a Retry completes.
"""

from __future__ import annotations

import json

import pytest

from alicloud.errors import Overtaken, TimedOut, Unmet
from alicloud.journal import journal_key
from emulator import bssopenapi, ecs, foas, foasconsole, oss_state, ram, vpc
from emulator import seed as emulated_seed
from flows.procedure import surroundings
from tests.flows.rights import CUSTOM, NETWORK, allowed, default_document, everywhere, only
from tests.flows.running import environment

SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}
PAID = {"exclusive": "CreateCluster", "managed": "CreateInstance"}
BUCKET = {"exclusive": "flink-exclusive-packages", "managed": "flink-managed-storage"}
ORDER = "blinkonecs_cn-order-0001"

# When: while the network is made, between the last checks (of the bucket and of the rest), right before the paid call.
EARLY, LATE = ("CreateVSwitch", 1), ("GetBucketPolicy", 2)
OPEN = {"Version": "1", "Statement": [{"Effect": "Allow", "Principal": ["*"], "Action": "oss:*", "Resource": "*"}]}


def nothing(world):
    """Leave it to the Retry."""


def bucket_of(world):
    return next(iter(world.part(oss_state.State).buckets.values()))


def set_bucket(**facts):
    def change(world):
        for name, value in facts.items():
            setattr(bucket_of(world), name, value)

    return change


def delete_bucket(world):
    world.part(oss_state.State).buckets.clear()


def fill_vswitches(world):
    for vswitch in world.part(vpc.State).vswitches.values():
        vswitch.occupied = vswitch.usable - len(vswitch.addresses)


def free_vswitches(world):
    for vswitch in world.part(vpc.State).vswitches.values():
        vswitch.occupied = 0


def delete_vswitches(world):
    state = world.part(vpc.State)
    state.vswitches.clear()
    for network in state.vpcs.values():
        network.vswitch_ids.clear()


def delete_vpc(world):
    delete_vswitches(world)
    world.part(vpc.State).vpcs.clear()


def role_of(world):
    return only(world.part(ram.State).roles)


def delete_role(world):
    role = world.part(ram.State).roles.popitem()[1]
    for links in world.part(ram.State).attached.values():
        links.pop(f"Role/{role.name}", None)


def distrust(world):
    people = {"RAM": [f"acs:ram::{world.account_id}:root"]}
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": people}
    role_of(world).trust_policy = json.dumps({"Version": "1", "Statement": [statement]})


def detach_policies(world):
    role = role_of(world)
    for name in list(role.policies):
        del role.policies[name]
        world.part(ram.State).attached[name].pop(f"Role/{role.name}", None)


def expire_order(world):
    bssopenapi.find_instance(world, ORDER).end_at = world.now() - 1


def renew_order(world):
    bssopenapi.find_instance(world, ORDER).end_at = world.now() + 1e9


def refund_order(world):
    world.refunded = world.part(bssopenapi.State).instances.pop(ORDER)


def take_back_refund(world):
    world.part(bssopenapi.State).instances[ORDER] = world.refunded


PUBLIC = pytest.param(set_bucket(acl="public-read"), set_bucket(acl="private"), "is public-read: anybody may", id="acl")
FOR_EVERYBODY = pytest.param(
    set_bucket(policy=json.dumps(OPEN)),
    set_bucket(policy=""),
    "its bucket policy allows something to everybody",
    id="p",
)
SUSPENDED = pytest.param(
    set_bucket(versioning="Suspended"), nothing, "The bucket was changed meanwhile: set versioning", id="versioning"
)


def changed(account, mode, change, heal, moment):
    """Change the account at a moment of a run, put it right, and run again. Gives how the first run ended."""
    account.reset(SEEDS[mode])
    wanted = environment(mode)
    account.once_before(moment[0], change, moment[1])
    ended = account.run(wanted)
    made = account.count(PAID[mode])

    heal(account.running.cloud.world)
    again = account.run(wanted)
    assert again.done, str(again)
    assert account.count(PAID[mode]) == 1
    assert account.run(wanted).writes == []
    return ended, made


@pytest.mark.parametrize("mode", ["exclusive", "managed"])
@pytest.mark.parametrize(("change", "heal", "told"), [PUBLIC, FOR_EVERYBODY, SUSPENDED])
def test_a_bucket_that_is_spoiled_after_it_was_prepared_is_not_used(account, mode, change, heal, told):
    ended, made = changed(account, mode, change, heal, EARLY)

    assert isinstance(ended.error, Unmet)
    assert told in str(ended)
    assert "Retry" in ended.error.remedy
    assert made == 0


CASES = [
    pytest.param(fill_vswitches, free_vswitches, "There are 0 free addresses", id="vSwitch filled"),
    pytest.param(delete_vswitches, nothing, "was deleted meanwhile", id="vSwitch deleted"),
    pytest.param(delete_vpc, nothing, "was deleted meanwhile", id="VPC deleted"),
    pytest.param(delete_role, nothing, "is not assigned to Realtime Compute: it does not exist", id="role deleted"),
    pytest.param(distrust, nothing, "its trust policy differs", id="trust changed"),
    pytest.param(detach_policies, nothing, "is not attached", id="policies detached"),
]
ORDER_CASES = [
    pytest.param(expire_order, renew_order, f"{ORDER} is Expired, not Normal", id="order expired"),
    pytest.param(refund_order, take_back_refund, f"The account has no order {ORDER}", id="order refunded"),
]


@pytest.mark.parametrize(
    ("mode", "change", "heal", "told"),
    [
        pytest.param(mode, *case.values, id=f"{mode}: {case.id}")
        for mode, cases in (("exclusive", [*CASES, *ORDER_CASES]), ("managed", CASES))
        for case in cases
    ],
)
def test_what_a_paid_call_relies_on_is_checked_right_before_it(account, mode, change, heal, told):
    ended, made = changed(account, mode, change, heal, LATE)

    assert isinstance(ended.error, Unmet)
    assert told in str(ended)
    assert ended.error.remedy.endswith(".")
    assert made == 0
    assert len(account.running.calls(PAID[mode])) == 1  # of the Retry


LAST = [
    ("exclusive", set_bucket(acl="public-read"), set_bucket(acl="private"), "InvalidOssBucket.Acl on CreateCluster"),
    ("exclusive", fill_vswitches, free_vswitches, "InsufficientIpAddress on CreateCluster"),
    ("exclusive", delete_vpc, nothing, "InvalidVpcId.NotFound on CreateCluster"),
    ("exclusive", delete_role, nothing, "ServiceRoleNotFound on CreateCluster"),
    ("exclusive", expire_order, renew_order, "OrderExpired on CreateCluster"),
    ("managed", set_bucket(acl="public-read"), set_bucket(acl="private"), "InvalidOssBucket.Acl on CreateInstance"),
    ("managed", fill_vswitches, free_vswitches, "InsufficientIpAddress on CreateInstance"),
    ("managed", delete_vpc, nothing, "InvalidVpcId.NotFound on CreateInstance"),
]


@pytest.mark.parametrize(("mode", "change", "heal", "told"), LAST)
def test_what_changes_at_the_very_last_moment_is_refused_by_the_cloud_and_may_be_asked_for_again(
    account, mode, change, heal, told
):
    ended, made = changed(account, mode, change, heal, (PAID[mode], 1))

    assert told in str(ended)
    assert "Retry" in ended.error.remedy or "Check the name or id" in ended.error.remedy
    assert made == 0


def test_a_bucket_that_is_deleted_under_a_run_stops_it_and_is_made_again(account):
    ended, made = changed(account, "exclusive", delete_bucket, nothing, EARLY)

    assert not ended.done
    assert made == 0


@pytest.mark.parametrize(
    ("action", "told"), [("AddUserToGroup", "EntityNotExist.Group"), ("AttachPolicyToGroup", "EntityNotExist.Group")]
)
def test_a_group_that_is_deleted_before_it_has_members_and_policy_is_told_and_made_again(account, action, told):
    def delete_group(world):
        world.part(ram.State).groups.clear()
        for user in world.part(ram.State).users.values():
            user.groups.clear()

    ended, _ = changed(account, "exclusive", delete_group, nothing, (action, 1))

    assert f"{told} on {action}" in str(ended)


# Somebody else makes it at the same moment


def sow(**content):
    """Put what somebody else makes into the account, while it is open to changes."""

    def change(world):
        grown = emulated_seed.sown(world, content)
        world.parts, world.identifiers = grown.parts, grown.identifiers

    return change


def test_a_user_whom_somebody_else_makes_at_the_same_moment_is_kept(account):
    account.reset("exclusive-order")
    theirs = [{"name": "alice", "display_name": "Alice"}, {"name": "bob"}]
    account.once_before("CreateUser", sow(ram={"users": theirs}))

    assert account.run(environment()).done
    assert account.count("CreateUser") == 0
    assert account.run(environment()).writes == []


def test_a_user_whom_somebody_else_makes_with_less_at_the_same_moment_is_completed(account):
    account.reset("exclusive-order")
    account.once_before("CreateUser", sow(ram={"users": [{"name": "alice"}]}))

    ended = account.run(environment())

    assert account.run(environment()).done
    assert ended.done, str(ended)


def test_a_vpc_of_the_name_that_somebody_else_makes_at_the_same_moment_is_told_and_none_is_chosen(account):
    theirs = {"id": "vpc-bp1theirs", "name": "flink-vpc", "cidr": "172.16.0.0/12"}

    def remove(world):
        world.part(vpc.State).vpcs.pop("vpc-bp1theirs")

    ended, made = changed(account, "exclusive", sow(vpc={"vpcs": [theirs]}), remove, ("CreateVpc", 1))

    assert "2 VPCs are named flink-vpc: " in str(ended)
    assert "Put the id of the one that is meant into the environment" in str(ended)
    assert made == 0
    assert account.count("CreateVpc") == 1


def test_a_bucket_name_that_another_account_takes_at_the_same_moment_is_told(account):
    theirs = {"name": BUCKET["exclusive"], "owner": "1999999999999999"}
    account.reset("exclusive-order")
    account.once_before("PutBucket", sow(oss={"buckets": [theirs]}))

    ended = account.run(environment())

    assert "is taken by another account (choose another name)" in str(ended)
    assert account.effects() == []


@pytest.mark.parametrize("other", ["the same", "another bucket"])
def test_a_cluster_that_somebody_else_makes_from_the_order_at_the_same_moment_is_kept_or_told(account, other):
    account.reset("exclusive-order")

    def make(world):
        place = only(world.part(vpc.State).vswitches)
        if other != "the same":
            sow(oss={"buckets": [{"name": "their-bucket"}]})(world)
        bucket = BUCKET["exclusive"] if other == "the same" else "their-bucket"
        facts = {"name": "flink_exclusive", "order_id": ORDER, "bucket": bucket, "zone": place.zone}
        sow(foas={"clusters": [{**facts, "vpc_id": place.vpc_id, "vswitch_id": place.id}]})(world)

    account.once_before("CreateCluster", make)

    ended = account.run(environment())

    assert len(account.part("foas")["clusters"]) == 1
    if other == "the same":
        assert ended.done, str(ended)
        assert account.run(environment()).writes == []
    else:
        assert "exists but differs: bucket is their-bucket" in str(ended)
        assert "give the new cluster another name" in str(ended)


def test_a_workspace_of_the_name_that_somebody_else_orders_at_the_same_moment_is_told_and_no_third_is_bought(account):
    account.reset("nothing")

    def order(world):
        place = only(world.part(vpc.State).vswitches)
        facts = {"name": "flink-managed", "bucket": BUCKET["managed"], "cpu": 16, "vpc_id": place.vpc_id}
        sow(foasconsole={"workspaces": [{**facts, "vswitch_ids": [place.id]}]})(world)

    account.once_before("CreateInstance", order)

    first, second = account.run(environment("managed")), account.run(environment("managed"))

    for ended in (first, second):
        assert "There are 2 workspaces with the name flink-managed: " in str(ended)
        assert "Release the one that is not in use" in str(ended)
    assert account.count("CreateInstance") == 1


# What was made is spoiled


def test_a_security_group_of_the_service_that_is_deleted_before_the_network_is_checked_raises_the_alarm(account):
    account.reset("exclusive-order")

    def delete(world):
        ecs.remove_security_group(world, only(world.part(foas.State).clusters).security_group_id)

    account.once_before("DescribeSecurityGroups", delete)

    ended = account.run(environment())

    assert "has lost what the service made for it: security group" in str(ended)
    assert "Submit a ticket" in str(ended)
    assert account.count("CreateProject") == 0


def test_a_security_group_that_is_deleted_while_the_cluster_starts_ends_in_a_ticket_and_not_in_an_endless_wait(account):
    account.reset("exclusive-order", speed=1.0)

    def delete(world):
        ecs.remove_security_group(world, only(world.part(foas.State).clusters).security_group_id)

    account.once_before("GetClusterDetails", delete, nth=2)

    ended = account.run(environment())

    assert isinstance(ended.error, TimedOut)
    assert "Submit a ticket with the text of artifact" in str(ended)
    assert account.run(environment()).done is False
    assert account.count("CreateCluster") == 1


def test_a_workspace_that_is_disabled_while_it_is_being_made_ends_the_wait(account):
    account.reset("nothing")

    def disable(world):
        only(world.part(foasconsole.State).workspaces).phase = "DISABLE"

    account.once_before("DescribeInstances", disable, nth=4)

    ended = account.run(environment("managed"))

    assert isinstance(ended.error, Unmet)
    assert "DISABLE" in str(ended) or "disabled" in str(ended)
    assert ended.error.remedy
    only(account.running.cloud.world.part(foasconsole.State).workspaces).phase = "RUNNING"
    assert account.run(environment("managed")).done
    assert account.count("CreateInstance") == 1


def test_a_policy_of_the_service_that_somebody_narrows_before_the_creation_is_opened_again(account):
    account.reset("exclusive-order")

    def narrow(world):
        policy = world.part(ram.State).policies[CUSTOM]
        policy.versions[policy.default_version].document = json.dumps({"Version": "1", "Statement": []})

    account.once_before(LATE[0], narrow, LATE[1])

    assert account.run(environment()).done
    assert allowed(default_document(account.part("ram")["policies"][CUSTOM])) == everywhere(NETWORK)


# What was made long ago is gone


@pytest.mark.parametrize("times", [1, 2])
def test_a_network_that_a_person_deleted_is_made_again_and_not_taken_from_the_memory_of_its_token(account, times):
    account.reset("exclusive-order")
    wanted = environment()
    ids = set()
    for _ in range(times + 1):
        assert account.run(wanted, procedure=surroundings).done
        ids |= {only(account.part("vpc")["vpcs"])["id"]}
        delete_vpc(account.running.cloud.world)

    assert len(ids) == times + 1
    assert account.run(wanted).done


def test_a_network_that_another_environment_made_and_a_person_deleted_needs_another_name(account):
    account.reset("exclusive-order")
    one, other = environment(name="one", storage={"bucket": "bucket-one"}), environment(name="other")
    assert account.run(one, procedure=surroundings).done
    delete_vpc(account.running.cloud.world)

    ended = account.run(other, procedure=surroundings)  # whose journal has not seen that VPC: it derives the old token

    assert "CreateVpc was answered" in str(ended)
    assert "give it another name in the environment, then Retry" in str(ended)
    assert not ended.done


# The journal


def test_a_journal_that_is_deleted_stops_the_run_before_it_pays(account):
    wanted = environment()

    def delete(world):
        del bucket_of(world).objects[journal_key(wanted.name)]

    ended, made = changed(account, "exclusive", delete, nothing, LATE)

    assert isinstance(ended.error, Overtaken)
    assert "somebody who removed or replaced the journal" in str(ended)
    assert made == 0


def test_a_journal_that_is_overwritten_stops_the_run_before_it_pays_and_is_told(account):
    wanted = environment()
    key = journal_key(wanted.name)

    def overwrite(world):
        bucket = bucket_of(world)
        (version,) = bucket.objects[key].values()
        version.kind, version.body, version.size = "Normal", "aGVsbG8K", 6

    def remove(world):
        del bucket_of(world).objects[key]

    ended, made = changed(account, "exclusive", overwrite, remove, LATE)

    assert "The journal is unreadable: line 1 is none of ours" in str(ended) or isinstance(ended.error, Overtaken)
    assert made == 0
