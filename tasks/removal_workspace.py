"""Takes a workspace of fully managed Flink away with its namespaces; a subscription stays billed to its end."""

from __future__ import annotations

from collections.abc import Sequence

from alicloud import foasconsole, foasconsole_removal
from alicloud import foasconsole_namespaces as namespaces
from alicloud.foasconsole import Workspace
from alicloud.session import Session
from alicloud.settle import wait_until
from blocks import holdbacks
from blocks.holdbacks import Fate
from blocks.runner_rights import need
from tasks.removal import delete, look, whose
from tasks.step import step

# Of the cloud's time: a deletion may take that long. Source: foasconsole 2021-10-28, budgets of its clients.
RELEASE_SECONDS, POLL_SECONDS = 3600.0, 20.0
NAMESPACE_SECONDS = 600.0


@step(
    "Removal of namespace {name}",
    needs=(
        need(foasconsole.describe_instances),
        need(namespaces.describe_namespaces),
        need(foasconsole_removal.delete_namespace),
    ),
)
def remove_namespace(cloud: Session, name: str, workspace_name: str) -> Fate:
    """Delete a namespace of the environment with its drafts and stopped jobs, unless jobs run in it."""
    what = f"Namespace {name}"
    rows = _living(cloud, workspace_name)
    if len(rows) != 1 or rows[0].status in foasconsole_removal.GOING:
        # None, or one that is going: it is gone or goes along. Several: the workspace is held back, and so is this.
        return (
            holdbacks.absent(what, name) if len(rows) < 2 else holdbacks.held(what, "several workspaces have that name")
        )
    workspace, instance_id = rows[0], rows[0].instance_id
    read = namespaces.describe_namespaces(cloud.region, instance_id)
    found = next((row for row in look(cloud, read) if row.name == name), None)
    if found is None:
        return holdbacks.absent(what, name)
    if found.status != "DELETING":
        strange = whose(cloud, namespaces.namespace_key(instance_id, name), found.created_at)
        if in_use := holdbacks.first(strange, holdbacks.namespace_in_use(found)):
            return holdbacks.held(what, in_use)
        if stays := holdbacks.namespace_stays(workspace):
            return holdbacks.held(what, stays)
        if workspace.status == "DISABLE":
            return holdbacks.removed(what, name, "goes along with its workspace, which is DISABLE")
        delete(cloud, read, (cloud.region, instance_id, name), foasconsole_removal.namespace_removal)
    wait_until(cloud, read, foasconsole_removal.namespace_gone(name), f"The end of namespace {name}", NAMESPACE_SECONDS)
    return holdbacks.removed(what, name)


@step(
    "Removal of workspace {name}",
    "R24",
    needs=(
        need(foasconsole.describe_instances),
        need(namespaces.describe_namespaces),
        need(foasconsole_removal.delete_instance),
    ),
)
def remove_workspace(cloud: Session, name: str, projects: Sequence[Fate]) -> Fate:
    """Release a pay-as-you-go workspace of the environment; say of a subscription until when it stays billed.

    Args:
        projects: what became of the environment's namespaces.
    """
    what = f"Workspace {name}"
    rows = _living(cloud, name)
    if not rows:
        return holdbacks.absent(what)
    if len(rows) > 1:
        return holdbacks.ambiguous(what, len(rows))
    workspace = rows[0]
    if workspace.status == "DELETING":
        _wait(cloud, workspace)
        return holdbacks.removed(what, workspace.instance_id, "is being released already")
    key = foasconsole.created_workspace_key(cloud.region, name)
    if strange := whose(cloud, key, workspace.created_ms / 1000):
        return holdbacks.held(what, strange, workspace.instance_id)
    if billed := holdbacks.workspace_billed(workspace):
        return Fate(holdbacks.BILLED, what, billed, id=workspace.instance_id)
    if in_use := _in_use(cloud, workspace, projects):
        return holdbacks.held(what, in_use, workspace.instance_id)
    where = (cloud.region, workspace.instance_id)
    delete(cloud, foasconsole.describe_instances(cloud.region, name), where, foasconsole_removal.workspace_removal)
    _wait(cloud, workspace)
    return holdbacks.removed(what, workspace.instance_id)


def _in_use(cloud: Session, workspace: Workspace, projects: Sequence[Fate]) -> str:
    present = look(cloud, namespaces.describe_namespaces(cloud.region, workspace.instance_id))
    going = [fate.id for fate in projects if fate.gone]
    return holdbacks.first(holdbacks.workspace_in_use(workspace, present, going), holdbacks.staying(projects))


def _living(cloud: Session, name: str) -> list[Workspace]:
    rows = look(cloud, foasconsole.describe_instances(cloud.region, name))
    return [row for row in rows if row.name == name and row.status != "DELETED"]


def _wait(cloud: Session, workspace: Workspace) -> None:
    read = foasconsole.describe_instances(cloud.region, workspace.name)
    gone = foasconsole_removal.workspace_gone(workspace.instance_id)
    wait_until(cloud, read, gone, f"The end of workspace {workspace.name}", RELEASE_SECONDS, POLL_SECONDS)
