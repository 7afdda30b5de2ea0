"""A fleet to measure and to test with: so many environments of a mode in one account and region, and the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployments.scale_out_fleet import paid_orders

REGION = "cn-hangzhou"
ZONE = "cn-hangzhou-h"
TAG = "fleet"
VPCS = 10  # as many as an account has in a region; a VPC makes one vSwitch at a time
PEOPLE = 2  # users of an environment
SHARING = 4  # environments that share a group: an account has 50


def member(mode: str, number: int, vpcs: int = VPCS, **safety: Any) -> dict[str, Any]:
    """Give the document of an environment: people, a vSwitch of its own, a bucket, a cluster and a project.

    Args:
        number: from 1 to 250.
        vpcs: how many the fleet shares.
        safety: fields of its safety section.
    """
    name = f"fleet-{mode}-{number:03}"
    users = [f"{name}-user-{user}" for user in range(1, PEOPLE + 1)]
    return {
        "name": name,
        "region": REGION,
        "credentials": "fleet",
        "tags": [TAG],
        "people": {
            "users": [{"name": user} for user in users],
            "groups": [{"name": _group(mode, number), "members": users, "projects": [_project(mode, number)]}],
        },
        "network": {
            "zone": ZONE,
            "vpc": {"name": f"fleet-vpc-{number % vpcs}", "cidr": "10.0.0.0/8"},
            "vswitches": [{"name": f"{name}-vswitch", "cidr": _cidr(mode, number)}],
        },
        "storage": {"bucket": name},
        "cluster": _cluster(mode, number),
        "projects": [{"name": _project(mode, number), "compute_units": 4}],
        "safety": {
            "max_compute_units": 20,
            "manual_minutes": 0,
            "may_order": mode == "managed",
            "max_price": 100,
            **safety,
        },
    }


def account(mode: str, number: int) -> Mapping[str, Any]:
    """Give the seed of an account for so many environments: a paid order for each in exclusive mode."""
    if mode == "managed":
        return {}
    return paid_orders([_order(each) for each in range(1, number + 1)])


def _order(number: int) -> str:
    return f"blinkonecs_cn-fleet-{number:04}"


def _cidr(mode: str, number: int) -> str:
    return f"10.{1 if mode == 'exclusive' else 2}.{number}.0/24"


def _group(mode: str, number: int) -> str:
    return f"fleet-{mode}-people-{(number - 1) // SHARING + 1}"


def _project(mode: str, number: int) -> str:
    return f"{mode}_{number:03}" if mode == "exclusive" else f"{mode}-{number:03}"


def _cluster(mode: str, number: int) -> dict[str, Any]:
    if mode == "exclusive":
        return {"mode": mode, "name": f"fleet_{number:03}", "description": "Fleet", "order_id": _order(number)}
    return {"mode": mode, "name": f"fleet-{number:03}", "compute_units": 8}
