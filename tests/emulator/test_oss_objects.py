"""Objects: writing, reading, copying, deleting, with and without versions."""

import base64
import hashlib
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx
import oss2
import pytest

from emulator import oss
from tests.emulator.client import Running
from tests.emulator.oss_client import last, make_bucket, paths

HELLO_MD5 = "5D41402ABC4B2A76B9719D911017C592"


@pytest.fixture
def bucket(emulator: Running) -> oss2.Bucket:
    return make_bucket(emulator)


@pytest.fixture
def versioned(bucket: oss2.Bucket) -> oss2.Bucket:
    return set_versioning(bucket, "Enabled")


def set_versioning(bucket: oss2.Bucket, status: str) -> oss2.Bucket:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(status))
    return bucket


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        call()
    return caught.value.status, caught.value.code


def body(bucket: oss2.Bucket, key: str = "k", version_id: str = "") -> bytes:
    read: bytes = bucket.get_object(key, params={"versionId": version_id} if version_id else None).read()
    return read


def test_an_object_comes_back_as_it_was_put(bucket: oss2.Bucket) -> None:
    headers = {
        "x-oss-meta-team": "flink",
        "Cache-Control": "no-cache",
        "Content-Disposition": "inline",
        "x-oss-storage-class": "IA",
        "x-oss-server-side-encryption": "AES256",
    }

    put = bucket.put_object("udf.jar", b"hello", headers=headers)
    got = bucket.get_object("udf.jar")

    assert (put.etag, put.crc) == (HELLO_MD5, 11177612005948864433)
    assert (got.read(), got.content_type, got.etag) == (b"hello", "application/java-archive", HELLO_MD5)
    assert got.headers["x-oss-storage-class"] == "IA"
    assert {name: got.headers[name] for name in headers} == headers


def test_a_large_body_has_the_checksum_that_the_client_computes(bucket: oss2.Bucket) -> None:
    data = bytes(range(256)) * 12_345

    bucket.put_object("k", data)  # the client compares the checksums

    assert body(bucket) == data
    assert bucket.head_object("k").server_crc == int(last(bucket).headers["x-oss-hash-crc64ecma"])


def test_a_wrong_digest_is_refused(bucket: oss2.Bucket) -> None:
    digest = base64.b64encode(hashlib.md5(b"other").digest()).decode()

    assert refused(lambda: bucket.put_object("k", b"hello", headers={"Content-MD5": digest})) == (400, "InvalidDigest")
    assert not bucket.object_exists("k")


def test_forbidding_to_overwrite_protects_what_is_there(bucket: oss2.Bucket) -> None:
    forbid = {"x-oss-forbid-overwrite": "true"}
    bucket.put_object("k", b"first", headers=forbid)

    assert refused(lambda: bucket.put_object("k", b"second", headers=forbid)) == (409, "FileAlreadyExists")
    assert refused(lambda: bucket.copy_object("flink-udf", "k", "k", headers=forbid)) == (409, "FileAlreadyExists")
    assert refused(lambda: bucket.init_multipart_upload("k", headers=forbid)) == (409, "FileAlreadyExists")
    assert body(bucket) == b"first"


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_forbidding_to_overwrite_does_nothing_once_versioning_was_enabled(bucket: oss2.Bucket, status: str) -> None:
    set_versioning(bucket, status)
    bucket.put_object("k", b"first")

    bucket.put_object("k", b"second", headers={"x-oss-forbid-overwrite": "true"})

    assert body(bucket) == b"second"


def test_forbidding_takes_true_or_false_alone(bucket: oss2.Bucket) -> None:
    headers = {"x-oss-forbid-overwrite": "abc"}

    assert refused(lambda: bucket.put_object("k", b"", headers=headers)) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("asked", "status", "got", "content_range"),
    [
        ("bytes=0-1", 206, b"he", "bytes 0-1/5"),
        ("bytes=2-", 206, b"llo", "bytes 2-4/5"),
        ("bytes=-2", 206, b"lo", "bytes 3-4/5"),
        ("bytes=0-4", 200, b"hello", None),
        ("bytes=3-9", 200, b"hello", None),  # beyond the end: all of it
        ("bytes=9-", 200, b"hello", None),
        ("bytes=3-2", 200, b"hello", None),
        ("bytes=-0", 200, b"hello", None),
        ("bytes=-", 200, b"hello", None),
        ("lines=1-2", 200, b"hello", None),
        ("bytes=0-1,3-4", 200, b"hello", None),
    ],
)
def test_a_range_gives_a_part(
    bucket: oss2.Bucket, asked: str, status: int, got: bytes, content_range: str | None
) -> None:
    bucket.put_object("k", b"hello")

    found = bucket.get_object("k", headers={"Range": asked})

    assert (found.status, last(bucket).body, found.content_range) == (status, got, content_range)


