"""Orders of exclusive mode: bought in the past, each good for one cluster."""

from __future__ import annotations

from typing import Any

from emulator import bssopenapi
from emulator.foas import Order, State
from emulator.request import Refusal, Request
from emulator.world import World


def create_cell_cluster_order(world: World, request: Request) -> dict[str, Any]:
    """Refuse: exclusive mode cannot be bought since 2021-04-28. UNCONFIRMED: the code."""
    request.required("payModel", "region", "masterSpec", "masterNum", "slaveSpec", "slaveNum")
    raise Refusal(
        403,
        "OperationDenied.NoLongerSold",
        "Exclusive mode cannot be bought since 2021-04-28. Use an existing order, or fully managed Flink.",
    )


def usable_order(world: World, request: Request) -> Order:
    """Give the order that the request names: it exists, here, paid, and no cluster was made from it."""
    instance_id = request.one("orderId")
    order = world.part(State).orders.get(instance_id)
    if order is None:
        raise Refusal(400, "InvalidOrder", f"The order {instance_id} does not exist. Give the order's instance id.")
    if request.region and order.region != request.region:
        raise Refusal(400, "InvalidOrder.Region", f"The order {instance_id} is for region {order.region}.")
    check_paid(world, order)
    if order.cluster_id:
        raise Refusal(400, "OrderAlreadyUsed", f"Cluster {order.cluster_id} was made from order {instance_id}.")
    return order


def payment(world: World, order: Order) -> str:
    """Say of an order: unpaid, paid or expired."""
    bought = bssopenapi.find_instance(world, order.instance_id)
    if bought is None:
        return "unpaid"
    return "paid" if bought.status(world.now()) == "Normal" else "expired"


def check_paid(world: World, order: Order) -> None:
    state = payment(world, order)
    if state != "paid":
        code = "OrderNotPaid" if state == "unpaid" else "OrderExpired"
        raise Refusal(400, code, f"The order {order.instance_id} is {state}.")


ROUTES = {
    ("POST", "/api/v2/realtime-compute/cell/buy"): create_cell_cluster_order,
}
