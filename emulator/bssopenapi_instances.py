"""What the account bought: listed, bought, renewed, changed and given back."""

from __future__ import annotations

import math
from typing import Any

from emulator import bssopenapi, pages
from emulator.bssopenapi import Instance, Order
from emulator.bssopenapi_calendar import FOREVER
from emulator.bssopenapi_prices import monthly_cents
from emulator.request import Refusal, Request
from emulator.world import World, iso

RENEW_PERIODS = (*range(1, 10), 12, 24, 36)  # months. Source: BssOpenApi 2017-12-14, RenewInstance.
RENEWAL_PERIODS = (1, 2, 3, 6, 12)  # Source: BssOpenApi 2017-12-14, SetRenewal.
RENEW_STATUSES = ("AutoRenewal", "ManualRenewal", "NotRenewal")
SUBSCRIPTIONS = ("Subscription", "PayAsYouGo")
ELSEWHERE = ("ecs", "rds", "redisa")  # These have actions of their own.
NO_LONGER_SOLD = "blinkonecs"  # Exclusive mode, since 2021-04-28.
MONTH = 30 * 86_400
MAX_IDS = 100


def query_available_instances(world: World, request: Request) -> dict[str, Any]:
    """List what the account has, expired subscriptions included."""
    if request.has("Region"):
        request.required("ProductCode")
    made, ends = _window(request, "CreateTime"), _window(request, "EndTime")
    found = [
        each
        for each in _asked(world, request)
        if made[0] <= int(each.created_at) <= made[1] and ends[0] <= int(each.end_at) <= ends[1]
    ]
    found = [each for each in found if _matches(each, request)]
    page, facts = pages.by_number(request, found, 20, 300, "PageNum")
    return bssopenapi.reply({**facts, "InstanceList": [_row(world, each) for each in page]})


def create_instance(world: World, request: Request) -> dict[str, Any]:
    """Buy an instance: the order is paid at once."""
    return bssopenapi.once(world, request, lambda: _create_instance(world, request))


def _create_instance(world: World, request: Request) -> dict[str, Any]:
    product_code, _, subscription = request.required("ProductCode", "RenewPeriod", "SubscriptionType")
    renewal, months = request.integer("RenewPeriod", 1, 1, 36), request.integer("Period", 1, 1, 60)
    status = _one_of(request, "RenewalStatus", RENEW_STATUSES[:2], "ManualRenewal")
    _one_of(request, "SubscriptionType", SUBSCRIPTIONS)
    if product_code in ELSEWHERE or product_code.startswith(NO_LONGER_SOLD):
        raise bssopenapi.refuse("NotApplicable", "This API is not applicable for the product.")
    instance_id = f"{product_code[:64]}-{world.identifiers.letters(12)}"
    cents = _price(request, product_code) * months if subscription == "Subscription" else 0
    region = request.region or world.region
    order = bssopenapi.new_order(world, "New", product_code, instance_id, region, subscription, cents, months)
    order.product_type, order.config = request.text("ProductType"), _config(request)
    bssopenapi.pay(world, order)
    instance = world.part(bssopenapi.State).instances[instance_id]
    instance.renew_status, instance.renewal_duration = status, renewal
    return bssopenapi.reply({"InstanceId": instance_id, "OrderId": order.id})


def renew_instance(world: World, request: Request) -> dict[str, Any]:
    """Prolong a subscription; the order is paid at once."""
    return bssopenapi.once(world, request, lambda: _renew_instance(world, request))


def _renew_instance(world: World, request: Request) -> dict[str, Any]:
    request.required("InstanceId", "ProductCode", "RenewPeriod")
    months = request.integer("RenewPeriod", 1)
    if months not in RENEW_PERIODS:
        raise Refusal(400, "InvalidRenewPeriod", "RenewPeriod is 1 to 9, 12, 24 or 36 months.")
    if request.text("ProductCode") in ELSEWHERE:
        raise bssopenapi.refuse("NotApplicable", "This API is not applicable for the product.")
    instance = _subscribed(world, request)
    order = _order_for(world, "Renew", instance, instance.monthly_cents * months, months)
    bssopenapi.pay(world, order)
    return bssopenapi.reply({"OrderId": order.id})


def set_renewal(world: World, request: Request) -> dict[str, Any]:
    """Say whether and for how long subscriptions renew themselves: all of those named, or none."""
    names = request.required("InstanceIDs", "ProductCode", "RenewalPeriod", "RenewalPeriodUnit", "RenewalStatus")
    status = _one_of(request, "RenewalStatus", RENEW_STATUSES)
    _one_of(request, "SubscriptionType", ("Subscription", "PayAsYouGo"), "Subscription")
    unit = _one_of(request, "RenewalPeriodUnit", ("M", "Y"))
    period = request.integer("RenewalPeriod", 1)
    if period not in RENEWAL_PERIODS:
        raise Refusal(400, "InvalidRenewalPeriod", "RenewalPeriod is 1, 2, 3, 6 or 12.")
    instances = [_existing(world, each, request.text("ProductCode")) for each in _split(names[0])]
    for instance in instances:
        instance.renew_status, instance.renewal_duration, instance.renewal_unit = status, period, unit
    return bssopenapi.reply()


def modify_instance(world: World, request: Request) -> dict[str, Any]:
    """Change an instance up or down: the rest of the subscription is charged or given back by the difference."""
    return bssopenapi.once(world, request, lambda: _modify_instance(world, request))


