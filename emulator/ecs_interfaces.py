"""Elastic network interfaces (ENIs) of ECS: an address of a vSwitch, in security groups."""

from __future__ import annotations

from typing import Any

from emulator import dry_run, ecs, labels, regions, vpc
from emulator.ecs import Interface
from emulator.ecs_security_groups import paged
from emulator.networks import VSwitch
from emulator.request import Refusal, Request
from emulator.world import World, iso

MAX_GROUPS = 10
MAX_SECONDARY = 49
MAX_IDS = 100


def describe_network_interfaces(world: World, request: Request) -> dict[str, Any]:
    """List the interfaces of a region; an id that is not there is no error."""
    region = regions.named(request)
    found = [each for each in _asked(world, request) if each.region == region and _matches(each, request)]
    page, facts = paged(request, found, 1000, 500)
    dry_run.stop(request)
    return {**facts, "NetworkInterfaceSets": {"NetworkInterfaceSet": [_row(world, each) for each in page]}}


def create_network_interface(world: World, request: Request) -> dict[str, Any]:
    """Make an interface, Available at once, with one address of the vSwitch or more."""
    return ecs.once(world, request, lambda: _create_network_interface(world, request))


def _create_network_interface(world: World, request: Request) -> dict[str, Any]:
    region = regions.named(request)
    vswitch = _vswitch(world, request, region)
    groups = _security_group_ids(world, request, region, vswitch)
    secondary = request.integer("SecondaryPrivateIpAddressCount", 0, 0, MAX_SECONDARY)
    primary, wanted = request.text("PrimaryIpAddress"), request.items("PrivateIpAddress")
    if len(wanted) > MAX_SECONDARY:
        raise Refusal(400, "InvalidParameter.PrivateIpAddress", f"An interface has at most {MAX_SECONDARY} more.")
    interface = ecs.new_interface(vswitch, groups, _addresses(vswitch, primary, wanted, secondary))
    # UNCONFIRMED: the code for the name.
    interface.name = labels.ecs_name(request, "NetworkInterfaceName", "InvalidNetworkInterfaceName.Malformed")
    interface.description = labels.line(request, "Description", 2, 256, "InvalidDescription.Malformed")
    interface.delete_on_release = request.boolean("DeleteOnRelease", True)
    interface.resource_group_id = labels.resource_group(world, request)
    interface.tags = labels.tags(request)
    ecs.add_interface(world, interface)
    return {**_facts(world, interface), "PrivateIpSets": {"PrivateIpSet": _private_addresses(interface)}}


def delete_network_interface(world: World, request: Request) -> dict[str, Any]:
    """Delete an interface that is not in use. The cloud takes a while; UNCONFIRMED how long, so here it takes none."""
    region = regions.named(request)
    interface = ecs.find_interface(world, request.one("NetworkInterfaceId"))
    if interface is None or interface.region != region:
        # UNCONFIRMED: the status; 403 is listed too.
        raise Refusal(404, "InvalidEniId.NotFound", "The specified NetworkInterfaceId does not exist.")
    if interface.status != "Available":
        message = f"The interface is {interface.status}; only an Available one can be deleted."
        raise Refusal(400, "InvalidOperation.InvalidEniState", message)
    ecs.remove_interface(world, interface.id)
    return {}


def _asked(world: World, request: Request) -> list[Interface]:
    """Give the interfaces by the narrowest key that a list request names."""
    interfaces, wanted = world.part(ecs.State).interfaces, request.items("NetworkInterfaceId")[:MAX_IDS]
    if wanted:
        return [interfaces[each] for each in dict.fromkeys(wanted) if each in interfaces]
    if not request.has("SecurityGroupId"):
        return list(interfaces.values())
    group = ecs.find_security_group(world, request.text("SecurityGroupId"))
    return [interfaces[each] for each in group.members] if group is not None else []