@pytest.mark.parametrize(("asked", "got"), [("bytes=3-9", b"lo"), ("bytes=-9", b"hello")])
def test_the_standard_behaviour_cuts_a_range_at_the_end(bucket: oss2.Bucket, asked: str, got: bytes) -> None:
    bucket.put_object("k", b"hello")

    bucket.get_object("k", headers={"Range": asked, "x-oss-range-behavior": "standard"})

    assert last(bucket).body == got


def test_the_standard_behaviour_refuses_a_range_beyond_the_end(bucket: oss2.Bucket) -> None:
    bucket.put_object("k", b"hello")
    headers = {"Range": "bytes=5-", "x-oss-range-behavior": "standard"}

    assert refused(lambda: bucket.get_object("k", headers=headers)) == (416, "InvalidRange")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": f'"{HELLO_MD5}"'}, 200),
        ({"If-Match": '"00"'}, 412),
        ({"If-None-Match": f'"{HELLO_MD5}"'}, 304),
        ({"If-None-Match": '"00"'}, 200),
        ({"If-Modified-Since": formatdate(time.time() + 3600, usegmt=True)}, 304),
        ({"If-Modified-Since": formatdate(0, usegmt=True)}, 200),
        ({"If-Modified-Since": "some day"}, 200),
        ({"If-Unmodified-Since": formatdate(0, usegmt=True)}, 412),
    ],
)
@pytest.mark.parametrize("read", ["get_object", "head_object", "get_object_meta"])
def test_a_condition_decides(bucket: oss2.Bucket, read: str, headers: dict[str, str], status: int) -> None:
    bucket.put_object("k", b"hello")

    try:
        getattr(bucket, read)("k", headers=headers)
    except oss2.exceptions.ServerError as error:
        assert error.status == status
    assert last(bucket).status == status


def test_an_absent_object_is_told_apart_from_an_absent_bucket(emulator: Running, bucket: oss2.Bucket) -> None:
    absent = make_bucket(emulator, "absent-bucket", create=False)

    assert refused(lambda: bucket.get_object("k")) == (404, "NoSuchKey")
    assert refused(lambda: absent.get_object("k")) == (404, "NoSuchBucket")
    assert refused(lambda: absent.put_object("k", b"")) == (404, "NoSuchBucket")
    assert refused(lambda: absent.delete_object("k")) == (404, "NoSuchBucket")


def test_a_head_that_fails_has_no_body(bucket: oss2.Bucket) -> None:
    with pytest.raises(oss2.exceptions.NotFound):
        bucket.head_object("k")

    assert last(bucket).body == b""
    assert bucket.object_exists("k") is False


def test_deleting_what_is_absent_is_no_error(bucket: oss2.Bucket) -> None:
    assert bucket.delete_object("k").status == 204


@pytest.mark.parametrize("key", ["/absolute", "\\windows", "x" * 1024, "ä" * 512])
def test_a_bad_key_is_refused(bucket: oss2.Bucket, key: str) -> None:
    assert refused(lambda: bucket.put_object(key, b"")) == (400, "InvalidObjectName")


def test_a_path_that_is_not_utf_8_is_refused(emulator: Running, bucket: oss2.Bucket) -> None:
    reply = httpx.get(f"{emulator.url}/flink-udf/%ff")

    assert (reply.status_code, "InvalidObjectName" in reply.text) == (400, True)


def test_a_copy_takes_content_and_headers_along(bucket: oss2.Bucket) -> None:
    bucket.put_object("a ä/b", b"hello", headers={"x-oss-meta-team": "flink", "Content-Type": "text/plain"})

    copied = bucket.copy_object("flink-udf", "a ä/b", "copy")

    assert body(bucket, "copy") == b"hello"
    assert bucket.head_object("copy").headers["x-oss-meta-team"] == "flink"
    assert paths(last_copy(bucket)) == {"CopyObjectResult", "CopyObjectResult/ETag", "CopyObjectResult/LastModified"}
    assert copied.status == 200


def last_copy(bucket: oss2.Bucket) -> bytes:
    return next(heard.body for heard in reversed(bucket.session.heard) if b"<CopyObjectResult>" in heard.body)


def test_a_copy_can_replace_the_headers(bucket: oss2.Bucket) -> None:
    bucket.put_object("a", b"hello", headers={"x-oss-meta-team": "flink"})

    bucket.update_object_meta("a", {"x-oss-metadata-directive": "REPLACE", "x-oss-meta-other": "1"})

    head = bucket.head_object("a").headers
    assert ("x-oss-meta-team" in head, head["x-oss-meta-other"]) == (False, "1")


def test_a_copy_needs_a_source(bucket: oss2.Bucket) -> None:
    assert refused(lambda: bucket.copy_object("flink-udf", "absent", "k")) == (404, "NoSuchKey")
    assert refused(lambda: bucket.copy_object("absent-bucket", "a", "k")) == (404, "NoSuchBucket")
    assert refused(lambda: bucket.put_object("k", b"", headers={"x-oss-copy-source": "nowhere"})) == (
        400,
        "InvalidArgument",
    )


