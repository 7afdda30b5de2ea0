"""convert: a workspace is billed as the environment says."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.upkeep import conversion
from tasks.opening import opening


@flow(name="convert", flow_run_name="convert {environment}")
def convert(environment: str) -> Any:
    """Convert the workspace to cluster.charge_type: from pay-as-you-go to a subscription, or back; spends money.

    Fully managed Flink alone: no API converts an exclusive cluster.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment) as opened:
        opened.foresee(conversion)
        conversion(opened.acting)
        return opened.conclude(conversion, f"{environment} is billed as wanted.")
