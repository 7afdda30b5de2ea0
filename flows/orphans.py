"""orphans: what an account has of Realtime Compute that no environment wants; deletes nothing."""

from __future__ import annotations

from typing import Any

from prefect import flow

from tasks.known_environments import known_environments
from tasks.looking import looking
from tasks.orphans import conclude_orphans, read_holdings


@flow(name="orphans", flow_run_name="orphans {credentials} {region}")
def orphans(credentials: str, region: str, environments: list[str] | None = None) -> Any:
    """Find orders, clusters, workspaces, networks, buckets, roles and people that no environment wants, with costs.

    Ends with the artifact orphans-<credentials>. Writes nothing and deletes nothing.

    Args:
        credentials: name of an Alibaba Cloud Credentials block.
        region: where to look; roles, policies and people are those of the whole account.
        environments: names of Flink Environment blocks; empty: all that the server has.
    """
    known = known_environments(environments or ())
    with looking(credentials, region) as account:
        handles = read_holdings(account.step, region, known)
        read = {part: handle.result() for part, handle in handles.items()}
        return conclude_orphans(credentials, region, read, known)
