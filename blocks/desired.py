"""What an environment wants of each product, in the product's own terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from alicloud import prerequisites
from alicloud.bssopenapi_renewal import TermSpec
from alicloud.foas import ClusterSpec
from alicloud.foas_projects import ProjectSpec
from alicloud.foas_queues import Queue
from alicloud.foas_scaling import SizeSpec, queued_cus
from alicloud.foasconsole import WorkspaceSpec
from alicloud.foasconsole_conversion import BillingSpec
from alicloud.foasconsole_renewal import RenewalSpec
from alicloud.foasconsole_scaling import WorkspaceSize
from alicloud.leaving import LeaverSpec
from alicloud.oss import BucketSpec
from alicloud.ram import GroupSpec, MembershipSpec, UserSpec
from alicloud.ram_account import PasswordPolicySpec, SecurityPreferenceSpec
from alicloud.ram_policies import Attachment, AttachmentSpec, PolicySpec, PrincipalKind
from alicloud.role_trust import RoleSpec
from alicloud.vpc import VpcSpec
from alicloud.vpc_vswitches import VSwitchSpec
from blocks.clusters import ExclusiveCluster, ManagedWorkspace
from blocks.environment import Environment, Project, VSwitch
from blocks.people import Group, User

# Of a role that we make: by it one is found again.
ROLE_DESCRIPTION = "Realtime Compute for Apache Flink acts through this role"


@dataclass(frozen=True)
class Access:
    """A policy on projects, and the user or group that it is attached to (R3, R4)."""

    policy: PolicySpec
    attachment: AttachmentSpec


def users(environment: Environment) -> list[UserSpec]:
    return [
        UserSpec(name=user.name, display_name=user.display_name, email=user.email) for user in environment.people.users
    ]


def logon_secret(environment: Environment, user: User) -> str:
    """Give the name, of a Secret block or a file, under which a user's one-time password is handed over."""
    clean = re.sub(r"[^a-z0-9-]", "-", user.name.lower())
    return f"logon-{environment.name}-{clean}-{_digest(environment.name, user.name)}"


def key_secret(environment: Environment, user: str, access_key_id: str) -> str:
    """Give the name, of a Secret block or a file, under which a user's new AccessKey is handed over."""
    clean = re.sub(r"[^a-z0-9-]", "-", user.lower())
    return f"key-{environment.name}-{clean}-{_digest(environment.name, user, access_key_id)}"


def leaver(environment: Environment, name: str) -> LeaverSpec:
    """Give what binds a leaver to the environment."""
    groups = tuple(group.name for group in environment.people.groups)
    return LeaverSpec(name, groups, policy_name(environment.name, "user", name))


def _digest(*parts: str) -> str:
    """Tell names apart that run together once they are joined."""
    return sha256("\0".join(parts).encode()).hexdigest()[:8]


def namespace_members(environment: Environment, project: Project) -> list[tuple[str, str]]:
    """Give who uses a namespace: its managers as owners, users of its groups and own rights as editors."""
    roles: dict[str, str] = {}
    for group in environment.people.groups:
        if {"*", project.name} & set(group.projects):
            roles.update(dict.fromkeys(group.members, "EDITOR"))
    for user in environment.people.users:
        if {"*", project.name} & set(user.projects):
            roles[user.name] = "EDITOR"
    roles.update(dict.fromkeys(project.managers, "OWNER"))
    return sorted(roles.items())


def groups(environment: Environment) -> list[tuple[GroupSpec, MembershipSpec]]:
    return [
        (GroupSpec(group.name, group.comments), MembershipSpec(group.name, tuple(group.members)))
        for group in environment.people.groups
    ]


def accesses(environment: Environment) -> list[Access]:
    """Give every policy that the environment's people need, with where it is attached."""
    found = [_access(environment, "group", group) for group in environment.people.groups if group.projects]
    return found + [_access(environment, "user", user) for user in environment.people.users if user.projects]


