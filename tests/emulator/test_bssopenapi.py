"""BssOpenApi 2017-12-14: balance, orders, instances and prices."""

import json

import pytest
from pydantic import TypeAdapter

from emulator import bssopenapi, bssopenapi_instances, bssopenapi_orders, bssopenapi_prices, bssopenapi_seed
from emulator.bssopenapi_calendar import FOREVER, add_months, parse
from emulator.request import Caller, Refusal, Request
from emulator.world import Clock, World
from tests.emulator.shape import SAMPLES, differences, sample

REGION = "cn-hangzhou"
ROUTES = {
    **bssopenapi.ROUTES,
    **bssopenapi_orders.ROUTES,
    **bssopenapi_instances.ROUTES,
    **bssopenapi_prices.ROUTES,
}
NOW = parse("2026-01-31T12:00:00Z")
BUY = {
    "ProductCode": "sc",
    "SubscriptionType": "Subscription",
    "RenewPeriod": "1",
    "Period": "1",
    "Parameter.1.Code": "cluster",
    "Parameter.1.Value": "4c16g",
}
PRICE = 60_480  # cents: 4 cores, 0.35 CNY an hour each, 720 hours, 60 %
ALWAYS = {"CreateTimeStart": "2000-01-01T00:00:00Z"}
EXCLUSIVE = {"product_code": "blinkonecs", "instance_id": "blinkonecs_cn-order-0001", "region": REGION}


@pytest.fixture
def world():
    return World(clock=Clock(wall=lambda: NOW))


def call(world, action, /, **parameters):
    request = Request(action, Caller("Account", world.account_id, "key"), parameters, region=REGION)
    return ROUTES[action](world, request)


def refused(world, action, /, **parameters):
    with pytest.raises(Refusal) as caught:
        call(world, action, **parameters)
    return caught.value.status, caught.value.code


def unsuccessful(world, action, /, **parameters):
    """Give the code of a refusal that travels as HTTP 200."""
    with pytest.raises(Refusal) as caught:
        call(world, action, **parameters)
    assert caught.value.status == 200
    assert caught.value.body["Success"] is False
    assert caught.value.body["Code"] == caught.value.code
    return caught.value.code


def orders(world, **filters):
    return call(world, "QueryOrders", **filters)["Data"]["OrderList"]["Order"]


def instances(world, **filters):
    return call(world, "QueryAvailableInstances", **filters)["Data"]["InstanceList"]


def balance(world):
    return call(world, "QueryAccountBalance")["Data"]["AvailableAmount"]


def dump(world):
    return TypeAdapter(bssopenapi.State).dump_json(world.part(bssopenapi.State))


