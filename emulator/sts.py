"""STS: temporary credentials of a role, and who the caller is."""

from __future__ import annotations

import re
from typing import Any

from emulator import policy_grammar
from emulator.policy import Denied
from emulator.ram import Role, Session, State, find_role, role_arn
from emulator.request import Caller, Refusal, Request
from emulator.world import World, iso

PRODUCT = "Sts"
VERSION = "2015-04-01"
HOST = "sts.aliyuncs.com"
NAMESPACE = "sts"

PERMISSIONS = {"GetCallerIdentity": ""}  # everyone may ask who he is

KEPT_SECONDS = 86400.0  # so long an expired token is known as expired, later as unknown

Reply = dict[str, Any]


def resource(world: World, request: Request) -> str:
    name = request.text("RoleArn").rpartition(":role/")[2]
    return f"acs:ram:*:{world.account_id}:role/{name}"


def assume_role(world: World, request: Request) -> Reply:
    """Give a session of a role to a RAM user, or to another role, that its trust policy names.

    Source: STS 2015-04-01, AssumeRole: the account itself may not call it; service roles trust no user.
    """
    name = _role_name(world, request)
    session_name = request.one("RoleSessionName")
    if not re.fullmatch(r"[A-Za-z0-9.@_-]{2,64}", session_name):
        raise Refusal(400, "InvalidParameter.RoleSessionName", "The RoleSessionName is not valid.")
    policy = _session_policy(request)
    external_id = request.text("ExternalId")
    if external_id and not re.fullmatch(r"[\w+=,.@:/-]{2,1224}", external_id, re.ASCII):
        raise Refusal(400, "InvalidParameter.ExternalId", "The ExternalId is not valid.")
    if request.caller.is_account:
        raise _no_permission(request.caller, "Roles may not be assumed by root accounts.")
    role = find_role(world, name)
    if world.now() < role.effective_at:  # UNCONFIRMED: how a role so new is refused
        raise Refusal(404, "EntityNotExist.Role", f"The role does not exist: {name}.")
    seconds = _duration(request, role)
    facts = {**request.context, **({"sts:ExternalId": external_id} if external_id else {})}
    if not _trusts(role, request.caller, facts):
        raise _no_permission(request.caller, "The role does not trust the caller.")
    session = _open(world, role, session_name, policy, seconds)
    return {
        "AssumedRoleUser": {
            "Arn": f"{role_arn(world, role)}/{session_name}",
            "AssumedRoleId": f"{role.id}:{session_name}",
        },
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "AccessKeySecret": session.secret,
            "SecurityToken": session.token,
            "Expiration": iso(session.expires_at),
        },
        "SourceIdentity": request.text("SourceIdentity")[:64],
    }


def get_caller_identity(world: World, request: Request) -> Reply:
    caller = request.caller
    reply = {
        "IdentityType": caller.kind,
        "AccountId": caller.account_id,
        "PrincipalId": caller.principal_id,
        "Arn": caller.arn,
    }
    if caller.kind == "AssumedRoleUser":
        return reply | {"RoleId": caller.principal_id.partition(":")[0]}
    return reply | {"UserId": caller.principal_id}


def _role_name(world: World, request: Request) -> str:
    arn = request.one("RoleArn")
    match = re.fullmatch(r"acs:ram::([0-9]{1,32}):role/([A-Za-z0-9.-]{1,64})", arn)
    if match is None:
        raise Refusal(400, "InvalidParameter.RoleArn", "The RoleArn is not valid.")
    if match.group(1) != world.account_id:
        raise Refusal(404, "EntityNotExist.Role", f"The role does not exist: {arn}.")
    return match.group(2)


def _session_policy(request: Request) -> str:
    policy = request.text("Policy")
    if len(policy) > 2048:
        raise Refusal(400, "InvalidParameter.PolicySize", "The Policy is longer than 2048 characters.")
    if policy:
        try:
            policy_grammar.parse(policy)
        except policy_grammar.Malformed as error:
            raise Refusal(400, "InvalidParameter.PolicyGrammar", f"The Policy is malformed: {error}") from None
    return policy


def _duration(request: Request, role: Role) -> int:
    try:
        return request.integer("DurationSeconds", 3600, 900, role.max_session_duration)
    except Refusal:
        message = f"The DurationSeconds must be from 900 to {role.max_session_duration}."
        raise Refusal(400, "InvalidParameter.DurationSeconds", message) from None


def _trusts(role: Role, caller: Caller, context: dict[str, str]) -> bool:
    names = {f"acs:ram::{caller.account_id}:root", f"acs:ram::{caller.account_id}:{_kind(caller)}/{caller.name}"}
    relevant = tuple(
        statement
        for statement in policy_grammar.parse_trust(role.trust_policy)
        if any(kind == "RAM" and name in names for kind, name in statement.principals)
    )
    return policy_grammar.decide(relevant, "sts:AssumeRole", "*", context) == "Allow"


def _kind(caller: Caller) -> str:
    return "user" if caller.kind == "RAMUser" else "role"


def _open(world: World, role: Role, session_name: str, policy: str, seconds: int) -> Session:
    sessions = world.part(State).sessions
    # Oldest first: each session is looked at once more and then dropped, so this costs nothing on average.
    while sessions:
        first = next(iter(sessions.values()))
        if first.expires_at + KEPT_SECONDS > world.now():
            break
        del sessions[first.access_key_id]
    draw = world.identifiers
    session = Session(
        access_key_id=f"STS.{draw.letters(24)}",
        secret=draw.letters(44),
        token=draw.letters(360),
        role_name=role.name,
        role_id=role.id,
        session_name=session_name,
        policy=policy,
        expires_at=world.now() + seconds,
    )
    sessions[session.access_key_id] = session
    return session


def _no_permission(caller: Caller, message: str) -> Denied:
    detail = {
        "AuthAction": "sts:AssumeRole",
        "AuthPrincipalDisplayName": caller.principal_id,
        "AuthPrincipalOwnerId": caller.account_id,
        "AuthPrincipalType": {"Account": "Account", "RAMUser": "SubUser"}.get(caller.kind, caller.kind),
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AssumeRolePolicy",
    }
    return Denied("NoPermission", message, detail)


ROUTES = {"AssumeRole": assume_role, "GetCallerIdentity": get_caller_identity}
