"""What an account has of Realtime Compute that no environment wants: often paid for, always worth a look. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from alicloud import prerequisites, vpc, vpc_vswitches
from alicloud.bssopenapi import OrderedInstance
from alicloud.foas import Cluster
from alicloud.foasconsole import Workspace
from alicloud.journal_record import Created, Record
from alicloud.ram import group_key, user_key
from alicloud.ram_listing import ListedPolicy, ListedRole
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import desired
from blocks.adopted_people import PREFIX
from blocks.environment import Environment

OrphanKind = Literal["Order", "Cluster", "Workspace", "VPC", "vSwitch", "OSS bucket", "Role", "Policy", "User", "Group"]
GONE = ("DESTROYING", "DESTROYED", "DELETING", "DELETED")


@dataclass(frozen=True)
class Orphan:
    """One thing, why it is thought to be ours, and what it costs as far as that is known."""

    kind: OrphanKind
    name: str
    id: str
    why: str
    cost: str = ""


@dataclass(frozen=True)
class KeptJournal:
    """The journal of an environment, and the bucket that it lies in."""

    bucket: str
    environment: str
    record: Record


@dataclass(frozen=True)
class Holdings:
    """What an account has in a region, with what it has in all regions of RAM. `prices` are by workspace id."""

    region: str
    orders: tuple[OrderedInstance, ...]
    clusters: tuple[Cluster, ...]
    workspaces: tuple[Workspace, ...]
    prices: Mapping[str, str]
    vpcs: tuple[Vpc, ...]
    vswitches: tuple[VSwitch, ...]
    journals: tuple[KeptJournal, ...]
    roles: tuple[ListedRole, ...]
    policies: tuple[ListedPolicy, ...]
    users: tuple[str, ...]
    groups: tuple[str, ...]


def orphans(found: Holdings, environments: Sequence[Environment]) -> list[Orphan]:
    """Find what no environment wants.

    Args:
        environments: those of the account, in all regions: what is of RAM may be another region's.
    """
    here = [environment for environment in environments if environment.region == found.region]
    return [
        *_orders(found, here),
        *_clusters(found, here),
        *_workspaces(found, here),
        *_network(found, here),
        *_buckets(found, environments),
        *_rights(found, environments),
        *_people(found, environments),
    ]


def paid_without_cluster(found: Holdings) -> int:
    """Count the orders that are paid and have no cluster: the red number of the console."""
    living = [cluster for cluster in found.clusters if cluster.state != "DESTROYED"]
    return max(0, len(_paid(found)) - len(living))


def _paid(found: Holdings) -> list[OrderedInstance]:
    return [order for order in found.orders if order.is_normal and order.region == found.region]


def _orders(found: Holdings, here: Iterable[Environment]) -> Iterator[Orphan]:
    """The cloud does not tell which order a cluster was made from: where not all are idle, all may be meant."""
    number, paid = paid_without_cluster(found), _paid(found)
    wanted = {getattr(environment.cluster, "order_id", "") for environment in here}
    for order in paid if number else ():
        if order.instance_id not in wanted:
            sure = "" if number == len(paid) else f"one of {len(paid)} orders, of which {number} have none: "
            until = f"paid until {order.end_time}" if order.end_time else "no end told"
            yield Orphan("Order", order.product_code, order.instance_id, f"{sure}paid, and without a cluster", until)


def _clusters(found: Holdings, here: Iterable[Environment]) -> Iterator[Orphan]:
    wanted = {environment.cluster.name for environment in here if environment.cluster.mode == "exclusive"}
    for cluster in found.clusters:
        if cluster.name not in wanted and cluster.state not in GONE:
            why = f"{cluster.state}, and in no environment"
            yield Orphan("Cluster", cluster.name, cluster.cluster_id, why, "paid with its order")


def _workspaces(found: Holdings, here: Iterable[Environment]) -> Iterator[Orphan]:
    wanted = {environment.cluster.name for environment in here if environment.cluster.mode == "managed"}
    for workspace in found.workspaces:
        if workspace.name not in wanted and workspace.status not in GONE:
            why = f"{workspace.status}, {workspace.cpu} CUs, and in no environment"
            cost = found.prices.get(workspace.instance_id, "not known")
            yield Orphan("Workspace", workspace.name, workspace.instance_id, why, cost)


def _network(found: Holdings, here: Sequence[Environment]) -> Iterator[Orphan]:
    """Networks that a run has made; a VPC and its vSwitches cost nothing, but take address space."""
    ids, names = ({getattr(each.network.vpc, part) for each in here} for part in ("id", "name"))
    wanted = {each.vpc_id for each in found.vpcs if each.vpc_id in ids or (each.name and each.name in names)}
    used = {vswitch for workspace in found.workspaces for vswitch in workspace.vswitch_ids}
    used |= {vswitch for cluster in found.clusters for vswitch in cluster.vswitch_ids}
    for network in found.vpcs:
        maker = _maker(found, vpc.created_vpc_key(found.region, network.name))
        if maker and network.vpc_id not in wanted:
            yield Orphan("VPC", network.name, network.vpc_id, _made_by(maker), "free of charge")
    asked = {part for each in here for vswitch in each.network.vswitches for part in (vswitch.id, vswitch.cidr) if part}
    for vswitch in found.vswitches:
        maker = _maker(found, vpc_vswitches.created_vswitch_key(vswitch.vpc_id, vswitch.cidr))
        named = vswitch.vswitch_id in asked or (vswitch.vpc_id in wanted and vswitch.cidr in asked)
        if maker and not named:
            lived_in = "; something runs in it" if vswitch.vswitch_id in used else ""
            yield Orphan("vSwitch", vswitch.name, vswitch.vswitch_id, _made_by(maker) + lived_in, "free of charge")


def _maker(found: Holdings, key: str) -> str:
    """Give the environment whose journal says that it has made the resource of a key; empty when none does."""
    makers = (each.environment for each in found.journals if each.record.created(key) is Created.YES)
    return next(makers, "")


def _made_by(environment: str) -> str:
    return f"made by environment {environment}, and in none now"


def _buckets(found: Holdings, environments: Iterable[Environment]) -> Iterator[Orphan]:
    wanted = {environment.storage.bucket for environment in environments}
    for name in sorted({journal.bucket for journal in found.journals} - wanted):
        kept = ", ".join(sorted(journal.environment for journal in found.journals if journal.bucket == name))
        yield Orphan(
            "OSS bucket", name, "", f"keeps the journal of {kept}, and is in no environment", "by what it stores"
        )


def _rights(found: Holdings, environments: Sequence[Environment]) -> Iterator[Orphan]:
    """Roles that the service acts through, and policies for people, by their names."""
    needed = {desired.service_role(environment).name for environment in environments}
    usual = (prerequisites.EXCLUSIVE_ROLE, prerequisites.MANAGED_ROLE)
    for role in found.roles:
        ours = role.name in usual or role.description == desired.ROLE_DESCRIPTION
        if ours and role.name not in needed:
            yield Orphan("Role", role.name, "", "Realtime Compute acts through it, and no environment needs it")
    given = {access.policy.name for environment in environments for access in desired.accesses(environment)}
    for policy in found.policies:
        if policy.name.startswith(PREFIX) and policy.name not in given:
            why = f"named like an environment's, in none now, attached {policy.attachment_count} times"
            yield Orphan("Policy", policy.name, "", why)


def _people(found: Holdings, environments: Sequence[Environment]) -> Iterator[Orphan]:
    """Users and groups that an environment has made and none names any more."""
    users = {user.name for environment in environments for user in environment.people.users}
    for name in found.users:
        maker = _maker(found, user_key(name))
        if maker and name not in users:
            yield Orphan("User", name, "", _made_by(maker))
    groups = {group.name for environment in environments for group in environment.people.groups}
    for name in found.groups:
        maker = _maker(found, group_key(name))
        if maker and name not in groups:
            yield Orphan("Group", name, "", _made_by(maker))
