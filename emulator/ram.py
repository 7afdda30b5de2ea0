"""RAM's state: users, groups, roles, policies and keys, and how a key is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.request import Caller, Refusal, Request
from emulator.world import World

PRODUCT = "Ram"
VERSION = "2015-05-01"
HOST = "ram.aliyuncs.com"
NAMESPACE = "ram"


@dataclass
class Link:
    """A policy on a principal, or a user in a group: made at one time, in effect from another."""

    made_at: float
    effective_at: float


@dataclass
class LoginProfile:
    password_hash: str
    created_at: float
    mfa_bind_required: bool = False
    password_reset_required: bool = False
    former_hashes: list[str] = field(default_factory=list)


@dataclass
class AccessKey:
    id: str
    secret: str
    owner: str  # RAM user name, empty for the account itself
    created_at: float
    active: bool = True
    last_used_at: float = 0.0
    effective_at: float = 0.0


@dataclass
class User:
    name: str
    id: str
    created_at: float
    updated_at: float
    display_name: str = ""
    comments: str = ""
    email: str = ""
    mobile_phone: str = ""
    login: LoginProfile | None = None
    keys: list[str] = field(default_factory=list)
    groups: dict[str, Link] = field(default_factory=dict)
    policies: dict[str, Link] = field(default_factory=dict)  # "System/Name" or "Custom/Name"
    fading: dict[str, float] = field(default_factory=dict)  # detached policy: still in effect until
    leaving: dict[str, float] = field(default_factory=dict)  # group left: still in effect until
    mfa_device: str = ""  # serial number of the second factor that is bound


@dataclass
class Group:
    name: str
    id: str
    created_at: float
    updated_at: float
    comments: str = ""
    members: dict[str, float] = field(default_factory=dict)  # user name: joined at
    policies: dict[str, Link] = field(default_factory=dict)
    fading: dict[str, float] = field(default_factory=dict)


@dataclass
class Role:
    name: str
    id: str
    trust_policy: str
    created_at: float
    updated_at: float
    description: str = ""
    max_session_duration: int = 3600
    allow_console_login: bool = False
    service: str = ""  # set on service-linked roles alone
    deletion_task: str = ""
    effective_at: float = 0.0  # it cannot be assumed before
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Link] = field(default_factory=dict)
    fading: dict[str, float] = field(default_factory=dict)


@dataclass
class Version:
    document: str
    created_at: float


@dataclass
class Policy:
    name: str
    created_at: float
    updated_at: float
    versions: dict[str, Version]
    description: str = ""
    default_version: str = "v1"
    last_number: int = 1
    tags: dict[str, str] = field(default_factory=dict)
    former_document: str = ""  # the default before the last change
    former_until: float = 0.0  # ... and until when it still decides


@dataclass
class DeletionTask:
    id: str
    role_name: str
    created_at: float
    done_at: float


@dataclass
class PasswordPolicy:
    """What a new account starts with. Source: RAM 2015-05-01, GetPasswordPolicy (MinimumPasswordLength 8)."""

    minimum_length: int = 8
    require_lowercase: bool = False
    require_uppercase: bool = False
    require_numbers: bool = False
    require_symbols: bool = False
    hard_expiry: bool = False
    max_age_days: int = 0
    reuse_prevention: int = 0
    max_login_attempts: int = 5


@dataclass
class SecurityPreference:
    manage_access_keys: bool = False
    change_password: bool = True
    save_mfa_ticket: bool = False
    login_network_masks: str = ""
    login_session_hours: int = 6
    manage_mfa_devices: bool = True
    manage_public_keys: bool = False


@dataclass
class Session:
    """What AssumeRole gave out."""

    access_key_id: str
    secret: str
    token: str
    role_name: str
    role_id: str
    session_name: str
    policy: str
    expires_at: float


@dataclass
class State:
    """Everything RAM and STS remember of the account."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    keys: dict[str, AccessKey] = field(default_factory=dict)
    attached: dict[str, dict[str, float]] = field(default_factory=dict)  # policy: {"User/alice": since}
    password_policy: PasswordPolicy = field(default_factory=PasswordPolicy)
    security_preference: SecurityPreference = field(default_factory=SecurityPreference)
    deletion_tasks: dict[str, DeletionTask] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)


