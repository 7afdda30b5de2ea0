"""Projects of an exclusive cluster: the project, its queue of compute units, the binding of the two."""

from __future__ import annotations

from collections.abc import Sequence

from alicloud import foas_projects, foas_queues
from alicloud.foas import Cluster
from alicloud.foas_projects import Project as ProjectState
from alicloud.foas_projects import QueueSpec
from alicloud.session import Session
from alicloud.settle import settle
from blocks import desired
from blocks.environment import Project
from blocks.runner_rights import need
from tasks.account import Account
from tasks.step import step


@step("Right to create projects", "R12", "R23", needs=(need(foas_projects.list_project),))
def check_project_rights(cloud: Session, projects: Sequence[Project], account: Account) -> None:
    """Check that the AccessKey is the account's own when a project is to be made.

    Raises:
        ManualStep: it is a RAM user's; a project is created by the account.
    """
    if account.is_root:
        return
    existing = {project.name for project in cloud.recall(foas_projects.list_project())}
    if any(project.name not in existing for project in projects):
        foas_projects.check_account(account.is_root)


@step("Compute units of cluster {cluster.name}", "R23", needs=(need(foas_queues.get_cluster_resource),))
def check_capacity(cloud: Session, cluster: Cluster, projects: Sequence[Project]) -> None:
    """Check that the cluster has as many compute units as the projects ask for.

    Raises:
        Unmet: it has fewer.
    """
    resource = cloud.recall(foas_queues.get_cluster_resource(cluster.cluster_id))
    if resource is not None:
        foas_projects.check_capacity(sum(project.compute_units for project in projects), resource.cus)


@step(
    "Project {project.name}",
    "R23",
    needs=(
        need(foas_projects.bind_queue, project="projects"),
        need(foas_projects.create_project, project="projects"),
        need(foas_projects.create_queue),
        need(foas_projects.list_project),
        need(foas_projects.list_project_bind_queue, project="projects"),
        need(foas_projects.update_queue),
        need(foas_queues.get_cluster_queue_info),
    ),
)
def ensure_project(cloud: Session, project: Project, cluster: Cluster, account: Account) -> ProjectState | None:
    """Make the project on the cluster, with a queue of its compute units bound to it."""
    spec = desired.project(project, cluster.cluster_id, account.account_id)
    existing = cloud.recall(foas_projects.list_project()) if cloud.dry else ()
    projects = settle(cloud, foas_projects.list_project(), spec, foas_projects.project_changes)
    queue = QueueSpec(cluster.cluster_id, project.name, project.compute_units)
    settle(cloud, foas_queues.get_cluster_queue_info(cluster.cluster_id), queue, foas_projects.queue_changes)
    bound = foas_projects.list_project_bind_queue(project.name)
    if cloud.dry and all(row.name != project.name for row in existing):
        cloud.snapshot.expect(bound, ())  # foas documents no code for a project that is only planned
    settle(cloud, bound, queue, foas_projects.binding_changes)
    return next((row for row in projects if row.name == project.name), None)
