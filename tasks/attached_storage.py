"""Upstream and downstream storage of the cluster's jobs."""

from __future__ import annotations

from collections.abc import Sequence

from alicloud.errors import Unmet
from alicloud.session import Session
from alicloud.vpc import Vpc
from blocks.environment import AttachedStorage
from tasks.step import step


@step("Attached storage", "R15")
def check_attached_storage(cloud: Session, storages: Sequence[AttachedStorage], vpc: Vpc) -> None:
    """Check that each storage is in the cluster's region and VPC, or connected to it.

    Raises:
        Unmet: one line for each that is out of reach, with the remedy.
    """
    problems = [line for storage in storages if (line := _problem(cloud.region, storage, vpc))]
    if problems:
        raise Unmet("\n".join(problems), remedy="A cluster reaches only storage in its own region and VPC.")


def _problem(region: str, storage: AttachedStorage, vpc: Vpc) -> str:
    if storage.region != region:
        return f"{storage.name} is in {storage.region}, the cluster in {region}: move or replicate it to {region}."
    if storage.vpc_id and storage.vpc_id != vpc.vpc_id and not storage.connected:
        return (
            f"{storage.name} is in {storage.vpc_id}, the cluster in {vpc.vpc_id}: connect the VPCs (Express Connect), "
            "then set `connected: true`."
        )
    return ""
