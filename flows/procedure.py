"""The vendor's procedure, part by part, as graphs of steps. Every flow is a choice of these parts.

Each part takes a run and the handles of the steps it builds on, and gives the handles that later parts build on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blocks import desired
from tasks.account import check_account, ensure_password_policy, ensure_security_preference
from tasks.attached_storage import check_attached_storage
from tasks.cluster import (
    check_cluster_network,
    ensure_cluster,
    find_cluster,
    find_order,
    require_cluster,
    wait_for_cluster,
)
from tasks.namespace import ensure_namespace, ensure_namespace_members
from tasks.oss_bucket import ensure_bucket
from tasks.project import check_capacity, check_project_rights, ensure_project
from tasks.ram_group import ensure_group, ensure_members
from tasks.ram_policy import ensure_attachments, ensure_policy
from tasks.ram_user import ensure_logon, ensure_user
from tasks.run import Run
from tasks.service_role import (
    check_service_role,
    ensure_exclusive_policy,
    ensure_service_policies,
    ensure_service_role,
    read_service_documents,
    tighten_exclusive_policy,
)
from tasks.stock import check_stock
from tasks.udf_package import ensure_package, ensure_registration
from tasks.vpc import ensure_vpc
from tasks.vswitch import check_vswitches, check_zone, ensure_vswitch
from tasks.workspace import (
    check_managed_zone,
    check_price,
    ensure_workspace,
    find_workspace,
    require_workspace,
    wait_for_workspace,
)

Handle = Any


@dataclass(frozen=True)
class Place:
    """Where the cluster lives: handles of the one that exists (or None), the VPC, its vSwitches, and the checks."""

    existing: Handle
    vpc: Handle
    vswitches: list[Handle]
    checks: list[Handle]


def identify(run: Run) -> Handle:
    """Whose credentials are these, and is it the right account?"""
    return run.step(check_account, run.environment.account)


def keep_journal(run: Run, account: Handle) -> Handle:
    """The bucket, first of all: it keeps the journal of what is written, and the lease of the run that writes."""
    return run.step(ensure_bucket, desired.bucket(run.environment), after=[account])


# A. People and their rights


def authorize_people(run: Run, account: Handle) -> list[Handle]:
    """RAM's first-time settings, users, groups, memberships, and the policy of each group or user (R1 to R6)."""
    environment, people = run.environment, run.environment.people
    settings = []
    if people.initialize_ram:
        settings = [
            run.step(ensure_password_policy, desired.password_policy(environment), after=[account]),
            run.step(ensure_security_preference, desired.security_preference(environment), after=[account]),
        ]
    users = {spec.name: run.step(ensure_user, spec, after=[account]) for spec in desired.users(environment)}
    done = [*settings, *users.values()]
    for user in people.users:
        if user.console_logon:
            name = desired.logon_secret(environment, user)
            after = [*settings, users[user.name]]
            done.append(run.step(ensure_logon, user.name, user.mfa_required, name, people.handover, after=after))
    groups = {}
    for group, membership in desired.groups(environment):
        groups[group.name] = run.step(ensure_group, group, after=[account])
        members = [users[name] for name in membership.users]
        done.append(run.step(ensure_members, membership, after=[groups[group.name], *members]))
    for access in desired.accesses(environment):
        policy = run.step(ensure_policy, access.policy, after=[account])
        owners = users if access.attachment.principal_kind == "user" else groups
        owner = owners[access.attachment.principal]
        done.append(run.step(ensure_attachments, access.attachment, after=[policy, owner]))
    return done


# B. The service's own role


def authorize_service(run: Run, account: Handle) -> Handle:
    """The service's role, its trust, its policies, and the check of it all again (R7 to R11)."""
    environment = run.environment
    role, policies = desired.service_role(environment), desired.service_policies(environment)
    after = [account]
    if environment.service_role.create:
        made = [run.step(ensure_service_role, role, after=[account])]
        if environment.cluster.mode == "exclusive":
            opened, tightened = desired.exclusive_policy(True), desired.exclusive_policy(False)
            name = environment.cluster.name
            made.append(run.step(ensure_exclusive_policy, opened, tightened, name, after=[account]))
        after = [run.step(ensure_service_policies, policies, after=made)]
    return run.step(check_service_role, role, policies.policies, environment.service_role.create, after=after)


def tighten_service(run: Run, cluster: Handle) -> Handle:
    """Once the cluster runs, the service needs no right to create security groups any more (R10)."""
    if run.environment.cluster.mode == "managed" or not run.environment.service_role.create:
        return cluster
    return run.step(tighten_exclusive_policy, desired.exclusive_policy(False), cluster)


def show_service(run: Run, after: Handle) -> None:
    """The documents of the role's policies as they are in the end, for the report (R8)."""
    environment = run.environment
    policies = desired.service_policies(environment).policies
    run.step(read_service_documents, desired.service_role(environment).name, policies, after=[after])


# C. Activation


def check_activation(run: Run, place: Place) -> Handle:
    """A usable paid order (exclusive), or an allowed price (managed); never accepts terms, never pays (R12 to R14).

    Returns:
        The handle of the order, or of the price.
    """
    if run.environment.cluster.mode == "exclusive":
        return run.step(find_order, run.environment.cluster, place.existing)
    return run.step(check_price, run.environment, place.existing, place.vpc, place.vswitches)


# D. Network and storage


