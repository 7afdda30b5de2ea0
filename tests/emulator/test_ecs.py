"""ECS 2014-05-26: security groups, network interfaces and stock."""

import json

import pytest
from pydantic import TypeAdapter

from emulator import ecs, ecs_interfaces, ecs_security_groups, ecs_seed, ecs_stock, vpc, vpc_seed
from emulator.request import Caller, Refusal, Request
from emulator.world import Clock, World
from tests.emulator.shape import SAMPLES, differences, sample

REGION = "cn-hangzhou"
ROUTES = {**ecs_security_groups.ROUTES, **ecs_interfaces.ROUTES, **ecs_stock.ROUTES}
TCP = {
    "Permissions.1.IpProtocol": "tcp",
    "Permissions.1.PortRange": "22/22",
    "Permissions.1.SourceCidrIp": "10.0.0.0/8",
}


@pytest.fixture
def world():
    world = World(clock=Clock(wall=lambda: 1_700_000_000.0))
    vswitches = [{"id": "vsw-1", "cidr": "10.0.0.0/29", "zone": "cn-hangzhou-g"}]
    networks = [{"id": "vpc-1", "cidr": "10.0.0.0/8", "name": "net", "vswitches": vswitches}, {"id": "vpc-2"}]
    vpc_seed.seed(world, {"vpcs": networks})
    return world


def call(world, action, /, **parameters):
    parameters = {"RegionId": REGION, **parameters}
    caller = Caller("Account", world.account_id, "key")
    return ROUTES[action](world, Request(action, caller, parameters, region=parameters["RegionId"]))


def refused(world, action, /, **parameters):
    with pytest.raises(Refusal) as caught:
        call(world, action, **parameters)
    return caught.value.status, caught.value.code


def make_group(world, **parameters):
    return call(world, "CreateSecurityGroup", **{"VpcId": "vpc-1", **parameters})["SecurityGroupId"]


def make_interface(world, group, **parameters):
    parameters = {"VSwitchId": "vsw-1", "SecurityGroupId": group, **parameters}
    return call(world, "CreateNetworkInterface", **parameters)


def rules(world, group):
    reply = call(world, "DescribeSecurityGroupAttribute", SecurityGroupId=group)
    return reply["Permissions"]["Permission"]


def free(world):
    return vpc.find_vswitch(world, "vsw-1").free


def dump(world):
    kinds = (vpc.State, ecs.State)
    return [TypeAdapter(kind).dump_json(world.part(kind)) for kind in kinds]


