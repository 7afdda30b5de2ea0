"""RAM user groups and who is in them."""

from __future__ import annotations

from typing import Any

from emulator import pages
from emulator.ram import Group, Link, State, User, find_group, find_user, linger
from emulator.ram_names import GROUP_NAME, named, text
from emulator.request import Refusal, Request
from emulator.world import World, iso

MAX_GROUPS = 50
MAX_GROUPS_OF_USER = 5

Reply = dict[str, Any]


def create_group(world: World, request: Request) -> Reply:
    name = named(request, "GroupName", GROUP_NAME, 64)
    comments = text(request, "Comments")
    groups = world.part(State).groups
    if name in groups:
        raise Refusal(409, "EntityAlreadyExists.Group", f"The group already exists: {name}.")
    if len(groups) >= MAX_GROUPS:
        raise Refusal(409, "LimitExceeded.Group", f"The account has {MAX_GROUPS} groups, which is the limit.")
    now = world.now()
    group = groups[name] = Group(name, f"g-{world.identifiers.letters(16)}", now, now, comments)
    return {"Group": _view(group)}


def get_group(world: World, request: Request) -> Reply:
    return {"Group": _dated(find_group(world, request.one("GroupName")))}


def update_group(world: World, request: Request) -> Reply:
    group = find_group(world, request.one("GroupName"))
    comments = text(request, "NewComments")
    if request.has("NewGroupName"):
        name = named(request, "NewGroupName", GROUP_NAME, 64)
        if name != group.name and name in world.part(State).groups:
            raise Refusal(409, "EntityAlreadyExists.Group", f"The group already exists: {name}.")
        _rename(world, group, name)
    group.comments = comments or group.comments
    group.updated_at = world.now()
    return {"Group": _dated(group)}


def _rename(world: World, group: Group, name: str) -> None:
    state, former = world.part(State), group.name
    del state.groups[former]
    state.groups[name] = group
    group.name = name
    for member in group.members:
        links = state.users[member].groups
        links[name] = links.pop(former)
    for policy in group.policies:
        attached = state.attached[policy]
        attached[f"Group/{name}"] = attached.pop(f"Group/{former}")


def delete_group(world: World, request: Request) -> Reply:
    group = find_group(world, request.one("GroupName"))
    if group.members:
        raise Refusal(409, "DeleteConflict.Group.User", "The group still has users, remove them first.")
    if group.policies:
        raise Refusal(409, "DeleteConflict.Group.Policy", "The group still has policies, detach them first.")
    del world.part(State).groups[group.name]
    return {}


def list_groups(world: World, request: Request) -> Reply:
    page, facts = pages.by_marker(request, list(world.part(State).groups.values()))
    return {"Groups": {"Group": [_dated(group) for group in page]}, **facts}


def add_user_to_group(world: World, request: Request) -> Reply:
    user, group = _pair(world, request)
    if group.name in user.groups:
        raise Refusal(409, "EntityAlreadyExists.User.Group", "The user is in the group already.")
    if len(user.groups) >= MAX_GROUPS_OF_USER:
        message = f"The user is in {MAX_GROUPS_OF_USER} groups, which is the limit."
        raise Refusal(409, "LimitExceeded.User.Group", message)
    join(world, user, group)
    return {}


def join(world: World, user: User, group: Group) -> None:
    now = world.now()
    user.groups[group.name] = Link(now, now + world.delays.permission)
    group.members[user.name] = now


def remove_user_from_group(world: World, request: Request) -> Reply:
    user, group = _pair(world, request)
    if group.name not in user.groups:
        raise Refusal(404, "EntityNotExist.User.Group", "The user is not in the group.")
    del user.groups[group.name]
    del group.members[user.name]
    linger(world, user.leaving, group.name)
    return {}


def list_groups_for_user(world: World, request: Request) -> Reply:
    user = find_user(world, request.one("UserName"))
    groups = world.part(State).groups
    rows = [_view(groups[name]) | {"JoinDate": iso(link.made_at)} for name, link in user.groups.items()]
    for row in rows:
        del row["CreateDate"]
    return {"Groups": {"Group": rows}}


def list_users_for_group(world: World, request: Request) -> Reply:
    group = find_group(world, request.one("GroupName"))
    users = world.part(State).users
    page, facts = pages.by_marker(request, list(group.members.items()))
    rows = [
        {"UserName": name, "DisplayName": users[name].display_name, "JoinDate": iso(joined_at)}
        for name, joined_at in page
    ]
    return {"Users": {"User": rows}, **facts}


def _pair(world: World, request: Request) -> tuple[User, Group]:
    user_name, group_name = request.required("UserName", "GroupName")
    return find_user(world, user_name), find_group(world, group_name)


def _view(group: Group) -> Reply:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Comments": group.comments,
        "CreateDate": iso(group.created_at),
    }


def _dated(group: Group) -> Reply:
    return _view(group) | {"UpdateDate": iso(group.updated_at)}


ROUTES = {
    "CreateGroup": create_group,
    "GetGroup": get_group,
    "UpdateGroup": update_group,
    "DeleteGroup": delete_group,
    "ListGroups": list_groups,
    "AddUserToGroup": add_user_to_group,
    "RemoveUserFromGroup": remove_user_from_group,
    "ListGroupsForUser": list_groups_for_user,
    "ListUsersForGroup": list_users_for_group,
}
