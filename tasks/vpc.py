"""The VPC."""

from __future__ import annotations

from alicloud import vpc
from alicloud.session import Session
from alicloud.settle import settle, wait_until
from alicloud.vpc import Vpc, VpcSpec
from blocks.runner_rights import need
from tasks.step import step


@step(
    "VPC {spec.vpc_id}{spec.name}",
    "R17",
    needs=(
        need(vpc.create_vpc, "new_vpc"),
        need(vpc.modify_vpc_attribute, vpc="existing_vpc"),
        need(vpc.read_vpc),
    ),
)
def ensure_vpc(cloud: Session, spec: VpcSpec) -> Vpc:
    """Use the environment's VPC, or create it; give it a name when it has none."""
    read = vpc.read_vpc(spec)
    settle(cloud, read, spec, vpc.vpc_changes, vpc.planned_vpc(spec), vpc.vpc_key(spec))
    return vpc.pick_vpc(spec, wait_until(cloud, read, vpc.vpc_ready, "The VPC"))