def test_every_action_answers_as_the_published_samples_do(world):
    tags = {"Tag.1.Key": "team", "Tag.1.Value": "data"}
    replies = {"CreateSecurityGroup": call(world, "CreateSecurityGroup", VpcId="vpc-1", **tags)}
    group, other = replies["CreateSecurityGroup"]["SecurityGroupId"], make_group(world)
    replies["AuthorizeSecurityGroup"] = call(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **TCP)
    link = {"IpProtocol": "ALL", "SourceGroupId": other}
    call(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **link)
    replies["CreateNetworkInterface"] = make_interface(world, group, SecondaryPrivateIpAddressCount="1", **tags)
    interface_id = replies["CreateNetworkInterface"]["NetworkInterfaceId"]
    for action in ("DescribeSecurityGroups", "DescribeNetworkInterfaces", "DescribeZones", "DescribeRegions"):
        replies[action] = call(world, action)
    replies["DescribeSecurityGroupAttribute"] = call(world, "DescribeSecurityGroupAttribute", SecurityGroupId=group)
    references = {"SecurityGroupId.1": group, "SecurityGroupId.2": other}
    replies["DescribeSecurityGroupReferences"] = call(world, "DescribeSecurityGroupReferences", **references)
    stock = {"DestinationResource": "InstanceType", "Cores": "4", "Memory": "16.0"}
    replies["DescribeAvailableResource"] = call(world, "DescribeAvailableResource", **stock)
    replies["RevokeSecurityGroup"] = call(world, "RevokeSecurityGroup", SecurityGroupId=group, **TCP)
    replies["DeleteNetworkInterface"] = call(world, "DeleteNetworkInterface", NetworkInterfaceId=interface_id)
    replies["DeleteSecurityGroup"] = call(world, "DeleteSecurityGroup", SecurityGroupId=group)

    assert replies.keys() == ROUTES.keys() == SAMPLES["Ecs/2014-05-26"].keys()
    for action, reply in replies.items():
        assert differences(reply, sample("Ecs/2014-05-26", action)) == []
    assert replies["DescribeSecurityGroups"]["SecurityGroups"]["SecurityGroup"][0]["SecurityGroupId"] == group
    [row] = replies["DescribeNetworkInterfaces"]["NetworkInterfaceSets"]["NetworkInterfaceSet"]
    assert (row["NetworkInterfaceId"], row["VSwitchId"], row["Status"]) == (interface_id, "vsw-1", "Available")
    assert row["Tags"] == {"Tag": [{"TagKey": "team", "TagValue": "data"}]}
    [reference] = replies["DescribeSecurityGroupReferences"]["SecurityGroupReferences"]["SecurityGroupReference"]
    found = [{"AliUid": world.account_id, "SecurityGroupId": group}]
    assert reference == {"SecurityGroupId": other, "ReferencingSecurityGroups": {"ReferencingSecurityGroup": found}}
    assert len(replies["DescribeSecurityGroupAttribute"]["Permissions"]["Permission"]) == 2


def test_two_security_groups_may_have_one_name(world):
    first, second = make_group(world, SecurityGroupName="flink"), make_group(world, SecurityGroupName="flink")
    make_group(world, SecurityGroupName="flink-2")

    found = call(world, "DescribeSecurityGroups", VpcId="vpc-1", SecurityGroupName="flink")

    assert [row["SecurityGroupId"] for row in found["SecurityGroups"]["SecurityGroup"]] == [first, second]


def test_security_groups_are_found_by_a_list_of_ids(world):
    first, second = make_group(world), make_group(world)

    def found(**filters):
        rows = call(world, "DescribeSecurityGroups", **filters)["SecurityGroups"]["SecurityGroup"]
        return [row["SecurityGroupId"] for row in rows]

    assert found(SecurityGroupIds=json.dumps([second, "sg-unknown"])) == [second]
    assert found(SecurityGroupId=first) == [first]
    assert found(SecurityGroupId="sg-unknown") == []
    assert found(ServiceManaged="true") == []
    assert refused(world, "DescribeSecurityGroups", SecurityGroupIds="{}")[0] == 400
    assert refused(world, "DescribeSecurityGroups", SecurityGroupIds="[[]]")[0] == 400


def test_security_groups_come_in_pages_of_both_kinds(world):
    ids = [make_group(world) for _ in range(3)]

    first = call(world, "DescribeSecurityGroups", MaxResults="2")
    second = call(world, "DescribeSecurityGroups", MaxResults="2", NextToken=first["NextToken"])
    numbered = call(world, "DescribeSecurityGroups", PageNumber="2", PageSize="2")

    rows = [row["SecurityGroupId"] for reply in (first, second) for row in reply["SecurityGroups"]["SecurityGroup"]]
    assert rows == ids
    assert second["NextToken"] == ""
    assert [row["SecurityGroupId"] for row in numbered["SecurityGroups"]["SecurityGroup"]] == ids[2:]


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        ({"VpcId": "vpc-unknown"}, (404, "InvalidVpcId.NotFound")),
        ({"VpcId": ""}, (403, "InvalidVpcId.NotFound")),
        ({"RegionId": "cn-beijing"}, (404, "InvalidVpcId.NotFound")),
        ({"RegionId": "cn-atlantis"}, (404, "InvalidRegionId.NotFound")),
        ({"SecurityGroupName": "1st"}, (400, "InvalidSecurityGroupName.Malformed")),
        ({"SecurityGroupName": "x"}, (400, "InvalidSecurityGroupName.Malformed")),
        ({"SecurityGroupName": "http://x"}, (400, "InvalidSecurityGroupName.Malformed")),
        ({"Description": "https://x"}, (400, "InvalidDescription.Malformed")),
        ({"SecurityGroupType": "grand"}, (400, "InvalidParameter.SecurityGroupType")),
        ({"Tag.1.Key": "a", "Tag.2.Key": "a"}, (400, "Duplicate.TagKey")),
        ({"ClientToken": "ä"}, (400, "InvalidClientToken.Malformed")),
    ],
)
def test_an_impossible_security_group_is_refused_and_leaves_no_trace(world, parameters, answer):
    before = dump(world)

    assert refused(world, "CreateSecurityGroup", **{"VpcId": "vpc-1", **parameters}) == answer
    assert dump(world) == before


