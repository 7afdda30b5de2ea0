"""What the web page shows of exclusive mode."""

from __future__ import annotations

from typing import Any

from emulator.foas import VCORES, Cluster, State
from emulator.foas_life import settle
from emulator.foas_orders import payment
from emulator.world import World, iso


def overview(world: World) -> dict[str, list[dict[str, Any]]]:
    """Give the tables that the web page shows."""
    settle(world)
    state = world.part(State)
    return {
        "Orders of exclusive clusters": [
            {
                "Instance": order.instance_id,
                "Region": order.region,
                "Masters": f"{order.master_number} x {order.master_spec}",
                "Slaves": f"{order.slave_number} x {order.slave_spec}",
                "Payment": payment(world, order),
                "Cluster": order.cluster_id or "none yet",
            }
            for order in state.orders.values()
        ],
        "Exclusive clusters": [_cluster_row(world, cluster) for cluster in state.clusters.values()],
        "Projects of exclusive clusters": [
            {
                "Project": project.name,
                "Cluster": state.clusters[project.cluster_id].name,
                "Queue": project.queue or "none",
                "CU": _units(state, project.cluster_id, project.queue),
                "Created": iso(project.created_at),
            }
            for project in state.projects.values()
        ],
    }


def _cluster_row(world: World, cluster: Cluster) -> dict[str, Any]:
    reserved = sum(queue.vcores for queue in world.part(State).queues.get(cluster.cluster_id, {}).values())
    return {
        "Cluster": cluster.cluster_id,
        "Name": cluster.name,
        "State": {"progress": _progress(world, cluster), "label": cluster.phase},
        "Zone": cluster.zone,
        "Nodes": len(cluster.nodes),
        "CU": f"{reserved // VCORES} of {cluster.units()} reserved",
        "Security group": cluster.security_group_id,
        "Created": iso(cluster.created_at),
    }


def _progress(world: World, cluster: Cluster) -> float:
    """The part of the present state's time that is over; what never ends stays short of the end."""
    whole = cluster.ready_at - cluster.modified_at
    if cluster.phase in ("RUNNING", "DESTROYED") or whole <= 0:
        return 1.0
    return min(0.99, (world.now() - cluster.modified_at) / whole)


def _units(state: State, cluster_id: str, queue_name: str) -> float:
    queue = state.queues.get(cluster_id, {}).get(queue_name)
    return queue.vcores / VCORES if queue else 0.0
