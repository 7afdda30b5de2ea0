"""Orders of the account: listed, told in detail, cancelled and paid."""

from __future__ import annotations

import json
from typing import Any

from emulator import bssopenapi, pages
from emulator.bssopenapi import HOUR, Order, yuan
from emulator.bssopenapi_calendar import FOREVER, add_months
from emulator.request import Refusal, Request
from emulator.world import World, iso


def query_orders(world: World, request: Request) -> dict[str, Any]:
    """List orders, newest first; only those of the last hour unless the request names other times."""
    end = bssopenapi.moment(request, "CreateTimeEnd", world.now())
    start = bssopenapi.moment(request, "CreateTimeStart", end - HOUR)
    orders = world.part(bssopenapi.State).orders.values()
    found = [each for each in orders if start <= int(each.created_at) <= end and _matches(each, request)]
    found.sort(key=lambda order: order.created_at, reverse=True)
    page, facts = pages.by_number(request, found, 20, 300, "PageNum")
    return bssopenapi.reply({**facts, "HostName": "", "OrderList": {"Order": [_row(order) for order in page]}})


def get_order_detail(world: World, request: Request) -> dict[str, Any]:
    """Tell an order in detail. UNCONFIRMED: that an unknown number gives an empty list."""
    order = world.part(bssopenapi.State).orders.get(request.one("OrderId"))
    rows = [_detail(world, order)] if order is not None else []
    facts = {"HostName": "", "PageNum": 1, "PageSize": 20, "TotalCount": len(rows)}
    return bssopenapi.reply({**facts, "OrderList": {"Order": rows}})


def cancel_order(world: World, request: Request) -> dict[str, Any]:
    """Cancel an unpaid order."""
    order = _unpaid(world, request)
    order.status = "Cancelled"
    return bssopenapi.reply({"HostId": ""})


def pay_order(world: World, request: Request) -> dict[str, Any]:
    """Pay an unpaid order of one's own. UNCONFIRMED: all of it; the token comes from a page that we do not have."""
    buyer, _, _, payer, _ = request.required("BuyerId", "OrderId", "PaySubmitUid", "PayerId", "Token")
    if {buyer, payer} != {world.account_id}:
        raise Refusal(400, "InvalidOwner", "The specified owner doesn't belong to the caller.")
    order = _unpaid(world, request)
    bssopenapi.pay(world, order)
    return {"Metadata": {}, "OrderId": int(order.id), "PayStatus": 1, "PayerId": int(payer)}


def _unpaid(world: World, request: Request) -> Order:
    order = world.part(bssopenapi.State).orders.get(request.one("OrderId"))
    if order is None:
        raise bssopenapi.refuse("InvalidOrderId", "The specified order does not exist.")  # UNCONFIRMED: the code.
    if order.status != "Unpaid":
        message = f"The order is {order.status}."
        raise bssopenapi.refuse("OrderStatusError", message)  # UNCONFIRMED: the code.
    return order


def _matches(order: Order, request: Request) -> bool:
    facts = {
        "OrderType": order.kind,
        "PaymentStatus": order.status,
        "ProductCode": order.product_code,
        "ProductType": order.product_type,
        "SubscriptionType": order.subscription,
    }
    return all(request.text(name, value).lower() == value.lower() for name, value in facts.items())


def _row(order: Order) -> dict[str, Any]:
    amount = yuan(order.cents)
    paid = order.status == "Paid"
    return {
        "AfterTaxAmount": amount,
        "CommodityCode": order.product_code,
        "CreateTime": iso(order.created_at),
        "Currency": bssopenapi.CURRENCY,
        "OrderId": order.id,
        "OrderType": order.kind,
        "PaymentCurrency": bssopenapi.CURRENCY,
        "PaymentStatus": order.status,
        "PaymentTime": iso(order.paid_at) if paid else "",
        "PretaxAmount": amount,
        "PretaxAmountLocal": amount,
        "PretaxGrossAmount": amount,
        "ProductCode": order.product_code,
        "ProductType": order.product_type,
        "RelatedOrderId": "",
        "SubscriptionType": order.subscription,
        "Tax": "0.00",
    }


def _detail(world: World, order: Order) -> dict[str, Any]:
    paid = order.status == "Paid"
    end = add_months(order.paid_at, order.months) if order.subscription == "Subscription" else FOREVER
    return {
        **_row(order),
        "Config": order.config,
        # An order that is not paid has delivered nothing.
        "InstanceIDs": json.dumps([order.instance_id] if paid and order.instance_id else []),
        "Operator": world.account_id,
        # QueryOrders writes these two with a capital. Source: BssOpenApi 2017-12-14, GetOrderDetail.
        "OrderType": order.kind.lower(),
        "OriginalConfig": order.config,
        "PaymentStatus": order.status.lower(),
        "Quantity": "1",
        "Region": order.region,
        "SubOrderId": f"{order.id}01",
        "UsageEndTime": iso(end) if paid else "",
        "UsageStartTime": iso(order.paid_at) if paid else "",
    }


ROUTES = {
    "CancelOrder": cancel_order,
    "GetOrderDetail": get_order_detail,
    "PayOrder": pay_order,
    "QueryOrders": query_orders,
}
