"""prepare: everything, from an account to a running Flink environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect import flow

from flows.procedure import everything
from tasks.choice import StepName, choose
from tasks.opening import opening


@flow(name="prepare", flow_run_name="prepare {environment}")
def prepare(environment: str, steps: Sequence[StepName] = ()) -> Any:
    """Take an account from what it has to a running Flink environment, and keep it right.

    Reads everything first and refuses, before the first write, whatever can be foreseen. Then acts: people and
    rights, the service's role, network and storage, the cluster, its projects. What is there already is kept; a
    second run writes nothing. Ends with a report.

    Args:
        environment: name of a Flink Environment block.
        steps: none for all; else only these write, and what they build on must be there already.
    """
    procedure = choose(everything, steps)
    with opening(environment) as opened:
        opened.foresee(procedure)
        opened.act(procedure)
        if steps:
            return opened.conclude(procedure, f"Of environment {environment}: {', '.join(steps)}.")
        return opened.conclude(procedure, f"Environment {environment} is ready.", news="ready")
