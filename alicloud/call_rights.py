"""What RAM asks of whoever sends a call: the right's name, and the resources that it must be on.

A resource is a pattern whose `{names}` are filled by whoever grants the right. Where the vendor says that an action has
no resource of its own, it is `*`, and nothing narrower would do. A dry run needs the rights of what it rehearses.

Sources: RAM, "API authentication rules" (a creation is on `user/*` and its like, whatever the new one is called; an
attachment needs the principal and the policy); BssOpenApi, "Authorization for API calls"; OSS, "Authorization syntax
and elements"; foasconsole 2021-10-28, DescribeInstances; "Realtime Compute Preparation", version 20220125 (a project
of the exclusive mode by its bare name). UNCONFIRMED: all else of foas, ActionTrail, DescribeSupportedZones,
QueryCreateInstancePrice and ververica, whose names follow those that are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

Key = tuple[str, str]  # product and action of a call


@dataclass(frozen=True)
class CallRight:
    """A right that a call needs on each of its resources. The name of an action in a policy is `name`."""

    name: str
    resources: tuple[str, ...]

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that its resources want."""
        fields = (field for resource in self.resources for _, field, _, _ in Formatter().parse(resource))
        return frozenset(field for field in fields if field)


EVERYTHING = "*"
_RAM = "acs:ram:*:{account}:"
_VPC = "acs:vpc:{region}:{account}:"
_ECS = "acs:ecs:{region}:{account}:"
_STREAM = "acs:stream:{region}:{account}:"
_BUCKET = "acs:oss:*:{account}:{bucket}"
_WORKSPACE = f"{_STREAM}vvpinstance/*"  # its id is not known before it exists
_NAMESPACE = f"{_STREAM}vvpinstance/*/vvpnamespace/{{project}}"
_POLICY = "acs:ram:*:{policy}"  # `<account>:policy/<name>`, or `system:policy/<name>`


def _right(name: str, *resources: str) -> tuple[CallRight, ...]:
    return (CallRight(name, resources),)


