"""What a seed says of orders and the balance, and what the web page shows of them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from emulator import bssopenapi, regions
from emulator.bssopenapi import Instance, Order, yuan
from emulator.bssopenapi_calendar import FOREVER, add_months, parse
from emulator.bssopenapi_prices import monthly_cents
from emulator.world import World, iso

AGE = 30 * 86_400.0  # seconds since a seeded order was placed, so that it is not among the last hour's
MONTHS = 12
MODULES = [("cluster", "16c64g")]  # what a seeded order is priced as


class OrderSeed(BaseModel):
    """An order, and, when it is paid, the instance that it bought. Without `end_time` it was for a year."""

    model_config = ConfigDict(extra="forbid")

    product_code: str
    instance_id: str
    region: str = ""
    paid: bool = True
    subscription: Literal["Subscription", "PayAsYouGo"] = "Subscription"
    end_time: str = ""


class Seed(BaseModel):
    """The section `bssopenapi` of a seed."""

    model_config = ConfigDict(extra="forbid")

    orders: list[OrderSeed] = []
    balance: str | int | float = ""


def seed(world: World, data: Any) -> None:
    """Put orders and instances into the account, and set its balance.

    Raises:
        ValueError: the seed is impossible; the account is as it was.
    """
    wanted = Seed.model_validate(data)
    state = world.part(bssopenapi.State)
    balance = _cents(str(wanted.balance)) if wanted.balance != "" else state.balance_cents
    orders = [_order(world, each) for each in wanted.orders]
    taken = [*state.instances, *(order.instance_id for order in orders)]
    if len(taken) != len(set(taken)):
        raise ValueError("there are two orders for the same instance")
    ends = [_end(order, each.end_time) for order, each in zip(orders, wanted.orders, strict=True)]
    state.balance_cents = balance
    for order, end_at in zip(orders, ends, strict=True):
        state.orders[order.id] = order
        if order.status == "Paid":
            state.instances[order.instance_id] = _instance(order, end_at)


def overview(world: World) -> dict[str, list[dict[str, Any]]]:
    """Give the tables of the web page."""
    state = world.part(bssopenapi.State)
    return {
        "Balance": [{"Available": f"{yuan(state.balance_cents)} {bssopenapi.CURRENCY}"}],
        "Instances": [_instance_line(world, each) for each in state.instances.values()],
        "Orders": [_order_line(each) for each in state.orders.values()],
    }


def _cents(text: str) -> int:
    try:
        cents = Decimal(text.replace(",", "")) * 100
    except InvalidOperation:
        cents = Decimal("NaN")
    if not (cents.is_finite() and cents == cents.to_integral_value() and 0 <= cents < 10**15):
        raise ValueError(f"balance {text} is not an amount of money like 10000.00")
    return int(cents)


def _order(world: World, wanted: OrderSeed) -> Order:
    region = wanted.region or world.region
    if region not in regions.REGIONS:
        raise ValueError(f"order {wanted.instance_id}: there is no region {region}")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", wanted.instance_id):
        raise ValueError(f"order {wanted.instance_id}: an instance id is letters, digits and _.-")
    cents = monthly_cents(wanted.product_code, MODULES) * MONTHS
    what = (wanted.product_code, wanted.instance_id, region, wanted.subscription)
    order = bssopenapi.new_order(world, "New", *what, cents, MONTHS)
    order.created_at = max(0.0, world.now() - AGE)
    if wanted.paid:
        order.status, order.paid_at = "Paid", order.created_at
    return order


def _end(order: Order, end_time: str) -> float:
    if order.subscription != "Subscription":
        return FOREVER
    try:
        return min(parse(end_time), FOREVER) if end_time else add_months(order.created_at, order.months)
    except ValueError:
        raise ValueError(f"order {order.instance_id}: end_time is not like 2026-04-18T15:02:37Z") from None


def _instance(order: Order, end_at: float) -> Instance:
    what = (order.instance_id, order.product_code, order.region, order.subscription)
    return Instance(*what, order.created_at, end_at, monthly_cents=order.cents // order.months)


def _instance_line(world: World, instance: Instance) -> dict[str, Any]:
    return {
        "Instance": instance.id,
        "Product": instance.product_code,
        "Region": instance.region,
        "Billing": instance.subscription,
        "Status": instance.status(world.now()),
        "Ends": iso(instance.end_at) if instance.end_at < FOREVER else "",
        "Renewal": instance.renew_status,
    }


def _order_line(order: Order) -> dict[str, Any]:
    return {
        "Order": order.id,
        "Type": order.kind,
        "Product": order.product_code,
        "Instance": order.instance_id,
        "Amount": yuan(order.cents),
        "Status": order.status,
        "Placed": iso(order.created_at),
    }
