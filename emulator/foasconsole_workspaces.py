"""Workspaces: buying, describing and releasing them."""

from __future__ import annotations

from typing import Any

from emulator import ecs
from emulator.foasconsole import (
    Namespace,
    State,
    Workspace,
    optional_spec,
    refuse,
    region_of,
    spec,
    tags,
)
from emulator.foasconsole_creation import bucket, check_vpc, connect, instance_name, supported_zones, vswitches, zone_of
from emulator.foasconsole_life import cluster_status, find_workspace, order_state, settle
from emulator.foasconsole_prices import charge_type, creation, months, pay
from emulator.foasconsole_replies import shown
from emulator.pages import by_index
from emulator.regions import REGIONS
from emulator.request import Refusal, Request
from emulator.world import World


def create_instance(world: World, request: Request) -> dict[str, Any]:
    """Buy a workspace. A second call buys a second one: names are not unique, there is no token.

    Source: foasconsole 2021-10-28, CreateInstance.
    """
    workspace = _wanted(world, request)
    duration = months(request) if workspace.charge_type == "PRE" else 0
    default = optional_spec(request, "DefaultNamespaceResourceSpec", workspace.cpu)
    if default > workspace.cpu:
        raise Refusal(400, "InvalidDefaultNamespaceResourceSpec", "The default namespace is larger than the workspace.")
    price = creation(workspace.charge_type, workspace.cpu + workspace.ha_cpu, duration)
    order_id = pay(world, workspace.instance_id, workspace.region, workspace.charge_type, price, duration)

    install(world, workspace, default)
    order = {"InstanceId": workspace.instance_id, "OrderId": order_id}
    if workspace.storage_instance_id:
        # UNCONFIRMED: managed storage comes with an order of its own.
        order |= {"StorageInstanceId": workspace.storage_instance_id, "StorageOrderId": order_id + 1}
    return {"OrderInfo": order, "Success": True}


def install(world: World, workspace: Workspace, default_cpu: int) -> None:
    """Put a workspace into the account, with its default namespace and what the service makes in the VPC."""
    name = f"flink-{workspace.instance_id}"
    workspace.security_group_id = ecs.make_service_security_group(world, workspace.vpc_id, workspace.region, name)
    connect(world, workspace)
    now = world.now()
    namespace = Namespace(workspace.default_namespace, default_cpu, now, now, workspace.ready_at)
    workspace.namespaces[namespace.name] = namespace
    world.part(State).workspaces[workspace.instance_id] = workspace


def describe_instances(world: World, request: Request) -> dict[str, Any]:
    region = region_of(request)
    settle(world)
    wanted_tags = tags(request, "Tags")
    rows = [
        workspace
        for workspace in world.part(State).workspaces.values()
        if workspace.region == region
        and world.now() >= workspace.visible_at
        and _matches(workspace, request)
        and wanted_tags.items() <= workspace.tags.items()
    ]
    page, facts = by_index(request, rows)
    instances = [
        shown(world, workspace, cluster_status(world, workspace), order_state(world, workspace)) for workspace in page
    ]
    return {**facts, "Instances": instances, "Success": True}


def delete_instance(world: World, request: Request) -> dict[str, Any]:
    """Release a pay-as-you-go workspace; a subscription cannot be deleted by API."""
    workspace = find_workspace(world, request)
    if workspace.charge_type != "POST":
        raise refuse("OperationDenied.Subscription", "Only pay-as-you-go workspaces can be deleted.")
    if workspace.phase not in ("RUNNING", "DISABLE"):  # UNCONFIRMED: the latter
        raise refuse("IncorrectInstanceStatus", f"The instance {workspace.instance_id} is {workspace.phase}.")

    workspace.phase = "DELETING"
    workspace.ready_at = world.now() + world.delays.workspace_deletion
    return {"Success": True}


def describe_supported_regions(world: World, request: Request) -> dict[str, Any]:
    page, facts = by_index(request, list(REGIONS))
    rows = [{"Region": name, "RegionName": REGIONS[name].name, "Description": REGIONS[name].name} for name in page]
    return {**facts, "Regions": [{**row, "Extra": ""} for row in rows], "Success": True}


def describe_supported_zones(world: World, request: Request) -> dict[str, Any]:
    page, facts = by_index(request, supported_zones(world, region_of(request)))
    return {**facts, "ZoneIds": page, "Success": True}


def _wanted(world: World, request: Request) -> Workspace:
    """Read and check what CreateInstance asks for, without making anything."""
    region, charge, name = region_of(request), charge_type(request), instance_name(request)
    cpu, vpc_id = spec(request, "ResourceSpec"), request.one("VpcId")
    request.required("VSwitchIds")
    check_vpc(world, vpc_id, region)
    vswitch_ids = vswitches(world, request, "VSwitchIds", vpc_id)
    if not vswitch_ids:
        raise Refusal(400, "InvalidVSwitchIds", "At least one vSwitch is needed.")
    storage = bucket(world, request, region)
    ha = request.boolean("Ha")
    ha_vswitch_ids = vswitches(world, request, "HaVSwitchIds", vpc_id) if ha else []
    ready_at = world.now() + world.delays.workspace
    return Workspace(
        instance_id=f"f-cn-{world.identifiers.letters(11)}",
        resource_id=world.identifiers.hexadecimal(14).lower(),
        name=name,
        region=region,
        zone=zone_of(world, vswitch_ids[0]),
        vpc_id=vpc_id,
        vswitch_ids=vswitch_ids,
        bucket=storage,
        charge_type=charge,
        cpu=cpu,
        created_at=world.now(),
        visible_at=world.now() + world.part(State).visible_after,
        ready_at=ready_at,
        storage_instance_id="" if storage else f"fs-cn-{world.identifiers.letters(11)}",
        ha=ha,
        ha_cpu=optional_spec(request, "HaResourceSpec", cpu) if ha else 0,
        ha_zone=zone_of(world, ha_vswitch_ids[0]) if ha_vswitch_ids else "",
        ha_vswitch_ids=ha_vswitch_ids,
        auto_renew=request.boolean("AutoRenew"),
        architecture=request.text("ArchitectureType", "X86"),
        monitor_type=request.text("MonitorType", "ARMS"),
        resource_group_id=request.text("ResourceGroupId", f"rg-acfm{world.account_id[-10:]}"),
        tags=tags(request, "Tag"),
    )


def _matches(workspace: Workspace, request: Request) -> bool:
    facts = {
        "InstanceId": workspace.instance_id,
        "InstanceName": workspace.name,
        "ChargeType": workspace.charge_type,
        "ArchitectureType": workspace.architecture,
        "ResourceGroupId": workspace.resource_group_id,
    }
    if any(request.text(name, fact) != fact for name, fact in facts.items()):
        return False
    if request.has("Elastic") and request.boolean("Elastic") != bool(workspace.elastic_instance_id):
        return False
    return not request.has("NamespaceName") or request.text("NamespaceName") in workspace.namespaces


ROUTES = {
    "CreateInstance": create_instance,
    "DescribeInstances": describe_instances,
    "DeleteInstance": delete_instance,
    "DescribeSupportedRegions": describe_supported_regions,
    "DescribeSupportedZones": describe_supported_zones,
}
