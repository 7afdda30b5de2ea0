"""audit-fleet: audit for many environments, of many accounts and regions, each in a flow run of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from prefect import flow
from pydantic import Field

from flows.audit import audit
from tasks.fleet import AT_ONCE, Fleet, choose_members


@flow(name="audit-fleet", flow_run_name="audit fleet {tag}")
def audit_fleet(
    environments: Sequence[str] = (), tag: str = "", at_once: Annotated[int, Field(ge=1, le=100)] = AT_ONCE
) -> Any:
    """Audit every environment of a fleet, each in a flow run of its own. Writes nothing.

    Ends with the artifact fleet-audit, which names those that have drifted.

    Args:
        environments: names of Flink Environment blocks; none for those with the tag, or for all.
        tag: only environments that have it.
        at_once: how many are audited at a time.
    """
    return Fleet(audit, "audit/audit", choose_members(environments, tag), at_once).run()
