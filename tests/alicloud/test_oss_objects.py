"""Objects: UDF packages, and whatever else is kept in the bucket."""

import json
from base64 import b64decode
from dataclasses import replace
from hashlib import md5, sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from oss2 import xml_utils
from oss2.models import HeadObjectResult, PutObjectResult

from alicloud import oss_objects
from alicloud.call import Kind
from alicloud.errors import Unmet
from alicloud.oss_objects import StoredObject, UdfSpec

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator/response-samples.json").read_text())["oss/v1"]
HELLO = "5D41402ABC4B2A76B9719D911017C592"

SPEC = oss_objects.udf_spec("flink-udf", "udf/hello.jar", "build/hello.jar", b"hello")
STORED = StoredObject("udf/hello.jar", HELLO, 5)
CHECKSUM = sha256(b"hello").hexdigest()
OURS = StoredObject("udf/hello.jar", f"{HELLO}-2", 5, CHECKSUM, "1.0")  # in parts, with our metadata


def _answer(name: str) -> SimpleNamespace:
    headers = {key.lower(): value for key, value in SAMPLES[name]["headers"].items()}
    return SimpleNamespace(headers=headers, status=SAMPLES[name]["status"], request_id="r", read=lambda: b"")


def test_the_published_head_is_read():
    call = oss_objects.head_object("flink-udf", "udf/hello.jar")

    assert call.parse(HeadObjectResult(_answer("HeadObject"))) == STORED


def test_the_published_upload_gives_the_etag():
    call = oss_objects.put_object("flink-udf", "udf/hello.jar", b"hello")

    assert call.parse(PutObjectResult(_answer("PutObject"))) == HELLO


def test_the_published_object_is_read():
    assert oss_objects.get_object("b", "k").parse((object(), SAMPLES["GetObject"]["body"].encode())) == b"hello"


def _listed(body: str) -> SimpleNamespace:
    empty = SimpleNamespace(object_list=[], prefix_list=[], is_truncated=False, next_marker="")
    xml_utils.parse_list_objects(empty, body)
    return empty


def test_the_published_list_is_read():
    call = oss_objects.list_objects("example-bucket", "")
    result = _listed(SAMPLES["ListObjects"]["body"])

    assert call.parse(result) == (StoredObject("a", HELLO, 5),)
    assert call.next_page(result) is None


def test_a_list_is_read_to_its_last_page():
    body = SAMPLES["ListObjects"]["body"].replace(
        "<IsTruncated>false</IsTruncated>", "<IsTruncated>true</IsTruncated><NextMarker>a</NextMarker>"
    )

    assert oss_objects.list_objects("example-bucket", "").next_page(_listed(body)) == {"marker": "a"}


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (oss_objects.head_object("b", "k"), None),
        (oss_objects.get_object("b", "k"), None),
        (oss_objects.list_objects("b", "p/"), ()),
    ],
)
def test_an_absent_object_or_bucket_is_an_answer(call, missing):
    assert call.is_read
    assert call.absent == {"NoSuchKey", "NoSuchBucket"}
    assert call.missing == missing


def test_deleting_what_is_absent_is_done():
    assert oss_objects.delete_object("b", "k").done == {"NoSuchKey", "NoSuchBucket"}


def test_an_upload_shows_its_content_in_no_repr_and_guards_it_on_its_way():
    call = oss_objects.put_object("b", "k", b"private content")

    assert b64decode(call.arguments["headers"]["Content-MD5"]) == md5(b"private content").digest()
    assert "private content" not in repr(call)
    assert call.kind is Kind.LOOKED
    assert call.means == "write oss://b/k (15 bytes)"


@pytest.mark.parametrize("forbid", [True, False])
def test_an_upload_may_be_forbidden_to_overwrite(forbid):
    call = oss_objects.put_object("b", "k", b"x", forbid_overwrite=forbid)

    assert call.arguments["headers"].get("x-oss-forbid-overwrite") == ("true" if forbid else None)


def test_the_metadata_that_an_upload_gives_is_read_again():
    spec = oss_objects.udf_spec("b", "k", "k", b"hello", "1.0")
    (call,) = oss_objects.udf_changes(spec, None)
    kept = {name: text for name, text in call.arguments["headers"].items() if name != "Content-MD5"}
    answer = SimpleNamespace(headers={"etag": HELLO, "content-length": "5", **kept}, status=200, request_id="r")

    found = oss_objects.head_object("b", "k").parse(HeadObjectResult(answer))

    assert kept == {"x-oss-meta-sha256": CHECKSUM, "x-oss-meta-version": "1.0"}
    assert (found.sha256, found.version) == (CHECKSUM, "1.0")


def test_a_package_is_described_by_its_content_and_hides_it():
    assert UdfSpec("flink-udf", "udf/hello.jar", "build/hello.jar", HELLO.lower(), 5, CHECKSUM) == SPEC
    assert "b'hello'" not in repr(SPEC)


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("actual", "actions"),
    [
        (None, ["PutObject"]),
        (STORED, []),
        (StoredObject("udf/hello.jar", HELLO.lower(), 5), []),
        (StoredObject("udf/hello.jar", f'"{HELLO}"', 5), []),
        (StoredObject("udf/hello.jar", "B864DB6A936D376F9F8D3ED3BBE540DD", 5), ["PutObject"]),
        (StoredObject("udf/hello.jar", f"{HELLO}-1", 5), ["PutObject"]),  # uploaded in parts: the ETag is no MD5
        (OURS, []),
        (replace(OURS, size=6), ["PutObject"]),
        (replace(OURS, sha256="0" * 64), ["PutObject"]),
        (replace(OURS, etag=HELLO, sha256="0" * 64), ["PutObject"]),  # the checksum is the stronger
    ],
)
def test_a_package_is_uploaded_unless_the_same_is_there(actual, actions):
    assert [call.action for call in oss_objects.udf_changes(SPEC, actual)] == actions


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("wanted", "there", "same"),
    [("", "", True), ("", "1.0", True), ("1.0", "1.0", True), ("1.0", "", True), ("1.1", "1.0", False)],
)
def test_another_version_than_the_wanted_is_wrong_and_one_that_is_not_told_is_not(wanted, there, same):
    spec = replace(SPEC, version=wanted)

    assert oss_objects.holds(spec, replace(OURS, version=there)) is same


def test_what_an_upload_overwrites_is_told():
    spec = replace(SPEC, version="1.1")

    changes = oss_objects.overwritten(spec, replace(OURS, sha256="0" * 64, size=4))

    assert list(map(str, changes)) == [
        f"SHA-256: {'0' * 64} → {CHECKSUM}",
        "size: 4 bytes → 5 bytes",
        "version: 1.0 → 1.1",
    ]


def test_a_package_that_is_there_needs_no_content():
    spec = UdfSpec("flink-udf", "udf/hello.jar", "build/hello.jar", HELLO.lower(), 5)

    assert oss_objects.udf_changes(spec, STORED) == []


def test_content_that_is_not_what_was_described_is_not_uploaded():
    spec = UdfSpec("flink-udf", "udf/hello.jar", "build/hello.jar", HELLO.lower(), 5, data=b"hel")

    with pytest.raises(Unmet, match=r"build/hello\.jar has changed"):
        oss_objects.udf_changes(spec, None)


def test_a_dry_run_hands_on_the_package_as_uploaded():
    assert oss_objects.udf_changes(SPEC, oss_objects.planned_object(SPEC)) == []
