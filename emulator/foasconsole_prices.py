"""What workspaces cost, and the price queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator import bssopenapi
from emulator.foasconsole import State, Workspace, checked_spec, optional_spec, refuse, region_of, spec
from emulator.foasconsole_life import expires_at, find_workspace
from emulator.request import Refusal, Request
from emulator.world import World

# UNCONFIRMED: the tariff. It is made so that 10 CU for a month cost what the published sample says.
MONTH = 436.80  # CNY per CU and month, subscription
HOUR = 0.91  # CNY per CU and hour, pay-as-you-go
DISCOUNT = 0.15  # on subscriptions
PRODUCT_CODE = "sc"  # UNCONFIRMED
MONTH_SECONDS = 30 * 86400.0


@dataclass(frozen=True)
class Price:
    original: float
    discount: float = 0.0

    @property
    def trade(self) -> float:
        return round(self.original - self.discount, 2)


def subscription(cpu: int, months: float) -> Price:
    original = round(cpu * MONTH * months, 2)
    return Price(original, round(original * DISCOUNT, 2))


def pay_as_you_go(cpu: int) -> Price:
    """The price of an hour: pay-as-you-go is charged by the hour."""
    return Price(round(cpu * HOUR, 2))


def creation(charge_type: str, cpu: int, months: int) -> Price:
    return subscription(cpu, months) if charge_type == "PRE" else pay_as_you_go(cpu)


def change(world: World, workspace: Workspace, cpu: int) -> Price:
    """The price of a larger size for the time that is left; a smaller one costs nothing and nothing comes back."""
    more = max(0, cpu - workspace.cpu)
    left = max(0.0, expires_at(world, workspace) - world.now()) / MONTH_SECONDS
    return subscription(more, left) if workspace.charge_type == "PRE" else pay_as_you_go(more)


def charge_type(request: Request) -> str:
    value = request.one("ChargeType")
    if value not in ("PRE", "POST"):
        raise Refusal(400, "InvalidChargeType", "The specified ChargeType is neither PRE nor POST.")
    return value


def months(request: Request) -> int:
    """Give the months that Duration and PricingCycle make, both mandatory here."""
    request.required("Duration", "PricingCycle")
    cycle = request.text("PricingCycle")
    if cycle not in ("Month", "Year"):
        raise Refusal(400, "InvalidPricingCycle", "The specified PricingCycle is neither Month nor Year.")
    return request.integer("Duration", 1, 1, 36) * (12 if cycle == "Year" else 1)


def pay(world: World, workspace_id: str, region: str, charge: str, price: Price, duration: int = 0) -> int:
    """Place an order, which is paid at once, and give its number; refuse when the balance is short."""
    kind = "Subscription" if charge == "PRE" else "PayAsYouGo"
    try:
        return int(bssopenapi.place_order(world, PRODUCT_CODE, workspace_id, price.trade, kind, region, duration))
    except Refusal as refusal:
        raise refuse(refusal.code, refusal.message) from refusal


def namespace_specs(request: Request) -> dict[str, int]:
    """Give NamespaceResourceSpecs as Cpu by namespace."""
    request.required("NamespaceResourceSpecs")
    rows = request.json("NamespaceResourceSpecs")
    try:
        return {str(row["Namespace"]): checked_spec(row["ResourceSpec"], "NamespaceResourceSpecs") for row in rows}
    except (TypeError, KeyError):
        message = "The specified NamespaceResourceSpecs is not a list of Namespace and ResourceSpec."
        raise Refusal(400, "InvalidNamespaceResourceSpecs", message) from None


def query_create_instance_price(world: World, request: Request) -> dict[str, Any]:
    region_of(request)
    charge = charge_type(request)
    cpu = spec(request, "ResourceSpec") + optional_spec(request, "HaResourceSpec", 0)
    return _reply(creation(charge, cpu, months(request) if charge == "PRE" else 0))


def query_modify_instance_price(world: World, request: Request) -> dict[str, Any]:
    workspace = find_workspace(world, request)
    return _reply(change(world, workspace, spec(request, "ResourceSpec")), _unpaid(world, workspace))


def query_renew_instance_price(world: World, request: Request) -> dict[str, Any]:
    workspace = find_workspace(world, request)
    return _reply(subscription(workspace.cpu + workspace.ha_cpu, months(request)), _unpaid(world, workspace))


def query_convert_instance_price(world: World, request: Request) -> dict[str, Any]:
    workspace = find_workspace(world, request)
    request.required("IsAutoRenew")
    price = subscription(sum(namespace_specs(request).values()), months(request))
    return _reply(price, _unpaid(world, workspace))


def query_convert_prepay_instance_price(world: World, request: Request) -> dict[str, Any]:
    workspace = find_workspace(world, request)
    return _reply(pay_as_you_go(workspace.cpu), _unpaid(world, workspace))


def _unpaid(world: World, workspace: Workspace) -> bool:
    return workspace.instance_id in world.part(State).unpaid


def _reply(price: Price, unpaid: bool = False) -> dict[str, Any]:
    """Answer with the price; that an unpaid order bars the way stands inside, the reply itself is a success.

    Source: foasconsole 2021-10-28, QueryModifyInstancePrice.
    """
    info = {
        "Code": "ORDER.INST_HAS_UNPAID_ORDER" if unpaid else "",
        "Message": "The instance has an unpaid order." if unpaid else "",
        "Currency": "CNY",
        "OriginalAmount": price.original,
        "DiscountAmount": price.discount,
        "TradeAmount": price.trade,
        "StandPrice": "",
        "StandDiscountPrice": "",
        "IsContractActivity": False,
        "LxRequestId": "",
        "OptionalPromotions": [],
        "Rules": [{"RuleId": 587, "Description": "15% off subscriptions"}] if price.discount else [],
        "DepreciateInfo": {
            "CheapRate": "",
            "CheapStandAmount": "",
            "IsShow": False,
            "MonthPrice": "",
            "OriginalStandAmount": "",
            "StartTime": "",
        },
    }
    return {"PriceInfo": info, "Success": True}


ROUTES = {
    "QueryCreateInstancePrice": query_create_instance_price,
    "QueryModifyInstancePrice": query_modify_instance_price,
    "QueryRenewInstancePrice": query_renew_instance_price,
    "QueryConvertInstancePrice": query_convert_instance_price,
    "QueryConvertPrepayInstancePrice": query_convert_prepay_instance_price,
}
