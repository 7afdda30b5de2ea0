"""VPC: the account's virtual networks, and the addresses in them that other products take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator import address_ranges, client_tokens, dry_run, labels, pages, regions, vpc_replies
from emulator.networks import Vpc, VSwitch
from emulator.request import Refusal, Request
from emulator.world import World

PRODUCT = "Vpc"
VERSION = "2016-04-28"
HOST = "vpc.aliyuncs.com"
NAMESPACE = "vpc"

MAX_IDS = 20


@dataclass
class State:
    """The networks of the account in all regions. `zones` replaces the zones of the regions that it names."""

    vpcs: dict[str, Vpc] = field(default_factory=dict)
    vswitches: dict[str, VSwitch] = field(default_factory=dict)
    zones: dict[str, list[str]] = field(default_factory=dict)
    vpc_quota: int = 10  # per region
    vswitch_quota: int = 150  # per VPC
    tokens: client_tokens.Store = field(default_factory=client_tokens.Store)


def find_vpc(world: World, vpc_id: str) -> Vpc | None:
    """Give a VPC of any region, None when there is none of this id (any more)."""
    vpc = world.part(State).vpcs.get(vpc_id)
    return vpc if vpc is not None and vpc.exists(world.now()) else None


def find_vswitch(world: World, vswitch_id: str) -> VSwitch | None:
    """Give a vSwitch of any region, None when there is none of this id (any more)."""
    vswitch = world.part(State).vswitches.get(vswitch_id)
    return vswitch if vswitch is not None and vswitch.exists(world.now()) else None


def free_addresses(world: World, vswitch: VSwitch) -> int:
    """Say how many addresses of a vSwitch nothing holds."""
    return vswitch.free


def vswitches_of(world: World, vpc: Vpc) -> list[VSwitch]:
    """Give the vSwitches of a VPC, those included that are being made or deleted."""
    found = (find_vswitch(world, vswitch_id) for vswitch_id in vpc.vswitch_ids)
    return [vswitch for vswitch in found if vswitch is not None]


def zones(world: World, region: str) -> list[str]:
    """Give the zones of a region."""
    return world.part(State).zones.get(region) or regions.zones(region)


def forget_the_gone(world: World) -> None:
    """Drop what has ceased to exist, so that a world does not grow with every deletion."""
    state, now = world.part(State), world.now()
    for vswitch in [each for each in state.vswitches.values() if not each.exists(now)]:
        state.vpcs[vswitch.vpc_id].vswitch_ids.remove(vswitch.id)
        del state.vswitches[vswitch.id]
    for vpc in [each for each in state.vpcs.values() if not each.exists(now)]:
        del state.vpcs[vpc.id]


def once(world: World, request: Request, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Act once for a ClientToken."""
    client_tokens.check(request)
    # UNCONFIRMED: the code, and that a token used with other parameters is refused at all.
    message = "The request uses a ClientToken that was used before with other parameters."
    mismatch = Refusal(400, "IdempotentParameterMismatch", message)
    return client_tokens.once(world.part(State).tokens, request, act, mismatch)


def ids(request: Request, name: str, code: str) -> list[str]:
    """Give the comma-separated ids of a list request, at most 20; empty when it names none."""
    parts = (part.strip() for part in request.text(name).split(","))
    found = list(dict.fromkeys(part for part in parts if part))
    if len(found) > MAX_IDS:
        raise Refusal(400, code, f"{name} holds more than {MAX_IDS} ids.")
    return found


def existing_vpc(world: World, request: Request) -> Vpc:
    """Give the VPC that a request names, in the region that it names."""
    vpc = find_vpc(world, request.one("VpcId"))
    if vpc is None or vpc.region != regions.of(world, request):
        raise Refusal(404, "InvalidVpcId.NotFound", "The specified VPC does not exist.")
    return vpc


def available_vpc(world: World, request: Request) -> Vpc:
    """Give the VPC that a request names, ready to be changed."""
    vpc = existing_vpc(world, request)
    if vpc.status(world.now()) != "Available":
        raise Refusal(400, "IncorrectVpcStatus", "The status of the VPC does not allow this operation.")
    return vpc


def describe_vpcs(world: World, request: Request) -> dict[str, Any]:
    """List the VPCs of a region; an id that is not there is no error."""
    region = regions.named(request)
    wanted = ids(request, "VpcId", "InvalidVpcIdNumber.NotSupported")
    vpcs, now = world.part(State).vpcs, world.now()
    asked = (vpcs[vpc_id] for vpc_id in wanted if vpc_id in vpcs) if wanted else vpcs.values()
    found = [vpc for vpc in asked if vpc.region == region and vpc.exists(now) and _matches(vpc, request)]
    page, facts = pages.by_number(request, found)
    dry_run.stop(request)
    return {**facts, "Vpcs": {"Vpc": [vpc_replies.vpc_row(world, vpc, _vswitch_ids(world, vpc)) for vpc in page]}}


def describe_vpc_attribute(world: World, request: Request) -> dict[str, Any]:
    """Show one VPC. UNCONFIRMED: that an unknown id is 404 InvalidVpcId.NotFound, as in the sibling actions."""
    regions.named(request)
    vpc = existing_vpc(world, request)
    dry_run.stop(request)
    return vpc_replies.vpc_attribute(world, vpc, _vswitch_ids(world, vpc))


def create_vpc(world: World, request: Request) -> dict[str, Any]:
    """Make a VPC, Pending for a while; the name need not be unique."""
    return once(world, request, lambda: _create_vpc(world, request))


