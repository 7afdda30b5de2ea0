"""Appending: compare-and-swap on `position`, as the vendor documents AppendObject. The requests are signed by hand."""

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import unquote

import httpx
import oss2
import pytest

from emulator import oss, store
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from tests.emulator.client import ACCOUNT, Identity, Running, sha1
from tests.emulator.oss_client import make_bucket

NEXT, CRC = "x-oss-next-append-position", "x-oss-hash-crc64ecma"
CRC_OF_HELLO = "11177612005948864433"
SIGNED = ("append", "position", "versionId")


def send(
    emulator: Running,
    method: str,
    key: str = "log",
    query: str = "",
    body: bytes = b"",
    identity: Identity = ACCOUNT,
    signed: tuple[str, ...] = SIGNED,
    **headers: str,
) -> httpx.Response:
    """Send a request with a version 1 signature that covers those of the query's parameters that `signed` names."""
    date = formatdate(usegmt=True)
    given = {"content-type": "text/plain", "date": date}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    covered = "&".join(unquote(part) for part in sorted(query.split("&")) if part.partition("=")[0] in signed)
    lines = [method, given.get("content-md5", ""), given["content-type"], date]
    lines += [f"{name}:{given[name]}" for name in sorted(given) if name.startswith("x-oss-")]
    string = "\n".join(lines) + f"\n/flink-udf/{key}" + (f"?{covered}" if covered else "")
    given["authorization"] = f"OSS {identity.access_key_id}:{sha1(identity.secret, string)}"
    url = f"{emulator.url}/flink-udf/{key}" + (f"?{query}" if query else "")
    return httpx.request(method, url, content=body, headers=given)


def append(emulator: Running, position: object, body: bytes, key: str = "log", **more: str) -> httpx.Response:
    return send(emulator, "POST", key, f"append&position={position}", body, **more)


def read(emulator: Running, key: str = "log") -> bytes:
    found = send(emulator, "GET", key)
    assert found.status_code == 200, found.text
    return found.content


def refusal(reply: httpx.Response) -> tuple[int, str]:
    code = re.search("<Code>(.*)</Code>", reply.text)
    assert code, reply.text
    return reply.status_code, code.group(1)


@pytest.fixture
def bucket(emulator: Running) -> oss2.Bucket:
    return make_bucket(emulator)


@pytest.fixture(params=["Enabled", "Suspended"])
def versioned(bucket: oss2.Bucket, request: pytest.FixtureRequest) -> oss2.Bucket:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(request.param))
    return bucket


def test_the_first_append_makes_the_object_and_the_next_makes_it_longer(emulator: Running, bucket: oss2.Bucket):
    first = append(emulator, 0, b"hel")
    second = append(emulator, 3, b"lo")

    assert (first.status_code, first.headers[NEXT], first.content) == (200, "3", b"")
    assert (second.status_code, second.headers[NEXT], second.headers[CRC]) == (200, "5", CRC_OF_HELLO)
    assert read(emulator) == b"hello"


def test_a_position_other_than_the_length_is_refused_with_the_length(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"hello")

    replies = [append(emulator, position, b"x") for position in (0, 4, 6)]

    assert [refusal(reply) for reply in replies] == [(409, "PositionNotEqualToLength")] * 3
    assert {(reply.headers[NEXT], reply.headers[CRC]) for reply in replies} == {("5", CRC_OF_HELLO)}
    assert "<EC>0026-00000016</EC>" in replies[0].text
    assert read(emulator) == b"hello"


def test_an_object_begins_at_its_beginning(emulator: Running, bucket: oss2.Bucket):
    refused = append(emulator, 1, b"hello")

    assert refusal(refused) == (409, "PositionNotEqualToLength")
    assert refused.headers[NEXT] == "0"
    assert not bucket.object_exists("log")


