"""The vSwitches, and whether a cluster fits into them."""

from __future__ import annotations

from alicloud import vpc, vpc_vswitches
from alicloud.errors import Unmet
from alicloud.session import Session
from alicloud.settle import settle, wait_until
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import desired
from blocks import environment as wanted_things
from blocks.environment import Environment
from blocks.runner_rights import need
from tasks.step import step


@step(
    "vSwitch {wanted.id}{wanted.name}",
    "R19",
    needs=(
        need(vpc_vswitches.create_vswitch, "new_vswitches"),
        need(vpc_vswitches.read_vswitch),
    ),
)
def ensure_vswitch(cloud: Session, environment: Environment, wanted: wanted_things.VSwitch, vpc: Vpc) -> VSwitch:
    """Use the environment's vSwitch, or create it in the VPC."""
    spec = desired.vswitch(environment, wanted, vpc.vpc_id)
    read = vpc_vswitches.read_vswitch(spec)
    others = cloud.recall(read) if cloud.dry else ()
    planned = vpc_vswitches.planned_vswitch(spec, others)
    settle(cloud, read, spec, vpc_vswitches.vswitch_changes, planned, vpc_vswitches.vswitch_key(spec))

    def ready(rows: tuple[VSwitch, ...]) -> bool:
        return vpc_vswitches.vswitch_ready((vpc_vswitches.pick_vswitch(spec, rows),))

    return vpc_vswitches.pick_vswitch(spec, wait_until(cloud, read, ready, "The vSwitch"))


@step("Zone {zone}", "R18", "R21", needs=(need(vpc.describe_zones),))
def check_zone(cloud: Session, zone: str) -> str:
    """Check that the zone exists in the region, and give it back to the checks of what it has.

    Raises:
        Unmet: it does not; the message names those that do.
    """
    vpc.check_zone(zone, cloud.recall(vpc.describe_zones()), cloud.region)
    return zone


@step("Free addresses for {nodes} nodes", "R19")
def check_vswitches(cloud: Session, vswitches: list[VSwitch], zone: str, nodes: int, exists: bool) -> None:
    """Check that the vSwitches are in the zone and have an address for each node.

    Args:
        exists: the cluster is there already and has its addresses; nothing to check.

    Raises:
        Unmet: another zone, or too few free addresses.
    """
    if not exists:
        vpc_vswitches.check_vswitches(vswitches, zone, nodes)


def check_vswitches_again(cloud: Session, environment: Environment, vswitches: list[VSwitch]) -> None:
    """Check right before a creation: somebody may have filled or deleted a vSwitch since it was prepared.

    Raises:
        Unmet: one is gone, or they have too few free addresses now.
    """
    now: list[VSwitch] = []
    for vswitch in vswitches:
        found = cloud.send(vpc_vswitches.describe_vswitches(vswitch_id=vswitch.vswitch_id))
        if not found:
            raise Unmet(f"vSwitch {vswitch.vswitch_id} was deleted meanwhile.", remedy="Retry this run.")
        now += found
    one_zone = environment.network.zone if len(now) == 1 else ""
    vpc_vswitches.check_vswitches(now, one_zone, environment.cluster.nodes)
