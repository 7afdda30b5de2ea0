"""ECS: the account's security groups and network interfaces, and what a service makes of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator import client_tokens, labels, regions, vpc
from emulator.ecs_rules import Rule
from emulator.networks import VSwitch
from emulator.request import Refusal, Request
from emulator.world import World

PRODUCT = "Ecs"
VERSION = "2014-05-26"
HOST = "ecs.aliyuncs.com"
NAMESPACE = "ecs"
# What Realtime Compute makes in a customer's VPC bears this tag. UNCONFIRMED: the security group too.
# Source: ActionTrail, event CreateNetworkInterface by aliyunstreamdefaultrole.
SERVICE_TAGS = {"CreatedBy": "StreamCompute"}
MAX_MEMBERS = {"normal": 2000, "enterprise": 65536}  # Source: ECS, limits of security groups in a VPC.


@dataclass
class SecurityGroup:
    """`members` holds the ids of the interfaces in it, as keys."""

    id: str
    region: str
    vpc_id: str
    name: str = ""
    description: str = ""
    kind: str = "normal"
    resource_group_id: str = ""
    rules: list[Rule] = field(default_factory=list)
    members: dict[str, bool] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    created_at: float = 0.0


@dataclass
class Interface:
    """An elastic network interface (ENI); the first of its addresses is the primary one."""

    id: str
    region: str
    zone: str
    vpc_id: str
    vswitch_id: str
    security_group_ids: list[str]
    addresses: list[str]
    mac: str = ""
    name: str = ""
    description: str = ""
    resource_group_id: str = ""
    status: str = "Available"
    delete_on_release: bool = True
    tags: dict[str, str] = field(default_factory=dict)
    created_at: float = 0.0

    @property
    def address(self) -> str:
        return self.addresses[0]


@dataclass
class State:
    """All regions in one. `stock` says Available or SoldOut of a zone; one that it does not name is Available."""

    security_groups: dict[str, SecurityGroup] = field(default_factory=dict)
    interfaces: dict[str, Interface] = field(default_factory=dict)
    stock: dict[str, str] = field(default_factory=dict)
    security_group_quota: int = 100  # per region
    tokens: client_tokens.Store = field(default_factory=client_tokens.Store)


def find_security_group(world: World, security_group_id: str) -> SecurityGroup | None:
    """Give a security group of any region, None when there is none of this id."""
    return world.part(State).security_groups.get(security_group_id)


def find_interface(world: World, interface_id: str) -> Interface | None:
    """Give a network interface of any region, None when there is none of this id."""
    return world.part(State).interfaces.get(interface_id)


def has_stock(world: World, zone: str) -> bool:
    """Say whether a zone has machines left; it has of all models or of none."""
    return world.part(State).stock.get(zone, "Available") == "Available" and not world.trouble.has_sold_out(zone)


def make_service_security_group(world: World, vpc_id: str, region: str, name: str) -> str:
    """Make a security group as Realtime Compute does in a customer's VPC, and give its id.

    Raises:
        Refusal: no such VPC.
    """
    group = SecurityGroup("", region, vpc_id, name, "Created by Realtime Compute", tags=dict(SERVICE_TAGS))
    return add_security_group(world, group)


def make_service_interface(world: World, vswitch_id: str, security_group_id: str, description: str) -> str:
    """Make an interface in use, as Realtime Compute does for the nodes of a cluster, and give its id.

    Raises:
        Refusal: no such vSwitch or security group, or no free address.
    """
    vswitch, group = vpc.find_vswitch(world, vswitch_id), find_security_group(world, security_group_id)
    if vswitch is None:
        raise Refusal(404, "InvalidVSwitchId.NotFound", f"The vSwitch {vswitch_id} does not exist.")
    if group is None:
        raise Refusal(404, "InvalidSecurityGroupId.NotFound", f"Security group {security_group_id} does not exist.")
    interface = new_interface(vswitch, [group.id], vswitch.choose_addresses(1, []))
    interface.description, interface.status, interface.tags = description, "InUse", dict(SERVICE_TAGS)
    return add_interface(world, interface)


def remove_security_group(world: World, security_group_id: str) -> None:
    """Take a security group away, whatever depends on it; one that is not there is no error."""
    state = world.part(State)
    group = state.security_groups.pop(security_group_id, None)
    if group is None:
        return
    for interface_id in group.members:
        state.interfaces[interface_id].security_group_ids.remove(group.id)
    network = vpc.find_vpc(world, group.vpc_id)
    if network is not None:
        network.tenants.pop(group.id, None)


def remove_interface(world: World, interface_id: str) -> None:
    """Take an interface away, even one in use, and free its addresses; one that is not there is no error."""
    state = world.part(State)
    interface = state.interfaces.pop(interface_id, None)
    if interface is None:
        return
    for security_group_id in interface.security_group_ids:
        del state.security_groups[security_group_id].members[interface.id]
    vswitch = vpc.find_vswitch(world, interface.vswitch_id)
    if vswitch is not None:
        for address in interface.addresses:
            vswitch.addresses.pop(address, None)


def add_security_group(world: World, group: SecurityGroup) -> str:
    """Put a security group into its VPC, and give its id."""
    network = vpc.find_vpc(world, group.vpc_id)
    if network is None:
        raise Refusal(404, "InvalidVpcId.NotFound", f"The VPC {group.vpc_id} does not exist.")
    group.id = group.id or regions.draw_id(world, "sg", group.region)
    group.resource_group_id = group.resource_group_id or labels.default_resource_group(world)
    group.created_at = world.now()
    network.tenants[group.id] = "SecurityGroup"
    world.part(State).security_groups[group.id] = group
    return group.id


def new_interface(vswitch: VSwitch, security_group_ids: list[str], addresses: list[str]) -> Interface:
    return Interface("", vswitch.region, vswitch.zone, vswitch.vpc_id, vswitch.id, security_group_ids, addresses)


def add_interface(world: World, interface: Interface) -> str:
    """Put an interface into its vSwitch and security groups, which must be there, and give its id."""
    state = world.part(State)
    interface.id = regions.draw_id(world, "eni", interface.region)
    digits = world.identifiers.hexadecimal(6).lower()
    interface.mac = f"00:16:3e:{digits[:2]}:{digits[2:4]}:{digits[4:]}"
    interface.resource_group_id = interface.resource_group_id or labels.default_resource_group(world)
    interface.created_at = world.now()
    state.interfaces[interface.id] = interface
    for security_group_id in interface.security_group_ids:
        state.security_groups[security_group_id].members[interface.id] = True
    vswitch = world.part(vpc.State).vswitches[interface.vswitch_id]
    vswitch.addresses.update(dict.fromkeys(interface.addresses, interface.id))
    return interface.id


def once(world: World, request: Request, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Act once for a ClientToken."""
    client_tokens.check(request)
    message = "The request uses a ClientToken that was used before with other parameters."
    mismatch = Refusal(403, "IdempotentParameterMismatch", message)
    return client_tokens.once(world.part(State).tokens, request, act, mismatch)


def security_group(world: World, region: str, security_group_id: str) -> SecurityGroup:
    """Give a security group of a region, or refuse."""
    group = find_security_group(world, security_group_id)
    if group is None or group.region != region:
        raise Refusal(404, "InvalidSecurityGroupId.NotFound", "The specified SecurityGroupId does not exist.")
    return group


def tag_rows(tags: Mapping[str, str]) -> dict[str, Any]:
    """Show tags as ECS replies do; its requests call the same Key and Value."""
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]}


def resource(world: World, request: Request) -> str:
    """Name what a call is about: the interface or security group that it names, or everything."""
    where = f"acs:ecs:{request.region or world.region}:{world.account_id}"
    if "NetworkInterface" in request.action:
        return f"{where}:eni/{request.text('NetworkInterfaceId', '*')}"
    if "SecurityGroup" in request.action:
        return f"{where}:securitygroup/{request.text('SecurityGroupId', '*')}"
    return f"{where}:*"
