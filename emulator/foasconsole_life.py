"""How workspaces and namespaces pass from one state to the next."""

from __future__ import annotations

from emulator import bssopenapi, ecs
from emulator.foasconsole import Namespace, State, Workspace, refuse, region_of
from emulator.request import Request
from emulator.world import World


def settle(world: World) -> None:
    """Bring all workspaces to the state that they have by now."""
    for workspace in list(world.part(State).workspaces.values()):
        _settle_workspace(world, workspace)


def find_workspace(world: World, request: Request) -> Workspace:
    """Give the workspace that InstanceId and Region name, or refuse."""
    instance_id = request.one("InstanceId")
    region = region_of(request)
    if found := world.part(State).workspaces.get(instance_id):
        _settle_workspace(world, found)
    workspace = world.part(State).workspaces.get(instance_id)
    if workspace is None or workspace.region != region:
        raise refuse("InstanceNotFound", f"The instance {instance_id} does not exist in region {region}.")
    return workspace


def running_workspace(world: World, request: Request) -> Workspace:
    """Give a workspace that is RUNNING and not being changed, or refuse."""
    workspace = find_workspace(world, request)
    status = cluster_status(world, workspace)
    if status != "RUNNING":
        raise refuse("IncorrectInstanceStatus", f"The instance {workspace.instance_id} is {status}, not RUNNING.")
    if workspace.next_cpu:
        raise refuse("InstanceIsChanging", f"The instance {workspace.instance_id} is being changed.")
    if workspace.instance_id in world.part(State).unpaid:
        raise refuse("ORDER.INST_HAS_UNPAID_ORDER", "The instance has an unpaid order.")
    return workspace


def expires_at(world: World, workspace: Workspace) -> float:
    """Say until when a subscription has been paid; one that was given back is over."""
    bought = bssopenapi.find_instance(world, workspace.instance_id)
    return bought.end_at if bought else 0.0


def is_expired(world: World, workspace: Workspace) -> bool:
    return workspace.charge_type == "PRE" and world.now() >= expires_at(world, workspace)


def cluster_status(world: World, workspace: Workspace) -> str:
    return "DISABLE" if workspace.phase == "RUNNING" and is_expired(world, workspace) else workspace.phase


def order_state(world: World, workspace: Workspace) -> str:
    if workspace.phase == "CREATING":
        return "NOT_INIT"
    return "CEASE" if is_expired(world, workspace) else "NORMAL"


def progress(world: World, workspace: Workspace) -> float:
    """The part of the creation that is over; one that is stuck stays short of the end."""
    if workspace.phase != "CREATING":
        return 1.0
    whole = max(1e-9, workspace.ready_at - workspace.created_at)
    return min(0.99, (world.now() - workspace.created_at) / whole)


def _settle_workspace(world: World, workspace: Workspace) -> None:
    now, state = world.now(), world.part(State)
    stuck = world.trouble.holds(workspace.name, workspace.phase)
    if workspace.phase == "CREATING" and now >= workspace.ready_at and workspace.name not in state.stuck and not stuck:
        workspace.phase = "RUNNING"
    if workspace.phase == "DELETING" and now >= workspace.ready_at and not stuck:
        remove(world, workspace)
    if workspace.next_cpu and now >= workspace.changed_at and not stuck:
        workspace.cpu, workspace.next_cpu = workspace.next_cpu, 0
    if workspace.phase != "CREATING":
        for namespace in list(workspace.namespaces.values()):
            if not world.trouble.holds(namespace.name, namespace.status):
                _settle_namespace(now, workspace, namespace)


def _settle_namespace(now: float, workspace: Workspace, namespace: Namespace) -> None:
    if namespace.status == "SUCCESS" or now < namespace.ready_at:
        return
    if namespace.status == "DELETING":
        del workspace.namespaces[namespace.name]
        return
    if namespace.status == "MODIFYING":
        namespace.cpu, namespace.elastic_cpu = namespace.next_cpu, namespace.next_elastic_cpu
        namespace.next_cpu, namespace.next_elastic_cpu = 0, 0
    namespace.status = "SUCCESS"


def remove(world: World, workspace: Workspace) -> None:
    """Take a workspace away with what the service made for it in the VPC."""
    for interface_id in workspace.interfaces.values():
        ecs.remove_interface(world, interface_id)
    ecs.remove_security_group(world, workspace.security_group_id)
    world.part(bssopenapi.State).instances.pop(workspace.instance_id, None)
    del world.part(State).workspaces[workspace.instance_id]
