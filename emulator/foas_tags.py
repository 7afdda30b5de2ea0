"""Tags of exclusive clusters."""

from __future__ import annotations

from typing import Any

from emulator.foas import Cluster, State
from emulator.foas_life import find_cluster
from emulator.pages import by_token
from emulator.request import Refusal, Request
from emulator.world import World

LIMIT = 20  # tags of one cluster
KIND = "cluster"  # UNCONFIRMED: the name of the resource type


def tag_resources(world: World, request: Request) -> dict[str, Any]:
    """Tag clusters. UNCONFIRMED: the parameters, of which none is published; read as those of the other two actions."""
    request.required("ResourceIds", "Tags")
    clusters, tags = _clusters(world, request), _tags(request)
    if any(len({*cluster.tags, *tags}) > LIMIT for cluster in clusters):
        raise Refusal(400, "TagsExceed.Limit", f"A cluster bears at most {LIMIT} tags.")
    for cluster in clusters:
        cluster.tags.update(tags)
    return _reply(True)


def untag_resources(world: World, request: Request) -> dict[str, Any]:
    request.required("ResourceIds")
    everything, keys = request.boolean("All"), _texts(request, "TagKeys")
    for cluster in _clusters(world, request):
        for key in [key for key in cluster.tags if everything or key in keys]:
            del cluster.tags[key]
    return _reply(True)


def list_tag_resources(world: World, request: Request) -> dict[str, Any]:
    wanted = _tags(request)
    clusters = _clusters(world, request) if request.has("ResourceIds") else _all(world, request)
    rows = [
        {"ResourceId": cluster.cluster_id, "ResourceType": KIND, "TagKey": key, "TagValue": value}
        for cluster in clusters
        if all(cluster.tags.get(key) == value for key, value in wanted.items())
        for key, value in cluster.tags.items()
    ]
    page, facts = by_token(request, rows, default=50)
    return _reply({**facts, "TagResources": page})


def _reply(data: Any) -> dict[str, Any]:
    return {"Data": data, "Success": True, "Code": "200", "Message": "", "HttpStatusCode": 200}


def _all(world: World, request: Request) -> list[Cluster]:
    clusters = world.part(State).clusters.values()
    return [cluster for cluster in clusters if request.region in ("", cluster.region)]


def _clusters(world: World, request: Request) -> list[Cluster]:
    return [find_cluster(world, request, cluster_id) for cluster_id in _texts(request, "ResourceIds")]


def _texts(request: Request, name: str) -> list[str]:
    """Give a list that is JSON text or parted by commas."""
    value = request.text(name)
    if not value.startswith("["):
        return [text for text in value.split(",") if text]
    found = request.json(name)
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise Refusal(400, f"Invalid{name}", f"The specified {name} is not a list of texts.")
    return found


def _tags(request: Request) -> dict[str, str]:
    found = request.json("Tags", [])
    try:
        return {str(tag["Key"]): str(tag.get("Value", "")) for tag in found}
    except (TypeError, KeyError, AttributeError):
        raise Refusal(400, "InvalidTags", "The specified Tags are not a list of Key and Value.") from None


ROUTES = {
    ("POST", "/api/v2/cluster/tags"): tag_resources,
    ("DELETE", "/api/v2/cluster/tags"): untag_resources,
    ("GET", "/api/v2/cluster/tags"): list_tag_resources,
}
