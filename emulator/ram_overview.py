"""What the web page shows of RAM."""

from __future__ import annotations

from typing import Any

from emulator.ram import State, live_roles, role_arn
from emulator.world import World, iso

Rows = list[dict[str, Any]]


def overview(world: World) -> dict[str, Rows]:
    return {
        "RAM users": _users(world),
        "RAM user groups": _groups(world),
        "RAM roles": _roles(world),
        "Custom policies": _policies(world),
    }


def _users(world: World) -> Rows:
    return [
        {
            "Name": user.name,
            "ID": user.id,
            "Display name": user.display_name,
            "Console logon": ("yes, MFA" if user.login.mfa_bind_required else "yes") if user.login else "no",
            "AccessKeys": ", ".join(user.keys),
            "Groups": ", ".join(user.groups),
            "Policies": ", ".join(user.policies),
            "Created": iso(user.created_at),
        }
        for user in world.part(State).users.values()
    ]


def _groups(world: World) -> Rows:
    return [
        {
            "Name": group.name,
            "Comments": group.comments,
            "Users": ", ".join(group.members),
            "Policies": ", ".join(group.policies),
            "Created": iso(group.created_at),
        }
        for group in world.part(State).groups.values()
    ]


def _roles(world: World) -> Rows:
    return [
        {
            "Name": role.name,
            "ARN": role_arn(world, role),
            "Description": role.description,
            "Trust policy": {"document": role.trust_policy},
            "Policies": ", ".join(role.policies),
            "Created": iso(role.created_at),
        }
        for role in live_roles(world).values()
    ]


def _policies(world: World) -> Rows:
    state = world.part(State)
    return [
        {
            "Name": policy.name,
            "Description": policy.description,
            "Default": f"{policy.default_version} of {len(policy.versions)}",
            "Document": {"document": policy.versions[policy.default_version].document},
            "Attached to": ", ".join(state.attached.get(f"Custom/{policy.name}", {})),
            "Updated": iso(policy.updated_at),
        }
        for policy in state.policies.values()
    ]
