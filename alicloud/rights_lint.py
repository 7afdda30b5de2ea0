"""Rights that reach further than they must: found in the documents of policies and in what they are attached to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from alicloud import policy
from alicloud.errors import Unmet
from alicloud.policy import Right
from alicloud.ram_policies import PrincipalKind

FindingId = Literal["passrole-on-everything", "oss-on-everything", "policy-on-user"]

REMEDIES: Mapping[FindingId, str] = {
    # Source: "Realtime Compute Preparation", version 20220125.
    "passrole-on-everything": "The vendor's procedure asks for it (R3); whoever may pass every role may act as each.",
    "oss-on-everything": "The vendor's procedure asks for it (R8, R9); it reaches every bucket of the account.",
    "policy-on-user": "Attach it to a group: rights on people are forgotten when they change their work (R4).",
}


@dataclass(frozen=True)
class Grant:
    """A policy on a user, group or role. `document` is empty where it is not known."""

    kind: PrincipalKind
    principal: str
    policy: str
    document: str = ""


@dataclass(frozen=True)
class Finding:
    """A right that reaches too far: which kind, whose it is, by which policy."""

    id: FindingId
    principal: str
    policy: str


def lint(grants: Iterable[Grant]) -> list[Finding]:
    """Find what reaches too far, in the order of the grants."""
    return [
        Finding(finding, f"{grant.kind} {grant.principal}", grant.policy) for grant in grants for finding in _of(grant)
    ]


def _of(grant: Grant) -> Iterable[FindingId]:
    if grant.kind == "user":
        yield "policy-on-user"
    try:
        broad = [right for right in policy.allowed(grant.document) if _everything(right) and not right.condition]
    except (Unmet, RecursionError):  # somebody else's document; its own step tells when it matters
        return
    if any(_reaches(right.action, "ram:passrole") for right in broad):
        yield "passrole-on-everything"
    if any(_reaches(right.action, "oss:*") for right in broad):
        yield "oss-on-everything"


def _reaches(action: str, wanted: str) -> bool:
    """Say whether an action, which may have wildcards or be all but some, includes the wanted one."""
    if action.startswith("all but ("):
        return not any(_reaches(each, wanted) for each in action[9:-1].split(", "))
    return fnmatchcase(wanted, re.sub(r"[\[\]]", "?", action.casefold()))


def _everything(right: Right) -> bool:
    """Say whether a right is on all resources of a product. Source: RAM, acs:<product>:<region>:<account>:<what>."""
    if right.resource.startswith("all but ("):
        return True
    return re.fullmatch(r"\*|acs:[^:]*:[^:]*:[^:]*:(\*|role/\*|\*/\*)", right.resource) is not None