def _create_vpc(world: World, request: Request) -> dict[str, Any]:
    region = regions.named(request)
    vpc = Vpc(
        id="",
        region=region,
        cidr=str(address_ranges.for_vpc(request.text("CidrBlock", address_ranges.DEFAULT_VPC), "InvalidParameter")),
        name=_name(request),
        description=_description(request),
        user_cidrs=_user_cidrs(request),
        tags=labels.tags(request),
        resource_group_id=labels.resource_group(world, request),
    )
    _check_vpc_quota(world, region)
    dry_run.stop(request)
    add_vpc(world, vpc, world.delays.vpc)
    return {
        "ResourceGroupId": vpc.resource_group_id,
        "RouteTableId": vpc.route_table_id,
        "VRouterId": vpc.router_id,
        "VpcId": vpc.id,
    }


def add_vpc(world: World, vpc: Vpc, delay: float = 0.0) -> None:
    """Put a VPC into the account, with its router and route table, Available after the delay."""
    forget_the_gone(world)
    vpc.id = vpc.id or regions.draw_id(world, "vpc", vpc.region)
    vpc.router_id = regions.draw_id(world, "vrt", vpc.region)
    vpc.route_table_id = regions.draw_id(world, "vtb", vpc.region)
    vpc.created_at = world.now()
    vpc.available_at = world.now() + delay
    world.part(State).vpcs[vpc.id] = vpc


def modify_vpc_attribute(world: World, request: Request) -> dict[str, Any]:
    """Overwrite the name, description or CIDR block of a VPC."""
    vpc = available_vpc(world, request)
    name, description = _name(request) or vpc.name, _description(request) or vpc.description
    cidr = address_ranges.for_vpc(request.text("CidrBlock", vpc.cidr))
    if not address_ranges.holds(cidr, [vswitch.cidr for vswitch in vswitches_of(world, vpc)]):
        # UNCONFIRMED: the code.
        raise Refusal(400, "InvalidCidrBlock.Malformed", "The CIDR block does not hold the VPC's vSwitches.")
    vpc.name, vpc.description, vpc.cidr = name, description, str(cidr)
    return {}


def delete_vpc(world: World, request: Request) -> dict[str, Any]:
    """Delete an empty VPC; it is Pending until it is gone. ForceDelete spares only gateways, which we have not."""
    return once(world, request, lambda: _delete_vpc(world, request))


def _delete_vpc(world: World, request: Request) -> dict[str, Any]:
    vpc = available_vpc(world, request)
    if vswitches_of(world, vpc):
        raise Refusal(400, "DependencyViolation.VSwitch", "There is still a vSwitch in the VPC.")
    for kind in vpc.tenants.values():
        raise Refusal(400, f"DependencyViolation.{kind}", f"There is still a {kind} in the VPC.")
    dry_run.stop(request)
    vpc.gone_at = world.now() + world.delays.vpc
    return {}


def describe_zones(world: World, request: Request) -> dict[str, Any]:
    """List the zones of a region."""
    zone_ids = zones(world, regions.named(request))
    rows = [{"LocalName": regions.zone_name(zone), "ZoneId": zone, "ZoneType": "AvailabilityZone"} for zone in zone_ids]
    return {"Zones": {"Zone": rows}}


def describe_regions(world: World, request: Request) -> dict[str, Any]:
    """List the regions."""
    rows = [
        {"LocalName": region.name, "RegionEndpoint": f"vpc.{region_id}.aliyuncs.com", "RegionId": region_id}
        for region_id, region in regions.REGIONS.items()
    ]
    return {"Regions": {"Region": rows}}


def resource(world: World, request: Request) -> str:
    """Name what a call is about: the vSwitch or VPC that it names, or all VPCs."""
    where = f"acs:vpc:{request.region or world.region}:{world.account_id}"
    if request.has("VSwitchId"):
        return f"{where}:vswitch/{request.text('VSwitchId')}"
    if "VSwitch" in request.action and request.action != "CreateVSwitch":
        return f"{where}:vswitch/*"
    return f"{where}:vpc/{request.text('VpcId', '*')}"


def _matches(vpc: Vpc, request: Request) -> bool:
    unlike = request.boolean("IsDefault") or request.boolean("EnableIpv6")  # we have none of either
    named = request.text("VpcName", vpc.name) == vpc.name
    grouped = request.text("ResourceGroupId", vpc.resource_group_id) == vpc.resource_group_id
    return not unlike and named and grouped and labels.bears(vpc.tags, request)


def _vswitch_ids(world: World, vpc: Vpc) -> list[str]:
    return [vswitch.id for vswitch in vswitches_of(world, vpc)]


def _name(request: Request) -> str:
    return labels.line(request, "VpcName", 1, 128, "InvalidVpcName.Malformed")


def _description(request: Request) -> str:
    return labels.line(request, "Description", 1, 256, "InvalidVpcDiscription.Malformed")  # The cloud spells it so.


def _user_cidrs(request: Request) -> list[str]:
    texts = [part.strip() for part in request.text("UserCidr").split(",") if part.strip()]
    if len(texts) > 3:
        raise Refusal(400, "InvalidParameter", "UserCidr holds more than three CIDR blocks.")
    return [str(address_ranges.for_vpc(text, "InvalidParameter")) for text in texts]


def _check_vpc_quota(world: World, region: str) -> None:
    state, now = world.part(State), world.now()
    if sum(vpc.region == region and vpc.exists(now) for vpc in state.vpcs.values()) >= state.vpc_quota:
        raise Refusal(400, "QuotaExceeded.Vpc", f"The account has {state.vpc_quota} VPCs in {region} already.")


ROUTES = {
    "CreateVpc": create_vpc,
    "DeleteVpc": delete_vpc,
    "DescribeRegions": describe_regions,
    "DescribeVpcAttribute": describe_vpc_attribute,
    "DescribeVpcs": describe_vpcs,
    "DescribeZones": describe_zones,
    "ModifyVpcAttribute": modify_vpc_attribute,
}
