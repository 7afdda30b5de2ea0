"""BssOpenApi: the account's balance, its orders, and what they bought."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator import client_tokens
from emulator.bssopenapi_calendar import FOREVER, add_months, parse
from emulator.request import Refusal, Request
from emulator.world import World

PRODUCT = "BssOpenApi"
VERSION = "2017-12-14"
HOST = "business.aliyuncs.com"
NAMESPACE = "bssapi"  # Source: BssOpenApi, Authorization for API calls.

HOUR = 3600.0
CURRENCY = "CNY"


@dataclass
class Instance:
    """What an order bought. `monthly_cents` is what a month of it costs."""

    id: str
    product_code: str
    region: str
    subscription: str
    created_at: float
    end_at: float
    product_type: str = ""
    monthly_cents: int = 0
    renew_status: str = "ManualRenewal"
    renewal_duration: int = 1
    renewal_unit: str = "M"

    def status(self, now: float) -> str:
        return "Normal" if now < self.end_at else "Expired"


@dataclass
class Order:
    """A purchase, a renewal, a change or a refund of the instance; negative when the account gets money back."""

    id: str
    kind: str  # New, Renew, Upgrade, Downgrade, Convert or Refund
    product_code: str
    instance_id: str
    region: str
    subscription: str
    cents: int
    months: int
    created_at: float
    product_type: str = ""
    config: str = ""
    status: str = "Unpaid"  # Unpaid, Paid or Cancelled
    paid_at: float = 0.0


@dataclass
class State:
    """Money is counted in cents of CNY."""

    balance_cents: int = 1_000_000
    orders: dict[str, Order] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    tokens: client_tokens.Store = field(default_factory=client_tokens.Store)


def find_instance(world: World, instance_id: str) -> Instance | None:
    """Give what was bought under this id, None when nothing was, or it has been refunded."""
    return world.part(State).instances.get(instance_id)


def place_order(
    world: World, product_code: str, instance_id: str, amount: float, subscription: str, region: str, months: int
) -> str:
    """Place and pay an order, and give its number.

    It is for a new instance when there is none of this id. Else it renews a subscription by the months, converts
    between subscription and pay-as-you-go, or, with no months, changes the instance.

    Args:
        amount: yuan; less than nothing when the account gets money back.
        subscription: Subscription or PayAsYouGo.

    Raises:
        Refusal: the balance does not cover it.
    """
    cents = round(amount * 100) if math.isfinite(amount) else world.part(State).balance_cents + 1
    kind = _kind(find_instance(world, instance_id), cents, subscription, months)
    order = new_order(world, kind, product_code, instance_id, region, subscription, cents, months)
    pay(world, order)
    return order.id


def new_order(
    world: World,
    kind: str,
    product_code: str,
    instance_id: str,
    region: str,
    subscription: str,
    cents: int,
    months: int,
) -> Order:
    """Write an order that is not placed yet."""
    number = world.identifiers.digits(15)
    return Order(number, kind, product_code, instance_id, region, subscription, cents, months, world.now())


def balance_cents(world: World) -> int:
    """Give what the account can pay with."""
    return 0 if world.trouble.no_balance else world.part(State).balance_cents


def pay(world: World, order: Order) -> None:
    """Pay an order, as the console does too, and deliver what it is for.

    Raises:
        Refusal: the balance does not cover it; then nothing has happened.
    """
    state = world.part(State)
    if order.cents > max(0, balance_cents(world)):
        raise refuse("INSUFFICIENT.AVAILABLE.QUOTA", "Your available quota is insufficient.")
    state.balance_cents -= order.cents
    order.status, order.paid_at = "Paid", world.now()
    state.orders[order.id] = order
    _deliver(world, order)


def _kind(instance: Instance | None, cents: int, subscription: str, months: int) -> str:
    if instance is None:
        return "New"
    if instance.subscription != subscription:
        return "Convert"
    if months and subscription == "Subscription":
        return "Renew"
    return "Downgrade" if cents < 0 else "Upgrade"


def _deliver(world: World, order: Order) -> None:
    state, now = world.part(State), world.now()
    instance = state.instances.get(order.instance_id)
    prepaid = order.subscription == "Subscription"
    if order.kind == "Refund":
        state.instances.pop(order.instance_id, None)
    elif instance is None:
        end_at = add_months(now, order.months) if prepaid else FOREVER
        monthly = order.cents // max(1, order.months)
        instance = Instance(order.instance_id, order.product_code, order.region, order.subscription, now, end_at)
        instance.product_type, instance.monthly_cents = order.product_type, monthly
        state.instances[instance.id] = instance
    elif order.kind == "Convert":
        instance.subscription = order.subscription
        instance.end_at = add_months(now, order.months) if prepaid else FOREVER
        instance.monthly_cents = order.cents // max(1, order.months)
    elif order.kind == "Renew":
        instance.end_at = add_months(max(now, instance.end_at), order.months)


def reply(data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Wrap what an action answers; one that answers nothing has no Data."""
    envelope = {"Code": "Success", "Message": "Successful!", "Success": True}
    return envelope if data is None else {**envelope, "Data": dict(data)}


def refuse(code: str, message: str) -> Refusal:
    """Refuse as the product does: HTTP 200 and Success false."""
    return Refusal(200, code, message, {"Code": code, "Message": message, "Success": False})


def once(world: World, request: Request, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Act once for a ClientToken. UNCONFIRMED: that a token with other parameters is refused, and the code."""
    message = "The request uses a ClientToken that was used before with other parameters."
    mismatch = refuse("IdempotentParameterMismatch", message)
    return client_tokens.once(world.part(State).tokens, request, act, mismatch)


def yuan(cents: int) -> str:
    """Write an amount: 1234.50."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def moment(request: Request, name: str, default: float) -> float:
    """Give the time that a parameter names, in seconds since 1970."""
    try:
        return parse(request.text(name)) if request.has(name) else default
    except ValueError:
        raise Refusal(400, f"Invalid{name}", f"The specified {name} is not like 2026-04-18T15:02:37Z.") from None


def query_account_balance(world: World, request: Request) -> dict[str, Any]:
    """Tell the balance, as a text with thousands separators."""
    whole, _, cents = yuan(balance_cents(world)).partition(".")
    balance = f"{int(whole):,}.{cents}"
    data = {
        "AvailableAmount": balance,
        "AvailableCashAmount": balance,
        "CreditAmount": "0.00",
        "Currency": CURRENCY,
        "MybankCreditAmount": "0.00",
        "QuotaLimit": "0.00",
    }
    return {**reply(data), "Code": "200"}  # as the published sample has it


def resource(world: World, request: Request) -> str:
    """Name what a call is about: rights to BSS are for everything. Source: BssOpenApi, Authorization for API calls."""
    return "*"


ROUTES = {"QueryAccountBalance": query_account_balance}
