"""How billing renews what an order bought: by itself, or when it is asked to (BssOpenApi 2017-12-14).

UNCONFIRMED: the product codes under which billing knows either mode; they are fields of the environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from alicloud.bssopenapi import PRODUCT, VERSION, OrderedInstance, succeeded
from alicloud.call import Call, Kind, client_token
from alicloud.call_rights import EVERYTHING, allowed_by
from alicloud.changes import Change
from alicloud.errors import ManualStep, Unmet
from alicloud.renewal import due, renewal_key

# Source: BssOpenApi 2017-12-14, RenewInstance and SetRenewal.
RENEWAL_MONTHS = (*range(1, 10), 12, 24, 36)
AUTO_RENEWAL_MONTHS: Mapping[int, tuple[int, str]] = {
    1: (1, "M"),
    2: (2, "M"),
    3: (3, "M"),
    6: (6, "M"),
    12: (1, "Y"),
    24: (2, "Y"),
    36: (3, "Y"),
}


@dataclass(frozen=True)
class TermSpec:
    """What is wanted of a subscription: renewed for `months` when it ends within so many days, or by itself."""

    months: int
    within_days: int
    auto_renew: bool


@allowed_by("bssapi:RenewInstance", EVERYTHING)
def renew_instance(instance: OrderedInstance, months: int) -> Call[None]:
    """Prolong a subscription, which is paid at once.

    Once only, though it carries a ClientToken: nobody knows how long billing remembers one.
    Source: BssOpenApi 2017-12-14, RenewInstance.
    """
    makes = renewal_key(instance.instance_id, instance.end_time)
    return Call(
        PRODUCT,
        VERSION,
        "RenewInstance",
        Kind.ONCE,
        lambda body: _nothing(succeeded(body)),
        {
            "InstanceId": instance.instance_id,
            "ProductCode": instance.product_code,
            "RenewPeriod": str(months),
            "ClientToken": client_token(makes, "RenewInstance"),
        },
        means=f"renew {instance.instance_id} from {instance.end_time} by {months} month{'s' if months > 1 else ''}",
        makes=makes,
        remedy="Billing may not renew this product by API: renew it in the console, with the Alibaba Cloud account.",
        changes=(Change("ends", instance.end_time, f"{months} month{'s' if months > 1 else ''} later"),),
    )


@allowed_by("bssapi:SetRenewal", EVERYTHING)
def set_renewal(instance: OrderedInstance, months: int) -> Call[None]:
    """Let a subscription renew itself; it overwrites. Source: BssOpenApi 2017-12-14, SetRenewal."""
    period, unit = AUTO_RENEWAL_MONTHS.get(months, (months, "M"))
    return Call(
        PRODUCT,
        VERSION,
        "SetRenewal",
        Kind.IDEMPOTENT,
        lambda body: _nothing(succeeded(body)),
        {
            "InstanceIDs": instance.instance_id,
            "ProductCode": instance.product_code,
            "RenewalStatus": "AutoRenewal",
            "RenewalPeriod": str(period),
            "RenewalPeriodUnit": unit,
            "SubscriptionType": "Subscription",
        },
        means=f"let {instance.instance_id} renew itself by {months} month{'s' if months > 1 else ''}",
        remedy="Billing may not know this product by API: set the renewal in the console.",
    )


def auto_renewal_changes(desired: TermSpec, actual: OrderedInstance) -> list[Call[Any]]:
    """Decide whether the automatic renewal must be set. One that nobody asked for is left as it is.

    Raises:
        Unmet: a subscription cannot renew itself by so many months.
    """
    if not desired.auto_renew or actual.subscription != "Subscription":
        return []
    if desired.months not in AUTO_RENEWAL_MONTHS:
        raise Unmet(
            f"A subscription renews itself by {', '.join(map(str, AUTO_RENEWAL_MONTHS))} months, not by "
            f"{desired.months}.",
            remedy="Choose another cluster.duration_months, or set cluster.auto_renew to false.",
        )
    period, unit = AUTO_RENEWAL_MONTHS[desired.months]
    has = (actual.renew_status, actual.renewal_period, actual.renewal_unit)
    if has == ("AutoRenewal", str(period), unit):
        return []
    before = f"{actual.renew_status or 'not told'} {actual.renewal_period}{actual.renewal_unit}".strip()
    change = Change("renewal", before, f"AutoRenewal {period}{unit}")
    return [replace(set_renewal(actual, desired.months), changes=(change,))]


def renewal_changes(desired: TermSpec, actual: OrderedInstance, now: float) -> list[Call[Any]]:
    """Decide whether the subscription must be renewed now; one that renews itself is left to do so.

    Raises:
        Unmet: it cannot be renewed by so many months.
    """
    if actual.subscription != "Subscription" or renews_itself(actual) or desired.auto_renew:
        return []
    if not due(ends_at(actual), now, desired.within_days, desired.months):
        return []
    if desired.months not in RENEWAL_MONTHS:
        raise Unmet(
            f"A subscription is renewed by 1 to 9, 12, 24 or 36 months, not by {desired.months}.",
            remedy="Choose another cluster.duration_months.",
        )
    return [renew_instance(actual, desired.months)]


def renews_itself(instance: OrderedInstance | None) -> bool:
    """Say whether billing renews it without being asked; a renewal besides would be paid as well."""
    return instance is not None and instance.renew_status == "AutoRenewal"


def ends_at(instance: OrderedInstance) -> float:
    """Give when it ends, in seconds since 1970.

    Raises:
        Unmet: billing tells no time that can be read.
    """
    try:
        found = datetime.fromisoformat(instance.end_time.replace("Z", "+00:00"))
    except ValueError:
        raise Unmet(
            f"Billing does not tell when {instance.instance_id} ends: {instance.end_time or '(nothing)'}.",
            remedy="Renew it in the console.",
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def pick_instance(instances: Sequence[OrderedInstance], instance_id: str, region: str) -> OrderedInstance:
    """Give what is to be renewed: the instance of that id, or the only one of the region where none is named.

    Raises:
        ManualStep: billing lists none, or it is not beyond doubt which is meant.
    """
    found = [
        each for each in instances if each.instance_id == instance_id or (not instance_id and each.region == region)
    ]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(each.instance_id for each in found) or "none"
    raise ManualStep(
        f"Billing lists {listed} where {instance_id or f'the order in {region}'} is meant.",
        remedy="Put the instance id of the order into cluster.order_id, correct cluster.order_product_code, or do it "
        "in the console with the Alibaba Cloud account.",
    )


def _nothing(_body: object) -> None:
    return None
