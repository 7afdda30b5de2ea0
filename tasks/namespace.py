"""Namespaces of a managed workspace, and their members."""

from __future__ import annotations

from collections.abc import Sequence

from alicloud import foasconsole_namespaces as namespaces
from alicloud import ram, ververica
from alicloud.call import PLANNED
from alicloud.errors import Unmet
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_namespaces import Namespace, NamespaceSpec
from alicloud.session import Session
from alicloud.settle import settle, wait_until
from alicloud.ververica import MemberSpec
from blocks.environment import Project
from tasks.step import step


@step("Namespace {project.name}", "R23", "R24")
def ensure_namespace(cloud: Session, project: Project, workspace: Workspace) -> Namespace | None:
    """Make the namespace with its compute units."""
    spec = NamespaceSpec(cloud.region, workspace.instance_id, project.name, project.compute_units)
    read = namespaces.describe_namespaces(cloud.region, workspace.instance_id)
    rows = settle(cloud, read, spec, namespaces.namespace_changes)
    if workspace.instance_id != PLANNED:
        rows = wait_until(cloud, read, namespaces.namespace_ready(project.name), f"Namespace {project.name}")
    return next((row for row in rows if row.name == project.name), None)


@step("Members of namespace {namespace}", "R24")
def ensure_namespace_members(
    cloud: Session, namespace: str, workspace: Workspace, members: Sequence[tuple[str, str]]
) -> None:
    """Give users their role in the namespace.

    Args:
        members: pairs of RAM user name and role (OWNER, EDITOR, VIEWER).

    Raises:
        Unmet: a user does not exist.
    """
    for user_name, role in members:
        user = cloud.recall(ram.get_user(user_name))
        if user is None and not cloud.dry:
            user = cloud.send(ram.get_user(user_name))
        if user is None:
            raise Unmet(f"RAM user {user_name} does not exist.", remedy="Run authorize first.")
        spec = MemberSpec(workspace.resource_id, namespace, user.user_id, role, user_name)
        settle(cloud, ververica.list_members(workspace.resource_id, namespace), spec, ververica.member_changes)
