"""Resource Access Management (RAM): what takes users, groups, policies and roles away, and who uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alicloud.call import Call
from alicloud.call_rights import GROUP, POLICY, ROLE, USER, allowed_by
from alicloud.ram import Group, LoginProfile, User, group_key, logon_key, user_key
from alicloud.ram_action import read, write
from alicloud.ram_policies import Attachment, Policy, PrincipalKind, Role, policy_key, role_key

Principal = tuple[PrincipalKind, str]


@dataclass(frozen=True)
class PolicyVersion:
    version_id: str
    default: bool


@allowed_by("ram:ListEntitiesForPolicy", POLICY)
def list_entities_for_policy(name: str) -> Call[tuple[Principal, ...]]:
    """Give whom a custom policy is attached to. Source: RAM 2015-05-01, ListEntitiesForPolicy."""
    parameters = {"PolicyName": name, "PolicyType": "Custom"}
    absent = ("EntityNotExist.Policy",)
    return read("ListEntitiesForPolicy", _principals, parameters, absent=absent, missing=())


@allowed_by("ram:ListPolicyVersions", POLICY)
def list_policy_versions(name: str) -> Call[tuple[PolicyVersion, ...]]:
    """List the versions of a custom policy. Source: RAM 2015-05-01, ListPolicyVersions."""
    parameters = {"PolicyName": name, "PolicyType": "Custom"}
    absent = ("EntityNotExist.Policy",)
    return read("ListPolicyVersions", _versions, parameters, absent=absent, missing=())


@allowed_by("ram:DeleteUser", USER)
def delete_user(name: str) -> Call[None]:
    """Delete a user who has nothing any more; RAM refuses others. Source: RAM 2015-05-01, DeleteUser."""
    return write(
        "DeleteUser",
        f"delete RAM user {name}",
        {"UserName": name},
        done=("EntityNotExist.User",),
        check="take from the user what the code names, such as an MFA device, in the console",
        removes=user_key(name),
    )


@allowed_by("ram:DeleteLoginProfile", USER)
def delete_login_profile(user: str) -> Call[None]:
    """Source: RAM 2015-05-01, DeleteLoginProfile."""
    done = ("EntityNotExist.User.LoginProfile", "EntityNotExist.User")
    means = f"take the console logon from RAM user {user}"
    return write("DeleteLoginProfile", means, {"UserName": user}, done=done, removes=logon_key(user))


@allowed_by("ram:DeleteGroup", GROUP)
def delete_group(name: str) -> Call[None]:
    """Delete a group without users and policies; RAM refuses others. Source: RAM 2015-05-01, DeleteGroup."""
    done = ("EntityNotExist.Group",)
    return write(
        "DeleteGroup", f"delete RAM user group {name}", {"GroupName": name}, done=done, removes=group_key(name)
    )


@allowed_by("ram:RemoveUserFromGroup", USER, GROUP)
def remove_user_from_group(user: str, group: str) -> Call[None]:
    """Source: RAM 2015-05-01, RemoveUserFromGroup."""
    return write(
        "RemoveUserFromGroup",
        f"take RAM user {user} out of group {group}",
        {"UserName": user, "GroupName": group},
        done=("EntityNotExist.User.Group", "EntityNotExist.User", "EntityNotExist.Group"),
    )


@allowed_by("ram:DetachPolicyFromGroup", GROUP, POLICY, of="group")
@allowed_by("ram:DetachPolicyFromRole", ROLE, POLICY, of="role")
@allowed_by("ram:DetachPolicyFromUser", USER, POLICY, of="user")
def detach_policy(kind: PrincipalKind, principal: str, attachment: Attachment) -> Call[None]:
    """Source: RAM 2015-05-01, DetachPolicyFromUser, DetachPolicyFromGroup, DetachPolicyFromRole."""
    noun = kind.capitalize()
    return write(
        f"DetachPolicyFrom{noun}",
        f"detach policy {attachment} from {kind} {principal}",
        {f"{noun}Name": principal, "PolicyName": attachment.name, "PolicyType": attachment.type},
        done=(f"EntityNotExist.{noun}.Policy", f"EntityNotExist.{noun}", "EntityNotExist.Policy"),
    )


@allowed_by("ram:DeletePolicy", POLICY)
def delete_policy(name: str) -> Call[None]:
    """Delete a custom policy that nobody has; RAM refuses others.

    Without CascadingDelete: whether that detaches a policy too is unconfirmed. Source: RAM 2015-05-01, DeletePolicy.
    """
    done = ("EntityNotExist.Policy",)
    return write("DeletePolicy", f"delete policy {name}", {"PolicyName": name}, done=done, removes=policy_key(name))


@allowed_by("ram:DeletePolicyVersion", POLICY)
def delete_policy_version(name: str, version_id: str) -> Call[None]:
    """Source: RAM 2015-05-01, DeletePolicyVersion."""
    return write(
        "DeletePolicyVersion",
        f"delete version {version_id} of policy {name}",
        {"PolicyName": name, "VersionId": version_id},
        done=("EntityNotExist.Policy.Version", "EntityNotExist.Policy"),
    )


@allowed_by("ram:DeleteRole", ROLE)
def delete_role(name: str) -> Call[None]:
    """Delete a role without policies; RAM refuses others. Source: RAM 2015-05-01, DeleteRole."""
    done = ("EntityNotExist.Role",)
    return write("DeleteRole", f"delete RAM role {name}", {"RoleName": name}, done=done, removes=role_key(name))


# Deciders: each takes the name that is to go, and what is there of it.


def user_removal(name: str, actual: User | None) -> list[Call[Any]]:
    return [] if actual is None else [delete_user(name)]


def logon_removal(user: str, actual: LoginProfile | None) -> list[Call[Any]]:
    return [] if actual is None else [delete_login_profile(user)]


def group_removal(name: str, actual: Group | None) -> list[Call[Any]]:
    return [] if actual is None else [delete_group(name)]


def members_removal(group: str, actual: Sequence[str]) -> list[Call[Any]]:
    """Take every member out of a group."""
    return [remove_user_from_group(user, group) for user in actual]


def membership_removal(user_and_groups: tuple[str, Sequence[str]], actual: Sequence[str]) -> list[Call[Any]]:
    """Take a user out of certain groups."""
    user, groups = user_and_groups
    return [remove_user_from_group(user, group) for group in actual if group in groups]


def attachments_removal(policy: str, actual: Sequence[Principal]) -> list[Call[Any]]:
    """Detach a custom policy from everybody who has it."""
    return [detach_policy(kind, principal, Attachment(policy)) for kind, principal in actual]


def role_attachments_removal(role: str, actual: Sequence[Attachment]) -> list[Call[Any]]:
    """Detach everything from a role."""
    return [detach_policy("role", role, attachment) for attachment in actual]


def versions_removal(policy: str, actual: Sequence[PolicyVersion]) -> list[Call[Any]]:
    """Delete the versions that do not count; the default one goes with the policy."""
    return [delete_policy_version(policy, each.version_id) for each in actual if not each.default]


def policy_removal(name: str, actual: Policy | None) -> list[Call[Any]]:
    return [] if actual is None else [delete_policy(name)]


def role_removal(name: str, actual: Role | None) -> list[Call[Any]]:
    return [] if actual is None else [delete_role(name)]


def _principals(body: Mapping[str, Any]) -> tuple[Principal, ...]:
    return (
        *(("user", str(row["UserName"])) for row in body["Users"]["User"]),
        *(("group", str(row["GroupName"])) for row in body["Groups"]["Group"]),
        *(("role", str(row["RoleName"])) for row in body["Roles"]["Role"]),
    )


def _versions(body: Mapping[str, Any]) -> tuple[PolicyVersion, ...]:
    rows = body["PolicyVersions"]["PolicyVersion"]
    return tuple(PolicyVersion(str(row["VersionId"]), bool(row["IsDefaultVersion"])) for row in rows)
