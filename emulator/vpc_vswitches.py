"""vSwitches: the parts of a VPC, each in one zone."""

from __future__ import annotations

from typing import Any

from emulator import address_ranges, dry_run, labels, pages, regions, vpc, vpc_replies
from emulator.networks import NEVER, Vpc, VSwitch
from emulator.request import Refusal, Request
from emulator.world import World


def describe_vswitches(world: World, request: Request) -> dict[str, Any]:
    """List the vSwitches of a region; an id that is not there is no error."""
    region, now = regions.of(world, request), world.now()
    asked = _asked(world, request)
    found = [each for each in asked if each.region == region and each.exists(now) and _matches(each, request)]
    page, facts = pages.by_number(request, found)
    dry_run.stop(request)
    return {**facts, "VSwitches": {"VSwitch": [vpc_replies.vswitch_row(world, vswitch) for vswitch in page]}}


def describe_vswitch_attributes(world: World, request: Request) -> dict[str, Any]:
    """Show one vSwitch."""
    region = regions.of(world, request)
    vswitch = vpc.find_vswitch(world, request.one("VSwitchId"))
    dry_run.stop(request)
    if vswitch is None or vswitch.region != region:
        return vpc_replies.no_vswitch()
    return vpc_replies.vswitch_row(world, vswitch)


def create_vswitch(world: World, request: Request) -> dict[str, Any]:
    """Make a vSwitch, Pending for a while, and only one at a time in a VPC."""
    return vpc.once(world, request, lambda: _create_vswitch(world, request))


def _create_vswitch(world: World, request: Request) -> dict[str, Any]:
    cidr, _, zone = request.required("CidrBlock", "VpcId", "ZoneId")
    network = vpc.available_vpc(world, request)
    _check_zone(world, network, zone)
    neighbours = vpc.vswitches_of(world, network)
    _check_room(world, neighbours)
    vswitch = VSwitch(
        id="",
        vpc_id=network.id,
        region=network.region,
        zone=zone,
        cidr=str(address_ranges.for_vswitch(cidr, network.cidr, [each.cidr for each in neighbours])),
        name=_name(request),
        description=_description(request),
        tags=labels.tags(request),
    )
    dry_run.stop(request)
    add_vswitch(world, vswitch, world.delays.vswitch)
    return {"VSwitchId": vswitch.id}


def add_vswitch(world: World, vswitch: VSwitch, delay: float = 0.0) -> None:
    """Put a vSwitch into its VPC, which must be there, Available after the delay."""
    vpc.forget_the_gone(world)
    state = world.part(vpc.State)
    network = state.vpcs[vswitch.vpc_id]
    vswitch.id = vswitch.id or regions.draw_id(world, "vsw", vswitch.region)
    vswitch.route_table_id, vswitch.resource_group_id = network.route_table_id, network.resource_group_id
    vswitch.created_at = world.now()
    vswitch.available_at = world.now() + delay
    state.vswitches[vswitch.id] = vswitch
    network.vswitch_ids.append(vswitch.id)


def modify_vswitch_attribute(world: World, request: Request) -> dict[str, Any]:
    """Overwrite the name or description of a vSwitch."""
    vswitch = _available_vswitch(world, request)
    name, description = _name(request) or vswitch.name, _description(request) or vswitch.description
    vswitch.name, vswitch.description = name, description
    return {}


def delete_vswitch(world: World, request: Request) -> dict[str, Any]:
    """Delete a vSwitch that holds nothing; it is Pending until it is gone."""
    vswitch = _available_vswitch(world, request)
    if vswitch.addresses or vswitch.occupied:
        # UNCONFIRMED: that it is the bare code when network interfaces are what is left.
        raise Refusal(400, "DependencyViolation", "There are still resources in the vSwitch.")
    dry_run.stop(request)
    vswitch.gone_at = world.now() + world.delays.vswitch_deletion
    return {}


def _asked(world: World, request: Request) -> list[VSwitch]:
    """Give the vSwitches by the narrowest key that a list request names."""
    wanted, state = vpc.ids(request, "VSwitchId", "InvalidParameter"), world.part(vpc.State)
    if wanted:
        return [state.vswitches[vswitch_id] for vswitch_id in wanted if vswitch_id in state.vswitches]
    if not request.has("VpcId"):
        return list(state.vswitches.values())
    network = vpc.find_vpc(world, request.text("VpcId"))
    return vpc.vswitches_of(world, network) if network is not None else []


def _matches(vswitch: VSwitch, request: Request) -> bool:
    facts = {
        "VpcId": vswitch.vpc_id,
        "VSwitchName": vswitch.name,
        "ZoneId": vswitch.zone,
        "ResourceGroupId": vswitch.resource_group_id,
    }
    unlike = request.boolean("IsDefault") or request.boolean("EnableIpv6")  # we have none of either
    equal = all(request.text(name, value) == value for name, value in facts.items())
    return not unlike and equal and labels.bears(vswitch.tags, request)


def _check_zone(world: World, network: Vpc, zone: str) -> None:
    if zone not in vpc.zones(world, network.region):
        raise Refusal(404, "InvalidZoneId.NotFound", "The specified zone does not exist in the region.")


def _check_room(world: World, neighbours: list[VSwitch]) -> None:
    """One creation at a time, and no more than the quota. Source: VPC 2016-04-28, CreateVSwitch."""
    now, quota = world.now(), world.part(vpc.State).vswitch_quota
    if any(each.gone_at == NEVER and each.status(now) == "Pending" for each in neighbours):
        # Seen as TaskConflict and OperationConflict too.
        raise Refusal(400, "IncorrectVSwitchStatus", "Another vSwitch of the VPC is being created.")
    if len(neighbours) >= quota:
        raise Refusal(400, "QuotaExceeded.VSwitch", f"The VPC has {quota} vSwitches already.")


def _available_vswitch(world: World, request: Request) -> VSwitch:
    vswitch = vpc.find_vswitch(world, request.one("VSwitchId"))
    if vswitch is None or vswitch.region != regions.of(world, request):
        raise Refusal(404, "InvalidVSwitchId.NotFound", "The specified vSwitch does not exist.")
    if vswitch.status(world.now()) != "Available":
        raise Refusal(400, "IncorrectVSwitchStatus", "The status of the vSwitch does not allow this operation.")
    return vswitch


def _name(request: Request) -> str:
    return labels.line(request, "VSwitchName", 1, 128, "InvalidVSwitchName.Malformed")  # UNCONFIRMED: the code.


def _description(request: Request) -> str:
    return labels.line(request, "Description", 1, 256, "InvalidVSwitchDescription.Malformed")  # UNCONFIRMED: the code.


ROUTES = {
    "CreateVSwitch": create_vswitch,
    "DeleteVSwitch": delete_vswitch,
    "DescribeVSwitchAttributes": describe_vswitch_attributes,
    "DescribeVSwitches": describe_vswitches,
    "ModifyVSwitchAttribute": modify_vswitch_attribute,
}
