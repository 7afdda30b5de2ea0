"""VPC 2016-04-28: what takes a VPC and its vSwitches away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import VPCS, VSWITCHES, allowed_by
from alicloud.vpc import PRODUCT, VERSION, Vpc, created_vpc_key
from alicloud.vpc_vswitches import VSwitch, created_vswitch_key

_REMEDY = (
    "If rights are lacking, attach AliyunVPCFullAccess to the identity that runs this; if something is still in it, "
    "the code names what: find out whose it is. Then Retry this run."
)


@allowed_by("vpc:DeleteVSwitch", VSWITCHES)
def delete_vswitch(vswitch: VSwitch) -> Call[None]:
    """Delete a vSwitch that holds nothing; it is Pending until it is gone. Source: VPC 2016-04-28, DeleteVSwitch."""
    return Call(
        PRODUCT,
        VERSION,
        "DeleteVSwitch",
        Kind.IDEMPOTENT,
        _nothing,
        {"VSwitchId": vswitch.vswitch_id},
        done=frozenset({"InvalidVSwitchId.NotFound", "InvalidVswitchID.NotFound"}),
        means=f"delete vSwitch {vswitch.name} ({vswitch.vswitch_id})",
        removes=created_vswitch_key(vswitch.vpc_id, vswitch.cidr),
        remedy=_REMEDY,
    )


@allowed_by("vpc:DeleteVpc", VPCS)
def delete_vpc(vpc: Vpc) -> Call[None]:
    """Delete a VPC that holds nothing; it is Pending until it is gone. Source: VPC 2016-04-28, DeleteVpc."""
    return Call(
        PRODUCT,
        VERSION,
        "DeleteVpc",
        Kind.IDEMPOTENT,
        _nothing,
        {"VpcId": vpc.vpc_id},
        done=frozenset({"InvalidVpcId.NotFound", "Forbidden.VpcNotFound"}),
        means=f"delete VPC {vpc.name} ({vpc.vpc_id})",
        removes=created_vpc_key(vpc.region, vpc.name),
        remedy=_REMEDY,
    )


def vswitch_removal(vswitch: VSwitch, actual: tuple[VSwitch, ...]) -> list[Call[Any]]:
    """Decide whether a vSwitch must be deleted; one that is Pending is on its way."""
    found = [row for row in actual if row.vswitch_id == vswitch.vswitch_id and row.status == "Available"]
    return [delete_vswitch(row) for row in found]


def vpc_removal(vpc: Vpc, actual: tuple[Vpc, ...]) -> list[Call[Any]]:
    """Decide whether a VPC must be deleted; one that is Pending is on its way."""
    return [delete_vpc(row) for row in actual if row.vpc_id == vpc.vpc_id and row.status == "Available"]


def vswitch_gone(vswitch_id: str) -> Callable[[tuple[VSwitch, ...]], bool]:
    """Make the test whether a vSwitch is gone, for `settle.wait_until`."""
    return lambda rows: all(row.vswitch_id != vswitch_id for row in rows)


def vpc_gone(vpc_id: str) -> Callable[[tuple[Vpc, ...]], bool]:
    """Make the test whether a VPC is gone, for `settle.wait_until`."""
    return lambda rows: all(row.vpc_id != vpc_id for row in rows)


def _nothing(body: Any) -> None:
    return None
