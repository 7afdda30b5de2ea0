"""Custom policies, and their attachment to users, groups and roles."""

from __future__ import annotations

from alicloud import ram_policies
from alicloud.ram_policies import AttachmentSpec, Policy, PolicySpec
from alicloud.session import Session
from alicloud.settle import settle
from blocks.runner_rights import need
from tasks.step import step


@step(
    "Policy {spec.name}",
    "R3",
    needs=(
        need(ram_policies.create_policy),
        need(ram_policies.create_policy_version, policy="people_policies"),
        need(ram_policies.get_policy, policy="people_policies"),
    ),
)
def ensure_policy(cloud: Session, spec: PolicySpec) -> Policy | None:
    """Make the custom policy, or give it a new default version when its document means something else."""
    return settle(cloud, ram_policies.get_policy(spec.name), spec, ram_policies.policy_changes)


@step(
    "Policies of {spec.principal_kind} {spec.principal}",
    "R4",
    needs=(
        need(ram_policies.attach_policy, user="entitled_users", policy="policies_of_users"),
        need(ram_policies.attach_policy, group="entitled_groups", policy="policies_of_groups"),
        need(ram_policies.list_policies_for, user="entitled_users"),
        need(ram_policies.list_policies_for, group="entitled_groups"),
    ),
)
def ensure_attachments(cloud: Session, spec: AttachmentSpec) -> None:
    """Attach the wanted policies to a user, group or role. Others that are attached stay."""
    read = ram_policies.list_policies_for(spec.principal_kind, spec.principal)
    settle(cloud, read, spec, ram_policies.attachment_changes)
