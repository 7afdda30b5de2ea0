"""Refusals as the V1 core raises them."""

import json
import uuid
import xml.etree.ElementTree as ElementTree

import pytest
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.auth.composer import rpc_signature_composer
from aliyunsdkcore.request import CommonRequest

from tests.emulator.client import ACCOUNT, Identity
from tests.emulator.clients.walks import sts

pytestmark = pytest.mark.filterwarnings("ignore:implementation_of_do_action")

ALICE = Identity("LTAI5tAliceOfTheWalk", "alice-secret")
OLD = "2020-01-01T00:00:00Z"


def refusal(call, *arguments, **parameters):
    with pytest.raises(ServerException) as refused:
        call(*arguments, **parameters)
    error = refused.value
    assert error.get_request_id()
    return error.get_http_status(), error.get_error_code()


def test_a_wrong_secret_is_told_from_a_wrong_way_of_signing(v1):
    """The core compares the string to sign in the message with its own, and says that the secret is wrong."""
    wrong = Identity(ACCOUNT.access_key_id, "not the secret")

    assert refusal(v1("ram", wrong), "ListUsers") == (400, "InvalidAccessKeySecret")
    assert refusal(v1("foas", wrong), "ListProject")[0] == 400


def test_a_wrong_key_is_not_found(v1):
    wrong = Identity("LTAI5tNobody", "secret")

    assert refusal(v1("ram", wrong), "ListUsers") == (404, "InvalidAccessKeyId.NotFound")
    assert refusal(v1("foas", wrong), "ListProject") == (404, "InvalidAccessKeyId.NotFound")


def test_a_session_expires(v1, sow, wait):
    sow(sts.SEED)
    role = "acs:ram::1376771854400000:role/worker"
    given = v1("sts", ALICE)("AssumeRole", RoleArn=role, RoleSessionName="walk", DurationSeconds=900)["Credentials"]
    client = v1("ram", Identity(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"]))
    client("ListUsers")
    wait(901)

    assert refusal(client, "ListUsers")[1] == "InvalidSecurityToken.Expired"


def test_a_request_serves_once(v1, monkeypatch):
    monkeypatch.setattr(rpc_signature_composer.helper, "get_uuid", lambda nonce=uuid.uuid4().hex: nonce)
    v1("ram")("ListUsers")

    assert refusal(v1("ram"), "ListUsers") == (400, "SignatureNonceUsed")


def test_a_skewed_clock_is_refused(v1, monkeypatch):
    monkeypatch.setattr(rpc_signature_composer.helper, "get_iso_8061_date", lambda: OLD)

    assert refusal(v1("ram"), "ListUsers") == (400, "InvalidTimeStamp.Expired")


def test_a_missing_parameter_is_named(v1):
    assert refusal(v1("ram"), "CreateUser") == (400, "MissingUserName")
    assert refusal(v1("foas"), "CreateProject")[0] == 400


def test_a_caller_without_rights_is_told_what_he_lacks(v1, sow):
    sow(sts.SEED)
    client = v1("ram", ALICE)

    status, body = client.raw("JSON", "CreateUser", UserName="bob")

    assert refusal(client, "CreateUser", UserName="bob") == (403, "NoPermission")
    detail = json.loads(body)["AccessDeniedDetail"]
    assert status == 403
    assert (detail["AuthAction"], detail["AuthPrincipalType"]) == ("ram:CreateUser", "SubUser")
    assert detail["NoPermissionType"] == "ImplicitDeny"


def test_an_unknown_action_or_version_is_refused(v1):
    client = v1("ram")

    assert refusal(client.untyped, "2015-05-01", "NoSuchAction") == (404, "InvalidAction.NotFound")
    assert refusal(client.untyped, "1999-01-01", "ListUsers")[0] == 400


def test_an_unknown_path_is_refused(v1):
    client = v1("foas")
    request = client.request("ListProject")
    request.set_uri_pattern("/api/v2/no-such-thing")

    assert refusal(client.send, request) == (404, "InvalidApi.NotFound")


def test_a_lost_connection_is_a_client_exception(emulator, v1):
    emulator.control("POST", "faults", {"action": "CreateUser", "kind": "drop-after"})

    with pytest.raises(ClientException) as lost:
        v1("ram")("CreateUser", UserName="alice")

    assert lost.value.get_error_code() == "SDK.HttpError"
    assert v1("ram")("GetUser", UserName="alice")["User"]["UserName"] == "alice"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_get_and_post_are_one(v1, method):
    client = v1("ram")
    request = client.request("CreateUser", UserName="alice", DisplayName="a b+c/ü*~")
    request.set_method(method)

    reply = json.loads(client.send(request))

    assert reply["User"]["DisplayName"] == "a b+c/ü*~"


@pytest.mark.parametrize("format", ["XML", ""])
@pytest.mark.parametrize(("section", "action"), [("ram", "ListUsers"), ("foas", "ListProject")])
def test_who_does_not_ask_for_json_gets_xml(v1, format, section, action):
    status, body = v1(section).raw(format, action)

    root = ElementTree.fromstring(body)
    assert (status, root.tag) == (200, f"{action}Response")
    assert root.findtext("RequestId")


def test_a_refusal_is_xml_too(v1):
    status, body = v1("ram").raw("XML", "GetUser", UserName="nobody")

    root = ElementTree.fromstring(body)
    assert (status, root.tag, root.findtext("Code")) == (404, "Error", "EntityNotExist.User")


def test_parameters_may_come_in_the_body_of_an_untyped_request(emulator, v1):
    request = CommonRequest(domain=emulator.url.removeprefix("http://"), version="2015-05-01", action_name="CreateUser")
    request.set_protocol_type("http")
    request.set_method("POST")
    request.add_body_params("UserName", "alice")

    reply = json.loads(v1("ram").acs.do_action_with_exception(request))

    assert reply["User"]["UserName"] == "alice"
