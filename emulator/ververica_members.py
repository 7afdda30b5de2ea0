"""Members of a namespace of fully managed Flink, and their roles."""

from __future__ import annotations

from typing import Any

from emulator import ram
from emulator.request import Request
from emulator.ververica import (
    ALREADY_THERE,
    NOT_ALLOWED,
    NOT_FOUND,
    Space,
    bad,
    document,
    find_space,
    keep,
    page_of,
    refuse,
    reply,
    text,
)
from emulator.world import World

ROLES = ("OWNER", "EDITOR", "VIEWER")


def create_member(world: World, request: Request) -> dict[str, Any]:
    space, (member, role) = find_space(world, request), _member(world, request)
    if member in space.members:
        raise refuse(ALREADY_THERE, f"The member {member} exists already.")
    space.members[member] = role
    keep(world, request, space)
    return reply({"member": member, "role": role})


def update_member(world: World, request: Request) -> dict[str, Any]:
    space, (member, role) = find_space(world, request), _member(world, request)
    _check_member(space, member)
    if role != "OWNER":
        _check_owner_stays(space, member)
    space.members[member] = role
    keep(world, request, space)
    return reply({"member": member, "role": role})


def get_member(world: World, request: Request) -> dict[str, Any]:
    space, member = find_space(world, request), _normal(request.path.get("member", ""))
    _check_member(space, member)
    return reply({"member": member, "role": space.members[member]})


def delete_member(world: World, request: Request) -> dict[str, Any]:
    space, member = find_space(world, request), _normal(request.path.get("member", ""))
    _check_member(space, member)
    _check_owner_stays(space, member)
    del space.members[member]
    keep(world, request, space)
    return reply()


def list_members(world: World, request: Request) -> dict[str, Any]:
    space = find_space(world, request)
    rows = [{"member": member, "role": role} for member, role in space.members.items()]
    return page_of(request, rows)


def _member(world: World, request: Request) -> tuple[str, str]:
    """Give the member and role of the body, after both have been found to exist."""
    body = document(request)
    member, role = _normal(text(body, "member")), text(body, "role")
    user_id = member.removeprefix("user:")
    users = world.part(ram.State).users.values()
    if not member.startswith("user:") or user_id not in {world.account_id, *(user.id for user in users)}:
        raise refuse(NOT_FOUND, f"The user of {member} does not exist.")
    if role not in ROLES:
        raise bad(f"The role is one of {', '.join(ROLES)}.")
    return member, role


def _normal(member: str) -> str:
    """Write "user: 1" as "user:1": samples have it either way."""
    kind, colon, user_id = member.partition(":")
    return f"{kind.strip()}{colon}{user_id.strip()}"


def _check_member(space: Space, member: str) -> None:
    if member not in space.members:
        raise refuse(NOT_FOUND, f"The member {member} does not exist.")


def _check_owner_stays(space: Space, member: str) -> None:
    others = [role for name, role in space.members.items() if name != member]
    if space.members[member] == "OWNER" and "OWNER" not in others:
        raise refuse(NOT_ALLOWED, f"The member {member} is the last OWNER.")


ROUTES = {
    ("POST", "/gateway/v2/namespaces/{namespace}/members"): create_member,
    ("PUT", "/gateway/v2/namespaces/{namespace}/members"): update_member,
    ("GET", "/gateway/v2/namespaces/{namespace}/members"): list_members,
    ("GET", "/gateway/v2/namespaces/{namespace}/members/{member}"): get_member,
    ("DELETE", "/gateway/v2/namespaces/{namespace}/members/{member}"): delete_member,
}
