"""people: who joins, who leaves, who changes projects, and how old their AccessKeys are."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.staff import staff
from tasks.opening import opening


@flow(name="people", flow_run_name="people of {environment}")
def people(environment: str) -> Any:
    """Bring the people of the environment to what it says: join, leave, change projects, replace old AccessKeys.

    Who leaves loses keys, logon and groups at once, and is deleted after a grace period if this environment made the
    user. What they had stands in the report. New AccessKeys are handed over once.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment) as opened:
        opened.foresee(staff)
        staff(opened.acting)
        return opened.conclude(staff, f"The people of {environment} are as wanted.")
