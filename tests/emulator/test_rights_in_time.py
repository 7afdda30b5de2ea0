"""Rights that take their time, over HTTP: a new key, a new role; and the role that is handed to the service."""

import json
from urllib.parse import urlencode

import httpx
import pytest

from tests.emulator.client import Identity, Running, roa_headers, trust

DELAY = 30


SECOND_ORDER = {
    "bssopenapi": {"orders": [{"product_code": "blinkonecs", "instance_id": "order-2", "region": "cn-hangzhou"}]},
    "foas": {"orders": [{"instance_id": "order-2", "region": "cn-hangzhou"}]},
}


def create_cluster(emulator: Running, identity: Identity):
    facts = {"orderId": "order-2", "displayName": "second", "userOssBucket": "flink-udf-packages"}
    facts |= {"userVpcId": "vpc-none", "userVSwitch": "vsw-none", "zoneId": "cn-hangzhou-h"}
    path, body = "/api/v2/clusters", urlencode(facts).encode()
    headers = roa_headers("POST", path, {}, body, identity)
    return httpx.post(emulator.url + path, content=body, headers=headers).json()


@pytest.fixture
def slow(emulator: Running) -> Running:
    """An account where a change of rights takes half a minute; its clock stands still."""
    emulator.control("POST", "clock", {"speed": 0})
    emulator.control("POST", "seed", {"delays": {"permission": DELAY}})
    return emulator


def test_a_new_key_is_unknown_at_first(slow: Running):
    alice = slow.user("alice", "AliyunRAMReadOnlyAccess")

    first = slow.rpc("Ram", "ListUsers", alice)
    slow.control("POST", "clock", {"advance": DELAY + 1})

    assert (first.status_code, first.json()["Code"]) == (404, "InvalidAccessKeyId.NotFound")
    assert slow.rpc("Ram", "ListUsers", alice).status_code == 200


def test_a_new_role_cannot_be_assumed_at_first(slow: Running):
    alice = slow.user("alice", "AliyunSTSAssumeRoleAccess")
    slow.control("POST", "clock", {"advance": DELAY + 1})
    account = slow.cloud.world.account_id
    slow.ok("Ram", "CreateRole", RoleName="admin", AssumeRolePolicyDocument=trust(f"acs:ram::{account}:root"))
    wanted = {"RoleArn": f"acs:ram::{account}:role/admin", "RoleSessionName": "test"}

    first = slow.rpc("Sts", "AssumeRole", alice, **wanted)
    slow.control("POST", "clock", {"advance": DELAY + 1})

    assert (first.status_code, first.json()["Code"]) == (404, "EntityNotExist.Role")
    assert slow.rpc("Sts", "AssumeRole", alice, **wanted).status_code == 200


def test_a_seeded_key_works_at_once(slow: Running):
    slow.control(
        "POST",
        "seed",
        {"ram": {"users": [{"name": "bob", "keys": [{"id": "LTAI5tBobBobBobBob", "secret": "a-secret-of-bob"}]}]}},
    )

    assert slow.rpc("Sts", "GetCallerIdentity", Identity("LTAI5tBobBobBobBob", "a-secret-of-bob")).status_code == 200


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (None, "NoPermission"),
        ({"StringEquals": {"acs:Service": "ecs.aliyuncs.com"}}, "NoPermission"),
        ({"StringEquals": {"acs:Service": "stream.aliyuncs.com"}}, "InvalidVpcId.NotFound"),
        ({}, "InvalidVpcId.NotFound"),
    ],
)
def test_making_a_cluster_takes_the_right_to_pass_the_services_role(emulator: Running, condition: object, code: str):
    emulator.control("POST", "seed", {"name": "everything"})
    emulator.control("POST", "seed", SECOND_ORDER)
    alice = emulator.user("frank")
    statements = [{"Effect": "Allow", "Action": "stream:*", "Resource": "*"}]
    if condition is not None:
        passing = {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "acs:ram:*:*:role/AliyunStreamDefaultRole"}
        statements.append({**passing, "Condition": condition})
    document = json.dumps({"Version": "1", "Statement": statements})
    emulator.ok("Ram", "CreatePolicy", PolicyName="people", PolicyDocument=document)
    emulator.ok("Ram", "AttachPolicyToUser", UserName="frank", PolicyType="Custom", PolicyName="people")

    reply = create_cluster(emulator, alice)

    assert reply["Code"] == code
    if code == "NoPermission":
        assert reply["AccessDeniedDetail"]["AuthAction"] == "ram:PassRole"