def test_the_quota_of_security_groups_holds(world):
    world.part(ecs.State).security_group_quota = 1
    make_group(world)

    assert refused(world, "CreateSecurityGroup", VpcId="vpc-1") == (403, "QuotaExceed.SecurityGroup")


def test_a_client_token_makes_one_security_group(world):
    first, second = (make_group(world, ClientToken="t", SignatureNonce=nonce) for nonce in "ab")

    assert first == second
    assert refused(world, "CreateSecurityGroup", VpcId="vpc-2", ClientToken="t") == (403, "IdempotentParameterMismatch")


def test_a_rule_is_added_once_however_it_is_written(world):
    group = make_group(world)
    again = {**TCP, "Permissions.1.IpProtocol": "TCP", "Permissions.1.Policy": "Accept", "Permissions.1.Priority": "1"}

    call(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **TCP)
    call(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **again)

    [rule] = rules(world, group)
    assert (rule["IpProtocol"], rule["PortRange"], rule["SourceCidrIp"]) == ("TCP", "22/22", "10.0.0.0/8")
    assert (rule["Policy"], rule["Priority"], rule["Direction"], rule["NicType"]) == (
        "Accept",
        "1",
        "ingress",
        "intranet",
    )


def test_a_rule_is_revoked_by_what_it_says_and_a_missing_one_is_no_error(world):
    group = make_group(world)
    call(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **TCP)

    for _ in range(2):
        assert call(world, "RevokeSecurityGroup", SecurityGroupId=group, **TCP) == {}

    assert rules(world, group) == []


def test_a_rule_is_revoked_by_id_and_a_missing_one_is_an_error(world):
    group = make_group(world)
    call(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **TCP)
    by_id = {"SecurityGroupId": group, "SecurityGroupRuleId.1": rules(world, group)[0]["SecurityGroupRuleId"]}

    call(world, "RevokeSecurityGroup", **by_id)

    assert rules(world, group) == []
    assert refused(world, "RevokeSecurityGroup", **by_id) == (404, "InvalidSecurityGroupRuleId.NotFound")


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"IpProtocol": "sctp"}, (400, "InvalidIpProtocol.Malformed")),
        ({"IpProtocol": ""}, (403, "MissingParameter")),
        ({"SourceCidrIp": ""}, (403, "MissingParameter")),
        ({"SourceCidrIp": "10.0.0.0/33"}, (400, "InvalidSourceCidrIp.Malformed")),
        ({"SourceCidrIp": "everywhere"}, (400, "InvalidSourceCidrIp.Malformed")),
        ({"SourceGroupId": "sg-1"}, (403, "InvalidParamter.Conflict")),
        ({"SourceCidrIp": "", "SourceGroupId": "sg-unknown"}, (404, "InvalidSourceGroupId.NotFound")),
        ({"SourceCidrIp": "", "Ipv6SourceCidrIp": "x"}, (400, "InvalidIpv6SourceCidrIp.Malformed")),
        ({"PortRange": ""}, (403, "MissingParameter")),
        ({"PortRange": "22"}, (400, "InvalidPortRange.Malformed")),
        ({"PortRange": "30/20"}, (400, "InvalidPortRange.Malformed")),
        ({"PortRange": "-1/-1"}, (400, "InvalidPortRange.Malformed")),
        ({"IpProtocol": "all", "PortRange": "1/2"}, (400, "InvalidPortRange.Malformed")),
        ({"Policy": "maybe"}, (400, "InvalidPolicy.Malformed")),
        ({"Priority": "0"}, (400, "InvalidPriority.Malformed")),
        ({"Priority": "٣"}, (400, "InvalidPriority.Malformed")),
        ({"Description": "x" * 513}, (400, "InvalidDescription.Malformed")),
    ],
)
def test_an_impossible_rule_is_refused_and_leaves_no_trace(world, fields, answer):
    group = make_group(world)
    good = {name.replace(".1.", ".2."): value for name, value in TCP.items()}
    bad = {**TCP, **{f"Permissions.1.{name}": value for name, value in fields.items()}}
    before = dump(world)

    assert refused(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **bad, **good) == answer
    assert dump(world) == before


