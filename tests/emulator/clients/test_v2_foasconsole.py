"""alibabacloud_foasconsole20211028 against the emulator."""

import pytest

from tests.emulator.clients.actions import expected
from tests.emulator.clients.paging import by_number, by_token
from tests.emulator.clients.walks import foasconsole

HERE = foasconsole.HERE
PAGES = {"names": ("PageIndex", "PageSize", "TotalCount")}


@pytest.fixture
def client(v2, sow):
    sow(foasconsole.SEED)
    return v2("foasconsole")


def workspaces(names, *namespaces):
    rows = [{"name": name, "vpc_id": "vpc-1", "vswitch_ids": ["vsw-1"], "cpu": 10} for name in names]
    rows[0]["namespaces"] = [{"name": f"{rows[0]['name']}-{name}", "cpu": 1} for name in namespaces]
    return {"foasconsole": {"workspaces": rows}}


def test_nothing_of_any_reply_is_lost(client, wait):
    foasconsole.walk(client, wait)

    assert client.called == expected("alibabacloud_*", "foasconsole")


def test_workspaces_are_read_to_the_last_page(client, sow):
    sow(workspaces(["a", "b", "c", "d", "e"]))

    rows = by_number(client, "DescribeInstances", "Instances", **PAGES, **HERE)

    assert sorted(row["InstanceName"] for row in rows) == ["a", "b", "c", "d", "e"]


def test_namespaces_are_read_to_the_last_page(client, sow):
    sow(workspaces(["a"], "v", "w", "x", "y"))
    [workspace] = client("DescribeInstances", **HERE)["Instances"]
    mine = {**HERE, "InstanceId": workspace["InstanceId"]}

    rows = by_number(client, "DescribeNamespaces", "Namespaces", **PAGES, **mine)

    assert sorted(row["Namespace"] for row in rows) == ["a-default", "a-v", "a-w", "a-x", "a-y"]


def test_tags_are_read_to_the_last_page(client, sow):
    sow(workspaces(["a"]))
    [workspace] = client("DescribeInstances", **HERE)["Instances"]
    tagged = {"RegionId": "cn-hangzhou", "ResourceType": "vvpinstance", "ResourceId": [workspace["InstanceId"]]}
    client("TagResources", **tagged, Tag=[{"Key": f"k{i}", "Value": "v"} for i in range(20)])

    rows = by_token(client, "ListTagResources", "TagResources", **tagged)

    assert {row["TagKey"] for row in rows} == {f"k{i}" for i in range(20)}


def test_a_workspace_is_found_by_its_tag(client):
    wanted = {**foasconsole.WANTED, **foasconsole.MONTH, "ChargeType": "POST", "Storage": foasconsole.BUCKET}
    for name, value in (("one", "red"), ("two", "blue")):
        client("CreateInstance", **{**wanted, "InstanceName": name}, Tag=[{"Key": "colour", "Value": value}])

    rows = client("DescribeInstances", **HERE, Tags=[{"Key": "colour", "Value": "blue"}])["Instances"]

    assert [row["InstanceName"] for row in rows] == ["two"]
