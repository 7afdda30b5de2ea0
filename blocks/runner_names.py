"""The names that an environment gives to what a runner touches, by what is done to them.

An empty set means that nothing of the kind is ever done: a right on it is not needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from alicloud.journal import journal_key
from alicloud.ram_policies import Attachment
from blocks import desired
from blocks.environment import Environment

NameSet = Literal[
    "region",
    "any_region",  # where else in the account something may use what is the account's in all regions
    "account",
    "bucket",
    "encrypted_bucket",
    "journal",
    "packages",
    "settings",  # RAM's first-time settings are made
    "users",
    "described_users",  # with a display name or e-mail to keep right
    "logons",
    "logons_with_mfa",
    "groups",
    "described_groups",
    "filled_groups",
    "members",  # of groups
    "entitled_users",  # with a policy of their own
    "entitled_groups",
    "policies_of_users",
    "policies_of_groups",
    "people_policies",
    "leavers",
    "users_with_new_keys",  # once theirs are too old, which then may be disabled and deleted
    "exact_groups",  # with nobody else in them
    "any_user",  # who may be in one of those
    "any_group",  # that a user may be in
    "any_policy",  # that somebody may hold
    "any_name",  # of whoever looks at an account without an environment
    "role",
    "role_policies",
    "made_role_policy",  # the custom policy of exclusive mode, where role and policies may be made by API
    "vpc",
    "new_vpc",
    "existing_vpc",
    "new_vswitches",
    "own_vpc",  # not named by its id, so it may be one that was made, whatever may be made now
    "own_vswitches",
    "exclusive",
    "managed",
    "ordered",  # the workspace may be ordered
    "auto_renewed",  # the subscription is to renew itself
    "projects",  # of exclusive mode
    "projects_with_packages",
    "namespaces_with_members",
    "namespace_members",
    "left_namespaces",
    "peopled_namespaces",  # that somebody is to be in, or to leave
]
Names = Mapping[NameSet, tuple[str, ...]]

# `*` for every name: a template of what any environment may need.
ANY_ENVIRONMENT: Names = {
    **dict.fromkeys(get_args(NameSet), ("*",)),
    "policies_of_users": ("*:policy/*",),
    "policies_of_groups": ("*:policy/*",),
    "people_policies": ("*:policy/*",),
    "any_policy": ("*:policy/*", "system:policy/*"),
    "made_role_policy": ("*:policy/*",),
    "role_policies": ("*:policy/*", "system:policy/*"),
}


def names_of(environment: Environment) -> Names:
    """Give every name that the runner of an environment touches."""
    account = environment.account or "*"
    return {
        "region": (environment.region,),
        "any_region": ("*",),
        "account": (account,),
        **_storage(environment),
        **_people(environment, account),
        **_service(environment, account),
        **_network(environment),
        **_cluster(environment),
    }


def _storage(environment: Environment) -> Names:
    storage = environment.storage
    return {
        "bucket": (storage.bucket,),
        "encrypted_bucket": _when(storage.encryption, storage.bucket),
        "journal": (journal_key(environment.name),),
        "packages": tuple(package.key for package in storage.udf_packages),
    }


def _people(environment: Environment, account: str) -> Names:
    people, accesses = environment.people, desired.accesses(environment)
    of_users = [access for access in accesses if access.attachment.principal_kind == "user"]
    of_groups = [access for access in accesses if access.attachment.principal_kind == "group"]
    logons = [user for user in people.users if user.console_logon]
    filled = [group for group in people.groups if group.members]
    return {
        "settings": _when(people.initialize_ram, "*"),
        "users": tuple(user.name for user in people.users),
        "described_users": tuple(user.name for user in people.users if user.display_name or user.email),
        "logons": tuple(user.name for user in logons),
        "logons_with_mfa": tuple(user.name for user in logons if user.mfa_required),
        "groups": tuple(group.name for group in people.groups),
        "described_groups": tuple(group.name for group in people.groups if group.comments),
        "filled_groups": tuple(group.name for group in filled),
        "members": _each(name for group in filled for name in group.members),
        "entitled_users": tuple(access.attachment.principal for access in of_users),
        "entitled_groups": tuple(access.attachment.principal for access in of_groups),
        "policies_of_users": tuple(f"{account}:policy/{access.policy.name}" for access in of_users),
        "policies_of_groups": tuple(f"{account}:policy/{access.policy.name}" for access in of_groups),
        "people_policies": tuple(f"{account}:policy/{access.policy.name}" for access in accesses),
        "leavers": tuple(leaver.name for leaver in people.leavers),
        "users_with_new_keys": tuple(key.user for key in people.access_keys),
        "exact_groups": tuple(group.name for group in people.groups if group.exact_members),
        "any_user": ("*",),
        "any_group": ("*",),
        "any_policy": (f"{account}:policy/*", "system:policy/*"),
        "any_name": ("*",),
    }


def _service(environment: Environment, account: str) -> Names:
    wanted = desired.service_policies(environment)
    makes = environment.service_role.create
    custom = [_policy(each, account) for each in wanted.policies if each.type == "Custom"]
    return {
        "role": (wanted.principal,),
        "role_policies": tuple(_policy(each, account) for each in wanted.policies),
        "made_role_policy": tuple(custom) if makes else (),
    }


def _policy(attachment: Attachment, account: str) -> str:
    return f"{account if attachment.type == 'Custom' else 'system'}:policy/{attachment.name}"


def _network(environment: Environment) -> Names:
    vpc, may_create = environment.network.vpc, environment.safety.may_create_network
    makes_vswitch = may_create and any(not vswitch.id for vswitch in environment.network.vswitches)
    return {
        "vpc": (vpc.id or "*",),  # the id of one that is made is not known before
        "new_vpc": _when(may_create and not vpc.id, "*"),
        "existing_vpc": _when(vpc.id, vpc.id),
        "new_vswitches": _when(makes_vswitch, "*"),
        "own_vpc": _when(not vpc.id, "*"),
        "own_vswitches": _when(any(not vswitch.id for vswitch in environment.network.vswitches), "*"),
    }


def _cluster(environment: Environment) -> Names:
    exclusive = environment.cluster.mode == "exclusive"
    projects = tuple(project.name for project in environment.projects)
    members = {project.name: desired.namespace_members(environment, project) for project in environment.projects}
    packages, leaves = environment.storage.udf_packages, bool(environment.people.leavers)
    return {
        "exclusive": _when(exclusive, "*"),
        "managed": _when(not exclusive, "*"),
        "ordered": _when(not exclusive and environment.safety.may_order, "*"),
        "auto_renewed": _when(environment.cluster.auto_renew, "*"),
        "projects": projects if exclusive else (),
        "projects_with_packages": _each(package.project for package in packages if package.project and exclusive),
        "namespaces_with_members": () if exclusive else tuple(name for name in projects if members[name]),
        "left_namespaces": projects if leaves and not exclusive else (),
        "peopled_namespaces": () if exclusive else tuple(name for name in projects if members[name] or leaves),
        "namespace_members": () if exclusive else _each(user for each in members.values() for user, _ in each),
    }


def _when(holds: object, name: str) -> tuple[str, ...]:
    return (name,) if holds else ()


def _each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