def test_old_and_new_fields_of_a_rule_are_not_mixed(world):
    group = make_group(world)

    mixed = refused(world, "AuthorizeSecurityGroup", SecurityGroupId=group, IpProtocol="tcp", **TCP)
    nothing = refused(world, "AuthorizeSecurityGroup", SecurityGroupId=group)

    assert (mixed, nothing) == ((403, "InvalidParamter.Conflict"), (403, "MissingParameter"))


def test_a_security_group_holds_two_hundred_rules(world):
    group = make_group(world)

    def ports(start):
        return {
            f"Permissions.{i + 1}.{name}": value
            for i in range(100)
            for name, value in {
                "IpProtocol": "tcp",
                "SourceCidrIp": "0.0.0.0/0",
                "PortRange": f"{start + i}/9999",
            }.items()
        }

    for start in (1, 101):
        call(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **ports(start))

    one_more = refused(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **TCP)
    assert one_more == (403, "AuthorizationLimitExceed")
    assert len(rules(world, group)) == 200


def test_an_unknown_security_group_has_a_code_of_its_own_when_it_is_deleted(world):
    assert refused(world, "DeleteSecurityGroup", SecurityGroupId="sg-1") == (404, "InvalidSecurityGroup.NotFound")
    for action in ("DescribeSecurityGroupAttribute", "AuthorizeSecurityGroup", "RevokeSecurityGroup"):
        assert refused(world, action, SecurityGroupId="sg-1") == (404, "InvalidSecurityGroupId.NotFound")
    malformed = refused(world, "DescribeSecurityGroupAttribute", SecurityGroupId="1")
    assert malformed == (400, "InvalidSecurityGroupId.Malformed")


def test_a_security_group_is_deleted_only_when_nothing_uses_it(world):
    group, other = make_group(world), make_group(world)
    link = {"IpProtocol": "all", "SourceGroupId": group}
    interface_id = make_interface(world, group)["NetworkInterfaceId"]
    call(world, "AuthorizeSecurityGroup", SecurityGroupId=other, **link)

    assert refused(world, "DeleteSecurityGroup", SecurityGroupId=group) == (403, "DependencyViolation")
    call(world, "DeleteNetworkInterface", NetworkInterfaceId=interface_id)
    assert refused(world, "DeleteSecurityGroup", SecurityGroupId=group) == (403, "DependencyViolation")
    call(world, "RevokeSecurityGroup", SecurityGroupId=other, **link)
    assert call(world, "DeleteSecurityGroup", SecurityGroupId=group) == {}
    assert vpc.find_vpc(world, "vpc-1").tenants == {other: "SecurityGroup"}


