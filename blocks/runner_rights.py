"""The least rights of whoever runs a flow: which calls it may send, on what, and what is left to the account itself.

The calls are declared by part of the procedure, since a step decides while it runs what it sends. Tests compare the
declaration with what the steps can reach and with what an account's log shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from alicloud.call_rights import ACCOUNT_ONLY, RIGHTS, WRITES, CallRight, Key
from blocks.runner_names import Names, NameSet

FlowName = Literal[
    "prepare",
    "people",
    "plan",
    "audit",
    "authorize",
    "check",
    "create_cluster",
    "create_project",
    "prove_access",
    "adopt",
    "export",
    "orphans",
    "resolve",
    "scale",
    "renew",
    "convert",
    "teardown",
]


@dataclass(frozen=True)
class Need:
    """A call that a part may send: only where `given` has names; `names` tells with whose names its resources fill.

    `to_write` is true of writes, and of reads that are asked in the middle of writing alone: no plan asks them.
    """

    key: Key
    given: NameSet | None
    names: Mapping[str, NameSet]
    to_write: bool = False


def _need(product_code: str, action: str, given: NameSet | None = None, **names: NameSet) -> Need:
    return Need((product_code, action), given, names, (product_code, action) in WRITES)


def _to_write(product_code: str, action: str, given: NameSet | None = None, **names: NameSet) -> Need:
    return Need((product_code, action), given, names, to_write=True)


IDENTITY = (
    _need("Sts", "GetCallerIdentity"),
    _need("Ram", "GetAccountAlias"),
)
JOURNAL = (
    _need("oss", "GetObject", key="journal"),
    _need("oss", "AppendObject", key="journal"),
)
BUCKET = (
    _need("oss", "GetBucketInfo"),
    _need("oss", "GetBucketPolicy"),
    _need("oss", "PutBucket"),
    _need("oss", "PutBucketVersioning"),
    _need("oss", "PutBucketEncryption", bucket="encrypted_bucket"),
)
PACKAGES = (
    _need("oss", "HeadObject", key="packages"),
    _need("oss", "PutObject", key="packages"),
    _to_write("oss", "ListMultipartUploads", "packages"),  # of large ones, as all that follows
    _to_write("oss", "ListParts", key="packages"),
    _need("oss", "InitiateMultipartUpload", key="packages"),
    _need("oss", "UploadPart", key="packages"),
    _need("oss", "CompleteMultipartUpload", key="packages"),
    _need("oss", "AbortMultipartUpload", key="packages"),
)
PEOPLE = (
    _need("Ram", "GetPasswordPolicy", "settings"),
    _need("Ram", "SetPasswordPolicy", "settings"),
    _need("Ram", "GetSecurityPreference", "settings"),
    _need("Ram", "SetSecurityPreference", "settings"),
    _need("Ram", "GetUser", user="users"),
    _need("Ram", "CreateUser", "users"),
    _need("Ram", "UpdateUser", user="described_users"),
    _need("Ram", "GetLoginProfile", user="logons"),
    _need("Ram", "CreateLoginProfile", user="logons"),
    _need("Ram", "UpdateLoginProfile", user="logons_with_mfa"),
    _need("Ram", "GetGroup", group="groups"),
    _need("Ram", "CreateGroup", "groups"),
    _need("Ram", "UpdateGroup", group="described_groups"),
    _need("Ram", "ListUsersForGroup", group="groups"),
    _need("Ram", "AddUserToGroup", user="members", group="filled_groups"),
    _need("Ram", "GetPolicy", policy="people_policies"),
    _need("Ram", "CreatePolicy", "people_policies"),
    _need("Ram", "CreatePolicyVersion", policy="people_policies"),
    _need("Ram", "ListPoliciesForUser", user="entitled_users"),
    _need("Ram", "AttachPolicyToUser", user="entitled_users", policy="policies_of_users"),
    _need("Ram", "ListPoliciesForGroup", group="entitled_groups"),
    _need("Ram", "AttachPolicyToGroup", group="entitled_groups", policy="policies_of_groups"),
)
SERVICE = (
    _need("Ram", "GetRole", role="role"),
    _need("Ram", "CreateRole", "made_role"),
    _need("Ram", "UpdateRole", role="made_role"),
    _need("Ram", "ListPoliciesForRole", role="role"),
    _need("Ram", "AttachPolicyToRole", role="made_role", policy="role_policies"),
    _need("Ram", "GetPolicy", policy="role_policies"),
    _need("Ram", "CreatePolicy", "made_role_policy"),
    _need("Ram", "CreatePolicyVersion", policy="made_role_policy"),
    _need("foas", "ListCluster", "exclusive"),  # the custom policy is open while a cluster is STARTING
)
NETWORK = (
    _need("Vpc", "DescribeZones"),
    _need("Vpc", "DescribeVpcs"),
    _need("Vpc", "CreateVpc", "new_vpc"),
    _need("Vpc", "ModifyVpcAttribute", vpc="existing_vpc"),
    _need("Vpc", "DescribeVSwitches"),
    _need("Vpc", "CreateVSwitch", "new_vswitches", vpc="vpc"),
    _need("foas", "ListCluster", "exclusive"),
    _need("Ecs", "DescribeAvailableResource", "exclusive"),
    _need("foasconsole", "DescribeInstances", "managed"),
    _need("foasconsole", "DescribeSupportedZones", "managed"),
)
ORDER = (
    _need("BssOpenApi", "QueryAvailableInstances", "exclusive"),
    _need("foas", "ListCluster", "exclusive"),
    _need("foasconsole", "QueryCreateInstancePrice", "managed"),
)
PROJECT_RIGHTS = (_need("foas", "ListProject", "projects"),)
CLUSTER = (
    _need("foas", "CreateCluster", "exclusive", role="role"),
    _need("foas", "GetClusterDetails", "exclusive"),
    _need("Ecs", "DescribeSecurityGroups", "exclusive"),
    _need("Ecs", "DescribeNetworkInterfaces", "exclusive"),
    _need("foasconsole", "CreateInstance", "ordered"),
)
EXISTING_CLUSTER = (
    _need("foas", "ListCluster", "exclusive"),
    _need("foasconsole", "DescribeInstances", "managed"),
)
PROJECTS = (
    _need("foas", "GetClusterResource", "projects"),
    _need("foas", "ListProject", "projects"),
    _need("foas", "CreateProject", "projects", project="projects"),
    _need("foas", "GetClusterQueueInfo", "projects"),
    _need("foas", "CreateQueue", "projects"),
    _need("foas", "UpdateQueue", "projects"),
    _need("foas", "ListProjectBindQueue", project="projects"),
    _need("foas", "BindQueue", project="projects"),
    _need("foas", "ListPackage", project="projects_with_packages"),
    _need("foas", "CreatePackage", project="projects_with_packages"),
    _need("foas", "UpdatePackage", project="projects_with_packages"),
    _need("foasconsole", "DescribeNamespaces", "namespaces"),
    _need("foasconsole", "CreateNamespace", "namespaces"),
    _need("Ram", "GetUser", user="namespace_members"),
    _need("ververica", "ListMembers", project="namespaces_with_members"),
    _need("ververica", "CreateMember", project="namespaces_with_members"),
    _need("ververica", "UpdateMember", project="namespaces_with_members"),
)
ACCESS = (  # whatever is attached, to whomever; live probes need rights on a role that is named when they start
    _need("Ram", "GetUser", user="users"),
    _need("Ram", "ListGroupsForUser", user="users"),
    _need("Ram", "ListPoliciesForUser", user="users"),
    _need("Ram", "GetGroup", group="groups"),
    _need("Ram", "ListUsersForGroup", group="groups"),
    _need("Ram", "ListPoliciesForGroup", group="any_group"),
    _need("Ram", "GetRole", role="role"),
    _need("Ram", "ListPoliciesForRole", role="role"),
    _need("Ram", "GetPolicy", policy="any_policy"),
    _need("foas", "ListCluster", "exclusive"),
)

AUDIT = (
    _need("Ram", "ListAccessKeys", user="users"),
    _need("Ram", "GetLoginProfile", user="users"),  # of those who should have no logon, too
    _need("Ram", "GetUserMFAInfo", user="users"),
    _need("Ecs", "DescribeSecurityGroups"),
    _need("Ecs", "DescribeSecurityGroupAttribute"),
    _need("Actiontrail", "LookupEvents"),
)

SCALING = (
    _need("foas", "ListCluster", "exclusive"),
    _need("foas", "GetClusterDetails", "exclusive"),
    _need("foas", "GetClusterResource", "exclusive"),
    _need("foas", "GetClusterQueueInfo", "exclusive"),
    _need("BssOpenApi", "QueryAvailableInstances", "exclusive"),
    _need("Vpc", "DescribeVSwitches", "exclusive"),
    _need("foas", "UpdateQueue", "projects"),
    _need("foas", "ModifyMasterSpec", "exclusive"),
    _need("foas", "ExpandCluster", "exclusive"),
    _need("foas", "ShrinkCluster", "exclusive"),
    _need("foasconsole", "DescribeInstances", "managed"),
    _need("foasconsole", "DescribeNamespaces", "managed"),
    _need("foasconsole", "QueryModifyInstancePrice", "managed"),
    _need("foasconsole", "ModifyInstanceSpec", "managed"),
    _need("foasconsole", "ModifyPrepayInstanceSpec", "managed"),
    _need("foasconsole", "ModifyNamespaceSpecV2", "managed"),
    _need("foasconsole", "ModifyPrepayNamespaceSpec", "managed"),
)
RENEWAL = (
    _need("BssOpenApi", "QueryAvailableInstances"),
    _need("BssOpenApi", "SetRenewal", "auto_renewed"),
    _need("BssOpenApi", "RenewInstance", "exclusive"),
    _need("foasconsole", "DescribeInstances", "managed"),
    _need("foasconsole", "DescribeNamespaces", "managed"),
    _need("foasconsole", "QueryRenewInstancePrice", "managed"),
    _need("foasconsole", "RenewInstance", "managed"),
)
CONVERSION = (
    _need("foasconsole", "DescribeInstances", "managed"),
    _need("foasconsole", "DescribeNamespaces", "managed"),
    _need("foasconsole", "QueryConvertInstancePrice", "managed"),
    _need("foasconsole", "QueryConvertPrepayInstancePrice", "managed"),
    _need("foasconsole", "ConvertInstance", "managed"),
    _need("foasconsole", "ConvertPrepayInstance", "managed"),
)

STAFF = (
    _need("Ram", "GetUser", user="leavers"),
    _need("Ram", "GetLoginProfile", user="leavers"),
    _need("Ram", "GetUserMFAInfo", user="leavers"),
    _need("Ram", "ListGroupsForUser", user="leavers"),
    _need("Ram", "ListPoliciesForUser", user="leavers"),
    _need("Ram", "GetAccessKeyLastUsed", user="leavers"),
    _need("Ram", "ListAccessKeys", user="owners_of_keys"),
    _need("Ram", "CreateAccessKey", user="users_with_new_keys"),
    _need("Ram", "UpdateAccessKey", user="owners_of_keys"),
    _need("Ram", "DeleteAccessKey", user="owners_of_keys"),
    _need("Ram", "DeleteLoginProfile", user="leavers"),
    _need("Ram", "DetachPolicyFromUser", user="leavers", policy="any_policy"),
    _need("Ram", "RemoveUserFromGroup", user="leavers", group="any_group"),
    _need("Ram", "RemoveUserFromGroup", user="any_user", group="exact_groups"),
    _need("Ram", "DeleteUser", user="leavers"),
    _need("foasconsole", "DescribeInstances", "namespaces"),
    _need("foasconsole", "DescribeNamespaces", "namespaces"),
    _need("Ram", "GetUser", user="namespace_members"),
    _need("ververica", "ListMembers", project="peopled_namespaces"),
    _need("ververica", "CreateMember", project="namespaces_with_members"),
    _need("ververica", "UpdateMember", project="namespaces_with_members"),
    _need("ververica", "DeleteMember", project="left_namespaces"),
)


def _removal_of(policy: NameSet) -> Iterator[Need]:
    """Give what the deletion of custom policies with all their versions needs."""
    for action in ("GetPolicy", "ListEntitiesForPolicy", "ListPolicyVersions", "DeletePolicyVersion", "DeletePolicy"):
        yield _need("Ram", action, policy=policy)


# What a teardown deletes the journal knows, whatever the environment says now of what may be made.
REMOVAL_OF_PEOPLE = (
    *_removal_of(policy="people_policies"),
    _need("Ram", "DetachPolicyFromUser", user="entitled_users", policy="policies_of_users"),
    _need("Ram", "DetachPolicyFromGroup", group="entitled_groups", policy="policies_of_groups"),
    _need("Ram", "GetGroup", group="groups"),
    _need("Ram", "ListUsersForGroup", group="groups"),
    _need("Ram", "ListPoliciesForGroup", group="groups"),
    _need("Ram", "RemoveUserFromGroup", user="users", group="groups"),
    _need("Ram", "DeleteGroup", group="groups"),
    _need("Ram", "GetUser", user="users"),
    _need("Ram", "GetUser", user="leavers"),  # who are there as long as their grace lasts
    _need("Ram", "GetLoginProfile", user="users"),
    _need("Ram", "ListAccessKeys", user="users"),
    _need("Ram", "GetUserMFAInfo", user="users"),
    _need("Ram", "ListGroupsForUser", user="users"),
    _need("Ram", "ListPoliciesForUser", user="users"),
    _need("Ram", "DeleteLoginProfile", user="users"),
    _need("Ram", "DeleteUser", user="users"),
)
REMOVAL_OF_SERVICE = (  # the role is the account's in all regions
    _need("Ram", "GetRole", role="role"),
    _need("Ram", "ListPoliciesForRole", role="role"),
    _need("Ram", "DetachPolicyFromRole", role="role", policy="role_policies"),
    _need("Ram", "DeleteRole", role="role"),
    *_removal_of(policy="made_role_policy"),
    _need("foas", "ListCluster", "exclusive", region="any_region"),
    _need("foasconsole", "DescribeSupportedRegions", "managed"),
    _need("foasconsole", "DescribeInstances", "managed", region="any_region"),
)
REMOVAL_OF_WHAT_RUNS = (
    _need("foas", "ListProject", "exclusive"),
    _need("foas", "ListPackage", project="projects"),
    _need("foas", "ListJob", project="projects"),
    _need("foas", "DeletePackage", project="projects_with_packages"),
    _need("foas", "DeleteProject", project="projects"),
    _need("foas", "GetClusterQueueInfo", "projects"),
    _need("foas", "DeleteQueue", "projects"),
    _need("BssOpenApi", "QueryAvailableInstances", "exclusive"),
    _need("foas", "DestroyCluster", "exclusive"),
    _need("foasconsole", "DescribeNamespaces", "managed"),
    _need("foasconsole", "DeleteNamespace", "namespaces"),
    _need("foasconsole", "DeleteInstance", "managed"),
)
REMOVAL = (  # of the network and the bucket
    _need("Vpc", "DescribeVpcs"),
    _need("Vpc", "DescribeVSwitches"),
    _need("Ecs", "DescribeNetworkInterfaces", "own_vswitches"),
    _need("Vpc", "DeleteVSwitch", "own_vswitches"),
    _need("Ecs", "DescribeSecurityGroups", "own_vpc"),
    _need("Vpc", "DeleteVpc", "own_vpc"),
    _need("oss", "GetBucketInfo"),
    _need("oss", "ListObjectVersions"),
    _need("oss", "ListMultipartUploads"),
    _need("oss", "AbortMultipartUpload", key="packages"),
    _need("oss", "DeleteObject", key="packages"),
    _need("oss", "DeleteObject", key="journal"),
    _need("oss", "DeleteBucket"),
)

ADOPTION = (  # whoever it is that uses Realtime Compute
    _need("foas", "ListCluster", "exclusive"),
    _need("foas", "GetClusterDetails", "exclusive"),
    _need("foas", "GetClusterQueueInfo", "exclusive"),
    _need("foas", "ListProject", "exclusive"),
    _need("foas", "ListProjectBindQueue", "exclusive", project="any_name"),
    _need("foas", "ListPackage", "exclusive", project="any_name"),
    _need("foasconsole", "DescribeInstances", "managed"),
    _need("foasconsole", "DescribeNamespaces", "managed"),
    _need("ververica", "ListMembers", "managed", project="any_name"),
    _need("Vpc", "DescribeVpcs"),
    _need("Vpc", "DescribeVSwitches"),
    _need("oss", "GetBucketInfo", bucket="any_name"),
    _need("oss", "ListObjects", bucket="any_name"),
    _need("Ram", "GetPasswordPolicy"),
    _need("Ram", "GetSecurityPreference"),
    _need("Ram", "ListPolicies"),
    _need("Ram", "GetPolicy", policy="any_policy"),
    _need("Ram", "ListEntitiesForPolicy", policy="any_policy"),
    _need("Ram", "ListUsers", "managed"),  # members of namespaces are told by their ids
    _need("Ram", "ListUsersForGroup", group="any_group"),
    _need("Ram", "GetGroup", group="any_group"),
    _need("Ram", "GetUser", user="any_name"),
    _need("Ram", "GetLoginProfile", user="any_name"),
    _need("Ram", "ListRoles"),
    _need("Ram", "GetRole", role="any_name"),
    _need("Ram", "ListPoliciesForRole", role="any_name"),
)
EXPORT = (
    _need("Vpc", "DescribeVpcs"),
    _need("Vpc", "DescribeVSwitches"),
    _need("oss", "GetBucketInfo"),
    _need("foasconsole", "DescribeInstances", "managed"),
    _need("foasconsole", "DescribeNamespaces", "managed"),
    _need("Ram", "GetUser", user="users"),
    _need("Ram", "GetGroup", group="groups"),
    _need("Ram", "ListUsersForGroup", group="groups"),
    _need("Ram", "ListPoliciesForUser", user="entitled_users"),
    _need("Ram", "ListPoliciesForGroup", group="entitled_groups"),
    _need("Ram", "GetPolicy", policy="people_policies"),
    _need("Ram", "GetPolicy", policy="role_policies"),
    _need("Ram", "GetRole", role="role"),
    _need("Ram", "ListPoliciesForRole", role="role"),
)
ORPHANS = (
    _need("BssOpenApi", "QueryAvailableInstances"),
    _need("foas", "ListCluster"),
    _need("foas", "GetClusterDetails"),
    _need("foasconsole", "DescribeInstances"),
    _need("foasconsole", "QueryCreateInstancePrice"),
    _need("Vpc", "DescribeVpcs"),
    _need("Vpc", "DescribeVSwitches"),
    _need("oss", "ListBuckets"),
    _need("oss", "ListObjects", bucket="any_name"),
    _need("oss", "GetObject", bucket="any_name", key="any_name"),
    _need("Ram", "ListUsers"),
    _need("Ram", "ListGroups"),
    _need("Ram", "ListRoles"),
    _need("Ram", "ListPolicies"),
)


@dataclass(frozen=True)
class Flow:
    """The parts that a flow is made of, and whether it writes."""

    parts: tuple[tuple[Need, ...], ...]
    writes: bool = True

    @property
    def needs(self) -> tuple[Need, ...]:
        """The calls that it may send."""
        return tuple(need for part in self.parts for need in part if self.writes or not need.to_write)


_SURROUNDINGS = (IDENTITY, JOURNAL, NETWORK, BUCKET, PACKAGES, ORDER)
_EVERYTHING = (*_SURROUNDINGS, PEOPLE, SERVICE, PROJECT_RIGHTS, CLUSTER, PROJECTS)

# As flows/procedure.py composes them. A new flow is a new line here.
FLOWS: Mapping[FlowName, Flow] = {
    "prepare": Flow(_EVERYTHING),
    "plan": Flow(_EVERYTHING, writes=False),
    "audit": Flow((*_EVERYTHING, ACCESS, AUDIT), writes=False),
    "authorize": Flow((IDENTITY, JOURNAL, BUCKET, PEOPLE, SERVICE)),
    "check": Flow((*_SURROUNDINGS, PROJECT_RIGHTS), writes=False),
    "create_cluster": Flow((*_SURROUNDINGS, SERVICE, CLUSTER)),
    "create_project": Flow((IDENTITY, JOURNAL, BUCKET, PROJECT_RIGHTS, EXISTING_CLUSTER, PROJECTS)),
    "people": Flow((IDENTITY, JOURNAL, BUCKET, PEOPLE, STAFF)),
    "prove_access": Flow((IDENTITY, JOURNAL, ACCESS), writes=False),
    "adopt": Flow((ADOPTION,), writes=False),
    "export": Flow((IDENTITY, JOURNAL, EXPORT), writes=False),
    "orphans": Flow((IDENTITY, ORPHANS), writes=False),
    "resolve": Flow((JOURNAL,)),
    "scale": Flow((IDENTITY, JOURNAL, BUCKET, SCALING)),
    "renew": Flow((IDENTITY, JOURNAL, BUCKET, RENEWAL)),
    "convert": Flow((IDENTITY, JOURNAL, BUCKET, CONVERSION)),
    "teardown": Flow((IDENTITY, JOURNAL, REMOVAL_OF_PEOPLE, REMOVAL_OF_SERVICE, REMOVAL_OF_WHAT_RUNS, REMOVAL)),
}


def grants(flows: Iterable[FlowName], names: Names) -> dict[str, list[str]]:
    """Give what the runner of these flows needs: the resources that each action is allowed on.

    What only the account itself may do is not among it: a right does not help.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for need in _needs(flows, names):
        if need.key not in ACCOUNT_ONLY:
            for right in RIGHTS[need.key]:
                found[right.name].update(_resources(right, need, names))
    return {action: sorted(resources) for action, resources in sorted(found.items()) if resources}


def account_only(flows: Iterable[FlowName], names: Names) -> dict[str, str]:
    """Give the actions that the account's own AccessKey must send, each with the reason."""
    wanted = {need.key for need in _needs(flows, names)}
    return {action: reason for (code, action), reason in ACCOUNT_ONLY.items() if (code, action) in wanted}


def _needs(flows: Iterable[FlowName], names: Names) -> Iterator[Need]:
    for flow in flows:
        for need in FLOWS[flow].needs:
            if need.given is None or names[need.given]:
                yield need


def _resources(right: CallRight, need: Need, names: Names) -> Iterator[str]:
    """Fill a right's resources; one whose names are an empty set for this environment gives none."""
    sets = {field: names[need.names.get(field, field)] for field in right.placeholders}  # type: ignore[arg-type]
    if all(sets.values()):
        for resource in right.resources:
            yield from _filled(resource, sets)


def _filled(resource: str, sets: Mapping[str, Sequence[str]]) -> Iterator[str]:
    fields = [field for field in sets if f"{{{field}}}" in resource]
    for chosen in product(*(sets[field] for field in fields)):
        yield resource.format(**dict(zip(fields, chosen, strict=True)))
