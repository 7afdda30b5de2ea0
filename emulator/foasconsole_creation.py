"""What must be so before a workspace is made: its name, network and storage."""

from __future__ import annotations

from emulator import ecs, oss, vpc
from emulator.foasconsole import State, Workspace, checked_name, refuse, texts
from emulator.request import Refusal, Request
from emulator.world import World

# Source: foasconsole 2021-10-28, CreateInstance. UNCONFIRMED: the length.
INSTANCE_NAME = "[a-z]([a-z0-9-]{0,61}[a-z0-9])?"


def instance_name(request: Request) -> str:
    return checked_name(INSTANCE_NAME, "InstanceName", request.one("InstanceName"))


def bucket(world: World, request: Request, region: str) -> str:
    """Give the bucket of Storage, empty when the storage is to be fully managed."""
    request.required("Storage")
    storage = request.json("Storage")
    oss_part = storage.get("Oss") if isinstance(storage, dict) else None
    name = oss_part.get("Bucket") if isinstance(oss_part, dict) else None
    managed = isinstance(storage, dict) and storage.get("FullyManaged") is True
    if managed == bool(name) or (name and not isinstance(name, str)):
        raise Refusal(400, "InvalidStorage", "Storage needs either FullyManaged or Oss with a Bucket.")
    if name:
        check_bucket(world, name, region)
    return name or ""


def check_bucket(world: World, name: str, region: str) -> None:
    """The bucket is ours, here, of class Standard and not public."""
    found = oss.find_bucket(world, name)
    if found is None:
        raise refuse("OssBucketNotFound", f"The bucket {name} does not exist.")
    if found.owner != world.account_id:
        raise refuse("OssBucketForbidden", f"The bucket {name} belongs to another account.")
    if found.region != region:
        raise refuse("InvalidOssBucket.Region", f"The bucket {name} is in region {found.region}.")
    if found.storage_class != "Standard":
        raise refuse("InvalidOssBucket.StorageClass", f"The bucket {name} is of class {found.storage_class}.")
    if found.acl != "private":
        raise refuse("InvalidOssBucket.Acl", f"The bucket {name} is {found.acl}; it must be private.")


def check_vpc(world: World, vpc_id: str, region: str) -> None:
    """The VPC is here and somebody gave it a name. Source: Realtime Compute, activation guide."""
    network = vpc.find_vpc(world, vpc_id)
    if network is None or network.region != region:
        raise refuse("InvalidVpcId.NotFound", f"The VPC {vpc_id} does not exist in region {region}.")
    if not network.name:
        raise refuse("InvalidVpc.Name", f"The VPC {vpc_id} has no name; only named VPCs are recognised.")


def vswitches(world: World, request: Request, name: str, vpc_id: str) -> list[str]:
    """Give the vSwitches of a JSON parameter, after they have been checked."""
    wanted = list(dict.fromkeys(texts(request, name)))
    check_vswitches(world, wanted, vpc_id)
    return wanted


def check_vswitches(world: World, vswitch_ids: list[str], vpc_id: str) -> None:
    """Every vSwitch is in the VPC, in a supported zone, and has a free address."""
    for vswitch_id in vswitch_ids:
        vswitch = vpc.find_vswitch(world, vswitch_id)
        if vswitch is None or vswitch.vpc_id != vpc_id:
            raise refuse("InvalidVSwitchId.NotFound", f"The vSwitch {vswitch_id} does not exist in VPC {vpc_id}.")
        if vswitch.status(world.now()) != "Available":
            raise refuse("IncorrectVSwitchStatus", f"The vSwitch {vswitch_id} is not Available yet.")
        if vswitch.zone not in supported_zones(world, vswitch.region):
            raise refuse("UnsupportedZone", f"No workspace can be made in zone {vswitch.zone}.")
        if vpc.free_addresses(world, vswitch) < 1:
            raise refuse("InsufficientIpAddress", f"The vSwitch {vswitch_id} has no free address.")


def supported_zones(world: World, region: str) -> list[str]:
    closed = world.part(State).closed_zones
    return [zone for zone in vpc.zones(world, region) if zone not in closed and not world.trouble.has_sold_out(zone)]


def zone_of(world: World, vswitch_id: str) -> str:
    vswitch = vpc.find_vswitch(world, vswitch_id)
    return vswitch.zone if vswitch else ""


def connect(world: World, workspace: Workspace) -> None:
    """Give every vSwitch of a workspace one interface, and take away those of vSwitches that it left."""
    wanted = dict.fromkeys([*workspace.vswitch_ids, *workspace.ha_vswitch_ids])
    for vswitch_id in [known for known in workspace.interfaces if known not in wanted]:
        ecs.remove_interface(world, workspace.interfaces.pop(vswitch_id))
    for vswitch_id in [fresh for fresh in wanted if fresh not in workspace.interfaces]:
        text = f"Realtime Compute workspace {workspace.instance_id}"
        workspace.interfaces[vswitch_id] = ecs.make_service_interface(
            world, vswitch_id, workspace.security_group_id, text
        )
