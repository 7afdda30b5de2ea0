"""VPC 2016-04-28: networks, vSwitches and their addresses."""

import json

import pytest
from pydantic import TypeAdapter

from emulator import address_ranges, ecs, vpc, vpc_seed, vpc_vswitches
from emulator.request import Caller, Refusal, Request
from emulator.world import Clock, World
from tests.emulator.shape import SAMPLES, differences, sample

REGION = "cn-hangzhou"
ROUTES = {**vpc.ROUTES, **vpc_vswitches.ROUTES}
NOW = 1_700_000_000.0


@pytest.fixture
def world():
    return World(clock=Clock(wall=lambda: NOW))


def call(world, action, /, **parameters):
    parameters = {"RegionId": REGION, **parameters}
    caller = Caller("Account", world.account_id, "key")
    return ROUTES[action](world, Request(action, caller, parameters, region=parameters["RegionId"]))


def refused(world, action, /, **parameters):
    with pytest.raises(Refusal) as caught:
        call(world, action, **parameters)
    return caught.value.status, caught.value.code


def make_vpc(world, **parameters):
    vpc_id = call(world, "CreateVpc", **parameters)["VpcId"]
    world.clock.advance(world.delays.vpc)
    return vpc_id


def make_vswitch(world, vpc_id, cidr="172.16.0.0/24", **parameters):
    parameters = {"VpcId": vpc_id, "CidrBlock": cidr, "ZoneId": f"{REGION}-g", **parameters}
    vswitch_id = call(world, "CreateVSwitch", **parameters)["VSwitchId"]
    world.clock.advance(world.delays.vswitch)
    return vswitch_id


def dump(world):
    return TypeAdapter(vpc.State).dump_json(world.part(vpc.State))


def test_every_action_answers_as_the_published_samples_do(world):
    tags = {"Tag.1.Key": "team", "Tag.1.Value": "data"}
    replies = {"CreateVpc": call(world, "CreateVpc", VpcName="net", **tags)}
    vpc_id = replies["CreateVpc"]["VpcId"]
    world.clock.advance(world.delays.vpc)
    where = {"VpcId": vpc_id, "CidrBlock": "172.16.0.0/24", "ZoneId": f"{REGION}-g", **tags}
    replies["CreateVSwitch"] = call(world, "CreateVSwitch", **where)
    vswitch_id = replies["CreateVSwitch"]["VSwitchId"]
    world.clock.advance(world.delays.vswitch)
    replies["ModifyVpcAttribute"] = call(world, "ModifyVpcAttribute", VpcId=vpc_id, VpcName="named")
    replies["ModifyVSwitchAttribute"] = call(world, "ModifyVSwitchAttribute", VSwitchId=vswitch_id, VSwitchName="sub")
    for action in ("DescribeVpcs", "DescribeVSwitches", "DescribeZones", "DescribeRegions"):
        replies[action] = call(world, action)
    replies["DescribeVpcAttribute"] = call(world, "DescribeVpcAttribute", VpcId=vpc_id)
    replies["DescribeVSwitchAttributes"] = call(world, "DescribeVSwitchAttributes", VSwitchId=vswitch_id)
    replies["DeleteVSwitch"] = call(world, "DeleteVSwitch", VSwitchId=vswitch_id)
    world.clock.advance(world.delays.vswitch_deletion)
    replies["DeleteVpc"] = call(world, "DeleteVpc", VpcId=vpc_id)

    assert replies.keys() == ROUTES.keys() == SAMPLES["Vpc/2016-04-28"].keys()
    for action, reply in replies.items():
        assert differences(reply, sample("Vpc/2016-04-28", action)) == []
    [network] = replies["DescribeVpcs"]["Vpcs"]["Vpc"]
    assert (network["VpcId"], network["VpcName"], network["Status"]) == (vpc_id, "named", "Available")
    assert network["VSwitchIds"] == {"VSwitchId": [vswitch_id]}
    assert network["Tags"] == {"Tag": [{"Key": "team", "Value": "data"}]}
    assert network["UserCidrs"] == {"UserCidr": []}
    [vswitch] = replies["DescribeVSwitches"]["VSwitches"]["VSwitch"]
    assert vswitch == replies["DescribeVSwitchAttributes"]
    assert (vswitch["VSwitchId"], vswitch["VSwitchName"], vswitch["AvailableIpAddressCount"]) == (
        vswitch_id,
        "sub",
        252,
    )


