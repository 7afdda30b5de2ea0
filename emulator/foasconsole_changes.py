"""Changes of a workspace: its size, its term, its way of paying, its vSwitches."""

from __future__ import annotations

from typing import Any

from emulator.foasconsole import State, Workspace, optional_spec, refuse, spec
from emulator.foasconsole_creation import connect, vswitches, zone_of
from emulator.foasconsole_life import find_workspace, running_workspace
from emulator.foasconsole_prices import (
    Price,
    change,
    months,
    namespace_specs,
    pay,
    pay_as_you_go,
    subscription,
)
from emulator.request import Request
from emulator.world import World


def renew_instance(world: World, request: Request) -> dict[str, Any]:
    """Extend a subscription, once more with every call. Source: foasconsole 2021-10-28, RenewInstance."""
    duration = months(request)
    workspace = find_workspace(world, request)
    _demand(workspace, "PRE")
    if workspace.phase != "RUNNING" or workspace.instance_id in world.part(State).unpaid:
        raise refuse("IncorrectInstanceStatus", f"The instance {workspace.instance_id} cannot be renewed now.")
    order_id = _pay(world, workspace, subscription(workspace.cpu + workspace.ha_cpu, duration), duration)
    return {"OrderId": order_id, "Success": True}


def modify_instance_spec(world: World, request: Request) -> dict[str, Any]:
    workspace = running_workspace(world, request)
    return _resize(world, request, workspace)


def modify_prepay_instance_spec(world: World, request: Request) -> dict[str, Any]:
    workspace = running_workspace(world, request)
    _demand(workspace, "PRE")
    return _resize(world, request, workspace)


def modify_elastic_resource_spec(world: World, request: Request) -> dict[str, Any]:
    """Set the ceiling of the pay-as-you-go part of a hybrid workspace."""
    workspace = running_workspace(world, request)
    cpu = spec(request, "ResourceSpec")
    if not workspace.elastic_instance_id:
        raise refuse("NotHybrid", f"The instance {workspace.instance_id} has no elastic resources.")
    if cpu < sum(namespace.elastic_cpu for namespace in workspace.namespaces.values()):
        raise refuse("InsufficientResource", "The namespaces hold more elastic CU than that.")
    order_id = _pay(world, workspace, pay_as_you_go(max(0, cpu - workspace.elastic_cpu)))

    workspace.elastic_cpu = cpu
    return {"OrderId": order_id, "Success": True}


def convert_hybrid_instance(world: World, request: Request) -> dict[str, Any]:
    """Add pay-as-you-go resources to a subscription."""
    workspace = running_workspace(world, request)
    cpu = spec(request, "ResourceSpec")
    _demand(workspace, "PRE")
    if workspace.elastic_instance_id:
        raise refuse("AlreadyHybrid", f"The instance {workspace.instance_id} has elastic resources already.")
    elastic_instance_id = f"f-cn-{world.identifiers.letters(11)}"
    order_id = pay(world, elastic_instance_id, workspace.region, "POST", pay_as_you_go(cpu))

    workspace.elastic_instance_id, workspace.elastic_cpu = elastic_instance_id, cpu
    order = {
        "ElasticInstanceId": workspace.elastic_instance_id,
        "InstanceId": workspace.instance_id,
        "OrderId": order_id,
    }
    return {"ErrCode": "", "OrderInfo": order, "Success": True}


def convert_instance(world: World, request: Request) -> dict[str, Any]:
    """Turn pay-as-you-go into a subscription for the sizes of its namespaces."""
    duration, sizes = months(request), namespace_specs(request)
    request.required("IsAutoRenew")
    auto_renew = request.boolean("IsAutoRenew")
    workspace = running_workspace(world, request)
    _demand(workspace, "POST")
    if sizes.keys() != workspace.namespaces.keys():
        raise refuse("InvalidNamespaceResourceSpecs", "NamespaceResourceSpecs must name every namespace, and no other.")
    if any(namespace.status != "SUCCESS" for namespace in workspace.namespaces.values()):
        raise refuse("IncorrectNamespaceStatus", "A namespace is being changed.")
    order_id = _pay(world, workspace, subscription(sum(sizes.values()), duration), duration, "PRE")

    for name, cpu in sizes.items():
        workspace.namespaces[name].cpu = cpu
    workspace.cpu = sum(cpu for name, cpu in sizes.items() if not workspace.namespaces[name].ha)
    workspace.charge_type, workspace.auto_renew = "PRE", auto_renew
    return {"OrderId": order_id, "Success": True}


