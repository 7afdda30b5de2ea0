"""foas: Realtime Compute in exclusive mode: its orders, clusters, queues, projects and packages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from emulator.request import Caller, Refusal, Request
from emulator.world import World

PRODUCT = "foas"
VERSION = "2018-11-11"
HOST = "foas.aliyuncs.com"
NAMESPACE = "stream"

# Usable compute units of a slave node, by machine name "Ecs_<cores>c<GB>g". Source: price list of exclusive mode.
# 4c8g and 8c16g stand in an old sample of the API only; UNCONFIRMED: half the memory, half the units.
COMPUTE_UNITS = {
    "Ecs_4c8g": 1,
    "Ecs_8c16g": 3,
    "Ecs_4c16g": 3,
    "Ecs_8c32g": 6,
    "Ecs_16c64g": 13,
    "Ecs_24c96g": 21,
    "Ecs_32c128g": 28,
    "Ecs_56c224g": 52,
    "Ecs_64c256g": 60,
}
VCORES = 100  # virtual cores of one compute unit
MEGABYTES = 4096  # memory of one compute unit


@dataclass
class Order:
    """A purchase. A cluster is made from it once; `instance_id` is what CreateCluster calls orderId.

    Whether it has been paid, and until when it lasts, BssOpenApi knows under the same instance id.
    """

    instance_id: str
    region: str
    master_spec: str
    master_number: int
    slave_spec: str
    slave_number: int
    pay_model: str = "pre"
    cluster_id: str = ""  # the one cluster that was made from it


@dataclass
class Node:
    """A machine of a cluster, with its network interface in the customer's vSwitch."""

    instance_id: str
    role: str  # master or slave
    model: str
    interface_id: str
    address: str


@dataclass
class Cluster:
    cluster_id: str
    name: str
    description: str
    order_id: str
    region: str
    zone: str
    bucket: str
    vpc_id: str
    vswitch_ids: list[str]
    security_group_id: str
    operator: str
    created_at: float
    modified_at: float
    phase: str = "STARTING"
    ready_at: float = 0.0  # when the phase ends
    broken: bool = False  # a protected resource was deleted before RUNNING
    pay_model: str = "pre"
    nodes: list[Node] = field(default_factory=list)
    joining: list[Node] = field(default_factory=list)  # slaves to come at the end of EXPANDING
    leaving: list[str] = field(default_factory=list)  # instance ids to go at the end of REDUCING
    next_master_spec: str = ""  # at the end of UPGRADING
    tags: dict[str, str] = field(default_factory=dict)

    def of(self, role: str) -> list[Node]:
        return [node for node in self.nodes if node.role == role]

    def units(self) -> int:
        """Compute units that queues may reserve; nodes that leave count no more, nodes to come not yet."""
        return sum(COMPUTE_UNITS[node.model] for node in self.of("slave") if node.instance_id not in self.leaving)


@dataclass
class Queue:
    cluster_id: str
    name: str
    vcores: int
    megabytes: int
    gpus: int = 0
    project: str = ""  # the one project that is bound to it
    used_units: int = 0  # compute units that jobs take, a seam for tests: no job runs here


@dataclass
class Project:
    project_id: str
    name: str
    cluster_id: str
    region: str
    description: str
    deploy_type: str
    creator: str
    manager_ids: str
    created_at: float
    modified_at: float
    modifier: str
    queue: str = ""  # the one queue that it is bound to
    global_job_config: str = ""
    batch_sql: bool = False


@dataclass
class Package:
    project: str
    name: str
    kind: str
    oss_path: str
    oss_endpoint: str
    oss_bucket: str
    oss_owner: str
    creator: str
    modifier: str
    created_at: float
    modified_at: float
    origin_name: str = ""
    md5: str = ""
    description: str = ""
    tag: str = ""


@dataclass
class State:
    """`stuck` names clusters that never finish what they are doing, a seam for those who test waiting."""

    orders: dict[str, Order] = field(default_factory=dict)  # by instance id
    clusters: dict[str, Cluster] = field(default_factory=dict)  # by cluster id
    queues: dict[str, dict[str, Queue]] = field(default_factory=dict)  # by cluster id, then name
    projects: dict[str, Project] = field(default_factory=dict)  # by name
    packages: dict[str, dict[str, Package]] = field(default_factory=dict)  # by project, then name
    jobs: dict[str, list[str]] = field(default_factory=dict)  # names by project; none runs here
    stuck: list[str] = field(default_factory=list)


# UNCONFIRMED: the API documents no error codes at all; those of this product are chosen to be told apart.


def find_project(world: World, request: Request) -> Project:
    """Give the project that the path names, or refuse."""
    name = request.path.get("projectName", "")
    project = world.part(State).projects.get(name)
    if project is None or (request.region and project.region != request.region):
        raise Refusal(404, "ProjectNotFound", f"The project {name} does not exist.")
    return project


def checked(pattern: str, name: str, value: str) -> str:
    """Give the value back when it matches the whole pattern, or refuse."""
    if not re.fullmatch(pattern, value):
        raise Refusal(400, f"Invalid{name[0].upper()}{name[1:]}", f"The specified {name} is not valid.")
    return value


def user_id(caller: Caller) -> str:
    """Give the numeric id by which the product names its operators."""
    return caller.account_id if caller.is_account else caller.principal_id.partition(":")[0]


def milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def resource(world: World, request: Request) -> str:
    """Name what a call is about: a project by its bare name, as the vendor's policy for people has it."""
    prefix = f"acs:stream:{request.region or '*'}:{world.account_id}:"
    project = request.path.get("projectName") or request.text("ProjectName")
    if request.action == "CreateProject":
        project = request.text("name")
    if project:
        return prefix + project
    cluster = request.path.get("clusterId", "")
    return f"{prefix}cluster/{cluster}" if cluster else f"{prefix}*"  # UNCONFIRMED: the resource of a cluster
