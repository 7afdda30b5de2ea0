"""prepare: everything, from an account to a running Flink environment."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.procedure import everything
from tasks.opening import opening


@flow(name="prepare", flow_run_name="prepare {environment}")
def prepare(environment: str) -> Any:
    """Take an account from what it has to a running Flink environment, and keep it right.

    Reads everything first and refuses, before the first write, whatever can be foreseen. Then acts: people and
    rights, the service's role, network and storage, the cluster, its projects. What is there already is kept; a
    second run writes nothing. Ends with a report.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment) as opened:
        opened.foresee(everything)
        everything(opened.acting)
        return opened.conclude(everything, f"Environment {environment} is ready.")
