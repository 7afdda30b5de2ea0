"""RAM roles that the account makes itself."""

from __future__ import annotations

from typing import Any

from emulator import pages, ram
from emulator.ram import Role, State, find_role, live_roles, role_arn
from emulator.ram_names import ROLE_NAME, bears, named, tags, text, trust_policy
from emulator.request import Refusal, Request
from emulator.world import World, iso

MAX_ROLES = 1000

Reply = dict[str, Any]


def create_role(world: World, request: Request) -> Reply:
    name = named(request, "RoleName", ROLE_NAME, 64)
    trust = trust_policy(request, "AssumeRolePolicyDocument")
    description = text(request, "Description", 1024)
    duration = request.integer("MaxSessionDuration", 3600, 3600, 43200)
    console = request.boolean("AllowConsoleLogin")
    labels = tags(request)
    refuse_another(world, name)
    now = world.now()
    role = world.part(State).roles[name] = Role(
        name, world.identifiers.digits(18), trust, now, now, description, duration, console, tags=labels
    )
    role.effective_at = now + world.delays.permission
    return {"Role": _view(world, role)}


def refuse_another(world: World, name: str) -> None:
    """Refuse a role of a name that is taken, or one more than the account may have."""
    roles = live_roles(world)
    if name in roles:
        raise Refusal(409, "EntityAlreadyExists.Role", f"The role already exists: {name}.")
    if len(roles) >= MAX_ROLES:
        raise Refusal(409, "LimitExceeded.Role", f"The account has {MAX_ROLES} roles, which is the limit.")


def get_role(world: World, request: Request) -> Reply:
    role = find_role(world, request.one("RoleName"))
    view = _view(world, role) | {
        "UpdateDate": iso(role.updated_at),
        "IsServiceLinkedRole": bool(role.service),
        "RolePrincipalName": principal_name(world, role),
    }
    if role.deletion_task:
        task = world.part(State).deletion_tasks[role.deletion_task]
        view["LatestDeletionTask"] = {"DeletionTaskId": task.id, "CreateDate": iso(task.created_at)}
    return {"Role": view}


def principal_name(world: World, role: Role) -> str:
    return f"{role.name}@role.{world.account_alias or world.account_id}.onaliyunservice.com"


def update_role(world: World, request: Request) -> Reply:
    role = find_role(world, request.one("RoleName"))
    if role.service:
        raise Refusal(403, "NoPermission", "A service-linked role cannot be changed.")
    trust = role.trust_policy
    if request.has("NewAssumeRolePolicyDocument"):
        trust = trust_policy(request, "NewAssumeRolePolicyDocument")
    description = text(request, "NewDescription", 1024)
    duration = request.integer("NewMaxSessionDuration", role.max_session_duration, 3600, 43200)
    console = request.boolean("NewAllowConsoleLogin", role.allow_console_login)
    role.trust_policy, role.max_session_duration, role.allow_console_login = trust, duration, console
    role.description = description or role.description
    role.updated_at = world.now()
    return {"Role": _view(world, role) | {"UpdateDate": iso(role.updated_at)}}


def delete_role(world: World, request: Request) -> Reply:
    role = find_role(world, request.one("RoleName"))
    if role.service:
        # UNCONFIRMED: the code. That DeleteRole leaves service-linked roles alone is certain.
        raise Refusal(403, "NoPermission", "A service-linked role is deleted by DeleteServiceLinkedRole.")
    if role.policies:
        raise Refusal(409, "DeleteConflict.Role.Policy", "The role still has policies, detach them first.")
    del world.part(State).roles[role.name]
    return {}


def list_roles(world: World, request: Request) -> Reply:
    wanted = tags(request)
    found = [role for role in live_roles(world).values() if bears(role.tags, wanted)]
    page, facts = pages.by_marker(request, found)
    rows = []
    for role in page:
        row = _view(world, role) | {"UpdateDate": iso(role.updated_at), "Tags": ram.tags(role.tags)}
        del row["AssumeRolePolicyDocument"]
        rows.append(row)
    return {"Roles": {"Role": rows}, **facts}


def _view(world: World, role: Role) -> Reply:
    return {
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": role_arn(world, role),
        "Description": role.description,
        "AssumeRolePolicyDocument": role.trust_policy,
        "MaxSessionDuration": role.max_session_duration,
        "AllowConsoleLogin": role.allow_console_login,
        "CreateDate": iso(role.created_at),
    }


ROUTES = {
    "CreateRole": create_role,
    "GetRole": get_role,
    "UpdateRole": update_role,
    "DeleteRole": delete_role,
    "ListRoles": list_roles,
}
