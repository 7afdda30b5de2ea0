"""Members of a managed namespace (ververica 2022-07-18, the data plane of fully managed Flink)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from alicloud.call import Call, Kind
from alicloud.call_rights import NAMESPACE, allowed_by
from alicloud.changes import Change
from alicloud.errors import Refused, Unmet

PRODUCT = "ververica"
VERSION = "2022-07-18"
PAGE_SIZE = 100
_MEMBERS = "ververica:member/"


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


@dataclass(frozen=True)
class LeaverSpec:
    """A user who leaves a namespace. `heirs` are the member names of those who become its owners in this run."""

    workspace: str
    namespace: str
    user_id: str
    user_name: str
    heirs: tuple[str, ...] = ()

    @property
    def member(self) -> str:
        return f"user:{self.user_id}"


@allowed_by("stream:ListMembers", NAMESPACE)
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


def member_key(workspace: str, namespace: str, user_id: str) -> str:
    """Give the key by which a journal knows a user's place in a namespace."""
    return f"{_MEMBERS}{workspace}/{namespace}/{user_id}"


def is_member(key: str, user_id: str) -> bool:
    """Say whether a journal's key is of a user's place in some namespace."""
    return key.startswith(_MEMBERS) and key.endswith(f"/{user_id}")


@allowed_by("stream:CreateMember", NAMESPACE)
def create_member(spec: MemberSpec) -> Call[None]:
    """Source: ververica 2022-07-18, CreateMember."""
    key = member_key(spec.workspace, spec.namespace, spec.user_id)
    return replace(_write("CreateMember", "POST", spec), creates=key)


@allowed_by("stream:UpdateMember", NAMESPACE)
def update_member(spec: MemberSpec) -> Call[None]:
    """Source: ververica 2022-07-18, UpdateMember."""
    return _write("UpdateMember", "PUT", spec)


@allowed_by("stream:DeleteMember", NAMESPACE)
def delete_member(spec: LeaverSpec) -> Call[None]:
    """Source: ververica 2022-07-18, DeleteMember."""
    return Call(
        PRODUCT,
        VERSION,
        "DeleteMember",
        Kind.IDEMPOTENT,
        lambda body: _nothing(_succeeded(body)),
        method="DELETE",
        path=f"{_path(spec.namespace)}/{quote(spec.member, safe=':')}",
        headers={"workspace": spec.workspace},
        done=frozenset({"990301"}),
        means=f"take {spec.user_name} out of namespace {spec.namespace}",
        removes=member_key(spec.workspace, spec.namespace, spec.user_id),
    )


def leaving_changes(desired: LeaverSpec, actual: Sequence[Member]) -> list[Call[Any]]:
    """Decide whether the user must be taken out of the namespace.

    Raises:
        Unmet: the user is its only owner.
    """
    roles = {row.name.replace(" ", ""): row.role.upper() for row in actual}
    owners = {name for name, role in roles.items() if role == "OWNER"}
    if desired.member not in roles:
        return []
    if desired.member in owners and not (owners | set(desired.heirs)) - {desired.member}:
        raise Unmet(
            f"{desired.user_name} is the only owner of namespace {desired.namespace}.",
            remedy="Name somebody else among the managers of that project in the environment, then Retry this run.",
        )
    return [delete_member(desired)]


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