def test_what_was_put_cannot_be_appended_to(emulator: Running, bucket: oss2.Bucket):
    bucket.put_object("log", b"hello")
    upload = bucket.init_multipart_upload("parts").upload_id
    part = bucket.upload_part("parts", upload, 1, b"hello")
    bucket.complete_multipart_upload("parts", upload, [oss2.models.PartInfo(1, part.etag)])

    replies = [append(emulator, position, b"x", key) for position in (0, 5) for key in ("log", "parts")]

    assert [refusal(reply) for reply in replies] == [(409, "ObjectNotAppendable")] * 4
    assert not [reply for reply in replies if NEXT in reply.headers]
    assert read(emulator) == read(emulator, "parts") == b"hello"


@pytest.mark.parametrize("query", ["append", "append&position"])
def test_a_position_must_be_given(emulator: Running, bucket: oss2.Bucket, query: str):
    refused = send(emulator, "POST", "log", query, b"hello")

    assert refusal(refused) == (400, "MissingArgument")
    assert "<EC>0016-00000501</EC>" in refused.text
    assert not bucket.object_exists("log")


@pytest.mark.parametrize("position", ["-1", "1.0", "test", "0x0", "%20", "%D9%A0", "9" * 40])
def test_a_position_is_a_number_of_bytes(emulator: Running, bucket: oss2.Bucket, position: str):
    refused = append(emulator, position, b"x")

    assert refusal(refused) == (400, "InvalidArgument")
    assert "<EC>0016-00000502</EC>" in refused.text
    assert not bucket.object_exists("log")


def test_a_version_cannot_be_named(emulator: Running, versioned: oss2.Bucket):
    version_id = append(emulator, 0, b"hello").headers["x-oss-version-id"]

    refused = send(emulator, "POST", "log", f"append&position=5&versionId={version_id}", b"x")

    assert refusal(refused) == (400, "InvalidArgument")
    assert read(emulator) == b"hello"


def test_a_wrong_digest_is_refused(emulator: Running, bucket: oss2.Bucket):
    digest, other = (base64.b64encode(hashlib.md5(body).digest()).decode() for body in (b"hello", b"other"))

    assert refusal(append(emulator, 0, b"hello", content_md5=other)) == (400, "InvalidDigest")
    assert not bucket.object_exists("log")
    assert append(emulator, 0, b"hello", content_md5=digest).status_code == 200
    assert refusal(append(emulator, 5, b"hello", content_md5=other)) == (400, "InvalidDigest")
    assert read(emulator) == b"hello"


def test_five_gigabytes_are_the_most(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"hello")
    found = oss.find_object(emulator.cloud.world, "flink-udf", "log")
    assert found
    found.size = size = 5 * 1024**3 - 1

    assert refusal(append(emulator, size, b"xx")) == (400, "InvalidArgument")
    assert append(emulator, size, b"x").headers[NEXT] == str(5 * 1024**3)


def test_the_position_is_signed(emulator: Running, bucket: oss2.Bucket):
    query = "append&position=0"

    for signed in (("append",), ("position",), ()):
        refused = send(emulator, "POST", "log", query, b"hello", signed=signed)

        assert refusal(refused) == (403, "SignatureDoesNotMatch")
    assert not bucket.object_exists("log")


def test_the_right_to_put_is_the_right_to_append(emulator: Running, bucket: oss2.Bucket):
    writer, reader = emulator.user("writer"), emulator.user("reader", "AliyunOSSReadOnlyAccess")
    statement = {"Effect": "Allow", "Action": ["oss:PutObject"], "Resource": ["acs:oss:*:*:flink-udf/journal/*"]}
    document = json.dumps({"Version": "1", "Statement": [statement]})
    emulator.ok("Ram", "CreatePolicy", PolicyName="put", PolicyDocument=document)
    emulator.ok("Ram", "AttachPolicyToUser", UserName="writer", PolicyType="Custom", PolicyName="put")

    assert refusal(append(emulator, 0, b"x", "journal/1", identity=reader)) == (403, "AccessDenied")
    assert refusal(append(emulator, 0, b"x", "elsewhere", identity=writer)) == (403, "AccessDenied")
    assert append(emulator, 0, b"x", "journal/1", identity=writer).status_code == 200


