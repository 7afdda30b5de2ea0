"""AccessKeys of RAM users, and of the account itself."""

from __future__ import annotations

from typing import Any

from emulator.ram import AccessKey, State, find_user
from emulator.request import Refusal, Request
from emulator.world import World, iso

MAX_KEYS = 2

Reply = dict[str, Any]


def create_access_key(world: World, request: Request) -> Reply:
    """Make a key. Its secret stands in this reply alone."""
    owner = _owner(world, request)
    state = world.part(State)
    if len(_keys_of(world, owner)) >= MAX_KEYS:
        raise Refusal(409, "LimitExceeded.User.AccessKey", f"The user has {MAX_KEYS} AccessKeys, which is the limit.")
    draw = world.identifiers
    key = AccessKey(f"LTAI5t{draw.letters(18)}", draw.letters(30), owner, world.now())
    key.effective_at = world.now() + world.delays.permission
    state.keys[key.id] = key
    if owner:
        state.users[owner].keys.append(key.id)
    return {"AccessKey": _view(key) | {"AccessKeySecret": key.secret}}


def list_access_keys(world: World, request: Request) -> Reply:
    keys = _keys_of(world, _owner(world, request))
    return {"AccessKeys": {"AccessKey": [_view(key) for key in keys]}}


def update_access_key(world: World, request: Request) -> Reply:
    key = _key(world, request)
    status = request.one("Status")
    if status not in ("Active", "Inactive"):
        raise Refusal(400, "InvalidParameter.Status", "The Status must be Active or Inactive.")
    key.active = status == "Active"
    return {}


def delete_access_key(world: World, request: Request) -> Reply:
    key = _key(world, request)
    state = world.part(State)
    if key.owner:
        state.users[key.owner].keys.remove(key.id)
    del state.keys[key.id]
    return {}


def get_access_key_last_used(world: World, request: Request) -> Reply:
    key = _key(world, request)
    return {"AccessKeyLastUsed": {"LastUsedDate": iso(key.last_used_at) if key.last_used_at else ""}}


def _owner(world: World, request: Request) -> str:
    """Give whose keys are meant: the named user's, else the caller's own (empty for the account)."""
    if request.has("UserName"):
        return find_user(world, request.text("UserName")).name
    return request.caller.name if request.caller.kind == "RAMUser" else ""


def _keys_of(world: World, owner: str) -> list[AccessKey]:
    state = world.part(State)
    if owner:
        return [state.keys[key] for key in state.users[owner].keys]
    return [key for key in state.keys.values() if key.owner == ""]


def _key(world: World, request: Request) -> AccessKey:
    owner = _owner(world, request)
    key = world.part(State).keys.get(request.one("UserAccessKeyId"))
    if key is None or key.owner != owner:
        raise Refusal(404, "EntityNotExist.User.AccessKey", "The AccessKey does not exist.")
    return key


def _view(key: AccessKey) -> Reply:
    status = "Active" if key.active else "Inactive"
    return {"AccessKeyId": key.id, "Status": status, "CreateDate": iso(key.created_at)}


ROUTES = {
    "CreateAccessKey": create_access_key,
    "ListAccessKeys": list_access_keys,
    "UpdateAccessKey": update_access_key,
    "DeleteAccessKey": delete_access_key,
    "GetAccessKeyLastUsed": get_access_key_last_used,
}