def test_an_interface_takes_addresses_of_its_vswitch_and_gives_them_back(world):
    group = make_group(world)

    reply = make_interface(world, group, PrimaryIpAddress="10.0.0.3", SecondaryPrivateIpAddressCount="1")

    assert reply["PrivateIpAddress"] == "10.0.0.3"
    assert [row["Primary"] for row in reply["PrivateIpSets"]["PrivateIpSet"]] == [True, False]
    assert free(world) == 2
    call(world, "DeleteNetworkInterface", NetworkInterfaceId=reply["NetworkInterfaceId"])
    assert free(world) == 4
    gone = refused(world, "DeleteNetworkInterface", NetworkInterfaceId=reply["NetworkInterfaceId"])
    assert gone == (404, "InvalidEniId.NotFound")


def test_a_wanted_secondary_address_is_not_the_primary_one(world):
    reply = make_interface(world, make_group(world), **{"PrivateIpAddress.1": "10.0.0.1"})

    assert reply["PrivateIpAddress"] != "10.0.0.1"
    assert reply["PrivateIpSets"]["PrivateIpSet"][1] == {"Primary": False, "PrivateIpAddress": "10.0.0.1"}


def test_the_reserved_addresses_are_never_given_away(world):
    group = make_group(world)

    given = {make_interface(world, group)["PrivateIpAddress"] for _ in range(4)}

    assert given == {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}
    fifth = refused(world, "CreateNetworkInterface", VSwitchId="vsw-1", SecurityGroupId=group)
    assert fifth == (403, "InvalidVSwitchId.IpNotEnough")


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        ({"VSwitchId": "vsw-unknown"}, (404, "InvalidVSwitchId.NotFound")),
        ({"SecurityGroupId": "sg-unknown"}, (404, "InvalidSecurityGroupId.NotFound")),
        ({"SecurityGroupId": ""}, (400, "InvalidParameter.SecurityGroupId")),
        ({"SecurityGroupIds.1": "sg-x"}, (400, "InvalidParameter.SecurityGroupId")),
        ({"PrimaryIpAddress": "10.0.0.0"}, (403, "InvalidIp.Address")),
        ({"PrimaryIpAddress": "10.0.0.5"}, (403, "InvalidIp.Address")),
        ({"PrimaryIpAddress": "::1"}, (400, "InvalidIp.Address")),
        ({"SecondaryPrivateIpAddressCount": "4"}, (403, "InvalidVSwitchId.IpNotEnough")),
        ({"NetworkInterfaceName": "1"}, (400, "InvalidNetworkInterfaceName.Malformed")),
        ({"DeleteOnRelease": "perhaps"}, (400, "InvalidDeleteOnRelease")),
    ],
)
def test_an_impossible_interface_is_refused_and_leaves_no_trace(world, parameters, answer):
    parameters = {"VSwitchId": "vsw-1", "SecurityGroupId": make_group(world), **parameters}
    before = dump(world)

    assert refused(world, "CreateNetworkInterface", **parameters) == answer
    assert dump(world) == before


def test_an_address_in_use_is_refused(world):
    group = make_group(world)
    make_interface(world, group, PrimaryIpAddress="10.0.0.2")
    again = {"VSwitchId": "vsw-1", "SecurityGroupId": group, "PrimaryIpAddress": "10.0.0.2"}

    assert refused(world, "CreateNetworkInterface", **again) == (403, "InvalidIp.IpAssigned")


def test_vswitch_and_security_group_are_of_one_vpc(world):
    parameters = {"VSwitchId": "vsw-1", "SecurityGroupId": make_group(world, VpcId="vpc-2")}

    assert refused(world, "CreateNetworkInterface", **parameters) == (403, "InvalidOperation.VpcMismatch")


def test_without_a_client_token_a_repeated_request_makes_a_second_interface(world):
    group = make_group(world)

    plain = {make_interface(world, group)["NetworkInterfaceId"] for _ in range(2)}
    tokened = {make_interface(world, group, ClientToken="t")["NetworkInterfaceId"] for _ in range(2)}

    assert (len(plain), len(tokened)) == (2, 1)