def test_every_action_answers_as_the_published_samples_do(world):
    unpaid = [{**EXCLUSIVE, "instance_id": f"blinkonecs_cn-{i}", "paid": False} for i in range(2)]
    bssopenapi_seed.seed(world, {"orders": unpaid, "balance": 100_000})
    first, second = [row["OrderId"] for row in orders(world, **ALWAYS)]
    replies = {"CreateInstance": call(world, "CreateInstance", **BUY)}
    bought = {"InstanceId": replies["CreateInstance"]["Data"]["InstanceId"], "ProductCode": "sc"}
    renewal = {"RenewalPeriod": "1", "RenewalPeriodUnit": "M", "RenewalStatus": "AutoRenewal", "ProductCode": "sc"}
    module = {"ModuleList.1.ModuleCode": "cluster", "ModuleList.1.Config": "4c16g", "ModuleList.1.PriceType": "Hour"}
    priced = {"ProductCode": "sc", "SubscriptionType": "Subscription", "OrderType": "NewOrder", **module}
    people = dict.fromkeys(("BuyerId", "PaySubmitUid", "PayerId"), world.account_id)
    change = {"ModifyType": "Upgrade", "SubscriptionType": "Subscription", **bought, "Parameter.1.Value": "8c32g"}
    replies |= {
        "QueryAvailableInstances": call(world, "QueryAvailableInstances"),
        "RenewInstance": call(world, "RenewInstance", RenewPeriod="1", **bought),
        "SetRenewal": call(world, "SetRenewal", InstanceIDs=bought["InstanceId"], **renewal),
        "QueryOrders": call(world, "QueryOrders"),
        "GetOrderDetail": call(world, "GetOrderDetail", OrderId=replies["CreateInstance"]["Data"]["OrderId"]),
        "CancelOrder": call(world, "CancelOrder", OrderId=first),
        "PayOrder": call(world, "PayOrder", OrderId=second, Token="t", **people),
        "ModifyInstance": call(world, "ModifyInstance", **change),
        "GetSubscriptionPrice": call(world, "GetSubscriptionPrice", **priced),
        "GetPayAsYouGoPrice": call(world, "GetPayAsYouGoPrice", **priced),
        "QueryAccountBalance": call(world, "QueryAccountBalance"),
        "QueryProductList": call(world, "QueryProductList", PageNum="1", QueryTotalCount="true"),
    }
    replies["RefundInstance"] = call(world, "RefundInstance", **bought)

    assert replies.keys() == ROUTES.keys() == SAMPLES["BssOpenApi/2017-12-14"].keys()
    for action, reply in replies.items():
        assert differences(reply, sample("BssOpenApi/2017-12-14", action)) == []
        assert action == "PayOrder" or reply["Success"] is True
    assert replies["QueryAvailableInstances"]["Data"]["InstanceList"][0]["InstanceID"] == bought["InstanceId"]
    [detail] = replies["GetOrderDetail"]["Data"]["OrderList"]["Order"]
    assert json.loads(detail["InstanceIDs"]) == [bought["InstanceId"]]
    assert replies["QueryProductList"]["Data"]["TotalCount"] == len(bssopenapi_prices.PRODUCTS)


def test_the_balance_is_a_text_with_thousands_separators(world):
    assert balance(world) == "10,000.00"


def test_an_order_is_paid_from_the_balance(world):
    reply = call(world, "CreateInstance", **BUY)

    [order] = orders(world)
    [instance] = instances(world)
    assert (order["OrderId"], order["PaymentStatus"]) == (reply["Data"]["OrderId"], "Paid")
    assert (order["OrderType"], order["PretaxAmount"]) == ("New", "604.80")
    assert (instance["InstanceID"], instance["Status"]) == (reply["Data"]["InstanceId"], "Normal")
    assert instance["EndTime"] == "2026-02-28T12:00:00Z"
    assert balance(world) == "9,395.20"


def test_an_order_that_the_balance_does_not_cover_leaves_no_trace(world):
    world.part(bssopenapi.State).balance_cents = PRICE - 1
    before = dump(world)

    assert unsuccessful(world, "CreateInstance", **BUY) == "INSUFFICIENT.AVAILABLE.QUOTA"
    assert dump(world) == before


def test_a_client_token_buys_renews_and_refunds_once(world):
    bought = [call(world, "CreateInstance", ClientToken="t", **BUY)["Data"] for _ in range(2)]
    which = {"InstanceId": bought[0]["InstanceId"], "ProductCode": "sc", "ClientToken": "t"}
    renewed = [call(world, "RenewInstance", RenewPeriod="1", **which) for _ in range(2)]
    after_renewal = instances(world)[0]["EndTime"]
    refunded = [call(world, "RefundInstance", **which) for _ in range(2)]

    assert bought[0] == bought[1]
    assert renewed[0] == renewed[1]
    assert refunded[0] == refunded[1]
    assert after_renewal == "2026-03-28T12:00:00Z"
    assert sorted(row["OrderType"] for row in orders(world)) == ["New", "Refund", "Renew"]
    assert (
        unsuccessful(world, "CreateInstance", ClientToken="t", **{**BUY, "Period": "2"})
        == "IdempotentParameterMismatch"
    )


def test_without_a_client_token_everything_is_bought_again(world):
    for _ in range(2):
        call(world, "CreateInstance", **BUY)

    assert len(instances(world)) == len(orders(world)) == 2


def test_exclusive_mode_is_no_longer_sold(world):
    assert unsuccessful(world, "CreateInstance", **{**BUY, "ProductCode": "blinkonecs"}) == "NotApplicable"


