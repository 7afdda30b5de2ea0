"""Who may do what: the rights of a caller, put together from every policy that bears on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emulator import policy_grammar
from emulator.policy_grammar import Statement
from emulator.ram import Link, Role, State, User, live_roles
from emulator.request import Caller, Refusal
from emulator.system_policies import SYSTEM_POLICIES
from emulator.world import World


class Denied(Refusal):
    """RAM refuses. `detail` is the AccessDeniedDetail of the reply."""

    def __init__(self, code: str, message: str, detail: dict[str, str]) -> None:
        super().__init__(403, code, message)
        self.detail = detail


def authorize(
    world: World, caller: Caller, action: str, resource: str, context: Mapping[str, str] | None = None
) -> None:
    """Let the call pass, or refuse it.

    Args:
        action: product prefix and API action, e.g. `vpc:CreateVpc`.
        resource: what it acts on, e.g. `acs:vpc:cn-hangzhou:<account>:vpc/*`.
        context: condition keys and their values, e.g. `sts:ExternalId`.

    Raises:
        Denied: a policy denies it, or none allows it.
    """
    if caller.is_account:
        return
    facts = context or {}
    verdicts = [policy_grammar.decide(_rights(world, caller), action, resource, facts)]
    if caller.session_policy:
        verdicts.append(policy_grammar.decide(policy_grammar.parse(caller.session_policy), action, resource, facts))
    if set(verdicts) != {"Allow"}:
        raise _denied(caller, action, "Deny" in verdicts, "AccountLevelIdentityBasedPolicy")


def _denied(caller: Caller, action: str, explicit: bool, policy_type: str) -> Denied:
    detail = {
        "AuthAction": action,
        "AuthPrincipalDisplayName": caller.principal_id,
        "AuthPrincipalOwnerId": caller.account_id,
        "AuthPrincipalType": "SubUser" if caller.kind == "RAMUser" else "AssumedRoleUser",
        "NoPermissionType": "ExplicitDeny" if explicit else "ImplicitDeny",
        "PolicyType": policy_type,
    }
    if action.partition(":")[0] in ("ram", "sts"):
        return Denied(
            "NoPermission", "You are not authorized to do this action. You should be authorized by RAM.", detail
        )
    message = "User not authorized to operate on the specified resource, or this API doesn't support RAM."
    return Denied("Forbidden.RAM", message, detail)


def _rights(world: World, caller: Caller) -> tuple[Statement, ...]:
    state = world.part(State)
    keys: set[str] = set()
    if caller.kind == "RAMUser":
        if user := state.users.get(caller.name):
            keys = _user_policies(world, user)
    elif role := live_roles(world).get(caller.name):
        # A role made again under the same name is another role: its predecessor's sessions are worth nothing.
        keys = _in_effect(world, role) if caller.principal_id.startswith(f"{role.id}:") else set()
    return tuple(statement for key in sorted(keys) for statement in _statements(world, key))


def _user_policies(world: World, user: User) -> set[str]:
    now, groups = world.now(), world.part(State).groups
    keys = _in_effect(world, user)
    names = [name for name, link in user.groups.items() if now >= link.effective_at]
    names += [name for name, until in user.leaving.items() if now < until]
    for name in names:
        if group := groups.get(name):
            keys |= _links_in_effect(now, group.policies, group.fading)
    return keys


def _in_effect(world: World, principal: User | Role) -> set[str]:
    return _links_in_effect(world.now(), principal.policies, principal.fading)


def _links_in_effect(now: float, links: Mapping[str, Link], fading: Mapping[str, float]) -> set[str]:
    keys = {key for key, link in links.items() if now >= link.effective_at}
    return keys | {key for key, until in fading.items() if now < until}


def _statements(world: World, key: str) -> Iterator[Statement]:
    kind, _, name = key.partition("/")
    if kind == "System":
        document = SYSTEM_POLICIES[name].document
    else:
        policy = world.part(State).policies.get(name)
        if policy is None:
            return
        former = world.now() < policy.former_until
        document = policy.former_document if former else policy.versions[policy.default_version].document
    yield from policy_grammar.parse(document)
