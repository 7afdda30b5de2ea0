"""Refusals as the V2 SDKs raise them, and the other ways to speak to the same server."""

import asyncio
import uuid
import xml.etree.ElementTree as ElementTree

import pytest
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException
from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
from darabonba.runtime import ExtendsParameters, RuntimeOptions

from tests.emulator.client import ACCOUNT, Identity
from tests.emulator.clients.v2 import config
from tests.emulator.clients.walks import foasconsole, sts

ALICE = Identity("LTAI5tAliceOfTheWalk", "alice-secret")
WRONG_SECRET = Identity(ACCOUNT.access_key_id, "not the secret")
WRONG_KEY = Identity("LTAI5tNobody", "secret")


def refusal(call, *arguments, **parameters):
    with pytest.raises(ClientException) as refused:
        call(*arguments, **parameters)
    assert refused.value.request_id
    assert refused.value.data["HostId"].endswith(".aliyuncs.com")
    return refused.value.status_code, refused.value.code


def generic(action, version="2015-05-01", method="POST", body_type="json", style="RPC", pathname="/"):
    return Params(
        action=action,
        version=version,
        protocol="HTTP",
        pathname=pathname,
        method=method,
        auth_type="AK",
        style=style,
        req_body_type="formData",
        body_type=body_type,
    )


def with_headers(client, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    client.runtime = RuntimeOptions(extends_parameters=ExtendsParameters(headers=named))
    return client


@pytest.mark.parametrize("algorithm", [None, "v2"])
@pytest.mark.parametrize("section", ["ram", "foasconsole"])
def test_a_wrong_secret_is_refused_with_the_string_to_sign(v2, section, algorithm):
    client = v2(section, WRONG_SECRET, signature_algorithm=algorithm)
    action = {"ram": "GetAccountAlias", "foasconsole": "DescribeSupportedRegions"}[section]

    with pytest.raises(ClientException) as refused:
        client.send(action)

    assert (refused.value.status_code, refused.value.code) == (400, "SignatureDoesNotMatch")
    assert "server string to sign is:" in refused.value.data["Message"]


def test_a_wrong_key_is_not_found(v2):
    assert refusal(v2("ram", WRONG_KEY).send, "ListUsers") == (404, "InvalidAccessKeyId.NotFound")


def test_a_request_serves_once(v2):
    client = with_headers(v2("ram"), x_acs_signature_nonce=uuid.uuid4().hex)
    client.send("ListUsers")

    assert refusal(client.send, "ListUsers") == (400, "SignatureNonceUsed")


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("2020-01-01T00:00:00Z", "InvalidTimeStamp.Expired"),
        ("2999-01-01T00:00:00Z", "InvalidTimeStamp.Expired"),
        ("yesterday", "InvalidTimeStamp.Format"),
    ],
)
def test_a_skewed_clock_is_refused(v2, date, code):
    client = with_headers(v2("ram"), x_acs_date=date)

    assert refusal(client.send, "ListUsers") == (400, code)


def test_a_missing_parameter_is_named(v2):
    assert refusal(v2("ram").send, "CreateUser") == (400, "MissingUserName")
    assert refusal(v2("foasconsole").send, "DeleteInstance")[0] == 400


def test_a_caller_without_rights_is_told_what_he_lacks(v2, sow):
    sow(sts.SEED)

    with pytest.raises(ClientException) as refused:
        v2("ram", ALICE).send("CreateUser", UserName="bob")

    assert (refused.value.status_code, refused.value.code) == (403, "NoPermission")
    detail = refused.value.access_denied_detail
    assert (detail["AuthAction"], detail["AuthPrincipalType"]) == ("ram:CreateUser", "SubUser")
    assert detail["NoPermissionType"] == "ImplicitDeny"
    assert detail["PolicyType"] == "AccountLevelIdentityBasedPolicy"


