"""create_project: projects or namespaces on a cluster that runs."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.procedure import projects_only
from tasks.opening import opening


@flow(name="create-project", flow_run_name="create projects of {environment}")
def create_project(environment: str) -> Any:
    """Create the environment's projects with their compute units (part F) on a cluster that is RUNNING already.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment) as opened:
        opened.foresee(projects_only)
        projects_only(opened.acting)
        return opened.conclude(projects_only, f"The projects of {environment} are ready.")
