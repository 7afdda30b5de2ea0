"""prove_access: who may do what, by the policies as they are; changes nothing."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.procedure import identify
from tasks.access import check_choice, conclude_access, read_rights
from tasks.opening import opening


@flow(name="prove-access", flow_run_name="prove-access {environment}")
def prove_access(environment: str, live: bool = False, role: str = "") -> Any:
    """Show for every user, group and project of the environment, and for the service's role, what they may do.

    Decides from the policies in the account, names escalation paths, and fails unless all is as wanted. Writes nothing.
    Ends with the artifact access-<environment>.

    Args:
        environment: name of a Flink Environment block.
        live: also ask the cloud itself, as a role that is assumed, with reads and dry runs alone.
        role: name or ARN of the role to assume for that; its own rights are what is probed.
    """
    check_choice(live, role)
    with opening(environment, writes=False) as opened:
        opened.only_look()
        rights = read_rights(opened.acting, identify(opened.acting), live, role)
        return conclude_access(opened, rights)