def _access(environment: Environment, kind: PrincipalKind, who: User | Group) -> Access:
    projects: Sequence[str] = ("*",) if "*" in who.projects else who.projects
    name = policy_name(environment.name, kind, who.name)
    policy = PolicySpec(
        name=name,
        document=prerequisites.people_policy_document(projects),
        description=f"Realtime Compute for {kind} {who.name} of environment {environment.name}",
    )
    return Access(policy, AttachmentSpec(kind, who.name, (Attachment(name, "Custom"),)))


def policy_name(environment: str, kind: str, who: str) -> str:
    """Give a name that RAM accepts and that no other environment, group or user gets.

    A name that had to be changed, or that could be read in two ways, ends with a digest.
    """
    wanted = f"RealtimeCompute-{environment}-{kind}-{who}"
    clean = re.sub(r"[^A-Za-z0-9-]", "-", wanted)
    ways = len(re.findall(r"(?=-(?:group|user)-)", clean))
    if clean == wanted and ways == 1:
        return clean
    return f"{clean[:100]}-{_digest(environment, kind, who)}"


def password_policy(environment: Environment) -> PasswordPolicySpec:
    wanted = environment.people.password_policy
    return PasswordPolicySpec(
        minimum_length=wanted.minimum_length,
        require_lowercase=wanted.require_lowercase,
        require_uppercase=wanted.require_uppercase,
        require_numbers=wanted.require_numbers,
        require_symbols=wanted.require_symbols,
        max_age_days=wanted.max_age_days,
        reuse_prevention=wanted.reuse_prevention,
        max_attempts=wanted.max_attempts,
    )


def security_preference(environment: Environment) -> SecurityPreferenceSpec:
    wanted = environment.people.security_preference
    return SecurityPreferenceSpec(
        allow_user_to_change_password=wanted.allow_user_to_change_password,
        allow_user_to_manage_access_keys=wanted.allow_user_to_manage_access_keys,
        allow_user_to_manage_mfa_devices=wanted.allow_user_to_manage_mfa_devices,
        enable_save_mfa_ticket=wanted.enable_save_mfa_ticket,
        login_session_hours=wanted.login_session_hours,
    )


def service_role(environment: Environment) -> RoleSpec:
    exclusive = environment.cluster.mode == "exclusive"
    name = prerequisites.EXCLUSIVE_ROLE if exclusive else prerequisites.MANAGED_ROLE
    services = prerequisites.EXCLUSIVE_SERVICES if exclusive else prerequisites.MANAGED_SERVICES
    wanted = environment.service_role
    return RoleSpec(
        name=wanted.name or name,
        trusted_service=wanted.trusted_service or services[0],
        description=ROLE_DESCRIPTION,
        candidates=() if wanted.trusted_service else services,
    )


def service_policies(environment: Environment) -> AttachmentSpec:
    """Give the policies that the service role carries (R8, R9; managed: R24)."""
    if environment.cluster.mode == "exclusive":
        policies: tuple[Attachment, ...] = (
            Attachment(prerequisites.EXCLUSIVE_ROLE_POLICY, "System"),
            Attachment(prerequisites.EXCLUSIVE_CUSTOM_POLICY, "Custom"),
            Attachment(prerequisites.OSS_FULL_ACCESS, "System"),
        )
    else:
        policies = tuple(Attachment(name, "System") for name in prerequisites.MANAGED_ROLE_POLICIES)
    return AttachmentSpec("role", service_role(environment).name, policies)


def exclusive_policy(open_for_creation: bool) -> PolicySpec:
    """Give the custom policy of R9: open while a cluster is created, tightened after (R10)."""
    return PolicySpec(
        name=prerequisites.EXCLUSIVE_CUSTOM_POLICY,
        document=prerequisites.exclusive_policy_document(open_for_creation),
        description="Network rights of Realtime Compute in exclusive mode",
    )


def vpc(environment: Environment) -> VpcSpec:
    wanted = environment.network.vpc
    return VpcSpec(
        environment=environment.name,
        region=environment.region,
        vpc_id=wanted.id,
        name=wanted.name,
        cidr=wanted.cidr,
        may_create=environment.safety.may_create_network,
    )