def test_readers_are_told_the_type_and_the_next_position(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"hello")
    bucket.put_object("normal", b"hello")

    for method in ("GET", "HEAD"):
        headers = send(emulator, method).headers
        assert (headers["x-oss-object-type"], headers[NEXT]) == ("Appendable", "5")
        assert (headers["content-length"], headers[CRC]) == ("5", CRC_OF_HELLO)
        assert NEXT not in send(emulator, method, "normal").headers
    assert {item.key: item.type for item in bucket.list_objects().object_list} == {
        "log": "Appendable",
        "normal": "Normal",
    }


def test_the_etag_is_not_the_digest_of_the_content_and_stays_until_the_next_append(
    emulator: Running, bucket: oss2.Bucket
):
    told = append(emulator, 0, b"hello").headers["etag"]
    read_twice = {send(emulator, "HEAD").headers["etag"] for _ in range(2)}
    longer = append(emulator, 5, b"!").headers["etag"]

    assert read_twice == {told}
    assert re.fullmatch('"[0-9A-F]{32}"', told)
    assert told.strip('"') != hashlib.md5(b"hello").hexdigest().upper()
    assert longer == send(emulator, "HEAD").headers["etag"] != told


def test_the_first_append_alone_describes_the_object(emulator: Running, bucket: oss2.Bucket):
    described = {
        "content_type": "application/json",
        "cache_control": "no-cache",
        "x_oss_meta_owner": "flink",
        "x_oss_storage_class": "IA",
        "x_oss_object_acl": "private",
        "x_oss_server_side_encryption": "AES256",
    }
    first = append(emulator, 0, b"hel", **described)
    second = append(emulator, 3, b"lo", x_oss_meta_owner="other", x_oss_storage_class="Standard")
    headers = send(emulator, "HEAD").headers

    assert (headers["content-type"], headers["cache-control"]) == ("application/json", "no-cache")
    assert (headers["x-oss-meta-owner"], headers["x-oss-storage-class"]) == ("flink", "IA")
    assert {reply.headers["x-oss-server-side-encryption"] for reply in (first, second)} == {"AES256"}


def test_what_a_put_may_not_say_neither_may_a_first_append(emulator: Running, bucket: oss2.Bucket):
    assert append(emulator, 0, b"x", x_oss_object_acl="public-read").status_code == 501
    assert refusal(append(emulator, 0, b"x", x_oss_storage_class="Cheap")) == (400, "InvalidArgument")
    assert not bucket.object_exists("log")


def test_appending_changes_the_time_of_modification_on_the_clouds_clock(emulator: Running, bucket: oss2.Bucket):
    clock = emulator.cloud.world.clock
    clock.set_speed(0)
    clock.advance(3600)
    append(emulator, 0, b"hello")
    begun = send(emulator, "GET").headers
    clock.advance(600)
    between = send(emulator, "GET").headers
    append(emulator, 5, b"!")
    longer = send(emulator, "GET").headers

    def times(headers: httpx.Headers) -> list[float]:
        return [parsedate_to_datetime(headers[name]).timestamp() for name in ("date", "last-modified")]

    now = int(clock.now())
    assert times(begun) == [now - 600, now - 600]
    assert times(between) == [now, now - 600]
    assert times(longer) == [now, now]


def test_appending_nothing_leaves_the_object_as_it_was(emulator: Running, bucket: oss2.Bucket):
    emulator.cloud.world.clock.set_speed(0)
    told = append(emulator, 0, b"hello")
    before = send(emulator, "HEAD").headers
    emulator.cloud.world.clock.advance(600)

    nothing = append(emulator, 5, b"")

    after = send(emulator, "HEAD").headers
    assert [nothing.headers[name] for name in (NEXT, CRC, "etag")] == [
        told.headers[name] for name in (NEXT, CRC, "etag")
    ]
    assert [before[name] for name in ("etag", "last-modified")] == [after[name] for name in ("etag", "last-modified")]
    assert refusal(append(emulator, 4, b"")) == (409, "PositionNotEqualToLength")


