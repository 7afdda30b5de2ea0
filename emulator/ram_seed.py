"""RAM's part of a seed, put into the world by the same handlers and rules as calls."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from emulator import (
    ram_account,
    ram_attachments,
    ram_groups,
    ram_mfa,
    ram_policies,
    ram_roles,
    ram_service_roles,
    ram_users,
)
from emulator.ram import AccessKey, State
from emulator.request import Caller, Refusal, Request
from emulator.system_policies import SYSTEM_POLICIES
from emulator.world import World


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Key(_Strict):
    id: str = Field(min_length=8, max_length=64)
    secret: str = Field(min_length=8, max_length=64)


class _Group(_Strict):
    name: str
    comments: str = ""
    policies: list[str] = []


class _User(_Strict):
    name: str
    display_name: str = ""
    comments: str = ""
    email: str = ""
    mobile_phone: str = ""
    password: str = ""
    mfa_bind_required: bool = False
    mfa_bound: bool = False
    keys: list[_Key] = Field([], max_length=2)
    groups: list[str] = []
    policies: list[str] = []


class _Policy(_Strict):
    """`documents` are the versions v1, v2 ... in order; `default` is the number of the one that decides."""

    name: str
    description: str = ""
    documents: list[dict[str, Any]] = Field(min_length=1, max_length=5)
    default: int = 1


class _Role(_Strict):
    """Trusts a service, or what `trust` says."""

    name: str
    service: str = ""
    trust: dict[str, Any] = {}
    description: str = ""
    max_session_duration: int = 3600
    policies: list[str] = []


class _Seed(_Strict):
    policies: list[_Policy] = []
    groups: list[_Group] = []
    users: list[_User] = []
    roles: list[_Role] = []
    service_linked_roles: list[str] = []
    password_policy: dict[str, int | bool] = {}
    security_preference: dict[str, int | bool | str] = {}


def seed(world: World, data: Any) -> None:
    """Put users, groups, policies and roles into the world.

    Raises:
        ValueError: the seed has an unknown key, or RAM itself would refuse what it asks for.
    """
    wanted = _Seed.model_validate(data or {})
    try:
        _sow(world, wanted)
    except Refusal as refusal:
        raise ValueError(f"ram: {refusal.code}: {refusal.message}") from refusal


def _sow(world: World, wanted: _Seed) -> None:
    if wanted.password_policy:
        ram_account.set_password_policy(world, _request(world, **wanted.password_policy))
    if wanted.security_preference:
        ram_account.set_security_preference(world, _request(world, **wanted.security_preference))
    for policy in wanted.policies:
        _policy(world, policy)
    for group in wanted.groups:
        ram_groups.create_group(world, _request(world, GroupName=group.name, Comments=group.comments))
        for name in group.policies:
            request = _request(world, GroupName=group.name, **_named(world, name))
            ram_attachments.attach_policy_to_group(world, request)
    for user in wanted.users:
        _user(world, user)
    for role in wanted.roles:
        _role(world, role)
    for service in wanted.service_linked_roles:
        ram_service_roles.create_service_linked_role(world, _request(world, ServiceName=service))


def _policy(world: World, policy: _Policy) -> None:
    first, *others = (json.dumps(document, ensure_ascii=False) for document in policy.documents)
    name, description = policy.name, policy.description
    request = _request(world, PolicyName=name, Description=description, PolicyDocument=first)
    ram_policies.create_policy(world, request)
    for document in others:
        ram_policies.create_policy_version(world, _request(world, PolicyName=name, PolicyDocument=document))
    default = f"v{policy.default}"
    ram_policies.set_default_policy_version(world, _request(world, PolicyName=name, VersionId=default))


def _user(world: World, user: _User) -> None:
    facts = {"DisplayName": user.display_name, "Comments": user.comments, "Email": user.email}
    facts["MobilePhone"] = user.mobile_phone
    ram_users.create_user(world, _request(world, UserName=user.name, **facts))
    if user.password:
        login = {"Password": user.password, "MFABindRequired": user.mfa_bind_required}
        ram_users.create_login_profile(world, _request(world, UserName=user.name, **login))
    state = world.part(State)
    if user.mfa_bound:
        state.users[user.name].mfa_device = ram_mfa.serial_number(world, user.name)
    for key in user.keys:
        if key.id in state.keys:
            raise ValueError(f"ram: the AccessKey {key.id} exists already")
        state.keys[key.id] = AccessKey(key.id, key.secret, user.name, world.now())
        state.users[user.name].keys.append(key.id)
    for group in user.groups:
        ram_groups.add_user_to_group(world, _request(world, UserName=user.name, GroupName=group))
    for policy in user.policies:
        request = _request(world, UserName=user.name, **_named(world, policy))
        ram_attachments.attach_policy_to_user(world, request)


def _role(world: World, role: _Role) -> None:
    principal = {"Service": [role.service]} if role.service else {"RAM": [f"acs:ram::{world.account_id}:root"]}
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal}
    trust = role.trust or {"Statement": [statement], "Version": "1"}
    request = _request(
        world,
        RoleName=role.name,
        Description=role.description,
        MaxSessionDuration=role.max_session_duration,
        AssumeRolePolicyDocument=json.dumps(trust),
    )
    ram_roles.create_role(world, request)
    for policy in role.policies:
        request = _request(world, RoleName=role.name, **_named(world, policy))
        ram_attachments.attach_policy_to_role(world, request)


def _named(world: World, name: str) -> dict[str, str]:
    """Find a policy by its name: the account's own before the system's, unless `System/` stands before it."""
    kind, _, bare = name.rpartition("/")
    if not kind:
        own = bare in world.part(State).policies or bare not in SYSTEM_POLICIES
        kind = "Custom" if own else "System"
    return {"PolicyName": bare, "PolicyType": kind}


def _request(world: World, **parameters: Any) -> Request:
    caller = Caller("Account", world.account_id, "", principal_id=world.account_id)
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in parameters.items()}
    return Request("Seed", caller, texts)
