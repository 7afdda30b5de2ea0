"""What things cost: a plausible price for every module, always the same for the same configuration."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Any

from emulator import bssopenapi, pages
from emulator.request import Refusal, Request
from emulator.world import World

CENTS_PER_CORE_HOUR = 35
HOURS = {"Hour": 1, "Day": 24, "Month": 720, "Year": 8640}
PREPAID_SHARE = 0.6  # A subscription costs this share of pay-as-you-go,
YEAR_SHARE = 0.85  # and a year of it this share of twelve months.
MAX_MODULES = 50
# Product codes of Realtime Compute are UNCONFIRMED: exclusive by its commodity code, managed by its instance ids.
PRODUCTS = [
    ("blinkonecs", "Realtime Compute, exclusive mode", "", "Subscription"),
    ("blinkonecs", "Realtime Compute, exclusive mode", "blinkonecs_post", "PayAsYouGo"),
    ("sc", "Realtime Compute for Apache Flink", "sc_flinkserverless_public_cn", "PayAsYouGo"),
    ("sc", "Realtime Compute for Apache Flink", "sc_flinkserverless_pre_public_cn", "Subscription"),
    ("oss", "Object Storage Service", "oss", "PayAsYouGo"),
    ("ecs", "Elastic Compute Service", "ecs", "PayAsYouGo"),
    ("ecs", "Elastic Compute Service", "ecs", "Subscription"),
    ("nat_gw", "NAT Gateway", "nat_gw", "PayAsYouGo"),
    ("eip", "Elastic IP Address", "eip", "PayAsYouGo"),
]


def hourly_cents(product_code: str, module: str, config: str) -> int:
    """Price an hour of a module: by its cores when the configuration names them (4c16g), else by a checksum of it."""
    cores = re.search(r"(?<![0-9])([0-9]{1,4})c[0-9]{1,5}g", config, re.IGNORECASE)
    if cores is not None:
        return int(cores[1]) * CENTS_PER_CORE_HOUR
    return 10 + zlib.crc32(f"{product_code}/{module}/{config}".encode("utf-8", "surrogatepass")) % 290


def monthly_cents(product_code: str, modules: Sequence[tuple[str, str]]) -> int:
    """Price a month's subscription of modules, each a code and a configuration."""
    hourly = sum(hourly_cents(product_code, module, config) for module, config in modules)
    return round(hourly * HOURS["Month"] * PREPAID_SHARE)


def get_subscription_price(world: World, request: Request) -> dict[str, Any]:
    """Price a subscription; a year is cheaper than twelve months."""
    product_code, order_type, _ = request.required("ProductCode", "OrderType", "SubscriptionType")
    if order_type != "NewOrder":
        request.required("InstanceId")  # A new order has none yet, whatever the metadata says.
    unit, quantity = _unit(request), request.integer("Quantity", 1, 1, 1000)
    periods = request.integer("ServicePeriodQuantity", 1, 1, 120)
    hours = HOURS[unit] * periods
    share = YEAR_SHARE if hours >= HOURS["Year"] else 1.0
    details = []
    for module, config in _modules(request):
        cents = round(hourly_cents(product_code, module, config) * hours * PREPAID_SHARE) * quantity
        details.append(_module_detail(module, cents, round(cents * share), 0))
    original = sum(each["OriginalCost"] for each in details)
    trade = sum(each["CostAfterDiscount"] for each in details)
    data = {
        "Currency": bssopenapi.CURRENCY,
        "DiscountPrice": round(original - trade, 2),
        "ModuleDetails": {"ModuleDetail": details},
        "OriginalPrice": round(original, 2),
        "PromotionDetails": {"PromotionDetail": []},
        "Quantity": quantity,
        "TradePrice": round(trade, 2),
    }
    return bssopenapi.reply(data)


def get_pay_as_you_go_price(world: World, request: Request) -> dict[str, Any]:
    """Price the use of modules, each for the time that its PriceType says."""
    product_code, _ = request.required("ProductCode", "SubscriptionType")
    price_types = [record.get("PriceType", "") for record in request.records("ModuleList")]
    details = []
    for (module, config), price_type in zip(_modules(request), price_types, strict=True):
        unit = hourly_cents(product_code, module, config)
        cents = unit * HOURS.get(price_type, 1)
        details.append(_module_detail(module, cents, cents, unit))
    data = {
        "Currency": bssopenapi.CURRENCY,
        "ModuleDetails": {"ModuleDetail": details},
        "PromotionDetails": {"PromotionDetail": []},
    }
    return bssopenapi.reply(data)


def query_product_list(world: World, request: Request) -> dict[str, Any]:
    """List what can be bought, or could."""
    request.required("PageNum")
    page, facts = pages.by_number(request, PRODUCTS, 20, 300, "PageNum")
    if not request.boolean("QueryTotalCount"):
        del facts["TotalCount"]
    rows = [
        {"ProductCode": code, "ProductName": name, "ProductType": kind, "SubscriptionType": subscription}
        for code, name, kind, subscription in page
    ]
    return bssopenapi.reply({**facts, "ProductList": {"Product": rows}})


def _modules(request: Request) -> list[tuple[str, str]]:
    records = request.records("ModuleList")
    if not records:
        raise Refusal(400, "MissingModuleList", "The input parameter ModuleList is mandatory for this request.")
    if len(records) > MAX_MODULES:
        raise Refusal(400, "InvalidModuleList", f"There are more than {MAX_MODULES} modules.")
    for record in records:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", record.get("ModuleCode", "")):
            raise bssopenapi.refuse("InvalidModuleCode", "A ModuleCode is not valid.")  # UNCONFIRMED: the code.
    return [(record["ModuleCode"], record.get("Config", "")) for record in records]


def _unit(request: Request) -> str:
    unit = request.text("ServicePeriodUnit", "Month")
    if unit not in HOURS:
        raise Refusal(400, "InvalidServicePeriodUnit", "ServicePeriodUnit is Year, Month, Day or Hour.")
    return unit


def _module_detail(module: str, original: int, after: int, unit: int) -> dict[str, Any]:
    return {
        "CostAfterDiscount": after / 100,
        "InvoiceDiscount": (original - after) / 100,
        "ModuleCode": module,
        "OriginalCost": original / 100,
        "UnitPrice": unit / 100,
    }


ROUTES = {
    "GetPayAsYouGoPrice": get_pay_as_you_go_price,
    "GetSubscriptionPrice": get_subscription_price,
    "QueryProductList": query_product_list,
}
