"""Which policy is attached to which user, group or role."""

from __future__ import annotations

from typing import Any

from emulator.ram import Group, Link, Role, State, User, find_group, find_role, find_user, linger, live_roles, role_arn
from emulator.ram_policies import asked, face
from emulator.request import Refusal, Request
from emulator.world import World, iso

# Source: RAM, limits (2021): system policies 20 each, custom policies 5, 10 on a user.
MAX_SYSTEM = 20
MAX_CUSTOM = {"User": 10, "Group": 5, "Role": 5}

Principal = User | Group | Role
Reply = dict[str, Any]


def attach_policy_to_user(world: World, request: Request) -> Reply:
    return _attach(world, request, "User", find_user(world, request.one("UserName")))


def attach_policy_to_group(world: World, request: Request) -> Reply:
    return _attach(world, request, "Group", find_group(world, request.one("GroupName")))


def attach_policy_to_role(world: World, request: Request) -> Reply:
    return _attach(world, request, "Role", find_role(world, request.one("RoleName")))


def detach_policy_from_user(world: World, request: Request) -> Reply:
    return _detach(world, request, "User", find_user(world, request.one("UserName")))


def detach_policy_from_group(world: World, request: Request) -> Reply:
    return _detach(world, request, "Group", find_group(world, request.one("GroupName")))


def detach_policy_from_role(world: World, request: Request) -> Reply:
    return _detach(world, request, "Role", find_role(world, request.one("RoleName")))


def attach(world: World, kind: str, principal: Principal, policy_key: str) -> None:
    """Tie a policy to a principal; it takes effect after the delay of permissions."""
    now = world.now()
    principal.policies[policy_key] = Link(now, now + world.delays.permission)
    world.part(State).attached.setdefault(policy_key, {})[f"{kind}/{principal.name}"] = now


def _attach(world: World, request: Request, kind: str, principal: Principal) -> Reply:
    policy = asked(world, request)
    if policy.key in principal.policies:
        message = f"The policy {policy.name} is attached to the {kind.lower()} already."
        raise Refusal(409, f"EntityAlreadyExists.{kind}.Policy", message)
    limit = MAX_SYSTEM if policy.kind == "System" else MAX_CUSTOM[kind]
    if sum(key.startswith(f"{policy.kind}/") for key in principal.policies) >= limit:
        message = f"The {kind.lower()} has {limit} policies of this type, which is the limit."
        raise Refusal(409, f"LimitExceeded.{kind}.Policy", message)
    attach(world, kind, principal, policy.key)
    return {}


def _detach(world: World, request: Request, kind: str, principal: Principal) -> Reply:
    policy = asked(world, request)
    if policy.key not in principal.policies:
        message = f"The policy {policy.name} is not attached to the {kind.lower()}."
        raise Refusal(404, f"EntityNotExist.{kind}.Policy", message)
    del principal.policies[policy.key]
    attached = world.part(State).attached
    del attached[policy.key][f"{kind}/{principal.name}"]
    if not attached[policy.key]:
        del attached[policy.key]
    linger(world, principal.fading, policy.key)
    return {}


def list_policies_for_user(world: World, request: Request) -> Reply:
    return _policies_of(world, find_user(world, request.one("UserName")))


def list_policies_for_group(world: World, request: Request) -> Reply:
    return _policies_of(world, find_group(world, request.one("GroupName")))


def list_policies_for_role(world: World, request: Request) -> Reply:
    return _policies_of(world, find_role(world, request.one("RoleName")))


def _policies_of(world: World, principal: Principal) -> Reply:
    rows = []
    for key, link in principal.policies.items():
        policy = face(world, *key.split("/", 1))
        rows.append(
            {
                "PolicyName": policy.name,
                "PolicyType": policy.kind,
                "Description": policy.description,
                "DefaultVersion": policy.default_version,
                "AttachDate": iso(link.made_at),
            }
        )
    return {"Policies": {"Policy": rows}}


def list_entities_for_policy(world: World, request: Request) -> Reply:
    policy = asked(world, request)
    state, roles = world.part(State), live_roles(world)
    found: dict[str, list[Reply]] = {"User": [], "Group": [], "Role": []}
    for entry, since in state.attached.get(policy.key, {}).items():
        kind, _, name = entry.partition("/")
        if kind == "User":
            user = state.users[name]
            view = {"UserId": user.id, "UserName": name, "DisplayName": user.display_name}
        elif kind == "Group":
            view = {"GroupName": name, "Comments": state.groups[name].comments}
        else:
            role = roles[name]
            view = {"RoleId": role.id, "RoleName": name, "Arn": role_arn(world, role), "Description": role.description}
        found[kind].append(view | {"AttachDate": iso(since)})
    return {f"{kind}s": {kind: rows} for kind, rows in found.items()}


ROUTES = {
    "AttachPolicyToUser": attach_policy_to_user,
    "AttachPolicyToGroup": attach_policy_to_group,
    "AttachPolicyToRole": attach_policy_to_role,
    "DetachPolicyFromUser": detach_policy_from_user,
    "DetachPolicyFromGroup": detach_policy_from_group,
    "DetachPolicyFromRole": detach_policy_from_role,
    "ListPoliciesForUser": list_policies_for_user,
    "ListPoliciesForGroup": list_policies_for_group,
    "ListPoliciesForRole": list_policies_for_role,
    "ListEntitiesForPolicy": list_entities_for_policy,
}