def test_a_vpc_is_pending_until_its_delay_has_passed(world):
    vpc_id = call(world, "CreateVpc")["VpcId"]

    before = call(world, "DescribeVpcAttribute", VpcId=vpc_id)["Status"]
    world.clock.advance(world.delays.vpc)
    after = call(world, "DescribeVpcAttribute", VpcId=vpc_id)["Status"]

    assert (before, after) == ("Pending", "Available")


def test_a_pending_vpc_is_neither_changed_nor_deleted_nor_given_a_vswitch(world):
    vpc_id = call(world, "CreateVpc")["VpcId"]
    vswitch = {"CidrBlock": "172.16.0.0/24", "ZoneId": f"{REGION}-g"}

    assert refused(world, "ModifyVpcAttribute", VpcId=vpc_id, VpcName="x") == (400, "IncorrectVpcStatus")
    assert refused(world, "DeleteVpc", VpcId=vpc_id) == (400, "IncorrectVpcStatus")
    assert refused(world, "CreateVSwitch", VpcId=vpc_id, **vswitch) == (400, "IncorrectVpcStatus")


def test_two_vpcs_may_have_one_name(world):
    first, second = make_vpc(world, VpcName="net"), make_vpc(world, VpcName="net")

    found = call(world, "DescribeVpcs", VpcName="net")

    assert [row["VpcId"] for row in found["Vpcs"]["Vpc"]] == [first, second]


def test_a_list_is_filtered_exactly(world):
    make_vpc(world, VpcName="network")
    vpc_id = make_vpc(world, VpcName="net", **{"Tag.1.Key": "a", "Tag.1.Value": "1"})

    def found(**filters):
        return [row["VpcId"] for row in call(world, "DescribeVpcs", **filters)["Vpcs"]["Vpc"]]

    assert found(VpcName="net") == [vpc_id]
    assert found(VpcId=f"{vpc_id},vpc-unknown") == [vpc_id]
    assert found(VpcId="vpc-unknown") == []
    assert found(**{"Tag.1.Key": "a"}) == [vpc_id]
    assert found(**{"Tag.1.Key": "a", "Tag.1.Value": "2"}) == []
    assert found(RegionId="cn-beijing") == []
    assert found(IsDefault="true") == []


def test_a_list_comes_in_pages(world):
    ids = [make_vpc(world) for _ in range(3)]

    second = call(world, "DescribeVpcs", PageNumber="2", PageSize="2")

    assert [row["VpcId"] for row in second["Vpcs"]["Vpc"]] == ids[2:]
    assert (second["PageNumber"], second["PageSize"], second["TotalCount"]) == (2, 2, 3)


def test_more_than_twenty_ids_are_refused(world):
    ids = ",".join(f"vpc-{i}" for i in range(21))

    assert refused(world, "DescribeVpcs", VpcId=ids) == (400, "InvalidVpcIdNumber.NotSupported")


def test_a_dry_run_is_told_as_an_error_and_changes_nothing(world):
    vpc_id = make_vpc(world)
    before = dump(world)

    assert refused(world, "CreateVpc", DryRun="true") == (400, "DryRunOperation")
    assert refused(world, "DeleteVpc", VpcId=vpc_id, DryRun="true") == (400, "DryRunOperation")
    assert refused(world, "DescribeVpcs", DryRun="true") == (400, "DryRunOperation")
    assert dump(world) == before


def test_a_dry_run_is_refused_like_the_real_run(world):
    assert refused(world, "CreateVpc", DryRun="true", CidrBlock="nonsense") == (400, "InvalidParameter")


