"""What an order or change of a workspace costs (foasconsole 2021-10-28), and whether it may be placed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from alicloud.call import PLANNED, Call, Kind
from alicloud.call_rights import WORKSPACES, allowed_by
from alicloud.errors import ManualStep, Unmet
from alicloud.foasconsole import PRODUCT, VERSION, WorkspaceSpec, order_parameters, resource_spec, succeeded


@dataclass(frozen=True)
class Price:
    """What an order costs. `code` is set when a refusal hides in the reply."""

    currency: str
    original: Decimal
    discount: Decimal
    trade: Decimal
    code: str = ""
    message: str = ""


@allowed_by("stream:QueryCreateInstancePrice", WORKSPACES)
def query_create_instance_price(spec: WorkspaceSpec) -> Call[Price | None]:
    """Ask what an order would cost; orders nothing. Source: foasconsole 2021-10-28, QueryCreateInstancePrice."""
    parameters = {**order_parameters(spec), "InstanceName": spec.name}
    if PLANNED in (spec.vpc_id, *spec.vswitch_ids):  # a price does not depend on a network that does not exist yet
        del parameters["VSwitchIds"]
    else:
        parameters["VpcId"] = spec.vpc_id
    return Call(PRODUCT, VERSION, "QueryCreateInstancePrice", Kind.READ, _price, parameters)


@allowed_by("stream:QueryModifyInstancePrice", WORKSPACES)
def query_modify_instance_price(region: str, instance_id: str, cus: int) -> Call[Price | None]:
    """Ask what another size would cost. Source: foasconsole 2021-10-28, QueryModifyInstancePrice."""
    return _query("QueryModifyInstancePrice", region, instance_id, {"ResourceSpec": resource_spec(cus)})


@allowed_by("stream:QueryRenewInstancePrice", WORKSPACES)
def query_renew_instance_price(region: str, instance_id: str, months: int) -> Call[Price | None]:
    """Ask what a renewal would cost. Source: foasconsole 2021-10-28, QueryRenewInstancePrice."""
    return _query("QueryRenewInstancePrice", region, instance_id, term(months))


@allowed_by("stream:QueryConvertInstancePrice", WORKSPACES)
def query_convert_instance_price(
    region: str, instance_id: str, namespace_specs: str, months: int, auto_renew: bool
) -> Call[Price | None]:
    """Ask what a subscription instead of pay-as-you-go would cost; `namespace_specs` is what the order would say.

    Source: foasconsole 2021-10-28, QueryConvertInstancePrice.
    """
    renewal = "true" if auto_renew else "false"
    parameters = {"NamespaceResourceSpecs": namespace_specs, "IsAutoRenew": renewal, **term(months)}
    return _query("QueryConvertInstancePrice", region, instance_id, parameters)


@allowed_by("stream:QueryConvertPrepayInstancePrice", WORKSPACES)
def query_convert_prepay_instance_price(region: str, instance_id: str) -> Call[Price | None]:
    """Ask what pay-as-you-go would cost. Source: foasconsole 2021-10-28, QueryConvertPrepayInstancePrice."""
    return _query("QueryConvertPrepayInstancePrice", region, instance_id, {})


def term(months: int) -> dict[str, str]:
    """Write a term as the API takes it."""
    return {"Duration": str(months), "PricingCycle": "Month"}


def _query(action: str, region: str, instance_id: str, parameters: Mapping[str, str]) -> Call[Price | None]:
    common = {"Region": region, "InstanceId": instance_id}
    return Call(PRODUCT, VERSION, action, Kind.READ, _price, {**common, **parameters})


def about(price: Price) -> str:
    """Write what a change costs, rounded up to three digits.

    A change of a subscription is charged for what is left of its term, so its price falls by the minute: rounded, a
    plan that was approved is still the same one a little later.
    """
    step = Decimal(1).scaleb(max(price.trade.adjusted() - 2, -2)) if price.trade else Decimal("0.01")
    most = (price.trade / step).to_integral_value(ROUND_CEILING) * step
    return f"at most {most.quantize(Decimal('0.01'))} {price.currency}"


def check_price(price: Price, max_price: Decimal | None, may_order: bool, what: str = "The workspace") -> None:
    """Check that the order may be placed.

    Args:
        what: what costs it, in words.

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
            f"{what} would cost {price.trade} {price.currency}; the environment does not allow ordering it.",
            remedy="Set safety.may_order and safety.max_price, or order it in the console; then Retry this run.",
        )
    if price.trade > max_price:
        raise Unmet(
            f"{what} would cost {price.trade} {price.currency}, more than safety.max_price ({max_price}).",
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
