"""Rights that reach further than they must: found in the documents of policies and in what they are attached to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from alicloud.effective_rights import UNNAMED, Decision, Held, Principal, decide
from alicloud.policy_statements import UNREADABLE, statements
from alicloud.ram_policies import Attachment, PrincipalKind

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
    if statements(grant.document) == UNREADABLE:  # somebody else's document; its own step tells when it matters
        return
    holder = Principal(grant.kind, grant.principal, (Held(Attachment(grant.policy), grant.document),))
    accounts = ("0", *sorted(set(re.findall(r"acs:[^:]*:[^:]*:(\d+):", grant.document))))
    if any(_passes_every_role(holder, account) for account in accounts):
        yield "passrole-on-everything"
    if any(_changes_every_bucket(holder, account) for account in accounts):
        yield "oss-on-everything"


# What everybody can bring about: no condition on it keeps anybody out.
_ANYWHERE = {"acs:SecureTransport": "true", "acs:MFAPresent": "true", "acs:SourceIp": "203.0.113.1"}


def _passes_every_role(holder: Principal, account: str) -> bool:
    """Say whether any role may be passed to any service; a condition on the service is what R3 should have."""
    verdict = decide(holder, "ram:PassRole", f"acs:ram:*:{account}:role/{UNNAMED}", _ANYWHERE)
    return verdict.decision is Decision.ALLOWED


def _changes_every_bucket(holder: Principal, account: str) -> bool:
    """Say whether a bucket that nobody names, or what is in it, may be changed or deleted, be it from some places."""
    bucket = f"acs:oss:*:{account}:{UNNAMED}"
    asked = [("PutObject", f"{bucket}/x"), ("DeleteObject", f"{bucket}/x"), ("PutBucketAcl", bucket)]
    context = {**_ANYWHERE, "acs:Service": ""}  # only who passes a role names a service
    return any(decide(holder, f"oss:{action}", on, context).is_possible for action, on in asked)
