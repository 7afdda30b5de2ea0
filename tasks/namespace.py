"""Namespaces of a managed workspace, and their members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alicloud import foasconsole_namespaces as namespaces
from alicloud import ram, ververica
from alicloud.call import PLANNED
from alicloud.errors import Unmet
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_namespaces import Namespace, NamespaceSpec
from alicloud.ram import User
from alicloud.session import Session
from alicloud.settle import settle, wait_until
from alicloud.ververica import LeaverSpec, MemberSpec
from blocks.environment import Project
from blocks.runner_rights import need
from tasks.step import step


@dataclass(frozen=True)
class LeftNamespace:
    """A leaver who was a member of a namespace, and in which role."""

    user: str
    namespace: str
    role: str


@step(
    "Namespace {project.name}",
    "R23",
    "R24",
    needs=(
        need(namespaces.create_namespace),
        need(namespaces.describe_namespaces),
    ),
)
def ensure_namespace(cloud: Session, project: Project, workspace: Workspace) -> Namespace | None:
    """Make the namespace with its compute units."""
    spec = NamespaceSpec(cloud.region, workspace.instance_id, project.name, project.compute_units)
    read = namespaces.describe_namespaces(cloud.region, workspace.instance_id)
    rows = settle(cloud, read, spec, namespaces.namespace_changes)
    if workspace.instance_id != PLANNED:
        rows = wait_until(cloud, read, namespaces.namespace_ready(project.name), f"Namespace {project.name}")
    return next((row for row in rows if row.name == project.name), None)


@step(
    "Members of namespace {namespace}",
    "R24",
    needs=(
        need(ram.get_user, user="namespace_members"),
        need(ververica.create_member, project="namespaces_with_members"),
        need(ververica.list_members, project="namespaces_with_members"),
        need(ververica.update_member, project="namespaces_with_members"),
    ),
)
def ensure_namespace_members(
    cloud: Session, namespace: str, workspace: Workspace, members: Sequence[tuple[str, str]]
) -> None:
    """Give users their role in the namespace.

    Args:
        members: pairs of RAM user name and role (OWNER, EDITOR, VIEWER).

    Raises:
        Unmet: a user does not exist.
    """
    _settle_members(cloud, namespace, workspace, members)


def _settle_members(cloud: Session, namespace: str, workspace: Workspace, members: Sequence[tuple[str, str]]) -> None:
    for user_name, role in members:
        user = _user(cloud, user_name)
        spec = MemberSpec(workspace.resource_id, namespace, user.user_id, role, user_name)
        settle(cloud, ververica.list_members(workspace.resource_id, namespace), spec, ververica.member_changes)


def _user(cloud: Session, name: str) -> User:
    user = cloud.recall(ram.get_user(name))
    if user is None and not cloud.dry:
        user = cloud.send(ram.get_user(name))
    if user is None:
        raise Unmet(f"RAM user {name} does not exist.", remedy="Run authorize first.")
    return user


@step(
    "People of namespace {project.name}",
    "R24",
    needs=(
        need(namespaces.describe_namespaces),
        need(ram.get_user, user="namespace_members"),
        need(ram.get_user, user="leavers"),
        need(ververica.create_member, project="namespaces_with_members"),
        need(ververica.delete_member, project="left_namespaces"),
        need(ververica.list_members, project="peopled_namespaces"),
        need(ververica.update_member, project="namespaces_with_members"),
    ),
)
def ensure_namespace_people(
    cloud: Session,
    project: Project,
    workspace: Workspace | None,
    members: Sequence[tuple[str, str]],
    leavers: Sequence[str],
) -> tuple[LeftNamespace, ...]:
    """Give users their role in a namespace that exists, then take the leavers out of it.

    Args:
        workspace: None when there is none yet; then there is nothing to do.
        members: pairs of RAM user name and role (OWNER, EDITOR, VIEWER).
        leavers: names of RAM users.

    Raises:
        Unmet: a leaver is the only owner, or a member does not exist.
    """
    if workspace is None or not _stands(cloud, project.name, workspace):
        return ()
    _settle_members(cloud, project.name, workspace, members)
    heirs = [f"user:{_user(cloud, name).user_id}" for name, role in members if role == "OWNER"]
    left = []
    for name in leavers:
        user = cloud.recall(ram.get_user(name))
        read = ververica.list_members(workspace.resource_id, project.name)
        if user is None:
            continue
        spec = LeaverSpec(workspace.resource_id, project.name, user.user_id, name, tuple(heirs))
        left += [LeftNamespace(name, project.name, row.role) for row in cloud.recall(read) if row.name == spec.member]
        settle(cloud, read, spec, ververica.leaving_changes)
    return tuple(left)


def _stands(cloud: Session, namespace: str, workspace: Workspace) -> bool:
    rows = cloud.recall(namespaces.describe_namespaces(cloud.region, workspace.instance_id))
    return any(row.name == namespace for row in rows)