def test_an_empty_object_can_be_begun_again(emulator: Running, bucket: oss2.Bucket):
    empty = append(emulator, 0, b"")
    filled = append(emulator, 0, b"hello")

    assert (empty.status_code, empty.headers[NEXT], empty.headers[CRC]) == (200, "0", "0")
    assert (filled.status_code, read(emulator)) == (200, b"hello")


def test_without_versions_a_put_or_a_deletion_ends_the_appending(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"hello")
    bucket.put_object("log", b"hello")
    after_put = append(emulator, 5, b"x")
    bucket.delete_object("log")
    after_deletion = append(emulator, 5, b"x")

    assert refusal(after_put) == (409, "ObjectNotAppendable")
    assert refusal(after_deletion) == (409, "PositionNotEqualToLength")
    assert append(emulator, 0, b"again").status_code == 200
    assert read(emulator) == b"again"


def test_appending_makes_no_previous_version(emulator: Running, versioned: oss2.Bucket):
    first, second = append(emulator, 0, b"hel"), append(emulator, 3, b"lo")

    listed = versioned.list_object_versions().versions
    assert first.headers["x-oss-version-id"] == second.headers["x-oss-version-id"] == listed[0].versionid
    assert [(item.type, item.is_latest) for item in listed] == [("Appendable", True)]
    assert read(emulator) == b"hello"


def test_versioning_that_is_enabled_later_makes_no_version_of_an_append(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"hel")
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))

    assert append(emulator, 3, b"lo").headers["x-oss-version-id"] == "null"
    assert [item.versionid for item in bucket.list_object_versions().versions] == ["null"]


def test_a_version_that_was_put_over_can_be_read_but_not_appended_to(emulator: Running, bucket: oss2.Bucket):
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    old = append(emulator, 0, b"hello").headers["x-oss-version-id"]
    bucket.put_object("log", b"hello")

    refused = append(emulator, 5, b"x")

    assert refusal(refused) == (409, "ObjectNotAppendable")
    found = bucket.get_object("log", params={"versionId": old})
    assert (found.read(), found.object_type) == (b"hello", "Appendable")


def test_a_delete_marker_is_no_object(emulator: Running, versioned: oss2.Bucket):
    append(emulator, 0, b"hello")
    versioned.delete_object("log")

    refused = append(emulator, 5, b"x")
    begun = append(emulator, 0, b"again")

    assert refusal(refused) == (409, "PositionNotEqualToLength")
    assert (begun.status_code, begun.headers[NEXT]) == (200, "5")
    assert read(emulator) == b"again"
    enabled = versioned.get_bucket_versioning().status == "Enabled"
    found = versioned.list_object_versions()
    assert (len(found.versions), len(found.delete_marker)) == ((2, 1) if enabled else (1, 0))


