"""scale: the cluster or workspace that runs gets the size that the environment says."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.upkeep import scaling
from tasks.opening import opening


@flow(name="scale", flow_run_name="scale {environment}")
def scale(environment: str) -> Any:
    """Bring nodes, compute units, and the shares of projects to what the environment says, out or in; may spend money.

    Never below what queues, namespaces and jobs use, never above safety.max_compute_units, never dearer than
    safety.max_price. Waits until it is RUNNING again. A second run writes nothing.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment) as opened:
        opened.foresee(scaling)
        scaling(opened.acting)
        return opened.conclude(scaling, f"{environment} has its wanted size.")
