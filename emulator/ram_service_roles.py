"""Service-linked roles: the service's own, made on request, deleted by a task."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.ram import DeletionTask, Role, State, find_role, role_arn
from emulator.ram_attachments import attach
from emulator.ram_roles import principal_name, refuse_another
from emulator.request import Refusal, Request
from emulator.world import World, iso

DELETION_SECONDS = 5.0

# Service name to the role's name. The first name is UNCONFIRMED, the others are documented.
SERVICES = {
    "flink.aliyuncs.com": "AliyunServiceRoleForFlink",
    "flink.dlf-next.aliyuncs.com": "AliyunServiceRoleForDLFAccessFlink",
    "polardb.aliyuncs.com": "AliyunServiceRoleForPolarDB",
}

Reply = dict[str, Any]


def create_service_linked_role(world: World, request: Request) -> Reply:
    service = request.one("ServiceName")
    name = SERVICES.get(service)
    if name is None:
        raise Refusal(404, "EntityNotExist.Service", f"The service does not exist: {service[:128]}.")
    if request.has("CustomSuffix"):
        message = "The service does not allow a custom suffix."
        raise Refusal(400, "InvalidParameter.CustomSuffix.NotAllowed", message)
    if request.has("Description"):
        # Source: ResourceManager 2020-03-31, CreateServiceLinkedRole: only a role with a suffix has a text of its own.
        message = "The service does not allow a description."
        raise Refusal(400, "InvalidParameter.Description.NotAllowed", message)
    refuse_another(world, name)
    return {"Role": _view(world, make(world, service, name))}


def make(world: World, service: str, name: str) -> Role:
    """Make a service-linked role with its own policy attached."""
    now = world.now()
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": [service]}}
    trust = json.dumps({"Statement": [statement], "Version": "1"})
    role = Role(name, world.identifiers.digits(18), trust, now, now, f"Service-linked role of {service}.")
    role.service = service
    world.part(State).roles[name] = role
    attach(world, "Role", role, f"System/{name.replace('ServiceRoleFor', 'ServiceRolePolicyFor')}")
    return role


def delete_service_linked_role(world: World, request: Request) -> Reply:
    role = find_role(world, request.one("RoleName"))
    if not role.service:
        raise Refusal(404, "EntityNotExist.ServiceLinkedRole", f"Not a service-linked role: {role.name}.")
    if not role.deletion_task:
        task_id = f"task/acs-service-role/{role.service}/{role.name}/{world.identifiers.guid().lower()}"
        task = DeletionTask(task_id, role.name, world.now(), world.now() + DELETION_SECONDS)
        world.part(State).deletion_tasks[task_id] = task
        role.deletion_task = task_id
    return {"DeletionTaskId": role.deletion_task}


def get_service_linked_role_deletion_status(world: World, request: Request) -> Reply:
    task_id = request.one("DeletionTaskId")
    if not re.fullmatch(r"task/acs-service-role/[\w./-]{1,400}", task_id):
        raise Refusal(400, "InvalidParameter.DeletionTaskId", "The DeletionTaskId is not valid.")
    task = world.part(State).deletion_tasks.get(task_id)
    if task is None:
        message = "The deletion task does not exist."
        raise Refusal(404, "EntityNotExist.ServiceLinkedRole.DeletionTask", message)
    return {"Status": "SUCCEEDED" if world.now() >= task.done_at else "IN_PROGRESS"}


def _view(world: World, role: Role) -> Reply:
    return {
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": role_arn(world, role),
        "Description": role.description,
        "AssumeRolePolicyDocument": role.trust_policy,
        "IsServiceLinkedRole": True,
        "CreateDate": iso(role.created_at),
        "RolePrincipalName": principal_name(world, role),
    }


def _create_without_principal_name(world: World, request: Request) -> Reply:
    """RAM's own reply lacks RolePrincipalName, which ResourceManager's has."""
    reply = create_service_linked_role(world, request)
    del reply["Role"]["RolePrincipalName"]
    return reply


ROUTES = {
    "CreateServiceLinkedRole": _create_without_principal_name,
    "DeleteServiceLinkedRole": delete_service_linked_role,
}
