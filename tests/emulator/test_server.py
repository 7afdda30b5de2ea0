"""What a client meets over HTTP: dialects, formats, errors, rights, and everything that is thrown at a port."""

import importlib
import json
import logging
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from emulator import products
from emulator import roa as roa_dialect
from emulator.request import Refusal
from tests.emulator.client import ACCOUNT, Running, acs3, roa, roa_headers, rpc_fields, signed
from tests.emulator.shape import SAMPLES, UNPUBLISHED

# Published actions that preparing an account has no use for: jobs, their instances and their folders.
OUT_OF_SCOPE = re.compile(r".*(Job|Folder|Instance|InstanceState|InstanceRunSummary)")


@pytest.mark.parametrize("product", products.BY_VERSION.values(), ids=lambda product: product.name)
def test_what_is_published_is_served_and_nothing_else(product: products.Product):
    published = {name for key in SAMPLES if key.endswith(product.version) for name in SAMPLES[key]}

    served = {key for key in product.routes if isinstance(key, str)}
    for templates in roa_dialect._templates(product).values():
        served |= {action for _, action, _ in templates}

    published |= UNPUBLISHED.get(product.name, set())
    lacking = published - served
    if product.name == "foas":
        lacking = {name for name in lacking if not OUT_OF_SCOPE.fullmatch(name)}
    assert (served - published, lacking) == (set(), set())


def test_no_module_is_forgotten_in_the_list_of_products():
    listed = {module.__name__ for product in products.PRODUCTS for module in product.modules}

    serving = set()
    for path in Path(products.__file__).parent.glob("*.py"):
        module = importlib.import_module(f"emulator.{path.stem}")
        if isinstance(getattr(module, "ROUTES", None), dict):
            serving.add(module.__name__)

    assert serving - listed == set()


@pytest.mark.parametrize("style", ["query", "form", "get"])
def test_an_rpc_call_may_come_in_query_or_form(emulator: Running, style: str):
    fields = rpc_fields("2015-05-01", "CreateUser", UserName="alice")

    if style == "get":
        response = httpx.get(f"{emulator.url}/", params=signed(fields, "GET"))
    elif style == "query":
        response = httpx.post(f"{emulator.url}/", params=signed(fields, "POST"))
    else:
        response = httpx.post(f"{emulator.url}/", data=signed(fields, "POST"))

    assert response.json()["User"]["UserName"] == "alice"


def test_action_and_version_may_come_in_headers(emulator: Running):
    response = acs3(emulator, "2015-04-01", "GetCallerIdentity")

    assert response.headers["content-type"] == "application/json;charset=utf-8"
    assert response.json()["IdentityType"] == "Account"


def test_replies_are_json_with_a_request_id_and_no_server_name(emulator: Running):
    response = emulator.rpc("Sts", "GetCallerIdentity")

    assert response.headers["content-type"] == "application/json;charset=utf-8"
    assert "server" not in response.headers
    request_id = response.json()["RequestId"]
    assert len(request_id) == 36 and request_id == request_id.upper()


@pytest.mark.parametrize("changed", [{"Format": "XML"}, {"Format": None}])
def test_replies_are_xml_unless_json_is_asked_for(emulator: Running, changed: dict[str, str]):
    emulator.ok("Ram", "CreateUser", UserName="alice", Comments="<a> & b")

    response = emulator.rpc("Ram", "ListUsers", **changed)

    assert response.headers["content-type"] == "text/xml;charset=utf-8"
    root = ElementTree.fromstring(response.content)
    assert root.tag == "ListUsersResponse"
    assert root.findtext("Users/User/Comments") == "<a> & b"
    assert root.findtext("IsTruncated") == "false"


def test_errors_have_the_common_envelope(emulator: Running):
    response = emulator.rpc("Ram", "GetUser", UserName="bob")

    body = response.json()
    assert response.status_code == 404
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert (body["Code"], body["HostId"]) == ("EntityNotExist.User", "ram.aliyuncs.com")


def test_errors_are_xml_too(emulator: Running):
    root = ElementTree.fromstring(emulator.rpc("Ram", "GetUser", UserName="bob", Format="XML").content)

    assert (root.tag, root.findtext("Code")) == ("Error", "EntityNotExist.User")


