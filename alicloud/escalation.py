"""Escalation paths: rights by which somebody gets more rights than were given to them, named, with the remedy.

Source: RAM 2015-05-01 and STS 2015-04-01, what each action changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from alicloud.effective_rights import NOTHING_KNOWN, Decision, Held, Principal, Verdict, decide
from alicloud.rights_lint import REMEDIES

# Names that nobody has: a pattern that reaches them reaches everything of their kind.
ANYBODY, ANY_ACTION = "somebody-whom-no-policy-names", "a-product-that-no-policy-names:DoAnything"

Resources = Callable[[Principal], list[str]]  # "user/alice": what comes after the account in a resource of RAM


@dataclass(frozen=True)
class Path:
    """A way to more rights: one of `actions` on one of `resources`, what that allows, and what to do about it."""

    id: str
    actions: tuple[str, ...]
    resources: Resources
    allows: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """A path that is open to somebody, by which policies; `conditional` when it hangs on what is not known."""

    path: Path
    principal: Principal
    action: str
    by: tuple[Held, ...]
    conditional: bool = False


def escalations(principal: Principal, account: str, context: Mapping[str, str] = NOTHING_KNOWN) -> list[Finding]:
    """Find the paths that are open to somebody, at most one finding for each path.

    Whoever may do everything has that one finding: it contains all others.

    Args:
        principal: whose rights are looked at.
        account: the number of the account whose resources are reached.
        context: see `effective_rights.decide`.
    """
    found = [finding for path in PATHS if (finding := _open(path, principal, account, context))]
    everything = [finding for finding in found if finding.path is ADMINISTRATOR and not finding.conditional]
    return everything or found


def _open(path: Path, principal: Principal, account: str, context: Mapping[str, str]) -> Finding | None:
    asked = [
        (action, decide(principal, action, f"acs:ram:*:{account}:{resource}", context))
        for action in path.actions
        for resource in path.resources(principal)
    ]
    possible = sorted((each for each in asked if each[1].is_possible), key=_is_conditional)
    if not possible:
        return None
    action, verdict = possible[0]
    return Finding(path, principal, action, verdict.by, verdict.decision is Decision.CONDITIONAL)


def _is_conditional(asked: tuple[str, Verdict]) -> bool:
    return asked[1].decision is Decision.CONDITIONAL


def _any(kind: str) -> Resources:
    return lambda _: [f"{kind}/{ANYBODY}"]


def _own_policies(principal: Principal) -> list[str]:
    names = (held.attachment.name for held in principal.policies if held.attachment.type == "Custom")
    return [f"policy/{name}" for name in (*names, ANYBODY)]


def _own_groups(principal: Principal) -> list[str]:
    return [f"group/{name}" for name in (*principal.groups, *_names("group", principal), ANYBODY)]


def _users(principal: Principal) -> list[str]:
    return [f"user/{name}" for name in (*_names("user", principal), ANYBODY)]


def _roles(principal: Principal) -> list[str]:
    return [f"role/{name}" for name in (*_names("role", principal), ANYBODY)]


def _names(kind: str, principal: Principal) -> Iterable[str]:
    return (principal.name,) if principal.kind == kind else ()


ADMINISTRATOR = Path(
    "administrator",
    (ANY_ACTION,),
    _any("everything"),
    "do everything in the account",
    "Detach it; give the policies of the products that the work needs (README, Rights).",
)

PATHS: tuple[Path, ...] = (
    ADMINISTRATOR,
    Path(
        "passrole-on-everything",
        ("ram:PassRole",),
        _any("role"),
        "hand any role to a service and act with its rights",
        REMEDIES["passrole-on-everything"],
    ),
    Path(
        "new-policy-version",
        ("ram:CreatePolicyVersion",),
        _own_policies,
        "rewrite a policy that they hold",
        "Leave changes of policies to those who manage RAM.",
    ),
    Path(
        "default-policy-version",
        ("ram:SetDefaultPolicyVersion",),
        _own_policies,
        "bring an older, wider version of a policy back",
        "Leave changes of policies to those who manage RAM, and delete versions that are not the default.",
    ),
    Path(
        "attach-to-user",
        ("ram:AttachPolicyToUser",),
        _users,
        "attach any policy to a user",
        "Leave attachments to those who manage RAM.",
    ),
    Path(
        "attach-to-group",
        ("ram:AttachPolicyToGroup",),
        _own_groups,
        "attach any policy to a group",
        "Leave attachments to those who manage RAM.",
    ),
    Path(
        "attach-to-role",
        ("ram:AttachPolicyToRole",),
        _roles,
        "attach any policy to a role",
        "Leave attachments to those who manage RAM.",
    ),
    Path(
        "keys-of-others",
        ("ram:CreateAccessKey",),
        _any("user"),
        "make an AccessKey of any user and act as them",
        "Allow it on one's own user at most: acs:ram:*:*:user/<name>.",
    ),
    Path(
        "logon-of-others",
        ("ram:UpdateLoginProfile", "ram:CreateLoginProfile"),
        _any("user"),
        "set the password of any user and log on as them",
        "Leave logons to those who manage RAM.",
    ),
    Path(
        "join-any-group",
        ("ram:AddUserToGroup",),
        lambda principal: [*_users(principal), f"group/{ANYBODY}"],
        "put a user into any group and get its rights",
        "Leave memberships to those who manage RAM.",
    ),
    Path(
        "trust-of-roles",
        ("ram:UpdateRole",),
        _roles,
        "let any role trust them and act as it",
        "Leave trust policies to those who manage RAM.",
    ),
    Path(
        "assume-any-role",
        ("sts:AssumeRole",),
        _any("role"),
        "assume every role that trusts the account",
        "Name the roles: acs:ram:*:*:role/<name>.",
    ),
)
