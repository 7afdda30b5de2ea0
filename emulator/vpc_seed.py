"""What a seed says of VPCs, and what the web page shows of them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from emulator import address_ranges, regions, vpc, vpc_vswitches
from emulator.networks import Vpc, VSwitch
from emulator.request import Refusal
from emulator.world import World


class VSwitchSeed(BaseModel):
    """`free` pins how many addresses are free, whatever the CIDR block would hold."""

    model_config = ConfigDict(extra="forbid")

    id: str = ""
    name: str = ""
    cidr: str
    zone: str
    free: int | None = None


class VpcSeed(BaseModel):
    """A VPC, in the world's region unless it says another."""

    model_config = ConfigDict(extra="forbid")

    id: str = ""
    name: str = ""
    cidr: str = address_ranges.DEFAULT_VPC
    region: str = ""
    vswitches: list[VSwitchSeed] = []


class Seed(BaseModel):
    """The section `vpc` of a seed; `zones` replaces the zones of the regions that they lie in."""

    model_config = ConfigDict(extra="forbid")

    zones: list[str] = []
    vpcs: list[VpcSeed] = []


def seed(world: World, data: Any) -> None:
    """Put VPCs and vSwitches into the account, Available at once.

    Raises:
        ValueError: the seed is impossible; the account is as it was.
    """
    wanted = Seed.model_validate(data)
    zones = _zones(world, wanted.zones)
    networks = [(_vpc(world, each), each.vswitches) for each in wanted.vpcs]
    plan = [(network, _vswitches(network, vswitches, zones)) for network, vswitches in networks]
    _check_ids(world, plan)
    world.part(vpc.State).zones = zones
    for network, vswitches in plan:
        vpc.add_vpc(world, network)
        for vswitch in vswitches:
            vswitch.vpc_id = network.id
            vpc_vswitches.add_vswitch(world, vswitch)


def overview(world: World) -> dict[str, list[dict[str, Any]]]:
    """Give the tables of the web page."""
    state, now = world.part(vpc.State), world.now()
    networks = [each for each in state.vpcs.values() if each.exists(now)]
    vswitches = [each for each in state.vswitches.values() if each.exists(now)]
    return {
        "VPCs": [_vpc_line(world, each) for each in networks],
        "vSwitches": [_vswitch_line(world, each) for each in vswitches],
    }


def _vpc_line(world: World, network: Vpc) -> dict[str, Any]:
    return {
        "VPC": network.id,
        "Name": network.name,
        "Region": network.region,
        "CIDR block": network.cidr,
        "Status": network.status(world.now()),
        "vSwitches": len(vpc.vswitches_of(world, network)),
    }


def _vswitch_line(world: World, vswitch: VSwitch) -> dict[str, Any]:
    used = {"progress": 1 - vswitch.free / vswitch.usable, "label": f"{vswitch.free} of {vswitch.usable} free"}
    return {
        "vSwitch": vswitch.id,
        "Name": vswitch.name,
        "VPC": vswitch.vpc_id,
        "Zone": vswitch.zone,
        "CIDR block": vswitch.cidr,
        "Status": vswitch.status(world.now()),
        "Addresses": used,
    }


def _zones(world: World, wanted: list[str]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for zone in wanted:
        if regions.home(zone) == "":
            raise ValueError(f"zone {zone} lies in no region")
        named.setdefault(regions.home(zone), []).append(zone)
    return {**world.part(vpc.State).zones, **named}


def _vpc(world: World, wanted: VpcSeed) -> Vpc:
    region = wanted.region or world.region
    if region not in regions.REGIONS:
        raise ValueError(f"there is no region {region}")
    try:
        return Vpc(wanted.id, region, str(address_ranges.for_vpc(wanted.cidr)), wanted.name)
    except Refusal as refusal:
        raise ValueError(f"VPC {wanted.id or wanted.name}: {refusal.message}") from refusal


def _vswitches(network: Vpc, wanted: list[VSwitchSeed], zones: dict[str, list[str]]) -> list[VSwitch]:
    found: list[VSwitch] = []
    for each in wanted:
        if each.zone not in (zones.get(network.region) or regions.zones(network.region)):
            raise ValueError(f"vSwitch {each.id or each.name}: {network.region} has no zone {each.zone}")
        found.append(_vswitch(network, each, [other.cidr for other in found]))
    return found


def _vswitch(network: Vpc, wanted: VSwitchSeed, neighbours: list[str]) -> VSwitch:
    try:
        cidr = str(address_ranges.for_vswitch(wanted.cidr, network.cidr, neighbours))
    except Refusal as refusal:
        raise ValueError(f"vSwitch {wanted.id or wanted.name}: {refusal.message}") from refusal
    vswitch = VSwitch(wanted.id, "", network.region, wanted.zone, cidr, wanted.name)
    if wanted.free is not None:
        if not 0 <= wanted.free <= vswitch.usable:
            raise ValueError(f"vSwitch {wanted.id or wanted.name}: {cidr} holds {vswitch.usable} addresses")
        vswitch.occupied = vswitch.usable - wanted.free
    return vswitch


def _check_ids(world: World, plan: list[tuple[Vpc, list[VSwitch]]]) -> None:
    state = world.part(vpc.State)
    taken = set(state.vpcs) | set(state.vswitches)
    for each in [network.id for network, _ in plan] + [vswitch.id for _, vswitches in plan for vswitch in vswitches]:
        if each in taken:
            raise ValueError(f"there are two of the id {each}")
        taken.update({each} - {""})
