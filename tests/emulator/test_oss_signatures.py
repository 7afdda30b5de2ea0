"""Signatures of the vendor's client, and what becomes of those that are not right."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import oss2
import pytest

from emulator import ram
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from emulator.world import Clock
from tests.emulator.client import Running
from tests.emulator.oss_client import make_bucket, paths

V1, V4 = "v1", "v4"
ODD_KEY = "udf/ä b+c%2F~(1)'*.jar"


def auth(version: str, key: str = ACCESS_KEY_ID, secret: str = ACCESS_KEY_SECRET) -> Any:
    return oss2.AuthV4(key, secret) if version == V4 else oss2.Auth(key, secret)


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        call()
    return caught.value.status, caught.value.code


def session(emulator: Running, expires_at: float = float("inf")) -> None:
    world = emulator.cloud.world
    world.part(ram.State).sessions["STS.key"] = ram.Session(
        access_key_id="STS.key",
        secret="sts-secret",
        token="sts-token",
        role_name="reader",
        role_id="3001",
        session_name="s",
        policy="",
        expires_at=expires_at,
    )


@pytest.mark.parametrize("version", [V1, V4])
def test_the_vendors_client_is_understood(emulator: Running, version: str) -> None:
    bucket = make_bucket(emulator, auth=auth(version))
    headers = {"x-oss-meta-owner": "flink", "Content-Type": "text/plain; charset=utf-8"}

    bucket.put_object(ODD_KEY, b"hello", headers=headers)
    found = bucket.get_object(ODD_KEY)

    assert found.read() == b"hello"
    assert found.headers["x-oss-meta-owner"] == "flink"
    assert [item.key for item in bucket.list_objects(prefix="udf/ä b+").object_list] == [ODD_KEY]


@pytest.mark.parametrize("version", [V1, V4])
def test_a_wrong_secret_is_refused_with_the_string_to_sign(emulator: Running, version: str) -> None:
    bucket = make_bucket(emulator, auth=auth(version, secret="wrong"), create=False)

    with pytest.raises(oss2.exceptions.SignatureDoesNotMatch) as caught:
        bucket.get_bucket_info()

    details = caught.value.details
    assert details["StringToSign"].startswith("GET\n" if version == V1 else "OSS4-HMAC-SHA256\n")
    assert details["SignatureProvided"]
    assert emulator.cloud.calls.since()[-1]["code"] == "SignatureDoesNotMatch"
    assert emulator.cloud.calls.since()[-1]["caller"] == ""


@pytest.mark.parametrize("version", [V1, V4])
def test_an_unknown_key_is_refused(emulator: Running, version: str) -> None:
    bucket = make_bucket(emulator, auth=auth(version, key="LTAIunknown"), create=False)

    assert refused(bucket.get_bucket_info) == (403, "InvalidAccessKeyId")


@pytest.mark.parametrize("version", [V1, V4])
def test_a_disabled_key_is_refused(emulator: Running, version: str) -> None:
    emulator.cloud.world.part(ram.State).keys[ACCESS_KEY_ID].active = False
    bucket = make_bucket(emulator, auth=auth(version), create=False)

    assert refused(bucket.get_bucket_info) == (403, "InvalidAccessKeyId")


@pytest.mark.parametrize("version", [V1, V4])
@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_skewed_clock_is_refused(
    emulator: Running, monkeypatch: pytest.MonkeyPatch, version: str, minutes: int
) -> None:
    bucket = make_bucket(emulator, auth=auth(version))
    then = time.time() - minutes * 60
    monkeypatch.setattr(emulator.cloud.world, "clock", Clock(wall=lambda: then))

    assert refused(bucket.get_bucket_info) == (403, "RequestTimeTooSkewed")


@pytest.mark.parametrize("version", [V1, V4])
@pytest.mark.parametrize("header", ["x-oss-meta-owner", "content-type", "content-md5"])
def test_a_tampered_header_is_refused(emulator: Running, version: str, header: str) -> None:
    bucket = make_bucket(emulator, auth=auth(version))
    send = bucket.session.do_request

    def tampering(request: Any, timeout: Any) -> Any:
        request.headers[header] = "XUFAKrxLKna5cZ2REBfFkg=="
        return send(request, timeout)

    bucket.session.do_request = tampering

    assert refused(lambda: bucket.put_object("k", b"hello", headers={"x-oss-meta-owner": "flink"})) == (
        403,
        "SignatureDoesNotMatch",
    )
    assert "k" not in emulator.cloud.world.parts["oss_state"].buckets["flink-udf"].objects


@pytest.mark.parametrize("version", [V1, V4])
def test_a_presigned_url_is_good_for_its_method_and_key(emulator: Running, version: str) -> None:
    bucket = make_bucket(emulator, auth=auth(version))

    put = httpx.put(bucket.sign_url("PUT", ODD_KEY, 60), content=b"hello")
    got = httpx.get(bucket.sign_url("GET", ODD_KEY, 60))
    wrong_method = httpx.delete(bucket.sign_url("GET", ODD_KEY, 60))
    wrong_key = httpx.get(bucket.sign_url("GET", "a", 60).replace("/a?", "/b?"))

    assert (put.status_code, got.status_code, got.content) == (200, 200, b"hello")
    assert wrong_method.status_code == wrong_key.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in wrong_method.text


@pytest.mark.parametrize("version", [V1, V4])
def test_a_presigned_url_can_bind_headers_and_parameters(emulator: Running, version: str) -> None:
    bucket = make_bucket(emulator, auth=auth(version))
    bucket.put_object("k", b"hello")
    headers = {"Content-Type": "text/plain", "x-oss-meta-a": "b"}

    bound = httpx.put(bucket.sign_url("PUT", "j", 60, headers=headers), headers=headers, content=b"x")
    unbound = httpx.put(bucket.sign_url("PUT", "j", 60, headers=headers), content=b"x")
    named = httpx.get(bucket.sign_url("GET", "k", 60, params={"response-content-type": "text/x-flink"}))

    assert (bound.status_code, unbound.status_code) == (200, 403)
    assert named.headers["content-type"] == "text/x-flink"


@pytest.mark.parametrize("version", [V1, V4])
def test_a_presigned_url_expires(emulator: Running, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    bucket = make_bucket(emulator, auth=auth(version))
    bucket.put_object("k", b"hello")
    url, wall = bucket.sign_url("GET", "k", 60), time.time()
    monkeypatch.setattr(emulator.cloud.world.clock, "wall", lambda: wall + 62)

    reply = httpx.get(url)

    assert (reply.status_code, "Request has expired." in reply.text) == (403, True)


def test_a_version_4_url_lasts_seven_days_at_most(emulator: Running) -> None:
    bucket = make_bucket(emulator, auth=auth(V4))

    assert httpx.get(bucket.sign_url("GET", "k", 604_801)).status_code == 400


@pytest.mark.parametrize("version", [V1, V4])
@pytest.mark.parametrize(
    ("token", "expires_in", "code"),
    [
        ("sts-token", 60, "NoSuchBucket"),  # good: so far that the bucket is looked for
        ("another", 60, "InvalidSecurityToken"),
        ("", 60, "InvalidAccessKeyId"),
        ("sts-token", -1, "SecurityTokenExpired"),
    ],
)
def test_a_temporary_key_needs_its_token(
    emulator: Running, version: str, token: str, expires_in: float, code: str
) -> None:
    session(emulator, emulator.cloud.world.now() + expires_in)
    bucket = make_bucket(emulator, auth=oss2.StsAuth("STS.key", "sts-secret", token, version), create=False)

    assert refused(bucket.get_bucket_info)[1] == code
    assert f"<Code>{code}</Code>" in httpx.get(bucket.sign_url("GET", "k", 60)).text


def test_a_lasting_key_has_no_token(emulator: Running) -> None:
    bucket = make_bucket(emulator, auth=oss2.StsAuth(ACCESS_KEY_ID, ACCESS_KEY_SECRET, "token"), create=False)

    assert refused(bucket.get_bucket_info) == (403, "InvalidSecurityToken")


def test_a_version_4_scope_is_the_region_of_the_endpoint(emulator: Running) -> None:
    make_bucket(emulator, auth=auth(V4), region="cn-shanghai")
    elsewhere = make_bucket(emulator, auth=auth(V4), region="cn-beijing", create=False)

    with pytest.raises(oss2.exceptions.AccessDenied) as caught:
        elsewhere.get_bucket_info()

    assert caught.value.details["Endpoint"] == "oss-cn-shanghai.aliyuncs.com"


@pytest.mark.parametrize(
    "authorization",
    [
        "OSS",
        "OSS :",
        "OSS nocolon",
        "OSS2 AccessKeyId:a,Signature:b",
        "Basic abc",
        "OSS4-HMAC-SHA256 Credential=a/b, Signature=c",
        "OSS4-HMAC-SHA256 ,,,==",
        "OSS ä:ö",
    ],
)
def test_a_malformed_authorization_is_refused(emulator: Running, authorization: str) -> None:
    headers = {"authorization": authorization.encode("latin-1"), "host": "flink-udf.oss-cn-hangzhou.aliyuncs.com"}

    reply = httpx.get(emulator.url + "/", headers=headers)

    assert reply.status_code in (400, 403)
    assert paths(reply.content) >= {"Error", "Error/Code", "Error/Message", "Error/RequestId", "Error/HostId"}


@pytest.mark.parametrize(
    "query",
    [
        {"OSSAccessKeyId": "a"},
        {"OSSAccessKeyId": ACCESS_KEY_ID, "Signature": "ä", "Expires": "99999999999"},
        {"OSSAccessKeyId": ACCESS_KEY_ID, "Signature": "a", "Expires": "-1"},
        {"x-oss-signature-version": "OSS2", "x-oss-signature": "a"},
        {"x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-date": "tomorrow"},
        {"x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-date": "20260101T000000Z", "x-oss-expires": "x"},
    ],
)
def test_a_malformed_presigned_url_is_refused(emulator: Running, query: dict[str, str]) -> None:
    reply = httpx.get(f"{emulator.url}/flink-udf/k?{urlencode(query)}")

    assert reply.status_code in (400, 403)
    assert "Error/Code" in paths(reply.content)
