"""ververica: the data plane of fully managed Flink: who may work in a namespace, and with which packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator import foasconsole
from emulator.foasconsole_life import settle
from emulator.pages import by_index
from emulator.request import Refusal, Request
from emulator.world import World

PRODUCT = "ververica"
VERSION = "2022-07-18"
HOST = "ververica.aliyuncs.com"
NAMESPACE = "stream"
REQUEST_ID = "requestId"

NOT_FOUND = "990301"  # Source: alicloud Terraform provider, resource alicloud_realtime_compute_*
ALREADY_THERE = "990302"  # UNCONFIRMED
NOT_ALLOWED = "990303"  # UNCONFIRMED


@dataclass
class Target:
    """A deployment target: a share of a namespace that jobs are sent to."""

    name: str
    cpu: float
    memory: str


@dataclass
class Artifact:
    name: str
    jar_url: str
    kind: str
    creator: str
    created_at: float
    modified_at: float
    dependencies: list[str] = field(default_factory=list)


@dataclass
class Space:
    """The inside of a namespace, gone with it. UNCONFIRMED: the account is an OWNER of each from the start."""

    created_at: float  # when its namespace was
    members: dict[str, str] = field(default_factory=dict)  # "user:<id>": role
    targets: dict[str, Target] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)


@dataclass
class State:
    spaces: dict[str, dict[str, Space]] = field(default_factory=dict)  # by workspace (ResourceId), then namespace


def resource(world: World, request: Request) -> str:
    """Name the namespace that a call is about. UNCONFIRMED: the form."""
    workspace = request.headers.get("workspace", "") or "*"
    known = foasconsole.find_resource(world, workspace)
    instance_id = known.instance_id if known else workspace
    namespace = request.path.get("namespace", "*")
    region = request.region or "*"
    return f"acs:stream:{region}:{world.account_id}:vvpinstance/{instance_id}/vvpnamespace/{namespace}"


def find_workspace(world: World, request: Request) -> foasconsole.Workspace:
    """Give the running workspace that the header names, or refuse."""
    wanted = request.headers.get("workspace", "")
    if not wanted:
        raise Refusal(400, "BadRequest", "The header workspace is missing.")
    settle(world)
    workspace = foasconsole.find_resource(world, wanted)
    if workspace is None or workspace.phase != "RUNNING":
        raise refuse(NOT_FOUND, f"The workspace {wanted} does not exist or does not run.")
    return workspace


def find_space(world: World, request: Request) -> Space:
    """Give the inside of the namespace that the path names, or refuse; whoever changes it must `keep` it."""
    workspace, name = find_workspace(world, request), request.path.get("namespace", "")
    namespace = workspace.namespaces.get(name)
    if namespace is None or namespace.status == "CREATING":
        raise refuse(NOT_FOUND, f"The namespace {name} does not exist.")
    space = world.part(State).spaces.get(workspace.resource_id, {}).get(name)
    if space is None or space.created_at != namespace.created_at:
        return Space(namespace.created_at, {f"user:{world.account_id}": "OWNER"})
    return space


def keep(world: World, request: Request, space: Space) -> None:
    """Put the inside of a namespace into the world, after it has been changed."""
    workspace = find_workspace(world, request)
    world.part(State).spaces.setdefault(workspace.resource_id, {})[request.path["namespace"]] = space


def document(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.document, dict):
        raise bad("The body is not a JSON object.")
    return request.document


def text(body: Mapping[str, Any], name: str, default: str = "") -> str:
    value = body.get(name) or default
    if not isinstance(value, str) or not value:
        raise bad(f"{name} is missing, or not a text.")
    return value


def bad(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)


def reply(data: Any = None) -> dict[str, Any]:
    """Wrap what an action answers; one that answers nothing has no data."""
    envelope = {"success": True, "httpCode": 200, "errorCode": "", "errorMessage": ""}
    return envelope if data is None else {**envelope, "data": data}


def page_of(request: Request, rows: Sequence[Any]) -> dict[str, Any]:
    page, facts = by_index(request, rows, capital=False)
    paging = {"pageIndex": facts["PageIndex"], "pageSize": facts["PageSize"], "totalSize": facts["TotalCount"]}
    return {**reply(page), **paging}


def refuse(code: str, message: str) -> Refusal:
    """Refuse as the product does: HTTP 200, success false. Source: ververica 2022-07-18, reply envelope."""
    body = {"success": False, "httpCode": 200, "errorCode": code, "errorMessage": message}
    return Refusal(200, code, message, body=body)
