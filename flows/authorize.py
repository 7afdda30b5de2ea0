"""authorize: people and their rights, and the service's own role."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.procedure import authorization
from tasks.opening import opening


@flow(name="authorize", flow_run_name="authorize {environment}")
def authorize(environment: str) -> Any:
    """Make RAM users, groups and their policies, and the role that Realtime Compute acts through (parts A and B).

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment) as opened:
        opened.foresee(authorization)
        authorization(opened.acting)
        return opened.conclude(authorization, f"People and role of {environment} are authorized.")