def convert_prepay_instance(world: World, request: Request) -> dict[str, Any]:
    """Turn a subscription into pay-as-you-go."""
    workspace = running_workspace(world, request)
    _demand(workspace, "PRE")
    order_id = _pay(world, workspace, pay_as_you_go(workspace.cpu), 0, "POST")

    workspace.charge_type, workspace.auto_renew = "POST", False
    return {"OrderId": order_id, "Success": True}


def modify_instance_vswitch(world: World, request: Request) -> dict[str, Any]:
    """Replace the vSwitches of a workspace. The action names no region."""
    instance_id, _ = request.required("InstanceId", "HaVSwitchIds")
    known = world.part(State).workspaces.get(instance_id)
    located = {**request.parameters, "Region": known.region if known else request.region}
    workspace = running_workspace(world, Request(request.action, request.caller, located))
    ha_vswitch_ids = vswitches(world, request, "HaVSwitchIds", workspace.vpc_id)
    vswitch_ids = vswitches(world, request, "VSwitchIds", workspace.vpc_id) or workspace.vswitch_ids
    if ha_vswitch_ids and not workspace.ha:
        raise refuse("HaNotEnabled", f"The instance {instance_id} has no high availability.")

    workspace.vswitch_ids, workspace.ha_vswitch_ids = vswitch_ids, ha_vswitch_ids
    workspace.zone = zone_of(world, vswitch_ids[0])
    workspace.ha_zone = zone_of(world, ha_vswitch_ids[0]) if ha_vswitch_ids else ""
    connect(world, workspace)
    return {"Result": "true", "Success": True}


def _resize(world: World, request: Request, workspace: Workspace) -> dict[str, Any]:
    """Order another size, which comes with a delay; the workspace stays RUNNING meanwhile. UNCONFIRMED: that."""
    cpu = spec(request, "ResourceSpec")
    ha = request.boolean("Ha", workspace.ha)
    ha_cpu = optional_spec(request, "HaResourceSpec", workspace.ha_cpu or cpu) if ha else 0
    ha_vswitch_ids = workspace.ha_vswitch_ids
    if request.has("HaVSwitchIds"):
        ha_vswitch_ids = vswitches(world, request, "HaVSwitchIds", workspace.vpc_id)
    _check_namespaces_fit(workspace, cpu, ha_cpu)
    order_id = _pay(world, workspace, change(world, workspace, cpu))

    workspace.next_cpu, workspace.changed_at = cpu, world.now() + world.delays.workspace_change
    workspace.ha, workspace.ha_cpu = ha, ha_cpu
    workspace.ha_vswitch_ids = ha_vswitch_ids if ha else []
    connect(world, workspace)
    return {"OrderId": order_id, "Success": True}


def _check_namespaces_fit(workspace: Workspace, cpu: int, ha_cpu: int) -> None:
    for ha, size in ((False, cpu), (True, ha_cpu)):
        held = sum(namespace.holds() for namespace in workspace.namespaces.values() if namespace.ha == ha)
        if held > size:
            raise refuse("InsufficientResource", f"The namespaces hold {held} CU, which is more than {size}.")


def _demand(workspace: Workspace, charge_type: str) -> None:
    if workspace.charge_type != charge_type:
        message = f"The instance {workspace.instance_id} is {workspace.charge_type}, not {charge_type}."
        raise refuse("IncorrectChargeType", message)


def _pay(world: World, workspace: Workspace, price: Price, duration: int = 0, charge: str = "") -> int:
    return pay(world, workspace.instance_id, workspace.region, charge or workspace.charge_type, price, duration)


ROUTES = {
    "RenewInstance": renew_instance,
    "ModifyInstanceSpec": modify_instance_spec,
    "ModifyPrepayInstanceSpec": modify_prepay_instance_spec,
    "ModifyElasticResourceSpec": modify_elastic_resource_spec,
    "ConvertHybridInstance": convert_hybrid_instance,
    "ConvertInstance": convert_instance,
    "ConvertPrepayInstance": convert_prepay_instance,
    "ModifyInstanceVswitch": modify_instance_vswitch,
}
