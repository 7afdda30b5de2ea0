"""Takes an exclusive cluster away with its projects, as far as the API lets: a subscription stays billed to its end."""

from __future__ import annotations

from collections.abc import Sequence

from alicloud import bssopenapi, foas, foas_projects, foas_queues, foas_removal
from alicloud.foas import Cluster
from alicloud.foas_projects import QueueSpec
from alicloud.session import Session
from alicloud.settle import wait_until
from blocks import holdbacks
from blocks.clusters import ExclusiveCluster
from blocks.environment import Project, UdfPackage
from blocks.holdbacks import Fate
from blocks.runner_rights import need
from tasks.removal import delete, look, whose
from tasks.step import step

DESTRUCTION_SECONDS = 3600.0  # of the cloud's time. UNCONFIRMED: how long it takes
POLL_SECONDS = 30.0


@step(
    "Removal of registration {package.name}",
    needs=(
        need(foas_projects.list_package, project="projects_with_packages"),
        need(foas_projects.list_project),
        need(foas_removal.delete_package, project="projects_with_packages"),
    ),
)
def remove_registration(cloud: Session, package: UdfPackage) -> Fate:
    """Take a package that the environment registered out of its project; the object in the bucket stays."""
    what = f"Registration of {package.name} in project {package.project}"
    read = foas_projects.list_package(package.project)
    if not _project_exists(cloud, package.project) or all(row.name != package.name for row in look(cloud, read)):
        return holdbacks.absent(what, package.name)
    if strange := whose(cloud, foas_projects.package_key(package.project, package.name)):
        return holdbacks.held(what, strange)
    delete(cloud, read, (package.project, package.name), foas_removal.package_removal)
    return holdbacks.removed(what, package.name)


@step(
    "Removal of project {project.name}",
    needs=(
        need(foas.list_cluster),
        need(foas_projects.list_package, project="projects"),
        need(foas_projects.list_project),
        need(foas_removal.delete_project, project="projects"),
        need(foas_removal.list_job, project="projects"),
    ),
)
def remove_project(cloud: Session, project: Project, cluster_name: str, packages: Sequence[Fate]) -> Fate:
    """Delete a project of the environment, unless it has jobs, or packages of somebody else's.

    Args:
        packages: what became of those that the environment registered.
    """
    what = f"Project {project.name}"
    found = next((row for row in look(cloud, foas_projects.list_project()) if row.name == project.name), None)
    if found is None:
        return holdbacks.absent(what, project.name)
    if strange := whose(cloud, foas_projects.project_key(project.name), found.created_at):
        return holdbacks.held(what, strange)
    going = [fate.id for fate in packages if fate.gone]
    registered = [row.name for row in look(cloud, foas_projects.list_package(project.name))]
    in_use = holdbacks.first(
        holdbacks.staying(packages),
        holdbacks.foreign(look(cloud, foas_removal.list_job(project.name)), (), "it has jobs:"),
        holdbacks.foreign(registered, going, "it has packages of somebody else's:"),
        _elsewhere(cloud, found.cluster_id, cluster_name),
    )
    if in_use:
        return holdbacks.held(what, in_use)
    delete(cloud, foas_projects.list_project(), project.name, foas_removal.project_removal)
    return holdbacks.removed(what, project.name)


def _elsewhere(cloud: Session, cluster_id: str, name: str) -> str:
    rows = [row for row in look(cloud, foas.list_cluster()) if row.cluster_id == cluster_id]
    return "" if all(row.name == name for row in rows) else f"it is on cluster {rows[0].name}"


