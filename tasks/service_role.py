"""The role that Realtime Compute acts through: trust, policies, the check before anything depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alicloud import foas, ram_policies
from alicloud.call import Call
from alicloud.foas import Cluster
from alicloud.ram_policies import Attachment, AttachmentSpec, Policy, PolicySpec, Role
from alicloud.role_trust import RoleSpec
from alicloud.session import Session
from alicloud.settle import settle
from alicloud.snapshot import Write
from blocks import desired
from blocks.environment import Environment
from blocks.runner_rights import need
from tasks.step import step

_CUSTOM_POLICY = (
    need(ram_policies.create_policy, "made_role_policy"),
    need(ram_policies.create_policy_version, policy="made_role_policy"),
    need(ram_policies.get_policy, policy="made_role_policy"),
)
# What `check_service_again` and `open_exclusive_policy` need, in whichever step.
SERVICE_AGAIN = (need(ram_policies.get_role), need(ram_policies.list_policies_for, role="role"), *_CUSTOM_POLICY)


@step(
    "Role {spec.name}",
    "R7",
    needs=(
        need(ram_policies.create_role),
        need(ram_policies.get_role),
        need(ram_policies.update_role),
    ),
)
def ensure_service_role(cloud: Session, spec: RoleSpec) -> None:
    """Make the role with the service's trust policy, or correct its trust policy."""
    settle(cloud, ram_policies.get_role(spec.name), spec, ram_policies.role_changes)


@step(
    "Policy {opened.name}",
    "R9",
    "R10",
    needs=(need(foas.list_cluster), *_CUSTOM_POLICY),
)
def ensure_exclusive_policy(
    cloud: Session, opened: PolicySpec, tightened: PolicySpec, cluster_name: str
) -> Policy | None:
    """Give the custom policy of exclusive mode what the cluster's state asks for.

    Until the cluster is RUNNING the service may create a security group; a policy of a running cluster that is
    tightened stays so.
    """
    clusters = cloud.recall(foas.list_cluster())
    cluster = foas.pick_cluster(cluster_name, clusters)
    being_made = cluster is None or cluster.state == "STARTING"  # one that is being changed exists, and stays tightened
    if not being_made and _others_starting(cluster_name, clusters):
        return settle(cloud, ram_policies.get_policy(tightened.name), tightened, _at_least)
    spec = opened if being_made else tightened
    planned = Policy(spec.name, "Custom", spec.document, "v1", 0)
    return settle(cloud, ram_policies.get_policy(spec.name), spec, ram_policies.policy_changes, planned)


@step(
    "Tightened policy {spec.name}",
    "R10",
    needs=(need(foas.list_cluster), *_CUSTOM_POLICY),
)
def tighten_exclusive_policy(cloud: Session, spec: PolicySpec, cluster: Cluster) -> Policy | None:
    """Take from the policy, now that the cluster runs, the rights to create and open security groups.

    The policy is the account's: as long as another cluster of the region is STARTING it stays open, and the run that
    waits for that one tightens it. Clusters of other regions are not seen: prepare one region of an account at a time.
    """
    read = ram_policies.get_policy(spec.name)
    if not ram_policies.policy_changes(spec, cloud.recall(read)):
        return cloud.recall(read)
    if _others_starting(cluster.name, cloud.send(foas.list_cluster())):
        return settle(cloud, read, spec, _at_least)
    return _tightened(cloud, spec, cluster.name)


def left_open(left: Sequence[Write]) -> bool:
    """Say whether all that is left to do is to take rights that were left to another cluster, which needs them no more.

    The last run of several may still be between two looks at its cluster, or dead.
    """
    name = desired.exclusive_policy(False).name
    return bool(left) and all(write.action == "CreatePolicyVersion" and name in write.names for write in left)


