"""audit: what in the account is no longer as the environment wants it, and who changed it; changes nothing."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.procedure import everything, identify
from tasks.audit import compare, conclude_audit
from tasks.audit_steps import look
from tasks.opening import opening


@flow(name="audit", flow_run_name="audit {environment}")
def audit(environment: str) -> Any:
    """Compare every resource with the environment by the deciders of prepare, and look at keys, rights and network.

    Writes nothing, and uses the read-only credentials of the environment's audit section. Ends with the artifact
    audit-<environment>; as Drifted when something counts, which also emits realtime-compute.environment.drift.

    Args:
        environment: name of a Flink Environment block.
    """
    with opening(environment, writes=False, audits=True) as opened:
        opened.only_look()
        comparison = compare(opened, everything)
        return conclude_audit(opened, comparison, look(opened.acting, identify(opened.acting)))