@pytest.mark.parametrize(
    "cidr",
    [
        *("10.0.0.0/7", "10.0.0.0/29", "10.0.0.1/8", "100.64.0.0/16", "127.0.0.0/8", "169.254.1.0/24", "224.0.0.0/8"),
        *("10.0.0.0", "10.0.0.0/255.0.0.0", "٣.0.0.0/8", "999.0.0.0/8", "x" * 10_000, "::/16"),
    ],
)
def test_an_impossible_cidr_block_of_a_vpc_is_refused(world, cidr):
    assert refused(world, "CreateVpc", CidrBlock=cidr) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("cidr", "code"),
    [
        ("10.0.0.0/24", "InvalidCidrBlock.Malformed"),
        ("172.16.0.0/15", "InvalidCidrBlock.Malformed"),
        ("172.16.0.0/30", "InvalidCidrBlock.Malformed"),
        ("172.16.0.7/24", "InvalidCidrBlock.Malformed"),
        ("172.16.0.128/25", "InvalidCidrBlock.Overlapped"),
        ("172.16.0.0/16", "InvalidCidrBlock.Overlapped"),
    ],
)
def test_an_impossible_cidr_block_of_a_vswitch_is_refused(world, cidr, code):
    vpc_id = make_vpc(world)
    make_vswitch(world, vpc_id, "172.16.0.0/24")

    assert refused(world, "CreateVSwitch", VpcId=vpc_id, CidrBlock=cidr, ZoneId=f"{REGION}-g") == (400, code)


def test_only_one_vswitch_is_made_at_a_time(world):
    vpc_id = make_vpc(world)
    where = {"VpcId": vpc_id, "ZoneId": f"{REGION}-g"}
    call(world, "CreateVSwitch", CidrBlock="172.16.0.0/24", **where)

    second = {"CidrBlock": "172.16.1.0/24", **where}

    assert refused(world, "CreateVSwitch", **second) == (400, "IncorrectVSwitchStatus")
    world.clock.advance(world.delays.vswitch)
    assert call(world, "CreateVSwitch", **second)["VSwitchId"]


def test_a_zone_of_another_region_is_refused(world):
    where = {"VpcId": make_vpc(world), "CidrBlock": "172.16.0.0/24", "ZoneId": "cn-beijing-g"}

    assert refused(world, "CreateVSwitch", **where) == (404, "InvalidZoneId.NotFound")


def test_a_deleted_vswitch_is_pending_until_it_is_gone(world):
    vswitch_id = make_vswitch(world, make_vpc(world))

    call(world, "DeleteVSwitch", VSwitchId=vswitch_id)

    assert call(world, "DescribeVSwitchAttributes", VSwitchId=vswitch_id)["Status"] == "Pending"
    assert refused(world, "DeleteVSwitch", VSwitchId=vswitch_id) == (400, "IncorrectVSwitchStatus")
    world.clock.advance(world.delays.vswitch_deletion)
    assert call(world, "DescribeVSwitches", VSwitchId=vswitch_id)["TotalCount"] == 0
    assert refused(world, "DeleteVSwitch", VSwitchId=vswitch_id) == (404, "InvalidVSwitchId.NotFound")


def test_an_unknown_vswitch_is_described_with_empty_fields(world):
    reply = call(world, "DescribeVSwitchAttributes", VSwitchId="vsw-unknown")

    assert (reply["VSwitchId"], reply["Status"], reply["AvailableIpAddressCount"]) == ("", "", 0)
    assert differences(reply, sample("Vpc/2016-04-28", "DescribeVSwitchAttributes")) == []


def test_a_vpc_is_deleted_only_when_nothing_is_in_it(world):
    vpc_id = make_vpc(world)
    vswitch_id = make_vswitch(world, vpc_id)
    security_group_id = ecs.make_service_security_group(world, vpc_id, REGION, "flink")

    assert refused(world, "DeleteVpc", VpcId=vpc_id) == (400, "DependencyViolation.VSwitch")
    call(world, "DeleteVSwitch", VSwitchId=vswitch_id)
    world.clock.advance(world.delays.vswitch_deletion)
    assert refused(world, "DeleteVpc", VpcId=vpc_id) == (400, "DependencyViolation.SecurityGroup")
    ecs.remove_security_group(world, security_group_id)
    call(world, "DeleteVpc", VpcId=vpc_id)
    world.clock.advance(world.delays.vpc)
    assert refused(world, "DescribeVpcAttribute", VpcId=vpc_id) == (404, "InvalidVpcId.NotFound")


def test_what_is_gone_is_forgotten_at_the_next_creation(world):
    vpc_id = make_vpc(world)
    call(world, "DeleteVSwitch", VSwitchId=make_vswitch(world, vpc_id))
    world.clock.advance(world.delays.vswitch_deletion)
    call(world, "DeleteVpc", VpcId=vpc_id)
    world.clock.advance(world.delays.vpc)

    other = make_vpc(world)

    assert list(world.part(vpc.State).vpcs) == [other]
    assert world.part(vpc.State).vswitches == {}


