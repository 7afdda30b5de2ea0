"""The size of an exclusive cluster: its nodes, and the calls that add, remove and exchange them.

The vendor changes only clusters that are paid as they are used. Source: foas 2018-11-11, ExpandCluster, ShrinkCluster,
ModifyMasterSpec. foas tells no price.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from alicloud.call import Call, Kind
from alicloud.call_rights import CLUSTERS, allowed_by
from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.foas import PRODUCT, VERSION, Cluster, cluster_path
from alicloud.foas_projects import QueueSpec, resized
from alicloud.foas_queues import ClusterResource, Queue

Direction = Literal["smaller", "larger"]

_BILLING_REMEDY = (
    "The vendor changes only pay-as-you-go clusters by API; one that is subscribed is changed in the console, with the "
    "Alibaba Cloud account. Correct the cause, then Retry this run."
)


@dataclass(frozen=True)
class Nodes:
    """The nodes of a cluster: their specifications, and the ids of the slaves in the order that the cloud tells."""

    master_specification: str
    master_number: int
    slave_specification: str
    slave_ids: tuple[str, ...]


@dataclass(frozen=True)
class SizeSpec:
    """The size that is wanted; of what nobody wants anything (None), what there is stays.

    `queued_cus` is what queues will hold; `max_cus` what growth must not exceed.
    """

    master_specification: str | None
    master_number: int | None
    slave_specification: str | None
    slave_number: int | None
    max_cus: int
    queued_cus: int


def nodes_of(cluster: Cluster) -> Nodes:
    """Read the nodes of a cluster that GetClusterDetails has told.

    UNCONFIRMED: what stands in InstanceInfos. Each role is expected to hold a list of instanceId and model.

    Raises:
        Unmet: it is told in another form; guessing would buy or release the wrong machines.
    """
    try:
        infos = json.loads(cluster.instance_infos or "{}")
        master, slave = (_rows(infos[role]) for role in ("master", "slave"))
        return Nodes(master[0][1], len(master), slave[0][1], tuple(instance_id for instance_id, _ in slave))
    except (ValueError, TypeError, KeyError, IndexError):
        raise Unmet(
            f"Cluster {cluster.name} ({cluster.cluster_id}) does not tell its nodes in a form that we know.",
            remedy="Scale it in the console, and write its nodes into the environment.",
        ) from None


@allowed_by("stream:ExpandCluster", CLUSTERS)
def expand_cluster(cluster_id: str, number: int, specification: str) -> Call[None]:
    """Bring the slaves to `number`, which is the target and not how many more.

    Once only: it buys machines, and has no ClientToken. Source: foas 2018-11-11, ExpandCluster.
    """
    return Call(
        PRODUCT,
        VERSION,
        "ExpandCluster",
        Kind.ONCE,
        lambda body: None,
        {"count": str(number), "model": specification},
        method="PUT",
        path=cluster_path(cluster_id, "expand"),
        means=f"scale cluster {cluster_id} out to {number} slaves",
        makes=slaves_key(cluster_id, number),
        remedy=_BILLING_REMEDY,
    )


@allowed_by("stream:ShrinkCluster", CLUSTERS)
def shrink_cluster(cluster_id: str, instance_ids: Sequence[str]) -> Call[None]:
    """Release slaves by their ids, which is the only form that works. Source: foas 2018-11-11, ShrinkCluster."""
    return Call(
        PRODUCT,
        VERSION,
        "ShrinkCluster",
        Kind.IDEMPOTENT,  # it names the machines: a second one finds none of them
        lambda body: None,
        {"instanceIds": ",".join(instance_ids)},
        method="PUT",
        path=cluster_path(cluster_id, "shrink"),
        means=f"release slaves {', '.join(instance_ids)} of cluster {cluster_id}",
        remedy=_BILLING_REMEDY,
    )


@allowed_by("stream:ModifyMasterSpec", CLUSTERS)
def modify_master_spec(cluster_id: str, specification: str) -> Call[None]:
    """Exchange the masters; their number stays. Source: foas 2018-11-11, ModifyMasterSpec."""
    return Call(
        PRODUCT,
        VERSION,
        "ModifyMasterSpec",
        Kind.IDEMPOTENT,  # a target: a second one changes nothing
        lambda body: None,
        {"masterTargetModel": specification},
        method="PUT",
        path=cluster_path(cluster_id, "specification"),
        means=f"make the masters of cluster {cluster_id} {specification}",
        remedy=_BILLING_REMEDY,
    )


def slaves_key(cluster_id: str, number: int) -> str:
    """Give the key of the size: whoever reads that many slaves knows that what was to bring them has done so."""
    return f"cluster/{cluster_id}/slaves/{number}"


def master_changes(desired: SizeSpec, cluster: Cluster) -> list[Call[Any]]:
    """Decide whether the masters must be exchanged.

    Raises:
        Unmet: another number of masters is wanted; that can never be changed.
    """
    wanted = desired.master_specification
    if wanted is None:
        return []
    nodes = nodes_of(cluster)
    if nodes.master_number != desired.master_number:
        raise Unmet(
            f"Cluster {cluster.name} has {nodes.master_number} masters, wanted {desired.master_number}; their number "
            "can never be changed.",
            remedy=f"Write cluster.master.number: {nodes.master_number} into the environment.",
        )
    if nodes.master_specification == wanted:
        return []
    change = Change("masters", nodes.master_specification, wanted)
    return [replace(modify_master_spec(cluster.cluster_id, wanted), changes=(change,))]


def slaves_changes(desired: SizeSpec, cluster: Cluster, resource: ClusterResource) -> list[Call[Any]]:
    """Decide whether slaves must be added or released; those that were told last go first.

    Args:
        resource: what the cluster has now, from which follows what a slave is good for.

    Raises:
        Unmet: another specification is wanted, more than is allowed, or fewer than the queues hold.
    """
    wanted = desired.slave_number
    if wanted is None:
        return []
    nodes = nodes_of(cluster)
    has = len(nodes.slave_ids)
    if nodes.slave_specification != desired.slave_specification:
        raise Unmet(
            f"The slaves of cluster {cluster.name} are {nodes.slave_specification}, wanted "
            f"{desired.slave_specification}; their specification cannot be changed.",
            remedy=f"Write cluster.slave.specification: {nodes.slave_specification} into the environment.",
        )
    if has == wanted:
        return []
    cus = wanted * resource.cus // has
    changes = (Change("slaves", str(has), str(wanted)),)
    if wanted > has:
        _check_most(cluster, cus, desired.max_cus)
        return [replace(expand_cluster(cluster.cluster_id, wanted, nodes.slave_specification), changes=changes)]
    if cus < desired.queued_cus:
        raise Unmet(
            f"With {wanted} slaves cluster {cluster.name} has {cus} CUs; its queues hold {desired.queued_cus}.",
            remedy="Give the projects fewer compute units, delete queues that no project needs, or keep more slaves.",
        )
    return [replace(shrink_cluster(cluster.cluster_id, nodes.slave_ids[wanted:]), changes=changes)]


def queued_cus(queues: Sequence[Queue], wanted: Mapping[str, int]) -> int:
    """Sum up what queues will hold once those named in `wanted` have what is wanted."""
    return sum(wanted.get(queue.name, queue.cus) for queue in queues)


def queue_resizes(desired: QueueSpec, actual: tuple[Queue, ...], direction: Direction) -> list[Call[Any]]:
    """Decide whether a project's queue must become smaller (before the cluster does) or larger (after it has).

    Raises:
        Unmet: running jobs use more than is wanted.
    """
    found = next((row for row in actual if row.name == desired.name), None)
    if found is None or (desired.cus < found.cus) != (direction == "smaller"):
        return []
    return resized(desired, found)


def size_difference(desired: SizeSpec, cluster: Cluster) -> str:
    """Say in which way the size is not as wanted; empty when it is, or the cloud does not tell."""
    try:
        nodes = nodes_of(cluster)
    except Unmet:
        return ""
    pairs = (
        ("masters", nodes.master_specification, desired.master_specification),
        ("slaves", len(nodes.slave_ids), desired.slave_number),
    )
    return "; ".join(f"{what} {has}, wanted {wanted}" for what, has, wanted in pairs if wanted not in (None, has))


def _check_most(cluster: Cluster, cus: int, most: int) -> None:
    if cus > most:
        raise Unmet(
            f"Cluster {cluster.name} would have {cus} CUs, more than safety.max_compute_units ({most}).",
            remedy="Raise the limit on purpose, or ask for fewer slaves.",
        )


def _rows(rows: Any) -> list[tuple[str, str]]:
    return [(str(row["instanceId"]), str(row["model"])) for row in rows]
