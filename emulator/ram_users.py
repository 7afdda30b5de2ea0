"""RAM users and their passwords."""

from __future__ import annotations

from typing import Any

from emulator import pages, passwords
from emulator.ram import LoginProfile, State, User, find_user
from emulator.ram_names import USER_NAME, email, mobile_phone, named, text
from emulator.request import Refusal, Request
from emulator.world import World, iso

MAX_USERS = 1000

Reply = dict[str, Any]


def create_user(world: World, request: Request) -> Reply:
    name = named(request, "UserName", USER_NAME, 64)
    facts = _facts(request, "")
    users = world.part(State).users
    if name in users:
        raise Refusal(409, "EntityAlreadyExists.User", f"The user already exists: {name}.")
    if len(users) >= MAX_USERS:
        raise Refusal(409, "LimitExceeded.User", f"The account has {MAX_USERS} users, which is the limit.")
    now = world.now()
    user = users[name] = User(name, world.identifiers.digits(18), now, now)
    _apply(user, facts)
    return {"User": _view(user)}


def get_user(world: World, request: Request) -> Reply:
    user = find_user(world, request.one("UserName"))
    # Nobody can log on to the emulator's console, so there is no last time.
    return {"User": _view(user) | {"UpdateDate": iso(user.updated_at), "LastLoginDate": ""}}


def update_user(world: World, request: Request) -> Reply:
    user = find_user(world, request.one("UserName"))
    facts = _facts(request, "New")
    if request.has("NewUserName"):
        name = named(request, "NewUserName", USER_NAME, 64)
        if name != user.name and name in world.part(State).users:
            raise Refusal(409, "EntityAlreadyExists.User", f"The user already exists: {name}.")
        rename(world, user, name)
    _apply(user, facts)
    user.updated_at = world.now()
    return {"User": _view(user) | {"UpdateDate": iso(user.updated_at)}}


def _apply(user: User, facts: dict[str, str]) -> None:
    for name, value in facts.items():
        if value:
            setattr(user, name, value)


def rename(world: World, user: User, name: str) -> None:
    """Give a user another name, everywhere it stands."""
    state, former = world.part(State), user.name
    del state.users[former]
    state.users[name] = user
    user.name = name
    for key in user.keys:
        state.keys[key].owner = name
    for group in user.groups:
        members = state.groups[group].members
        members[name] = members.pop(former)
    for policy in user.policies:
        links = state.attached[policy]
        links[f"User/{name}"] = links.pop(f"User/{former}")


def delete_user(world: World, request: Request) -> Reply:
    user = find_user(world, request.one("UserName"))
    remains = {
        "Group": user.groups,
        "Policy": user.policies,
        "AccessKey": user.keys,
        "LoginProfile": user.login,
        "MFADevice": user.mfa_device,
    }
    for kind, remaining in remains.items():
        if remaining:
            message = f"The user still has a {kind}, remove it first."
            raise Refusal(409, f"DeleteConflict.User.{kind}", message)
    del world.part(State).users[user.name]
    return {}


def list_users(world: World, request: Request) -> Reply:
    page, facts = pages.by_marker(request, list(world.part(State).users.values()))
    rows = [_view(user) | {"UpdateDate": iso(user.updated_at)} for user in page]
    return {"Users": {"User": rows}, **facts}


def create_login_profile(world: World, request: Request) -> Reply:
    user = find_user(world, request.one("UserName"))
    password = request.one("Password")
    if user.login is not None:
        raise Refusal(409, "EntityAlreadyExists.User.LoginProfile", "The user has a login profile already.")
    passwords.check(password, world.part(State).password_policy)
    user.login = LoginProfile(
        password_hash=passwords.hashed(password),
        created_at=world.now(),
        mfa_bind_required=request.boolean("MFABindRequired"),
        password_reset_required=request.boolean("PasswordResetRequired"),
    )
    return {"LoginProfile": _login_view(user, user.login)}


def get_login_profile(world: World, request: Request) -> Reply:
    user, login = _login(world, request)
    return {"LoginProfile": _login_view(user, login)}


def update_login_profile(world: World, request: Request) -> Reply:
    _, login = _login(world, request)
    mfa = request.boolean("MFABindRequired", login.mfa_bind_required)
    reset = request.boolean("PasswordResetRequired", login.password_reset_required)
    if request.has("Password"):
        passwords.replace(login, request.text("Password"), world.part(State).password_policy)
    login.mfa_bind_required, login.password_reset_required = mfa, reset
    return {}


def delete_login_profile(world: World, request: Request) -> Reply:
    user, _ = _login(world, request)
    user.login = None
    return {}


def _login(world: World, request: Request) -> tuple[User, LoginProfile]:
    user = find_user(world, request.one("UserName"))
    if user.login is None:
        raise Refusal(404, "EntityNotExist.User.LoginProfile", "The user has no login profile.")
    return user, user.login


def _facts(request: Request, prefix: str) -> dict[str, str]:
    return {
        "display_name": text(request, f"{prefix}DisplayName"),
        "comments": text(request, f"{prefix}Comments"),
        "email": email(request, f"{prefix}Email"),
        "mobile_phone": mobile_phone(request, f"{prefix}MobilePhone"),
    }


def _view(user: User) -> Reply:
    return {
        "UserId": user.id,
        "UserName": user.name,
        "DisplayName": user.display_name,
        "Comments": user.comments,
        "Email": user.email,
        "MobilePhone": user.mobile_phone,
        "CreateDate": iso(user.created_at),
    }


def _login_view(user: User, login: LoginProfile) -> Reply:
    return {
        "UserName": user.name,
        "MFABindRequired": login.mfa_bind_required,
        "PasswordResetRequired": login.password_reset_required,
        "CreateDate": iso(login.created_at),
    }


ROUTES = {
    "CreateUser": create_user,
    "GetUser": get_user,
    "UpdateUser": update_user,
    "DeleteUser": delete_user,
    "ListUsers": list_users,
    "CreateLoginProfile": create_login_profile,
    "GetLoginProfile": get_login_profile,
    "UpdateLoginProfile": update_login_profile,
    "DeleteLoginProfile": delete_login_profile,
}
