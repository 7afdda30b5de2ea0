"""plan: what prepare would do, and why it could not; changes nothing."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.procedure import everything
from tasks.opening import opening


@flow(name="plan", flow_run_name="plan {environment}")
def plan(environment: str) -> Any:
    """Read everything and say what prepare would write, change, keep, cost and wait for. Writes nothing.

    Ends with the artifact plan-<environment>. A run of prepare with no change in between sends exactly these writes.
    What stands in the way is named, all of it at once. As a nightly run it finds what has drifted.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment, writes=False) as opened:
        return opened.only_plan(everything)
