"""Signatures, time stamps and nonces: fixed vectors, then what a client sees."""

import time
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime

import httpx
import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest, RpcRequest

from emulator import signatures
from emulator.message import Message
from emulator.signatures import Nonces
from tests.emulator.client import ACCOUNT, Identity, Running, acs3, roa, roa_headers, rpc_fields, signed, trust


def test_an_rpc_string_to_sign_is_that_of_the_published_example():
    # Source: the signature example of ECS, DescribeRegions, which every RPC product's documentation repeats.
    parameters = {
        "Timestamp": "2016-02-23T12:46:24Z",
        "Format": "XML",
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26",
        "SignatureVersion": "1.0",
    }

    string = signatures.rpc_string("GET", parameters)

    assert string == (
        "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%3DHMAC-SHA1"
        "%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1.0"
        "%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26"
    )
    assert signatures.hmac_sha1("testsecret&", string) == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_an_rpc_string_to_sign_encodes_as_rfc_3986_and_keeps_empty_values():
    string = signatures.rpc_string("POST", {"b": "a b*c~/+ü", "SignatureType": "", "Signature": "left out"})

    assert string == "POST&%2F&SignatureType%3D%26b%3Da%2520b%252Ac~%252F%252B%25C3%25BC"


def test_a_roa_string_to_sign_has_sorted_headers_and_a_decoded_query():
    headers = {
        "accept": "application/json",
        "content-type": "application/x-www-form-urlencoded",
        "date": "Wed, 26 Aug 2015 17:01:00 GMT",
        "x-acs-version": "2018-11-11",
        "x-acs-region-id": "cn-hangzhou",
        "x-sdk-client": "python/2.0.0",
    }

    string = signatures.roa_string("GET", headers, "/api/v2/clusters", {"b": "x y", "a": "ü/&"})

    assert string == (
        "GET\napplication/json\n\napplication/x-www-form-urlencoded\nWed, 26 Aug 2015 17:01:00 GMT\n"
        "x-acs-region-id:cn-hangzhou\nx-acs-version:2018-11-11\n/api/v2/clusters?a=ü/&&b=x y"
    )


def test_an_acs3_string_to_sign_is_that_of_the_published_example():
    # Source: the request signature example of ACS3-HMAC-SHA256, ECS RunInstances.
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    message = Message(
        method="POST",
        path="/",
        raw_path="/",
        raw_query="ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai",
        headers={
            "host": "ecs.cn-shanghai.aliyuncs.com",
            "x-acs-action": "RunInstances",
            "x-acs-content-sha256": empty,
            "x-acs-date": "2023-10-26T10:22:32Z",
            "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
            "x-acs-version": "2014-05-26",
        },
    )
    names = list(message.headers)

    string = signatures.acs3_string(message, names, empty)

    assert string == "ACS3-HMAC-SHA256\n7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"


def test_nonces_are_kept_only_as_long_as_they_matter():
    nonces = Nonces(keep_seconds=100)

    first = nonces.claim("key", "n", 0)
    again = nonces.claim("key", "n", 50)
    other_key = nonces.claim("other", "n", 50)
    later = nonces.claim("key", "n", 101)

    assert (first, again, other_key, later) == (True, False, True, True)
    assert len(nonces) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_vendors_sdk_is_understood_in_rpc(emulator: Running, method: str):
    request = _common(emulator, "2015-05-01", "CreateUser")
    request.set_method(method)
    request.add_query_param("UserName", "alice")
    request.add_query_param("Comments", "a b*c~/+ü &=%")

    reply = _client().do_action_with_exception(request)

    assert b'"alice"' in reply
    assert emulator.ok("Ram", "GetUser", UserName="alice")["User"]["Comments"] == "a b*c~/+ü &=%"


def test_the_vendors_sdk_may_put_rpc_parameters_into_the_body(emulator: Running):
    request = _common(emulator, "2015-05-01", "CreateUser")
    request.set_method("POST")
    request.add_body_params("UserName", "alice")
    request.add_body_params("Comments", "in the body")

    _client().do_action_with_exception(request)

    assert emulator.ok("Ram", "GetUser", UserName="alice")["User"]["Comments"] == "in the body"


