"""Queues: the share of an exclusive cluster that one project may use, reserved when the queue is made."""

from __future__ import annotations

import json
from typing import Any

from emulator.foas import MEGABYTES, VCORES, Cluster, Queue, State, checked
from emulator.foas_life import find_cluster, running_cluster
from emulator.request import Refusal, Request
from emulator.world import World

NAME = r"root\.[A-Za-z0-9_\-]{1,64}"  # one level below root only


def create_queue(world: World, request: Request) -> dict[str, Any]:
    wanted = _wanted(request)
    cluster = running_cluster(world, request, wanted.cluster_id)
    queues = world.part(State).queues.setdefault(cluster.cluster_id, {})
    if wanted.name in queues:
        raise Refusal(409, "QueueAlreadyExists", f"The queue {wanted.name} exists already.")

    _check_capacity(cluster, [*queues.values(), wanted])

    queues[wanted.name] = wanted
    return {}


def update_queue(world: World, request: Request) -> dict[str, Any]:
    wanted = _wanted(request)
    cluster = running_cluster(world, request, wanted.cluster_id)
    queue = find_queue(world, cluster.cluster_id, wanted.name)
    others = [other for other in world.part(State).queues[cluster.cluster_id].values() if other is not queue]

    _check_capacity(cluster, [*others, wanted])

    queue.vcores, queue.megabytes, queue.gpus = wanted.vcores, wanted.megabytes, wanted.gpus
    return {}


def delete_queue(world: World, request: Request) -> dict[str, Any]:
    cluster = find_cluster(world, request, request.path.get("clusterId", ""))
    queue = find_queue(world, cluster.cluster_id, request.one("queueName"))
    if queue.project:
        raise Refusal(400, "QueueInUse", f"The queue {queue.name} is bound to project {queue.project}.")

    del world.part(State).queues[cluster.cluster_id][queue.name]
    return {}


def get_cluster_queue_info(world: World, request: Request) -> dict[str, Any]:
    cluster = find_cluster(world, request, request.path.get("clusterId", ""))
    queues = world.part(State).queues.get(cluster.cluster_id, {})
    return {"Queues": {"Queue": [{**usage(queue), "ExternalInfo": _external(queue)} for queue in queues.values()]}}


def find_queue(world: World, cluster_id: str, name: str) -> Queue:
    """Give a queue, or refuse."""
    queue = world.part(State).queues.get(cluster_id, {}).get(name)
    if queue is None:
        raise Refusal(404, "QueueNotFound", f"The queue {name} does not exist on cluster {cluster_id}.")
    return queue


def usage(queue: Queue) -> dict[str, Any]:
    """Show a queue. No job runs here, so nothing of what is reserved is used unless a test says so."""
    return {
        "ClusterId": queue.cluster_id,
        "QueueName": queue.name,
        "MinVCore": queue.vcores,
        "MaxVCore": queue.vcores,
        "UsedVCore": queue.used_units * VCORES,
        "MinMem": queue.megabytes,
        "MaxMem": queue.megabytes,
        "UsedMem": queue.used_units * MEGABYTES,
        "MinGpu": queue.gpus,
        "MaxGpu": queue.gpus,
        "UsedGpu": 0,
    }


def _external(queue: Queue) -> str:
    """The same numbers as JSON text, with names of their own. Source: foas 2018-11-11, GetClusterQueueInfo."""
    shown = {key[0].lower() + key[1:]: value for key, value in usage(queue).items()}
    del shown["clusterId"], shown["queueName"]
    return json.dumps({**shown, "name": queue.name}, separators=(",", ":"))


def _wanted(request: Request) -> Queue:
    request.required("queueName", "maxVcore", "maxMemMB")
    return Queue(
        cluster_id=request.path.get("clusterId", ""),
        name=checked(NAME, "queueName", request.text("queueName")),
        vcores=request.integer("maxVcore", 0, 1),
        megabytes=request.integer("maxMemMB", 0, 1),
        gpus=request.integer("gpu", 0, 0, 0),  # no machine on sale has a GPU
    )


def _check_capacity(cluster: Cluster, queues: list[Queue]) -> None:
    units = cluster.units()
    vcores = sum(queue.vcores for queue in queues)
    megabytes = sum(queue.megabytes for queue in queues)
    if vcores > units * VCORES or megabytes > units * MEGABYTES:
        message = f"The queues would reserve {vcores} vcores and {megabytes} MB; the cluster has {units} CU."
        raise Refusal(400, "InsufficientClusterResource", message)


ROUTES = {
    ("GET", "/api/v2/clusters/{clusterId}/queueinfo"): get_cluster_queue_info,
    ("POST", "/api/v2/clusters/{clusterId}/queue"): create_queue,
    ("PUT", "/api/v2/clusters/{clusterId}/queue"): update_queue,
    ("DELETE", "/api/v2/clusters/{clusterId}/queue"): delete_queue,
}