@pytest.mark.parametrize(
    ("version", "action", "status", "code"),
    [
        ("2015-05-01", "Nonsense", 404, "InvalidAction.NotFound"),
        ("2015-05-01", "__class__", 404, "InvalidAction.NotFound"),
        ("1999-01-01", "GetUser", 400, "InvalidVersion"),
        ("2018-11-11", "ListCluster", 404, "InvalidAction.NotFound"),
        ("", "GetUser", 400, "MissingVersion"),
    ],
)
def test_what_is_not_served_is_said_so(emulator: Running, version: str, action: str, status: int, code: str):
    fields = signed(rpc_fields(version, action), "GET")

    response = httpx.get(f"{emulator.url}/", params=fields)

    assert (response.status_code, response.json()["Code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "version", "status", "code"),
    [
        ("GET", "/api/v2/nonsense", "2018-11-11", 404, "InvalidApi.NotFound"),
        ("PATCH", "/api/v2/clusters", "2018-11-11", 404, "InvalidApi.NotFound"),
        ("GET", "/api/v2/clusters//details", "2018-11-11", 404, "InvalidApi.NotFound"),
        ("GET", "/api/v2/clusters", "2015-05-01", 400, "NoSuchVersion"),
        ("GET", "/api/v2/clusters", "", 400, "NoSuchVersion"),
    ],
)
def test_a_path_that_is_not_served_is_said_so(
    emulator: Running, method: str, path: str, version: str, status: int, code: str
):
    headers = roa_headers(method, path, {}, b"", version=version)

    response = httpx.request(method, emulator.url + path, headers=headers)

    assert (response.status_code, response.json()["Code"]) == (status, code)


def test_a_json_body_serves_as_parameters_in_roa(emulator: Running):
    body = json.dumps({"displayName": "flink", "orderId": "blinkonecs_cn-1", "count": 3, "on": True}).encode()
    headers = roa_headers("POST", "/api/v2/clusters", {}, body, content_type="application/json")

    httpx.post(f"{emulator.url}/api/v2/clusters", headers=headers, content=body)

    logged = emulator.cloud.calls.since()[-1]["parameters"]
    assert logged == {"displayName": "flink", "orderId": "blinkonecs_cn-1", "count": "3", "on": "true"}


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b'{"a": "\\ud800"}'])
def test_a_body_that_is_not_json_is_refused(emulator: Running, body: bytes):
    headers = roa_headers("POST", "/api/v2/clusters", {}, body, content_type="application/json")

    response = httpx.post(f"{emulator.url}/api/v2/clusters", headers=headers, content=body)

    assert (response.status_code, response.json()["Code"]) == (400, "InvalidParameter.Body")


def test_ververica_is_told_by_its_version(emulator: Running):
    path = "/api/v2/engine-version-meta.json"
    headers = roa_headers("GET", path, {}, b"", version="2022-07-18") | {"workspace": "nobody-has-it"}

    response = httpx.get(emulator.url + path, headers=headers)

    assert emulator.cloud.calls.since()[-1]["product"] == "ververica"
    assert "requestId" in response.json() or "RequestId" in response.json()


def test_a_user_without_rights_is_refused_with_detail(emulator: Running):
    alice = emulator.user("alice")

    ram = emulator.rpc("Ram", "ListUsers", alice)
    vpc = emulator.rpc("Vpc", "DescribeVpcs", alice, RegionId="cn-hangzhou")

    assert (ram.status_code, ram.json()["Code"]) == (403, "NoPermission")
    assert (vpc.status_code, vpc.json()["Code"]) == (403, "Forbidden.RAM")
    assert vpc.json()["AccessDeniedDetail"] == {
        "AuthAction": "vpc:DescribeVpcs",
        "AuthPrincipalDisplayName": emulator.cloud.world.parts["ram"].users["alice"].id,
        "AuthPrincipalOwnerId": emulator.cloud.world.account_id,
        "AuthPrincipalType": "SubUser",
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }


def test_a_user_may_ask_who_he_is_without_any_right(emulator: Running):
    assert emulator.ok("Sts", "GetCallerIdentity", emulator.user("alice"))["IdentityType"] == "RAMUser"


def test_a_user_may_do_what_his_policies_allow(emulator: Running):
    alice = emulator.user("alice", "AliyunVPCFullAccess")

    emulator.ok("Vpc", "CreateVpc", alice, RegionId="cn-hangzhou", VpcName="flink")

    assert emulator.rpc("Ram", "ListUsers", alice).status_code == 403


def test_assuming_a_role_needs_the_right_to(emulator: Running):
    alice = emulator.user("alice")
    arn = f"acs:ram::{emulator.cloud.world.account_id}:role/admin"

    response = emulator.rpc("Sts", "AssumeRole", alice, RoleArn=arn, RoleSessionName="test")

    assert (response.status_code, response.json()["Code"]) == (403, "NoPermission")
    assert response.json()["AccessDeniedDetail"]["AuthAction"] == "sts:AssumeRole"