READS: Mapping[Key, tuple[CallRight, ...]] = {
    ("Sts", "GetCallerIdentity"): (),  # everybody may ask who he is
    ("Sts", "AssumeRole"): _right("sts:AssumeRole", f"{_RAM}role/{{role}}"),
    ("Ram", "GetAccountAlias"): _right("ram:GetAccountAlias", f"{_RAM}*"),
    ("Ram", "GetPasswordPolicy"): _right("ram:GetPasswordPolicy", f"{_RAM}*"),
    ("Ram", "GetSecurityPreference"): _right("ram:GetSecurityPreference", f"{_RAM}*"),
    ("Ram", "GetUser"): _right("ram:GetUser", f"{_RAM}user/{{user}}"),
    ("Ram", "GetLoginProfile"): _right("ram:GetLoginProfile", f"{_RAM}user/{{user}}"),
    ("Ram", "GetGroup"): _right("ram:GetGroup", f"{_RAM}group/{{group}}"),
    ("Ram", "ListUsersForGroup"): _right("ram:ListUsersForGroup", f"{_RAM}group/{{group}}"),
    ("Ram", "ListGroupsForUser"): _right("ram:ListGroupsForUser", f"{_RAM}user/{{user}}"),
    ("Ram", "GetPolicy"): _right("ram:GetPolicy", _POLICY),
    ("Ram", "ListUsers"): _right("ram:ListUsers", f"{_RAM}*"),
    ("Ram", "ListGroups"): _right("ram:ListGroups", f"{_RAM}*"),
    ("Ram", "ListPolicies"): _right("ram:ListPolicies", f"{_RAM}*"),
    ("Ram", "ListRoles"): _right("ram:ListRoles", f"{_RAM}*"),
    ("Ram", "ListEntitiesForPolicy"): _right("ram:ListEntitiesForPolicy", _POLICY),
    ("Ram", "ListPolicyVersions"): _right("ram:ListPolicyVersions", _POLICY),
    ("Ram", "ListPoliciesForUser"): _right("ram:ListPoliciesForUser", f"{_RAM}user/{{user}}"),
    ("Ram", "ListPoliciesForGroup"): _right("ram:ListPoliciesForGroup", f"{_RAM}group/{{group}}"),
    ("Ram", "ListPoliciesForRole"): _right("ram:ListPoliciesForRole", f"{_RAM}role/{{role}}"),
    ("Ram", "GetRole"): _right("ram:GetRole", f"{_RAM}role/{{role}}"),
    ("Ram", "GetAccessKeyLastUsed"): _right("ram:GetAccessKeyLastUsed", f"{_RAM}user/{{user}}"),
    ("Ram", "ListAccessKeys"): _right("ram:ListAccessKeys", f"{_RAM}user/{{user}}"),
    ("Ram", "GetUserMFAInfo"): _right("ram:GetUserMFAInfo", f"{_RAM}user/{{user}}"),
    ("Vpc", "DescribeZones"): _right("vpc:DescribeZones", EVERYTHING),
    ("Vpc", "DescribeVpcs"): _right("vpc:DescribeVpcs", f"{_VPC}vpc/*"),
    ("Vpc", "DescribeVSwitches"): _right("vpc:DescribeVSwitches", f"{_VPC}vswitch/*"),
    ("Ecs", "DescribeAvailableResource"): _right("ecs:DescribeAvailableResource", EVERYTHING),
    ("Ecs", "DescribeSecurityGroups"): _right("ecs:DescribeSecurityGroups", f"{_ECS}securitygroup/*"),
    ("Ecs", "DescribeNetworkInterfaces"): _right("ecs:DescribeNetworkInterfaces", f"{_ECS}eni/*"),
    ("Ecs", "DescribeSecurityGroupAttribute"): _right("ecs:DescribeSecurityGroupAttribute", f"{_ECS}securitygroup/*"),
    ("Actiontrail", "LookupEvents"): _right("actiontrail:LookupEvents", EVERYTHING),
    ("BssOpenApi", "QueryAvailableInstances"): _right("bssapi:QueryAvailableInstances", EVERYTHING),
    ("oss", "ListBuckets"): _right("oss:ListBuckets", "acs:oss:*:{account}:*"),
    ("oss", "GetBucketInfo"): _right("oss:GetBucketInfo", _BUCKET),
    ("oss", "GetBucketPolicy"): _right("oss:GetBucketPolicy", _BUCKET),
    ("oss", "ListObjects"): _right("oss:ListObjects", _BUCKET),
    ("oss", "ListObjectVersions"): _right("oss:ListObjectVersions", _BUCKET),
    ("oss", "ListMultipartUploads"): _right("oss:ListMultipartUploads", _BUCKET),
    ("oss", "ListParts"): _right("oss:ListParts", f"{_BUCKET}/{{key}}"),
    ("oss", "GetObject"): _right("oss:GetObject", f"{_BUCKET}/{{key}}"),
    ("oss", "HeadObject"): _right("oss:GetObject", f"{_BUCKET}/{{key}}"),
    ("foas", "ListCluster"): _right("stream:ListCluster", f"{_STREAM}*"),
    ("foas", "GetClusterDetails"): _right("stream:GetClusterDetails", f"{_STREAM}cluster/*"),
    ("foas", "GetClusterResource"): _right("stream:GetClusterResource", f"{_STREAM}cluster/*"),
    ("foas", "GetClusterQueueInfo"): _right("stream:GetClusterQueueInfo", f"{_STREAM}cluster/*"),
    ("foas", "ListProject"): _right("stream:ListProject", f"{_STREAM}*"),
    ("foas", "ListProjectBindQueue"): _right("stream:ListProjectBindQueue", f"{_STREAM}{{project}}"),
    ("foas", "ListJob"): _right("stream:ListJob", f"{_STREAM}{{project}}"),
    ("foas", "ListPackage"): _right("stream:ListPackage", f"{_STREAM}{{project}}"),
    ("foasconsole", "DescribeInstances"): _right("stream:DescribeVvpInstances", _WORKSPACE),
    ("foasconsole", "DescribeSupportedRegions"): _right("stream:DescribeSupportedRegions", _WORKSPACE),
    ("foasconsole", "DescribeSupportedZones"): _right("stream:DescribeSupportedZones", _WORKSPACE),
    ("foasconsole", "QueryCreateInstancePrice"): _right("stream:QueryCreateInstancePrice", _WORKSPACE),
    ("foasconsole", "DescribeNamespaces"): _right("stream:DescribeVvpNamespaces", _WORKSPACE),
    ("foasconsole", "QueryModifyInstancePrice"): _right("stream:QueryModifyInstancePrice", _WORKSPACE),
    ("foasconsole", "QueryRenewInstancePrice"): _right("stream:QueryRenewInstancePrice", _WORKSPACE),
    ("foasconsole", "QueryConvertInstancePrice"): _right("stream:QueryConvertInstancePrice", _WORKSPACE),
    ("foasconsole", "QueryConvertPrepayInstancePrice"): _right("stream:QueryConvertPrepayInstancePrice", _WORKSPACE),
    ("ververica", "ListMembers"): _right("stream:ListMembers", _NAMESPACE),
}