def _modify_instance(world: World, request: Request) -> dict[str, Any]:
    product_code, _, _ = request.required("ProductCode", "ModifyType", "SubscriptionType")
    kind = _one_of(request, "ModifyType", ("Upgrade", "Downgrade"))
    instance = _existing(world, request.text("InstanceId"), product_code)
    monthly = _price(request, product_code)
    cents = _for_the_rest(world, instance, monthly) - _for_the_rest(world, instance, instance.monthly_cents)
    order = _order_for(world, kind, instance, cents, 0)
    order.config = _config(request)
    bssopenapi.pay(world, order)
    instance.monthly_cents = monthly
    return bssopenapi.reply({"HostId": "", "OrderId": order.id})


def refund_instance(world: World, request: Request) -> dict[str, Any]:
    """Give a subscription back: it is released, and what is left of its price goes to the balance."""
    return bssopenapi.once(world, request, lambda: _refund_instance(world, request))


def _refund_instance(world: World, request: Request) -> dict[str, Any]:
    instance = _subscribed(world, request)
    orders = world.part(bssopenapi.State).orders.values()
    if any(order.instance_id == instance.id and order.status == "Unpaid" for order in orders):
        raise bssopenapi.refuse("ExistUnPaidOrderError", "The instance has an order that is not paid.")
    order = _order_for(world, "Refund", instance, -_for_the_rest(world, instance, instance.monthly_cents), 0)
    bssopenapi.pay(world, order)
    return bssopenapi.reply({"HostId": "", "OrderId": int(order.id)})


def _asked(world: World, request: Request) -> list[Instance]:
    instances, wanted = world.part(bssopenapi.State).instances, _split(request.text("InstanceIDs"))
    if not wanted:
        return list(instances.values())
    return [instances[each] for each in wanted if each in instances]


def _matches(instance: Instance, request: Request) -> bool:
    facts = {
        "ProductCode": instance.product_code,
        "ProductType": instance.product_type,
        "Region": instance.region,
        "RenewStatus": instance.renew_status,
        "SubscriptionType": instance.subscription,
    }
    return all(request.text(name, value) == value for name, value in facts.items())


def _window(request: Request, name: str) -> tuple[float, float]:
    start = bssopenapi.moment(request, f"{name}Start", -math.inf)
    return start, bssopenapi.moment(request, f"{name}End", math.inf)


def _row(world: World, instance: Instance) -> dict[str, Any]:
    return {
        "CreateTime": iso(instance.created_at),
        "EndTime": iso(instance.end_at),
        "InstanceID": instance.id,
        "OwnerId": int(world.account_id),
        "ProductCode": instance.product_code,
        "ProductType": instance.product_type,
        "Region": instance.region,
        "RenewStatus": instance.renew_status,
        "RenewalDuration": instance.renewal_duration,
        "RenewalDurationUnit": instance.renewal_unit,
        "Seller": "26842",
        "SellerId": 26842,
        "Status": instance.status(world.now()),
        "SubStatus": "Normal",
        "SubscriptionType": instance.subscription,
    }


def _existing(world: World, instance_id: str, product_code: str) -> Instance:
    instance = bssopenapi.find_instance(world, instance_id)
    if instance is None or product_code not in ("", instance.product_code):
        raise bssopenapi.refuse("ResourceNotExists", "The specified resource doesn't exist.")
    return instance


def _subscribed(world: World, request: Request) -> Instance:
    instance = _existing(world, request.text("InstanceId"), request.text("ProductCode"))
    if instance.subscription != "Subscription":
        raise bssopenapi.refuse("ResourceStatusError", "The resource is not a subscription.")
    return instance


def _order_for(world: World, kind: str, instance: Instance, cents: int, months: int) -> Order:
    what = (instance.product_code, instance.id, instance.region, instance.subscription)
    order = bssopenapi.new_order(world, kind, *what, cents, months)
    order.product_type = instance.product_type
    return order


def _for_the_rest(world: World, instance: Instance, monthly: int) -> int:
    """Price what is left of a subscription; pay-as-you-go has nothing left."""
    left = max(0.0, instance.end_at - world.now()) if instance.end_at < FOREVER else 0.0
    return int(monthly * left / MONTH)


def _price(request: Request, product_code: str) -> int:
    modules = [(each.get("Code", ""), each.get("Value", "")) for each in request.records("Parameter")]
    return monthly_cents(product_code, modules)


def _config(request: Request) -> str:
    return ";".join(f"{each.get('Code', '')}:{each.get('Value', '')}" for each in request.records("Parameter"))


def _one_of(request: Request, name: str, values: tuple[str, ...], default: str = "") -> str:
    value = request.text(name, default)
    if value not in values:
        raise Refusal(400, f"Invalid{name}", f"{name} is {', '.join(values[:-1])} or {values[-1]}.")
    return value


def _split(text: str) -> list[str]:
    ids = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if len(ids) > MAX_IDS:
        raise Refusal(400, "InvalidInstanceIDs", f"InstanceIDs holds more than {MAX_IDS} ids.")
    return ids


ROUTES = {
    "CreateInstance": create_instance,
    "ModifyInstance": modify_instance,
    "QueryAvailableInstances": query_available_instances,
    "RefundInstance": refund_instance,
    "RenewInstance": renew_instance,
    "SetRenewal": set_renewal,
}
