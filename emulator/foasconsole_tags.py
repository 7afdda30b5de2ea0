"""Tags of workspaces. ResourceType is always vvpinstance."""

from __future__ import annotations

from typing import Any

from emulator.foasconsole import State, Workspace, region_of
from emulator.pages import by_token
from emulator.request import Refusal, Request
from emulator.world import World

KIND = "vvpinstance"
LIMIT = 20


def tag_resources(world: World, request: Request) -> dict[str, Any]:
    tags = {record.get("Key", ""): record.get("Value", "") for record in request.records("Tag")}
    workspaces = _workspaces(world, request)
    if not tags or "" in tags:
        raise Refusal(400, "InvalidTag", "Tag.N.Key is missing.")
    if not workspaces:
        raise Refusal(400, "MissingResourceId", "ResourceId.N is missing.")
    if any(len({*workspace.tags, *tags}) > LIMIT for workspace in workspaces):
        raise Refusal(400, "TagsExceed.Limit", f"A workspace bears at most {LIMIT} tags.")
    for workspace in workspaces:
        workspace.tags.update(tags)
    return _done(world)


def untag_resources(world: World, request: Request) -> dict[str, Any]:
    everything, keys = request.boolean("All"), request.items("TagKey")
    workspaces = _workspaces(world, request)
    if not workspaces:
        raise Refusal(400, "MissingResourceId", "ResourceId.N is missing.")
    for workspace in workspaces:
        for key in [key for key in workspace.tags if key in keys or (everything and not keys)]:
            del workspace.tags[key]
    return _done(world)


def list_tag_resources(world: World, request: Request) -> dict[str, Any]:
    wanted = [(record.get("Key", ""), record.get("Value", "")) for record in request.records("Tag")]
    rows = [
        {"ResourceId": workspace.instance_id, "ResourceType": KIND, "TagKey": key, "TagValue": value}
        for workspace in _workspaces(world, request) or _all(world, request)
        if all(key in workspace.tags and value in ("", workspace.tags[key]) for key, value in wanted)
        for key, value in workspace.tags.items()
    ]
    page, facts = by_token(request, rows, default=50)
    # The field is spelled so. Source: foasconsole 2021-10-28, ListTagResources.
    return {**facts, "TagResources": page, "TagReponseId": world.identifiers.hexadecimal(6), "Success": True}


def _done(world: World) -> dict[str, Any]:
    return {"Code": "200", "Message": "", "Success": True, "TagResponseId": world.identifiers.hexadecimal(6)}


def _workspaces(world: World, request: Request) -> list[Workspace]:
    region = region_of(request, "RegionId")
    if request.one("ResourceType") != KIND:
        raise Refusal(400, "InvalidResourceType", f"ResourceType must be {KIND}.")
    found = [world.part(State).workspaces.get(resource_id) for resource_id in request.items("ResourceId")]
    here = [workspace for workspace in found if workspace is not None and workspace.region == region]
    if len(here) < len(found):
        raise Refusal(404, "InvalidResourceId.NotFound", "A workspace of ResourceId.N does not exist.")
    return here


def _all(world: World, request: Request) -> list[Workspace]:
    region = request.text("RegionId")
    return [workspace for workspace in world.part(State).workspaces.values() if workspace.region == region]


ROUTES = {
    "TagResources": tag_resources,
    "UntagResources": untag_resources,
    "ListTagResources": list_tag_resources,
}
