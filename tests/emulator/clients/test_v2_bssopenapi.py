"""alibabacloud_bssopenapi20171214 against the emulator."""

import pytest

from tests.emulator.clients.actions import expected
from tests.emulator.clients.paging import by_number
from tests.emulator.clients.walks import bssopenapi

PAGES = {"names": ("PageNum", "PageSize", "TotalCount"), "holder": "Data"}


@pytest.fixture
def client(v2, sow):
    sow(bssopenapi.SEED)
    return v2("bssopenapi")


def test_nothing_of_any_reply_is_lost(client, wait):
    bssopenapi.walk(client, wait)
    bssopenapi.newest(client)

    assert client.called == expected("alibabacloud_*", "bssopenapi")


def test_orders_and_instances_are_read_to_the_last_page(client):
    bought = sorted(client("CreateInstance", **bssopenapi.BUYING)["Data"]["InstanceId"] for _ in range(5))

    orders = by_number(client, "QueryOrders", "OrderList.Order", **PAGES, **bssopenapi.ALWAYS)
    instances = by_number(client, "QueryAvailableInstances", "InstanceList", **PAGES, ProductCode="sc")

    assert len({row["OrderId"] for row in orders}) == 7
    assert sorted(row["InstanceID"] for row in instances) == bought


def test_products_are_read_to_the_last_page(client):
    pages = {**PAGES, "QueryTotalCount": True}

    products = by_number(client, "QueryProductList", "ProductList.Product", **pages)

    assert len({(row["ProductCode"], row["SubscriptionType"]) for row in products}) == len(products) > 0


def test_a_business_failure_is_no_exception(v2, sow):
    sow({"bssopenapi": {"balance": 0}})
    client = v2("bssopenapi")

    body = client("CreateInstance", **bssopenapi.BUYING)

    assert body["Success"] is False
    assert body["Code"] != "Success"