def prepare_network(run: Run, account: Handle) -> Place:
    """VPC, vSwitches, zone, stock, free addresses, and the reach of attached storage (R15 to R19)."""
    environment, cluster = run.environment, run.environment.cluster
    find = find_cluster if cluster.mode == "exclusive" else find_workspace
    existing = run.step(find, cluster.name, after=[account])
    zone = environment.network.zone
    zoned = run.step(check_zone, zone, after=[account])
    vpc = run.step(ensure_vpc, desired.vpc(environment), after=[zoned])
    vswitches: list[Handle] = []
    for wanted in environment.network.vswitches:  # one after the other: a VPC makes one vSwitch at a time
        vswitches.append(run.step(ensure_vswitch, environment, wanted, vpc, after=vswitches[-1:]))
    one_zone = zone if len(vswitches) == 1 else ""  # several vSwitches spread the workspace over zones
    checks = [run.step(check_vswitches, vswitches, one_zone, cluster.nodes, existing)]
    if cluster.mode == "exclusive":
        checks.append(run.step(check_stock, zoned, cluster.machines, existing))
    else:
        checks.append(run.step(check_managed_zone, zoned, existing))
    if environment.attached_storage:
        checks.append(run.step(check_attached_storage, environment.attached_storage, vpc))
    return Place(existing, vpc, vswitches, checks)


def prepare_storage(run: Run, account: Handle) -> list[Handle]:
    """The OSS bucket, which also keeps the journal, and the UDF packages in it (R20)."""
    bucket = keep_journal(run, account)
    packages = run.environment.storage.udf_packages
    name = run.environment.storage.bucket
    return [bucket, *(run.step(ensure_package, package, name, after=[bucket]) for package in packages)]


# E. Cluster


def create_cluster(run: Run, account: Handle, place: Place, order: Handle, after: list[Handle]) -> Handle:
    """Create the cluster or workspace, and wait until it is RUNNING (R16, R21, R22, R24)."""
    environment = run.environment
    after = [*place.checks, *after]
    if environment.cluster.mode == "managed":
        made = run.step(ensure_workspace, environment, place.vpc, place.vswitches, order, after=after)
        return run.step(wait_for_workspace, environment, made, account)
    made = run.step(ensure_cluster, environment, order, place.vpc, place.vswitches, after=after)
    running = run.step(wait_for_cluster, environment, made, account, order)
    return run.step(check_cluster_network, environment, running, place.vpc)


# F. Projects


def create_projects(run: Run, account: Handle, cluster: Handle, people: list[Handle]) -> list[Handle]:
    """Create the projects (or namespaces) with their compute units, and give people their place in them (R23, R24)."""
    environment = run.environment
    if not environment.projects:
        return []
    if environment.cluster.mode == "managed":
        return _namespaces(run, cluster, people)
    room = run.step(check_capacity, cluster, environment.projects)
    projects = {
        project.name: run.step(ensure_project, project, cluster, account, after=[room])
        for project in environment.projects
    }
    for package in environment.storage.udf_packages:
        if package.project:
            run.step(ensure_registration, package, package.key, after=[projects[package.project]])
    return list(projects.values())


def _namespaces(run: Run, workspace: Handle, people: list[Handle]) -> list[Handle]:
    done: list[Handle] = []
    for project in run.environment.projects:  # one after the other: each takes its units from the same rest
        namespace = run.step(ensure_namespace, project, workspace, after=done[-1:])
        members = desired.namespace_members(run.environment, project)
        run.step(ensure_namespace_members, project.name, workspace, members, after=[namespace, *people])
        done.append(namespace)
    return done


def check_rights(run: Run, account: Handle) -> list[Handle]:
    """Foresee that a RAM user may not create exclusive projects (R12, R23)."""
    if run.environment.cluster.mode == "managed" or not run.environment.projects:
        return []
    return [run.step(check_project_rights, run.environment.projects, account)]


# The flows: each a choice of the parts above, in the vendor's order


def everything(run: Run) -> None:
    """The whole procedure. What does not need the cluster never waits for it."""
    account = identify(run)
    rights = check_rights(run, account)
    people = authorize_people(run, account)
    role = authorize_service(run, account)
    place = prepare_network(run, account)
    storage = prepare_storage(run, account)
    order = check_activation(run, place)
    cluster = create_cluster(run, account, place, order, after=[role, *rights, *storage])
    show_service(run, tighten_service(run, cluster))
    create_projects(run, account, cluster, people)


def authorization(run: Run) -> None:
    """Parts A and B."""
    account = identify(run)
    keep_journal(run, account)
    authorize_people(run, account)
    show_service(run, authorize_service(run, account))


def surroundings(run: Run) -> None:
    """Parts C and D."""
    account = identify(run)
    place = prepare_network(run, account)
    prepare_storage(run, account)
    check_activation(run, place)
    check_rights(run, account)


def cluster_only(run: Run) -> None:
    """Part E, and what a cluster stands on."""
    account = identify(run)
    role = authorize_service(run, account)
    place = prepare_network(run, account)
    storage = prepare_storage(run, account)
    order = check_activation(run, place)
    cluster = create_cluster(run, account, place, order, after=[role, *storage])
    show_service(run, tighten_service(run, cluster))


def projects_only(run: Run) -> None:
    """Part F, on a cluster that is RUNNING."""
    account = identify(run)
    keep_journal(run, account)
    rights = check_rights(run, account)
    require = require_cluster if run.environment.cluster.mode == "exclusive" else require_workspace
    cluster = run.step(require, run.environment.cluster.name, after=[account, *rights])
    create_projects(run, account, cluster, [])
