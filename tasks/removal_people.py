"""Takes the environment's people away: policies, groups, users. What others use stays."""

from __future__ import annotations

from collections.abc import Sequence

from alicloud import ram, ram_logon, ram_policies, ram_removal
from alicloud.ram import GroupSpec
from alicloud.session import Session
from blocks import holdbacks
from blocks.desired import Access
from blocks.holdbacks import Fate
from blocks.runner_rights import need
from tasks.removal import delete, look, whose
from tasks.step import step


@step(
    "Removal of policy {access.policy.name}",
    needs=(
        need(ram.list_users_for_group, group="groups"),
        need(ram_policies.get_policy, policy="people_policies"),
        need(ram_removal.delete_policy, policy="people_policies"),
        need(ram_removal.delete_policy_version, policy="people_policies"),
        need(ram_removal.detach_policy, user="entitled_users", policy="policies_of_users"),
        need(ram_removal.detach_policy, group="entitled_groups", policy="policies_of_groups"),
        need(ram_removal.list_entities_for_policy, policy="people_policies"),
        need(ram_removal.list_policy_versions, policy="people_policies"),
    ),
)
def remove_policy(cloud: Session, access: Access, members: tuple[str, ...]) -> Fate:
    """Detach and delete a policy of the environment, unless others have it.

    Args:
        members: those whom the environment puts into the group that has the policy; of a user none.
    """
    name, owner = access.policy.name, access.attachment
    what = f"Policy {name}"
    policy = look(cloud, ram_policies.get_policy(name))
    if policy is None:
        return holdbacks.absent(what, name)
    if strange := whose(cloud, ram_policies.policy_key(name), policy.created_at):
        return holdbacks.held(what, strange, name)
    held_by = ram_removal.list_entities_for_policy(name)
    shared = holdbacks.policy_in_use(look(cloud, held_by), [(owner.principal_kind, owner.principal)])
    if owner.principal_kind == "group":
        others = look(cloud, ram.list_users_for_group(owner.principal))
        shared = shared or holdbacks.foreign(others, members, f"its group {owner.principal} has others in it too:")
    if shared:
        return holdbacks.held(what, shared, name)
    _delete_policy(cloud, name)
    return holdbacks.removed(what, name)


def _delete_policy(cloud: Session, name: str) -> None:
    delete(cloud, ram_removal.list_entities_for_policy(name), name, ram_removal.attachments_removal)
    delete(cloud, ram_removal.list_policy_versions(name), name, ram_removal.versions_removal)
    delete(cloud, ram_policies.get_policy(name), name, ram_removal.policy_removal)


@step(
    "Removal of RAM group {spec.name}",
    needs=(
        need(ram.get_group, group="groups"),
        need(ram.list_users_for_group, group="groups"),
        need(ram_policies.list_policies_for, group="groups"),
        need(ram_removal.delete_group, group="groups"),
        need(ram_removal.remove_user_from_group, user="users", group="groups"),
    ),
)
def remove_group(cloud: Session, spec: GroupSpec, members: tuple[str, ...], policy: Fate | None) -> Fate:
    """Empty and delete a group of the environment, unless it has others in it, or other rights.

    Args:
        members: those whom the environment puts into it.
        policy: what became of its policy; None when it was given none.
    """
    name, what = spec.name, f"RAM group {spec.name}"
    group = look(cloud, ram.get_group(name))
    if group is None:
        return holdbacks.absent(what, name)
    if strange := whose(cloud, ram.group_key(name), group.created_at):
        return holdbacks.held(what, strange)
    attached = look(cloud, ram_policies.list_policies_for("group", name))
    present = look(cloud, ram.list_users_for_group(name))
    own = _policy_of(policy)
    in_use = holdbacks.first(holdbacks.group_in_use(present, members, attached, own), holdbacks.staying([policy]))
    if in_use:
        return holdbacks.held(what, in_use)
    delete(cloud, ram.list_users_for_group(name), name, ram_removal.members_removal)
    delete(cloud, ram.get_group(name), name, ram_removal.group_removal)
    return holdbacks.removed(what, name)


@step(
    "Removal of RAM user {name}",
    needs=(
        need(ram.get_login_profile, user="users"),
        need(ram.get_user, user="users"),
        need(ram.list_groups_for_user, user="users"),
        need(ram_logon.get_user_mfa_info, user="users"),
        need(ram_logon.list_access_keys, user="users"),
        need(ram_policies.list_policies_for, user="users"),
        need(ram_removal.delete_login_profile, user="users"),
        need(ram_removal.delete_user, user="users"),
        need(ram_removal.remove_user_from_group, user="users", group="groups"),
    ),
)
def remove_user(cloud: Session, name: str, known: tuple[str, ...], groups: Sequence[Fate], policy: Fate | None) -> Fate:
    """Delete a user of the environment, with logon and memberships, unless somebody works with it elsewhere.

    Args:
        known: the environment's groups; of those that stay, the user is taken out.
        groups: what became of them.
        policy: what became of the user's own policy; None when it was given none.
    """
    what = f"RAM user {name}"
    user = look(cloud, ram.get_user(name))
    if user is None:
        return holdbacks.absent(what)
    if strange := whose(cloud, ram.user_key(name), user.created_at):
        return holdbacks.held(what, strange)
    logon = look(cloud, ram.get_login_profile(name))
    in_use = holdbacks.first(
        _in_use(cloud, name, known, _policy_of(policy)),
        "somebody else has let it log on to the console"
        if logon is not None and whose(cloud, ram.logon_key(name), logon.created_at)
        else "",
        holdbacks.staying([policy]),
    )
    if in_use:
        return holdbacks.held(what, in_use)
    _delete_user(cloud, name, _left(cloud, known, groups))
    return holdbacks.removed(what)


def _in_use(cloud: Session, name: str, known: Sequence[str], own: str) -> str:
    return holdbacks.user_in_use(
        look(cloud, ram_logon.list_access_keys(name)),
        look(cloud, ram_logon.get_user_mfa_info(name)),
        look(cloud, ram.list_groups_for_user(name)),
        known,
        look(cloud, ram_policies.list_policies_for("user", name)),
        own,
    )


def _left(cloud: Session, known: Sequence[str], groups: Sequence[Fate]) -> tuple[str, ...]:
    """Give the groups that the user still has to be taken out of: in a plan not those that go before."""
    going = {fate.id for fate in groups if fate.gone} if cloud.dry else set()
    return tuple(group for group in known if group not in going)


def _delete_user(cloud: Session, name: str, groups: tuple[str, ...]) -> None:
    delete(cloud, ram.list_groups_for_user(name), (name, groups), ram_removal.membership_removal)
    delete(cloud, ram.get_login_profile(name), name, ram_removal.logon_removal)
    delete(cloud, ram.get_user(name), name, ram_removal.user_removal)


def _policy_of(fate: Fate | None) -> str:
    return fate.id if fate is not None else ""


@step("Settings of the account")
def keep_settings(cloud: Session) -> Fate:
    """Say that what holds for all users of the account stays: nobody knows who relies on it."""
    return Fate(holdbacks.HELD, "Password policy and security preferences", "they hold for all users", ours=False)