def test_the_vendors_sdk_is_understood_in_roa(emulator: Running):
    request = _common(emulator, "2018-11-11", "")
    request.set_method("GET")
    request.set_uri_pattern("/api/v2/clusters")
    request.add_query_param("displayName", "a b/c&d=ü")

    reply = _client().do_action_with_exception(request)

    assert b'"Clusters":{"Cluster":[]}' in reply


def test_a_parameter_without_a_value_is_signed_with_or_without_its_sign():
    query = {"b": "", "a": "x"}

    assert signatures.roa_string("GET", {}, "/", query).endswith("/?a=x&b=")
    assert signatures.roa_string("GET", {}, "/", query, bare=True).endswith("/?a=x&b")


def test_the_vendors_sdk_is_understood_in_roa_with_an_empty_value(emulator: Running):
    request = _common(emulator, "2018-11-11", "")
    request.set_method("GET")
    request.set_uri_pattern("/api/v2/clusters")
    request.add_query_param("displayName", "")

    assert b'"Clusters":{"Cluster":[]}' in _client().do_action_with_exception(request)


def test_the_vendors_sdk_is_understood_in_roa_with_a_form_and_a_path(emulator: Running):
    request = _common(emulator, "2018-11-11", "")
    request.set_method("PUT")
    request.set_uri_pattern("/api/v2/clusters/[clusterId]/expand")
    request.add_path_param("clusterId", "nobody-knows-it")
    request.add_body_params("count", "5")

    with pytest.raises(ServerException) as refused:
        _client().do_action_with_exception(request)

    assert "Signature" not in refused.value.get_error_code()
    assert emulator.cloud.calls.since()[-1]["parameters"]["clusterId"] == "nobody-knows-it"


def test_the_vendors_sdk_reads_a_wrong_secret_as_such(emulator: Running):
    client = AcsClient(ACCOUNT.access_key_id, "wrong", "cn-hangzhou", auto_retry=False)

    with pytest.raises(ServerException) as refused:
        request = RpcRequest("Ram", "2015-05-01", "ListUsers")
        request.set_endpoint(emulator.url)
        client.do_action_with_exception(request)

    assert refused.value.get_http_status() == 400
    assert refused.value.get_error_code() == "InvalidAccessKeySecret"


def test_an_acs3_signature_is_understood(emulator: Running):
    created = acs3(emulator, "2015-05-01", "CreateUser", UserName="alice", Comments="a b*/ü")
    forged = acs3(emulator, "2015-05-01", "ListUsers", Identity(ACCOUNT.access_key_id, "wrong"))

    assert created.json()["User"]["Comments"] == "a b*/ü"
    assert (forged.status_code, forged.json()["Code"]) == (400, "SignatureDoesNotMatch")


def test_an_unknown_key_is_not_found(emulator: Running):
    response = emulator.rpc("Ram", "ListUsers", Identity("LTAI5tNobody", "secret"))

    assert (response.status_code, response.json()["Code"]) == (404, "InvalidAccessKeyId.NotFound")


def test_an_inactive_key_is_refused(emulator: Running):
    alice = emulator.user("alice", "AdministratorAccess")
    emulator.ok("Ram", "UpdateAccessKey", UserName="alice", UserAccessKeyId=alice.access_key_id, Status="Inactive")

    response = emulator.rpc("Ram", "ListUsers", alice)

    assert (response.status_code, response.json()["Code"]) == (400, "InvalidAccessKeyId.Inactive")


def test_a_deleted_key_is_not_found(emulator: Running):
    alice = emulator.user("alice", "AdministratorAccess")
    emulator.ok("Ram", "DeleteAccessKey", UserName="alice", UserAccessKeyId=alice.access_key_id)

    assert emulator.rpc("Ram", "ListUsers", alice).json()["Code"] == "InvalidAccessKeyId.NotFound"