def vswitch(environment: Environment, wanted: VSwitch, vpc_id: str) -> VSwitchSpec:
    return VSwitchSpec(
        environment=environment.name,
        vpc_id=vpc_id,
        vswitch_id=wanted.id,
        name=wanted.name,
        cidr=wanted.cidr,
        zone=wanted.zone or environment.network.zone,
        may_create=environment.safety.may_create_network,
    )


def bucket(environment: Environment) -> BucketSpec:
    storage = environment.storage
    return BucketSpec(storage.bucket, environment.region, storage.redundancy, True, storage.encryption)


def exclusive(environment: Environment) -> ExclusiveCluster:
    """Give the cluster of an environment of exclusive mode; nobody else asks."""
    assert isinstance(environment.cluster, ExclusiveCluster)  # noqa: S101  the procedure branches on the mode
    return environment.cluster


def managed(environment: Environment) -> ManagedWorkspace:
    """Give the workspace of an environment of managed mode; nobody else asks."""
    assert isinstance(environment.cluster, ManagedWorkspace)  # noqa: S101  the procedure branches on the mode
    return environment.cluster


def cluster(environment: Environment, order_id: str, vpc_id: str, vswitch_id: str) -> ClusterSpec:
    wanted = exclusive(environment)
    return ClusterSpec(
        name=wanted.name,
        description=wanted.description,
        order_id=order_id,
        bucket=environment.storage.bucket,
        vpc_id=vpc_id,
        vswitch_id=vswitch_id,
        zone=environment.network.zone,
    )


def workspace(environment: Environment, vpc_id: str, vswitch_ids: Sequence[str]) -> WorkspaceSpec:
    wanted = managed(environment)
    subscription = wanted.charge_type == "Subscription"
    return WorkspaceSpec(
        region=environment.region,
        name=wanted.name,
        charge_type="PRE" if subscription else "POST",
        cpu=wanted.compute_units,
        vpc_id=vpc_id,
        vswitch_ids=tuple(vswitch_ids),
        bucket=environment.storage.bucket if wanted.storage == "bucket" else "",
        managed_storage=wanted.storage == "managed",
        zone=environment.network.zone,
        duration=wanted.duration_months,
        pricing_cycle="Month",
        auto_renew=wanted.auto_renew and subscription,
    )


def project(project: Project, cluster_id: str, account_id: str) -> ProjectSpec:
    return ProjectSpec(
        name=project.name,
        description=project.description,
        cluster_id=cluster_id,
        cus=project.compute_units,
        managers=(account_id,),
        account_id=account_id,
    )


def cluster_size(environment: Environment, queues: Sequence[Queue]) -> SizeSpec:
    """Give the size of an exclusive cluster; `queues` are those that there are, which projects of ours resize."""
    master, slave = exclusive(environment).master, exclusive(environment).slave
    ours = {f"root.{project.name}": project.compute_units for project in environment.projects}
    return SizeSpec(
        master_specification=master.specification if master else None,
        master_number=master.number if master else None,
        slave_specification=slave.specification if slave else None,
        slave_number=slave.number if slave else None,
        max_cus=environment.safety.max_compute_units,
        queued_cus=queued_cus(queues, ours),
    )


def workspace_size(environment: Environment) -> WorkspaceSize:
    wanted = managed(environment)
    return WorkspaceSize(
        region=environment.region,
        cus=wanted.compute_units,
        max_cus=environment.safety.max_compute_units,
        namespaces={project.name: project.compute_units for project in environment.projects},
    )


def renewal(environment: Environment, within_days: int) -> RenewalSpec:
    return RenewalSpec(environment.region, environment.cluster.duration_months, within_days)


def term(environment: Environment, within_days: int) -> TermSpec:
    cluster = environment.cluster
    return TermSpec(cluster.duration_months, within_days, cluster.auto_renew)


def billing(environment: Environment) -> BillingSpec:
    wanted = managed(environment)
    subscription = wanted.charge_type == "Subscription"
    return BillingSpec(
        region=environment.region,
        charge_type="PRE" if subscription else "POST",
        months=wanted.duration_months,
        auto_renew=wanted.auto_renew and subscription,
    )
