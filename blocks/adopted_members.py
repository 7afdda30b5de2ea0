"""The members of namespaces as an account has them, beside what the rights in a document would make of them. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blocks import desired
from blocks.adopted_people import Part
from blocks.environment import Environment
from blocks.found import Found, Share

Roles = Mapping[str, Mapping[str, str]]  # by namespace, then by RAM user


def roles_of(found: Found, share: Share) -> dict[str, str]:
    """Give the members of a namespace that are RAM users of the account, by name."""
    names = {f"user:{user.user_id}": user.name for user in found.persons.users.values()}
    members = ((names.get(member.name.replace(" ", "")), member.role.upper()) for member in share.members)
    return {name: role for name, role in members if name}


def unwidened(people: Mapping[str, Any], environment: Environment, roles: Roles) -> Part:
    """Leave out of the people's section what would give a member of a namespace another role than there is.

    A group keeps its projects, and loses the member; a user loses the own projects. Either is left as it is in RAM.

    Args:
        people: the section, as it stands in `environment`.
        roles: whom the cloud has as members.
    """
    differing = _differing(environment, roles)
    groups = [
        group | {"members": [user for user in group["members"] if not _uses(group, differing.get(user, ()))]}
        for group in people["groups"]
    ]
    users = [
        user | {"projects": []} if _uses(user, differing.get(user["name"], ())) else user for user in people["users"]
    ]
    remarks = [_remark(user, has, people) for user, has in differing.items()]
    return Part({**people, "users": users, "groups": groups}, remarks)


def strangers(environment: Environment, roles: Roles) -> list[str]:
    """Tell of members of namespaces whom no right of the document makes a member."""
    told = []
    for project in environment.projects:
        wanted = dict(desired.namespace_members(environment, project))
        for user, role in roles[project.name].items():
            if user not in wanted:
                told.append(f"RAM user {user} is {role} of namespace {project.name}, and of no group that uses it.")
    return told


def _differing(environment: Environment, roles: Roles) -> dict[str, dict[str, str]]:
    """Give by user the namespaces in which prepare would change the role, with the one that there is, or none."""
    found: dict[str, dict[str, str]] = {}
    if environment.cluster.mode == "exclusive":
        return found  # its projects have no members
    for project in environment.projects:
        for user, wanted in desired.namespace_members(environment, project):
            has = roles[project.name].get(user, "")
            if has not in (wanted, "OWNER"):
                found.setdefault(user, {})[project.name] = has
    return found


def _uses(holder: Mapping[str, Any], projects: Iterable[str]) -> bool:
    """Say whether a user or group of the section has rights on some of the projects."""
    wanted = set(projects)
    return bool(wanted and {"*", *wanted} & {*holder.get("projects", ())})


def _remark(user: str, has: Mapping[str, str], people: Mapping[str, Any]) -> str:
    by = [f"group {group['name']}" for group in people["groups"] if user in group["members"] and _uses(group, has)]
    by += ["projects of their own" for each in people["users"] if each["name"] == user and _uses(each, has)]
    told = ", ".join(f"{role or 'no member'} of namespace {name}" for name, role in has.items())
    return (
        f"RAM user {user} is {told}; by {' and '.join(by)} prepare would make that EDITOR. Adopted without, so that "
        "nothing is widened; what RAM allows stays."
    )
