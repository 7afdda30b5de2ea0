"""Looks for what the journal says this environment created, whatever its document names now: the proof of it stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from alicloud import foas, foas_projects, foas_queues, foasconsole, foasconsole_removal, oss, ram, ram_policies, vpc
from alicloud import foasconsole_namespaces as namespaces
from alicloud.errors import Forbidden
from alicloud.journal_record import Created, Record, What
from alicloud.session import Session
from alicloud.vpc_vswitches import describe_vswitches
from blocks import holdbacks
from blocks.runner_rights import need
from tasks.removal import journal_of, look, whose

# What is in something else, goes with it, and needs no proof of its own.
PARTS = ("ram:logon/", "ververica:member/", "oss:object/", "oss:upload/")

NEEDS = (  # of whoever looks: what no document names any more counts as there, as far as rights end before it
    need(ram.get_user, user="users"),
    need(ram.get_user, user="leavers"),
    need(ram.get_group, group="groups"),
    need(ram_policies.get_policy, policy="people_policies"),
    need(ram_policies.get_policy, policy="made_role_policy"),
    need(ram_policies.get_role, role="role"),
    need(vpc.describe_vpcs),
    need(describe_vswitches),
    need(foas.list_cluster, "exclusive"),
    need(foas_queues.get_cluster_queue_info, "exclusive"),
    need(foas_projects.list_project, "exclusive"),
    need(foas_projects.list_package, project="projects"),
    need(foasconsole.describe_instances, "managed"),
    need(namespaces.describe_namespaces, "managed"),
    need(oss.get_bucket_info),
)

Times = Iterable[float]  # when each of a name was created, by the cloud; 0 where it does not tell


@dataclass(frozen=True)
class _Kind:
    """How a kind of resource is told, with the fields of its key, and looked for."""

    told: str
    find: Callable[..., Times]


def unproven(cloud: Session, bucket: str) -> str:
    """Say what the bucket's journal alone proves to be this environment's and is still there; nothing when it is not.

    Args:
        bucket: the one with the journal.
    """
    there, unseen = remains(cloud, bucket)
    return holdbacks.first(holdbacks.unproven(there), holdbacks.unseen(unseen))


def remains(cloud: Session, bucket: str) -> tuple[list[str], list[str]]:
    """Give what is there of what the environment has, or may have, created; and what cannot be looked for.

    In a plan without what goes in this run.
    """
    there, unseen = list[str](), list[str]()
    for key in _created(journal_of(cloud).record, _going(cloud)):
        if key.startswith(PARTS) or key == oss.bucket_key(bucket):
            continue
        begin, _, rest = key.partition("/")
        kind = KINDS.get(begin)
        fields = rest.split("/", kind.told.count("{") - 1) if kind else []
        try:
            if kind is None or _elsewhere(cloud, begin, fields):
                unseen.append(kind.told.format(*fields) if kind else key)
            elif any(_may_be_ours(cloud, key, each) for each in kind.find(cloud, *fields)):
                there.append(kind.told.format(*fields))
        except Forbidden as refused:
            unseen.append(f"{kind.told.format(*fields) if kind else key} ({refused.action} is not allowed)")
    return there, unseen


def _created(record: Record, going: Collection[str]) -> list[str]:
    """Give the keys of what the environment has, or may have, created, and neither removed nor is about to."""
    keys = dict.fromkeys(entry.creates for entry in record.entries if entry.what is What.INTENT and entry.creates)
    left = [key for key in keys if key not in going]
    return [key for key in left if record.created(key) in (Created.YES, Created.UNSURE)]


def _going(cloud: Session) -> set[str]:
    """Give what goes in this run before the bucket: what has gone the journal knows already."""
    return {write.removes for write in cloud.ledger.writes} if cloud.dry else set()


def _elsewhere(cloud: Session, begin: str, fields: Collection[str]) -> bool:
    return begin in ("vpc:vpc", "foasconsole:workspace") and cloud.region not in fields


def _may_be_ours(cloud: Session, key: str, created_at: float) -> bool:
    return not whose(cloud, key, created_at).endswith(holdbacks.ANOTHER)


# Looking: none where the thing goes with another that goes


def _user(cloud: Session, name: str) -> Times:
    found = look(cloud, ram.get_user(name))
    return [found.created_at] if found else []


def _group(cloud: Session, name: str) -> Times:
    found = look(cloud, ram.get_group(name))
    return [found.created_at] if found else []


def _policy(cloud: Session, name: str) -> Times:
    found = look(cloud, ram_policies.get_policy(name))
    return [found.created_at] if found else []


def _role(cloud: Session, name: str) -> Times:
    found = look(cloud, ram_policies.get_role(name))
    return [found.created_at] if found else []


def _vpc(cloud: Session, _region: str, name: str) -> Times:
    return [row.created_at for row in look(cloud, vpc.describe_vpcs(name=name)) if row.name == name]


def _vswitch(cloud: Session, vpc_id: str, cidr: str) -> Times:
    return [row.created_at for row in look(cloud, describe_vswitches(vpc_id)) if row.cidr == cidr]


def _clusters(cloud: Session) -> list[foas.Cluster]:
    going = _going(cloud)
    rows = [row for row in look(cloud, foas.list_cluster()) if row.state not in ("DESTROYING", "DESTROYED")]
    return [row for row in rows if foas.created_cluster_key(row.name) not in going]


def _cluster(cloud: Session, name: str) -> Times:
    return [row.created_ms / 1000 for row in _clusters(cloud) if row.name == name]


def _queue(cloud: Session, cluster_id: str, name: str) -> Times:
    if all(row.cluster_id != cluster_id for row in _clusters(cloud)):
        return []
    return [0.0 for row in look(cloud, foas_queues.get_cluster_queue_info(cluster_id)) if row.name == name]


def _project(cloud: Session, name: str) -> Times:
    rows = [row for row in look(cloud, foas_projects.list_project()) if row.name == name]
    return [row.created_at for row in rows if foas_projects.project_key(name) not in _going(cloud)]


def _package(cloud: Session, project: str, name: str) -> Times:
    if not _project(cloud, project):
        return []
    return [0.0 for row in look(cloud, foas_projects.list_package(project)) if row.name == name]


def _workspaces(cloud: Session) -> list[foasconsole.Workspace]:
    going = _going(cloud)
    rows = look(cloud, foasconsole.describe_instances(cloud.region))
    left = [row for row in rows if row.status not in foasconsole_removal.GOING]
    return [row for row in left if foasconsole.created_workspace_key(cloud.region, row.name) not in going]


def _workspace(cloud: Session, _region: str, name: str) -> Times:
    return [row.created_ms / 1000 for row in _workspaces(cloud) if row.name == name]


def _namespace(cloud: Session, instance_id: str, name: str) -> Times:
    if all(row.instance_id != instance_id for row in _workspaces(cloud)):
        return []
    rows = look(cloud, namespaces.describe_namespaces(cloud.region, instance_id))
    return [row.created_at for row in rows if row.name == name and row.status != "DELETING"]


def _bucket(cloud: Session, name: str) -> Times:
    found = look(cloud, oss.get_bucket_info(name, cloud.region))
    return [found.created_at] if found else []


KINDS: Mapping[str, _Kind] = {
    "ram:user": _Kind("RAM user {}", _user),
    "ram:group": _Kind("RAM group {}", _group),
    "ram:policy": _Kind("policy {}", _policy),
    "ram:role": _Kind("role {}", _role),
    "vpc:vpc": _Kind("VPC {1} of {0}", _vpc),
    "vpc:vswitch": _Kind("vSwitch {1} of {0}", _vswitch),
    "foas:cluster": _Kind("cluster {}", _cluster),
    "foas:queue": _Kind("queue {1} of cluster {0}", _queue),
    "foas:project": _Kind("project {}", _project),
    "foas:package": _Kind("registration of {1} in project {0}", _package),
    "foasconsole:workspace": _Kind("workspace {1} of {0}", _workspace),
    "foasconsole:namespace": _Kind("namespace {1} of workspace {0}", _namespace),
    "oss:bucket": _Kind("OSS bucket {}", _bucket),
}
