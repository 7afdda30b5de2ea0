"""What a seed says of fully managed Flink: workspaces and namespaces."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from emulator import bssopenapi_seed
from emulator.foasconsole import MOST_CPU, Namespace, State, Workspace
from emulator.foasconsole_creation import INSTANCE_NAME, check_bucket, check_vpc, check_vswitches, zone_of
from emulator.foasconsole_namespaces import NAME as NAMESPACE_NAME
from emulator.foasconsole_namespaces import take
from emulator.foasconsole_prices import PRODUCT_CODE
from emulator.foasconsole_workspaces import install
from emulator.request import Refusal
from emulator.vpc import find_vpc
from emulator.world import World


class NamespaceSeed(BaseModel):
    """A namespace; its CUs are taken from the default one."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=f"^{NAMESPACE_NAME}$")
    cpu: int = Field(1, ge=1)


class WorkspaceSeed(BaseModel):
    """A workspace in the region of its VPC; without bucket its storage is fully managed."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=f"^{INSTANCE_NAME}$")
    vpc_id: str
    vswitch_ids: list[str] = Field(min_length=1)
    bucket: str = ""
    cpu: int = Field(ge=1, le=MOST_CPU)
    status: Literal["CREATING", "RUNNING"] = "RUNNING"
    charge_type: Literal["PRE", "POST"] = "POST"
    namespaces: list[NamespaceSeed] = []


class Seed(BaseModel):
    """The section `foasconsole` of a seed. The rest are the seams of State; `unpaid` names workspaces."""

    model_config = ConfigDict(extra="forbid")

    workspaces: list[WorkspaceSeed] = []
    visible_after: float = Field(0.0, ge=0, le=1e9)
    closed_zones: list[str] = []
    stuck: list[str] = []
    unpaid: list[str] = []


def seed(world: World, data: Any) -> None:
    """Put workspaces with their namespaces into the account.

    Raises:
        ValueError: such an account cannot exist.
    """
    wanted = Seed.model_validate(data)
    state = world.part(State)
    try:
        for row in wanted.workspaces:
            _add_workspace(world, row)
    except Refusal as refusal:
        raise ValueError(refusal.message) from refusal
    state.visible_after = wanted.visible_after or state.visible_after
    state.closed_zones += wanted.closed_zones
    state.stuck += wanted.stuck
    state.unpaid += [each.instance_id for each in state.workspaces.values() if each.name in wanted.unpaid]


def _add_workspace(world: World, wanted: WorkspaceSeed) -> None:
    network = find_vpc(world, wanted.vpc_id)
    region = network.region if network else world.region
    check_vpc(world, wanted.vpc_id, region)
    check_vswitches(world, wanted.vswitch_ids, wanted.vpc_id)
    if wanted.bucket:
        check_bucket(world, wanted.bucket, region)
    if wanted.namespaces and wanted.status != "RUNNING":
        raise ValueError(f"workspace {wanted.name}: only a RUNNING one has namespaces of its own")

    workspace = _workspace(world, wanted, region)
    install(world, workspace, wanted.cpu)
    _add_purchase(world, workspace)
    if wanted.status == "RUNNING":
        workspace.namespaces[workspace.default_namespace].status = "SUCCESS"
    for namespace in wanted.namespaces:
        _add_namespace(world, workspace, namespace)


def _workspace(world: World, wanted: WorkspaceSeed, region: str) -> Workspace:
    now = world.now()
    return Workspace(
        instance_id=f"f-cn-{world.identifiers.letters(11)}",
        resource_id=world.identifiers.hexadecimal(14).lower(),
        name=wanted.name,
        region=region,
        zone=zone_of(world, wanted.vswitch_ids[0]),
        vpc_id=wanted.vpc_id,
        vswitch_ids=list(dict.fromkeys(wanted.vswitch_ids)),
        bucket=wanted.bucket,
        charge_type=wanted.charge_type,
        cpu=wanted.cpu,
        created_at=now,
        visible_at=now,
        ready_at=now + (world.delays.workspace if wanted.status == "CREATING" else 0.0),
        phase=wanted.status,
        storage_instance_id="" if wanted.bucket else f"fs-cn-{world.identifiers.letters(11)}",
    )


def _add_purchase(world: World, workspace: Workspace) -> None:
    purchase = {
        "product_code": PRODUCT_CODE,
        "instance_id": workspace.instance_id,
        "region": workspace.region,
        "subscription": "Subscription" if workspace.charge_type == "PRE" else "PayAsYouGo",
    }
    bssopenapi_seed.seed(world, {"orders": [purchase]})


def _add_namespace(world: World, workspace: Workspace, wanted: NamespaceSeed) -> None:
    if wanted.name in workspace.namespaces:
        raise ValueError(f"workspace {workspace.name} has two namespaces {wanted.name}")
    take(workspace, wanted.cpu)
    now = world.now()
    workspace.namespaces[wanted.name] = Namespace(wanted.name, wanted.cpu, now, now, now, status="SUCCESS")