def test_the_interfaces_of_the_service_are_found_by_their_tag(world):
    group = ecs.make_service_security_group(world, "vpc-1", REGION, "flink")
    ours = ecs.make_service_interface(world, "vsw-1", group, "node 1")
    make_interface(world, group)

    tag = {"Tag.1.Key": "CreatedBy", "Tag.1.Value": "StreamCompute", "VSwitchId": "vsw-1"}
    found = call(world, "DescribeNetworkInterfaces", **tag)["NetworkInterfaceSets"]["NetworkInterfaceSet"]

    assert [(row["NetworkInterfaceId"], row["Status"]) for row in found] == [(ours, "InUse")]


def test_interfaces_are_filtered(world):
    group = make_group(world)
    interface = make_interface(world, group, NetworkInterfaceName="eth")
    make_interface(world, make_group(world))

    def found(**filters):
        rows = call(world, "DescribeNetworkInterfaces", **filters)["NetworkInterfaceSets"]["NetworkInterfaceSet"]
        return [row["NetworkInterfaceId"] for row in rows]

    one = [interface["NetworkInterfaceId"]]
    assert found(SecurityGroupId=group) == one
    assert found(**{"NetworkInterfaceId.1": one[0], "NetworkInterfaceId.2": "eni-unknown"}) == one
    assert found(**{"PrivateIpAddress.1": interface["PrivateIpAddress"]}) == one
    assert found(NetworkInterfaceName="eth") == one
    assert len(found(VpcId="vpc-1", Status="Available", Type="Secondary")) == 2
    assert (
        found(SecurityGroupId="sg-unknown") == found(InstanceId="i-1") == found(**{"NetworkInterfaceId.1": "x"}) == []
    )


def test_what_the_service_uses_cannot_be_deleted_but_can_be_removed(world):
    group = ecs.make_service_security_group(world, "vpc-1", REGION, "flink")
    interface = ecs.make_service_interface(world, "vsw-1", group, "node 1")

    in_use = refused(world, "DeleteNetworkInterface", NetworkInterfaceId=interface)
    assert in_use == (400, "InvalidOperation.InvalidEniState")
    assert refused(world, "DeleteSecurityGroup", SecurityGroupId=group) == (403, "DependencyViolation")
    ecs.remove_security_group(world, group)
    ecs.remove_interface(world, interface)
    ecs.remove_interface(world, interface)
    assert free(world) == 4
    assert vpc.find_vpc(world, "vpc-1").tenants == {}
    assert ecs.find_security_group(world, group) is ecs.find_interface(world, interface) is None


def test_the_service_is_refused_where_a_user_would_be(world):
    group = ecs.make_service_security_group(world, "vpc-1", REGION, "flink")

    with pytest.raises(Refusal, match=r"InvalidVSwitchId.NotFound"):
        ecs.make_service_interface(world, "vsw-unknown", group, "")
    with pytest.raises(Refusal, match=r"InvalidSecurityGroupId.NotFound"):
        ecs.make_service_interface(world, "vsw-1", "sg-unknown", "")
    with pytest.raises(Refusal, match=r"InvalidVpcId.NotFound"):
        ecs.make_service_security_group(world, "vpc-unknown", REGION, "")


def test_stock_is_told_zone_by_zone(world):
    ecs_seed.seed(world, {"stock": {"cn-hangzhou-e": "SoldOut"}})

    def found(**parameters):
        parameters = {"DestinationResource": "InstanceType", **parameters}
        return call(world, "DescribeAvailableResource", **parameters)["AvailableZones"]["AvailableZone"]

    zones = {row["ZoneId"]: (row["Status"], row["StatusCategory"]) for row in found(Cores="4", Memory="16")}
    assert zones["cn-hangzhou-e"] == ("SoldOut", "WithoutStock")
    assert zones["cn-hangzhou-b"] == ("Available", "WithStock")
    [row] = found(ZoneId="cn-hangzhou-e", InstanceType="ecs.g6.xlarge")
    [resource] = row["AvailableResources"]["AvailableResource"]
    [supported] = resource["SupportedResources"]["SupportedResource"]
    assert (supported["Value"], supported["Status"]) == ("ecs.g6.xlarge", "SoldOut")
    assert found(Cores="3") == found(ZoneId="cn-hangzhou-zz") == found(InstanceType="unknown") == []
    assert found(DestinationResource="SystemDisk")
    assert found(DestinationResource="Zone")


