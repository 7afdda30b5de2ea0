"""Makes the document of an environment of what an account has, such that a plan of it has nothing to do. No I/O.

Networks are named by id: an id can neither make a second one nor be mistaken. What the document cannot say is told in
remarks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from alicloud import prerequisites, ram_policies
from alicloud.errors import Misconfigured, Unmet
from alicloud.foas import Cluster
from alicloud.foas_scaling import nodes_of
from alicloud.foasconsole import Workspace
from alicloud.ram_policies import Role
from blocks import desired
from blocks.adopted_members import roles_of, strangers, unwidened
from blocks.adopted_people import Part, environments_of, people
from blocks.clusters import Nodes
from blocks.document import problems_of
from blocks.environment import Environment
from blocks.found import Found, Service, Share, Surroundings
from blocks.names import EnvironmentName, ProjectName, UserName, keeps

DEFAULT_MOST_UNITS = 64  # safety.max_compute_units, unless more are in use


@dataclass(frozen=True)
class Adopted:
    """The document, and what of the account it cannot say."""

    environment: Environment
    remarks: tuple[str, ...]


def adopt(found: Found, credentials: str, name: str = "") -> Adopted:
    """Make the document.

    Args:
        credentials: name of the credentials block.
        name: of the environment; empty: the one that the account tells, by its journal or by the names of policies.

    Raises:
        Misconfigured: the account tells several names.
        Unmet: what there is cannot be written as a document at all.
    """
    name = name or name_of(found)
    foreign = "-" if found.running.cluster else "_"  # in the name of a project
    shares = [share for share in found.shares if not _unnamed(share, foreign)]
    roles = {share.name: roles_of(found, share) for share in shares}
    parts = {
        "people": people(found, name, roles),
        "network": _network(found),
        "storage": _storage(found.surroundings, shares),
        "cluster": _cluster(found),
    }
    projects = [_project(share, roles[share.name]) for share in shares]
    content: dict[str, Any] = {"name": name, "region": found.region, "credentials": credentials}
    content |= {key: part.section for key, part in parts.items()} | {"projects": projects}
    content |= _safety(content)
    told = strangers(_validated(content), roles)
    parts["members"] = unwidened(content["people"], _validated(content), roles)
    content["people"] = parts["members"].section
    remarks = [remark for part in parts.values() for remark in part.remarks]
    remarks += [f"{share.name}: {why}." for share in found.shares if (why := _unnamed(share, foreign))]
    service = _service(content, found.service)
    remarks += [*service.remarks, *told]
    return Adopted(_validated(content | {"service_role": service.section}), tuple(remarks))


def name_of(found: Found) -> str:
    """Give the environment's name: of its journal, else of its policies, else made of the cluster's.

    Raises:
        Misconfigured: there are several.
    """
    told = list(found.surroundings.environments) or environments_of(found.persons.holders)
    if len(told) > 1:
        raise Misconfigured(
            f"The account tells of several environments that this may be: {', '.join(told)}.",
            remedy="Give the parameter name.",
        )
    return told[0] if told else _made_of(found.running.name)


def _made_of(name: str) -> str:
    made = re.sub(r"[^a-z0-9]+", "-", name.lower())[:32].strip("-")
    return made if keeps(EnvironmentName, made) else "adopted"


def _validated(content: Mapping[str, Any]) -> Environment:
    problems = problems_of(content)
    if problems:
        raise Unmet(
            f"What the account has cannot be written as an environment: {'; '.join(map(str, problems))}",
            remedy="Correct it in the console, or write the document by hand.",
        )
    return Environment.model_validate(content)


# Cluster


def _cluster(found: Found) -> Part:
    cluster, workspace = found.running.cluster, found.running.workspace
    if cluster is not None:
        return _exclusive(cluster)
    assert workspace is not None  # noqa: S101  Running has one of the two
    return _managed(workspace)


def _exclusive(cluster: Cluster) -> Part:
    section: dict[str, Any] = {"mode": "exclusive", "name": cluster.name, "description": cluster.name}
    if cluster.description and cluster.description.isprintable() and len(cluster.description) <= 256:
        section["description"] = cluster.description
    part = Part(section)
    try:
        nodes = nodes_of(cluster)
        section["master"] = _nodes(nodes.master_specification, nodes.master_number)
        section["slave"] = _nodes(nodes.slave_specification, len(nodes.slave_ids))
    except (Unmet, ValidationError):
        section.pop("master", None)
        part.remarks.append(
            "The cluster does not tell its nodes: scale leaves them alone until master and slave name them."
        )
    part.remarks.append("Which order the cluster was made from is not told by the cloud; order_id stays empty.")
    return part


def _nodes(specification: str, number: int) -> dict[str, Any]:
    return Nodes(specification=specification, number=number).model_dump()


def _managed(workspace: Workspace) -> Part:
    subscription = workspace.charge_type == "PRE"
    section = {
        "mode": "managed",
        "name": workspace.name,
        "charge_type": "Subscription" if subscription else "PayAsYouGo",
        "compute_units": workspace.cpu,
        "storage": "bucket" if workspace.bucket else "managed",
    }
    told = ["How the subscription is renewed is not read; see duration_months and auto_renew."]
    return Part(section, told if subscription else [])


# Network and storage


def _network(found: Found) -> Part:
    around, running = found.surroundings, found.running
    part = Part()
    zone = running.zone or (around.vswitches[0].zone if around.vswitches else "")
    vswitches = sorted(around.vswitches, key=lambda each: each.zone != zone)  # the cluster's own zone first
    if running.cluster is not None and len(vswitches) > 1:
        rest = ", ".join(each.vswitch_id for each in vswitches[1:])
        part.remarks.append(f"The cluster was scaled out into more vSwitches, and a document names one: not {rest}.")
        vswitches = vswitches[:1]
    part.section = {
        "vpc": {"id": running.vpc_id},
        "zone": zone,
        "vswitches": [
            {"id": each.vswitch_id, **({} if each.zone == zone else {"zone": each.zone})} for each in vswitches
        ],
    }
    if around.vpc is not None and not around.vpc.name:
        part.remarks.append(
            f"VPC {around.vpc.vpc_id} has no name, and the service shows named ones only: prepare names it."
        )
    return part


def _storage(around: Surroundings, shares: Sequence[Share]) -> Part:
    bucket = around.bucket
    if bucket is None:
        raise Unmet("The environment's bucket does not exist.", remedy="Give the name of a bucket that does.")
    part = Part({"bucket": bucket.name, "encryption": "AES256" if bucket.encryption == "AES256" else ""})
    if bucket.redundancy:
        part.section["redundancy"] = bucket.redundancy
    if bucket.encryption not in ("", "AES256"):
        part.remarks.append(f"The bucket is encrypted with {bucket.encryption}, which a document does not ask for.")
    if bucket.versioning != "Enabled":
        part.remarks.append("The bucket keeps no versions: prepare switches that on.")
    if bucket.acl != "private" or bucket.storage_class != "Standard":
        part.remarks.append(
            f"The bucket is {bucket.acl} and {bucket.storage_class}: prepare takes private Standard only."
        )
    registered = {package.oss_path: share.name for share in shares for package in share.packages}
    packages = [_package(name, registered) for name in around.packages if name in around.local]
    if packages:
        part.section["udf_packages"] = packages
    part.remarks += [
        f"UDF package udf/{name} lies in the bucket; put the same file into udf/ of the worker to name it."
        for name in around.packages
        if name not in around.local
    ]
    return part


def _package(name: str, registered: Mapping[str, str]) -> dict[str, str]:
    project = registered.get(f"udf/{name}", "")
    return {"name": name, "path": name, **({"project": project} if project else {})}


# Projects


def _unnamed(share: Share, foreign: str) -> str:
    """Say why a document cannot name a project; empty when it can. `foreign` is a sign that its mode refuses."""
    if share.problem:
        return share.problem
    if foreign in share.name or not keeps(ProjectName, share.name):
        return "a document cannot hold this name"
    return "" if 1 <= share.cus <= 10_000 else f"it has {share.cus} compute units"


def _project(share: Share, roles: Mapping[str, str]) -> dict[str, Any]:
    section: dict[str, Any] = {"name": share.name, "compute_units": share.cus}
    # A project that is made without a description gets its name.
    if share.description != share.name and share.description.isprintable() and len(share.description) <= 256:
        section["description"] = share.description
    managers = sorted(user for user, role in roles.items() if role == "OWNER" and keeps(UserName, user))
    return section | ({"managers": managers} if managers else {})


def _safety(content: Mapping[str, Any]) -> dict[str, Any]:
    used = sum(project["compute_units"] for project in content["projects"])
    most = max(used, int(content["cluster"].get("compute_units", 0)))
    return {"safety": {"max_compute_units": most}} if most > DEFAULT_MOST_UNITS else {}


# The service's role


def _service(content: Mapping[str, Any], service: Service) -> Part:
    """Choose what leaves the role as it is: the default, else what it is called and trusts, else only to check it."""
    if service.role is None:
        return Part({}, ["The service's role does not exist: prepare makes it."])
    section = _called(_validated(content), service.role)
    wanted = _validated({**content, "service_role": section})
    if not _changes(wanted, service):
        return Part(section, _untold(_validated(content), section))
    only_checked = section | {"create": False}
    checked = _validated({**content, "service_role": only_checked})
    try:
        spec, needed = desired.service_role(checked), desired.service_policies(checked).policies
        ram_policies.check_role(spec, service.role, service.attached, needed)
    except Unmet as error:
        if "name" in section and len(_trusted(service.role)) != 1:
            told = "A document names one service that a role trusts; this one is only checked (create: false)."
            return Part(only_checked, [f"{error.message} {told}"])
        return Part(section, [f"{error.message} Prepare repairs what can be repaired by API."])
    told = "The rights of the service's role differ from what prepare gives it (R9, R10); they are left alone (create: "
    return Part(only_checked, [told + "false). Take that line out and prepare corrects them."])


def _called(environment: Environment, role: Role) -> dict[str, Any]:
    """Give the role's name and the service that it trusts, where they are not the usual ones."""
    usual, trusted = desired.service_role(environment), _trusted(role)
    if role.name != usual.name:  # then the service must be said
        likely = [usual.trusted_service] if usual.trusted_service in trusted or not trusted else trusted
        return {"name": role.name, "trusted_service": likely[0]}
    differs = len(trusted) == 1 and trusted[0] != usual.trusted_service
    return {"trusted_service": trusted[0]} if differs else {}


