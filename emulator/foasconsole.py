"""foasconsole: fully managed Flink: its workspaces and their namespaces."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from emulator.regions import REGIONS
from emulator.request import Refusal, Request
from emulator.world import World

PRODUCT = "foasconsole"
VERSION = "2021-10-28"
HOST = "foasconsole.aliyuncs.com"
NAMESPACE = "stream"
# The rights have names of their own. Source: foasconsole 2021-10-28, DescribeInstances. UNCONFIRMED: the others.
PERMISSIONS = {
    "CreateInstance": "stream:CreateVvpInstance",
    "DeleteInstance": "stream:DeleteVvpInstance",
    "DescribeInstances": "stream:DescribeVvpInstances",
    "RenewInstance": "stream:RenewVvpInstance",
    "CreateNamespace": "stream:CreateVvpNamespace",
    "DeleteNamespace": "stream:DeleteVvpNamespace",
    "DescribeNamespaces": "stream:DescribeVvpNamespaces",
}

GIB_PER_CPU = 4  # MemoryGB must be 4 x Cpu. Source: foasconsole 2021-10-28, CreateInstance
MOST_CPU = 10_000  # UNCONFIRMED: the largest workspace


@dataclass
class Namespace:
    """A share of a workspace; 1 CU is 1 Cpu. `next_*` are what it gets when MODIFYING ends."""

    name: str
    cpu: int
    created_at: float
    modified_at: float
    ready_at: float
    status: str = "CREATING"
    elastic_cpu: int = 0
    next_cpu: int = 0
    next_elastic_cpu: int = 0
    ha: bool = False
    used_cpu: float = 0.0  # what jobs take, a seam for tests: no job runs here

    def holds(self) -> int:
        """What is taken from the workspace for it: what it has or, if that is more, what it is about to get."""
        return max(self.cpu, self.next_cpu)


@dataclass
class Workspace:
    instance_id: str
    resource_id: str  # the "workspace" of the data plane (ververica)
    name: str
    region: str
    zone: str
    vpc_id: str
    vswitch_ids: list[str]
    bucket: str  # empty: storage is fully managed
    charge_type: str  # PRE or POST
    cpu: int
    created_at: float
    visible_at: float
    ready_at: float
    phase: str = "CREATING"
    next_cpu: int = 0  # the size that a change brings at `changed_at`
    changed_at: float = 0.0
    security_group_id: str = ""
    interfaces: dict[str, str] = field(default_factory=dict)  # vSwitch: interface
    storage_instance_id: str = ""
    ha: bool = False
    ha_cpu: int = 0
    ha_zone: str = ""
    ha_vswitch_ids: list[str] = field(default_factory=list)
    elastic_instance_id: str = ""
    elastic_cpu: int = 0
    auto_renew: bool = False
    architecture: str = "X86"  # UNCONFIRMED: the values
    monitor_type: str = "ARMS"
    resource_group_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    namespaces: dict[str, Namespace] = field(default_factory=dict)

    @property
    def default_namespace(self) -> str:
        return f"{self.name}-default"


@dataclass
class AiService:
    region: str
    instance_id: str
    created_at: float
    deletion_protection: bool = False


@dataclass
class State:
    """The managed mode of all regions, with some seams for tests.

    `visible_after`: a new workspace is missing from lists for so many seconds. `unpaid`: workspaces with an unpaid
    order. `closed_zones`: zones where none can be made. `stuck`: names of workspaces that never leave CREATING.
    """

    workspaces: dict[str, Workspace] = field(default_factory=dict)  # by instance id
    ai_services: dict[str, AiService] = field(default_factory=dict)  # by region
    visible_after: float = 0.0
    unpaid: list[str] = field(default_factory=list)
    closed_zones: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)


def refuse(code: str, message: str) -> Refusal:
    """Refuse for a reason of business. UNCONFIRMED: all codes, and that it is HTTP 200 with Success false."""
    return Refusal(200, code, message, body={"Success": False, "Code": code, "Message": message})


def region_of(request: Request, name: str = "Region") -> str:
    region = request.one(name)
    if region not in REGIONS:
        raise Refusal(400, f"Invalid{name}", f"The region {region} is not supported.")
    return region


def checked_name(pattern: str, name: str, value: str) -> str:
    """Give the value back when it matches the whole pattern, or refuse."""
    if not re.fullmatch(pattern, value):
        raise Refusal(400, f"Invalid{name}", f"The specified {name} is not valid.")
    return value


def spec(request: Request, name: str, least: int = 1) -> int:
    """Give the Cpu of a mandatory JSON parameter {"Cpu": 10, "MemoryGB": 40}."""
    request.required(name)
    return checked_spec(request.json(name), name, least)


def optional_spec(request: Request, name: str, default: int, least: int = 1) -> int:
    return spec(request, name, least) if request.has(name) else default


def checked_spec(value: Any, name: str, least: int = 1) -> int:
    """Give the Cpu of {"Cpu": 10, "MemoryGB": 40}, or refuse."""
    cpu, memory = (value.get("Cpu"), value.get("MemoryGB")) if isinstance(value, dict) else (None, None)
    if type(cpu) is not int or type(memory) is not int or not least <= cpu <= MOST_CPU:
        raise Refusal(400, f"Invalid{name}", f"The specified {name} is not a Cpu and MemoryGB on sale.")
    if memory != cpu * GIB_PER_CPU:
        raise Refusal(400, f"Invalid{name}", f"In {name} MemoryGB must be {GIB_PER_CPU} times Cpu.")
    return cpu


def shown_spec(cpu: int) -> dict[str, int]:
    return {"Cpu": cpu, "MemoryGB": cpu * GIB_PER_CPU}


def texts(request: Request, name: str) -> list[str]:
    """Give a JSON parameter that is a list of texts, empty when absent."""
    found = request.json(name, [])
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise Refusal(400, f"Invalid{name}", f"The specified {name} is not a list of texts.")
    return found


def tags(request: Request, name: str) -> dict[str, str]:
    """Give a JSON parameter that is a list of Key and Value, empty when absent."""
    found = request.json(name, [])
    try:
        return {str(tag["Key"]): str(tag.get("Value") or "") for tag in found}
    except (TypeError, KeyError, AttributeError):
        raise Refusal(400, f"Invalid{name}", f"The specified {name} is not a list of Key and Value.") from None


def find_resource(world: World, resource_id: str) -> Workspace | None:
    """Give the workspace that the data plane knows by its ResourceId."""
    for workspace in world.part(State).workspaces.values():
        if resource_id in (workspace.resource_id, workspace.instance_id):
            return workspace
    return None


def resource(world: World, request: Request) -> str:
    """Name the workspace that a call is about. Source: foasconsole 2021-10-28, DescribeInstances."""
    instance_id = request.text("InstanceId") or next(iter(request.items("ResourceId")), "*")
    region = request.text("Region") or request.region or "*"
    return f"acs:stream:{region}:{world.account_id}:vvpinstance/{instance_id}"
