"""What a seed says of ECS, and what the web page shows of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from emulator import ecs, regions, vpc
from emulator.ecs import SecurityGroup
from emulator.world import World


class SecurityGroupSeed(BaseModel):
    """A security group in a VPC that is there; with `service`, as Realtime Compute would have made it."""

    model_config = ConfigDict(extra="forbid")

    id: str = ""
    name: str = ""
    vpc_id: str
    service: bool = False


class Seed(BaseModel):
    """The section `ecs` of a seed; `stock` is by zone."""

    model_config = ConfigDict(extra="forbid")

    stock: dict[str, Literal["Available", "SoldOut"]] = {}
    security_groups: list[SecurityGroupSeed] = []


def seed(world: World, data: Any) -> None:
    """Put security groups into the account, and say what is sold out.

    Raises:
        ValueError: the seed is impossible; the account is as it was.
    """
    wanted = Seed.model_validate(data)
    for zone in wanted.stock:
        if regions.home(zone) == "" or zone not in vpc.zones(world, regions.home(zone)):
            raise ValueError(f"there is no zone {zone}")
    groups = [_security_group(world, each) for each in wanted.security_groups]
    state = world.part(ecs.State)
    taken = [*state.security_groups, *(group.id for group in groups if group.id)]
    if len(taken) != len(set(taken)):
        raise ValueError("there are two security groups of the same id")
    state.stock.update(wanted.stock)
    for group in groups:
        ecs.add_security_group(world, group)


def overview(world: World) -> dict[str, list[dict[str, Any]]]:
    """Give the tables of the web page."""
    state = world.part(ecs.State)
    return {
        "Security groups": [_security_group_line(each) for each in state.security_groups.values()],
        "Network interfaces": [_interface_line(each) for each in state.interfaces.values()],
        "Stock": [{"Zone": zone, "Status": status} for zone, status in state.stock.items()],
    }


def _security_group(world: World, wanted: SecurityGroupSeed) -> SecurityGroup:
    network = vpc.find_vpc(world, wanted.vpc_id)
    if network is None:
        raise ValueError(f"security group {wanted.id or wanted.name}: there is no VPC {wanted.vpc_id}")
    if wanted.id and not wanted.id.startswith("sg-"):
        raise ValueError(f"security group {wanted.id}: the id of a security group starts with sg-")
    tags = dict(ecs.SERVICE_TAGS) if wanted.service else {}
    return SecurityGroup(wanted.id, network.region, network.id, wanted.name, tags=tags)


def _security_group_line(group: SecurityGroup) -> dict[str, Any]:
    return {
        "Security group": group.id,
        "Name": group.name,
        "VPC": group.vpc_id,
        "Rules": len(group.rules),
        "Interfaces": len(group.members),
        "Made by": group.tags.get("CreatedBy", ""),
    }


def _interface_line(interface: ecs.Interface) -> dict[str, Any]:
    return {
        "Interface": interface.id,
        "Description": interface.description,
        "vSwitch": interface.vswitch_id,
        "Address": interface.address,
        "Status": interface.status,
        "Made by": interface.tags.get("CreatedBy", ""),
    }
