"""The exclusive cluster: its order, its creation, the wait for RUNNING, and what the service made for it."""

from __future__ import annotations

from collections.abc import Sequence

from alicloud import bssopenapi, ecs, foas, vpc_vswitches
from alicloud.bssopenapi import OrderedInstance
from alicloud.call import PLANNED
from alicloud.errors import Unmet
from alicloud.foas import Cluster, ClusterSpec
from alicloud.session import Session
from alicloud.settle import settle
from alicloud.shared_reads import WAITING
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import desired
from blocks.clusters import ExclusiveCluster
from blocks.environment import Environment
from blocks.runner_rights import need
from tasks.account import Account
from tasks.approval import require
from tasks.oss_bucket import check_bucket_again, ensure_bucket
from tasks.progress import Look, timing_of, wait_key, wait_with_progress
from tasks.service_role import SERVICE_AGAIN, check_service_again, open_exclusive_policy
from tasks.step import needs_of, step
from tasks.vswitch import check_vswitches_again


@step("Cluster {name}, as it is", "R21", needs=(need(foas.list_cluster),))
def find_cluster(cloud: Session, name: str) -> Cluster | None:
    """Look whether the cluster exists."""
    return foas.pick_cluster(name, cloud.recall(foas.list_cluster()))


@step("Cluster {name}, which must be RUNNING", "R14", needs=(need(foas.list_cluster),))
def require_cluster(cloud: Session, name: str) -> Cluster:
    """Find the cluster that projects are made on.

    Raises:
        Unmet: it does not exist or is not RUNNING.
    """
    cluster = foas.pick_cluster(name, cloud.recall(foas.list_cluster()))
    if cluster is None or not foas.cluster_ready(cluster):
        state = "does not exist" if cluster is None else f"is {cluster.state}"
        raise Unmet(f"Cluster {name} {state}.", remedy="Run create-cluster first, or wait until it is RUNNING.")
    return cluster


@step("Cluster {name}, which must exist", "R12", needs=(need(foas.list_cluster),))
def require_standing_cluster(cloud: Session, name: str) -> Cluster:
    """Find the cluster that something is done to, whatever its state.

    Raises:
        Unmet: it does not exist.
    """
    cluster = foas.pick_cluster(name, cloud.recall(foas.list_cluster()))
    if cluster is None:
        raise Unmet(f"Cluster {name} does not exist.", remedy="Run create-cluster first.")
    return cluster


@step(
    "Order of the cluster",
    "R12",
    "R13",
    "R14",
    needs=(
        need(bssopenapi.query_available_instances),
        need(foas.list_cluster),
    ),
)
def find_order(cloud: Session, wanted: ExclusiveCluster, cluster: Cluster | None) -> OrderedInstance | None:
    """Find the paid order that the cluster is made from: never accepts terms, never pays.

    Returns:
        The order; None when the cluster exists and needs none.

    Raises:
        ManualStep: no usable order; the message says what to do in the console.
    """
    if cluster is not None:
        return None
    instances = cloud.recall(bssopenapi.query_available_instances(wanted.order_product_code, cloud.region))
    living = _living(cloud.recall(foas.list_cluster()))
    return bssopenapi.usable_orders(instances, living, wanted.order_id, cloud.region)


def _living(clusters: Sequence[Cluster]) -> int:
    return sum(row.state != "DESTROYED" for row in clusters)


@step(
    "Cluster {environment.cluster.name}",
    "R14",
    "R21",
    once=True,
    needs=(
        need(bssopenapi.query_available_instances),
        need(foas.create_cluster),
        need(foas.list_cluster),
        *needs_of(ensure_bucket),
        *SERVICE_AGAIN,
        need(vpc_vswitches.describe_vswitches),
    ),
)
def ensure_cluster(
    cloud: Session, environment: Environment, order: OrderedInstance | None, vpc: Vpc, vswitches: list[VSwitch]
) -> Cluster:
    """Create the cluster when it does not exist. What a creation relies on is read again right before it.

    Raises:
        Uncertain: the answer to CreateCluster was lost and no cluster was seen within the settle window.
    """
    spec = desired.cluster(environment, _order_id(order), vpc.vpc_id, vswitches[0].vswitch_id)
    read = foas.list_cluster()
    if not cloud.dry and foas.cluster_changes(spec, cloud.recall(read)):
        require(environment, cloud.journal)
        _check_again(cloud, environment, spec, vswitches)
    clusters = settle(cloud, read, spec, foas.cluster_changes, _with_planned(cloud, spec), foas.cluster_key(spec))
    cluster = foas.pick_cluster(spec.name, clusters)
    if cluster is None:
        raise Unmet(f"Cluster {spec.name} vanished after its creation.", remedy="Retry this run.")
    if not cloud.dry and cluster.state == "STARTING" and environment.service_role.create:
        open_exclusive_policy(cloud)  # whose own cluster became RUNNING a moment ago has tightened it
    return cluster