def test_orders_of_the_last_hour_are_listed_unless_other_times_are_named(world):
    bssopenapi_seed.seed(world, {"orders": [EXCLUSIVE]})
    call(world, "CreateInstance", **BUY)

    lately, ever = orders(world), orders(world, **ALWAYS)
    before = orders(world, CreateTimeStart="2026-01-02T00:00:00Z", CreateTimeEnd="2026-01-03T00:00:00Z")

    assert [row["ProductCode"] for row in lately] == ["sc"]
    assert [row["ProductCode"] for row in ever] == ["sc", "blinkonecs"]
    assert before == []
    assert [row["ProductCode"] for row in orders(world, ProductCode="blinkonecs", **ALWAYS)] == ["blinkonecs"]
    assert orders(world, PaymentStatus="Unpaid", **ALWAYS) == []
    assert refused(world, "QueryOrders", CreateTimeEnd="yesterday") == (400, "InvalidCreateTimeEnd")


def test_a_paid_seed_is_an_order_with_its_instance(world):
    bssopenapi_seed.seed(world, {"orders": [EXCLUSIVE], "balance": "12.50"})

    [order] = orders(world, **ALWAYS)
    [detail] = call(world, "GetOrderDetail", OrderId=order["OrderId"])["Data"]["OrderList"]["Order"]
    [instance] = instances(world, ProductCode="blinkonecs", Region=REGION)
    assert (order["PaymentStatus"], detail["PaymentStatus"], detail["Region"]) == ("Paid", "paid", REGION)
    assert json.loads(detail["InstanceIDs"]) == [EXCLUSIVE["instance_id"]]
    assert (instance["InstanceID"], instance["Status"]) == (EXCLUSIVE["instance_id"], "Normal")
    assert bssopenapi.find_instance(world, EXCLUSIVE["instance_id"]).region == REGION
    assert balance(world) == "12.50"


def test_an_unpaid_seed_is_an_order_without_an_instance_that_can_be_cancelled(world):
    bssopenapi_seed.seed(world, {"orders": [{**EXCLUSIVE, "paid": False}]})
    [order] = orders(world, **ALWAYS)
    [detail] = call(world, "GetOrderDetail", OrderId=order["OrderId"])["Data"]["OrderList"]["Order"]

    call(world, "CancelOrder", OrderId=order["OrderId"])

    assert (order["PaymentStatus"], detail["InstanceIDs"]) == ("Unpaid", "[]")
    assert instances(world) == []
    assert orders(world, **ALWAYS)[0]["PaymentStatus"] == "Cancelled"
    assert unsuccessful(world, "CancelOrder", OrderId=order["OrderId"]) == "OrderStatusError"
    assert unsuccessful(world, "CancelOrder", OrderId="1") == "InvalidOrderId"


def test_an_unpaid_order_becomes_usable_when_it_is_paid_in_the_console(world):
    bssopenapi_seed.seed(world, {"orders": [{**EXCLUSIVE, "paid": False}], "balance": "100,000.00"})
    [order] = world.part(bssopenapi.State).orders.values()

    bssopenapi.pay(world, order)

    assert [row["InstanceID"] for row in instances(world)] == [EXCLUSIVE["instance_id"]]
    assert orders(world, **ALWAYS)[0]["PaymentStatus"] == "Paid"


def test_a_subscription_expires_and_can_still_be_renewed(world):
    bssopenapi_seed.seed(world, {"orders": [{**EXCLUSIVE, "end_time": "2026-02-01T00:00:00Z"}]})
    world.clock.advance(86_400)

    expired = instances(world)[0]["Status"]
    call(world, "RenewInstance", InstanceId=EXCLUSIVE["instance_id"], ProductCode="blinkonecs", RenewPeriod="1")
    [renewed] = instances(world)

    assert (expired, renewed["Status"], renewed["EndTime"]) == ("Expired", "Normal", "2026-03-01T12:00:00Z")


@pytest.mark.parametrize("months", ["0", "10", "99", "-1", "x", "٣", "9" * 400])
def test_only_the_published_periods_are_renewed(world, months):
    bssopenapi_seed.seed(world, {"orders": [EXCLUSIVE]})
    which = {"InstanceId": EXCLUSIVE["instance_id"], "ProductCode": "blinkonecs"}

    assert refused(world, "RenewInstance", RenewPeriod=months, **which) == (400, "InvalidRenewPeriod")


