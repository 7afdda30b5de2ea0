"""Adoption: reads what an account has of one environment. What is made of it: `adoption_document`."""

from __future__ import annotations

from hashlib import md5
from typing import Any, Literal

from alicloud import (
    foas,
    foas_projects,
    foas_queues,
    foasconsole,
    oss,
    oss_objects,
    prerequisites,
    ram,
    ram_account,
    ram_listing,
    ram_policies,
    ram_removal,
    ververica,
    vpc,
    vpc_vswitches,
)
from alicloud import foasconsole_namespaces as namespaces
from alicloud.errors import Misconfigured, Unmet
from alicloud.foas import Cluster
from alicloud.foasconsole import Workspace
from alicloud.journal import FOLDER
from alicloud.session import Session
from blocks import desired
from blocks.adopted_people import projects_of
from blocks.adoption import usual_role
from blocks.found import Holder, Persons, Running, Service, Settings, Share, Surroundings
from blocks.runner_rights import need
from tasks.looking import Step
from tasks.step import step
from tasks.udf_package import FOLDER as UDF_FOLDER
from tasks.udf_package import MAX_BYTES

Mode = Literal["exclusive", "managed"]
GONE = ("DESTROYING", "DESTROYED", "DELETING", "DELETED")


def read_account(step: Step, region: str, mode: Mode, cluster: str = "", bucket: str = "") -> dict[str, Any]:
    """Read everything that a document says, with `step`; gives the handles by the names of Found's fields."""
    running = step(find_running, mode, cluster)
    shares = step(read_shares, running)
    return {
        "running": running,
        "surroundings": step(read_surroundings, running, bucket),
        "shares": shares,
        "persons": step(read_persons, shares),
        "settings": step(read_settings),
        "service": step(read_service, mode),
    }


@step(
    "What Flink runs on ({mode})",
    "R21",
    "R24",
    needs=(
        need(foas.get_cluster_details, "exclusive"),
        need(foas.list_cluster, "exclusive"),
        need(foasconsole.describe_instances, "managed"),
    ),
)
def find_running(cloud: Session, mode: Mode, name: str) -> Running:
    """Find the cluster or workspace: the one of the name, or the only one.

    Raises:
        Misconfigured: there are several, and none is named.
        Unmet: there is none.
    """
    found: list[Cluster | Workspace]
    if mode == "exclusive":
        found = [row for row in cloud.send(foas.list_cluster()) if row.state not in GONE]
    else:
        found = [row for row in cloud.send(foasconsole.describe_instances(cloud.region)) if row.status not in GONE]
    chosen = [row for row in found if name in ("", row.name)]
    there = ", ".join(sorted(row.name for row in found)) or "none"
    if not chosen:
        raise Unmet(
            f"There is no {name or 'cluster'} ({mode}) in {cloud.region}. There are: {there}.", remedy="Name one."
        )
    if len(chosen) > 1:
        raise Misconfigured(f"There are several in {cloud.region}: {there}.", remedy="Give the parameter cluster.")
    (only,) = chosen
    if isinstance(only, Workspace):
        return Running(workspace=only)
    return Running(cluster=cloud.send(foas.get_cluster_details(only.cluster_id)) or only)


@step(
    "Network and bucket of {running.name}",
    "R17",
    "R19",
    "R20",
    needs=(
        need(oss.get_bucket_info, bucket="any_name"),
        need(oss_objects.list_objects, bucket="any_name"),
        need(vpc.describe_vpcs),
        need(vpc_vswitches.describe_vswitches),
    ),
)
def read_surroundings(cloud: Session, running: Running, bucket: str) -> Surroundings:
    """Read the VPC, the vSwitches and the bucket, and whose journals and packages lie in it.

    Raises:
        Misconfigured: the workspace has no bucket, and none is named.
    """
    name = bucket or running.bucket
    if not name:
        raise Misconfigured(
            f"Workspace {running.name} keeps its data in storage of the service.",
            remedy="Give the parameter bucket: the one that is to keep the environment's journal.",
        )
    vpcs = cloud.send(vpc.describe_vpcs(vpc_id=running.vpc_id))
    vswitches = {row.vswitch_id: row for row in cloud.send(vpc_vswitches.describe_vswitches(running.vpc_id))}
    stored = cloud.send(oss.get_bucket_info(name, cloud.region))
    packages = _below(cloud, name, "udf/")
    return Surroundings(
        next(iter(vpcs), None),
        tuple(vswitches[each] for each in running.vswitch_ids if each in vswitches),
        stored,
        tuple(sorted({key.partition("/")[0] for key in _below(cloud, name, f"{FOLDER}/")})),
        tuple(sorted(packages)),
        frozenset(key for key, etag in packages.items() if _is_local(key, etag)),
    )


def _below(cloud: Session, bucket: str, folder: str) -> dict[str, str]:
    """Give the ETags of the objects in a folder, by their keys below it."""
    objects = cloud.send(oss_objects.list_objects(bucket, folder))
    return {each.key.removeprefix(folder): each.etag for each in objects if each.key != folder}


def _is_local(name: str, etag: str) -> bool:
    """Say whether the worker has a file of the name with the same bytes."""
    path = UDF_FOLDER / name
    if "/" in name or not path.is_file() or path.is_symlink() or path.stat().st_size > MAX_BYTES:
        return False
    return md5(path.read_bytes(), usedforsecurity=False).hexdigest() == etag.strip('"').lower()