def test_a_vpc_is_found_in_its_own_region_only(world):
    vpc_id = make_vpc(world)

    assert refused(world, "DescribeVpcAttribute", VpcId=vpc_id, RegionId="cn-beijing") == (404, "InvalidVpcId.NotFound")
    assert refused(world, "DeleteVpc", VpcId=vpc_id, RegionId="cn-beijing") == (404, "InvalidVpcId.NotFound")


def test_an_unknown_region_is_refused(world):
    for action in ("DescribeVpcs", "CreateVpc", "DescribeZones", "DescribeVSwitches"):
        assert refused(world, action, RegionId="cn-atlantis") == (404, "InvalidRegionId.NotFound")


def test_the_quotas_hold_per_region_and_per_vpc(world):
    state = world.part(vpc.State)
    state.vpc_quota, state.vswitch_quota = 1, 1
    vpc_id = make_vpc(world)
    make_vswitch(world, vpc_id)
    more = {"VpcId": vpc_id, "CidrBlock": "172.16.1.0/24", "ZoneId": f"{REGION}-g"}

    assert refused(world, "CreateVpc") == (400, "QuotaExceeded.Vpc")
    assert refused(world, "CreateVSwitch", **more) == (400, "QuotaExceeded.VSwitch")
    assert make_vpc(world, RegionId="cn-beijing")


def test_a_client_token_makes_one_vpc_and_one_vswitch(world):
    first, second = (call(world, "CreateVpc", ClientToken="t", Timestamp=time) for time in ("1", "2"))
    world.clock.advance(world.delays.vpc)
    where = {"VpcId": first["VpcId"], "CidrBlock": "172.16.0.0/24", "ZoneId": f"{REGION}-g", "ClientToken": "t"}
    one, other = (call(world, "CreateVSwitch", **where) for _ in range(2))

    assert first == second
    assert one == other
    assert len(world.part(vpc.State).vpcs) == len(world.part(vpc.State).vswitches) == 1


def test_a_client_token_with_other_parameters_is_refused(world):
    call(world, "CreateVpc", ClientToken="t")

    assert refused(world, "CreateVpc", ClientToken="t", VpcName="x") == (400, "IdempotentParameterMismatch")
    assert refused(world, "CreateVpc", ClientToken="t" * 65) == (400, "InvalidClientToken.Malformed")


def test_a_second_delete_with_the_same_token_succeeds(world):
    vpc_id = make_vpc(world)
    call(world, "DeleteVpc", VpcId=vpc_id, ClientToken="t")
    world.clock.advance(world.delays.vpc)

    assert call(world, "DeleteVpc", VpcId=vpc_id, ClientToken="t") == {}
    assert refused(world, "DeleteVpc", VpcId=vpc_id) == (404, "InvalidVpcId.NotFound")


def test_a_name_that_looks_like_an_address_is_refused(world):
    vpc_id = make_vpc(world)

    assert refused(world, "CreateVpc", VpcName="http://x") == (400, "InvalidVpcName.Malformed")
    assert refused(world, "ModifyVpcAttribute", VpcId=vpc_id, VpcName="n" * 129) == (400, "InvalidVpcName.Malformed")
    assert refused(world, "CreateVpc", Description="https://x") == (400, "InvalidVpcDiscription.Malformed")


def test_a_changed_cidr_block_must_hold_the_vswitches(world):
    vpc_id = make_vpc(world)
    make_vswitch(world, vpc_id)

    outside = refused(world, "ModifyVpcAttribute", VpcId=vpc_id, CidrBlock="10.0.0.0/8")
    call(world, "ModifyVpcAttribute", VpcId=vpc_id, CidrBlock="172.16.0.0/16")

    assert outside == (400, "InvalidCidrBlock.Malformed")
    assert call(world, "DescribeVpcAttribute", VpcId=vpc_id)["CidrBlock"] == "172.16.0.0/16"