def test_an_explicit_deny_is_told_from_a_missing_right(v2, sow):
    deny = {"Effect": "Deny", "Action": "ram:*", "Resource": "*"}
    sow(sts.SEED)
    sow(
        {
            "ram": {
                "policies": [{"name": "no", "documents": [{"Version": "1", "Statement": [deny]}]}],
                "users": [{"name": "eve", "keys": [{"id": "LTAI5tEveOfTheWalk", "secret": "eve-secret"}]}],
            }
        }
    )
    v2("ram")("AttachPolicyToUser", PolicyName="no", PolicyType="Custom", UserName="eve")

    with pytest.raises(ClientException) as refused:
        v2("ram", Identity("LTAI5tEveOfTheWalk", "eve-secret")).send("ListUsers")

    assert refused.value.access_denied_detail["NoPermissionType"] == "ExplicitDeny"


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        (generic("NoSuchAction"), 404, "InvalidAction.NotFound"),
        (generic("ListUsers", method="PUT"), 404, "InvalidAction.NotFound"),
        (generic("ListUsers", version="1999-01-01"), 400, "InvalidVersion"),
        (generic("X", "2022-07-18", style="ROA", pathname="/api/v2/no-such-thing"), 404, "InvalidApi.NotFound"),
    ],
)
def test_what_is_not_there_is_refused(emulator, params, status, code):
    client = Client(config(emulator.url))

    with pytest.raises(ClientException) as refused:
        client.call_api(params, OpenApiRequest(), RuntimeOptions())

    assert (refused.value.status_code, refused.value.code) == (status, code)


def test_a_failing_server_is_a_server_exception(emulator, v2):
    emulator.control("POST", "faults", {"action": "ListUsers", "kind": "error"})

    with pytest.raises(ServerException) as failed:
        v2("ram").send("ListUsers")

    assert failed.value.status_code in (500, 503)
    v2("ram").send("ListRoles")


def test_throttling_is_a_client_exception_with_its_code(emulator, v2):
    emulator.control("POST", "faults", {"action": "ListUsers", "kind": "throttle"})

    assert refusal(v2("ram").send, "ListUsers")[1].startswith("Throttling")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("where", ["query", "body"])
def test_parameters_come_in_the_query_or_in_a_form_of_get_and_post(emulator, method, where):
    text = "Älice 愛 & <b> a+b c%20~*'()"
    request = OpenApiRequest(**{where: {"UserName": "alice", "DisplayName": text}})

    reply = Client(config(emulator.url)).call_api(generic("CreateUser", method=method), request, RuntimeOptions())

    assert reply["body"]["User"]["DisplayName"] == text


def test_who_asks_for_xml_gets_xml(emulator):
    request = OpenApiRequest(query={"Format": "XML"})

    reply = Client(config(emulator.url)).call_api(generic("ListUsers", body_type="string"), request, RuntimeOptions())

    assert ElementTree.fromstring(reply["body"]).tag == "ListUsersResponse"


@pytest.mark.parametrize(("section", "walk"), [("ram", None), ("foasconsole", foasconsole)])
def test_the_older_signature_of_the_same_client_is_understood(v2, sow, wait, section, walk):
    client = v2(section, signature_algorithm="v2")
    if walk is None:
        client("CreateUser", UserName="alice", DisplayName="a b+c/ü*~")
        assert client("GetUser", UserName="alice")["User"]["DisplayName"] == "a b+c/ü*~"
        return
    sow(walk.SEED)

    walk.walk(client, wait)


def test_the_asynchronous_half_of_the_client_is_understood(v2):
    client = v2("ram")
    models = client.models

    async def both():
        made = await client.sdk.create_user_async(models.CreateUserRequest(user_name="alice", display_name="ü"))
        return made, await client.sdk.get_user_async(models.GetUserRequest(user_name="alice"))

    made, found = asyncio.run(both())

    assert made.body.user.user_id == found.body.user.user_id
    assert found.body.user.display_name == "ü"