@step(
    "Removal of the queue of {project.name}",
    needs=(
        need(foas.list_cluster),
        need(foas_queues.get_cluster_queue_info),
        need(foas_removal.delete_queue),
    ),
)
def remove_queue(cloud: Session, project: Project, cluster_name: str, owner: Fate) -> Fate:
    """Give the compute units of a project back.

    Args:
        owner: what became of the project.
    """
    what = f"Queue of project {project.name}"
    clusters = _living(cloud, cluster_name)
    if len(clusters) != 1:  # none: it went with the cluster; several: whose queue it is, nobody knows
        return holdbacks.absent(what) if not clusters else holdbacks.held(what, "several clusters have that name")
    spec = QueueSpec(clusters[0].cluster_id, project.name, project.compute_units)
    read = foas_queues.get_cluster_queue_info(spec.cluster_id)
    found = next((row for row in look(cloud, read) if row.name == spec.name), None)
    if found is None:
        return holdbacks.absent(what)
    in_use = holdbacks.first(
        whose(cloud, foas_projects.queue_key(spec.cluster_id, spec.name)),
        holdbacks.staying([owner]),
        f"jobs in it use {found.used_cus:g} CUs" if found.used_cus > 0 else "",
    )
    if in_use:
        return holdbacks.held(what, in_use)
    delete(cloud, read, spec.name, foas_removal.queue_removal)
    return holdbacks.removed(what)


@step(
    "Removal of cluster {wanted.name}",
    "R12",
    needs=(
        need(bssopenapi.query_available_instances),
        need(foas.list_cluster),
        need(foas_projects.list_project),
        need(foas_removal.destroy_cluster),
    ),
)
def remove_cluster(cloud: Session, wanted: ExclusiveCluster, projects: Sequence[Fate]) -> Fate:
    """Destroy a pay-as-you-go cluster of the environment; say of a subscription until when it stays billed.

    Args:
        projects: what became of the environment's projects and queues.
    """
    what = f"Cluster {wanted.name}"
    rows = _living(cloud, wanted.name)
    if not rows:
        return holdbacks.absent(what)
    if len(rows) > 1:
        return holdbacks.ambiguous(what, len(rows))
    cluster = rows[0]
    if cluster.state == "DESTROYING":
        _wait(cloud, cluster)
        return holdbacks.removed(what, cluster.cluster_id, "is being destroyed already")
    if strange := whose(cloud, foas.created_cluster_key(wanted.name), cluster.created_ms / 1000):
        return holdbacks.held(what, strange, cluster.cluster_id)
    orders = look(cloud, bssopenapi.query_available_instances(wanted.order_product_code, cloud.region))
    billed = holdbacks.cluster_billed(foas_removal.paid_orders(orders, wanted.order_id, cloud.region))
    if billed:
        return Fate(holdbacks.BILLED, what, billed, id=cluster.cluster_id)
    if in_use := _in_use(cloud, cluster, projects):
        return holdbacks.held(what, in_use, cluster.cluster_id)
    delete(cloud, foas.list_cluster(), cluster, foas_removal.cluster_removal)
    _wait(cloud, cluster)
    return holdbacks.removed(what, cluster.cluster_id)


def _in_use(cloud: Session, cluster: Cluster, projects: Sequence[Fate]) -> str:
    present = [row.name for row in look(cloud, foas_projects.list_project()) if row.cluster_id == cluster.cluster_id]
    going = [fate.id for fate in projects if fate.gone]
    return holdbacks.first(
        holdbacks.staying(projects),
        holdbacks.foreign(present, going, "it has projects of somebody else's:"),
        f"it is {cluster.state}" if cluster.state != "RUNNING" else "",
    )


def _living(cloud: Session, name: str) -> list[Cluster]:
    return [row for row in look(cloud, foas.list_cluster()) if row.name == name and row.state != "DESTROYED"]


def _wait(cloud: Session, cluster: Cluster) -> None:
    gone = foas_removal.cluster_gone(cluster.cluster_id)
    what = f"The end of cluster {cluster.name}"
    wait_until(cloud, foas.list_cluster(), gone, what, DESTRUCTION_SECONDS, POLL_SECONDS)


def _project_exists(cloud: Session, name: str) -> bool:
    return any(row.name == name for row in look(cloud, foas_projects.list_project()))
