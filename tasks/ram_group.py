"""RAM user groups and their members."""

from __future__ import annotations

from alicloud import leaving, ram, ram_removal, sts
from alicloud.ram import Group, GroupSpec, MembershipSpec
from alicloud.session import Session
from alicloud.settle import settle
from blocks.runner_rights import need
from tasks.runner import runner_user
from tasks.step import step


@step(
    "RAM group {spec.name}",
    "R4",
    needs=(
        need(ram.create_group),
        need(ram.get_group, group="groups"),
        need(ram.update_group, group="described_groups"),
    ),
)
def ensure_group(cloud: Session, spec: GroupSpec) -> Group | None:
    """Make the RAM user group."""
    return settle(cloud, ram.get_group(spec.name), spec, ram.group_changes)


@step(
    "Members of {spec.group}",
    "R4",
    needs=(
        need(ram.add_user_to_group, user="members", group="filled_groups"),
        need(ram.list_users_for_group, group="groups"),
    ),
)
def ensure_members(cloud: Session, spec: MembershipSpec) -> None:
    """Put the wanted users into the group. Members that the environment does not name stay."""
    settle(cloud, ram.list_users_for_group(spec.group), spec, ram.membership_changes)


@step(
    "Nobody else in {spec.group}",
    "R4",
    needs=(
        need(ram.list_users_for_group, group="exact_groups"),
        need(ram_removal.remove_user_from_group, user="any_user", group="exact_groups"),
        need(sts.get_caller_identity),
    ),
)
def ensure_exact_members(cloud: Session, spec: MembershipSpec) -> None:
    """Take those out of the group whom the environment does not name, but never the RAM user who runs this."""
    runner = runner_user(cloud)
    settle(
        cloud,
        ram.list_users_for_group(spec.group),
        spec,
        lambda wanted, actual: leaving.others_out(wanted, actual, runner),
    )
