"""The policies that Alibaba Cloud itself maintains and every account can attach."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class SystemPolicy:
    description: str
    document: str


def _allow(description: str, *actions: str) -> SystemPolicy:
    statement: dict[str, object] = {"Action": list(actions), "Effect": "Allow", "Resource": "*"}
    return SystemPolicy(description, json.dumps({"Version": "1", "Statement": [statement]}))


def _each(product: str, *actions: str) -> list[str]:
    return [f"{product}:{action}" for action in actions]


# What the exclusive mode's service role may do. Source: "Realtime Compute Preparation", version 20220125.
_STREAM_ROLE = [
    *_each("ots", "List*", "DescribeTable", "Get*", "*Row"),
    *_each("dhs", "Create*", "List*", "Get*", "PutRecords", "DeleteTopic"),
    *_each("log", "List*", "Get*", "Post*"),
    *_each("mns", "List*", "Get*", "Send*", "Publish*", "Subscribe"),
    *_each("drds", "DescribeDrdsInstance", "ModifyDrdsIpWhiteList"),
    *_each("rds", "Describe*", "ModifySecurityIps*"),
    *_each("vpc", "DescribeVpcs", "DescribeVSwitches"),
    *_each("ecs", "CreateSecurityGroup", "AuthorizeSecurityGroup", "CreateNetworkInterface"),
    *_each("ecs", "DescribeNetworkInterfaces", "AttachNetworkInterface", "DescribeNetworkInterfacePermissions"),
    *_each("ecs", "CreateNetworkInterfacePermission"),
    "oss:*",
]

# UNCONFIRMED: what the managed mode's roles may do in detail; the network and the buckets are certain.
_MANAGED_ROLE = [
    *_each("vpc", "DescribeVpcAttribute", "DescribeVpcs", "DescribeVSwitchAttributes", "DescribeVSwitches"),
    *_each("ecs", "CreateSecurityGroup", "DeleteSecurityGroup", "DescribeSecurityGroup*", "AuthorizeSecurityGroup*"),
    *_each("ecs", "*NetworkInterface", "*NetworkInterfaces", "*NetworkInterfacePermission*"),
    *_each("oss", "ListBuckets", "GetBucketInfo", "GetObject*", "PutObject*", "DeleteObject*", "ListObjects"),
    *_each("log", "List*", "Get*", "Post*"),
]

_ENI = _each(
    "ecs",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "DescribeNetworkInterfaces",
    "AttachNetworkInterface",
    "DetachNetworkInterface",
    "CreateNetworkInterfacePermission",
    "DescribeNetworkInterfacePermissions",
    "DeleteNetworkInterfacePermission",
)

# UNCONFIRMED: the exact documents, except that of AliyunStreamRolePolicy. The products they name are certain.
SYSTEM_POLICIES: dict[str, SystemPolicy] = {
    "AdministratorAccess": _allow("Manages all resources of the account.", "*"),
    "ReadOnlyAccess": _allow(
        "Reads all resources of the account.", "*:Describe*", "*:List*", "*:Get*", "*:Query*", "*:Head*"
    ),
    "AliyunRAMFullAccess": _allow("Manages Resource Access Management (RAM).", "ram:*"),
    "AliyunRAMReadOnlyAccess": _allow("Reads Resource Access Management (RAM).", "ram:Get*", "ram:List*"),
    "AliyunSTSAssumeRoleAccess": _allow("Calls AssumeRole of the Security Token Service.", "sts:AssumeRole"),
    "AliyunVPCFullAccess": _allow("Manages Virtual Private Cloud (VPC).", "vpc:*"),
    "AliyunVPCReadOnlyAccess": _allow("Reads Virtual Private Cloud (VPC).", "vpc:Describe*", "vpc:List*"),
    "AliyunECSFullAccess": _allow(
        "Manages Elastic Compute Service (ECS).", "ecs:*", "vpc:DescribeVpcs", "vpc:DescribeVSwitches"
    ),
    "AliyunECSReadOnlyAccess": _allow("Reads Elastic Compute Service (ECS).", "ecs:Describe*", "ecs:List*"),
    "AliyunECSNetworkInterfaceManagementAccess": _allow("Manages elastic network interfaces.", *_ENI),
    "AliyunOSSFullAccess": _allow("Manages Object Storage Service (OSS).", "oss:*"),
    "AliyunOSSReadOnlyAccess": _allow("Reads Object Storage Service (OSS).", "oss:Get*", "oss:List*", "oss:Head*"),
    "AliyunBSSFullAccess": _allow("Manages billing (BSS).", "bss:*", "bssapi:*"),
    "AliyunBSSReadOnlyAccess": _allow(
        "Reads billing (BSS).",
        *_each("bss", "Describe*", "Query*", "Get*", "List*"),
        *_each("bssapi", "Describe*", "Query*", "Get*", "List*"),
    ),
    "AliyunStreamFullAccess": _allow("Manages Realtime Compute.", "stream:*", "ram:PassRole"),
    "AliyunStreamReadOnlyAccess": _allow(
        "Reads Realtime Compute.", *_each("stream", "Describe*", "List*", "Get*", "Query*")
    ),
    "AliyunStreamRolePolicy": _allow("The policy of AliyunStreamDefaultRole.", *_STREAM_ROLE),
    "AliyunStreamAsiDefaultRolePolicy": _allow("The policy of AliyunStreamAsiDefaultRole.", *_MANAGED_ROLE),
    "AliyunDLFFullAccess": _allow("Manages Data Lake Formation (DLF).", "dlf:*"),
    "AliyunServiceRolePolicyForFlink": _allow("The policy of AliyunServiceRoleForFlink.", *_MANAGED_ROLE),
    "AliyunServiceRolePolicyForDLFAccessFlink": _allow(
        "The policy of AliyunServiceRoleForDLFAccessFlink.", "stream:Describe*"
    ),
    "AliyunServiceRolePolicyForPolarDB": _allow("The policy of AliyunServiceRoleForPolarDB.", *_ENI),
}
