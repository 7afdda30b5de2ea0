"""What an order of a workspace costs (foasconsole 2021-10-28), and whether it may be placed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from alicloud.call import PLANNED, Call, Kind
from alicloud.errors import ManualStep, Unmet
from alicloud.foasconsole import PRODUCT, VERSION, WorkspaceSpec, order_parameters, succeeded


@dataclass(frozen=True)
class Price:
    """What an order costs. `code` is set when a refusal hides in the reply."""

    currency: str
    original: Decimal
    discount: Decimal
    trade: Decimal
    code: str = ""
    message: str = ""


def query_create_instance_price(spec: WorkspaceSpec) -> Call[Price | None]:
    """Ask what an order would cost; orders nothing. Source: foasconsole 2021-10-28, QueryCreateInstancePrice."""
    parameters = {**order_parameters(spec), "InstanceName": spec.name}
    if PLANNED in (spec.vpc_id, *spec.vswitch_ids):  # a price does not depend on a network that does not exist yet
        del parameters["VSwitchIds"]
    else:
        parameters["VpcId"] = spec.vpc_id
    return Call(PRODUCT, VERSION, "QueryCreateInstancePrice", Kind.READ, _price, parameters)


def check_price(price: Price, max_price: Decimal | None, may_order: bool) -> None:
    """Check that the order may be placed.

    Raises:
        ManualStep: the environment does not allow ordering, or names no highest price.
        Unmet: a refusal hides in the price reply, or it costs more than is allowed.
    """
    if price.code:
        raise Unmet(
            f"The order would be refused: {price.code} {price.message}".rstrip(". ") + ".",
            remedy="Pay or cancel the unpaid order in the console, then Retry this run.",
        )
    if not may_order or max_price is None:
        raise ManualStep(
            f"The workspace would cost {price.trade} {price.currency}; the environment does not allow ordering it.",
            remedy="Set safety.may_order and safety.max_price, or order it in the console; then Retry this run.",
        )
    if price.trade > max_price:
        raise Unmet(
            f"The workspace would cost {price.trade} {price.currency}, more than safety.max_price ({max_price}).",
            remedy="Raise the limit on purpose, or order fewer compute units.",
        )


def price_text(spec: WorkspaceSpec, price: Price) -> str:
    """Write the price as an operator reads it."""
    cycles = f"{spec.duration} {spec.pricing_cycle.lower()}{'s' if spec.duration > 1 else ''}"
    term = f"for {cycles}" if spec.charge_type == "PRE" else "an hour"
    return f"{price.trade} {price.currency} {term} (list price {price.original})"


def _price(body: Any) -> Price:
    found = body.get("PriceInfo") or {}
    if not found.get("Code"):  # else the refusal stands inside
        succeeded(body)
    return Price(
        currency=str(found["Currency"]),
        original=Decimal(str(found["OriginalAmount"])),
        discount=Decimal(str(found["DiscountAmount"])),
        trade=Decimal(str(found["TradeAmount"])),
        code=str(found.get("Code") or "") if found.get("Code") not in ("Success", "200") else "",
        message=str(found.get("Message") or ""),
    )