def test_every_put_makes_a_version(versioned: oss2.Bucket) -> None:
    first = versioned.put_object("k", b"1").versionid
    second = versioned.put_object("k", b"2").versionid

    assert (body(versioned), body(versioned, "k", first), body(versioned, "k", second)) == (b"2", b"1", b"2")
    assert refused(lambda: body(versioned, "k", "CAEQabsent")) == (404, "NoSuchVersion")
    assert refused(lambda: body(versioned, "k", "a\nb"))[0] == 400


def test_deleting_leaves_a_marker_that_can_be_taken_away(versioned: oss2.Bucket) -> None:
    versioned.put_object("k", b"1")

    deleted = versioned.delete_object("k")

    assert deleted.delete_marker
    assert not versioned.object_exists("k")
    assert refused(lambda: body(versioned, "k", deleted.versionid)) == (405, "MethodNotAllowed")
    assert versioned.delete_object("k", params={"versionId": deleted.versionid}).delete_marker
    assert body(versioned) == b"1"


def test_deleting_a_version_is_for_good(versioned: oss2.Bucket) -> None:
    first = versioned.put_object("k", b"1").versionid
    second = versioned.put_object("k", b"2").versionid

    versioned.delete_object("k", params={"versionId": second})
    assert body(versioned) == b"1"
    versioned.delete_object("k", params={"versionId": first})

    assert versioned.list_object_versions().versions == []
    versioned.delete_bucket()


def test_suspended_versioning_writes_over_the_null_version_alone(versioned: oss2.Bucket) -> None:
    kept = versioned.put_object("k", b"kept").versionid
    set_versioning(versioned, "Suspended")

    versioned.put_object("k", b"1")
    versioned.put_object("k", b"2")

    assert [found.versionid for found in versioned.list_object_versions().versions] == ["null", kept]
    assert body(versioned) == b"2"


def test_what_was_there_before_versioning_is_the_null_version(bucket: oss2.Bucket) -> None:
    bucket.put_object("k", b"old")
    set_versioning(bucket, "Enabled")

    bucket.put_object("k", b"new")

    assert body(bucket, "k", "null") == b"old"


def test_many_are_deleted_at_once(bucket: oss2.Bucket) -> None:
    keys = ["a b", "ä", "x/y"]
    for key in keys:
        bucket.put_object(key, b"")

    deleted = bucket.batch_delete_objects([*keys, "absent"])

    assert deleted.deleted_keys == [*keys, "absent"]
    assert bucket.list_objects().object_list == []


def test_versions_are_deleted_at_once(versioned: oss2.Bucket) -> None:
    versioned.put_object("k", b"1")
    marked = versioned.batch_delete_objects(["k"]).delete_versions[0]
    listed = versioned.list_object_versions()
    wanted = oss2.models.BatchDeleteObjectVersionList()
    for found in [*listed.versions, *listed.delete_marker]:
        wanted.append(oss2.models.BatchDeleteObjectVersion(found.key, found.versionid))

    versioned.delete_object_versions(wanted)

    assert (marked.delete_marker, bool(marked.delete_marker_versionid)) == (True, True)
    versioned.delete_bucket()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<Delete>",
        b"<Other/>",
        b"<Delete/>",
        b"<Delete><Object/></Delete>",
        b"<Delete>" + b"<Object><Key>k</Key></Object>" * 1001 + b"</Delete>",
        b'<!DOCTYPE d [<!ENTITY e "x">]><Delete><Object><Key>&e;</Key></Object></Delete>',
        b"<Delete>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</Delete>",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="nonsense"?><Delete/>',
        b"<Delete>" + b" " * 5_000_000 + b"</Delete>",
    ],
)
def test_a_malformed_document_is_refused(emulator: Running, bucket: oss2.Bucket, document: bytes) -> None:
    bucket.put_object("k", b"")

    status, code = refused(
        lambda: bucket._Bucket__do_bucket("POST", data=document, params={"delete": "", "encoding-type": "url"})
    )

    assert (status, code) == (400, "MalformedXML")
    assert oss.find_object(emulator.cloud.world, "flink-udf", "k") is not None


def test_a_body_beyond_the_limit_is_refused(bucket: oss2.Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oss, "BODY_LIMIT", 1000)

    assert refused(lambda: bucket.put_object("k", b"x" * 1001)) == (400, "EntityTooLarge")
    bucket.put_object("k", b"x" * 1000)


def test_default_encryption_is_said_of_new_objects(bucket: oss2.Bucket) -> None:
    bucket.put_bucket_encryption(oss2.models.ServerSideEncryptionRule("AES256"))

    bucket.put_object("k", b"")

    assert bucket.head_object("k").headers["x-oss-server-side-encryption"] == "AES256"


def test_an_acl_of_an_object_is_not_emulated(bucket: oss2.Bucket) -> None:
    assert refused(lambda: bucket.put_object_acl("k", "public-read")) == (501, "NotImplemented")
    assert refused(lambda: bucket.put_object("k", b"", headers={"x-oss-object-acl": "public-read"})) == (
        501,
        "NotImplemented",
    )
