"""ECS 2014-05-26: what the service makes in the network (security group, interfaces), and the stock of a zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alicloud.call import Call, Kind, token_pages
from alicloud.call_rights import EVERYTHING, INTERFACES, SECURITY_GROUPS, allowed_by
from alicloud.errors import Misconfigured, Unmet

PRODUCT, VERSION = "Ecs", "2014-05-26"
GROUPS_PER_PAGE = "100"  # the most that ECS gives
INTERFACES_PER_PAGE = "500"

# The tag on what Realtime Compute makes. UNCONFIRMED for the security group; known for the network interfaces.
SERVICE_TAG = ("CreatedBy", "StreamCompute")

# Source: ECS 2014-05-26, Status of DescribeNetworkInterfaces. UNCONFIRMED: CreateFailed.
GONE_STATES = frozenset({"Deleting", "CreateFailed"})

# ClosedWithStock: what is left is sold, but will not be topped up. Source: ECS 2014-05-26, DescribeAvailableResource.
STOCKED = frozenset({"WithStock", "ClosedWithStock"})

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SecurityGroup:
    """A firewall in a VPC."""

    security_group_id: str
    vpc_id: str
    name: str
    service_managed: bool
    tags: Tags


@dataclass(frozen=True)
class NetworkInterface:
    """An elastic network interface (ENI). `service_managed` ones belong to a product of the cloud."""

    network_interface_id: str
    vpc_id: str
    vswitch_id: str
    security_group_ids: tuple[str, ...]
    status: str
    service_managed: bool
    tags: Tags


@dataclass(frozen=True)
class Stock:
    """Whether an instance type can be had in a zone: `status` Available or SoldOut, `category` says why."""

    zone: str
    status: str
    category: str
    instance_type: str = ""

    @property
    def suffices(self) -> bool:
        return self.status == "Available" and self.category in STOCKED


@allowed_by("ecs:DescribeSecurityGroups", SECURITY_GROUPS)
def describe_security_groups(
    vpc_id: str = "", security_group_id: str = "", tag: tuple[str, str] | None = None
) -> Call[tuple[SecurityGroup, ...]]:
    """List security groups; an unknown id gives none. Source: ECS 2014-05-26, DescribeSecurityGroups."""
    return Call(
        PRODUCT,
        VERSION,
        "DescribeSecurityGroups",
        Kind.READ,
        _groups,
        _filter(tag, VpcId=vpc_id, SecurityGroupId=security_group_id, MaxResults=GROUPS_PER_PAGE),
        absent=frozenset({"InvalidSecurityGroupId.NotFound"}),
        missing=(),
        next_page=token_pages,
        means="list security groups",
    )


@allowed_by("ecs:DescribeNetworkInterfaces", INTERFACES)
def describe_network_interfaces(
    vswitch_id: str = "", security_group_id: str = "", tag: tuple[str, str] | None = None
) -> Call[tuple[NetworkInterface, ...]]:
    """List network interfaces; an unknown id gives none. Source: ECS 2014-05-26, DescribeNetworkInterfaces."""
    return Call(
        PRODUCT,
        VERSION,
        "DescribeNetworkInterfaces",
        Kind.READ,
        _interfaces,
        _filter(tag, VSwitchId=vswitch_id, SecurityGroupId=security_group_id, MaxResults=INTERFACES_PER_PAGE),
        absent=frozenset({"InvalidVSwitchId.NotFound", "InvalidSecurityGroupId.NotFound"}),
        missing=(),
        next_page=token_pages,
        means="list network interfaces",
    )


def service_objects_missing(
    security_group_id: str, groups: tuple[SecurityGroup, ...], interfaces: tuple[NetworkInterface, ...]
) -> list[str]:
    """Say in words what the service made in the VPC and is gone; nothing when all is there.

    Args:
        security_group_id: the group of the cluster; empty when the cloud does not say it, then the tag decides.
        groups: the security groups of the VPC.
        interfaces: the network interfaces of the cluster's vSwitch or security group.
    """
    missing = []
    if security_group_id and security_group_id not in {group.security_group_id for group in groups}:
        missing.append(f"security group {security_group_id}")
    if not any(_of_service(each, security_group_id) for each in interfaces):
        where = f" in security group {security_group_id}" if security_group_id else ""
        missing.append(f"every network interface (ENI) of the service{where}")
    return missing


@allowed_by("ecs:DescribeAvailableResource", EVERYTHING)
def describe_available_resource(
    zone: str, cores: int, memory_gib: int, charge_type: str = "PrePaid"
) -> Call[tuple[Stock, ...]]:
    """List the instance types of that size with their stock; none when no type matches.

    Which types stand behind the service's node specifications is not public: the size is the natural probe.

    Args:
        zone: empty for all zones of the region.
        charge_type: PrePaid (subscription) or PostPaid.

    Source: ECS 2014-05-26, DescribeAvailableResource.
    """
    parameters = {
        "DestinationResource": "InstanceType",
        "ResourceType": "instance",
        "Cores": str(cores),
        "Memory": str(memory_gib),
        "InstanceChargeType": charge_type,
    }
    return Call(
        PRODUCT,
        VERSION,
        "DescribeAvailableResource",
        Kind.READ,
        _stock,
        {**parameters, "ZoneId": zone} if zone else parameters,
        missing=(),
        means=f"look for {cores} vCPU / {memory_gib} GiB instances in stock",
    )


def check_stock(specification: str, zone: str, stock: tuple[Stock, ...]) -> None:
    """Check that a node specification can be had in the zone.

    Raises:
        Unmet: it is sold out or not offered there; other zones that have it are named when `stock` knows them.
    """
    here = [each for each in stock if each.zone == zone]
    if any(each.suffices for each in here):
        return
    states = sorted({f"{each.status} ({each.category})" if each.category else each.status for each in here})
    elsewhere = sorted({each.zone for each in stock if each.suffices})
    hint = f" (in stock: {', '.join(elsewhere)})" if elsewhere else ""
    raise Unmet(
        f"ECS has no stock for {specification} nodes in zone {zone}: {', '.join(states) or 'not offered there'}.",
        remedy=f"Choose another zone{hint}, with a vSwitch there, or submit a ticket; then Retry this run.",
    )


def cores_and_memory(specification: str) -> tuple[int, int]:
    """Read a node specification: Ecs_8c32g has 8 vCPU and 32 GiB.

    Raises:
        Misconfigured: it is not of that form.
    """
    parts = re.fullmatch(r"Ecs_(\d+)c(\d+)g", specification)
    if parts is None:
        raise Misconfigured(
            f"{specification} is not a node specification.",
            remedy="Write it as the order does, e.g. Ecs_8c32g, in the environment.",
        )
    return int(parts[1]), int(parts[2])


def _of_service(interface: NetworkInterface, security_group_id: str) -> bool:
    ours = SERVICE_TAG in interface.tags or security_group_id in interface.security_group_ids
    return ours and interface.status not in GONE_STATES


def _filter(tag: tuple[str, str] | None, **parameters: str) -> dict[str, str]:
    tags = {"Tag.1.Key": tag[0], "Tag.1.Value": tag[1]} if tag else {}
    return {**{name: value for name, value in parameters.items() if value}, **tags}


def _groups(body: Any) -> tuple[SecurityGroup, ...]:
    return tuple(
        SecurityGroup(
            security_group_id=row["SecurityGroupId"],
            vpc_id=row.get("VpcId", ""),
            name=row.get("SecurityGroupName", ""),
            service_managed=bool(row.get("ServiceManaged", False)),
            tags=_tags(row),
        )
        for row in body["SecurityGroups"]["SecurityGroup"]
    )


def _interfaces(body: Any) -> tuple[NetworkInterface, ...]:
    return tuple(
        NetworkInterface(
            network_interface_id=row["NetworkInterfaceId"],
            vpc_id=row.get("VpcId", ""),
            vswitch_id=row["VSwitchId"],
            security_group_ids=tuple(row.get("SecurityGroupIds", {}).get("SecurityGroupId", ())),
            status=row["Status"],
            service_managed=bool(row.get("ServiceManaged", False)),
            tags=_tags(row),
        )
        for row in body["NetworkInterfaceSets"]["NetworkInterfaceSet"]
    )


def _tags(row: Mapping[str, Any]) -> Tags:
    """Requests say Key and Value, replies TagKey and TagValue."""
    return tuple((tag["TagKey"], tag["TagValue"]) for tag in row.get("Tags", {}).get("Tag", ()))


def _stock(body: Any) -> tuple[Stock, ...]:
    return tuple(
        Stock(zone["ZoneId"], supported["Status"], supported.get("StatusCategory", ""), supported["Value"])
        for zone in body["AvailableZones"]["AvailableZone"]
        for resource in zone.get("AvailableResources", {}).get("AvailableResource", ())
        for supported in resource["SupportedResources"]["SupportedResource"]
    )
