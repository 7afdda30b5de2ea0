"""STS: who the caller is, and who may become a role."""

import json
from typing import Any

import pytest

from emulator import ram
from emulator.products import BY_VERSION
from emulator.request import Caller, Refusal, Request
from emulator.world import World
from tests.emulator.shape import differences, sample

RAM = BY_VERSION["2015-05-01"].routes
STS = BY_VERSION["2015-04-01"].routes


def account(world: World) -> Caller:
    return Caller("Account", world.account_id, "key", principal_id=world.account_id)


def user(world: World, name: str = "alice") -> Caller:
    return Caller("RAMUser", world.account_id, "key", name, "42")


def role(world: World, *principals: str, kind: str = "RAM", **more: object):
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {kind: list(principals)}, **more}
    document = json.dumps({"Statement": [statement], "Version": "1"})
    request = Request("CreateRole", account(world), {"RoleName": "admin", "AssumeRolePolicyDocument": document})
    RAM["CreateRole"](world, request)


def assume(world: World, caller: Caller, **changed: str) -> Any:
    parameters = {"RoleArn": f"acs:ram::{world.account_id}:role/admin", "RoleSessionName": "test", **changed}
    return STS["AssumeRole"](world, Request("AssumeRole", caller, parameters))


def refusal(world: World, caller: Caller, **changed: str) -> tuple[int, str]:
    with pytest.raises(Refusal) as refused:
        assume(world, caller, **changed)
    return refused.value.status, refused.value.code


def test_replies_have_the_published_shape(world: World):
    role(world, f"acs:ram::{world.account_id}:root")

    assumed = assume(world, user(world), SourceIdentity="alice")
    identity = STS["GetCallerIdentity"](world, Request("GetCallerIdentity", user(world)))

    assert differences(assumed, sample("Sts/2015-04-01", "AssumeRole")) == []
    assert differences(identity, sample("Sts/2015-04-01", "GetCallerIdentity")) == []
    assert set(STS) == {"AssumeRole", "GetCallerIdentity"}
    assert assumed["AssumedRoleUser"]["Arn"] == f"acs:ram::{world.account_id}:role/admin/test"
    assert assumed["Credentials"]["AccessKeyId"].startswith("STS.")


def test_everyone_is_told_who_he_is(world: World):
    role(world, f"acs:ram::{world.account_id}:root")
    key = ram.find_key(world, assume(world, user(world))["Credentials"]["AccessKeyId"])
    assert key is not None
    callers = [account(world), user(world), key.caller]

    replies = [STS["GetCallerIdentity"](world, Request("GetCallerIdentity", caller)) for caller in callers]

    assert [reply["IdentityType"] for reply in replies] == ["Account", "RAMUser", "AssumedRoleUser"]
    assert [reply["Arn"].rpartition("::")[2] for reply in replies] == [
        f"{world.account_id}:root",
        f"{world.account_id}:user/alice",
        f"{world.account_id}:role/admin/test",
    ]
    assert [("UserId" in reply, "RoleId" in reply) for reply in replies] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_the_account_itself_may_not_assume_a_role(world: World):
    role(world, f"acs:ram::{world.account_id}:root")

    assert refusal(world, account(world)) == (403, "NoPermission")


@pytest.mark.parametrize(
    ("principal", "name", "trusted"),
    [("root", "alice", True), ("user/alice", "alice", True), ("user/alice", "bob", False)],
)
def test_a_role_trusts_those_it_names(world: World, principal: str, name: str, trusted: bool):
    role(world, f"acs:ram::{world.account_id}:{principal}")

    if trusted:
        assert assume(world, user(world, name))["Credentials"]["SecurityToken"]
    else:
        assert refusal(world, user(world, name)) == (403, "NoPermission")


def test_a_role_of_another_account_is_not_there(world: World):
    arn = "acs:ram::1999999999999999:role/admin"

    assert refusal(world, user(world), RoleArn=arn) == (404, "EntityNotExist.Role")


def test_a_role_that_trusts_another_account_alone_refuses(world: World):
    role(world, "acs:ram::1999999999999999:root")

    assert refusal(world, user(world)) == (403, "NoPermission")


@pytest.mark.requirement("R7")
def test_a_service_role_cannot_be_assumed(world: World):
    role(world, "stream.aliyuncs.com", kind="Service")

    assert refusal(world, user(world)) == (403, "NoPermission")


def test_an_external_id_is_a_condition(world: World):
    condition = {"StringEquals": {"sts:ExternalId": "secret-word"}}
    role(world, f"acs:ram::{world.account_id}:root", Condition=condition)

    assert refusal(world, user(world)) == (403, "NoPermission")
    assert refusal(world, user(world), ExternalId="wrong") == (403, "NoPermission")
    assert assume(world, user(world), ExternalId="secret-word")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"RoleArn": "admin"}, "InvalidParameter.RoleArn"),
        ({"RoleArn": ""}, "MissingRoleArn"),
        ({"RoleSessionName": "x"}, "InvalidParameter.RoleSessionName"),
        ({"RoleSessionName": "a b"}, "InvalidParameter.RoleSessionName"),
        ({"RoleSessionName": "a" * 65}, "InvalidParameter.RoleSessionName"),
        ({"DurationSeconds": "899"}, "InvalidParameter.DurationSeconds"),
        ({"DurationSeconds": "3601"}, "InvalidParameter.DurationSeconds"),
        ({"DurationSeconds": "long"}, "InvalidParameter.DurationSeconds"),
        ({"Policy": "{}"}, "InvalidParameter.PolicyGrammar"),
        ({"Policy": " " * 2049}, "InvalidParameter.PolicySize"),
        ({"ExternalId": "ü"}, "InvalidParameter.ExternalId"),
    ],
)
def test_bad_parameters_are_named(world: World, changed: dict[str, str], code: str):
    role(world, f"acs:ram::{world.account_id}:root")

    assert refusal(world, user(world), **changed) == (400, code)
    assert world.part(ram.State).sessions == {}


def test_long_expired_sessions_are_forgotten(world: World):
    role(world, f"acs:ram::{world.account_id}:root")
    first = assume(world, user(world))["Credentials"]["AccessKeyId"]
    world.clock.advance(2 * 86400)

    assume(world, user(world))

    assert ram.find_key(world, first) is None
    assert len(world.part(ram.State).sessions) == 1