def test_impossible_questions_for_stock_are_refused(world):
    def answer(**parameters):
        return refused(world, "DescribeAvailableResource", **parameters)

    assert answer(DestinationResource="Moon") == (404, "Invalid.DestinationResource")
    assert answer(DestinationResource="Zone", InstanceChargeType="Free") == (400, "Invalid.Param")
    assert answer(DestinationResource="InstanceType", Memory="inf") == (400, "Invalid.Param")
    assert answer(DestinationResource="Zone", RegionId="x") == (404, "InvalidRegionId.NotFound")
    assert answer() == (400, "MissingDestinationResource")


def test_a_zone_that_is_sold_out_offers_no_instances(world):
    ecs_seed.seed(world, {"stock": {"cn-hangzhou-b": "SoldOut"}})

    zones = call(world, "DescribeZones")["Zones"]["Zone"]

    types = {zone["ZoneId"]: zone["AvailableInstanceTypes"]["InstanceTypes"] for zone in zones}
    assert types["cn-hangzhou-b"] == []
    assert "ecs.g6.xlarge" in types["cn-hangzhou-e"]


def test_a_seeded_security_group_can_be_the_service_s(world):
    ecs_seed.seed(world, {"security_groups": [{"id": "sg-1", "name": "flink", "vpc_id": "vpc-1", "service": True}]})

    [row] = call(world, "DescribeSecurityGroups")["SecurityGroups"]["SecurityGroup"]

    assert row["SecurityGroupId"] == "sg-1"
    assert row["Tags"] == {"Tag": [{"TagKey": "CreatedBy", "TagValue": "StreamCompute"}]}


@pytest.mark.parametrize(
    "data",
    [
        {"stock": {"cn-atlantis-a": "SoldOut"}},
        {"stock": {"cn-hangzhou-zz": "SoldOut"}},
        {"stock": {"cn-hangzhou-b": "Plenty"}},
        {"security_groups": [{"vpc_id": "vpc-unknown"}]},
        {"security_groups": [{"id": "group", "vpc_id": "vpc-1"}]},
        {"security_groups": [{"id": "sg-1", "vpc_id": "vpc-1"}] * 2},
        {"security_groups": 1},
        None,
    ],
)
def test_an_impossible_seed_is_refused_and_leaves_no_trace(world, data):
    before = dump(world)

    with pytest.raises(ValueError):
        ecs_seed.seed(world, data)

    assert dump(world) == before


def test_the_state_survives_being_written_as_json(world):
    group = make_group(world, ClientToken="t")
    call(world, "AuthorizeSecurityGroup", SecurityGroupId=group, **TCP)
    make_interface(world, group)

    state = TypeAdapter(ecs.State).validate_json(TypeAdapter(ecs.State).dump_json(world.part(ecs.State)))

    assert state == world.part(ecs.State)


def test_the_web_page_shows_who_made_what(world):
    group = ecs.make_service_security_group(world, "vpc-1", REGION, "flink")
    ecs.make_service_interface(world, "vsw-1", group, "node 1")

    tables = ecs_seed.overview(world)

    assert tables["Security groups"][0]["Made by"] == "StreamCompute"
    assert tables["Network interfaces"][0]["Status"] == "InUse"
    json.dumps(tables)


def test_a_call_is_about_the_resource_that_it_names(world):
    def about(action, **parameters):
        return ecs.resource(
            world, Request(action, Caller("Account", world.account_id, "key"), parameters, region=REGION)
        )

    where = f"acs:ecs:{REGION}:{world.account_id}"
    assert about("DeleteSecurityGroup", SecurityGroupId="sg-1") == f"{where}:securitygroup/sg-1"
    assert about("DescribeNetworkInterfaces") == f"{where}:eni/*"
    assert about("DescribeZones") == f"{where}:*"
