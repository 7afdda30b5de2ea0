import pytest

from alicloud.bssopenapi import OrderedInstance
from alicloud.ecs import NetworkInterface, SecurityGroup
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_namespaces import Namespace
from alicloud.journal_record import Entry, Record, What
from alicloud.oss_removal import ObjectVersion
from alicloud.ram_logon import UserKey
from alicloud.ram_policies import Attachment
from alicloud.vpc_vswitches import VSwitch
from blocks import holdbacks
from blocks.holdbacks import Fate

INTENDED = 1_767_225_600.0  # 2026-01-01T00:00:00Z
OURS = Record(
    0,
    [
        Entry(What.INTENT, "i1", "2026-01-01T00:00:00Z", "run", action="CreateUser", creates="ram:user/alice"),
        Entry(What.ANSWERED, "o1", "2026-01-01T00:00:01Z", "run", intent="i1"),
    ],
)


@pytest.mark.parametrize(
    ("created_at", "why"),
    [
        (0.0, ""),  # where the cloud does not tell
        (INTENDED + 2, ""),
        (INTENDED - 90, ""),  # clocks differ
        (INTENDED + 3600, "this is another"),
        (INTENDED - 3600, "this is another"),
    ],
)
def test_what_was_created_at_another_time_is_another(created_at, why):
    assert why in (holdbacks.not_ours(OURS, "ram:user/alice", created_at, 600.0) or "")
    assert bool(holdbacks.not_ours(OURS, "ram:user/alice", created_at, 600.0)) == bool(why)


def test_what_the_journal_does_not_know_is_not_ours_and_needs_no_proof():
    why = holdbacks.not_ours(OURS, "ram:user/bob", INTENDED, 600.0)

    assert why == "this environment did not create it"
    assert not holdbacks.held("RAM user bob", why).ours
    assert holdbacks.held("RAM user bob", holdbacks.UNKNOWN).ours
    assert holdbacks.held("RAM user bob", "it has 1 AccessKey").ours


OWN, OTHER = Attachment("own"), Attachment("other")
KEY = UserKey("LTAI5tKey", True, 0.0)


@pytest.mark.parametrize(
    ("keys", "second_factor", "groups", "policies", "why"),
    [
        ((), False, ("g",), (OWN,), ""),
        ((KEY,), False, (), (), "it has 1 AccessKey, 1 of them active"),
        ((), True, (), (), "its owner has bound a second factor, so somebody works with it"),
        ((), False, ("g", "h"), (), "it is in a group of somebody else's: h"),
        ((), False, (), (OWN, OTHER), "it has a policy of somebody else's: other (Custom)"),
    ],
)
def test_a_user_whom_somebody_works_with_is_in_use(keys, second_factor, groups, policies, why):
    assert holdbacks.user_in_use(keys, second_factor, groups, ("g",), policies, "own") == why


def vswitch(free):
    return VSwitch("vsw-1", "vpc-1", "v", "10.0.1.0/24", "cn-hangzhou-h", "Available", free)


def interface(*tags):
    return NetworkInterface("eni-1", "vpc-1", "vsw-1", ("sg-1",), "InUse", False, tags)


SERVICE = ("CreatedBy", "StreamCompute")


@pytest.mark.parametrize(
    ("free", "interfaces", "leaves", "why"),
    [
        (252, (), False, ""),
        (251, (interface(SERVICE),), True, ""),
        (251, (interface(SERVICE),), False, "network interfaces are in it: eni-1"),
        (251, (interface(),), True, "network interfaces are in it: eni-1"),
        (250, (interface(SERVICE),), True, "1 of its addresses are held by something else"),
    ],
)
def test_a_vswitch_with_an_address_in_use_is_in_use(free, interfaces, leaves, why):
    assert holdbacks.vswitch_in_use(vswitch(free), interfaces, leaves) == why


@pytest.mark.parametrize(
    ("tags", "leaves", "why"),
    [
        ((SERVICE,), True, ""),
        ((SERVICE,), False, "it has security groups, which are not this environment's to delete: sg-1"),
        ((), True, "it has security groups, which are not this environment's to delete: sg-1"),
    ],
)
def test_a_vpc_with_a_security_group_is_in_use(tags, leaves, why):
    group = SecurityGroup("sg-1", "vpc-1", "", False, tags)

    assert holdbacks.vpc_in_use((vswitch(252),), ["vsw-1"], (group,), leaves) == why


def workspace(**facts):
    known = {"status": "RUNNING", "charge_type": "POST", "cpu": 8, "created_ms": 0}
    return Workspace("f-1", "r-1", "w", zone="", vpc_id="", vswitch_ids=(), **(known | facts))


@pytest.mark.parametrize(
    ("facts", "namespaces", "why"),
    [
        ({}, (Namespace("w-default", "SUCCESS", 1), Namespace("own", "SUCCESS", 1)), ""),
        ({}, (Namespace("theirs", "SUCCESS", 1),), "it has a namespace of somebody else's: theirs"),
        ({}, (Namespace("w-default", "SUCCESS", 1, used_cus=2.0),), "jobs run in its default namespace w-default"),
        ({"protected": True}, (), "it is protected from deletion, by somebody who said so in the console"),
        ({"status": "CREATING"}, (), "it is CREATING"),
    ],
)
def test_a_workspace_that_others_use_is_in_use(facts, namespaces, why):
    assert holdbacks.workspace_in_use(workspace(**facts), namespaces, ["own"]) == why


def test_a_subscription_says_until_when_it_is_billed():
    assert holdbacks.workspace_billed(workspace()) == ""
    told = holdbacks.workspace_billed(workspace(charge_type="PRE", expires_ms=int(INTENDED * 1000)))
    assert "it stays billed until 2026-01-01 00:00 UTC" in told


def order(subscription):
    return OrderedInstance("o-1", "blinkonecs", "Normal", "cn-hangzhou", subscription, "", "2027-01-01T00:00:00Z")


def test_a_cluster_is_destroyed_only_when_every_order_that_it_may_be_of_is_paid_by_use():
    assert holdbacks.cluster_billed([order("PayAsYouGo")]) == ""
    assert "o-1 until 2027-01-01T00:00:00Z" in holdbacks.cluster_billed([order("PayAsYouGo"), order("Subscription")])
    assert "no order of it is seen" in holdbacks.cluster_billed([])


JOURNAL, JAR = ObjectVersion("j", "null"), ObjectVersion("udf/a.jar", "v1")


@pytest.mark.parametrize(
    ("versions", "uploads", "why"),
    [
        ((JOURNAL, JAR), (), ""),
        ((JOURNAL, ObjectVersion("udf/a.jar", "v1", True), JAR), (), ""),
        ((JOURNAL, JAR, ObjectVersion("udf/a.jar", "v2")), (), "somebody else has uploaded a version of udf/a.jar"),
        ((JOURNAL, ObjectVersion("theirs", "v1")), (), "it is not empty: theirs"),
        ((JOURNAL, ObjectVersion("theirs", "v1", True)), (), "it is not empty: theirs"),
        ((JOURNAL,), ("theirs",), "an upload in it is not finished: theirs"),
    ],
)
def test_a_bucket_is_in_use_when_any_version_in_it_is_not_ours(versions, uploads, why):
    assert holdbacks.bucket_in_use(versions, uploads, "j", {"udf/a.jar": 1}) == why


def test_what_stays_is_told_to_what_must_stay_because_of_it():
    gone, kept = Fate("-", "Project a"), Fate("$", "Cluster b", "billed")

    assert holdbacks.staying([gone, None]) == ""
    assert holdbacks.staying([gone, kept]) == "Cluster b stays"
