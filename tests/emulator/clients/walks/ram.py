"""Every action of RAM once, in an order in which each succeeds."""

from collections.abc import Callable
from typing import Any

SEED: dict[str, Any] = {"ram": {"users": [{"name": "bob", "mfa_bound": True}]}}
DOCUMENT = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"stream:*","Resource":"acs:stream:*:*:*"}]}'
OTHER = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}'
TRUST = (
    '{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["stream.aliyuncs.com"]}}],'
    '"Version":"1"}'
)
USER = {"UserName": "alice"}
GROUP = {"GroupName": "people"}
ROLE = {"RoleName": "worker"}
POLICY = {"PolicyName": "mine", "PolicyType": "Custom"}

Call = Callable[..., Any]


def walk(call: Call, wait: Callable[[float], None]) -> None:
    account(call)
    users(call)
    groups(call)
    policies(call)
    roles(call)
    attachments(call)
    the_end(call)


def account(call: Call) -> None:
    call("SetPasswordPolicy", MinimumPasswordLength=12, RequireNumbers=True, MaxPasswordAge=90)
    call("GetPasswordPolicy")
    call("SetSecurityPreference", LoginSessionDuration=8, LoginNetworkMasks="10.0.0.0/8", EnableSaveMFATicket=True)
    call("GetSecurityPreference")
    call("SetAccountAlias", AccountAlias="example")
    call("GetAccountAlias")
    call("ClearAccountAlias")


def users(call: Call) -> None:
    details = {"DisplayName": "Alice", "Email": "a@example.com", "MobilePhone": "86-18600000000", "Comments": "new"}
    call("CreateUser", **USER, **details)
    call("UpdateUser", **USER, NewComments="an engineer", NewDisplayName="Älice & <Co>")
    call("GetUser", **USER)
    call("ListUsers", MaxItems=1)
    call("GetUserMFAInfo", UserName="bob")
    call("CreateLoginProfile", **USER, Password="correct horse 1", PasswordResetRequired=True)
    call("GetLoginProfile", **USER)
    call("UpdateLoginProfile", **USER, MFABindRequired=True)
    call("DeleteLoginProfile", **USER)
    key = {**USER, "UserAccessKeyId": call("CreateAccessKey", **USER)["AccessKey"]["AccessKeyId"]}
    call("ListAccessKeys", **USER)
    call("UpdateAccessKey", **key, Status="Inactive")
    call("GetAccessKeyLastUsed", **key)
    call("DeleteAccessKey", **key)


def groups(call: Call) -> None:
    call("CreateGroup", **GROUP, Comments="engineers")
    call("GetGroup", **GROUP)
    call("UpdateGroup", **GROUP, NewComments="all engineers")
    call("ListGroups")
    call("AddUserToGroup", **USER, **GROUP)
    call("ListGroupsForUser", **USER)
    call("ListUsersForGroup", **GROUP)


def policies(call: Call) -> None:
    call("CreatePolicy", PolicyName="mine", PolicyDocument=DOCUMENT, Description="streams")
    call("CreatePolicyVersion", PolicyName="mine", PolicyDocument=OTHER)
    call("GetPolicyVersion", **POLICY, VersionId="v2")
    call("ListPolicyVersions", **POLICY)
    call("SetDefaultPolicyVersion", PolicyName="mine", VersionId="v2")
    call("DeletePolicyVersion", PolicyName="mine", VersionId="v1")


def roles(call: Call) -> None:
    call("CreateRole", **ROLE, AssumeRolePolicyDocument=TRUST, Description="works", MaxSessionDuration=7200)
    call("GetRole", **ROLE)
    call("UpdateRole", **ROLE, NewAssumeRolePolicyDocument=TRUST)
    call("ListRoles")


def attachments(call: Call) -> None:
    for kind, named in {"User": USER, "Group": GROUP, "Role": ROLE}.items():
        call(f"AttachPolicyTo{kind}", **named, **POLICY)
        call(f"ListPoliciesFor{kind}", **named)
    call("ListEntitiesForPolicy", **POLICY)
    call("GetPolicy", **POLICY)
    call("ListPolicies", PolicyType="Custom")
    for kind, named in {"User": USER, "Group": GROUP, "Role": ROLE}.items():
        call(f"DetachPolicyFrom{kind}", **named, **POLICY)


def the_end(call: Call) -> None:
    call("RemoveUserFromGroup", **USER, **GROUP)
    call("DeleteUser", **USER)
    call("DeleteGroup", **GROUP)
    call("DeleteRole", **ROLE)
    call("DeletePolicy", PolicyName="mine")


def service_linked_roles(call: Call) -> None:
    """What RAM does for a service; V1 has no classes for it."""
    call("CreateServiceLinkedRole", ServiceName="flink.aliyuncs.com")
    call("GetRole", RoleName="AliyunServiceRoleForFlink")
    call("DeleteServiceLinkedRole", RoleName="AliyunServiceRoleForFlink")