def test_what_is_not_there_is_refused_with_http_200(world):
    unknown = {"InstanceId": "x", "ProductCode": "sc"}
    change = {"ModifyType": "Upgrade", "SubscriptionType": "Subscription"}
    renewal = {"RenewalPeriod": "1", "RenewalPeriodUnit": "M", "RenewalStatus": "AutoRenewal", "ProductCode": "sc"}

    assert unsuccessful(world, "RenewInstance", RenewPeriod="1", **unknown) == "ResourceNotExists"
    assert unsuccessful(world, "ModifyInstance", **change, **unknown) == "ResourceNotExists"
    assert unsuccessful(world, "RefundInstance", **unknown) == "ResourceNotExists"
    assert unsuccessful(world, "SetRenewal", InstanceIDs="x", **renewal) == "ResourceNotExists"
    assert call(world, "GetOrderDetail", OrderId="1")["Data"]["OrderList"] == {"Order": []}


def test_what_is_not_a_subscription_is_neither_renewed_nor_refunded(world):
    bought = call(world, "CreateInstance", **{**BUY, "SubscriptionType": "PayAsYouGo"})["Data"]
    which = {"InstanceId": bought["InstanceId"], "ProductCode": "sc"}

    assert balance(world) == "10,000.00"
    assert unsuccessful(world, "RenewInstance", RenewPeriod="1", **which) == "ResourceStatusError"
    assert unsuccessful(world, "RefundInstance", **which) == "ResourceStatusError"


def test_renewal_is_set_for_all_instances_or_for_none(world):
    bssopenapi_seed.seed(world, {"orders": [EXCLUSIVE]})
    renewal = {"RenewalPeriod": "3", "RenewalPeriodUnit": "M", "RenewalStatus": "AutoRenewal"}
    which = {"ProductCode": "blinkonecs", **renewal}

    unsuccessful(world, "SetRenewal", InstanceIDs=f"{EXCLUSIVE['instance_id']},x", **which)
    before = instances(world)[0]["RenewStatus"]
    call(world, "SetRenewal", InstanceIDs=EXCLUSIVE["instance_id"], **which)
    [after] = instances(world)

    assert before == "ManualRenewal"
    assert (after["RenewStatus"], after["RenewalDuration"], after["RenewalDurationUnit"]) == ("AutoRenewal", 3, "M")


def test_a_refund_gives_back_what_is_left(world):
    bought = call(world, "CreateInstance", **BUY)["Data"]["InstanceId"]
    world.clock.advance(14 * 86_400)

    call(world, "RefundInstance", InstanceId=bought, ProductCode="sc")

    assert balance(world) == "9,677.44"  # 14 of 30 days of 604.80
    assert instances(world) == []


def test_a_refund_waits_for_unpaid_orders(world):
    bssopenapi_seed.seed(world, {"orders": [EXCLUSIVE]})
    state, which = world.part(bssopenapi.State), EXCLUSIVE["instance_id"]
    order = bssopenapi.new_order(world, "Renew", "blinkonecs", which, REGION, "Subscription", 1, 1)
    state.orders[order.id] = order

    assert unsuccessful(world, "RefundInstance", InstanceId=which) == "ExistUnPaidOrderError"


def test_an_upgrade_charges_the_rest_of_the_subscription(world):
    bought = call(world, "CreateInstance", **BUY)["Data"]["InstanceId"]
    world.clock.advance(13 * 86_400)  # 15 of 28 days are left
    change = {"ModifyType": "Upgrade", "SubscriptionType": "Subscription", "ProductCode": "sc", "InstanceId": bought}

    call(world, "ModifyInstance", **change, **{"Parameter.1.Code": "cluster", "Parameter.1.Value": "8c32g"})

    assert orders(world)[0]["OrderType"] == "Upgrade"
    assert orders(world)[0]["PretaxAmount"] == "302.40"