def test_a_wrong_signature_says_what_the_server_signed(emulator: Running):
    fields = rpc_fields("2015-05-01", "ListUsers")

    response = httpx.get(f"{emulator.url}/", params=fields | {"Signature": "wrong"})

    assert (response.status_code, response.json()["Code"]) == (400, "SignatureDoesNotMatch")
    assert "server string to sign is:GET&%2F&AccessKeyId%3D" in response.json()["Message"]


def test_a_changed_parameter_breaks_the_signature(emulator: Running):
    fields = signed(rpc_fields("2015-05-01", "GetUser", UserName="alice"), "POST")

    response = httpx.post(f"{emulator.url}/", params=fields | {"UserName": "bob"})

    assert response.json()["Code"] == "SignatureDoesNotMatch"


def test_a_parameter_smuggled_into_the_body_breaks_the_signature(emulator: Running):
    fields = signed(rpc_fields("2015-05-01", "GetUser", UserName="alice"), "POST")

    response = httpx.post(f"{emulator.url}/", params=fields, data={"UserName": "bob"})

    assert response.json()["Code"] == "SignatureDoesNotMatch"


def test_a_parameter_smuggled_into_a_json_body_changes_nothing(emulator: Running):
    fields = signed(rpc_fields("2015-05-01", "CreateUser", UserName="alice"), "POST")

    httpx.post(f"{emulator.url}/", params=fields, json={"UserName": "bob"})

    assert list(emulator.control("GET", "world")["parts"]["ram"]["users"]) in ([], ["alice"])


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_stale_time_stamp_is_refused(emulator: Running, minutes: int):
    stamp = datetime.fromtimestamp(time.time() + 60 * minutes, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    response = emulator.rpc("Ram", "ListUsers", Timestamp=stamp)

    assert (response.status_code, response.json()["Code"]) == (400, "InvalidTimeStamp.Expired")


def test_time_stamps_are_checked_against_the_real_clock(emulator: Running):
    emulator.control("POST", "clock", {"advance": 864000})

    assert emulator.rpc("Ram", "ListUsers").status_code == 200


def test_a_malformed_time_stamp_is_refused(emulator: Running):
    assert emulator.rpc("Ram", "ListUsers", Timestamp="yesterday").json()["Code"] == "InvalidTimeStamp.Format"


def test_a_nonce_serves_once(emulator: Running):
    fields = signed(rpc_fields("2015-05-01", "ListUsers"), "GET")

    first = httpx.get(f"{emulator.url}/", params=fields)
    second = httpx.get(f"{emulator.url}/", params=fields)

    assert first.status_code == 200
    assert (second.status_code, second.json()["Code"]) == (400, "SignatureNonceUsed")


def test_a_forged_call_does_not_use_up_a_nonce(emulator: Running):
    fields = signed(rpc_fields("2015-05-01", "ListUsers"), "GET")

    httpx.get(f"{emulator.url}/", params=fields | {"Signature": "forged"})

    assert httpx.get(f"{emulator.url}/", params=fields).status_code == 200


@pytest.mark.parametrize("name", ["AccessKeyId", "Signature", "Timestamp", "SignatureNonce"])
def test_a_missing_part_of_the_signature_is_named(emulator: Running, name: str):
    fields = signed(rpc_fields("2015-05-01", "ListUsers"), "GET")
    del fields[name]

    response = httpx.get(f"{emulator.url}/", params=fields)

    assert (response.status_code, response.json()["Code"]) == (400, f"Missing{name}")


def test_a_roa_call_signed_by_hand_is_understood(emulator: Running):
    response = roa(emulator, "GET", "/api/v2/clusters", {"pageIndex": "1"})

    assert response.status_code == 200
    assert response.json()["Clusters"] == {"Cluster": []}


def test_a_roa_nonce_serves_once(emulator: Running):
    headers = roa_headers("GET", "/api/v2/clusters", {}, b"")

    first = httpx.get(f"{emulator.url}/api/v2/clusters", headers=headers)
    second = httpx.get(f"{emulator.url}/api/v2/clusters", headers=headers)

    assert (first.status_code, second.json()["Code"]) == (200, "SignatureNonceUsed")


def test_a_roa_body_must_have_its_digest(emulator: Running):
    headers = roa_headers("POST", "/api/v2/clusters", {}, b"displayName=one")

    response = httpx.post(f"{emulator.url}/api/v2/clusters", headers=headers, content=b"displayName=two")

    assert (response.status_code, response.json()["Code"]) == (400, "ContentMD5NotMatched")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"date": formatdate(time.time() - 3600, usegmt=True)}, "InvalidTimeStamp.Expired"),
        ({"date": "no date"}, "InvalidTimeStamp.Format"),
    ],
)
def test_a_roa_date_is_checked(emulator: Running, headers: dict[str, str], code: str):
    signed_headers = roa_headers("GET", "/api/v2/clusters", {}, b"", **headers)

    assert httpx.get(f"{emulator.url}/api/v2/clusters", headers=signed_headers).json()["Code"] == code


