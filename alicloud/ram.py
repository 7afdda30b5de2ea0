"""Resource Access Management (RAM): the people. Users, how they log on, groups.

What holds for all users of the account stands in `ram_account`, policies and roles in `ram_policies`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alicloud.call import PLANNED, Call
from alicloud.call_rights import GROUP, GROUPS, USER, USERS, allowed_by
from alicloud.changes import Change, field_changes
from alicloud.instants import seconds_of
from alicloud.ram_action import flag, given, read, write


@dataclass(frozen=True)
class User:
    name: str
    user_id: str
    display_name: str = ""
    comments: str = ""
    email: str = ""
    created_at: float = field(default=0.0, compare=False)  # seconds since 1970


@dataclass(frozen=True)
class UserSpec:
    """A RAM user that is wanted; what is empty is not asked for."""

    name: str
    display_name: str = ""
    comments: str = ""
    email: str = ""


@dataclass(frozen=True)
class LoginProfile:
    """A user's right to log on to the console with a password."""

    user: str
    mfa_required: bool
    password_reset_required: bool
    created_at: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class LoginProfileSpec:
    """A console logon that is wanted.

    `password` is used once, at creation, and must be replaced at first logon; a plan needs none.
    """

    user: str
    mfa_required: bool
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Group:
    name: str
    comments: str = ""
    created_at: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class GroupSpec:
    """A RAM user group that is wanted; empty comments are not asked for."""

    name: str
    comments: str = ""


@dataclass(frozen=True)
class MembershipSpec:
    """Users that are wanted in a group; others in it are left alone."""

    group: str
    users: tuple[str, ...]


def user_key(name: str) -> str:
    """Give the key by which a journal knows a user."""
    return f"ram:user/{name}"


def logon_key(user: str) -> str:
    """Give the key by which a journal knows a user's console logon."""
    return f"ram:logon/{user}"


def group_key(name: str) -> str:
    """Give the key by which a journal knows a group."""
    return f"ram:group/{name}"


@allowed_by("ram:GetUser", USER)
def get_user(name: str) -> Call[User | None]:
    """Source: RAM 2015-05-01, GetUser."""
    return read("GetUser", _user, {"UserName": name}, absent=("EntityNotExist.User",))


@allowed_by("ram:CreateUser", USERS)
def create_user(desired: UserSpec) -> Call[None]:
    """Source: RAM 2015-05-01, CreateUser."""
    texts = given(DisplayName=desired.display_name, Comments=desired.comments, Email=desired.email)
    means, key = f"create RAM user {desired.name}", user_key(desired.name)
    return write("CreateUser", means, {"UserName": desired.name, **texts}, creates=key)


@allowed_by("ram:UpdateUser", USER)
def update_user(desired: UserSpec) -> Call[None]:
    """Change what is asked for and leave the rest. Source: RAM 2015-05-01, UpdateUser."""
    texts = given(NewDisplayName=desired.display_name, NewComments=desired.comments, NewEmail=desired.email)
    return write("UpdateUser", f"change RAM user {desired.name}", {"UserName": desired.name, **texts})


def user_changes(desired: UserSpec, actual: User | None) -> list[Call[Any]]:
    if actual is None:
        return [create_user(desired)]
    changes = field_changes(actual, desired, ("display_name", "comments", "email"))
    return [replace(update_user(desired), changes=changes)] if changes else []


def planned_user(desired: UserSpec) -> User:
    """Stand in for a user that a dry run would create."""
    return User(desired.name, PLANNED, desired.display_name, desired.comments, desired.email)


@allowed_by("ram:GetLoginProfile", USER)
def get_login_profile(user: str) -> Call[LoginProfile | None]:
    """Source: RAM 2015-05-01, GetLoginProfile."""
    absent = ("EntityNotExist.User.LoginProfile", "EntityNotExist.User")
    return read("GetLoginProfile", _login_profile, {"UserName": user}, absent=absent)


@allowed_by("ram:CreateLoginProfile", USER)
def create_login_profile(desired: LoginProfileSpec) -> Call[None]:
    """Let a user log on, with a password to be replaced at first logon. Source: RAM 2015-05-01, CreateLoginProfile."""
    flags = {"MFABindRequired": flag(desired.mfa_required), "PasswordResetRequired": "true"}
    return write(
        "CreateLoginProfile",
        f"let RAM user {desired.user} log on to the console",
        {"UserName": desired.user, **flags},
        secrets={"Password": desired.password},
        creates=logon_key(desired.user),
        check="choose an initial password that the account's password policy accepts",
    )


