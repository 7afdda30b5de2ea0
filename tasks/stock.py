"""ECS stock in the zone."""

from __future__ import annotations

from collections.abc import Sequence

from alicloud import ecs
from alicloud.session import Session
from blocks.runner_rights import need
from tasks.step import step


@step("ECS stock in {zone}", "R18", needs=(need(ecs.describe_available_resource),))
def check_stock(cloud: Session, zone: str, specifications: Sequence[str], exists: bool) -> None:
    """Check that the zone has machines of each node specification.

    Args:
        exists: the cluster is there already and has its machines; nothing to check.

    Raises:
        Unmet: sold out; choose another zone or submit a ticket.
    """
    if exists:
        return
    for specification in specifications:
        cores, memory_gib = ecs.cores_and_memory(specification)
        stock = cloud.recall(ecs.describe_available_resource(zone, cores, memory_gib))
        ecs.check_stock(specification, zone, stock)
