"""What people write on a VPC or ECS resource: name, description, tags, resource group."""

from __future__ import annotations

import re
from collections.abc import Mapping

from emulator.request import Refusal, Request
from emulator.world import World

MAX_TAGS = 20


def line(request: Request, name: str, shortest: int, longest: int, code: str) -> str:
    """Give an optional name or description, checked for its length and for not being a URL."""
    value = request.text(name)
    fits = shortest <= len(value) <= longest and not value.startswith(("http://", "https://"))
    if value != "" and not fits:
        raise Refusal(400, code, f"The specified {name} is not valid.")
    return value


def ecs_name(request: Request, name: str, code: str) -> str:
    """Give a name as ECS wants it: 2 to 128 characters, a letter first, then letters, digits and `:_.-`."""
    value = line(request, name, 2, 128, code)
    if value != "" and not (value[0].isalpha() and re.fullmatch(r"[\w:.-]+", value)):
        raise Refusal(400, code, f"The specified {name} is not valid.")
    return value


def tags(request: Request) -> dict[str, str]:
    """Give the tags `Tag.N.Key` and `Tag.N.Value` that a new resource shall bear."""
    found: dict[str, str] = {}
    for record in request.records("Tag"):
        key = record.get("Key", "")
        if not 1 <= len(key) <= 128 or re.match(r"aliyun|acs:|https?://", key):
            raise Refusal(400, "InvalidTagKey.Malformed", "The specified Tag.N.Key is not valid.")
        if len(record.get("Value", "")) > 128:
            raise Refusal(400, "InvalidTagValue.Malformed", "The specified Tag.N.Value is not valid.")
        if key in found:
            raise Refusal(400, "Duplicate.TagKey", "The Tag.N.Key contain duplicate key.")
        found[key] = record.get("Value", "")
    if len(found) > MAX_TAGS:
        raise Refusal(400, "TagsExceed.Limit", f"A resource bears at most {MAX_TAGS} tags.")
    return found


def bears(worn: Mapping[str, str], request: Request) -> bool:
    """Say whether a resource bears every tag that a list request filters by; a key without value matches any value."""
    for record in request.records("Tag"):
        key, value = record.get("Key", ""), record.get("Value", "")
        if key not in worn or (value != "" and worn[key] != value):
            return False
    return True


def default_resource_group(world: World) -> str:
    return f"rg-acfm{world.account_id[-10:]}"


def resource_group(world: World, request: Request) -> str:
    """Give the resource group that a new resource shall be in."""
    value = request.text("ResourceGroupId", default_resource_group(world))
    if not re.fullmatch(r"rg-[a-z0-9]{1,40}", value):
        raise Refusal(400, "InvalidResourceGroupId", "The specified ResourceGroupId is not valid.")
    return value
