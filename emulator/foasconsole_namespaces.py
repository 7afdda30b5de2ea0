"""Namespaces: the shares of a workspace.

The default namespace starts with everything. What no namespace holds is free; a new or larger namespace takes from
what is free first and then from the default one, which keeps at least 1 CU. What a deleted or smaller namespace had is
free again, and so is what a workspace gains when it grows. UNCONFIRMED: all of this paragraph but its first sentence.
"""

from __future__ import annotations

from typing import Any

from emulator.foasconsole import (
    Namespace,
    Workspace,
    checked_name,
    optional_spec,
    refuse,
    shown_spec,
    spec,
    tags,
)
from emulator.foasconsole_life import find_workspace, running_workspace
from emulator.pages import by_index
from emulator.request import Request
from emulator.world import World

NAME = "[a-z]([a-z0-9-]{0,61}[a-z0-9])?"  # UNCONFIRMED: the rule


def create_namespace(world: World, request: Request) -> dict[str, Any]:
    request.required("InstanceId", "Namespace", "Region")
    name = checked_name(NAME, "Namespace", request.text("Namespace"))
    cpu, ha = optional_spec(request, "ResourceSpec", 1), request.boolean("Ha")
    workspace = running_workspace(world, request)
    if name in workspace.namespaces:
        raise refuse("NamespaceAlreadyExists", f"The namespace {name} exists already.")
    if ha and not workspace.ha:
        raise refuse("HaNotEnabled", f"The instance {workspace.instance_id} has no high availability.")
    take(workspace, cpu, ha)

    now = world.now()
    made = Namespace(name, cpu, now, now, ready_at=now + world.delays.namespace, ha=ha)
    workspace.namespaces[name] = made
    return {"Success": True}


def describe_namespaces(world: World, request: Request) -> dict[str, Any]:
    workspace = find_workspace(world, request)
    wanted_tags = tags(request, "Tags")
    rows = [
        namespace
        for namespace in workspace.namespaces.values()
        if request.text("Namespace", namespace.name) == namespace.name
        and (not request.has("Ha") or request.boolean("Ha") == namespace.ha)
        and wanted_tags.items() <= workspace.tags.items()
    ]
    page, facts = by_index(request, rows if world.now() >= workspace.visible_at else [])
    return {**facts, "Namespaces": [_shown(workspace, namespace) for namespace in page], "Success": True}


def modify_prepay_namespace_spec(world: World, request: Request) -> dict[str, Any]:
    request.required("InstanceId", "Namespace", "Region")
    cpu = spec(request, "ResourceSpec")
    workspace = running_workspace(world, request)
    if workspace.charge_type != "PRE":
        raise refuse("OperationDenied.PayAsYouGo", "The instance is not a subscription.")
    namespace = _settled(workspace, request)
    _resize(world, workspace, namespace, cpu, namespace.elastic_cpu)
    return {"Success": True}


def modify_namespace_spec_v2(world: World, request: Request) -> dict[str, Any]:
    request.required("Ha", "InstanceId", "Namespace", "Region")
    request.boolean("Ha")
    cpu = optional_spec(request, "GuaranteedResourceSpec", 0)
    elastic_cpu = optional_spec(request, "ElasticResourceSpec", -1, least=0)
    workspace = running_workspace(world, request)
    namespace = _settled(workspace, request)
    elastic_cpu = namespace.elastic_cpu if elastic_cpu < 0 else elastic_cpu
    others = sum(other.elastic_cpu for other in workspace.namespaces.values() if other is not namespace)
    if others + elastic_cpu > workspace.elastic_cpu:
        raise refuse("InsufficientResource", f"The instance has {workspace.elastic_cpu} elastic CU.")
    _resize(world, workspace, namespace, cpu or namespace.cpu, elastic_cpu)
    return {"Success": True}


def delete_namespace(world: World, request: Request) -> dict[str, Any]:
    request.required("InstanceId", "Namespace", "Region")
    workspace = running_workspace(world, request)
    namespace = _settled(workspace, request)
    if namespace.name == workspace.default_namespace:
        raise refuse("DefaultNamespace", "The default namespace cannot be deleted.")  # UNCONFIRMED

    namespace.status, namespace.modified_at = "DELETING", world.now()
    namespace.ready_at = world.now() + world.delays.namespace
    return {"Success": True}


def take(workspace: Workspace, cpu: int, ha: bool = False, but: Namespace | None = None) -> None:
    """Make room for `cpu`, at the cost of the default namespace where needs be; refuse when there is not enough."""
    others = [namespace for namespace in workspace.namespaces.values() if namespace.ha == ha and namespace is not but]
    total = workspace.ha_cpu if ha else workspace.cpu
    short = cpu - (total - sum(namespace.holds() for namespace in others))
    default = workspace.namespaces.get(workspace.default_namespace)
    giver = default if default in others and default is not None and default.status == "SUCCESS" else None
    if short > (giver.cpu - 1 if giver else 0):
        raise refuse("InsufficientResource", f"The instance lacks {short} of {cpu} CU.")
    if giver and short > 0:
        giver.cpu -= short


def _settled(workspace: Workspace, request: Request) -> Namespace:
    name = request.one("Namespace")
    namespace = workspace.namespaces.get(name)
    if namespace is None:
        raise refuse("NamespaceNotFound", f"The namespace {name} does not exist.")
    if namespace.status != "SUCCESS":
        raise refuse("IncorrectNamespaceStatus", f"The namespace {name} is {namespace.status}.")
    return namespace


def _resize(world: World, workspace: Workspace, namespace: Namespace, cpu: int, elastic_cpu: int) -> None:
    take(workspace, cpu, namespace.ha, but=namespace)
    namespace.status, namespace.modified_at = "MODIFYING", world.now()
    namespace.next_cpu, namespace.next_elastic_cpu = cpu, elastic_cpu
    namespace.ready_at = world.now() + world.delays.namespace


def _shown(workspace: Workspace, namespace: Namespace) -> dict[str, Any]:
    return {
        "Namespace": namespace.name,
        "Status": namespace.status,
        "GmtCreate": int(namespace.created_at * 1000),
        "GmtModified": int(namespace.modified_at * 1000),
        "Ha": namespace.ha,
        "ResourceSpec": shown_spec(namespace.cpu),
        "GuaranteedResourceSpec": shown_spec(namespace.cpu),
        "ElasticResourceSpec": shown_spec(namespace.elastic_cpu),
        "ResourceUsed": {"Cpu": namespace.used_cpu, "Cu": namespace.used_cpu, "MemoryGB": 4.0 * namespace.used_cpu},
        "Tags": [{"Key": key, "Value": value} for key, value in workspace.tags.items()],
    }


ROUTES = {
    "CreateNamespace": create_namespace,
    "DescribeNamespaces": describe_namespaces,
    "ModifyPrepayNamespaceSpec": modify_prepay_namespace_spec,
    "ModifyNamespaceSpecV2": modify_namespace_spec_v2,
    "DeleteNamespace": delete_namespace,
}
