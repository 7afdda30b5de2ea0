"""alibabacloud_ecs20140526 against the emulator."""

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from tests.emulator.clients.actions import expected
from tests.emulator.clients.paging import by_number, by_token
from tests.emulator.clients.walks import ecs

REGION = {"RegionId": "cn-hangzhou"}


@pytest.fixture
def client(v2, sow):
    sow(ecs.SEED)
    return v2("ecs")


def make_groups(client, count):
    made = [client("CreateSecurityGroup", VpcId="vpc-1", **REGION) for _ in range(count)]
    return sorted(reply["SecurityGroupId"] for reply in made)


def test_nothing_of_any_reply_is_lost(client, wait):
    ecs.walk(client, wait)

    assert client.called == expected("alibabacloud_*", "ecs")


def test_security_groups_are_read_to_the_last_page_in_both_ways(client):
    groups = make_groups(client, 5)
    where = ("DescribeSecurityGroups", "SecurityGroups.SecurityGroup")

    numbered = by_number(client, *where, **REGION)
    chained = by_token(client, *where, MaxResults=2, **REGION)

    assert sorted(row["SecurityGroupId"] for row in numbered) == groups
    assert sorted(row["SecurityGroupId"] for row in chained) == groups


def test_interfaces_are_read_to_the_last_page_in_both_ways(client):
    [group] = make_groups(client, 1)
    wanted = {**REGION, "VSwitchId": "vsw-1", "SecurityGroupId": group}
    made = sorted(client("CreateNetworkInterface", **wanted)["NetworkInterfaceId"] for _ in range(12))
    where = ("DescribeNetworkInterfaces", "NetworkInterfaceSets.NetworkInterfaceSet")

    numbered = by_number(client, *where, size=5, **REGION)
    chained = by_token(client, *where, MaxResults=10, **REGION)

    assert sorted(row["NetworkInterfaceId"] for row in numbered) == made
    assert sorted(row["NetworkInterfaceId"] for row in chained) == made


def test_rules_are_read_to_the_last_page(client):
    [group] = make_groups(client, 1)
    rules = [{"IpProtocol": "tcp", "PortRange": f"{i}/{i}", "SourceCidrIp": "10.0.0.0/8"} for i in range(1, 31)]
    client("AuthorizeSecurityGroup", SecurityGroupId=group, Permissions=rules, **REGION)
    where = ("DescribeSecurityGroupAttribute", "Permissions.Permission")

    found = by_token(client, *where, SecurityGroupId=group, MaxResults=10, **REGION)

    assert {row["PortRange"] for row in found} == {f"{i}/{i}" for i in range(1, 31)}


def test_a_client_token_with_other_parameters_is_a_mismatch(client):
    client("CreateSecurityGroup", VpcId="vpc-1", ClientToken="once", **REGION)

    with pytest.raises(ClientException) as refused:
        client.send("CreateSecurityGroup", VpcId="vpc-1", SecurityGroupName="other", ClientToken="once", **REGION)

    assert (refused.value.status_code, refused.value.code) == (403, "IdempotentParameterMismatch")