@allowed_by("ram:UpdateLoginProfile", USER)
def update_login_profile(user: str, mfa_required: bool, password_reset_required: bool) -> Call[None]:
    """Say both flags, so that neither falls back to a default. Source: RAM 2015-05-01, UpdateLoginProfile."""
    flags = {"MFABindRequired": flag(mfa_required), "PasswordResetRequired": flag(password_reset_required)}
    demand = "ask for a second factor at" if mfa_required else "ask for no second factor at"
    return write("UpdateLoginProfile", f"{demand} the logon of RAM user {user}", {"UserName": user, **flags})


def login_profile_changes(desired: LoginProfileSpec, actual: LoginProfile | None) -> list[Call[Any]]:
    """Decide on the console logon; a second factor that is demanded already stays demanded."""
    if actual is None:
        return [create_login_profile(desired)]
    if desired.mfa_required and not actual.mfa_required:
        call = update_login_profile(desired.user, True, actual.password_reset_required)
        return [replace(call, changes=(Change("second factor", "not demanded", "demanded"),))]
    return []


@allowed_by("ram:GetGroup", GROUP)
def get_group(name: str) -> Call[Group | None]:
    """Source: RAM 2015-05-01, GetGroup."""
    return read("GetGroup", _group, {"GroupName": name}, absent=("EntityNotExist.Group",))


@allowed_by("ram:CreateGroup", GROUPS)
def create_group(desired: GroupSpec) -> Call[None]:
    """Source: RAM 2015-05-01, CreateGroup."""
    parameters = given(GroupName=desired.name, Comments=desired.comments)
    means, key = f"create RAM user group {desired.name}", group_key(desired.name)
    return write("CreateGroup", means, parameters, creates=key)


@allowed_by("ram:UpdateGroup", GROUP)
def update_group(desired: GroupSpec) -> Call[None]:
    """Source: RAM 2015-05-01, UpdateGroup."""
    parameters = given(GroupName=desired.name, NewComments=desired.comments)
    return write("UpdateGroup", f"change RAM user group {desired.name}", parameters)


def group_changes(desired: GroupSpec, actual: Group | None) -> list[Call[Any]]:
    if actual is None:
        return [create_group(desired)]
    changes = field_changes(actual, desired, ("comments",))
    return [replace(update_group(desired), changes=changes)] if changes else []


@allowed_by("ram:ListUsersForGroup", GROUP)
def list_users_for_group(group: str) -> Call[tuple[str, ...]]:
    """Give the names of a group's users. Source: RAM 2015-05-01, ListUsersForGroup."""
    absent = ("EntityNotExist.Group",)
    return read("ListUsersForGroup", _user_names, {"GroupName": group}, absent=absent, missing=(), paged=True)


@allowed_by("ram:ListGroupsForUser", USER)
def list_groups_for_user(user: str) -> Call[tuple[str, ...]]:
    """Give the names of the groups that a user is in. Source: RAM 2015-05-01, ListGroupsForUser."""
    return read("ListGroupsForUser", _group_names, {"UserName": user}, absent=("EntityNotExist.User",), missing=())


@allowed_by("ram:AddUserToGroup", USER, GROUP)
def add_user_to_group(user: str, group: str) -> Call[None]:
    """Source: RAM 2015-05-01, AddUserToGroup."""
    return write(
        "AddUserToGroup",
        f"add RAM user {user} to group {group}",
        {"UserName": user, "GroupName": group},
        done=("EntityAlreadyExists.User.Group",),
        check=f"check that user {user} and group {group} exist",
    )


def membership_changes(desired: MembershipSpec, actual: Sequence[str]) -> list[Call[Any]]:
    """Add the users that are missing; remove nobody."""
    missing = [user for user in dict.fromkeys(desired.users) if user not in actual]
    return [add_user_to_group(user, desired.group) for user in missing]


def _user(body: Mapping[str, Any]) -> User:
    facts = body["User"]
    display_name, comments, email, created = (
        str(facts.get(name) or "") for name in ("DisplayName", "Comments", "Email", "CreateDate")
    )
    return User(facts["UserName"], facts["UserId"], display_name, comments, email, seconds_of(created))


def _login_profile(body: Mapping[str, Any]) -> LoginProfile:
    facts = body["LoginProfile"]
    return LoginProfile(
        facts["UserName"],
        bool(facts["MFABindRequired"]),
        bool(facts["PasswordResetRequired"]),
        seconds_of(str(facts.get("CreateDate") or "")),
    )


def _group(body: Mapping[str, Any]) -> Group:
    facts = body["Group"]
    created_at = seconds_of(str(facts.get("CreateDate") or ""))
    return Group(facts["GroupName"], str(facts.get("Comments") or ""), created_at)


def _user_names(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(facts["UserName"] for facts in body["Users"]["User"])


def _group_names(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(facts["GroupName"] for facts in body["Groups"]["Group"])
