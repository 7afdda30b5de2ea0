"""create_cluster: the cluster or workspace, until it is RUNNING."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.procedure import cluster_only
from tasks.opening import opening


@flow(name="create-cluster", flow_run_name="create cluster of {environment}")
def create_cluster(environment: str) -> Any:
    """Create the cluster (or order the workspace) and wait until it is RUNNING (part E), with what it stands on.

    Role, network and bucket are brought to what is wanted first; people and projects are left alone.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment) as opened:
        opened.foresee(cluster_only)
        cluster_only(opened.acting)
        return opened.conclude(cluster_only, f"The cluster of {environment} is RUNNING.")
