"""adopt: write the document of an environment from what an account has; changes nothing in the cloud."""

from __future__ import annotations

from typing import Any, Literal

from prefect import flow

from blocks.found import Found
from tasks.adoption import read_account
from tasks.adoption_document import conclude_adoption
from tasks.looking import looking


@flow(name="adopt", flow_run_name="adopt {mode} {region}")
def adopt(
    credentials: str,
    region: str,
    mode: Literal["exclusive", "managed"],
    cluster: str = "",
    name: str = "",
    bucket: str = "",
    save: bool = False,
    overwrite: bool = False,
) -> Any:
    """Read cluster or workspace, network, bucket, projects, people and roles, and write them as an environment.

    Ends with the artifact adopted-<name>: the document, of which `plan` says that there is nothing to do, and what it
    cannot say. Writes nothing in the cloud.

    Args:
        credentials: name of an Alibaba Cloud Credentials block.
        region: where it is, e.g. cn-hangzhou.
        mode: exclusive or managed.
        cluster: name of the cluster or workspace, where there are several.
        name: of the environment; empty: as the account tells.
        bucket: that is to keep the journal; needed for a workspace without a bucket of its own.
        save: save it as a Flink Environment block.
        overwrite: also where a block of that name exists.
    """
    with looking(credentials, region) as account:
        handles = read_account(account.step, region, mode, cluster, bucket)
        found = Found(region=region, **{part: handle.result() for part, handle in handles.items()})
        return conclude_adoption(found, credentials, name, save, overwrite)
