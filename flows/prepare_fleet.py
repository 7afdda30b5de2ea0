"""prepare-fleet: prepare for many environments, of many accounts and regions, each in a flow run of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from prefect import flow
from pydantic import Field

from flows.prepare import prepare
from tasks.fleet import AT_ONCE, Fleet, choose_members


@flow(name="prepare-fleet", flow_run_name="prepare fleet {tag}")
def prepare_fleet(
    environments: Sequence[str] = (), tag: str = "", at_once: Annotated[int, Field(ge=1, le=100)] = AT_ONCE
) -> Any:
    """Take every environment of a fleet from what its account has to running, and keep it right.

    Each environment is prepared in a flow run of its own, which can be watched, cancelled and retried alone; one that
    fails or waits for an approval holds no other. Ends with the artifact fleet-prepare. An environment with nothing to
    do ends with its plan.

    Args:
        environments: names of Flink Environment blocks; none for those with the tag, or for all.
        tag: only environments that have it.
        at_once: how many are worked on at a time; those that wait for the cloud do not count.
    """
    return Fleet(prepare, "prepare/prepare-member", choose_members(environments, tag), at_once).run()
