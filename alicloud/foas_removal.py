"""What takes projects, queues, packages and pay-as-you-go clusters of exclusive mode away (foas 2018-11-11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from alicloud.bssopenapi import OrderedInstance
from alicloud.call import Call, Kind, index_pages
from alicloud.call_rights import CLUSTERS, PROJECT, allowed_by
from alicloud.foas import PAGE_SIZE, PRODUCT, VERSION, Cluster, created_cluster_key
from alicloud.foas_projects import Package, Project, package_key, project_key, queue_key
from alicloud.foas_queues import Queue

# UNCONFIRMED: foas documents no error codes. A wrong guess only makes a repeated deletion fail, and the next run fine.
_NO_PROJECT = frozenset({"ProjectNotFound"})


@allowed_by("stream:ListJob", PROJECT)
def list_job(project: str) -> Call[tuple[str, ...]]:
    """Give the names of a project's jobs, those that are offline too. Source: foas 2018-11-11, ListJob."""
    return Call(
        PRODUCT,
        VERSION,
        "ListJob",
        Kind.READ,
        lambda body: tuple(str(row["JobName"]) for row in body["Jobs"]["Job"]),
        {"pageSize": str(PAGE_SIZE)},
        method="GET",
        path=f"/api/v2/projects/{quote(project, safe='')}/jobs",
        absent=_NO_PROJECT,
        missing=(),
        next_page=index_pages(PAGE_SIZE, "pageIndex"),
    )


@allowed_by("stream:DeletePackage", PROJECT)
def delete_package(project: str, name: str) -> Call[None]:
    """Source: foas 2018-11-11, DeletePackage."""
    path = f"/api/v2/projects/{quote(project, safe='')}/packages/{quote(name, safe='')}"
    call = _delete("DeletePackage", path, {}, f"take package {name} out of project {project}")
    return replace(call, done=frozenset({"PackageNotFound"}) | _NO_PROJECT, removes=package_key(project, name))


@allowed_by("stream:DeleteProject", PROJECT)
def delete_project(name: str) -> Call[None]:
    """Delete a project whose jobs are offline; its queue stays. Source: foas 2018-11-11, DeleteProject."""
    call = _delete("DeleteProject", f"/api/v2/projects/{quote(name, safe='')}", {}, f"delete project {name}")
    return replace(call, done=_NO_PROJECT, removes=project_key(name))


@allowed_by("stream:DeleteQueue", CLUSTERS)
def delete_queue(cluster_id: str, name: str) -> Call[None]:
    """Delete a queue that is bound to no project. Source: foas 2018-11-11, DeleteQueue."""
    path = f"/api/v2/clusters/{quote(cluster_id, safe='')}/queue"
    call = _delete("DeleteQueue", path, {"queueName": name}, f"delete queue {name} of cluster {cluster_id}")
    return replace(call, done=frozenset({"QueueNotFound", "ClusterNotFound"}), removes=queue_key(cluster_id, name))


@allowed_by("stream:DestroyCluster", CLUSTERS)
def destroy_cluster(cluster: Cluster) -> Call[None]:
    """Release a pay-as-you-go cluster, which cannot be taken back. Source: foas 2018-11-11, DestroyCluster."""
    path = f"/api/v2/clusters/{quote(cluster.cluster_id, safe='')}"
    call = _delete("DestroyCluster", path, {}, f"destroy cluster {cluster.name} ({cluster.cluster_id})")
    return replace(call, done=frozenset({"ClusterNotFound"}), removes=created_cluster_key(cluster.name))


def package_removal(package: tuple[str, str], actual: Sequence[Package]) -> list[Call[Any]]:
    project, name = package
    return [delete_package(project, row.name) for row in actual if row.name == name]


def project_removal(name: str, actual: Sequence[Project]) -> list[Call[Any]]:
    return [delete_project(name) for row in actual if row.name == name]


def queue_removal(name: str, actual: Sequence[Queue]) -> list[Call[Any]]:
    return [delete_queue(row.cluster_id, name) for row in actual if row.name == name]


def cluster_removal(cluster: Cluster, actual: Sequence[Cluster]) -> list[Call[Any]]:
    """Decide whether a cluster must be destroyed; one that is DESTROYING is on its way."""
    going = ("DESTROYING", "DESTROYED")
    found = [row for row in actual if row.cluster_id == cluster.cluster_id and row.state not in going]
    return [destroy_cluster(row) for row in found]


def cluster_gone(cluster_id: str) -> Callable[[tuple[Cluster, ...]], bool]:
    """Make the test whether a cluster is gone, for `settle.wait_until`."""
    return lambda rows: all(row.cluster_id != cluster_id or row.state == "DESTROYED" for row in rows)


def paid_orders(instances: Sequence[OrderedInstance], order_id: str, region: str) -> tuple[OrderedInstance, ...]:
    """Give the orders that a cluster may be made from: foas does not tell which one it was.

    Args:
        order_id: the one that the environment names, else empty.
    """
    here = [row for row in instances if row.region == region]
    named = [row for row in instances if row.instance_id == order_id]
    return tuple(named if order_id else here)


def _delete(action: str, path: str, parameters: dict[str, str], means: str) -> Call[None]:
    return Call(
        PRODUCT,
        VERSION,
        action,
        Kind.IDEMPOTENT,
        lambda body: None,
        parameters,
        method="DELETE",
        path=path,
        means=means,
    )
