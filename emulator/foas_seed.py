"""What a seed says of exclusive mode: orders, clusters and projects."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from emulator import bssopenapi, bssopenapi_seed, regions
from emulator.foas import COMPUTE_UNITS, MEGABYTES, VCORES, Cluster, Order, Project, Queue, State, checked
from emulator.foas_clusters import NAME as CLUSTER_NAME
from emulator.foas_clusters import make_cluster
from emulator.foas_creation import check_bucket, check_vpc, check_vswitch
from emulator.foas_life import begin
from emulator.foas_orders import check_paid
from emulator.foas_projects import NAME as PROJECT_NAME
from emulator.request import Refusal
from emulator.world import World

PRODUCT_CODE = "blinkonecs"  # UNCONFIRMED: by analogy to the commodity code blinkonecs_post


class OrderSeed(BaseModel):
    """An order. When BssOpenApi's seed has one for the same instance, that one says whether it is paid."""

    model_config = ConfigDict(extra="forbid")

    instance_id: str
    region: str
    master_spec: str = "Ecs_4c16g"
    master_number: Literal[1, 3] = 3
    slave_spec: str = "Ecs_8c32g"
    slave_number: int = Field(3, ge=2, le=1000)
    pay_model: Literal["pre", "post"] = "pre"
    paid: bool = True


class ClusterSeed(BaseModel):
    """A cluster, made from an order that no other cluster was made from."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=f"^{CLUSTER_NAME}$")
    order_id: str
    bucket: str
    vpc_id: str
    vswitch_id: str
    zone: str
    description: str = ""
    state: Literal["STARTING", "RUNNING", "MAINTAINING"] = "RUNNING"


class ProjectSeed(BaseModel):
    """A project, bound to a queue `root.<name>` of so many CUs."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=f"^{PROJECT_NAME}$")
    cluster: str
    cus: int = Field(ge=1)
    description: str = ""


class Seed(BaseModel):
    """The section `foas` of a seed; `stuck` names clusters that never finish what they are doing."""

    model_config = ConfigDict(extra="forbid")

    orders: list[OrderSeed] = []
    clusters: list[ClusterSeed] = []
    projects: list[ProjectSeed] = []
    stuck: list[str] = []


def seed(world: World, data: Any) -> None:
    """Put orders, clusters and projects into the account.

    Raises:
        ValueError: such an account cannot exist.
    """
    wanted = Seed.model_validate(data)
    try:
        for order in wanted.orders:
            _add_order(world, order)
        for cluster in wanted.clusters:
            _add_cluster(world, cluster)
        for project in wanted.projects:
            _add_project(world, project)
    except Refusal as refusal:
        raise ValueError(refusal.message) from refusal
    world.part(State).stuck += wanted.stuck


def _add_order(world: World, wanted: OrderSeed) -> None:
    orders, instance_id = world.part(State).orders, wanted.instance_id
    if instance_id in orders:
        raise ValueError(f"there are two orders {instance_id}")
    if wanted.region not in regions.REGIONS:
        raise ValueError(f"order {instance_id}: there is no region {wanted.region}")
    if not {wanted.master_spec, wanted.slave_spec} <= COMPUTE_UNITS.keys():
        raise ValueError(f"order {instance_id}: the machines are {', '.join(COMPUTE_UNITS)}")
    orders[instance_id] = Order(
        instance_id,
        wanted.region,
        wanted.master_spec,
        wanted.master_number,
        wanted.slave_spec,
        wanted.slave_number,
        wanted.pay_model,
    )
    if not any(order.instance_id == instance_id for order in world.part(bssopenapi.State).orders.values()):
        _add_purchase(world, wanted)


def _add_purchase(world: World, wanted: OrderSeed) -> None:
    purchase = {
        "product_code": PRODUCT_CODE,
        "instance_id": wanted.instance_id,
        "region": wanted.region,
        "paid": wanted.paid,
        "subscription": "Subscription" if wanted.pay_model == "pre" else "PayAsYouGo",
    }
    bssopenapi_seed.seed(world, {"orders": [purchase]})


def _add_cluster(world: World, wanted: ClusterSeed) -> None:
    order = world.part(State).orders.get(wanted.order_id)
    if order is None or order.cluster_id:
        raise ValueError(f"cluster {wanted.name} needs an order of its own, and {wanted.order_id} is none")
    check_paid(world, order)
    check_bucket(world, wanted.bucket, order.region)
    check_vpc(world, wanted.vpc_id, order.region)
    nodes = order.master_number + order.slave_number
    check_vswitch(world, wanted.vswitch_id, wanted.vpc_id, wanted.zone, nodes)

    place = (wanted.bucket, wanted.vpc_id, wanted.vswitch_id, wanted.zone)
    cluster = make_cluster(world, order, wanted.name, wanted.description, *place, world.account_id)
    lasting = {"STARTING": world.delays.cluster, "RUNNING": 0.0, "MAINTAINING": world.delays.cluster_change}
    begin(world, cluster, wanted.state, lasting[wanted.state])


def _add_project(world: World, wanted: ProjectSeed) -> None:
    state, cluster = world.part(State), _cluster_named(world, wanted.cluster)
    queues = state.queues.setdefault(cluster.cluster_id, {})
    free = cluster.units() * VCORES - sum(queue.vcores for queue in queues.values())
    if cluster.phase != "RUNNING":
        raise ValueError(f"project {wanted.name}: its cluster is not RUNNING")
    if wanted.name in state.projects:
        raise ValueError(f"there are two projects {wanted.name}")
    if wanted.cus * VCORES > free:
        raise ValueError(f"project {wanted.name}: its cluster has {free // VCORES} free CUs")
    name = checked(PROJECT_NAME, "name", wanted.name)

    queue = Queue(cluster.cluster_id, f"root.{name}", wanted.cus * VCORES, wanted.cus * MEGABYTES, project=name)
    queues[queue.name] = queue
    state.projects[name] = Project(
        project_id=world.identifiers.letters(24),
        name=name,
        cluster_id=cluster.cluster_id,
        region=cluster.region,
        description=wanted.description,
        deploy_type="cell",
        creator=world.account_id,
        modifier=world.account_id,
        manager_ids=world.account_id,
        created_at=world.now(),
        modified_at=world.now(),
        queue=queue.name,
    )


def _cluster_named(world: World, name: str) -> Cluster:
    for cluster in world.part(State).clusters.values():
        if name in (cluster.name, cluster.cluster_id):
            return cluster
    raise ValueError(f"there is no cluster {name}")
