"""Every action of BssOpenApi once."""

from collections.abc import Callable
from typing import Any

UNPAID = [
    {"product_code": "blinkonecs", "instance_id": f"blinkonecs_cn-{i}", "region": "cn-hangzhou", "paid": False}
    for i in range(2)
]
SEED: dict[str, Any] = {"bssopenapi": {"orders": UNPAID, "balance": 100_000}}
ALWAYS = {"CreateTimeStart": "2000-01-01T00:00:00Z"}
MODULE = [{"ModuleCode": "cluster", "Config": "4c16g"}]
HOURLY = [{"ModuleCode": "cluster", "Config": "4c16g", "PriceType": "Hour"}]
PRICED = {"ProductCode": "sc", "SubscriptionType": "Subscription"}
BUYING = {
    **PRICED,
    "Period": 1,
    "RenewPeriod": 1,
    "RenewalStatus": "AutoRenewal",
    "Parameter": [{"Code": "cluster", "Value": "4c16g"}],
}

Call = Callable[..., Any]


def walk(call: Call, wait: Callable[[float], None]) -> None:
    call("QueryAccountBalance")
    call("QueryProductList", PageNum=1, QueryTotalCount=True)
    call("GetSubscriptionPrice", **PRICED, OrderType="NewOrder", ModuleList=MODULE, ServicePeriodQuantity=1)
    call("GetPayAsYouGoPrice", ProductCode="sc", SubscriptionType="PayAsYouGo", ModuleList=HOURLY)
    bought = buy(call)
    call("RenewInstance", RenewPeriod=1, **bought)
    renewal = {"RenewalPeriod": 1, "RenewalPeriodUnit": "M", "RenewalStatus": "AutoRenewal"}
    call("SetRenewal", InstanceIDs=bought["InstanceId"], ProductCode="sc", **renewal)
    change = {"ModifyType": "Upgrade", "SubscriptionType": "Subscription"}
    call("ModifyInstance", **bought, **change, Parameter=[{"Code": "cluster", "Value": "8c32g"}])
    call("CancelOrder", OrderId=unpaid(call)[0])


def buy(call: Call) -> dict[str, str]:
    data = call("CreateInstance", **BUYING, ClientToken="once")["Data"]
    assert call("CreateInstance", **BUYING, ClientToken="once")["Data"] == data
    call("GetOrderDetail", OrderId=data["OrderId"])
    call("QueryAvailableInstances", ProductCode="sc", PageNum=1, PageSize=20)
    return {"InstanceId": data["InstanceId"], "ProductCode": "sc"}


def unpaid(call: Call) -> list[str]:
    orders = call("QueryOrders", **ALWAYS, PaymentStatus="Unpaid")["Data"]["OrderList"]["Order"]
    return [order["OrderId"] for order in orders]


def newest(call: Call) -> None:
    """What V1 has no classes for."""
    account = 1376771854400000
    call("PayOrder", OrderId=int(unpaid(call)[0]), Token="t", BuyerId=account, PaySubmitUid=account, PayerId=account)
    bought = call("CreateInstance", **BUYING)["Data"]["InstanceId"]
    call("RefundInstance", InstanceId=bought, ProductCode="sc", ImmediatelyRelease="1")
