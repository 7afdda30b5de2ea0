"""Scaling: a cluster that runs is brought to the size that the environment says. Of a workspace: `workspace_size`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alicloud import bssopenapi, foas, foas_projects, foas_queues, foas_scaling, vpc_vswitches
from alicloud.call import Call
from alicloud.errors import ManualStep, Unmet
from alicloud.foas import Cluster
from alicloud.foas_projects import QueueSpec
from alicloud.foas_queues import ClusterResource, Queue
from alicloud.foas_scaling import Direction
from alicloud.foasconsole import Workspace
from alicloud.session import Session
from alicloud.settle import settle
from blocks import desired
from blocks.environment import Environment, Project
from blocks.runner_rights import need
from tasks.account import Account
from tasks.slow_change import SlowChange, at_rest, bring
from tasks.step import step

_NODES = (  # what every change of masters or slaves looks at
    need(bssopenapi.query_available_instances),
    need(foas.get_cluster_details),
    need(foas_queues.get_cluster_queue_info),
    need(foas_queues.get_cluster_resource),
    need(vpc_vswitches.describe_vswitches),
)


@dataclass(frozen=True)
class ClusterNow:
    """A cluster as it is, with what it has to share out and its shares."""

    cluster: Cluster
    resource: ClusterResource
    queues: tuple[Queue, ...]


@step(
    "Cluster {environment.cluster.name}, until nothing is changing it",
    "R12",
    needs=(*_NODES, need(foas.list_cluster), need(foas_scaling.modify_master_spec)),
)
def rest_of_cluster(cloud: Session, environment: Environment, account: Account) -> Cluster:
    """Find the cluster that is to be scaled; wait while it is created, scaled or maintained.

    Raises:
        Unmet: it does not exist or is being destroyed.
        TimedOut: it stays in a state of change.
    """
    cluster = foas.pick_cluster(environment.cluster.name, cloud.send(foas.list_cluster()))
    if cluster is None:
        raise Unmet(f"Cluster {environment.cluster.name} does not exist.", remedy="Run create-cluster first.")
    return at_rest(cloud, environment, _masters(cloud, environment, cluster, account)).cluster


@step(
    "Queue of project {project.name}, {direction}",
    "R23",
    needs=(
        need(foas_projects.update_queue),
        need(foas_queues.get_cluster_queue_info),
    ),
)
def ensure_queue_size(cloud: Session, project: Project, cluster: Cluster, direction: Direction) -> None:
    """Give a project that exists its compute units: fewer before the cluster shrinks, more after it has grown.

    Raises:
        Unmet: running jobs use more than is wanted.
    """

    def decide(spec: QueueSpec, actual: tuple[Queue, ...]) -> list[Call[Any]]:
        return foas_scaling.queue_resizes(spec, actual, direction)

    spec = QueueSpec(cluster.cluster_id, project.name, project.compute_units)
    settle(cloud, foas_queues.get_cluster_queue_info(cluster.cluster_id), spec, decide)


@step(
    "Masters of cluster {cluster.name}",
    "R12",
    once=True,
    needs=(*_NODES, need(foas_scaling.modify_master_spec)),
)
def ensure_masters(cloud: Session, environment: Environment, cluster: Cluster, account: Account) -> Cluster:
    """Exchange the masters for those of the wanted specification, and wait until the cluster is RUNNING again.

    Raises:
        ManualStep: the cluster is subscribed, or the environment does not allow to spend money.
        Unmet: another number of masters is wanted.
    """
    return bring(cloud, environment, _masters(cloud, environment, cluster, account)).cluster


@step(
    "Slaves of cluster {cluster.name}",
    "R12",
    "R19",
    once=True,
    needs=(*_NODES, need(foas_scaling.expand_cluster), need(foas_scaling.shrink_cluster)),
)
def ensure_slaves(cloud: Session, environment: Environment, cluster: Cluster, account: Account) -> Cluster:
    """Add or release slaves until there are as many as wanted, and wait until the cluster is RUNNING again.

    Raises:
        ManualStep: the cluster is subscribed, or the environment does not allow to spend money.
        Unmet: more than is allowed, fewer than queues hold, or the vSwitch has too few addresses.
        Uncertain: the answer to ExpandCluster was lost, and nothing is seen of it.
    """

    def decide(now: ClusterNow) -> list[Call[Any]]:
        spec = desired.cluster_size(environment, now.queues)
        return foas_scaling.slaves_changes(spec, now.cluster, now.resource)

    def reached(now: ClusterNow, makes: str) -> bool:
        number = len(foas_scaling.nodes_of(now.cluster).slave_ids)
        return makes == foas_scaling.slaves_key(now.cluster.cluster_id, number)

    return bring(cloud, environment, _nodes(cloud, environment, cluster, account, decide, reached)).cluster


def _masters(cloud: Session, environment: Environment, cluster: Cluster, account: Account) -> SlowChange[ClusterNow]:
    def decide(now: ClusterNow) -> list[Call[Any]]:
        return foas_scaling.master_changes(desired.cluster_size(environment, now.queues), now.cluster)

    return _nodes(cloud, environment, cluster, account, decide, lambda _now, _makes: False)


def _nodes(
    cloud: Session, environment: Environment, cluster: Cluster, account: Account, decide: Any, reached: Any
) -> SlowChange[ClusterNow]:
    def read() -> ClusterNow:
        found = cloud.send(foas.get_cluster_details(cluster.cluster_id))
        resource = cloud.send(foas_queues.get_cluster_resource(cluster.cluster_id))
        if found is None or resource is None:
            raise Unmet(f"Cluster {cluster.name} ({cluster.cluster_id}) is gone.", remedy="Find out who released it.")
        return ClusterNow(found, resource, cloud.send(foas_queues.get_cluster_queue_info(cluster.cluster_id)))

    def check(now: ClusterNow, call: Call[Any]) -> None:
        _check_billing(cloud, environment)
        if call.action != "ShrinkCluster":
            _check_money(environment, call)
        if call.action == "ExpandCluster":
            _check_addresses(cloud, environment, now.cluster)

    return SlowChange(
        what=f"Cluster {cluster.name}",
        read=read,
        decide=decide,
        resting=lambda now: foas.cluster_ready(now.cluster),
        label=lambda now: now.cluster.state,
        check=check,
        reached=reached,
        unseen_seconds=cloud.settle_seconds,  # a change shows at once, as a state
        ticket=lambda now, elapsed: _ticket(environment, now.cluster, account, elapsed),
    )


def _check_billing(cloud: Session, environment: Environment) -> None:
    """Refuse what only a person can do: to change a cluster that is subscribed.

    foas does not tell how a cluster is paid; billing does, where it is beyond doubt which order is the cluster's. Else
    it is left to the cloud to refuse.

    Raises:
        ManualStep: it is subscribed.
    """
    wanted = desired.exclusive(environment)
    bought = cloud.recall(bssopenapi.query_available_instances(wanted.order_product_code, cloud.region))
    found = [each for each in bought if each.instance_id == wanted.order_id or not wanted.order_id]
    if found and all(each.subscription == "Subscription" for each in found):
        raise ManualStep(
            f"Cluster {wanted.name} is subscribed ({', '.join(each.instance_id for each in found)}); the vendor "
            "changes only pay-as-you-go clusters by API.",
            remedy="Scale it in the console, with the Alibaba Cloud account; then Retry this run, which goes on.",
        )


def _check_money(environment: Environment, call: Call[Any]) -> None:
    """Refuse to spend what nobody has allowed: foas tells no price, so no limit of it can be kept.

    Raises:
        ManualStep: safety does not allow it.
    """
    safety = environment.safety
    if safety.may_order and safety.max_price is None:
        return
    why = (
        "a price that nobody can ask cannot be kept below safety.max_price" if safety.may_order else "it may not order"
    )
    raise ManualStep(
        f"To {call.means} costs money, the vendor tells no price for exclusive mode, and by the environment {why}.",
        remedy="Set safety.may_order without safety.max_price, or scale it in the console; then Retry this run.",
    )


def _check_addresses(cloud: Session, environment: Environment, cluster: Cluster) -> None:
    slave = desired.exclusive(environment).slave
    more = slave.number - len(foas_scaling.nodes_of(cluster).slave_ids) if slave else 0
    for vswitch_id in cluster.vswitch_ids[:1]:
        found = cloud.send(vpc_vswitches.describe_vswitches(vswitch_id=vswitch_id))
        vpc_vswitches.check_vswitches(found, "", more)


def _ticket(environment: Environment, cluster: Cluster, account: Account, elapsed: float) -> str:
    vswitch_id = cluster.vswitch_ids[0] if cluster.vswitch_ids else ""
    spec = desired.cluster(environment, desired.exclusive(environment).order_id, cluster.vpc_id, vswitch_id)
    return foas.ticket_text(spec, cluster, account.account_id, elapsed, ())


def differences(environment: Environment, results: Sequence[object]) -> list[str]:
    """Say of what was read in which way its size is not as wanted: the deployment scale brings it to that."""
    found: list[str] = []
    for result in results:
        if isinstance(result, Cluster) and result.instance_infos:
            found.append(foas_scaling.size_difference(desired.cluster_size(environment, ()), result))
        if isinstance(result, Workspace) and result.cpu > desired.workspace_size(environment).cus:
            found.append(f"{result.cpu} CUs, wanted {desired.workspace_size(environment).cus}")
    return [each for each in found if each]
