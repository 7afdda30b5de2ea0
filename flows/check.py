"""check: activation, network and storage; changes nothing."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.procedure import surroundings
from tasks.opening import opening


@flow(name="check", flow_run_name="check {environment}")
def check(environment: str) -> Any:
    """Check order or price, VPC, vSwitches, zone, stock, bucket and attached storage (parts C and D). Writes nothing.

    Each step tells whether what it needs is there, would be made by prepare, or stands in the way.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment, writes=False) as opened:
        opened.only_look()
        surroundings(opened.acting)
        return opened.conclude(surroundings, f"Nothing stands in the way of {environment}.")
