"""alibabacloud_ververica20220718 against the emulator: ROA with JSON bodies."""

from functools import partial

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from tests.emulator.clients.actions import expected
from tests.emulator.clients.paging import by_number
from tests.emulator.clients.walks import ververica

PAGES = {"names": ("pageIndex", "pageSize", "totalSize")}


@pytest.fixture
def client(v2, sow):
    sow(ververica.SEED)
    return v2("ververica")


@pytest.fixture
def workspace(v2, client):
    [row] = v2("foasconsole")("DescribeInstances", Region="cn-hangzhou")["Instances"]
    return {"workspace": row["ResourceId"]}


@pytest.fixture
def here(client, workspace):
    return partial(client, namespace="orders-default", **workspace)


def user_id(v2, name):
    return v2("ram")("GetUser", UserName=name)["User"]["UserId"]


def test_nothing_of_any_reply_is_lost(v2, client, here, workspace):
    ververica.walk(here, user_id(v2, "alice"))
    client("ListEngineVersionMetadata", **workspace)

    assert client.called == expected("alibabacloud_*", "ververica")


def test_members_are_read_to_the_last_page(v2, here):
    names = ["bob", "carol", "dave"]
    for name in names:
        v2("ram")("CreateUser", UserName=name)
        here("CreateMember", body={"member": f"user:{user_id(v2, name)}", "role": "VIEWER"})

    rows = by_number(here, "ListMembers", "data", **PAGES)

    assert {row["role"] for row in rows} == {"OWNER", "VIEWER"}
    assert len(rows) == 4


def test_targets_are_read_to_the_last_page(here):
    for name in "abcde":
        here("CreateDeploymentTarget", deploymentTargetName=f"target-{name}", body={"cpu": 1.0, "memory": "4 GiB"})

    rows = by_number(here, "ListDeploymentTargets", "data", **PAGES)

    assert {f"target-{name}" for name in "abcde"} <= {row["name"] for row in rows}


def test_what_is_not_there_is_said_in_a_body_of_status_200(here):
    body = here("GetMember", member="user:9")

    assert (body["success"], body["errorCode"]) == (False, "990301")


def test_a_call_without_its_workspace_is_refused(client):
    with pytest.raises(ClientException) as refused:
        client.send("GetMember", namespace="orders-default", member="user:9", workspace="")

    assert refused.value.code == "BadRequest"
