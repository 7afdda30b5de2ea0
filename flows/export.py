"""export: an environment as Terraform and as a ROS template; changes nothing."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.procedure import identify
from tasks.export import conclude_export, read_present
from tasks.opening import opening


@flow(name="export", flow_run_name="export {environment}")
def export(environment: str) -> Any:
    """Write the environment for Terraform and for ROS, with the ids of what exists, so that they can take it over.

    Ends with the artifacts terraform-<environment> and ros-<environment>. Writes nothing in the cloud.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment, writes=False) as opened:
        opened.only_look()
        account = identify(opened.acting)
        present = opened.acting.step(read_present, opened.environment, after=[account])
        return conclude_export(opened.environment, present.result())