def _trusted(role: Role) -> list[str]:
    found = re.findall(r'"([a-z0-9.-]+\.aliyuncs\.com)"', role.trust_policy)
    return list(dict.fromkeys(found))


def _untold(environment: Environment, section: Mapping[str, Any]) -> list[str]:
    """Tell of a service that is trusted, and of which nobody has said that it is Realtime Compute."""
    service = section.get("trusted_service")
    if not service or service in desired.service_role(environment).candidates:
        return []
    return [
        f"The service's role trusts {service}, not known to be Realtime Compute. If the Authorize page did not make it "
        "so, correct the role in the RAM console and take service_role.trusted_service out."
    ]


def _changes(environment: Environment, service: Service) -> bool:
    try:
        role = ram_policies.role_changes(desired.service_role(environment), service.role)
    except Unmet:  # it trusts somebody of whom only a person can tell whether that is right
        return True
    policies = ram_policies.attachment_changes(desired.service_policies(environment), service.attached)
    if environment.cluster.mode == "managed":
        return bool(role or policies)
    return bool(role or policies or ram_policies.policy_changes(desired.exclusive_policy(False), service.policy))


def usual_role(mode: str) -> str:
    """Give the name of the service's default role."""
    return prerequisites.EXCLUSIVE_ROLE if mode == "exclusive" else prerequisites.MANAGED_ROLE
