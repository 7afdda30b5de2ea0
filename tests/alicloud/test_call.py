from dataclasses import replace

import pytest

from alicloud.call import (
    PLANNED,
    Call,
    Kind,
    client_token,
    index_pages,
    marker_pages,
    number_pages,
    token_pages,
)

READ = Call("Vpc", "2016-04-28", "DescribeVpcs", Kind.READ, lambda body: body)

PAGES = [
    ("the first of three pages", number_pages(50), {"PageNumber": 1, "PageSize": 50, "TotalCount": 101}, "2"),
    ("the second of three pages", number_pages(50), {"PageNumber": 2, "PageSize": 50, "TotalCount": 101}, "3"),
    ("the last page", number_pages(50), {"PageNumber": 3, "PageSize": 50, "TotalCount": 101}, None),
    ("a last page that is full", number_pages(50), {"PageNumber": 2, "PageSize": 50, "TotalCount": 100}, None),
    ("smaller pages than asked for", number_pages(300), {"PageNumber": 1, "PageSize": 20, "TotalCount": 30}, "2"),
    ("an empty list", number_pages(50), {"PageNumber": 1, "PageSize": 50, "TotalCount": 0}, None),
    ("a body without numbers", number_pages(50), {}, None),
]


@pytest.mark.parametrize(("name", "next_page", "body", "number"), PAGES, ids=[case[0] for case in PAGES])
def test_pages_by_number(name, next_page, body, number):
    following = next_page(body)

    assert (following and following["PageNumber"]) == number


def test_pages_of_bss_are_counted_under_data():
    body = {"Data": {"PageNum": 1, "PageSize": 20, "TotalCount": 30}}

    assert number_pages(20, "PageNum")(body) == {"PageNum": "2", "PageSize": "20"}


@pytest.mark.parametrize(
    ("name", "following"),
    [
        ("pageIndex", {"pageIndex": "2", "pageSize": "100"}),
        ("PageIndex", {"PageIndex": "2", "PageSize": "100"}),
    ],
)
def test_pages_by_index(name, following):
    next_page = index_pages(100, name)

    assert next_page({"PageIndex": 1, "TotalPage": 2}) == following
    assert next_page({"PageIndex": 2, "TotalPage": 2}) is None
    assert next_page({}) is None


def test_pages_by_marker():
    assert marker_pages({"IsTruncated": True, "Marker": "M"}) == {"Marker": "M"}
    assert marker_pages({"IsTruncated": False, "Marker": "M"}) is None
    assert marker_pages({}) is None


def test_pages_by_token():
    assert token_pages({"NextToken": "T"}) == {"NextToken": "T"}
    assert token_pages({"NextToken": ""}) is None
    assert token_pages({}) is None


def test_a_client_token_is_the_same_for_the_same_creation_and_fits_everywhere():
    token = client_token("vpc/flink", "CreateVpc")

    assert token == client_token("vpc/flink", "CreateVpc", generation=0)
    assert len(token) == 64
    assert token.isascii()


@pytest.mark.parametrize(
    "other", [("vpc/other", "CreateVpc"), ("vpc/flink", "DeleteVpc"), ("vpc/flink", "CreateVpc", 1)]
)
def test_a_client_token_is_another_for_another_creation(other):
    assert client_token(*other) != client_token("vpc/flink", "CreateVpc")


def test_a_client_token_knows_where_its_parts_end():
    assert client_token("ab", "c") != client_token("a", "bc")


def test_reads_of_the_same_thing_have_the_same_key_and_order_makes_no_difference():
    one = replace(READ, parameters={"VpcId": "v", "PageSize": "50"})
    two = replace(READ, parameters={"PageSize": "50", "VpcId": "v"}, parse=str)

    assert one.key == two.key


@pytest.mark.parametrize(
    "difference",
    [
        {"product": "Ecs"},
        {"action": "DescribeVSwitches"},
        {"method": "GET"},
        {"path": "/api/v2/clusters"},
        {"bucket": "udf"},
        {"parameters": {"VpcId": "v"}},
        {"arguments": {"key": "k"}},
        {"headers": {"workspace": "w"}},
    ],
)
def test_reads_of_different_things_have_different_keys(difference):
    assert replace(READ, **difference).key != READ.key


def test_reads_of_different_objects_have_different_keys():
    one, two = (replace(READ, arguments={"key": key}) for key in ("a", "b"))

    assert one.key != two.key


@pytest.mark.parametrize(
    ("difference", "concerns"),
    [
        ({}, False),
        ({"parameters": {"VpcId": "vpc-1"}}, False),
        ({"parameters": {"VpcId": PLANNED}}, True),
        ({"parameters": {"VSwitchIds": f'["{PLANNED}"]'}}, True),
        ({"path": f"/api/v2/clusters/{PLANNED}"}, True),
        ({"bucket": PLANNED}, True),
    ],
)
def test_a_call_about_what_is_only_planned_knows_it(difference, concerns):
    assert replace(READ, **difference).concerns_planned is concerns


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_says_whether_it_reads_and_whether_it_may_be_sent_twice(kind):
    call = replace(READ, kind=kind)

    assert call.is_read is (kind is Kind.READ)
    assert call.once_only is (kind is Kind.ONCE)


def test_a_call_shows_no_secret():
    call = replace(READ, secrets={"Password": "the-secret"})

    assert "the-secret" not in repr(call)
    assert not any("the-secret" in part for part in call.key)


def sent(**changed):
    facts = {"parameters": {"Name": "x"}, "arguments": {"data": b"1", "headers": {"a": "b"}}, "path": "/p"}
    return Call("P", "1", "Make", Kind.IDEMPOTENT, dict, **(facts | changed))


def test_the_fingerprint_is_of_what_is_sent_and_of_no_secret():
    others = [
        sent(parameters={"Name": "y"}),
        sent(arguments={"data": b"2", "headers": {"a": "b"}}),
        sent(path="/q"),
        sent(bucket="b"),
        sent(headers={"workspace": "w"}),
        sent(document={"role": "OWNER"}),
    ]

    assert len({sent().fingerprint, *(other.fingerprint for other in others)}) == 7
    assert sent(secrets={"Password": "p"}, means="m", remedy="r").fingerprint == sent().fingerprint
    assert sent(parameters={"b": "2", "a": "1"}).fingerprint == sent(parameters={"a": "1", "b": "2"}).fingerprint
