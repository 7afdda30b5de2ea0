"""Dry runs: calls that ask the cloud whether a write would be let through, and write nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import VPCS, allowed_by
from alicloud.errors import Unsettled
from alicloud.vpc import PRODUCT, VERSION

PASSED = "DryRunOperation"  # Source: VPC 2016-04-28, DryRun: success is told as an error of this code
NAME = "dry-run-makes-nothing"


@allowed_by("vpc:CreateVpc", VPCS)
def create_vpc(cidr: str = "192.168.0.0/16") -> Call[None]:
    """Ask whether a VPC may be created. Source: VPC 2016-04-28, CreateVpc with DryRun."""
    parameters = {"CidrBlock": cidr, "VpcName": NAME, "DryRun": "true"}
    return Call(
        PRODUCT,
        VERSION,
        "CreateVpc",
        Kind.READ,  # it changes nothing, so that no journal notes it and it may be repeated
        _not_dry,
        parameters,
        absent=frozenset({PASSED}),
        means="ask whether a VPC may be created",
        remedy=f"Read the code, correct the cause, then Retry this run; nothing named {NAME} was made.",
    )


def is_harmless(call: Call[Any]) -> bool:
    """Say whether a call changes nothing: a read by its name, or a dry run of a product that has them."""
    if call.parameters.get("DryRun") == "true":
        return call.is_read and (call.product, call.action) == (PRODUCT, "CreateVpc")
    return call.is_read and call.action.startswith(("Get", "List", "Describe", "Query", "Head"))


def _not_dry(body: Mapping[str, Any]) -> None:
    raise Unsettled(
        f"The cloud took a dry run of CreateVpc for a true one: {body.get('VpcId', 'a VPC')} was made.",
        action="CreateVpc",
        request_id=str(body.get("RequestId", "")),
        remedy=f"Delete the VPC named {NAME} in the console.",
    )
