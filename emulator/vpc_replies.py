"""How the VPC API shows VPCs and vSwitches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.networks import Vpc, VSwitch
from emulator.world import World, iso


def vpc_row(world: World, vpc: Vpc, vswitch_ids: list[str]) -> dict[str, Any]:
    """An item of DescribeVpcs."""
    return {
        **_vpc(world, vpc, vswitch_ids),
        "CenStatus": "Detached",
        "NatGatewayIds": {"NatGatewayIds": []},
        "RouterTableIds": {"RouterTableIds": [vpc.route_table_id]},
    }


def vpc_attribute(world: World, vpc: Vpc, vswitch_ids: list[str]) -> dict[str, Any]:
    """The body of DescribeVpcAttribute."""
    counts = {"VRouter": 1, "RouteTable": 1, "VSwitch": len(vswitch_ids)}
    for kind in vpc.tenants.values():
        counts[kind] = counts.get(kind, 0) + 1
    resources = [{"ResourceType": kind, "ResourceCount": count} for kind, count in counts.items() if count]
    return {
        **_vpc(world, vpc, vswitch_ids),
        "AssociatedCens": {"AssociatedCen": []},
        "AssociatedPropagationSources": {"AssociatedPropagationSources": []},
        "ClassicLinkEnabled": False,
        "CloudResources": {"CloudResourceSetType": resources},
        "Ipv4GatewayId": "",
        "SupportIpv4Gateway": True,
    }


def vswitch_row(world: World, vswitch: VSwitch) -> dict[str, Any]:
    """An item of DescribeVSwitches, and the body of DescribeVSwitchAttributes."""
    return {
        "AvailableIpAddressCount": vswitch.free,
        "CidrBlock": vswitch.cidr,
        "CreationTime": iso(vswitch.created_at),
        "Description": vswitch.description,
        "EnabledIpv6": False,
        "Ipv6CidrBlock": "",
        "IsDefault": False,
        "NetworkAclId": "",
        "OwnerId": int(world.account_id),
        "ResourceGroupId": vswitch.resource_group_id,
        "RouteTable": {"RouteTableId": vswitch.route_table_id, "RouteTableType": "System"},
        "ShareType": "",
        "Status": vswitch.status(world.now()),
        "Tags": _tags(vswitch.tags),
        "VSwitchId": vswitch.id,
        "VSwitchName": vswitch.name,
        "VpcId": vswitch.vpc_id,
        "ZoneId": vswitch.zone,
    }


def no_vswitch() -> dict[str, Any]:
    """What DescribeVSwitchAttributes says of an id that is not there.

    UNCONFIRMED: the other candidate is 404 InvalidVSwitchId.NotFound. Empty fields ask more of a client.
    """
    names = ["CidrBlock", "CreationTime", "Description", "Ipv6CidrBlock", "NetworkAclId", "ResourceGroupId"]
    names += ["Status", "VSwitchId", "VSwitchName", "VpcId", "ZoneId"]
    return {**dict.fromkeys(names, ""), "AvailableIpAddressCount": 0, "IsDefault": False, "Tags": _tags({})}


def _vpc(world: World, vpc: Vpc, vswitch_ids: list[str]) -> dict[str, Any]:
    return {
        "CidrBlock": vpc.cidr,
        "CreationTime": iso(vpc.created_at),
        "Description": vpc.description,
        "DhcpOptionsSetId": "",
        "DhcpOptionsSetStatus": "",
        "DnsHostnameStatus": "",
        "EnabledIpv6": False,
        "Ipv6CidrBlock": "",
        "Ipv6CidrBlocks": {"Ipv6CidrBlock": []},
        "IsDefault": False,
        "OwnerId": int(world.account_id),
        "RegionId": vpc.region,
        "ResourceGroupId": vpc.resource_group_id,
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": []},
        "Status": vpc.status(world.now()),
        "Tags": _tags(vpc.tags),
        "UserCidrs": {"UserCidr": list(vpc.user_cidrs)},
        "VRouterId": vpc.router_id,
        "VSwitchIds": {"VSwitchId": vswitch_ids},
        "VpcId": vpc.id,
        "VpcName": vpc.name,
    }


def _tags(tags: Mapping[str, str]) -> dict[str, Any]:
    return {"Tag": [{"Key": key, "Value": value} for key, value in tags.items()]}
