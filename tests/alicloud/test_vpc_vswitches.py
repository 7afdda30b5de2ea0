"""vSwitches: what is read, what is decided, what is checked."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import vpc_vswitches as vswitches
from alicloud.call import PLANNED, Kind
from alicloud.errors import Unmet
from alicloud.vpc_vswitches import VSwitch, VSwitchSpec

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())["Vpc/2016-04-28"]

FLINK = VSwitch("vsw-1", "vpc-1", "flink", "10.1.0.0/24", "cn-hangzhou-b", "Available", 252)
ELSEWHERE = replace(FLINK, vpc_id="vpc-2")
SPEC = VSwitchSpec("dev", "vpc-1", cidr="10.1.0.0/24", zone="cn-hangzhou-b")
BY_ID = VSwitchSpec("dev", "vpc-1", vswitch_id="vsw-1")
BY_NAME = VSwitchSpec("dev", "vpc-1", name="flink")


def test_the_published_list_is_read():
    found = vswitches.describe_vswitches().parse(SAMPLES["DescribeVSwitches"]["body"])

    assert found == (
        VSwitch(
            "vsw-25bcdxs7pv10000", "vpc-257gcdcdq640000", "vSwitch", "172.16.0.0/24", "cn-hangzhou-d", "Available", 1
        ),
    )


def test_the_published_creation_gives_the_id():
    assert vswitches.create_vswitch(SPEC).parse(SAMPLES["CreateVSwitch"]["body"]) == "vsw-25navfgbue4g0000"


def test_a_list_is_read_to_its_last_page():
    next_page = vswitches.describe_vswitches("vpc-1").next_page

    assert next_page({"PageNumber": 1, "PageSize": 50, "TotalCount": 120}) == {"PageNumber": "2", "PageSize": "50"}
    assert next_page({"PageNumber": 3, "PageSize": 50, "TotalCount": 120}) is None


@pytest.mark.parametrize(
    ("spec", "parameters"),
    [(BY_ID, {"VSwitchId": "vsw-1", "PageSize": "50"}), (SPEC, {"VpcId": "vpc-1", "PageSize": "50"})],
)
def test_an_id_is_looked_for_everywhere_and_a_block_in_the_vpc(spec, parameters):
    call = vswitches.read_vswitch(spec)

    assert call.parameters == parameters
    assert call.missing == ()


def test_the_list_of_a_vpc_that_is_only_planned_is_not_asked_of_the_cloud():
    assert vswitches.read_vswitch(replace(SPEC, vpc_id=PLANNED)).concerns_planned


@pytest.mark.parametrize(
    ("spec", "actual", "actions"),
    [
        (SPEC, (), ["CreateVSwitch"]),
        (SPEC, (FLINK,), []),
        (SPEC, (replace(FLINK, name="other"),), []),  # the block is the key, the name is not
        (replace(SPEC, cidr="10.1.0.9/24"), (FLINK,), []),  # the same block, written otherwise
        (replace(SPEC, cidr="10.1.1.0/24"), (FLINK,), ["CreateVSwitch"]),
        (SPEC, (ELSEWHERE,), ["CreateVSwitch"]),  # another VPC may use the same block
        (replace(SPEC, may_create=False), (FLINK,), []),
        (BY_ID, (FLINK,), []),
        (replace(BY_ID, zone="cn-hangzhou-b", cidr="10.1.0.0/24"), (FLINK,), []),
        (BY_NAME, (FLINK,), []),
    ],
)
def test_only_what_is_missing_is_done(spec, actual, actions):
    assert [call.action for call in vswitches.vswitch_changes(spec, actual)] == actions


@pytest.mark.parametrize(
    ("spec", "actual", "words"),
    [
        (BY_ID, (), ["vsw-1", "does not exist"]),
        (BY_ID, (ELSEWHERE,), ["in VPC vpc-2, not vpc-1"]),
        (replace(BY_ID, zone="cn-hangzhou-e"), (FLINK,), ["in zone cn-hangzhou-b, not cn-hangzhou-e"]),
        (replace(BY_ID, cidr="10.9.0.0/24"), (FLINK,), ["10.1.0.0/24, not 10.9.0.0/24"]),
        (replace(BY_ID, zone="cn-hangzhou-e"), (ELSEWHERE,), ["VPC vpc-2", "and in zone", "cannot be moved"]),
        (replace(SPEC, zone="cn-hangzhou-e"), (FLINK,), ["in zone cn-hangzhou-b, not cn-hangzhou-e"]),
        (replace(SPEC, cidr="10.1.0.0/16"), (FLINK,), ["10.1.0.0/16 overlaps with vSwitch vsw-1 (10.1.0.0/24)"]),
        (replace(SPEC, cidr="10.1.0.128/25"), (FLINK,), ["overlaps"]),
        (replace(SPEC, may_create=False), (), ["10.1.0.0/24", "forbids creating"]),
        (replace(SPEC, zone=""), (), ["takes a CIDR block and a zone"]),
        (BY_NAME, (), ["flink", "takes a CIDR block and a zone"]),
        (BY_NAME, (FLINK, replace(FLINK, vswitch_id="vsw-2")), ["2 vSwitches", "vsw-1, vsw-2"]),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(spec, actual, words):
    with pytest.raises(Unmet) as caught:
        vswitches.vswitch_changes(spec, actual)

    assert all(word in str(caught.value) for word in words)
    assert caught.value.remedy


def test_a_creation_carries_all_that_it_needs_and_the_same_token_in_every_run():
    (call,) = vswitches.vswitch_changes(SPEC, ())

    token = call.parameters["ClientToken"]
    assert call.kind is Kind.TOKENED
    assert call.parameters == {
        "VpcId": "vpc-1",
        "CidrBlock": "10.1.0.0/24",
        "ZoneId": "cn-hangzhou-b",
        "VSwitchName": "flink-dev",
        "ClientToken": token,
    }
    assert vswitches.create_vswitch(SPEC).parameters["ClientToken"] == token


@pytest.mark.parametrize(
    "change",
    [{"environment": "prod"}, {"vpc_id": "vpc-2"}, {"cidr": "10.2.0.0/24"}, {"zone": "cn-hangzhou-e"}, {"name": "x"}],
)
def test_another_creation_carries_another_token(change):
    other = vswitches.create_vswitch(replace(SPEC, **change))

    assert other.parameters["ClientToken"] != vswitches.create_vswitch(SPEC).parameters["ClientToken"]


def test_the_wanted_one_is_picked():
    assert vswitches.pick_vswitch(SPEC, (replace(FLINK, cidr="10.2.0.0/24"), ELSEWHERE, FLINK)) == FLINK


def test_none_is_picked_when_it_is_not_there():
    with pytest.raises(Unmet, match=r"10\.1\.0\.0/24 is not in VPC vpc-1"):
        vswitches.pick_vswitch(SPEC, (ELSEWHERE,))


def test_a_dry_run_hands_on_the_vswitch_with_all_its_addresses_free_and_its_neighbours():
    neighbour = replace(FLINK, cidr="10.2.0.0/24")

    planned = vswitches.planned_vswitch(SPEC, (neighbour,))

    assert planned[0] == neighbour
    assert planned[1] == VSwitch(PLANNED, "vpc-1", "flink-dev", "10.1.0.0/24", "cn-hangzhou-b", "Available", 252)
    assert vswitches.vswitch_changes(SPEC, planned) == []


@pytest.mark.parametrize(("cidr", "count"), [("10.0.0.0/16", 65532), ("10.0.0.0/24", 252), ("10.0.0.0/29", 4)])
def test_four_addresses_of_every_block_are_reserved(cidr, count):
    assert vswitches.usable_addresses(cidr) == count


@pytest.mark.parametrize(
    ("statuses", "ready"),
    [([], False), (["Pending"], False), (["Available"], True), (["Available", "Pending"], False)],
)
def test_vswitches_are_ready_when_there_and_available(statuses, ready):
    assert vswitches.vswitch_ready(tuple(replace(FLINK, status=status) for status in statuses)) is ready


def test_a_vswitch_in_an_unknown_state_is_not_waited_for():
    with pytest.raises(Unmet, match="vSwitch vsw-1 is in the state Broken"):
        vswitches.vswitch_ready((replace(FLINK, status="Broken"),))


@pytest.mark.requirement("R19")
@pytest.mark.parametrize(("zone", "nodes"), [("cn-hangzhou-b", 252), ("", 1)])
def test_a_vswitch_with_room_in_the_zone_is_taken(zone, nodes):
    vswitches.check_vswitch(FLINK, zone, nodes)


@pytest.mark.requirement("R19")
@pytest.mark.parametrize(
    ("vswitch", "zone", "nodes", "words"),
    [
        (FLINK, "cn-hangzhou-b", 253, ["10.1.0.0/24", "cn-hangzhou-b", "252 free", "253 nodes", "/23"]),
        (replace(FLINK, free_addresses=5), "", 6, ["5 free", "6 nodes need 6", "/28"]),
        (FLINK, "cn-hangzhou-e", 1, ["vsw-1", "not in zone cn-hangzhou-e"]),
        (replace(FLINK, status="Pending"), "cn-hangzhou-b", 1, ["is Pending"]),
        (replace(FLINK, status="Broken"), "cn-hangzhou-b", 1, ["state Broken"]),
    ],
)
def test_a_vswitch_without_room_or_elsewhere_is_refused_with_zone_block_and_numbers(vswitch, zone, nodes, words):
    with pytest.raises(Unmet) as caught:
        vswitches.check_vswitch(vswitch, zone, nodes)

    assert all(word in str(caught.value) for word in words)
    assert caught.value.remedy


@pytest.mark.requirement("R19")
def test_several_vswitches_give_their_addresses_together():
    both = [replace(FLINK, free_addresses=3), replace(FLINK, vswitch_id="vsw-2", free_addresses=4)]

    vswitches.check_vswitches(both, "cn-hangzhou-b", 7)

    with pytest.raises(Unmet, match=r"7 free addresses \(vSwitch vsw-1 .*: 3 and vSwitch vsw-2 .*: 4\), and 8 nodes"):
        vswitches.check_vswitches(both, "cn-hangzhou-b", 8)


@pytest.mark.parametrize("change", [{"zone": "cn-hangzhou-e"}, {"status": "Pending"}])
def test_each_of_several_vswitches_must_be_available_in_the_zone(change):
    both = [FLINK, replace(FLINK, vswitch_id="vsw-2", **change)]

    with pytest.raises(Unmet, match="vsw-2"):
        vswitches.check_vswitches(both, "cn-hangzhou-b", 1)


def test_nodes_without_any_vswitch_are_refused():
    with pytest.raises(Unmet, match="no vSwitch"):
        vswitches.check_vswitches([], "", 1)
