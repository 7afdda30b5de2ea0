"""The vSwitches, and whether a cluster fits into them."""

from __future__ import annotations

from alicloud import vpc, vpc_vswitches
from alicloud.session import Session
from alicloud.settle import settle, wait_until
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import desired
from blocks import environment as wanted_things
from blocks.environment import Environment
from tasks.step import step


@step("vSwitch {wanted.id}{wanted.name}", "R19")
def ensure_vswitch(cloud: Session, environment: Environment, wanted: wanted_things.VSwitch, vpc: Vpc) -> VSwitch:
    """Use the environment's vSwitch, or create it in the VPC."""
    spec = desired.vswitch(environment, wanted, vpc.vpc_id)
    read = vpc_vswitches.read_vswitch(spec)
    others = cloud.recall(read) if cloud.dry else ()
    settle(cloud, read, spec, vpc_vswitches.vswitch_changes, vpc_vswitches.planned_vswitch(spec, others))

    def ready(rows: tuple[VSwitch, ...]) -> bool:
        return vpc_vswitches.vswitch_ready((vpc_vswitches.pick_vswitch(spec, rows),))

    return vpc_vswitches.pick_vswitch(spec, wait_until(cloud, read, ready, "The vSwitch"))


@step("Zone {zone}", "R18", "R21")
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