def test_a_refused_call_leaves_no_trace(world):
    vpc_id = make_vpc(world)
    before = dump(world)

    refused(world, "CreateVpc", **{"Tag.1.Key": "acs:x"})
    refused(world, "CreateVpc", **{"Tag.1.Key": "a", "Tag.2.Key": "a"})
    refused(world, "CreateVpc", UserCidr="10.0.0.0/8,nonsense", ClientToken="t")
    refused(world, "CreateVSwitch", VpcId=vpc_id)
    refused(world, "DescribeVpcs", PageNumber="-1")

    assert dump(world) == before


def test_a_seed_pins_free_addresses_and_is_available_at_once(world):
    vswitch = {"id": "vsw-1", "name": "nodes", "cidr": "10.1.0.0/24", "zone": "cn-beijing-x", "free": 3}
    network = {"id": "vpc-1", "name": "net", "cidr": "10.0.0.0/8", "region": "cn-beijing", "vswitches": [vswitch]}

    vpc_seed.seed(world, {"zones": ["cn-beijing-x"], "vpcs": [network]})

    [row] = call(world, "DescribeVSwitches", RegionId="cn-beijing", VpcId="vpc-1")["VSwitches"]["VSwitch"]
    assert (row["VSwitchId"], row["Status"], row["AvailableIpAddressCount"]) == ("vsw-1", "Available", 3)
    assert vpc.free_addresses(world, vpc.find_vswitch(world, "vsw-1")) == 3
    assert call(world, "DescribeZones", RegionId="cn-beijing")["Zones"]["Zone"][0]["ZoneId"] == "cn-beijing-x"
    assert refused(world, "DeleteVSwitch", VSwitchId="vsw-1", RegionId="cn-beijing") == (400, "DependencyViolation")


@pytest.mark.parametrize(
    "data",
    [
        {"vpcs": [{"cidr": "nonsense"}]},
        {"vpcs": [{"region": "cn-atlantis"}]},
        {"vpcs": [{"id": "vpc-1"}, {"id": "vpc-1"}]},
        {"vpcs": [{"colour": "red"}]},
        {"zones": ["atlantis-a"]},
        {"vpcs": [{"vswitches": [{"cidr": "172.16.0.0/24", "zone": "cn-hangzhou-zz"}]}]},
        {"vpcs": [{"vswitches": [{"cidr": "10.0.0.0/24", "zone": "cn-hangzhou-g"}]}]},
        {"vpcs": [{"vswitches": [{"cidr": "172.16.0.0/29", "zone": "cn-hangzhou-g", "free": 5}]}]},
        {"vpcs": [{"vswitches": [{"cidr": "172.16.0.0/24", "zone": "cn-hangzhou-g"}] * 2}]},
        [],
        None,
    ],
)
def test_an_impossible_seed_is_refused_and_leaves_no_trace(world, data):
    with pytest.raises(ValueError):
        vpc_seed.seed(world, data)

    assert dump(world) == TypeAdapter(vpc.State).dump_json(vpc.State())


def test_the_state_survives_being_written_as_json(world):
    vpc_id = make_vpc(world, ClientToken="t")
    make_vswitch(world, vpc_id)

    state = TypeAdapter(vpc.State).validate_json(dump(world))

    assert state == world.part(vpc.State)


def test_the_web_page_shows_networks_and_free_addresses(world):
    make_vswitch(world, make_vpc(world, VpcName="net"), "172.16.0.0/29")

    tables = vpc_seed.overview(world)

    assert tables["VPCs"][0]["Name"] == "net"
    assert tables["vSwitches"][0]["Addresses"] == {"progress": 0.0, "label": "4 of 4 free"}
    json.dumps(tables)


def test_a_call_is_about_the_network_that_it_names(world):
    def about(action, **parameters):
        return vpc.resource(
            world, Request(action, Caller("Account", world.account_id, "key"), parameters, region=REGION)
        )

    where = f"acs:vpc:{REGION}:{world.account_id}"
    assert about("DeleteVpc", VpcId="vpc-1") == f"{where}:vpc/vpc-1"
    assert about("DescribeVpcs") == f"{where}:vpc/*"
    assert about("DescribeVSwitches") == f"{where}:vswitch/*"
    assert about("DeleteVSwitch", VSwitchId="vsw-1") == f"{where}:vswitch/vsw-1"


def test_the_default_block_is_the_documented_one(world):
    vpc_id = make_vpc(world)

    assert call(world, "DescribeVpcAttribute", VpcId=vpc_id)["CidrBlock"] == address_ranges.DEFAULT_VPC
