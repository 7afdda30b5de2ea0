"""teardown: take away what the environment created, and nothing else."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from flows.removal import removal
from tasks.opening import opening
from tasks.teardown import check_confirmation, conclude, rehearse


@flow(name="teardown", flow_run_name="tear down {environment}")
def teardown(environment: str, confirm: str = "", bucket: bool = False) -> Any:
    """Delete everything that this environment created and nobody else uses, in reverse order.

    Args:
        environment: name of a Flink Environment block.
        confirm: the same name again, typed by hand; empty is a dry run, which only says what would be done.
        bucket: delete the bucket too, last of all, with the journal that says what is the environment's.
    """
    check_confirmation(environment, confirm)
    procedure = removal(bucket)
    with opening(environment, writes=bool(confirm)) as opened:
        if not confirm:
            told = rehearse(opened, procedure)
            return Completed(message=f"Dry run: {told.summary()}; see artifact teardown-{told.environment}.")
        opened.foresee(procedure, strictly=True)
        procedure(opened.acting)
        return conclude(opened, procedure)