@step(
    "Projects of {running.name}",
    "R23",
    "R24",
    needs=(
        need(foas_projects.list_package, "exclusive", project="any_name"),
        need(foas_projects.list_project, "exclusive"),
        need(foas_projects.list_project_bind_queue, "exclusive", project="any_name"),
        need(foas_queues.get_cluster_queue_info, "exclusive"),
        need(namespaces.describe_namespaces, "managed"),
        need(ververica.list_members, "managed", project="any_name"),
    ),
)
def read_shares(cloud: Session, running: Running) -> tuple[Share, ...]:
    """Read the projects of a cluster, or the namespaces of a workspace with their members."""
    if running.workspace is not None:
        return _namespaces(cloud, running.workspace)
    assert running.cluster is not None  # noqa: S101  Running has one of the two
    queues = {queue.name: queue for queue in cloud.send(foas_queues.get_cluster_queue_info(running.cluster.cluster_id))}
    found = []
    for project in cloud.send(foas_projects.list_project()):
        if project.cluster_id == running.cluster.cluster_id:
            queue = queues.get(f"root.{project.name}")
            bound = cloud.send(foas_projects.list_project_bind_queue(project.name))
            problem = "" if queue and queue.name in bound else "it has no queue of its own name bound to it"
            packages = cloud.send(foas_projects.list_package(project.name))
            cus = queue.cus if queue else 0
            found.append(Share(project.name, project.description, cus, (), packages, problem))
    return tuple(found)


def _namespaces(cloud: Session, workspace: Workspace) -> tuple[Share, ...]:
    found = []
    for row in cloud.send(namespaces.describe_namespaces(cloud.region, workspace.instance_id)):
        if row.name == f"{workspace.name}-default":  # the service's own: it holds what the others have not taken
            continue
        members = cloud.send(ververica.list_members(workspace.resource_id, row.name))
        problem = "" if row.status == "SUCCESS" else f"it is {row.status}"
        found.append(Share(row.name, "", row.cpu, members, (), problem))
    return tuple(found)


@step(
    "People who use Realtime Compute",
    "R1",
    "R3",
    "R4",
    needs=(
        need(ram.get_group, group="any_group"),
        need(ram.get_login_profile, user="any_name"),
        need(ram.get_user, user="any_name"),
        need(ram.list_users_for_group, group="any_group"),
        need(ram_listing.list_policies),
        need(ram_listing.list_users, "managed"),
        need(ram_policies.get_policy, policy="any_policy"),
        need(ram_removal.list_entities_for_policy, policy="any_policy"),
    ),
)
def read_persons(cloud: Session, shares: tuple[Share, ...]) -> Persons:
    """Read who holds a policy for people, who is in these groups, and who is a member of a namespace."""
    holders = tuple(_holders(cloud))
    groups = {each.name for each in holders if each.kind == "group"}
    members = {name: cloud.send(ram.list_users_for_group(name)) for name in sorted(groups)}
    ids = {member.name.replace(" ", "") for share in shares for member in share.members}
    listed = cloud.send(ram_listing.list_users()) if ids else ()
    names = {user.name for user in listed if f"user:{user.user_id}" in ids}
    names |= {each.name for each in holders if each.kind == "user"} | {
        name for some in members.values() for name in some
    }
    users = {name: cloud.send(ram.get_user(name)) for name in sorted(names)}
    logons = {name: cloud.send(ram.get_login_profile(name)) for name in sorted(names)}
    known = {name: cloud.send(ram.get_group(name)) for name in sorted(groups)}
    return Persons(
        holders,
        {name: group for name, group in known.items() if group},
        members,
        {name: user for name, user in users.items() if user},
        {name: logon for name, logon in logons.items() if logon},
    )


def _holders(cloud: Session) -> list[Holder]:
    found = []
    for listed in cloud.send(ram_listing.list_policies()):
        policy = cloud.send(ram_policies.get_policy(listed.name)) if listed.attachment_count else None
        if policy is not None and projects_of(policy.document):
            for kind, name in cloud.send(ram_removal.list_entities_for_policy(policy.name)):
                if kind != "role":
                    found.append(Holder(kind, name, policy.name, policy.document))
    return found


@step(
    "Password policy and security preference",
    "R2",
    needs=(
        need(ram_account.get_password_policy),
        need(ram_account.get_security_preference),
    ),
)
def read_settings(cloud: Session) -> Settings:
    """Read what holds for all users of the account."""
    return Settings(cloud.send(ram_account.get_password_policy()), cloud.send(ram_account.get_security_preference()))


@step(
    "Role of the service ({mode})",
    "R7",
    "R8",
    "R9",
    needs=(
        need(ram_listing.list_roles),
        need(ram_policies.get_policy, policy="any_policy"),
        need(ram_policies.get_role, role="any_name"),
        need(ram_policies.list_policies_for, role="any_name"),
    ),
)
def read_service(cloud: Session, mode: Mode) -> Service:
    """Read the role that the service acts through: the usual one, or the one that an environment of ours has made."""
    roles = cloud.send(ram_listing.list_roles())
    usual = [each.name for each in roles if each.name == usual_role(mode)]
    ours = [each.name for each in roles if each.description == desired.ROLE_DESCRIPTION]
    chosen = usual or (ours if len(ours) == 1 else [])
    role = cloud.send(ram_policies.get_role(chosen[0])) if chosen else None
    if role is None:
        return Service(None)
    attached = cloud.send(ram_policies.list_policies_for("role", role.name))
    custom = prerequisites.EXCLUSIVE_CUSTOM_POLICY
    return Service(role, attached, cloud.send(ram_policies.get_policy(custom)) if mode == "exclusive" else None)
