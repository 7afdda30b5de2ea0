"""Resource Access Management (RAM): everybody and everything of a kind, for who looks at an account as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alicloud.call import Call
from alicloud.call_rights import ACCOUNT, allowed_by
from alicloud.ram_action import read


@dataclass(frozen=True)
class ListedUser:
    name: str
    user_id: str


@dataclass(frozen=True)
class ListedPolicy:
    """A custom policy, without its document."""

    name: str
    attachment_count: int


@dataclass(frozen=True)
class ListedRole:
    """A role, without the document that says whom it trusts."""

    name: str
    description: str


@allowed_by("ram:ListUsers", ACCOUNT)
def list_users() -> Call[tuple[ListedUser, ...]]:
    """List the account's users. Source: RAM 2015-05-01, ListUsers."""
    return read("ListUsers", _users, missing=(), paged=True)


@allowed_by("ram:ListGroups", ACCOUNT)
def list_groups() -> Call[tuple[str, ...]]:
    """Give the names of the account's groups. Source: RAM 2015-05-01, ListGroups."""
    return read("ListGroups", _groups, missing=(), paged=True)


@allowed_by("ram:ListPolicies", ACCOUNT)
def list_policies() -> Call[tuple[ListedPolicy, ...]]:
    """List the account's custom policies. Source: RAM 2015-05-01, ListPolicies."""
    return read("ListPolicies", _policies, {"PolicyType": "Custom"}, missing=(), paged=True)


@allowed_by("ram:ListRoles", ACCOUNT)
def list_roles() -> Call[tuple[ListedRole, ...]]:
    """List the account's roles. Source: RAM 2015-05-01, ListRoles."""
    return read("ListRoles", _roles, missing=(), paged=True)


def _users(body: Mapping[str, Any]) -> tuple[ListedUser, ...]:
    return tuple(ListedUser(row["UserName"], row["UserId"]) for row in body["Users"]["User"])


def _groups(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row["GroupName"] for row in body["Groups"]["Group"])


def _policies(body: Mapping[str, Any]) -> tuple[ListedPolicy, ...]:
    rows = body["Policies"]["Policy"]
    return tuple(ListedPolicy(row["PolicyName"], int(row.get("AttachmentCount") or 0)) for row in rows)


def _roles(body: Mapping[str, Any]) -> tuple[ListedRole, ...]:
    return tuple(ListedRole(row["RoleName"], str(row.get("Description") or "")) for row in body["Roles"]["Role"])
