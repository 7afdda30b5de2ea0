"""VPCs: what is read, what is decided."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import vpc
from alicloud.call import PLANNED, Kind
from alicloud.errors import Unmet
from alicloud.vpc import Vpc, VpcSpec

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())["Vpc/2016-04-28"]

FLINK = Vpc("vpc-1", "flink", "10.0.0.0/8", "Available", "cn-hangzhou")
NAMELESS = replace(FLINK, name="")
BY_NAME = VpcSpec("dev", "cn-hangzhou", name="flink")
BY_ID = VpcSpec("dev", "cn-hangzhou", vpc_id="vpc-1")


def test_the_published_list_is_read():
    call = vpc.describe_vpcs()

    found = call.parse(SAMPLES["DescribeVpcs"]["body"])

    assert found == (Vpc("vpc-bp1qpo0kug3a20qqe0000", "vpc1", "192.168.0.0/16", "Available", "cn-hangzhou"),)


def test_the_published_creation_gives_the_id():
    assert vpc.create_vpc(BY_NAME).parse(SAMPLES["CreateVpc"]["body"]) == "vpc-bp15zckdt37pq72zv0000"


def test_the_published_renaming_and_zones_are_read():
    assert vpc.modify_vpc_attribute("vpc-1", "flink").parse(SAMPLES["ModifyVpcAttribute"]["body"]) is None
    assert vpc.describe_zones().parse(SAMPLES["DescribeZones"]["body"]) == ("cn-hangzhou-b",)


def test_a_vpc_without_a_name_is_read():
    row = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/8", "Status": "Pending", "RegionId": "cn-hangzhou"}

    found = vpc.describe_vpcs().parse({"Vpcs": {"Vpc": [row]}})

    assert found == (Vpc("vpc-1", "", "10.0.0.0/8", "Pending", "cn-hangzhou"),)


@pytest.mark.parametrize(
    ("page", "total", "following"),
    [(1, 50, None), (1, 51, {"PageNumber": "2", "PageSize": "50"}), (2, 51, None), (1, 0, None)],
)
def test_a_list_is_read_to_its_last_page(page, total, following):
    next_page = vpc.describe_vpcs().next_page

    assert next_page({"PageNumber": page, "PageSize": 50, "TotalCount": total}) == following


@pytest.mark.parametrize(
    ("spec", "parameters"),
    [
        (BY_ID, {"VpcId": "vpc-1", "PageSize": "50"}),
        (BY_NAME, {"VpcName": "flink", "PageSize": "50"}),
        (VpcSpec("dev", "cn-hangzhou"), {"VpcName": "flink-dev", "PageSize": "50"}),
    ],
)
def test_a_vpc_is_looked_for_by_id_else_by_name(spec, parameters):
    call = vpc.read_vpc(spec)

    assert call.parameters == parameters
    assert call.kind is Kind.READ
    assert call.missing == ()


@pytest.mark.requirement("R17")
@pytest.mark.parametrize(
    ("spec", "actual", "actions"),
    [
        (BY_NAME, (), ["CreateVpc"]),
        (BY_NAME, (FLINK,), []),
        (BY_NAME, (replace(FLINK, status="Pending"),), []),
        (BY_NAME, (replace(FLINK, name="flink-2"),), ["CreateVpc"]),  # should the filter match loosely
        (VpcSpec("dev", "cn-hangzhou"), (NAMELESS,), ["CreateVpc"]),
        (replace(BY_NAME, cidr="10.0.0.0/8"), (FLINK,), []),
        (replace(BY_NAME, cidr="10.1.0.0/8"), (FLINK,), []),  # the same block, written otherwise
        (replace(BY_NAME, may_create=False), (FLINK,), []),
        (BY_ID, (FLINK,), []),
        (replace(BY_ID, name="other"), (FLINK,), []),  # it has a name; another one is not ours to overwrite
        (BY_ID, (NAMELESS,), ["ModifyVpcAttribute"]),
    ],
)
def test_only_what_is_missing_is_done(spec, actual, actions):
    assert [call.action for call in vpc.vpc_changes(spec, actual)] == actions


@pytest.mark.requirement("R17")
@pytest.mark.parametrize(
    ("spec", "actual", "words"),
    [
        (BY_ID, (), ["vpc-1", "does not exist in cn-hangzhou"]),
        (BY_NAME, (FLINK, replace(FLINK, vpc_id="vpc-2")), ["2 VPCs", "vpc-1, vpc-2", "Put the id"]),
        (replace(BY_NAME, cidr="172.16.0.0/12"), (FLINK,), ["vpc-1", "10.0.0.0/8", "172.16.0.0/12"]),
        (replace(BY_ID, cidr="172.16.0.0/12"), (FLINK,), ["vpc-1", "10.0.0.0/8", "172.16.0.0/12"]),
        (replace(BY_NAME, may_create=False), (), ["flink", "forbids creating"]),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(spec, actual, words):
    with pytest.raises(Unmet) as caught:
        vpc.vpc_changes(spec, actual)

    assert all(word in str(caught.value) for word in words)
    assert caught.value.remedy


@pytest.mark.requirement("R17")
@pytest.mark.parametrize(("spec", "name"), [(BY_ID, "flink-dev"), (replace(BY_ID, name="net"), "net")])
def test_a_vpc_without_a_name_gets_the_wanted_or_a_derived_one(spec, name):
    (call,) = vpc.vpc_changes(spec, (NAMELESS,))

    assert call.parameters == {"VpcId": "vpc-1", "VpcName": name}
    assert call.kind is Kind.IDEMPOTENT


def test_what_is_decided_is_content_with_its_own_effect():
    spec = replace(BY_NAME, cidr="10.0.0.0/8")

    assert vpc.vpc_changes(spec, vpc.planned_vpc(spec)) == []


def test_a_creation_carries_the_same_token_in_every_run():
    first, second = vpc.create_vpc(BY_NAME), vpc.create_vpc(replace(BY_NAME, may_create=False))

    assert first.kind is Kind.TOKENED
    assert first.parameters == second.parameters
    assert len(first.parameters["ClientToken"]) == 64


@pytest.mark.parametrize("change", [{"region": "cn-beijing"}, {"name": "other"}, {"cidr": "192.168.0.0/16"}])
def test_another_creation_carries_another_token(change):
    other = vpc.create_vpc(replace(BY_NAME, **change))

    assert other.parameters["ClientToken"] != vpc.create_vpc(BY_NAME).parameters["ClientToken"]


def test_environments_that_share_a_vpc_by_name_share_the_token_of_its_creation():
    spec = replace(BY_NAME, cidr="10.0.0.0/8")

    assert vpc.create_vpc(replace(spec, environment="prod")).parameters == vpc.create_vpc(spec).parameters
    assert vpc.create_vpc(replace(spec, environment="prod")).makes == vpc.create_vpc(spec).makes


def test_a_creation_without_a_block_leaves_it_to_the_cloud():
    call = vpc.create_vpc(BY_NAME)

    assert "CidrBlock" not in call.parameters
    assert vpc.DEFAULT_VPC_CIDR in call.means


def test_the_wanted_one_is_picked():
    assert vpc.pick_vpc(BY_NAME, (replace(FLINK, vpc_id="vpc-0", name="x"), FLINK)) == FLINK
    assert vpc.pick_vpc(BY_NAME, vpc.planned_vpc(BY_NAME)).vpc_id == PLANNED


def test_none_is_picked_when_it_is_not_there():
    with pytest.raises(Unmet, match="flink is not in cn-hangzhou"):
        vpc.pick_vpc(BY_NAME, ())


@pytest.mark.parametrize(
    ("spec", "planned"),
    [
        (BY_NAME, Vpc(PLANNED, "flink", "172.16.0.0/12", "Available", "cn-hangzhou")),
        (BY_ID, Vpc("vpc-1", "flink-dev", "", "Available", "cn-hangzhou")),
    ],
)
def test_a_dry_run_hands_on_what_would_be_there(spec, planned):
    assert vpc.planned_vpc(spec) == (planned,)


@pytest.mark.parametrize(
    ("statuses", "ready"),
    [([], False), (["Pending"], False), (["Available"], True), (["Available", "Pending"], False)],
)
def test_a_vpc_is_ready_when_it_is_there_and_available(statuses, ready):
    assert vpc.vpc_ready(tuple(replace(FLINK, status=status) for status in statuses)) is ready


def test_a_vpc_in_an_unknown_state_is_not_waited_for():
    with pytest.raises(Unmet, match="VPC vpc-1 is in the state Broken"):
        vpc.vpc_ready((replace(FLINK, status="Broken"),))


def test_a_zone_of_the_region_is_taken_and_another_refused():
    vpc.check_zone("cn-hangzhou-b", ("cn-hangzhou-b", "cn-hangzhou-e"), "cn-hangzhou")

    with pytest.raises(Unmet, match=r"cn-beijing-a is not in cn-hangzhou, which has cn-hangzhou-b\. Put one"):
        vpc.check_zone("cn-beijing-a", ("cn-hangzhou-b",), "cn-hangzhou")
