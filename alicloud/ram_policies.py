"""Resource Access Management (RAM): rights. Policies, whom they are attached to, and the roles of services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from alicloud import policy, prerequisites, role_trust
from alicloud.call import Call, Kind
from alicloud.call_rights import GROUP, POLICIES, POLICY, ROLE, ROLES, USER, allowed_by
from alicloud.errors import ManualStep, Unmet
from alicloud.instants import seconds_of
from alicloud.policy_diff import document_changes
from alicloud.ram_action import flag, given, read, write
from alicloud.role_trust import RoleSpec

PolicyType = Literal["Custom", "System"]
PrincipalKind = Literal["user", "group", "role"]

# The sixth version takes the place of the oldest one that is not the default.
_ROTATE = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


@dataclass(frozen=True)
class Policy:
    """A policy with the document of its default version."""

    name: str
    type: PolicyType
    document: str
    default_version: str
    attachment_count: int
    created_at: float = field(default=0.0, compare=False)  # seconds since 1970


@dataclass(frozen=True)
class PolicySpec:
    """A custom policy that is wanted. `description` is given at creation; RAM cannot change it later."""

    name: str
    document: str
    description: str = ""


@dataclass(frozen=True)
class Attachment:
    """A policy by name and type, as it is attached to somebody."""

    name: str
    type: PolicyType = "Custom"

    def __str__(self) -> str:
        return f"{self.name} ({self.type})"


@dataclass(frozen=True)
class AttachmentSpec:
    """Policies that are wanted on a user, group or role; others on it are left alone."""

    principal_kind: PrincipalKind
    principal: str
    policies: tuple[Attachment, ...]


@dataclass(frozen=True)
class Role:
    name: str
    arn: str
    trust_policy: str
    description: str = ""
    max_session_duration: int = 3600
    created_at: float = field(default=0.0, compare=False)


def policy_key(name: str) -> str:
    """Give the key by which a journal knows a custom policy."""
    return f"ram:policy/{name}"


def role_key(name: str) -> str:
    """Give the key by which a journal knows a role."""
    return f"ram:role/{name}"


@allowed_by("ram:GetPolicy", POLICY)
def get_policy(name: str, policy_type: PolicyType = "Custom") -> Call[Policy | None]:
    """Source: RAM 2015-05-01, GetPolicy."""
    parameters = {"PolicyName": name, "PolicyType": policy_type}
    return read("GetPolicy", _policy, parameters, absent=("EntityNotExist.Policy",))


@allowed_by("ram:CreatePolicy", POLICIES)
def create_policy(desired: PolicySpec) -> Call[None]:
    """Source: RAM 2015-05-01, CreatePolicy."""
    parameters = given(PolicyName=desired.name, PolicyDocument=desired.document, Description=desired.description)
    return write("CreatePolicy", f"create policy {desired.name}", parameters, creates=policy_key(desired.name))


@allowed_by("ram:CreatePolicyVersion", POLICY)
def create_policy_version(name: str, document: str) -> Call[None]:
    """Make a new default version; of five, the oldest that is not the default goes.

    Source: RAM 2015-05-01, CreatePolicyVersion.
    """
    parameters = {"PolicyName": name, "PolicyDocument": document}
    call = write(
        "CreatePolicyVersion",
        f"change policy {name}",
        {**parameters, "SetAsDefault": flag(True), "RotateStrategy": _ROTATE},
    )
    return replace(call, kind=Kind.LOOKED)


def policy_changes(desired: PolicySpec, actual: Policy | None) -> list[Call[Any]]:
    """Decide by meaning; a changed policy becomes a new default version.

    Raises:
        Unmet: the document is longer than RAM accepts.
    """
    size = len(desired.document.encode())
    if size > policy.MAX_DOCUMENT_BYTES:
        raise Unmet(
            f"Policy {desired.name} has {size} bytes, RAM accepts {policy.MAX_DOCUMENT_BYTES}.",
            remedy="Name fewer projects per policy, or allow all of them with `*`, then Retry this run.",
        )
    if actual is None:
        return [create_policy(desired)]
    changed = policy.differences(desired.document, actual.document)
    if not changed:
        return []
    call = create_policy_version(desired.name, desired.document)
    changes = document_changes(desired.document, actual.document)
    return [replace(call, means=f"{call.means}: {'; '.join(changed)}", changes=changes)]


@allowed_by("ram:ListPoliciesForGroup", GROUP, of="group")
@allowed_by("ram:ListPoliciesForRole", ROLE, of="role")
@allowed_by("ram:ListPoliciesForUser", USER, of="user")
def list_policies_for(kind: PrincipalKind, principal: str) -> Call[tuple[Attachment, ...]]:
    """Give what is attached to a user, group or role, nothing when it does not exist.

    Source: RAM 2015-05-01, ListPoliciesForUser, ListPoliciesForGroup, ListPoliciesForRole.
    """
    noun = kind.capitalize()
    absent = (f"EntityNotExist.{noun}",)
    return read(f"ListPoliciesFor{noun}", _attachments, {f"{noun}Name": principal}, absent=absent, missing=())


@allowed_by("ram:AttachPolicyToGroup", GROUP, POLICY, of="group")
@allowed_by("ram:AttachPolicyToRole", ROLE, POLICY, of="role")
@allowed_by("ram:AttachPolicyToUser", USER, POLICY, of="user")
def attach_policy(kind: PrincipalKind, principal: str, attachment: Attachment) -> Call[None]:
    """Source: RAM 2015-05-01, AttachPolicyToUser, AttachPolicyToGroup, AttachPolicyToRole."""
    noun = kind.capitalize()
    return write(
        f"AttachPolicyTo{noun}",
        f"attach policy {attachment} to {kind} {principal}",
        _triple(noun, principal, attachment),
        done=(f"EntityAlreadyExists.{noun}.Policy",),
        check=f"check that policy {attachment} and {kind} {principal} exist",
    )


def attachment_changes(desired: AttachmentSpec, actual: Sequence[Attachment]) -> list[Call[Any]]:
    """Attach the policies that are missing; detach none."""
    missing = [wanted for wanted in dict.fromkeys(desired.policies) if wanted not in actual]
    return [attach_policy(desired.principal_kind, desired.principal, wanted) for wanted in missing]


@allowed_by("ram:GetRole", ROLE)
def get_role(name: str) -> Call[Role | None]:
    """Source: RAM 2015-05-01, GetRole."""
    return read("GetRole", _role, {"RoleName": name}, absent=("EntityNotExist.Role",))


@allowed_by("ram:CreateRole", ROLES)
def create_role(desired: RoleSpec) -> Call[None]:
    """Source: RAM 2015-05-01, CreateRole."""
    trust = prerequisites.trust_policy(desired.trusted_service)
    return write(
        "CreateRole",
        f"create RAM role {desired.name} for {desired.trusted_service}",
        given(RoleName=desired.name, AssumeRolePolicyDocument=trust, Description=desired.description),
        creates=role_key(desired.name),
    )


@allowed_by("ram:UpdateRole", ROLE)
def update_role(name: str, services: Sequence[str]) -> Call[None]:
    """Let a role trust these services and nobody else. Source: RAM 2015-05-01, UpdateRole."""
    return write(
        "UpdateRole",
        f"let RAM role {name} trust {', '.join(services)} alone",
        {"RoleName": name, "NewAssumeRolePolicyDocument": prerequisites.trust_policy(*services)},
    )


def role_changes(desired: RoleSpec, actual: Role | None) -> list[Call[Any]]:
    """Decide on a role and whom it trusts, by meaning.

    Raises:
        ManualStep: the role is missing and the service to trust is not known.
        Unmet: the role trusts another service, which may be the vendor's own name or somebody's change.
    """
    if actual is None:
        if not desired.trusted_service:
            raise ManualStep(f"RAM role {desired.name} does not exist.", remedy=_authorize(desired.name))
        return [create_role(desired)]
    if not role_trust.differences(desired, actual.trust_policy):
        return []
    services = role_trust.kept(desired, actual.trust_policy)
    changes = document_changes(prerequisites.trust_policy(*services), actual.trust_policy)
    return [replace(update_role(desired.name, services), changes=changes)]


def check_role(spec: RoleSpec, role: Role | None, attached: Sequence[Attachment], needed: Sequence[Attachment]) -> None:
    """Check that the service's role is there, trusts the service and carries its policies.

    Args:
        spec: the role that is wanted.
        role: the role as read.
        attached: what it carries.
        needed: what it must carry.

    Raises:
        ManualStep: it does not; says all that is missing, and where to authorize.

    Source: "Realtime Compute Preparation", version 20220125.
    """
    if role is None:
        problems = ["it does not exist"]
    else:
        problems = [f"its trust policy differs: {line}" for line in role_trust.differences(spec, role.trust_policy)]
        problems += [f"policy {wanted} is not attached" for wanted in needed if wanted not in attached]
    if problems:
        named = role_trust.how_to_name(spec, role.trust_policy) if role else ""
        raise ManualStep(
            f"RAM role {spec.name} is not assigned to Realtime Compute: {'; '.join(problems)}.",
            remedy=f"{_authorize(spec.name)} {named}".strip(),
        )


def _authorize(role: str) -> str:
    return (
        f"Log on with the Alibaba Cloud account, open {prerequisites.authorize_page(role)}, click Authorize, select "
        f"{role}, confirm, refresh the page, then Retry this run; it reads the role again."
    )


def _triple(noun: str, principal: str, attachment: Attachment) -> dict[str, str]:
    return {f"{noun}Name": principal, "PolicyName": attachment.name, "PolicyType": attachment.type}


def _policy(body: Mapping[str, Any]) -> Policy:
    facts, version = body["Policy"], body["DefaultPolicyVersion"]
    return Policy(
        facts["PolicyName"],
        facts["PolicyType"],
        version["PolicyDocument"],
        facts["DefaultVersion"],
        int(facts["AttachmentCount"]),
        seconds_of(str(facts.get("CreateDate") or "")),
    )


def _attachments(body: Mapping[str, Any]) -> tuple[Attachment, ...]:
    return tuple(Attachment(facts["PolicyName"], facts["PolicyType"]) for facts in body["Policies"]["Policy"])


def _role(body: Mapping[str, Any]) -> Role:
    facts = body["Role"]
    return Role(
        facts["RoleName"],
        facts["Arn"],
        facts["AssumeRolePolicyDocument"],
        str(facts.get("Description") or ""),
        int(facts["MaxSessionDuration"]),
        seconds_of(str(facts.get("CreateDate") or "")),
    )
