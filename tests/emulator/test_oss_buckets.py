"""Buckets: names, owners, regions, ACLs, settings, and who may come near them."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import oss2
import pytest

from emulator import oss
from tests.emulator.client import Identity, Running
from tests.emulator.oss_client import make_bucket

STRANGER = "1999999999999999"


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        call()
    return caught.value.status, caught.value.code


def config(storage_class: str = "Standard", redundancy: str = "LRS") -> oss2.models.BucketCreateConfig:
    return oss2.models.BucketCreateConfig(storage_class, redundancy)


def foreign(emulator: Running, acl: str = "private") -> oss2.Bucket:
    objects = [{"key": "k", "text": "theirs"}]
    data = {"buckets": [{"name": "their-bucket", "owner": STRANGER, "acl": acl, "objects": objects}]}
    oss.seed(emulator.cloud.world, data)
    return make_bucket(emulator, "their-bucket", create=False)


def as_user(emulator: Running, identity: Identity, name: str = "flink-udf") -> oss2.Bucket:
    auth = oss2.Auth(identity.access_key_id, identity.secret)
    return make_bucket(emulator, name, auth=auth, create=False)


def with_policy(emulator: Running, *statements: dict[str, Any]) -> Identity:
    identity = emulator.user("alice")
    document = json.dumps({"Version": "1", "Statement": list(statements)})
    emulator.ok("Ram", "CreatePolicy", PolicyName="p", PolicyDocument=document)
    emulator.ok("Ram", "AttachPolicyToUser", UserName="alice", PolicyType="Custom", PolicyName="p")
    return identity


@pytest.mark.parametrize("name", ["abc", "a-1", "0" * 63])
def test_a_good_name_makes_a_bucket(emulator: Running, name: str) -> None:
    make_bucket(emulator, name)

    assert oss.find_bucket(emulator.cloud.world, name) is not None


@pytest.mark.parametrize("name", ["ab", "0" * 64, "Upper", "-ab", "ab-", "a_b", "a.b", "bücher"])
def test_a_bad_name_is_refused(emulator: Running, name: str) -> None:
    reply = httpx.put(f"{emulator.url}/{name}/", headers={"authorization": "OSS a:b"})

    assert reply.status_code == 403  # the signature comes first
    assert oss.find_bucket(emulator.cloud.world, name) is None


@pytest.mark.parametrize("name", ["ab", "0" * 64, "Upper", "-ab", "ab-", "a_b", "a.b"])
def test_a_bad_name_with_a_good_signature_is_refused(
    emulator: Running, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(oss2.api, "_determine_endpoint_type", lambda *_: oss2.api._ENDPOINT_TYPE_IP)
    monkeypatch.setattr(oss2.utils, "is_valid_bucket_name", lambda _: True)
    bucket = make_bucket(emulator, name, create=False)

    assert refused(bucket.create_bucket) == (400, "InvalidBucketName")


def test_making_a_bucket_of_ours_again_overwrites_its_acl(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    bucket.put_bucket_acl("public-read")

    bucket.create_bucket()

    assert bucket.get_bucket_acl().acl == "private"


def test_making_a_bucket_again_keeps_its_content(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    bucket.put_object("k", b"hello")

    bucket.create_bucket("private")

    assert bucket.object_exists("k")


@pytest.mark.parametrize("wanted", [config("IA"), config(redundancy="ZRS")])
def test_a_bucket_cannot_be_made_again_as_another(emulator: Running, wanted: oss2.models.BucketCreateConfig) -> None:
    bucket = make_bucket(emulator)

    assert refused(lambda: bucket.create_bucket("public-read", wanted)) == (409, "BucketAlreadyExists")
    assert bucket.get_bucket_acl().acl == "private"


def test_a_bucket_cannot_be_made_again_elsewhere(emulator: Running) -> None:
    make_bucket(emulator)
    auth = oss2.AuthV4(Identity().access_key_id, Identity().secret)
    elsewhere = make_bucket(emulator, auth=auth, region="cn-shanghai", create=False)

    assert refused(elsewhere.create_bucket) == (409, "BucketAlreadyExists")


def test_a_version_4_signature_says_where_a_bucket_is_made(emulator: Running) -> None:
    auth = oss2.AuthV4(Identity().access_key_id, Identity().secret)

    bucket = make_bucket(emulator, auth=auth, region="cn-shanghai")

    assert bucket.get_bucket_location().location == "oss-cn-shanghai"


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("flink-udf.oss-cn-hangzhou.aliyuncs.com", "/k"),
        ("flink-udf.oss-cn-hangzhou-internal.aliyuncs.com", "/k"),
        ("flink-udf.localhost:8400", "/k"),
        ("localhost:8400", "/flink-udf/k"),
    ],
)
def test_a_bucket_is_named_by_host_or_by_path(emulator: Running, host: str, path: str) -> None:
    bucket = make_bucket(emulator)
    bucket.put_object("k", b"hello")
    query = bucket.sign_url("GET", "k", 60).partition("?")[2]

    reply = httpx.get(f"{emulator.url}{path}?{query}", headers={"host": host})

    assert (reply.status_code, reply.content) == (200, b"hello")


def test_a_bucket_answers_at_the_endpoint_of_its_region_alone(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    bucket.put_object("k", b"hello")
    query = bucket.sign_url("GET", "k", 60).partition("?")[2]

    reply = httpx.get(f"{emulator.url}/k?{query}", headers={"host": "flink-udf.oss-cn-shanghai.aliyuncs.com"})

    assert reply.status_code == 403
    assert "<Endpoint>oss-cn-hangzhou.aliyuncs.com</Endpoint>" in reply.text


def test_an_account_has_a_hundred_buckets_in_a_region(emulator: Running) -> None:
    oss.seed(emulator.cloud.world, {"buckets": [{"name": f"bucket-{number}"} for number in range(100)]})
    one_more = make_bucket(emulator, create=False)
    auth = oss2.AuthV4(Identity().access_key_id, Identity().secret)

    assert refused(one_more.create_bucket) == (400, "TooManyBuckets")
    make_bucket(emulator, auth=auth, region="cn-shanghai")


def test_a_foreign_bucket_is_out_of_reach(emulator: Running) -> None:
    bucket = foreign(emulator)

    assert refused(bucket.get_bucket_info) == (403, "AccessDenied")
    assert refused(bucket.create_bucket) == (409, "BucketAlreadyExists")
    assert refused(lambda: bucket.put_bucket_acl("private")) == (403, "AccessDenied")
    assert refused(lambda: bucket.get_object("k")) == (403, "AccessDenied")
    assert refused(lambda: bucket.put_object("k", b"")) == (403, "AccessDenied")
    assert refused(lambda: bucket.batch_delete_objects(["k"])) == (403, "AccessDenied")
    assert refused(bucket.delete_bucket) == (403, "AccessDenied")
    assert refused(bucket.list_objects) == (403, "AccessDenied")


def test_a_foreign_public_bucket_can_be_read(emulator: Running) -> None:
    bucket = foreign(emulator, "public-read")

    assert bucket.get_object("k").read() == b"theirs"
    assert refused(lambda: bucket.put_object("k", b"")) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("acl", "read", "write"),
    [("private", 403, 403), ("public-read", 200, 403), ("public-read-write", 200, 200)],
)
def test_strangers_do_what_the_acl_opens(emulator: Running, acl: str, read: int, write: int) -> None:
    bucket = make_bucket(emulator)
    bucket.put_object("k", b"hello")
    bucket.put_bucket_acl(acl)

    assert httpx.get(f"{emulator.url}/flink-udf/k").status_code == read
    assert httpx.head(f"{emulator.url}/flink-udf/k").status_code == read
    assert httpx.put(f"{emulator.url}/flink-udf/k", content=b"x").status_code == write
    assert httpx.delete(f"{emulator.url}/flink-udf/k").status_code == 403
    assert httpx.get(f"{emulator.url}/flink-udf/").status_code == 403


def test_blocking_public_access_closes_a_public_bucket(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    bucket.put_object("k", b"hello")
    bucket.put_bucket_acl("public-read")

    bucket.put_bucket_public_access_block(True)

    assert httpx.get(f"{emulator.url}/flink-udf/k").status_code == 403
    assert bucket.get_bucket_public_access_block().block_public_access is True
    assert refused(lambda: bucket.put_bucket_acl("public-read-write")) == (403, "AccessDenied")
    assert refused(lambda: bucket.create_bucket("public-read")) == (403, "AccessDenied")
    bucket.delete_bucket_public_access_block()
    assert httpx.get(f"{emulator.url}/flink-udf/k").status_code == 200


def test_setting_the_acl_of_an_absent_bucket_makes_it(emulator: Running) -> None:
    bucket = make_bucket(emulator, create=False)

    bucket.put_bucket_acl("public-read")

    assert bucket.get_bucket_info().acl.grant == "public-read"


def test_an_unknown_acl_is_refused(emulator: Running) -> None:
    bucket = make_bucket(emulator, create=False)

    assert refused(lambda: bucket.create_bucket("everybody")) == (400, "InvalidArgument")
    assert oss.find_bucket(emulator.cloud.world, "flink-udf") is None


def test_a_ram_user_without_rights_is_refused(emulator: Running) -> None:
    make_bucket(emulator)
    bucket = as_user(emulator, emulator.user("alice"))

    assert refused(bucket.get_bucket_info) == (403, "AccessDenied")
    assert refused(bucket.create_bucket) == (403, "AccessDenied")
    assert emulator.cloud.calls.since()[-1]["caller"].endswith(":user/alice")


def test_a_ram_user_does_what_a_policy_allows_and_no_more(emulator: Running) -> None:
    make_bucket(emulator).put_object("udf/k", b"hello")
    resources = ["acs:oss:*:*:flink-udf/udf/*"]
    identity = with_policy(emulator, {"Effect": "Allow", "Action": ["oss:GetObject"], "Resource": resources})
    bucket = as_user(emulator, identity)

    assert bucket.get_object("udf/k").read() == b"hello"
    assert bucket.head_object("udf/k").status == 200
    assert refused(lambda: bucket.get_object("other"))[1] == "AccessDenied"
    assert refused(lambda: bucket.put_object("udf/k", b""))[1] == "AccessDenied"
    assert refused(bucket.list_objects)[1] == "AccessDenied"


def test_deleting_many_asks_for_the_right_to_every_key(emulator: Running) -> None:
    owner = make_bucket(emulator)
    owner.put_object("udf/a", b"")
    owner.put_object("b", b"")
    resources = ["acs:oss:*:*:flink-udf/udf/*"]
    identity = with_policy(emulator, {"Effect": "Allow", "Action": ["oss:DeleteObject"], "Resource": resources})
    bucket = as_user(emulator, identity)

    assert refused(lambda: bucket.batch_delete_objects(["udf/a", "b"]))[1] == "AccessDenied"
    assert owner.object_exists("udf/a")
    bucket.batch_delete_objects(["udf/a"])
    assert not owner.object_exists("udf/a")


def test_copying_asks_for_the_right_to_read_the_source(emulator: Running) -> None:
    make_bucket(emulator).put_object("secret", b"x")
    allow = {"Effect": "Allow", "Action": ["oss:PutObject"], "Resource": ["*"]}
    bucket = as_user(emulator, with_policy(emulator, allow))

    assert refused(lambda: bucket.copy_object("flink-udf", "secret", "mine"))[1] == "AccessDenied"


def test_versioning_never_goes_back_to_unset(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    states = [bucket.get_bucket_versioning().status]

    for status in ("Enabled", "Suspended", "Enabled"):
        bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(status))
        states.append(bucket.get_bucket_versioning().status)

    assert states == [None, "Enabled", "Suspended", "Enabled"]
    assert refused(lambda: bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Off"))) == (
        400,
        "InvalidArgument",
    )


@pytest.mark.parametrize(
    "fill",
    [
        lambda bucket: bucket.put_object("k", b""),
        lambda bucket: bucket.init_multipart_upload("k"),
        lambda bucket: (
            bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled")),
            bucket.delete_object("k"),
        ),
    ],
)
def test_a_bucket_that_holds_anything_is_not_deleted(emulator: Running, fill: Callable[[oss2.Bucket], Any]) -> None:
    bucket = make_bucket(emulator)
    fill(bucket)

    assert refused(bucket.delete_bucket) == (409, "BucketNotEmpty")


def test_an_empty_bucket_is_deleted(emulator: Running) -> None:
    bucket = make_bucket(emulator)

    bucket.delete_bucket()

    assert refused(bucket.get_bucket_info) == (404, "NoSuchBucket")
    assert refused(bucket.delete_bucket) == (404, "NoSuchBucket")


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (lambda bucket: bucket.get_bucket_encryption(), "NoSuchServerSideEncryptionRule"),
        (lambda bucket: bucket.get_bucket_policy(), "NoSuchBucketPolicy"),
        (lambda bucket: bucket.get_bucket_lifecycle(), "NoSuchLifecycle"),
    ],
)
def test_what_is_not_set_is_not_found(emulator: Running, read: Callable[[oss2.Bucket], Any], code: str) -> None:
    bucket = make_bucket(emulator)

    assert refused(lambda: read(bucket)) == (404, code)


def test_settings_come_back_and_go(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    bucket.put_bucket_encryption(oss2.models.ServerSideEncryptionRule("KMS", "key-1"))
    bucket.put_bucket_tagging(oss2.models.Tagging(oss2.models.TaggingRule()))
    rule = oss2.models.TaggingRule()
    rule.add("team", "flink")
    bucket.put_bucket_tagging(oss2.models.Tagging(rule))
    make_bucket(emulator, "log-bucket")
    bucket.put_bucket_logging(oss2.models.BucketLogging("log-bucket", "logs/"))

    assert bucket.get_bucket_encryption().kms_master_keyid == "key-1"
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {"team": "flink"}
    assert bucket.get_bucket_logging().target_bucket == "log-bucket"
    bucket.delete_bucket_encryption()
    bucket.delete_bucket_tagging()
    bucket.delete_bucket_logging()
    assert refused(bucket.get_bucket_encryption)[0] == 404
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {}
    assert bucket.get_bucket_logging().target_bucket == ""


@pytest.mark.parametrize(
    ("put", "status", "code"),
    [
        (lambda b: b.put_bucket_policy("{"), 400, "InvalidPolicyDocument"),
        (lambda b: b.put_bucket_policy('{"Version": "1", "Statement": []}'), 400, "InvalidPolicyDocument"),
        (lambda b: b.put_bucket_lifecycle(oss2.models.BucketLifecycle([])), 400, "MalformedXML"),
        (
            lambda b: b.put_bucket_encryption(oss2.models.ServerSideEncryptionRule("ROT13")),
            400,
            "InvalidEncryptionAlgorithmError",
        ),
        (lambda b: b.put_bucket_logging(oss2.models.BucketLogging("absent-bucket", "")), 404, "NoSuchBucket"),
    ],
)
def test_an_impossible_setting_is_refused(
    emulator: Running, put: Callable[[oss2.Bucket], Any], status: int, code: str
) -> None:
    bucket = make_bucket(emulator)

    assert refused(lambda: put(bucket)) == (status, code)


def test_the_stat_counts_versions_markers_and_parts(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    bucket.put_object("k", b"hello")
    bucket.put_object("k", b"hello!")
    bucket.delete_object("k")
    bucket.upload_part("m", bucket.init_multipart_upload("m").upload_id, 1, b"part")

    stat = bucket.get_bucket_stat()

    assert (stat.object_count, stat.storage_size_in_bytes, stat.delete_marker_count) == (2, 15, 1)
    assert (stat.multi_part_upload_count, stat.multipart_part_count) == (1, 1)


def test_buckets_are_listed_page_by_page(emulator: Running) -> None:
    foreign(emulator)
    oss.seed(emulator.cloud.world, {"buckets": [{"name": f"bucket-{number}"} for number in range(5)]})
    service = oss2.Service(oss2.Auth(Identity().access_key_id, Identity().secret), emulator.url)

    names = [found.name for found in oss2.BucketIterator(service, prefix="bucket-", max_keys=2)]

    assert names == [f"bucket-{number}" for number in range(5)]


def test_what_is_not_emulated_says_so(emulator: Running) -> None:
    bucket = make_bucket(emulator)

    assert refused(lambda: bucket.get_bucket_cors()) == (501, "NotImplemented")
    assert refused(lambda: bucket.put_symlink("k", "l")) == (501, "NotImplemented")
    assert httpx.patch(f"{emulator.url}/flink-udf/k", headers={"authorization": "OSS a:b"}).status_code == 405