def _matches(interface: Interface, request: Request) -> bool:
    facts = {
        "InstanceId": "",
        "NetworkInterfaceName": interface.name,
        "PrimaryIpAddress": interface.address,
        "ResourceGroupId": interface.resource_group_id,
        "Status": interface.status,
        "Type": "Secondary",
        "VSwitchId": interface.vswitch_id,
        "VpcId": interface.vpc_id,
    }
    equal = all(request.text(name, value) == value for name, value in facts.items())
    addresses = request.items("PrivateIpAddress")
    reached = not addresses or not set(addresses).isdisjoint(interface.addresses)
    grouped = request.text("SecurityGroupId") in ("", *interface.security_group_ids)
    return (
        equal
        and reached
        and grouped
        and not request.boolean("ServiceManaged")
        and labels.bears(interface.tags, request)
    )


def _row(world: World, interface: Interface) -> dict[str, Any]:
    nobody = {"AllocationId": "", "PublicIpAddress": ""}
    addresses = [{**each, "AssociatedPublicIp": nobody} for each in _private_addresses(interface)]
    return {
        **_facts(world, interface),
        "AssociatedPublicIp": nobody,
        "CreationTime": iso(interface.created_at),
        "DeleteOnRelease": interface.delete_on_release,
        "InstanceId": "",
        "NetworkInterfaceTrafficMode": "Standard",
        "PrivateIpSets": {"PrivateIpSet": addresses},
    }


def _facts(world: World, interface: Interface) -> dict[str, Any]:
    return {
        "Description": interface.description,
        "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
        "Ipv6Sets": {"Ipv6Set": []},
        "MacAddress": interface.mac,
        "NetworkInterfaceId": interface.id,
        "NetworkInterfaceName": interface.name,
        "OwnerId": world.account_id,
        "PrivateIpAddress": interface.address,
        "ResourceGroupId": interface.resource_group_id,
        "SecurityGroupIds": {"SecurityGroupId": list(interface.security_group_ids)},
        "ServiceManaged": False,
        "SourceDestCheck": False,
        "Status": interface.status,
        "Tags": ecs.tag_rows(interface.tags),
        "Type": "Secondary",
        "VSwitchId": interface.vswitch_id,
        "VpcId": interface.vpc_id,
        "ZoneId": interface.zone,
    }


def _private_addresses(interface: Interface) -> list[dict[str, Any]]:
    return [{"Primary": not i, "PrivateIpAddress": address} for i, address in enumerate(interface.addresses)]


def _vswitch(world: World, request: Request, region: str) -> VSwitch:
    vswitch = vpc.find_vswitch(world, request.one("VSwitchId"))
    if vswitch is None or vswitch.region != region:
        raise Refusal(404, "InvalidVSwitchId.NotFound", "The specified VSwitchId does not exist.")
    if vswitch.status(world.now()) != "Available":
        raise Refusal(400, "IncorrectVSwitchStatus", "The status of the vSwitch does not allow this operation.")
    return vswitch


def _security_group_ids(world: World, request: Request, region: str, vswitch: VSwitch) -> list[str]:
    one, several = request.text("SecurityGroupId"), list(dict.fromkeys(request.items("SecurityGroupIds")))
    if (one == "") == (several == []) or len(several) > MAX_GROUPS:
        message = f"Name either SecurityGroupId or up to {MAX_GROUPS} SecurityGroupIds."
        raise Refusal(400, "InvalidParameter.SecurityGroupId", message)  # UNCONFIRMED: the code.
    for group in [ecs.security_group(world, region, each) for each in several or [one]]:
        if group.vpc_id != vswitch.vpc_id:
            raise Refusal(403, "InvalidOperation.VpcMismatch", "Security group and vSwitch are in different VPCs.")
        if len(group.members) >= ecs.MAX_MEMBERS[group.kind]:
            raise Refusal(403, "SecurityGroupInstanceLimitExceed", "The security group is full.")
    return several or [one]


def _addresses(vswitch: VSwitch, primary: str, wanted: list[str], secondary: int) -> list[str]:
    """Choose the primary address first, then those wanted, then `secondary` more."""
    if primary:
        return vswitch.choose_addresses(1 + len(wanted) + secondary, [primary, *wanted])
    chosen = vswitch.choose_addresses(1 + len(wanted) + secondary, wanted)
    return chosen[len(wanted) :] + chosen[: len(wanted)]


ROUTES = {
    "CreateNetworkInterface": create_network_interface,
    "DeleteNetworkInterface": delete_network_interface,
    "DescribeNetworkInterfaces": describe_network_interfaces,
}