def test_a_bug_in_a_handler_is_an_internal_error_without_a_trace(
    emulator: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(world: object, request: object):
        raise ZeroDivisionError("the inside")

    monkeypatch.setitem(products.BY_VERSION["2015-05-01"].routes, "ListUsers", broken)

    with caplog.at_level(logging.ERROR, "emulator"):
        response = emulator.rpc("Ram", "ListUsers")

    assert (response.status_code, response.json()["Code"]) == (500, "InternalError")
    assert "inside" not in response.text
    assert response.json()["RequestId"] in caplog.text


def test_a_refusal_may_replace_the_envelope(emulator: Running, monkeypatch: pytest.MonkeyPatch):
    def refused(world: object, request: object):
        raise Refusal(200, "NotEnough", body={"Success": False, "Code": "NotEnough"})

    monkeypatch.setitem(products.BY_VERSION["2015-05-01"].routes, "ListUsers", refused)

    response = emulator.rpc("Ram", "ListUsers")

    assert response.status_code == 200
    assert response.json() == {"RequestId": response.json()["RequestId"], "Success": False, "Code": "NotEnough"}
    assert emulator.cloud.calls.since()[-1]["code"] == "NotEnough"


def test_a_body_of_more_than_16_mib_is_refused(emulator: Running):
    fields = signed(rpc_fields("2015-05-01", "ListUsers"), "POST")
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    response = httpx.post(f"{emulator.url}/", params=fields, content=b"a" * (16 * 1024 * 1024 + 1), headers=form)

    assert response.status_code == 413


def test_too_many_parameters_are_refused(emulator: Running):
    response = httpx.get(f"{emulator.url}/?Action=ListUsers&" + "a=b&" * 6000)

    assert response.status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "/?Action=%ff%fe&Version=%00",
        "/?Action=ListUsers&Action=&Version=2015-05-01",
        "/?%",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/api/v2/clusters/%2f%00/details",
        "/gateway/v2/namespaces/%ff/members",
        "/_emulator/%ff",
        "/_emulator/",
        "//",
        "/?OSSAccessKeyId=&Signature=&Expires=x",
        "/?x-oss-signature-version=%ff",
    ],
)
@pytest.mark.parametrize(
    "authorization",
    ["", "acs", "acs :", "acs a:b", "ACS3-HMAC-SHA256 x", "OSS a", "OSS a:b", "OSS4-HMAC-SHA256 x", "é"],
)
def test_nonsense_is_answered_with_a_client_error(emulator: Running, target: str, authorization: str):
    headers = {"authorization": authorization.encode()} if authorization else {}

    response = httpx.get(emulator.url + target, headers=headers)

    assert 400 <= response.status_code < 500


def test_broken_http_does_not_hurt_others(emulator: Running):
    host, port = emulator.url.removeprefix("http://").split(":")
    for content in (b"\x00\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nx"):
        with socket.create_connection((host, int(port)), 5) as raw:
            raw.sendall(content)

    assert emulator.rpc("Ram", "ListUsers").status_code == 200


def test_calls_at_the_same_moment_change_the_world_one_after_the_other(emulator: Running):
    def create(number: int) -> int:
        return emulator.rpc("Ram", "CreateUser", UserName=f"user{number % 10}").status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(create, range(40)))

    assert sorted(statuses) == [200] * 10 + [409] * 30


def test_a_foreign_bucket_host_leads_to_oss(emulator: Running):
    response = httpx.get(f"{emulator.url}/", headers={"host": "some-bucket.oss-cn-hangzhou.aliyuncs.com"})

    assert (response.status_code, ElementTree.fromstring(response.content).findtext("Code")) == (404, "NoSuchBucket")
    assert emulator.cloud.calls.since()[-1]["product"] == "Oss"
    assert not [name for name in response.headers if name.startswith("x-emulator")]


def test_the_region_is_the_parameters_the_headers_or_the_accounts(emulator: Running, monkeypatch: pytest.MonkeyPatch):
    seen = []

    def look(world: object, request: object):
        seen.append(request.region)  # type: ignore[attr-defined]
        return {}

    monkeypatch.setitem(products.BY_VERSION["2015-05-01"].routes, "ListUsers", look)
    emulator.ok("Ram", "ListUsers", RegionId="cn-beijing")
    emulator.ok("Ram", "ListUsers")

    assert seen == ["cn-beijing", "cn-hangzhou"]


def test_the_log_says_who_did_what_and_hides_secrets(emulator: Running):
    emulator.ok("Ram", "CreateUser", UserName="alice")
    emulator.ok("Ram", "CreateLoginProfile", UserName="alice", Password="a secret word")
    emulator.rpc("Ram", "GetUser", UserName="bob")
    roa(emulator, "GET", "/api/v2/clusters")

    calls = emulator.control("GET", "calls")["calls"]

    assert [(call["action"], call["write"], call["status"], call["code"]) for call in calls] == [
        ("CreateUser", True, 200, ""),
        ("CreateLoginProfile", True, 200, ""),
        ("GetUser", False, 404, "EntityNotExist.User"),
        ("ListCluster", False, 200, ""),
    ]
    assert {call["caller"] for call in calls} == {f"acs:ram::{emulator.cloud.world.account_id}:root"}
    assert {call["access_key_id"] for call in calls} == {ACCOUNT.access_key_id}
    assert calls[1]["parameters"]["Password"] == calls[1]["parameters"]["Signature"] == "***"
    assert "a secret word" not in json.dumps(calls)


def test_replies_do_not_wait_for_the_clients_acknowledgement(emulator: Running):
    with httpx.Client() as client:
        started = time.monotonic()
        for _ in range(20):
            client.get(f"{emulator.url}/_emulator/health")

    # With Nagle's delay each reply on a kept connection takes 40 ms.
    assert time.monotonic() - started < 20 * 0.03