def test_of_those_who_append_at_one_position_one_succeeds(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"begun:")
    together, replies = threading.Barrier(8), []

    def compete(number: int) -> None:
        together.wait()
        replies.append((number, append(emulator, 6, b"%d" % number * (number + 1))))

    threads = [threading.Thread(target=compete, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(reply.status_code for _, reply in replies) == {200: 1, 409: 7}
    [(winner, _)] = [pair for pair in replies if pair[1].status_code == 200]
    assert read(emulator) == b"begun:" + b"%d" % winner * (winner + 1)
    assert {reply.headers[NEXT] for _, reply in replies} == {str(6 + winner + 1)}


def test_an_append_is_logged_as_a_write(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"hello")
    append(emulator, 0, b"hello")

    calls = emulator.control("GET", "calls?writes=true&action=AppendObject")["calls"]
    assert [(call["write"], call["status"], call["code"]) for call in calls] == [
        (True, 200, ""),
        (True, 409, "PositionNotEqualToLength"),
    ]
    assert calls[0]["parameters"]["position"] == "0"


def test_an_append_is_throttled_as_objects_are(emulator: Running, bucket: oss2.Bucket):
    emulator.cloud.world.clock.set_speed(0)
    emulator.control("POST", "rates", {"rates": {"oss": {"AppendObject": "1/1"}}})
    try:
        replies = [append(emulator, position, b"x") for position in (0, 1)]
    finally:
        emulator.control("POST", "rates", {"rates": "off"})

    assert replies[0].status_code == 200
    assert refusal(replies[1]) == (503, "TotalQpsLimitExceeded")
    assert read(emulator) == b"x"


@pytest.mark.parametrize(("kind", "left"), [("drop-before", b"begun"), ("drop-after", b"begun!"), ("cut", b"begun!")])
def test_a_broken_connection_does_not_tell_whether_the_append_took_place(
    emulator: Running, bucket: oss2.Bucket, kind: str, left: bytes
):
    append(emulator, 0, b"begun")
    emulator.control("POST", "faults", {"kind": kind, "action": "AppendObject"})

    with pytest.raises(httpx.TransportError):
        append(emulator, 5, b"!")

    assert read(emulator) == left
    again = append(emulator, 5, b"!")
    assert again.status_code == (200 if kind == "drop-before" else 409)
    assert (again.headers[NEXT], read(emulator)) == ("6", b"begun!")


def test_a_fault_answers_in_the_stead_of_an_append(emulator: Running, bucket: oss2.Bucket):
    emulator.control("POST", "faults", {"kind": "error", "status": 503, "action": "AppendObject"})

    assert append(emulator, 0, b"x").status_code == 503
    assert not bucket.object_exists("log")


def test_the_type_outlives_a_restart(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"hel")
    kept = json.loads(json.dumps(store.dump(emulator.cloud.world)))
    emulator.cloud.reset(store.load(kept, emulator.cloud.world.clock))

    assert refusal(append(emulator, 0, b"x")) == (409, "PositionNotEqualToLength")
    assert append(emulator, 3, b"lo").headers[CRC] == CRC_OF_HELLO
    assert read(emulator) == b"hello"


def test_the_world_and_the_page_tell_the_type(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"hello")

    found = emulator.control("GET", "world")["parts"]["oss_state"]["buckets"]["flink-udf"]["objects"]["log"]["null"]
    assert (found["kind"], found["size"]) == ("Appendable", 5)
    assert oss.overview(emulator.cloud.world)["OSS objects"][0]["Type"] == "Appendable"


def test_a_copy_is_a_normal_object(emulator: Running, bucket: oss2.Bucket):
    append(emulator, 0, b"hello")
    bucket.copy_object("flink-udf", "log", "copy")

    assert send(emulator, "HEAD", "copy").headers["x-oss-object-type"] == "Normal"
    assert refusal(append(emulator, 5, b"x", "copy")) == (409, "ObjectNotAppendable")


@pytest.mark.parametrize("version", [oss2.AuthV4, oss2.Auth])
def test_the_vendors_client_appends_and_knows_the_refusals(emulator: Running, version: type):
    bucket = make_bucket(emulator, auth=version(ACCESS_KEY_ID, ACCESS_KEY_SECRET))

    first = bucket.append_object("log", 0, b"hel", init_crc=0)
    second = bucket.append_object("log", first.next_position, b"lo", init_crc=first.crc)

    assert (first.next_position, second.next_position, second.crc) == (3, 5, int(CRC_OF_HELLO))
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as refused:
        bucket.append_object("log", 3, b"x")
    assert (refused.value.status, refused.value.next_position) == (409, 5)
    bucket.put_object("log", b"hello")
    with pytest.raises(oss2.exceptions.ObjectNotAppendable):
        bucket.append_object("log", 5, b"x")
