"""alibabacloud_sts20150401 against the emulator: sessions, and what they may do."""

import json

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from tests.emulator.client import Identity
from tests.emulator.clients.actions import expected
from tests.emulator.clients.walks import sts

ALICE = Identity("LTAI5tAliceOfTheWalk", "alice-secret")
ROLE = "acs:ram::1376771854400000:role/worker"


@pytest.fixture
def session(v2, sow):
    """Gives the keys of a session of the role, which reads everything."""
    sow(sts.SEED)

    def assume(**more):
        body = v2("sts", ALICE)("AssumeRole", RoleArn=ROLE, RoleSessionName="walk", **more)
        given = body["Credentials"]
        return Identity(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])

    return assume


def test_nothing_of_any_reply_is_lost(v2, sow, wait):
    sow(sts.SEED)
    client = v2("sts", ALICE)

    sts.walk(client, wait)

    assert client.called == expected("alibabacloud_*", "sts")


def test_a_session_is_told_who_it_is(v2, session):
    body = v2("sts", session()).send("GetCallerIdentity").body

    assert body.identity_type == "AssumedRoleUser"
    assert body.arn == "acs:ram::1376771854400000:role/worker/walk"


def test_a_session_does_what_its_role_may(v2, session):
    client = v2("ram", session())

    roles = client("ListRoles")["Roles"]["Role"]

    assert [role["RoleName"] for role in roles] == ["worker"]
    with pytest.raises(ClientException) as refused:
        client.send("CreateUser", UserName="bob")
    assert refused.value.code == "NoPermission"


def test_a_session_policy_narrows_the_role(v2, session):
    statement = {"Effect": "Allow", "Action": "ram:ListUsers", "Resource": "*"}
    client = v2("ram", session(Policy=json.dumps({"Version": "1", "Statement": [statement]})))

    client("ListUsers")

    with pytest.raises(ClientException) as refused:
        client.send("ListRoles")
    assert refused.value.code == "NoPermission"


def test_a_session_expires(v2, session, wait):
    client = v2("ram", session(DurationSeconds=900))
    client("ListUsers")
    wait(901)

    with pytest.raises(ClientException) as refused:
        client.send("ListUsers")

    assert refused.value.code == "InvalidSecurityToken.Expired"


def test_a_session_key_with_a_wrong_token_is_refused(v2, session):
    keys = session()
    forged = Identity(keys.access_key_id, keys.secret, "not the token")

    with pytest.raises(ClientException) as refused:
        v2("ram", forged).send("ListUsers")

    assert refused.value.code == "InvalidSecurityToken.MismatchWithAccessKey"
