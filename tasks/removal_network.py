"""Takes the environment's vSwitches and VPC away once nothing is in them, and never what the service made there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

from alicloud import ecs, vpc, vpc_removal, vpc_vswitches
from alicloud.call import Call
from alicloud.errors import TimedOut
from alicloud.session import Session
from alicloud.settle import wait_until
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import desired, holdbacks
from blocks import environment as wanted_things
from blocks.environment import Environment
from blocks.holdbacks import Fate
from blocks.runner_rights import need
from tasks.removal import delete, look, whose
from tasks.step import step

Made = TypeVar("Made", ecs.NetworkInterface, ecs.SecurityGroup)

WAIT_SECONDS = 300.0  # of the cloud's time, until what was deleted is gone, or the service has taken along its own


@step(
    "Removal of vSwitch {wanted.id}{wanted.name}",
    needs=(
        need(ecs.describe_network_interfaces, "own_vswitches"),
        need(vpc.read_vpc),
        need(vpc_removal.delete_vswitch, "own_vswitches"),
        need(vpc_vswitches.describe_vswitches),
    ),
)
def remove_vswitch(cloud: Session, environment: Environment, wanted: wanted_things.VSwitch, cluster: Fate) -> Fate:
    """Delete a vSwitch of the environment, unless it was there before or something holds an address of it.

    Args:
        cluster: what became of the cluster or workspace in it.
    """
    what = f"vSwitch {wanted.id or wanted.name or wanted.cidr}"
    leaves = cluster.sign == holdbacks.REMOVED
    found = _vswitch(cloud, environment, wanted, what)
    if isinstance(found, VSwitch) and leaves and not cloud.dry:
        _wait_for_service(cloud, ecs.describe_network_interfaces(vswitch_id=found.vswitch_id))
        found = _vswitch(cloud, environment, wanted, what)
    if isinstance(found, Fate):
        return found
    interfaces = look(cloud, ecs.describe_network_interfaces(vswitch_id=found.vswitch_id))
    in_use = holdbacks.first(
        holdbacks.staying([cluster]), holdbacks.vswitch_in_use(found, interfaces, leaves and cloud.dry)
    )
    if in_use:
        return holdbacks.held(what, in_use, found.vswitch_id)
    read = vpc_vswitches.describe_vswitches(vswitch_id=found.vswitch_id)
    delete(cloud, read, found, vpc_removal.vswitch_removal)
    wait_until(cloud, read, vpc_removal.vswitch_gone(found.vswitch_id), f"The end of {what}", WAIT_SECONDS)
    return holdbacks.removed(what, found.vswitch_id)


def _vswitch(cloud: Session, environment: Environment, wanted: wanted_things.VSwitch, what: str) -> VSwitch | Fate:
    """Give the vSwitch that is the environment's own, or why there is none."""
    network = _vpc(cloud, environment)
    if isinstance(network, Fate):
        return network if network.sign else holdbacks.absent(what)
    rows = look(cloud, vpc_vswitches.describe_vswitches(network.vpc_id))
    spec = desired.vswitch(environment, wanted, network.vpc_id)
    found = vpc_vswitches.wanted_vswitches(spec, rows)
    if not found:
        return holdbacks.absent(what)
    if wanted.id:
        return holdbacks.held(what, holdbacks.NAMED_BY_ID, wanted.id)
    if len(found) > 1:
        return holdbacks.held(what, f"there are {len(found)} of them")
    key = vpc_vswitches.created_vswitch_key(network.vpc_id, spec.cidr)
    if strange := whose(cloud, key, found[0].created_at):
        return holdbacks.held(what, strange, found[0].vswitch_id)
    return found[0]


def _vpc(cloud: Session, environment: Environment) -> Vpc | Fate:
    """Give the environment's VPC, its own or not, or why there is none."""
    spec = desired.vpc(environment)
    what = f"VPC {spec.vpc_id or spec.wanted_name}"
    found = vpc.wanted_vpcs(spec, look(cloud, vpc.read_vpc(spec)))
    if not found:
        return holdbacks.absent(what)
    if len(found) > 1:
        ids = ", ".join(each.vpc_id for each in found)
        return holdbacks.held(what, f"{len(found)} VPCs have that name ({ids}), and which one is meant is not known")
    return found[0]


def _wait_for_service(cloud: Session, read: Call[tuple[Made, ...]]) -> None:
    """Give the service time to take along what it has made; whoever waits in vain holds back."""

    def left(rows: tuple[Made, ...]) -> bool:
        return not any(ecs.SERVICE_TAG in each.tags for each in rows)

    look(cloud, read)
    with suppress(TimedOut):
        wait_until(cloud, read, left, "The service's leaving", WAIT_SECONDS)


@step(
    "Removal of VPC {environment.network.vpc.id}{environment.network.vpc.name}",
    needs=(
        need(ecs.describe_security_groups, "own_vpc"),
        need(vpc.describe_vpcs),
        need(vpc.read_vpc),
        need(vpc_removal.delete_vpc, "own_vpc"),
        need(vpc_vswitches.describe_vswitches),
    ),
)
def remove_vpc(cloud: Session, environment: Environment, vswitches: Sequence[Fate], cluster: Fate) -> Fate:
    """Delete the VPC of the environment, unless it was there before or anything is left in it.

    Args:
        vswitches: what became of the environment's vSwitches.
        cluster: what became of the cluster or workspace in it.
    """
    found = _vpc(cloud, environment)
    if isinstance(found, Fate):
        return found
    what = f"VPC {found.name or found.vpc_id}"
    in_use = holdbacks.first(_strange(cloud, environment, found), holdbacks.staying([cluster, *vswitches]))
    if in_use:
        return holdbacks.held(what, in_use, found.vpc_id)
    leaves = cluster.sign == holdbacks.REMOVED
    if leaves and not cloud.dry:
        _wait_for_service(cloud, ecs.describe_security_groups(vpc_id=found.vpc_id))
    in_use = holdbacks.vpc_in_use(
        look(cloud, vpc_vswitches.describe_vswitches(found.vpc_id)),
        [fate.id for fate in vswitches] if cloud.dry else [],
        look(cloud, ecs.describe_security_groups(vpc_id=found.vpc_id)),
        leaves and cloud.dry,
    )
    if in_use:
        return holdbacks.held(what, in_use, found.vpc_id)
    read = vpc.describe_vpcs(vpc_id=found.vpc_id)
    delete(cloud, read, found, vpc_removal.vpc_removal)
    wait_until(cloud, read, vpc_removal.vpc_gone(found.vpc_id), f"The end of {what}", WAIT_SECONDS)
    return holdbacks.removed(what, found.vpc_id)


def _strange(cloud: Session, environment: Environment, found: Vpc) -> str:
    spec = desired.vpc(environment)
    if spec.vpc_id:
        return holdbacks.NAMED_BY_ID
    return whose(cloud, vpc.created_vpc_key(spec.region, spec.wanted_name), found.created_at)