def shut_exclusive_policy(cloud: Session, cluster_name: str) -> None:
    """Tighten the policy, as somebody else's cluster that it was left open for runs meanwhile."""
    spec = desired.exclusive_policy(False)
    read = ram_policies.get_policy(spec.name)
    if not _others_starting(cluster_name, cloud.send(foas.list_cluster())):
        cloud.snapshot.keep(read, cloud.send(read))
        _tightened(cloud, spec, cluster_name)


def _tightened(cloud: Session, spec: PolicySpec, cluster_name: str) -> Policy | None:
    policy = settle(cloud, ram_policies.get_policy(spec.name), spec, ram_policies.policy_changes)
    if not cloud.dry and _others_starting(cluster_name, cloud.send(foas.list_cluster())):  # begun at the same moment
        open_exclusive_policy(cloud)
    return policy


def open_exclusive_policy(cloud: Session) -> None:
    """Let the service create security groups, whatever was done to the policy since it was prepared."""
    spec = desired.exclusive_policy(True)
    read = ram_policies.get_policy(spec.name)
    cloud.snapshot.keep(read, cloud.send(read))
    settle(cloud, read, spec, ram_policies.policy_changes)


def _others_starting(cluster_name: str, clusters: Sequence[Cluster]) -> bool:
    return any(each.state == "STARTING" and each.name != cluster_name for each in clusters)


def _at_least(spec: PolicySpec, actual: Policy | None) -> list[Call[Any]]:
    """Decide that a policy which is open, for somebody else's cluster, is as wanted."""
    if not ram_policies.policy_changes(desired.exclusive_policy(True), actual):
        return []
    return ram_policies.policy_changes(spec, actual)


def check_service_again(cloud: Session, environment: Environment) -> None:
    """Check right before a creation: somebody may have taken role or rights from the service since they were prepared.

    Raises:
        ManualStep: role or a policy is missing, or the role trusts something else.
    """
    spec, needed = desired.service_role(environment), desired.service_policies(environment)
    attached = cloud.send(ram_policies.list_policies_for("role", spec.name))
    ram_policies.check_role(spec, cloud.send(ram_policies.get_role(spec.name)), attached, needed.policies)
    if environment.cluster.mode == "exclusive" and environment.service_role.create:
        open_exclusive_policy(cloud)


@step(
    "Policies of role {spec.principal}",
    "R8",
    "R9",
    needs=(
        need(ram_policies.attach_policy, role="role", policy="role_policies"),
        need(ram_policies.list_policies_for, role="role"),
    ),
)
def ensure_service_policies(cloud: Session, spec: AttachmentSpec) -> None:
    """Attach the service's policies to the role."""
    read = ram_policies.list_policies_for("role", spec.principal)
    settle(cloud, read, spec, ram_policies.attachment_changes)


@step(
    "Authorization of {spec.name}, checked again",
    "R7",
    "R11",
    needs=(
        need(ram_policies.get_role),
        need(ram_policies.list_policies_for, role="role"),
    ),
)
def check_service_role(cloud: Session, spec: RoleSpec, needed: tuple[Attachment, ...], may_create: bool) -> Role | None:
    """Read role and policies again after authorization, before anything depends on them.

    Raises:
        ManualStep: role or a policy is missing, or the role trusts something else.
    """
    role = cloud.send(ram_policies.get_role(spec.name))
    attached = cloud.send(ram_policies.list_policies_for("role", spec.name))
    if not (cloud.dry and may_create):  # a plan that will make the role has nothing to check yet
        ram_policies.check_role(spec, role, attached, needed)
    return role


@step("Documents of role {role_name}", "R8", needs=(need(ram_policies.get_policy, policy="role_policies"),))
def read_service_documents(cloud: Session, role_name: str, policies: tuple[Attachment, ...]) -> dict[str, str]:
    """Read the documents of the role's policies, for the report."""
    found: dict[str, str] = {}
    for attachment in policies:
        policy = cloud.recall(ram_policies.get_policy(attachment.name, attachment.type))
        if policy is not None:
            found[attachment.name] = policy.document
    return found
