"""How an exclusive cluster passes from one state to the next, and what keeps it from ever getting there."""

from __future__ import annotations

from emulator import ecs
from emulator.foas import Cluster, State
from emulator.request import Refusal, Request
from emulator.world import World


def begin(world: World, cluster: Cluster, phase: str, seconds: float) -> None:
    """Put a cluster into a state that lasts some seconds."""
    cluster.phase = phase
    cluster.modified_at = world.now()
    cluster.ready_at = world.now() + seconds


def settle(world: World) -> None:
    """Bring every cluster to the state that it has by now. Cheap; good to call before any request."""
    for cluster in world.part(State).clusters.values():
        settle_one(world, cluster)


def settle_one(world: World, cluster: Cluster) -> None:
    if cluster.phase in ("RUNNING", "DESTROYED"):
        return
    if cluster.phase == "STARTING" and not _network_is_whole(world, cluster):
        # Without its security group and interfaces a cluster cannot be created; no failure state is published, it
        # stays STARTING for ever. Source: Realtime Compute, activation guide (R16).
        cluster.broken = True
    stuck = cluster.name in world.part(State).stuck or world.trouble.holds(cluster.name, cluster.phase)
    if cluster.broken or stuck or world.now() < cluster.ready_at:
        return
    _finish(world, cluster)


def find_cluster(world: World, request: Request, cluster_id: str) -> Cluster:
    """Give a cluster of the region that was called, or refuse."""
    cluster = world.part(State).clusters.get(cluster_id)
    if cluster is None or (request.region and cluster.region != request.region):
        raise Refusal(404, "ClusterNotFound", f"The cluster {cluster_id} does not exist in region {request.region}.")
    settle_one(world, cluster)
    return cluster


def running_cluster(world: World, request: Request, cluster_id: str) -> Cluster:
    """Give a cluster that is RUNNING, or refuse."""
    cluster = find_cluster(world, request, cluster_id)
    if cluster.phase != "RUNNING":
        message = f"The cluster {cluster_id} is in state {cluster.phase}; the operation needs state RUNNING."
        raise Refusal(400, "IncorrectClusterState", message)
    return cluster


def _finish(world: World, cluster: Cluster) -> None:
    gone = [node for node in cluster.nodes if node.instance_id in cluster.leaving or cluster.phase == "DESTROYING"]
    for node in gone:
        ecs.remove_interface(world, node.interface_id)
    cluster.nodes = [node for node in cluster.nodes if node not in gone] + cluster.joining
    for node in cluster.of("master"):
        node.model = cluster.next_master_spec or node.model
    cluster.joining, cluster.leaving, cluster.next_master_spec = [], [], ""
    if cluster.phase == "DESTROYING":
        ecs.remove_security_group(world, cluster.security_group_id)
    cluster.phase = "DESTROYED" if cluster.phase == "DESTROYING" else "RUNNING"
    cluster.modified_at = cluster.ready_at


def _network_is_whole(world: World, cluster: Cluster) -> bool:
    group = ecs.find_security_group(world, cluster.security_group_id)
    interfaces = [ecs.find_interface(world, node.interface_id) for node in cluster.nodes]
    return group is not None and None not in interfaces
