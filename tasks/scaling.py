"""Scaling: a cluster or workspace that runs is brought to the size that the environment says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alicloud import (
    bssopenapi,
    foas,
    foas_projects,
    foas_queues,
    foas_scaling,
    foasconsole,
    foasconsole_prices,
    vpc_vswitches,
)
from alicloud import foasconsole_namespaces as namespaces
from alicloud import foasconsole_scaling as sizes
from alicloud.call import Call
from alicloud.errors import ManualStep, Unmet
from alicloud.foas import Cluster
from alicloud.foas_projects import QueueSpec
from alicloud.foas_queues import ClusterResource, Queue
from alicloud.foas_scaling import Direction
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_namespaces import Namespace
from alicloud.foasconsole_prices import Price
from alicloud.session import Session
from alicloud.settle import settle, wait_until
from blocks import desired
from blocks.environment import Environment, Project
from blocks.runner_rights import need
from tasks.account import Account
from tasks.slow_change import SlowChange, at_rest, bring
from tasks.step import step
from tasks.workspace import Quote

# Exclusive mode


@dataclass(frozen=True)
class ClusterNow:
    """A cluster as it is, with what it has to share out and its shares."""

    cluster: Cluster
    resource: ClusterResource
    queues: tuple[Queue, ...]


@step(
    "Cluster {environment.cluster.name}, until nothing is changing it",
    "R12",
    needs=(
        need(bssopenapi.query_available_instances),
        need(foas.get_cluster_details),
        need(foas.list_cluster),
        need(foas_queues.get_cluster_queue_info),
        need(foas_queues.get_cluster_resource),
        need(foas_scaling.modify_master_spec),
        need(vpc_vswitches.describe_vswitches),
    ),
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
    needs=(
        need(bssopenapi.query_available_instances),
        need(foas.get_cluster_details),
        need(foas_queues.get_cluster_queue_info),
        need(foas_queues.get_cluster_resource),
        need(foas_scaling.modify_master_spec),
        need(vpc_vswitches.describe_vswitches),
    ),
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
    needs=(
        need(bssopenapi.query_available_instances),
        need(foas.get_cluster_details),
        need(foas_queues.get_cluster_queue_info),
        need(foas_queues.get_cluster_resource),
        need(foas_scaling.expand_cluster),
        need(foas_scaling.shrink_cluster),
        need(vpc_vswitches.describe_vswitches),
    ),
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
    more = desired.exclusive(environment).slave.number - len(foas_scaling.nodes_of(cluster).slave_ids)
    for vswitch_id in cluster.vswitch_ids[:1]:
        found = cloud.send(vpc_vswitches.describe_vswitches(vswitch_id=vswitch_id))
        vpc_vswitches.check_vswitches(found, "", more)


def _ticket(environment: Environment, cluster: Cluster, account: Account, elapsed: float) -> str:
    vswitch_id = cluster.vswitch_ids[0] if cluster.vswitch_ids else ""
    spec = desired.cluster(environment, desired.exclusive(environment).order_id, cluster.vpc_id, vswitch_id)
    return foas.ticket_text(spec, cluster, account.account_id, elapsed, ())


# Managed mode


@dataclass(frozen=True)
class WorkspaceNow:
    """A workspace as it is, with its namespaces."""

    workspace: Workspace
    namespaces: tuple[Namespace, ...]


@step(
    "Namespaces of workspace {workspace.name}, {direction}",
    "R24",
    needs=(
        need(namespaces.describe_namespaces),
        need(sizes.modify_namespace_spec_v2),
        need(sizes.modify_prepay_namespace_spec),
    ),
)
def ensure_namespace_sizes(
    cloud: Session, environment: Environment, workspace: Workspace, direction: Direction
) -> None:
    """Give namespaces their compute units: fewer before the workspace shrinks, more after it has grown.

    The default namespace gives up what the others are to have.

    Raises:
        Unmet: they do not fit, or jobs use more.
    """

    def decide(spec: sizes.WorkspaceSize, actual: tuple[Namespace, ...]) -> list[Call[Any]]:
        return sizes.namespace_size_changes(spec, workspace, actual, direction)

    read = namespaces.describe_namespaces(cloud.region, workspace.instance_id)
    what = f"Namespaces of workspace {workspace.name}"
    wait_until(cloud, read, sizes.all_ready, what)
    settle(cloud, read, desired.workspace_size(environment), decide)
    wait_until(cloud, read, sizes.all_ready, what)


@step(
    "Price of the change of workspace {workspace.name}",
    "R13",
    "R24",
    once=True,
    needs=(
        need(foasconsole.describe_instances),
        need(namespaces.describe_namespaces),
        need(foasconsole_prices.query_modify_instance_price),
        need(sizes.modify_instance_spec),
        need(sizes.modify_prepay_instance_spec),
    ),
)
def check_price_of_change(cloud: Session, environment: Environment, workspace: Workspace) -> Quote | None:
    """Ask what the wanted size costs, and whether the environment allows it to be ordered.

    Returns:
        The price in words; None when the workspace has that size.

    Raises:
        ManualStep: the environment does not allow ordering.
        Unmet: it costs more than allowed, or an unpaid order is in the way.
    """
    now = read_workspace(cloud, workspace)
    if not sizes.size_changes(desired.workspace_size(environment), now.workspace, now.namespaces):
        return None
    price = _price(cloud, environment, workspace)
    return Quote(change_text(now.workspace, price))


@step(
    "Size of workspace {workspace.name}",
    "R13",
    "R24",
    once=True,
    needs=(
        need(foasconsole.describe_instances),
        need(namespaces.describe_namespaces),
        need(foasconsole_prices.query_modify_instance_price),
        need(sizes.modify_instance_spec),
        need(sizes.modify_prepay_instance_spec),
    ),
)
def ensure_workspace_size(
    cloud: Session, environment: Environment, workspace: Workspace, account: Account
) -> Workspace:
    """Order the wanted compute units, and wait until the workspace has them.

    Raises:
        Unmet: more than is allowed, fewer than namespaces hold, or dearer than allowed.
        Uncertain: the answer to the order was lost, and nothing is seen of it.
    """
    change = SlowChange(
        what=f"Workspace {workspace.name}",
        read=lambda: read_workspace(cloud, workspace),
        decide=lambda now: sizes.size_changes(desired.workspace_size(environment), now.workspace, now.namespaces),
        resting=lambda now: foasconsole.workspace_ready(now.workspace),
        label=lambda now: f"{now.workspace.label}, {now.workspace.cpu} CUs",
        check=lambda _now, _call: _price(cloud, environment, workspace),
        reached=lambda now, makes: makes == sizes.size_key(now.workspace.instance_id, now.workspace.cpu),
        # UNCONFIRMED: whether a workspace that is being changed shows it; so it may take as long as is allowed.
        unseen_seconds=environment.cluster.timeout_minutes * 60,
        ticket=lambda now, elapsed: foasconsole.ticket_text(now.workspace, account.account_id, elapsed, ()),
    )
    return bring(cloud, environment, change).workspace


def read_workspace(cloud: Session, workspace: Workspace) -> WorkspaceNow:
    """Read a workspace that was found, and its namespaces.

    Raises:
        Unmet: it is gone.
    """
    rows = cloud.send(foasconsole.describe_instances(cloud.region, workspace.name))
    found = foasconsole.pick_workspace(workspace.name, rows)
    if found is None:
        raise Unmet(f"Workspace {workspace.name} is gone.", remedy="Find out who released it.")
    return WorkspaceNow(found, cloud.send(namespaces.describe_namespaces(cloud.region, found.instance_id)))


def check_quote(environment: Environment, price: Price | None, what: str) -> Price:
    """Check that something may be ordered at its price; what costs nothing needs no permission.

    Raises:
        ManualStep: the environment does not allow ordering.
        Unmet: the price is not known or more than allowed, or an unpaid order is in the way.
    """
    if price is None:
        raise Unmet(f"The price is not known: {what}.", remedy="Retry this run.")
    if price.code or price.trade > 0:
        foasconsole_prices.check_price(price, environment.safety.max_price, environment.safety.may_order, what)
    return price


def change_text(workspace: Workspace, price: Price) -> str:
    """Write what a change of size costs as an operator reads it."""
    for_ = "for what is left of the term" if workspace.charge_type == "PRE" else "more an hour"
    return f"{foasconsole_prices.about(price)} {for_}" if price.trade > 0 else "nothing, and nothing comes back"


def _price(cloud: Session, environment: Environment, workspace: Workspace) -> Price:
    cus = desired.workspace_size(environment).cus
    price = cloud.send(foasconsole_prices.query_modify_instance_price(cloud.region, workspace.instance_id, cus))
    return check_quote(environment, price, f"Workspace {workspace.name} with {cus} CUs")


def differences(environment: Environment, results: Sequence[object]) -> list[str]:
    """Say of what was read in which way its size is not as wanted: the deployment scale brings it to that."""
    found: list[str] = []
    for result in results:
        if isinstance(result, Cluster) and result.instance_infos:
            found.append(foas_scaling.size_difference(desired.cluster_size(environment, ()), result))
        if isinstance(result, Workspace) and result.cpu > desired.workspace_size(environment).cus:
            found.append(f"{result.cpu} CUs, wanted {desired.workspace_size(environment).cus}")
    return [each for each in found if each]
