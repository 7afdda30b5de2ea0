"""Members of a managed namespace (ververica 2022-07-18, the data plane of fully managed Flink)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from alicloud.call import Call, Kind
from alicloud.changes import Change
from alicloud.errors import Refused

PRODUCT = "ververica"
VERSION = "2022-07-18"
PAGE_SIZE = 100


@dataclass(frozen=True)
class Member:
    """`name` is `user:<RAM user id>`."""

    name: str
    role: str


@dataclass(frozen=True)
class MemberSpec:
    """A user's role (OWNER, EDITOR, VIEWER) in a namespace of a workspace, which is named by its resource id."""

    workspace: str
    namespace: str
    user_id: str
    role: str
    user_name: str = ""  # for people to read

    @property
    def member(self) -> str:
        return f"user:{self.user_id}"


def list_members(workspace: str, namespace: str) -> Call[tuple[Member, ...]]:
    """List the members of a namespace. Source: ververica 2022-07-18, ListMembers."""
    return Call(
        PRODUCT,
        VERSION,
        "ListMembers",
        Kind.READ,
        lambda body: tuple(_member(row) for row in _succeeded(body).get("data") or ()),
        {"pageIndex": "1", "pageSize": str(PAGE_SIZE)},
        method="GET",
        path=_path(namespace),
        headers={"workspace": workspace},
        absent=frozenset({"990301"}),  # the namespace is not there yet
        missing=(),
        next_page=_next_page,
    )


def create_member(spec: MemberSpec) -> Call[None]:
    """Source: ververica 2022-07-18, CreateMember."""
    return _write("CreateMember", "POST", spec)


def update_member(spec: MemberSpec) -> Call[None]:
    """Source: ververica 2022-07-18, UpdateMember."""
    return _write("UpdateMember", "PUT", spec)


def member_changes(desired: MemberSpec, actual: tuple[Member, ...]) -> list[Call[Any]]:
    """Decide whether the user must be made a member or given another role; an owner stays one."""
    found = next((row for row in actual if row.name.replace(" ", "") == desired.member), None)
    if found is None:
        return [create_member(desired)]
    if found.role.upper() in (desired.role.upper(), "OWNER"):
        return []
    return [replace(update_member(desired), changes=(Change("role", found.role, desired.role),))]


def _write(action: str, method: str, spec: MemberSpec) -> Call[None]:
    return Call(
        PRODUCT,
        VERSION,
        action,
        Kind.IDEMPOTENT,
        lambda body: _nothing(_succeeded(body)),
        method=method,
        path=_path(spec.namespace),
        headers={"workspace": spec.workspace},
        document={"member": spec.member, "role": spec.role},
        means=f"make {spec.user_name or spec.member} {spec.role} of namespace {spec.namespace}",
    )


def _path(namespace: str) -> str:
    return f"/gateway/v2/namespaces/{quote(namespace, safe='')}/members"


def _next_page(body: Any) -> dict[str, str] | None:
    index, size = int(body.get("pageIndex") or 1), int(body.get("pageSize") or PAGE_SIZE)
    if index * size < int(body.get("totalSize") or 0):
        return {"pageIndex": str(index + 1), "pageSize": str(size)}
    return None


def _succeeded(body: Any) -> Any:
    if body.get("success") is False:
        raise Refused(str(body.get("errorCode") or "BusinessFailure"), str(body.get("errorMessage") or ""))
    return body


def _member(row: Any) -> Member:
    return Member(str(row["member"]), str(row["role"]))


def _nothing(_body: Any) -> None:
    return None
