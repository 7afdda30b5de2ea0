"""The role that Realtime Compute acts through: trust, policies, the check before anything depends on it."""

from __future__ import annotations

from alicloud import foas, ram_policies
from alicloud.ram_policies import Attachment, AttachmentSpec, Policy, PolicySpec, Role, RoleSpec
from alicloud.session import Session
from alicloud.settle import settle
from tasks.step import step


@step("Role {spec.name}", "R7")
def ensure_service_role(cloud: Session, spec: RoleSpec) -> None:
    """Make the role with the service's trust policy, or correct its trust policy."""
    settle(cloud, ram_policies.get_role(spec.name), spec, ram_policies.role_changes)


@step("Policy {opened.name}", "R9", "R10")
def ensure_exclusive_policy(
    cloud: Session, opened: PolicySpec, tightened: PolicySpec, cluster_name: str
) -> Policy | None:
    """Give the custom policy of exclusive mode what the cluster's state asks for.

    Until the cluster is RUNNING the service may create a security group; a policy of a running cluster that is
    tightened stays so.
    """
    cluster = foas.pick_cluster(cluster_name, cloud.recall(foas.list_cluster()))
    being_made = cluster is None or cluster.state == "STARTING"  # one that is being changed exists, and stays tightened
    spec = opened if being_made else tightened
    planned = Policy(spec.name, "Custom", spec.document, "v1", 0)
    return settle(cloud, ram_policies.get_policy(spec.name), spec, ram_policies.policy_changes, planned)


@step("Tightened policy {spec.name}", "R10")
def tighten_exclusive_policy(cloud: Session, spec: PolicySpec) -> Policy | None:
    """Take from the policy, now that the cluster runs, the rights to create and open security groups."""
    return settle(cloud, ram_policies.get_policy(spec.name), spec, ram_policies.policy_changes)


@step("Policies of role {spec.principal}", "R8", "R9")
def ensure_service_policies(cloud: Session, spec: AttachmentSpec) -> None:
    """Attach the service's policies to the role."""
    read = ram_policies.list_policies_for("role", spec.principal)
    settle(cloud, read, spec, ram_policies.attachment_changes)


@step("Authorization of {spec.name}, checked again", "R7", "R11")
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


@step("Documents of role {role_name}", "R8")
def read_service_documents(cloud: Session, role_name: str, policies: tuple[Attachment, ...]) -> dict[str, str]:
    """Read the documents of the role's policies, for the report."""
    found: dict[str, str] = {}
    for attachment in policies:
        policy = cloud.recall(ram_policies.get_policy(attachment.name, attachment.type))
        if policy is not None:
            found[attachment.name] = policy.document
    return found