WRITES: Mapping[Key, tuple[CallRight, ...]] = {
    ("Ram", "SetPasswordPolicy"): _right("ram:SetPasswordPolicy", f"{_RAM}*"),
    ("Ram", "SetSecurityPreference"): _right("ram:SetSecurityPreference", f"{_RAM}*"),
    ("Ram", "CreateUser"): _right("ram:CreateUser", f"{_RAM}user/*"),
    ("Ram", "UpdateUser"): _right("ram:UpdateUser", f"{_RAM}user/{{user}}"),
    ("Ram", "CreateLoginProfile"): _right("ram:CreateLoginProfile", f"{_RAM}user/{{user}}"),
    ("Ram", "UpdateLoginProfile"): _right("ram:UpdateLoginProfile", f"{_RAM}user/{{user}}"),
    ("Ram", "CreateGroup"): _right("ram:CreateGroup", f"{_RAM}group/*"),
    ("Ram", "UpdateGroup"): _right("ram:UpdateGroup", f"{_RAM}group/{{group}}"),
    ("Ram", "AddUserToGroup"): _right("ram:AddUserToGroup", f"{_RAM}user/{{user}}", f"{_RAM}group/{{group}}"),
    ("Ram", "CreatePolicy"): _right("ram:CreatePolicy", f"{_RAM}policy/*"),
    ("Ram", "CreatePolicyVersion"): _right("ram:CreatePolicyVersion", _POLICY),
    ("Ram", "AttachPolicyToUser"): _right("ram:AttachPolicyToUser", f"{_RAM}user/{{user}}", _POLICY),
    ("Ram", "AttachPolicyToGroup"): _right("ram:AttachPolicyToGroup", f"{_RAM}group/{{group}}", _POLICY),
    ("Ram", "AttachPolicyToRole"): _right("ram:AttachPolicyToRole", f"{_RAM}role/{{role}}", _POLICY),
    ("Ram", "CreateRole"): _right("ram:CreateRole", f"{_RAM}role/*"),
    ("Ram", "UpdateRole"): _right("ram:UpdateRole", f"{_RAM}role/{{role}}"),
    ("Ram", "CreateAccessKey"): _right("ram:CreateAccessKey", f"{_RAM}user/{{user}}"),
    ("Ram", "UpdateAccessKey"): _right("ram:UpdateAccessKey", f"{_RAM}user/{{user}}"),
    ("Ram", "DeleteAccessKey"): _right("ram:DeleteAccessKey", f"{_RAM}user/{{user}}"),
    ("Ram", "DeleteUser"): _right("ram:DeleteUser", f"{_RAM}user/{{user}}"),
    ("Ram", "DeleteLoginProfile"): _right("ram:DeleteLoginProfile", f"{_RAM}user/{{user}}"),
    ("Ram", "DeleteGroup"): _right("ram:DeleteGroup", f"{_RAM}group/{{group}}"),
    ("Ram", "RemoveUserFromGroup"): _right("ram:RemoveUserFromGroup", f"{_RAM}user/{{user}}", f"{_RAM}group/{{group}}"),
    ("Ram", "DetachPolicyFromUser"): _right("ram:DetachPolicyFromUser", f"{_RAM}user/{{user}}", _POLICY),
    ("Ram", "DetachPolicyFromGroup"): _right("ram:DetachPolicyFromGroup", f"{_RAM}group/{{group}}", _POLICY),
    ("Ram", "DetachPolicyFromRole"): _right("ram:DetachPolicyFromRole", f"{_RAM}role/{{role}}", _POLICY),
    ("Ram", "DeletePolicy"): _right("ram:DeletePolicy", _POLICY),
    ("Ram", "DeletePolicyVersion"): _right("ram:DeletePolicyVersion", _POLICY),
    ("Ram", "DeleteRole"): _right("ram:DeleteRole", f"{_RAM}role/{{role}}"),
    ("Vpc", "CreateVpc"): _right("vpc:CreateVpc", f"{_VPC}vpc/*"),
    ("Vpc", "ModifyVpcAttribute"): _right("vpc:ModifyVpcAttribute", f"{_VPC}vpc/{{vpc}}"),
    ("Vpc", "CreateVSwitch"): _right("vpc:CreateVSwitch", f"{_VPC}vpc/{{vpc}}", f"{_VPC}vswitch/*"),
    ("Vpc", "DeleteVSwitch"): _right("vpc:DeleteVSwitch", f"{_VPC}vswitch/*"),
    ("Vpc", "DeleteVpc"): _right("vpc:DeleteVpc", f"{_VPC}vpc/*"),
    ("oss", "PutBucket"): _right("oss:PutBucket", _BUCKET),
    ("oss", "PutBucketVersioning"): _right("oss:PutBucketVersioning", _BUCKET),
    ("oss", "PutBucketEncryption"): _right("oss:PutBucketEncryption", _BUCKET),
    ("oss", "PutObject"): _right("oss:PutObject", f"{_BUCKET}/{{key}}"),
    ("oss", "AppendObject"): _right("oss:PutObject", f"{_BUCKET}/{{key}}"),
    ("oss", "InitiateMultipartUpload"): _right("oss:PutObject", f"{_BUCKET}/{{key}}"),
    ("oss", "UploadPart"): _right("oss:PutObject", f"{_BUCKET}/{{key}}"),
    ("oss", "CompleteMultipartUpload"): _right("oss:PutObject", f"{_BUCKET}/{{key}}"),
    ("oss", "AbortMultipartUpload"): _right("oss:AbortMultipartUpload", f"{_BUCKET}/{{key}}"),
    ("oss", "DeleteBucket"): _right("oss:DeleteBucket", _BUCKET),
    ("oss", "DeleteObject"): (  # the latter with a versionId
        *_right("oss:DeleteObject", f"{_BUCKET}/{{key}}"),
        *_right("oss:DeleteObjectVersion", f"{_BUCKET}/{{key}}"),
    ),
    # Who makes a cluster hands the role over to the service. Source: "Realtime Compute Preparation", version 20220125.
    ("foas", "CreateCluster"): (
        *_right("stream:CreateCluster", f"{_STREAM}*"),
        *_right("ram:PassRole", f"{_RAM}role/{{role}}"),
    ),
    ("foas", "CreateProject"): _right("stream:CreateProject", f"{_STREAM}{{project}}"),
    ("foas", "CreateQueue"): _right("stream:CreateQueue", f"{_STREAM}cluster/*"),
    ("foas", "UpdateQueue"): _right("stream:UpdateQueue", f"{_STREAM}cluster/*"),
    ("foas", "BindQueue"): _right("stream:BindQueue", f"{_STREAM}{{project}}"),
    ("foas", "ExpandCluster"): _right("stream:ExpandCluster", f"{_STREAM}cluster/*"),
    ("foas", "ShrinkCluster"): _right("stream:ShrinkCluster", f"{_STREAM}cluster/*"),
    ("foas", "ModifyMasterSpec"): _right("stream:ModifyMasterSpec", f"{_STREAM}cluster/*"),
    ("foas", "CreatePackage"): _right("stream:CreatePackage", f"{_STREAM}{{project}}"),
    ("foas", "UpdatePackage"): _right("stream:UpdatePackage", f"{_STREAM}{{project}}"),
    ("foas", "DeletePackage"): _right("stream:DeletePackage", f"{_STREAM}{{project}}"),
    ("foas", "DeleteProject"): _right("stream:DeleteProject", f"{_STREAM}{{project}}"),
    ("foas", "DeleteQueue"): _right("stream:DeleteQueue", f"{_STREAM}cluster/*"),
    ("foas", "DestroyCluster"): _right("stream:DestroyCluster", f"{_STREAM}cluster/*"),
    ("foasconsole", "CreateInstance"): _right("stream:CreateVvpInstance", _WORKSPACE),
    ("foasconsole", "CreateNamespace"): _right("stream:CreateVvpNamespace", _WORKSPACE),
    ("foasconsole", "ModifyInstanceSpec"): _right("stream:ModifyInstanceSpec", _WORKSPACE),
    ("foasconsole", "ModifyPrepayInstanceSpec"): _right("stream:ModifyPrepayInstanceSpec", _WORKSPACE),
    ("foasconsole", "ModifyNamespaceSpecV2"): _right("stream:ModifyNamespaceSpecV2", _WORKSPACE),
    ("foasconsole", "ModifyPrepayNamespaceSpec"): _right("stream:ModifyPrepayNamespaceSpec", _WORKSPACE),
    ("foasconsole", "RenewInstance"): _right("stream:RenewVvpInstance", _WORKSPACE),
    ("foasconsole", "ConvertInstance"): _right("stream:ConvertInstance", _WORKSPACE),
    ("foasconsole", "ConvertPrepayInstance"): _right("stream:ConvertPrepayInstance", _WORKSPACE),
    ("BssOpenApi", "RenewInstance"): _right("bssapi:RenewInstance", EVERYTHING),
    ("BssOpenApi", "SetRenewal"): _right("bssapi:SetRenewal", EVERYTHING),
    ("foasconsole", "DeleteInstance"): _right("stream:DeleteVvpInstance", _WORKSPACE),
    ("foasconsole", "DeleteNamespace"): _right("stream:DeleteVvpNamespace", _WORKSPACE),
    ("ververica", "CreateMember"): _right("stream:CreateMember", _NAMESPACE),
    ("ververica", "DeleteMember"): _right("stream:DeleteMember", _NAMESPACE),
    ("ververica", "UpdateMember"): _right("stream:UpdateMember", _NAMESPACE),
}

RIGHTS: Mapping[Key, tuple[CallRight, ...]] = {**READS, **WRITES}

# What no right helps with: the vendor lets only the account's own AccessKey do it. Source: foas 2018-11-11.
ACCOUNT_ONLY: Mapping[Key, str] = {
    ("foas", "CreateProject"): "a project of exclusive mode is created by the Alibaba Cloud account, not by a RAM user",
}