def test_a_roa_call_without_a_signature_is_refused(emulator: Running):
    headers = {"x-acs-version": "2018-11-11", "accept": "application/json"}

    response = httpx.get(f"{emulator.url}/api/v2/clusters", headers=headers)

    assert (response.status_code, response.json()["Code"]) == (400, "MissingSecurityHeader")


def test_an_sts_key_needs_its_token(emulator: Running):
    session = _session(emulator)

    without = emulator.rpc("Ram", "ListUsers", Identity(session.access_key_id, session.secret))
    wrong = emulator.rpc("Ram", "ListUsers", Identity(session.access_key_id, session.secret, "x" * 40))
    right = emulator.rpc("Ram", "ListUsers", session)

    assert without.json()["Code"] == "MissingSecurityToken"
    assert wrong.json()["Code"] == "InvalidSecurityToken.MismatchWithAccessKey"
    assert right.status_code == 200


def test_an_sts_key_expires_on_the_clouds_clock(emulator: Running):
    session = _session(emulator)
    emulator.control("POST", "clock", {"advance": 901})

    response = emulator.rpc("Ram", "ListUsers", session)

    assert (response.status_code, response.json()["Code"]) == (403, "InvalidSecurityToken.Expired")


def test_a_token_with_a_lasting_key_is_malformed(emulator: Running):
    response = emulator.rpc("Ram", "ListUsers", Identity(ACCOUNT.access_key_id, ACCOUNT.secret, "token"))

    assert response.json()["Code"] == "InvalidSecurityToken.Malformed"


def _session(emulator: Running) -> Identity:
    alice = emulator.user("alice", "AliyunSTSAssumeRoleAccess")
    account = emulator.cloud.world.account_id
    document = trust(f"acs:ram::{account}:root")
    emulator.ok("Ram", "CreateRole", RoleName="admin", AssumeRolePolicyDocument=document)
    emulator.ok("Ram", "AttachPolicyToRole", RoleName="admin", PolicyType="System", PolicyName="AliyunRAMFullAccess")
    arn = f"acs:ram::{account}:role/admin"
    reply = emulator.ok("Sts", "AssumeRole", alice, RoleArn=arn, RoleSessionName="test", DurationSeconds=900)
    given = reply["Credentials"]
    return Identity(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])


def _client() -> AcsClient:
    return AcsClient(ACCOUNT.access_key_id, ACCOUNT.secret, "cn-hangzhou", auto_retry=False)


def _common(emulator: Running, version: str, action: str) -> CommonRequest:
    request = CommonRequest()
    request.set_domain(emulator.url.removeprefix("http://"))
    request.set_protocol_type("http")
    request.set_version(version)
    request.set_action_name(action)
    return request


def test_a_client_that_sets_its_clock_by_our_answers_is_heard_after_a_step_of_the_clock(emulator):
    emulator.control("POST", "clock", {"advance": 7 * 24 * 3600})
    told = parsedate_to_datetime(httpx.get(f"{emulator.url}/_emulator/health").headers["date"])
    fields = rpc_fields("2015-05-01", "ListUsers", ACCOUNT)
    fields["Timestamp"] = told.strftime("%Y-%m-%dT%H:%M:%SZ")

    response = httpx.post(f"{emulator.url}/", params=signed(fields, "POST", ACCOUNT))

    assert response.status_code == 200
