"""What orders bought: what is read, which order is chosen."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import bssopenapi
from alicloud.bssopenapi import OrderedInstance
from alicloud.call import Kind
from alicloud.errors import ManualStep, Refused, Unmet

PUBLISHED = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())
SAMPLES = PUBLISHED["BssOpenApi/2017-12-14"]
REGION = "cn-hangzhou"

FIRST = OrderedInstance("blinkonecs_1", "blinkonecs", "Normal", REGION, "Subscription", "2020-01-01T00:00:00Z")
SECOND = replace(FIRST, instance_id="blinkonecs_2")
EXPIRED = replace(FIRST, instance_id="blinkonecs_3", status="Expired")
ELSEWHERE = replace(FIRST, instance_id="blinkonecs_4", region="cn-beijing")


def test_the_published_instances_are_read():
    found = bssopenapi.query_available_instances("rds").parse(SAMPLES["QueryAvailableInstances"]["body"])

    moment = "2019-09-08T16:00:00Z"
    renewal = ("ManualRenewal", "1", "M")
    assert found == (OrderedInstance("1049056", "rds", "example", REGION, "Subscription", moment, moment, *renewal),)


def test_a_200_that_is_no_success_is_a_refusal():
    with pytest.raises(Refused) as caught:
        bssopenapi.query_available_instances("blinkonecs").parse(PUBLISHED["_errors"]["bss_business_failure"]["body"])

    assert caught.value.code == "INSUFFICIENT.AVAILABLE.QUOTA"
    assert "negative" in caught.value.text


def test_nothing_here_buys_or_pays():
    assert bssopenapi.query_available_instances("blinkonecs").kind is Kind.READ


@pytest.mark.parametrize(
    ("page", "total", "following"),
    [(1, 300, None), (1, 301, {"PageNum": "2", "PageSize": "300"}), (2, 301, None), (1, 0, None)],
)
def test_lists_are_read_to_their_last_page(page, total, following):
    body = {"Data": {"PageNum": page, "PageSize": 300, "TotalCount": total}}

    assert bssopenapi.query_available_instances("blinkonecs").next_page(body) == following


def test_a_region_is_only_asked_for_when_it_is_given():
    assert "Region" not in bssopenapi.query_available_instances("blinkonecs").parameters
    assert bssopenapi.query_available_instances("blinkonecs", REGION).parameters["Region"] == REGION


@pytest.mark.requirement("R13")
@pytest.mark.parametrize(
    ("instances", "clusters", "order_id", "chosen"),
    [
        ((FIRST,), 0, "", "blinkonecs_1"),
        ((EXPIRED, ELSEWHERE, FIRST), 0, "", "blinkonecs_1"),
        ((FIRST, SECOND), 1, "blinkonecs_2", "blinkonecs_2"),
        ((FIRST,), 1, "blinkonecs_1", "blinkonecs_1"),  # a wanted one is left to the cloud to judge
    ],
)
def test_the_order_that_is_beyond_doubt_is_chosen(instances, clusters, order_id, chosen):
    assert bssopenapi.usable_orders(instances, clusters, order_id, REGION).instance_id == chosen


@pytest.mark.requirement("R12", "R13")
@pytest.mark.parametrize(
    ("instances", "clusters"), [((), 0), ((EXPIRED, ELSEWHERE), 0), ((FIRST,), 1), ((FIRST, SECOND), 2)]
)
def test_without_an_order_a_person_is_asked_and_told_what_an_order_is(instances, clusters):
    with pytest.raises(ManualStep) as caught:
        bssopenapi.usable_orders(instances, clusters, "", REGION)

    words = ["2021-04-28", "master node", "slave node", "billing duration", "terms", "paid", "Alibaba Cloud account"]
    assert all(word in str(caught.value) for word in [*words, "managed"])


@pytest.mark.requirement("R13")
@pytest.mark.parametrize(
    ("instances", "order_id", "words"),
    [
        ((FIRST, SECOND), "", ["blinkonecs_1", "blinkonecs_2", "cluster.order_id"]),
        ((FIRST,), "285769237053", ["285769237053", "blinkonecs_1", "instance id"]),
        ((), "blinkonecs_1", ["It has: none"]),
        ((ELSEWHERE,), "blinkonecs_4", ["cn-beijing", REGION]),
        ((EXPIRED,), "blinkonecs_3", ["Expired", "Pay or renew"]),
    ],
)
def test_an_order_in_doubt_is_refused_with_a_remedy(instances, order_id, words):
    with pytest.raises(Unmet) as caught:
        bssopenapi.usable_orders(instances, 0, order_id, REGION)

    assert all(word in str(caught.value) for word in words)
    assert caught.value.remedy
