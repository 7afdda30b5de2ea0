"""Takes the service's role away, and its custom policy, when the account has nothing left that acts through them."""

from __future__ import annotations

from alicloud import foas, foasconsole, foasconsole_removal, ram_policies, ram_removal
from alicloud.endpoints import EXCLUSIVE_REGIONS
from alicloud.ram_policies import AttachmentSpec, PolicySpec
from alicloud.role_trust import RoleSpec
from alicloud.session import Session
from blocks import holdbacks
from blocks.holdbacks import Fate
from blocks.runner_rights import need
from tasks.removal import delete, look, whose
from tasks.step import step


@step(
    "Removal of role {spec.name}",
    needs=(
        need(foas.list_cluster, "exclusive", region="any_region"),
        need(foasconsole.describe_instances, "managed", region="any_region"),
        need(foasconsole_removal.describe_supported_regions, "managed"),
        need(ram_policies.get_role),
        need(ram_policies.list_policies_for, role="role"),
        need(ram_removal.delete_role),
        need(ram_removal.detach_policy, role="role", policy="role_policies"),
    ),
)
def remove_role(cloud: Session, spec: RoleSpec, policies: AttachmentSpec, exclusive: bool, cluster: Fate) -> Fate:
    """Delete the service's role, unless a cluster or workspace of any region is left.

    Args:
        policies: what the environment attaches to it.
        exclusive: the role is that of clusters; else of workspaces.
        cluster: what became of the environment's own.
    """
    what = f"Role {spec.name}"
    role = look(cloud, ram_policies.get_role(spec.name))
    if role is None:
        return holdbacks.absent(what)
    if strange := whose(cloud, ram_policies.role_key(spec.name), role.created_at):
        return holdbacks.held(what, strange)
    attached = ram_policies.list_policies_for("role", spec.name)
    in_use = holdbacks.staying([cluster])
    if not in_use:
        users = _clusters(cloud, cluster) if exclusive else _workspaces(cloud, cluster)
        in_use = holdbacks.role_in_use(spec, role, look(cloud, attached), policies.policies, users)
    if in_use:
        return holdbacks.held(what, in_use)
    delete(cloud, attached, spec.name, ram_removal.role_attachments_removal)
    delete(cloud, ram_policies.get_role(spec.name), spec.name, ram_removal.role_removal)
    return holdbacks.removed(what)


def _clusters(cloud: Session, own: Fate) -> list[str]:
    """Give the clusters of all regions but the environment's own, which is gone or goes first."""
    found: list[str] = []
    for region in sorted({*EXCLUSIVE_REGIONS, cloud.region}):
        with cloud.sibling(region=region) as there:
            rows = there.read_again(foas.list_cluster())
        living = [row for row in rows if row.state != "DESTROYED" and row.cluster_id != own.id]
        found += [f"cluster {row.name} in {region}" for row in living]
    return found


def _workspaces(cloud: Session, own: Fate) -> list[str]:
    found: list[str] = []
    for region in sorted({*look(cloud, foasconsole_removal.describe_supported_regions()), cloud.region}):
        with cloud.sibling(region=region) as there:
            rows = there.read_again(foasconsole.describe_instances(region))
        living = [row for row in rows if row.status != "DELETED" and row.instance_id != own.id]
        found += [f"workspace {row.name} in {region}" for row in living]
    return found


@step(
    "Removal of policy {spec.name}",
    needs=(
        need(ram_policies.get_policy, policy="made_role_policy"),
        need(ram_removal.delete_policy, policy="made_role_policy"),
        need(ram_removal.delete_policy_version, policy="made_role_policy"),
        need(ram_removal.list_entities_for_policy, policy="made_role_policy"),
        need(ram_removal.list_policy_versions, policy="made_role_policy"),
    ),
)
def remove_service_policy(cloud: Session, spec: PolicySpec, role: Fate, role_name: str) -> Fate:
    """Delete the service's custom policy (R9), which is the account's in all regions, once its role is gone."""
    what = f"Policy {spec.name}"
    policy = look(cloud, ram_policies.get_policy(spec.name))
    if policy is None:
        return holdbacks.absent(what)
    if strange := whose(cloud, ram_policies.policy_key(spec.name), policy.created_at):
        return holdbacks.held(what, strange)
    entities = look(cloud, ram_removal.list_entities_for_policy(spec.name))
    leaving: list[ram_removal.Principal] = [("role", role_name)] if role.gone else []
    shared = holdbacks.first(holdbacks.staying([role]), holdbacks.policy_in_use(entities, leaving))
    if shared:
        return holdbacks.held(what, shared)
    delete(cloud, ram_removal.list_policy_versions(spec.name), spec.name, ram_removal.versions_removal)
    delete(cloud, ram_policies.get_policy(spec.name), spec.name, ram_removal.policy_removal)
    return holdbacks.removed(what)