@dataclass(frozen=True)
class Key:
    """What a signature is checked with. `token` is empty except for STS keys; `expires_at` is on the cloud's clock."""

    secret: str
    caller: Caller
    active: bool = True
    token: str = ""
    expires_at: float = float("inf")


def find_key(world: World, access_key_id: str) -> Key | None:
    """Find an AccessKey of the account, of a RAM user, or a temporary one."""
    state = world.part(State)
    if session := state.sessions.get(access_key_id):
        return Key(session.secret, _assumed(world, session), token=session.token, expires_at=session.expires_at)
    key = state.keys.get(access_key_id)
    if key is None or world.now() < key.effective_at:
        return None
    if key.owner == "":
        caller = Caller("Account", world.account_id, key.id, principal_id=world.account_id)
    else:
        caller = Caller("RAMUser", world.account_id, key.id, key.owner, state.users[key.owner].id)
    return Key(key.secret, caller, key.active)


def _assumed(world: World, session: Session) -> Caller:
    return Caller(
        kind="AssumedRoleUser",
        account_id=world.account_id,
        access_key_id=session.access_key_id,
        name=session.role_name,
        principal_id=f"{session.role_id}:{session.session_name}",
        session_name=session.session_name,
        session_policy=session.policy,
    )


def note_use(world: World, access_key_id: str) -> None:
    """Remember when a key was last used, for GetAccessKeyLastUsed."""
    if key := world.part(State).keys.get(access_key_id):
        key.last_used_at = world.now()


def set_account_key(world: World, access_key_id: str, secret: str) -> None:
    """Make this the one AccessKey of the account itself."""
    keys = world.part(State).keys
    for former in [key.id for key in keys.values() if key.owner == ""]:
        del keys[former]
    keys[access_key_id] = AccessKey(access_key_id, secret, "", world.now())


def find_user(world: World, name: str) -> User:
    user = world.part(State).users.get(name)
    if user is None:
        raise Refusal(404, "EntityNotExist.User", f"The user does not exist: {name}.")
    return user


def find_group(world: World, name: str) -> Group:
    group = world.part(State).groups.get(name)
    if group is None:
        raise Refusal(404, "EntityNotExist.Group", f"The group does not exist: {name}.")
    return group


def live_roles(world: World) -> dict[str, Role]:
    """Give the roles, after those whose deletion task has ended are gone."""
    state = world.part(State)
    now = world.now()
    for task in state.deletion_tasks.values():  # few, where roles may be many
        role = state.roles.get(task.role_name)
        if role and role.deletion_task == task.id and now >= task.done_at:
            for policy in role.policies:
                state.attached[policy].pop(f"Role/{role.name}", None)
            del state.roles[role.name]
    return state.roles


def find_role(world: World, name: str) -> Role:
    role = live_roles(world).get(name)
    if role is None:
        raise Refusal(404, "EntityNotExist.Role", f"The role does not exist: {name}.")
    return role


def role_arn(world: World, role: Role) -> str:
    # Service-linked roles appear with a lower-case name. Source: ResourceManager 2020-03-31, CreateServiceLinkedRole.
    name = role.name.lower() if role.service else role.name
    return f"acs:ram::{world.account_id}:role/{name}"


def linger(world: World, former: dict[str, float], name: str) -> None:
    """Let a right that was taken away live on until the change takes effect."""
    former.pop(name, None)
    if world.delays.permission > 0:
        former[name] = world.now() + world.delays.permission


def resource(world: World, request: Request) -> str:
    """Name what a RAM call is about: the user, group or role before the policy."""
    account = world.account_id
    for parameter, kind in (
        ("UserName", "user"),
        ("GroupName", "group"),
        ("RoleName", "role"),
        ("PolicyName", "policy"),
    ):
        if request.has(parameter):
            owner = "system" if kind == "policy" and request.text("PolicyType") == "System" else account
            return f"acs:ram:*:{owner}:{kind}/{request.text(parameter)}"
    return f"acs:ram:*:{account}:*"


def tags(records: dict[str, str]) -> dict[str, Any]:
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in records.items()]}