def _check_again(cloud: Session, environment: Environment, spec: ClusterSpec, vswitches: list[VSwitch]) -> None:
    """Check what the creation relies on, right before it: a cluster on less is paid for, and stays STARTING.

    Raises:
        Unmet: somebody has changed it since it was prepared.
    """
    check_bucket_again(cloud, desired.bucket(environment))
    check_vswitches_again(cloud, environment, vswitches)
    check_service_again(cloud, environment)
    wanted = desired.exclusive(environment)
    instances = cloud.send(bssopenapi.query_available_instances(wanted.order_product_code, cloud.region))
    bssopenapi.usable_orders(instances, 0, spec.order_id, cloud.region)
    if not wanted.order_id:  # of two at the same moment the other may have taken it
        bssopenapi.usable_orders(instances, _living(cloud.send(foas.list_cluster())), "", cloud.region)


def _order_id(order: OrderedInstance | None) -> str:
    return order.instance_id if order else ""


def _with_planned(cloud: Session, spec: ClusterSpec) -> tuple[Cluster, ...] | None:
    if not cloud.dry:
        return None
    return (*cloud.recall(foas.list_cluster()), foas.planned_cluster(spec))


@step(
    "Cluster {cluster.name}, until it is RUNNING",
    "R22",
    needs=(
        need(foas.get_cluster_details),
        need(foas.list_cluster),
    ),
)
def wait_for_cluster(
    cloud: Session, environment: Environment, cluster: Cluster, account: Account, order: OrderedInstance | None
) -> Cluster:
    """Wait until the cluster is RUNNING, about half an hour after its creation.

    Raises:
        TimedOut: it stays STARTING; the ticket's text stands in an artifact.
        Unmet: it is being destroyed, in an unknown state, or not the one that is wanted.
    """
    if cluster.cluster_id == PLANNED:
        return cluster
    wanted = environment.cluster
    details = [cluster]

    def look(fresh_seconds: float) -> Look:
        read, age = None, 0.0
        if fresh_seconds:
            listed, age = WAITING.read(cloud, foas.list_cluster(), fresh_seconds)
            read = next((row for row in listed if row.cluster_id == cluster.cluster_id), None)
        if foas.cluster_ready(read) or not (read or age):  # a row of the list has not all that a cluster has
            read, age = cloud.send(foas.get_cluster_details(cluster.cluster_id)), 0.0
        details.append(read or cluster)
        label = details[-1].state
        made = details[-1].created_ms or cluster.created_ms
        return Look(foas.cluster_ready(read), label, made, being_made=label == "STARTING", age=age)

    def ticket(elapsed: float) -> str:
        seen = details[-1]
        if not seen.vswitch_ids:
            seen = cloud.send(foas.get_cluster_details(cluster.cluster_id)) or seen
        vswitch_id = seen.vswitch_ids[0] if seen.vswitch_ids else ""
        ordered = _order_id(order) or getattr(wanted, "order_id", "")
        spec = desired.cluster(environment, ordered, seen.vpc_id, vswitch_id)
        requests = [write.request_id for write in cloud.ledger.writes if write.action == "CreateCluster"]
        return foas.ticket_text(spec, seen, account.account_id, elapsed, requests)

    if cloud.dry:
        cloud.ledger.on_its_way |= not foas.cluster_ready(cluster)
        return cloud.send(foas.get_cluster_details(cluster.cluster_id)) or cluster
    if foas.cluster_ready(cluster):
        return cloud.recall(foas.get_cluster_details(cluster.cluster_id)) or cluster
    timing = timing_of(cloud, environment)
    wait_with_progress(cloud, look, timing, wait_key(environment), f"Cluster {cluster.name}", ticket)
    return details[-1]


@step(
    "Network of cluster {cluster.name}",
    "R16",
    "R21",
    needs=(
        need(ecs.describe_network_interfaces),
        need(ecs.describe_security_groups),
    ),
)
def check_cluster_network(cloud: Session, environment: Environment, cluster: Cluster, vpc: Vpc) -> Cluster:
    """Check that the cluster is the wanted one, and that the security group and interfaces it was given exist.

    Raises:
        Unmet: another VPC or bucket than wanted, or something that the service made was deleted.
    """
    if cluster.cluster_id == PLANNED or not foas.cluster_ready(cluster):
        return cluster
    vswitch_id = cluster.vswitch_ids[0] if cluster.vswitch_ids else ""
    foas.check_cluster(desired.cluster(environment, "", vpc.vpc_id, vswitch_id), cluster)
    groups = cloud.recall(ecs.describe_security_groups(security_group_id=cluster.security_group_id))
    interfaces = cloud.recall(ecs.describe_network_interfaces(security_group_id=cluster.security_group_id))
    missing = ecs.service_objects_missing(cluster.security_group_id, groups, interfaces)
    if missing:
        raise Unmet(
            f"Cluster {cluster.name} has lost what the service made for it: {'; '.join(missing)}.",
            remedy="Submit a ticket: without them the cluster can be neither rebuilt nor scaled.",
        )
    return cluster
