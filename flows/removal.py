"""The vendor's procedure backwards: what `teardown` carries out, as a graph of steps."""

from __future__ import annotations

from typing import Any

from blocks import desired
from flows.procedure import identify
from tasks.opening import Procedure
from tasks.removal import check_open_orders
from tasks.removal_bucket import remove_bucket
from tasks.removal_cluster import remove_cluster, remove_project, remove_queue, remove_registration
from tasks.removal_network import remove_vpc, remove_vswitch
from tasks.removal_people import keep_settings, remove_group, remove_policy, remove_user
from tasks.removal_service import remove_role, remove_service_policy
from tasks.removal_workspace import remove_namespace, remove_workspace
from tasks.run import Run

Handle = Any


def removal(bucket: bool) -> Procedure:
    """Give the procedure that removes everything that an environment has created.

    Args:
        bucket: the bucket too, in the end.
    """

    def carried_out(run: Run) -> None:
        """The removal of what this environment created, in reverse order."""
        account = identify(run)
        known = run.step(check_open_orders, run.environment, after=[account])
        cluster, before = _what_runs(run, known)
        before += _people(run, known)
        before += _service(run, cluster)
        before += _network(run, cluster)
        run.step(remove_bucket, run.environment, bucket, before, after=[known])

    return carried_out


def _what_runs(run: Run, known: Handle) -> tuple[Handle, list[Handle]]:
    """The cluster or workspace, after what is on it; gives its handle, and those of all."""
    wanted = run.environment.cluster
    if wanted.mode == "exclusive":
        projects = _projects(run, known)
        cluster = run.step(remove_cluster, wanted, projects, after=[known])
        return cluster, [*projects, cluster]
    spaces = [run.step(remove_namespace, each.name, wanted.name, after=[known]) for each in run.environment.projects]
    workspace = run.step(remove_workspace, wanted.name, spaces, after=[known])
    return workspace, [*spaces, workspace]


def _projects(run: Run, known: Handle) -> list[Handle]:
    done: list[Handle] = []
    name, packages = run.environment.cluster.name, run.environment.storage.udf_packages
    for wanted in run.environment.projects:
        own = [each for each in packages if each.project == wanted.name]
        registered = [run.step(remove_registration, each, after=[known]) for each in own]
        project = run.step(remove_project, wanted, name, registered, after=[known])
        done += [*registered, project, run.step(remove_queue, wanted, name, project)]
    return done


def _people(run: Run, known: Handle) -> list[Handle]:
    """Policies, then the groups that had them, then users."""
    environment, people = run.environment, run.environment.people
    memberships = {spec.name: membership.users for spec, membership in desired.groups(environment)}
    policies: dict[tuple[str, str], Handle] = {}
    for access in desired.accesses(environment):
        owner = access.attachment
        members = memberships[owner.principal] if owner.principal_kind == "group" else ()
        policies[owner.principal_kind, owner.principal] = run.step(remove_policy, access, members, after=[known])
    groups = {
        spec.name: run.step(
            remove_group, spec, memberships[spec.name], policies.get(("group", spec.name)), after=[known]
        )
        for spec, _ in desired.groups(environment)
    }
    users = []
    for user in desired.users(environment):
        own = [groups[name] for name, members in memberships.items() if user.name in members]
        policy = policies.get(("user", user.name))
        users.append(run.step(remove_user, user.name, tuple(groups), own, policy, after=[known]))
    settings = [run.step(keep_settings, after=[known])] if people.initialize_ram else []
    return [*policies.values(), *groups.values(), *users, *settings]


def _service(run: Run, cluster: Handle) -> list[Handle]:
    environment = run.environment
    role, policies = desired.service_role(environment), desired.service_policies(environment)
    exclusive = environment.cluster.mode == "exclusive"
    gone = run.step(remove_role, role, policies, exclusive, cluster)
    if not (exclusive and environment.service_role.create):
        return [gone]
    return [gone, run.step(remove_service_policy, desired.exclusive_policy(False), gone, role.name)]


def _network(run: Run, cluster: Handle) -> list[Handle]:
    environment = run.environment
    vswitches = [run.step(remove_vswitch, environment, each, cluster) for each in environment.network.vswitches]
    return [*vswitches, run.step(remove_vpc, environment, vswitches, cluster)]
