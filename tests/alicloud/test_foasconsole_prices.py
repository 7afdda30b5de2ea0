"""Prices of workspaces: what is asked and read, and when an order may be placed."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from alicloud import foasconsole_prices as prices
from alicloud.call import PLANNED, Kind
from alicloud.errors import ManualStep, Refused, Unmet
from alicloud.foasconsole import WorkspaceSpec
from alicloud.foasconsole_prices import Price

PATH = Path(__file__).parents[1] / "emulator/response-samples.json"
SAMPLES = json.loads(PATH.read_text())["foasconsole/2021-10-28"]

SPEC = WorkspaceSpec("cn-hangzhou", "flink", "POST", 10, "vpc-1", ("vsw-1",), "udf", "cn-hangzhou-h")
YEARLY = replace(SPEC, charge_type="PRE", duration=2, pricing_cycle="Year", auto_renew=True)
PRICE = Price("CNY", Decimal("4368.0"), Decimal("655.2"), Decimal("3712.8"))


@pytest.mark.parametrize("success", [True, False])
def test_the_published_price_is_read_with_the_refusal_that_hides_in_it(success):
    body = {**SAMPLES["QueryCreateInstancePrice"]["body"], "Success": success}

    found = prices.query_create_instance_price(SPEC).parse(body)

    assert found == replace(PRICE, code="ORDER.INST_HAS_UNPAID_ORDER")


@pytest.mark.parametrize("code", ["", None, "Success", "200"])
def test_a_price_without_a_refusal_has_no_code(code):
    body = SAMPLES["QueryCreateInstancePrice"]["body"]

    found = prices.query_create_instance_price(SPEC).parse(
        {"Success": True, "PriceInfo": {**body["PriceInfo"], "Code": code}}
    )

    assert found == PRICE


def test_a_price_that_comes_with_a_failure_is_not_believed():
    info = {**SAMPLES["QueryCreateInstancePrice"]["body"]["PriceInfo"], "Code": ""}

    with pytest.raises(Refused):
        prices.query_create_instance_price(SPEC).parse({"Success": False, "PriceInfo": info})


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(
    ("spec", "network"),
    [
        (SPEC, True),
        (replace(SPEC, vpc_id=PLANNED, vswitch_ids=(PLANNED,)), False),
        (replace(SPEC, vswitch_ids=("vsw-1", PLANNED)), False),
    ],
)
def test_a_price_can_be_asked_before_the_network_exists(spec, network):
    call = prices.query_create_instance_price(spec)

    assert call.kind is Kind.READ
    assert not call.concerns_planned
    assert ("VpcId" in call.parameters, "VSwitchIds" in call.parameters) == (network, network)


def test_pay_as_you_go_is_priced_by_the_hour():
    assert prices.query_create_instance_price(SPEC).parameters["PricingCycle"] == "Hour"
    assert prices.query_create_instance_price(YEARLY).parameters["PricingCycle"] == "Year"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (SPEC, "3712.8 CNY an hour (list price 4368.0)"),
        (replace(SPEC, charge_type="PRE"), "3712.8 CNY for 1 month (list price 4368.0)"),
        (replace(SPEC, charge_type="PRE", duration=3), "3712.8 CNY for 3 months (list price 4368.0)"),
        (YEARLY, "3712.8 CNY for 2 years (list price 4368.0)"),
    ],
)
def test_a_price_is_told_in_words(spec, text):
    assert prices.price_text(spec, PRICE) == text


@pytest.mark.requirement("R13", "R24")
@pytest.mark.parametrize("limit", [Decimal("3712.8"), Decimal("5000")])
def test_an_order_within_the_limit_is_allowed(limit):
    prices.check_price(PRICE, limit, may_order=True)


@pytest.mark.requirement("R13", "R24")
@pytest.mark.parametrize(
    ("price", "limit", "may_order", "error", "words"),
    [
        (PRICE, Decimal("5000"), False, ManualStep, ["3712.8 CNY", "safety.may_order"]),
        (PRICE, None, True, ManualStep, ["3712.8 CNY", "safety.max_price"]),
        (PRICE, Decimal("3712.79"), True, Unmet, ["3712.8 CNY", "3712.79"]),
        (replace(PRICE, code="X", message="Unpaid."), Decimal("5000"), True, Unmet, ["refused: X Unpaid. Pay or"]),
        (replace(PRICE, code="X"), Decimal("5000"), True, Unmet, ["refused: X. Pay or"]),
    ],
)
def test_nothing_is_ordered_against_the_will_of_the_environment(price, limit, may_order, error, words):
    with pytest.raises(Unmet) as caught:
        prices.check_price(price, limit, may_order)

    assert type(caught.value) is error
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Success": False, "Code": "998001", "Message": "Invoke ABM failed"}, "998001"),
        ({"Success": False, "ErrCode": "E1"}, "E1"),
        ({"Success": False}, "BusinessFailure"),
    ],
)
def test_a_200_that_is_no_success_is_a_refusal(body, code):
    with pytest.raises(Refused) as caught:
        prices.query_create_instance_price(SPEC).parse(body)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("trade", "told"),
    [("7.28", "7.28"), ("7.281", "7.29"), ("1234.56", "1240.00"), ("118809.60", "119000.00"), ("0", "0.00")],
)
def test_the_price_of_a_change_is_told_rounded_up_so_that_a_plan_stays_the_same_for_a_while(trade, told):
    price = Price("CNY", Decimal(trade), Decimal(0), Decimal(trade))

    assert prices.about(price) == f"at most {told} CNY"