def test_a_price_is_the_same_every_time_and_a_year_is_cheaper(world):
    module = {"ModuleList.1.ModuleCode": "cluster", "ModuleList.1.Config": "4c16g"}
    priced = {"ProductCode": "sc", "SubscriptionType": "Subscription", "OrderType": "NewOrder", **module}

    month, again = (call(world, "GetSubscriptionPrice", **priced)["Data"] for _ in range(2))
    year = call(world, "GetSubscriptionPrice", ServicePeriodUnit="Year", Quantity="2", **priced)["Data"]

    assert month == again
    assert (month["TradePrice"], month["DiscountPrice"]) == (604.8, 0.0)
    assert year["OriginalPrice"] == 14_515.2
    assert year["TradePrice"] == 12_337.92


def test_an_unknown_module_has_no_price(world):
    priced = {"ProductCode": "sc", "SubscriptionType": "Subscription", "OrderType": "NewOrder"}

    assert (
        unsuccessful(world, "GetSubscriptionPrice", **priced, **{"ModuleList.1.ModuleCode": "?"}) == "InvalidModuleCode"
    )
    assert refused(world, "GetSubscriptionPrice", **priced) == (400, "MissingModuleList")


def test_another_product_places_orders_of_every_kind(world):
    def place(amount, subscription="Subscription", months=0):
        number = bssopenapi.place_order(world, "sc", "sc-1", amount, subscription, REGION, months)
        return world.part(bssopenapi.State).orders[number].kind

    kinds = [
        place(100.0, months=1),
        place(100, months=1),
        place(50.5),
        place(-10),
        place(0, "PayAsYouGo"),
        place(90, months=3),
    ]

    assert kinds == ["New", "Renew", "Upgrade", "Downgrade", "Convert", "Convert"]
    assert balance(world) == "9,669.50"
    assert instances(world)[0]["EndTime"] == "2026-04-30T12:00:00Z"
    with pytest.raises(Refusal, match=r"INSUFFICIENT.AVAILABLE.QUOTA"):
        place(float("inf"))


def test_a_missing_parameter_is_an_error_of_the_gateway(world):
    assert refused(world, "CreateInstance", ProductCode="sc") == (400, "MissingRenewPeriod")
    assert refused(world, "QueryAvailableInstances", Region=REGION) == (400, "MissingProductCode")
    assert refused(world, "QueryProductList") == (400, "MissingPageNum")


@pytest.mark.parametrize(
    "data",
    [
        {"orders": [EXCLUSIVE, EXCLUSIVE]},
        {"orders": [{**EXCLUSIVE, "region": "cn-atlantis"}]},
        {"orders": [{**EXCLUSIVE, "end_time": "soon"}]},
        {"orders": [{**EXCLUSIVE, "subscription": "Free"}]},
        {"orders": [{**EXCLUSIVE, "instance_id": ""}]},
        {"balance": "much"},
        {"balance": "-1"},
        {"balance": "0.001"},
        {"balance": "Infinity"},
        {"orders": None},
        None,
    ],
)
def test_an_impossible_seed_is_refused_and_leaves_no_trace(world, data):
    with pytest.raises(ValueError):
        bssopenapi_seed.seed(world, data)

    assert dump(world) == TypeAdapter(bssopenapi.State).dump_json(bssopenapi.State())


def test_the_state_survives_being_written_as_json(world):
    call(world, "CreateInstance", ClientToken="t", **BUY)

    state = TypeAdapter(bssopenapi.State).validate_json(dump(world))

    assert state == world.part(bssopenapi.State)


def test_the_web_page_shows_money_and_what_it_bought(world):
    call(world, "CreateInstance", **BUY)

    tables = bssopenapi_seed.overview(world)

    assert tables["Balance"] == [{"Available": "9395.20 CNY"}]
    assert tables["Instances"][0]["Status"] == "Normal"
    assert tables["Orders"][0]["Amount"] == "604.80"
    json.dumps(tables)


def test_a_month_ends_on_its_last_day_and_time_ends_in_2099():
    assert add_months(parse("2024-01-31T00:00:00Z"), 1) == parse("2024-02-29T00:00:00Z")
    assert add_months(parse("2024-12-15T00:00:00Z"), 1) == parse("2025-01-15T00:00:00Z")
    assert add_months(NOW, 10**9) == FOREVER
