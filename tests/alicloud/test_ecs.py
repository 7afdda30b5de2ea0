"""ECS: what the service made in the VPC, and what is in stock."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import ecs
from alicloud.ecs import SERVICE_TAG, NetworkInterface, SecurityGroup, Stock
from alicloud.errors import Misconfigured, Unmet

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())["Ecs/2014-05-26"]

GROUP = SecurityGroup("sg-1", "vpc-1", "flink", False, ())
INTERFACE = NetworkInterface("eni-1", "vpc-1", "vsw-1", ("sg-1",), "InUse", False, (SERVICE_TAG,))
FOREIGN = NetworkInterface("eni-2", "vpc-1", "vsw-1", ("sg-2",), "InUse", False, (("CreatedBy", "me"),))
STOCKED = Stock("cn-hangzhou-b", "Available", "WithStock", "ecs.g6.2xlarge")
SOLD_OUT = Stock("cn-hangzhou-b", "SoldOut", "WithoutStock", "ecs.g7.2xlarge")


def test_the_published_security_groups_are_read():
    found = ecs.describe_security_groups().parse(SAMPLES["DescribeSecurityGroups"]["body"])

    assert found == (
        SecurityGroup(
            "sg-bp67acfmxazb4p0000", "vpc-bp67acfmxazb4p0000", "SGTestName", False, (("TestKey", "TestValue"),)
        ),
    )


def test_the_published_network_interfaces_are_read():
    found = ecs.describe_network_interfaces().parse(SAMPLES["DescribeNetworkInterfaces"]["body"])

    assert found == (
        NetworkInterface(
            network_interface_id="eni-bp125p95hhdhn3ot0000",
            vpc_id="vpc-bp1j7w3gc1cexjqd0000",
            vswitch_id="vsw-bp16usj2p27htro30000",
            security_group_ids=("sg-bp18kz60mefsicfg0000",),
            status="Available",
            service_managed=True,
            tags=(("TestKey", "TestValue"),),
        ),
    )


def test_the_published_stock_is_read():
    found = ecs.describe_available_resource("", 4, 16).parse(SAMPLES["DescribeAvailableResource"]["body"])

    assert found == (Stock("cn-hangzhou-e", "Available", "WithStock", "ecs.d1ne.xlarge"),)


def test_a_zone_that_offers_nothing_gives_no_stock():
    body = {"AvailableZones": {"AvailableZone": [{"ZoneId": "cn-hangzhou-e", "Status": "SoldOut"}]}}

    assert ecs.describe_available_resource("", 4, 16).parse(body) == ()


def test_what_lacks_tags_and_groups_is_read():
    row = {"NetworkInterfaceId": "eni-1", "VSwitchId": "vsw-1", "Status": "InUse"}

    (found,) = ecs.describe_network_interfaces().parse({"NetworkInterfaceSets": {"NetworkInterfaceSet": [row]}})

    assert (found.tags, found.security_group_ids) == ((), ())


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        (ecs.describe_security_groups(), {"MaxResults": "100"}),
        (
            ecs.describe_security_groups("vpc-1", "sg-1", SERVICE_TAG),
            {
                "VpcId": "vpc-1",
                "SecurityGroupId": "sg-1",
                "MaxResults": "100",
                "Tag.1.Key": "CreatedBy",
                "Tag.1.Value": "StreamCompute",
            },
        ),
        (
            ecs.describe_network_interfaces("vsw-1", tag=SERVICE_TAG),
            {
                "VSwitchId": "vsw-1",
                "MaxResults": "500",
                "Tag.1.Key": "CreatedBy",
                "Tag.1.Value": "StreamCompute",
            },
        ),
        (ecs.describe_network_interfaces(security_group_id="sg-1"), {"SecurityGroupId": "sg-1", "MaxResults": "500"}),
    ],
)
def test_a_list_is_asked_for_by_what_is_given_and_may_be_empty(call, parameters):
    assert call.parameters == parameters
    assert call.is_read
    assert call.missing == ()


@pytest.mark.parametrize("call", [ecs.describe_security_groups(), ecs.describe_network_interfaces()])
@pytest.mark.parametrize(
    ("body", "following"), [({"NextToken": "n2"}, {"NextToken": "n2"}), ({"NextToken": ""}, None), ({}, None)]
)
def test_a_list_is_read_to_its_last_page(call, body, following):
    assert call.next_page(body) == following


@pytest.mark.requirement("R16")
@pytest.mark.parametrize(
    ("group_id", "groups", "interfaces", "missing"),
    [
        ("sg-1", (GROUP,), (INTERFACE,), []),
        ("sg-1", (GROUP,), (replace(INTERFACE, tags=()),), []),  # in the group, though not tagged
        ("sg-1", (GROUP,), (replace(INTERFACE, security_group_ids=()),), []),  # tagged, though not in the group
        ("sg-1", (), (INTERFACE,), ["security group sg-1"]),
        ("sg-1", (replace(GROUP, security_group_id="sg-2"),), (INTERFACE,), ["security group sg-1"]),
        ("sg-1", (GROUP,), (), ["every network interface (ENI) of the service in security group sg-1"]),
        ("sg-1", (GROUP,), (FOREIGN,), ["every network interface (ENI) of the service in security group sg-1"]),
        (
            "sg-1",
            (GROUP,),
            (replace(INTERFACE, status="Deleting"),),
            ["every network interface (ENI) of the service in security group sg-1"],
        ),
        (
            "sg-1",
            (),
            (),
            ["security group sg-1", "every network interface (ENI) of the service in security group sg-1"],
        ),
        ("", (), (INTERFACE,), []),
        ("", (GROUP,), (FOREIGN,), ["every network interface (ENI) of the service"]),
    ],
)
def test_what_the_service_made_and_is_gone_is_said_in_words(group_id, groups, interfaces, missing):
    assert ecs.service_objects_missing(group_id, groups, interfaces) == missing


@pytest.mark.requirement("R18")
def test_stock_is_asked_for_by_size_zone_and_billing():
    assert ecs.describe_available_resource("cn-hangzhou-b", 8, 32).parameters == {
        "DestinationResource": "InstanceType",
        "ResourceType": "instance",
        "Cores": "8",
        "Memory": "32",
        "InstanceChargeType": "PrePaid",
        "ZoneId": "cn-hangzhou-b",
    }
    assert "ZoneId" not in ecs.describe_available_resource("", 8, 32, "PostPaid").parameters


@pytest.mark.requirement("R18")
@pytest.mark.parametrize(
    "stock",
    [
        (STOCKED,),
        (SOLD_OUT, STOCKED),  # one type of the size is enough
        (replace(STOCKED, category="ClosedWithStock"),),
    ],
)
def test_a_zone_with_stock_is_taken(stock):
    ecs.check_stock("Ecs_8c32g", "cn-hangzhou-b", stock)


@pytest.mark.requirement("R18")
@pytest.mark.parametrize(
    ("stock", "words"),
    [
        ((), ["not offered there"]),
        ((SOLD_OUT,), ["SoldOut (WithoutStock)"]),
        ((replace(STOCKED, category="ClosedWithoutStock"),), ["Available (ClosedWithoutStock)"]),
        ((replace(STOCKED, category="SomethingNew"),), ["Available (SomethingNew)"]),
        ((SOLD_OUT, replace(STOCKED, zone="cn-hangzhou-e")), ["in stock: cn-hangzhou-e"]),
    ],
)
def test_a_zone_without_stock_is_refused_naming_another_zone_or_a_ticket(stock, words):
    with pytest.raises(Unmet) as caught:
        ecs.check_stock("Ecs_8c32g", "cn-hangzhou-b", stock)

    text = str(caught.value)
    assert all(word in text for word in ["Ecs_8c32g", "cn-hangzhou-b", "another zone", "ticket", *words])


@pytest.mark.parametrize(
    ("specification", "size"), [("Ecs_8c32g", (8, 32)), ("Ecs_4c16g", (4, 16)), ("Ecs_56c224g", (56, 224))]
)
def test_a_node_specification_says_cores_and_memory(specification, size):
    assert ecs.cores_and_memory(specification) == size


@pytest.mark.parametrize("specification", ["", "ecs.g6.2xlarge", "Ecs_8c", "Ecs_8c32g ", "ecs_8c32g"])
def test_what_is_no_node_specification_is_refused_before_the_cloud_is_asked(specification):
    with pytest.raises(Misconfigured, match="Ecs_8c32g"):
        ecs.cores_and_memory(specification)
