"""Clusters of exclusive mode: read, made once from an order, and waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from alicloud.call import PLANNED, Call, Kind, index_pages
from alicloud.call_rights import CLUSTERS, ROLE, STREAM, allowed_by
from alicloud.errors import Unmet
from alicloud.states import Progress, progress

PRODUCT = "foas"
VERSION = "2018-11-11"
PAGE_SIZE = 100


# UNCONFIRMED: foas documents no error codes.
ABSENT_CLUSTER = frozenset(["ClusterNotFound", "InvalidClusterId.NotFound"])

# Source: foas 2018-11-11, GetClusterDetails and ListCluster. No state of failure is published.
CLUSTER_STATES = {
    "STARTING": Progress.WAIT,
    "RUNNING": Progress.READY,
    "EXPANDING": Progress.WAIT,
    "REDUCING": Progress.WAIT,
    "UPGRADING": Progress.WAIT,
    "MAINTAINING": Progress.WAIT,
    "DESTROYING": Progress.FAILED,
    "DESTROYED": Progress.FAILED,
}


@dataclass(frozen=True)
class Cluster:
    """A cluster. What stands below `created_ms` only GetClusterDetails tells."""

    cluster_id: str
    name: str
    description: str
    state: str
    region: str
    zone: str
    created_ms: int
    vpc_id: str = ""
    vswitch_ids: tuple[str, ...] = ()
    security_group_id: str = ""  # made by the service; it must never be deleted
    bucket: str = ""
    instance_infos: str = ""  # JSON text. UNCONFIRMED: what stands in it


@dataclass(frozen=True)
class ClusterSpec:
    """The cluster that is wanted. `order_id` is the instance id of the order, such as blinkonecs_1234."""

    name: str
    description: str
    order_id: str
    bucket: str
    vpc_id: str
    vswitch_id: str
    zone: str


@allowed_by("stream:ListCluster", STREAM)
def list_cluster() -> Call[tuple[Cluster, ...]]:
    """List all clusters of the region; filter by name on our side, since how displayName matches is not documented.

    Source: foas 2018-11-11, ListCluster.
    """
    return Call(
        PRODUCT,
        VERSION,
        "ListCluster",
        Kind.READ,
        lambda body: tuple(_cluster(row) for row in body["Clusters"]["Cluster"]),
        {"pageSize": str(PAGE_SIZE)},
        method="GET",
        path="/api/v2/clusters",
        missing=(),
        next_page=index_pages(PAGE_SIZE, "pageIndex"),
    )


@allowed_by("stream:GetClusterDetails", CLUSTERS)
def get_cluster_details(cluster_id: str) -> Call[Cluster | None]:
    """Read a cluster with its network and bucket. Source: foas 2018-11-11, GetClusterDetails."""
    return Call(
        PRODUCT,
        VERSION,
        "GetClusterDetails",
        Kind.READ,
        lambda body: _detailed(body["Details"]),
        method="GET",
        path=cluster_path(cluster_id, "details"),
        absent=ABSENT_CLUSTER,
    )


def cluster_key(spec: ClusterSpec) -> str:
    """Give the key of the creation: names of clusters are unique in an account and region, as far as we make them."""
    return f"cluster/{spec.name}"


def created_cluster_key(name: str) -> str:
    """Give the key by which a journal knows that the environment has created a cluster."""
    return f"foas:cluster/{name}"


@allowed_by("stream:CreateCluster", STREAM)
@allowed_by("ram:PassRole", ROLE)  # who makes a cluster hands the role over. Source: "Realtime Compute Preparation"
def create_cluster(spec: ClusterSpec) -> Call[str]:
    """Make the cluster of an order, and give its id; it starts for about half an hour.

    Once only: there is no ClientToken, and an order is good for one cluster.
    Source: foas 2018-11-11, CreateCluster.
    """
    return Call(
        PRODUCT,
        VERSION,
        "CreateCluster",
        Kind.ONCE,
        lambda body: str(body["ClusterId"]),
        {
            "orderId": spec.order_id,
            "displayName": spec.name,
            "description": spec.description or spec.name,  # documented as required
            "userOssBucket": spec.bucket,
            "userVpcId": spec.vpc_id,
            "userVSwitch": spec.vswitch_id,
            "zoneId": spec.zone,
        },
        method="POST",
        path="/api/v2/clusters",
        means=f"create cluster {spec.name} from order {spec.order_id}",
        makes=cluster_key(spec),
        creates=created_cluster_key(spec.name),
        remedy=(
            "When it speaks of rights, the runner's identity lacks stream:CreateCluster, or ram:PassRole on the role "
            "of the service; else read the code in the product's API reference. Correct the cause, then Retry this run."
        ),
    )


def cluster_path(cluster_id: str, what: str) -> str:
    return f"/api/v2/clusters/{quote(cluster_id, safe='')}/{what}"


def cluster_changes(desired: ClusterSpec, actual: tuple[Cluster, ...]) -> list[Call[Any]]:
    """Decide whether the cluster must be made; one that exists is kept, never changed.

    Raises:
        Unmet: it exists with other settings, more than once, or is being destroyed.
    """
    cluster = pick_cluster(desired.name, actual)
    if cluster is not None:
        check_cluster(desired, cluster)
        return []
    leaving = [row.cluster_id for row in actual if row.name == desired.name and row.state == "DESTROYING"]
    if leaving:
        raise Unmet(
            f"Cluster {desired.name} ({leaving[0]}) is being destroyed.",
            remedy="Wait until it is DESTROYED, then Retry this run; or give the new cluster another name.",
        )
    return [create_cluster(desired)]


def check_cluster(desired: ClusterSpec, actual: Cluster) -> None:
    """Check that an existing cluster is the one that is wanted, as far as the read tells.

    Raises:
        Unmet: another zone, VPC, vSwitch or bucket; none can be changed after creation.
    """
    pairs = [
        ("zone", desired.zone, actual.zone),
        ("VPC", desired.vpc_id, actual.vpc_id),
        ("bucket", desired.bucket, actual.bucket),
    ]
    wrong = [f"{what} is {has}, wanted {wanted}" for what, wanted, has in pairs if has and has != wanted]
    # A scaled-out cluster may have more vSwitches than the one that it was created with.
    if actual.vswitch_ids and desired.vswitch_id not in actual.vswitch_ids:
        wrong.append(f"vSwitch is {', '.join(actual.vswitch_ids)}, wanted {desired.vswitch_id}")
    if wrong:
        raise Unmet(
            f"Cluster {actual.name} ({actual.cluster_id}) exists but differs: {'; '.join(wrong)}.",
            remedy="Correct the environment to what exists, or give the new cluster another name.",
        )


def pick_cluster(name: str, clusters: Sequence[Cluster]) -> Cluster | None:
    """Give the cluster of that name; those that are destroyed or on their way there do not count.

    Raises:
        Unmet: there are several; whether a name is unique is not documented.
    """
    found = [row for row in clusters if row.name == name and CLUSTER_STATES.get(row.state) is not Progress.FAILED]
    if len(found) > 1:
        raise Unmet(
            f"There are {len(found)} clusters with the name {name}: {', '.join(row.cluster_id for row in found)}.",
            remedy="Find out which one is in use; release the other in the console or give another name.",
        )
    return found[0] if found else None


def planned_cluster(desired: ClusterSpec) -> Cluster:
    """Give what a dry run hands on for a cluster that does not exist yet."""
    return Cluster(
        cluster_id=PLANNED,
        name=desired.name,
        description=desired.description,
        state="STARTING",
        region="",
        zone=desired.zone,
        created_ms=0,
        vpc_id=desired.vpc_id,
        vswitch_ids=(desired.vswitch_id,),
        bucket=desired.bucket,
    )


def cluster_ready(cluster: Cluster | None) -> bool:
    """Tell whether a cluster is RUNNING. None (reads may lag behind its creation) is not ready yet.

    Raises:
        Unmet: it is being destroyed, or in a state that we do not know.
    """
    if cluster is None:
        return False
    what = f"Cluster {cluster.name} ({cluster.cluster_id})"
    means = progress(CLUSTER_STATES, cluster.state, what)
    if means is Progress.FAILED:
        raise Unmet(f"{what} is {cluster.state}.", remedy="Find out who destroys it, then Retry this run.")
    return means is Progress.READY


def ticket_text(
    spec: ClusterSpec, cluster: Cluster, account_id: str, elapsed_seconds: float, request_ids: Sequence[str]
) -> str:
    """Write the ticket for a cluster that stays STARTING: every fact the vendor asks for, and no secret."""
    created = datetime.fromtimestamp(cluster.created_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = [
        f"Realtime Compute for Apache Flink, exclusive mode: cluster {cluster.name} does not become RUNNING.",
        f"Account: {_shortened(account_id)}",
        f"Cluster: {cluster.name} ({cluster.cluster_id}), order {spec.order_id}",
        f"State: {cluster.state} for {elapsed_seconds / 60:.0f} minutes, created {created}",
        f"Place: {cluster.region or 'region unknown'}, zone {cluster.zone}",
        f"Network: VPC {spec.vpc_id}, vSwitch {spec.vswitch_id}, "
        f"security group {cluster.security_group_id or 'none yet'}",
        f"OSS bucket: {spec.bucket}",
        f"Request ids: {', '.join(request_ids) or 'none known'}",
        "Please say what keeps it from RUNNING, and repair or release it.",
    ]
    return "\n".join(lines)


def _shortened(account_id: str) -> str:
    """Leave enough of an account id to recognise it by."""
    return f"{account_id[:4]}...{account_id[-4:]}" if len(account_id) > 8 else "..."


def _cluster(row: Mapping[str, Any]) -> Cluster:
    return Cluster(
        cluster_id=row["ClusterId"],
        name=row["DisplayName"],
        description=row.get("Description") or "",
        state=row["State"],
        region=row["RegionId"],
        zone=row["ZoneId"],
        created_ms=int(row["GmtCreate"]),
    )


def _detailed(row: Mapping[str, Any]) -> Cluster:
    return replace(
        _cluster(row),
        vpc_id=row.get("UserVpcId") or "",
        vswitch_ids=tuple(json.loads(row.get("UserVSwitchList") or "[]")),  # JSON in a string, as UserOssInfo is
        security_group_id=row.get("UserSGId") or "",
        bucket=json.loads(row.get("UserOssInfo") or "{}").get("bucket") or "",
        instance_infos=row.get("InstanceInfos") or "",
    )
