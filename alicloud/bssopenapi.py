"""What the account's orders bought, and which one a cluster is made from; nothing here buys or pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alicloud.call import Call, Kind, number_pages
from alicloud.call_rights import EVERYTHING, allowed_by
from alicloud.errors import ManualStep, Refused, Unmet

PRODUCT = "BssOpenApi"
VERSION = "2017-12-14"
PAGE_SIZE = 300  # the most. Source: BssOpenApi 2017-12-14, QueryAvailableInstances

_WHAT_AN_ORDER_IS = (
    "An order has a region, a master node specification and number, a slave node specification and number and a "
    "billing duration; its terms are accepted and it is paid."
)


@dataclass(frozen=True)
class OrderedInstance:
    """What an order bought. `instance_id` is what foas CreateCluster calls orderId, not the number of the order."""

    instance_id: str
    product_code: str
    status: str  # Creating, WaitForExpire, Normal, Expired
    region: str
    subscription: str  # Subscription or PayAsYouGo
    create_time: str = ""
    end_time: str = ""
    renew_status: str = ""  # AutoRenewal, ManualRenewal or NotRenewal
    renewal_period: str = ""
    renewal_unit: str = ""  # M or Y

    @property
    def is_normal(self) -> bool:
        return self.status == "Normal"


@allowed_by("bssapi:QueryAvailableInstances", EVERYTHING)
def query_available_instances(product_code: str, region: str = "") -> Call[tuple[OrderedInstance, ...]]:
    """List what the account has bought of a product, in one region or in all.

    Source: BssOpenApi 2017-12-14, QueryAvailableInstances.
    """
    where = {"Region": region} if region else {}
    return _query({"ProductCode": product_code, **where, "PageSize": str(PAGE_SIZE)})


@allowed_by("bssapi:QueryAvailableInstances", EVERYTHING)
def query_instance(instance_id: str) -> Call[tuple[OrderedInstance, ...]]:
    """List what billing knows by an id, under whatever product code, which the vendor does not publish.

    Source: BssOpenApi 2017-12-14, QueryAvailableInstances: a product code is wanted only where a region is given.
    """
    return _query({"InstanceIDs": instance_id})


def _query(parameters: Mapping[str, str]) -> Call[tuple[OrderedInstance, ...]]:
    return Call(
        PRODUCT,
        VERSION,
        "QueryAvailableInstances",
        Kind.READ,
        _instances,
        parameters,
        missing=(),
        next_page=number_pages(PAGE_SIZE, "PageNum"),
    )


def usable_orders(
    instances: Sequence[OrderedInstance], clusters_count: int, order_id: str, region: str
) -> OrderedInstance:
    """Choose the order that a cluster can be made from.

    foas does not tell which order a cluster was made from, so without a wanted one the answer is only given when
    it is beyond doubt.

    Args:
        instances: what the account bought of exclusive mode.
        clusters_count: how many clusters the region has, those DESTROYED left out.
        order_id: the wanted one, by its instance id; "" when the environment names none.
        region: where the cluster is to be.

    Raises:
        Unmet: the wanted order is not usable, or several orders may be meant.
        ManualStep: no order is left, or the wanted one has to be paid or renewed.
    """
    if order_id:
        return _wanted(instances, order_id, region)
    usable = [instance for instance in instances if instance.is_normal and instance.region == region]
    if not usable:
        raise _no_order(f"There is no order of exclusive mode in {region}.")
    if clusters_count >= len(usable):
        ids = ", ".join(instance.instance_id for instance in usable)
        raise _no_order(f"Every order of exclusive mode in {region} has its cluster already ({ids}).")
    if len(usable) > 1:
        raise Unmet(
            f"Several orders in {region} may be meant: {'; '.join(map(_described, usable))}.",
            remedy="Put the one without a cluster into cluster.order_id of the environment, then Retry this run.",
        )
    return usable[0]


def _wanted(instances: Sequence[OrderedInstance], order_id: str, region: str) -> OrderedInstance:
    found = next((instance for instance in instances if instance.instance_id == order_id), None)
    if found is None:
        known = "; ".join(map(_described, instances)) or "none"
        raise Unmet(
            f"The account has no order {order_id} of exclusive mode. It has: {known}.",
            remedy="Correct cluster.order_id: it is the instance id of the order (such as blinkonecs_1234), "
            "not the order's number.",
        )
    if found.region != region:
        raise Unmet(
            f"Order {order_id} is for region {found.region}, the environment is in {region}.",
            remedy=f"Put an order of {region} into cluster.order_id, or change the region of the environment.",
        )
    if not found.is_normal:
        raise ManualStep(
            f"Order {order_id} is {found.status}, not Normal.",
            remedy="Pay or renew it in the console with the Alibaba Cloud account, then Retry this run.",
        )
    return found


def _no_order(message: str) -> ManualStep:
    # Source: Realtime Compute, notice on exclusive mode.
    return ManualStep(
        f"{message} Exclusive mode cannot be bought since 2021-04-28. {_WHAT_AN_ORDER_IS}",
        remedy="Activate or pay an order that exists in the console, with the Alibaba Cloud account, then Retry this "
        "run; or set cluster.mode to managed.",
    )


def _described(instance: OrderedInstance) -> str:
    return f"{instance.instance_id} ({instance.region}, {instance.status}, bought {instance.create_time or 'unknown'})"


def succeeded(body: Any) -> Any:
    """Give an answer back. A refusal comes with HTTP 200. Source: BssOpenApi 2017-12-14, error envelope.

    Raises:
        Refused: `Success` is not true.
    """
    if body["Success"] is not True:
        raise Refused(str(body.get("Code") or "Failed"), str(body.get("Message") or ""))
    return body


def _instances(body: Any) -> tuple[OrderedInstance, ...]:
    return tuple(_instance(row) for row in succeeded(body)["Data"]["InstanceList"])


def _instance(row: Mapping[str, Any]) -> OrderedInstance:
    return OrderedInstance(
        instance_id=row["InstanceID"],
        product_code=row["ProductCode"],
        status=row["Status"],
        region=row["Region"],
        subscription=row.get("SubscriptionType") or "",
        create_time=row.get("CreateTime") or "",
        end_time=row.get("EndTime") or "",
        renew_status=row.get("RenewStatus") or "",
        renewal_period=str(row.get("RenewalDuration") or ""),
        renewal_unit=row.get("RenewalDurationUnit") or "",
    )
