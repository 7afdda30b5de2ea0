"""oss2, in both versions of its signature, against the emulator."""

import json
from collections.abc import Callable

import httpx
import oss2
import pytest
from oss2 import models

from emulator.oss_routes import OPERATIONS, Operation
from tests.emulator.client import ACCOUNT, Identity
from tests.emulator.clients.walks import sts

V1, V4 = "v1", "v4"
REGION = "cn-hangzhou"
ODD_KEY = "udf/ä 愛 b+c%2F~(1)'*&=?#.jar"
POLICY = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": ["1376771854400000"],
            "Action": ["oss:GetObject"],
            "Resource": ["acs:oss:*:*:flink-udf/*"],
        }
    ],
}
BOTH = pytest.mark.parametrize("version", [V1, V4])


def signer(version: str, identity: Identity = ACCOUNT) -> oss2.auth.AuthBase:
    if identity.token:
        return oss2.StsAuth(identity.access_key_id, identity.secret, identity.token, auth_version=version)
    return {V1: oss2.Auth, V4: oss2.AuthV4}[version](identity.access_key_id, identity.secret)


@pytest.fixture
def bucket(emulator, version):
    bucket = oss2.Bucket(signer(version), emulator.url, "flink-udf", region=REGION)
    bucket.create_bucket(oss2.BUCKET_ACL_PRIVATE, models.BucketCreateConfig(oss2.BUCKET_STORAGE_CLASS_STANDARD))
    return bucket


def refusal(call: Callable[..., object], *arguments: object, **more: object) -> tuple[int, str]:
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        call(*arguments, **more)
    assert refused.value.request_id
    return refused.value.status, refused.value.code


@BOTH
def test_every_operation_is_understood(emulator, bucket, version, oss_actions):
    service = oss2.Service(signer(version), emulator.url, region=REGION)
    assert [each.name for each in service.list_buckets().buckets] == ["flink-udf"]

    settings(bucket)
    objects(bucket)
    uploads(bucket)
    versions(bucket)
    the_end(bucket)

    assert oss_actions() == {Operation(handler).name for handler in OPERATIONS.values()}


def settings(bucket):
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ)
    assert bucket.get_bucket_acl().acl == "public-read"
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PRIVATE)
    assert bucket.get_bucket_versioning().status is None
    bucket.put_bucket_encryption(models.ServerSideEncryptionRule(oss2.SERVER_SIDE_ENCRYPTION_AES256))
    assert bucket.get_bucket_encryption().sse_algorithm == "AES256"
    bucket.put_bucket_public_access_block(True)
    assert bucket.get_bucket_public_access_block().block_public_access is True
    bucket.put_bucket_policy(json.dumps(POLICY))
    assert json.loads(bucket.get_bucket_policy().policy) == POLICY
    rule = models.LifecycleRule("r1", "udf/", models.LifecycleRule.ENABLED, models.LifecycleExpiration(days=3))
    bucket.put_bucket_lifecycle(models.BucketLifecycle([rule]))
    assert [each.id for each in bucket.get_bucket_lifecycle().rules] == ["r1"]
    tags = models.TaggingRule()
    tags.add("team", "data")
    bucket.put_bucket_tagging(models.Tagging(tags))
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {"team": "data"}
    bucket.put_bucket_logging(models.BucketLogging("flink-udf", "log/"))
    assert bucket.get_bucket_logging().target_prefix == "log/"
    info = bucket.get_bucket_info()
    assert (info.name, info.location, info.storage_class) == ("flink-udf", "oss-cn-hangzhou", "Standard")
    assert info.bucket_encryption_rule.sse_algorithm == "AES256"
    assert bucket.get_bucket_location().location == "oss-cn-hangzhou"
    for forget in ("encryption", "public_access_block", "policy", "lifecycle", "tagging", "logging"):
        getattr(bucket, f"delete_bucket_{forget}")()


def objects(bucket):
    headers = {"x-oss-meta-owner": "flink", "Content-Type": "application/java-archive"}
    put = bucket.put_object(ODD_KEY, b"hello", headers=headers)
    head = bucket.head_object(ODD_KEY)
    meta = bucket.get_object_meta(ODD_KEY)
    assert put.etag == head.etag == meta.etag
    assert (head.content_length, head.content_type) == (5, "application/java-archive")
    assert head.headers["x-oss-meta-owner"] == "flink"
    assert bucket.get_object(ODD_KEY, byte_range=(1, 3)).read() == b"ell"
    assert bucket.get_object(ODD_KEY).read() == b"hello"
    bucket.copy_object("flink-udf", ODD_KEY, "copy.jar")
    assert [each.key for each in bucket.list_objects().object_list] == ["copy.jar", ODD_KEY]
    assert [each.key for each in bucket.list_objects_v2(prefix="udf/").object_list] == [ODD_KEY]
    assert bucket.get_bucket_stat().object_count == 2
    bucket.delete_object("copy.jar")
    assert not bucket.object_exists("copy.jar")
    assert bucket.batch_delete_objects([ODD_KEY, "absent"]).deleted_keys == [ODD_KEY, "absent"]
    appended(bucket)


def appended(bucket):
    first = bucket.append_object(ODD_KEY, 0, b"hel", init_crc=0)
    last = bucket.append_object(ODD_KEY, first.next_position, b"lo", init_crc=first.crc)
    assert (last.next_position, bucket.get_object(ODD_KEY).read()) == (5, b"hello")
    assert bucket.head_object(ODD_KEY).object_type == "Appendable"
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as refused:
        bucket.append_object(ODD_KEY, 3, b"x")
    assert refused.value.next_position == 5
    bucket.put_object(ODD_KEY, b"hello")
    assert refusal(bucket.append_object, ODD_KEY, 5, b"x") == (409, "ObjectNotAppendable")
    bucket.delete_object(ODD_KEY)


def uploads(bucket):
    source = bytes(range(256)) * 800
    bucket.put_object("source", source)
    upload = bucket.init_multipart_upload("big").upload_id
    first = bucket.upload_part("big", upload, 1, source[:102400])
    second = bucket.upload_part_copy("flink-udf", "source", (102400, len(source) - 1), "big", upload, 2)
    assert [each.upload_id for each in bucket.list_multipart_uploads().upload_list] == [upload]
    assert [each.part_number for each in bucket.list_parts("big", upload).parts] == [1, 2]
    parts = [models.PartInfo(1, first.etag), models.PartInfo(2, second.etag)]
    bucket.complete_multipart_upload("big", upload, parts)
    assert bucket.get_object("big").read() == source
    bucket.abort_multipart_upload("big", bucket.init_multipart_upload("big").upload_id)
    bucket.batch_delete_objects(["source", "big"])


def versions(bucket):
    bucket.put_bucket_versioning(models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    assert bucket.get_bucket_versioning().status == "Enabled"
    old = bucket.put_object("k", b"old").versionid
    bucket.put_object("k", b"new")
    bucket.delete_object("k")
    assert refusal(bucket.get_object, "k") == (404, "NoSuchKey")
    assert bucket.get_object("k", params={"versionId": old}).read() == b"old"
    found = bucket.list_object_versions()
    assert (len(found.versions), len(found.delete_marker)) == (2, 1)
    every = models.BatchDeleteObjectVersionList()
    for each in found.versions + found.delete_marker:
        every.append(models.BatchDeleteObjectVersion(each.key, each.versionid))
    assert len(bucket.delete_object_versions(every).delete_versions) == 3


def the_end(bucket):
    bucket.delete_bucket()
    assert refusal(bucket.get_bucket_info) == (404, "NoSuchBucket")


@BOTH
def test_lists_are_read_to_the_last_page(emulator, bucket, version):
    keys = [f"k{i}" for i in range(7)]
    for key in keys:
        bucket.put_object(key, b"")
    uploads = {bucket.init_multipart_upload(key).upload_id for key in keys}
    for i in range(3):
        oss2.Bucket(signer(version), emulator.url, f"more-{i}", region=REGION).create_bucket()
    service = oss2.Service(signer(version), emulator.url, region=REGION)

    assert [each.key for each in oss2.ObjectIterator(bucket, max_keys=2)] == keys
    assert [each.key for each in oss2.ObjectIteratorV2(bucket, max_keys=2)] == keys
    assert {each.upload_id for each in oss2.MultipartUploadIterator(bucket, max_uploads=2)} == uploads
    assert [each.name for each in oss2.BucketIterator(service, max_keys=2)] == [
        "flink-udf",
        *(f"more-{i}" for i in range(3)),
    ]


@BOTH
def test_the_resumable_halves_of_the_client_work(bucket, tmp_path, version):
    content = bytes(range(256)) * 4096
    (tmp_path / "a.jar").write_bytes(content)
    store = oss2.ResumableStore(root=str(tmp_path))
    sizes = {"multipart_threshold": 200_000, "part_size": 200_000, "num_threads": 2}

    oss2.resumable_upload(bucket, "a.jar", str(tmp_path / "a.jar"), store=store, **sizes)
    down = {"multiget_threshold": 200_000, "part_size": 200_000, "num_threads": 2}
    oss2.resumable_download(
        bucket, "a.jar", str(tmp_path / "b.jar"), store=oss2.ResumableDownloadStore(str(tmp_path)), **down
    )

    assert (tmp_path / "b.jar").read_bytes() == content


@BOTH
def test_a_presigned_url_is_all_that_its_holder_needs(bucket, version):
    url = bucket.sign_url("PUT", ODD_KEY, 60, slash_safe=True)
    assert httpx.put(url, content=b"hello").status_code == 200

    got = httpx.get(bucket.sign_url("GET", ODD_KEY, 60, slash_safe=True))
    other = httpx.delete(bucket.sign_url("GET", ODD_KEY, 60, slash_safe=True))

    assert got.content == b"hello"
    assert (other.status_code, "SignatureDoesNotMatch" in other.text) == (403, True)


@BOTH
def test_a_bucket_is_named_by_its_host(emulator, names_lead_here, version):
    port = emulator.url.rpartition(":")[2]
    endpoint = f"http://oss-cn-hangzhou.aliyuncs.com:{port}"
    bucket = oss2.Bucket(signer(version), endpoint, "flink-udf", region=REGION)
    bucket.create_bucket()

    bucket.put_object(ODD_KEY, b"hello")

    assert bucket.get_object(ODD_KEY).read() == b"hello"
    assert [each.key for each in bucket.list_objects().object_list] == [ODD_KEY]
    assert httpx.get(bucket.sign_url("GET", ODD_KEY, 60)).content == b"hello"


@BOTH
@pytest.mark.parametrize(
    ("identity", "code"),
    [
        (Identity(ACCOUNT.access_key_id, "not the secret"), "SignatureDoesNotMatch"),
        (Identity("LTAI5tNobody", "secret"), "InvalidAccessKeyId"),
    ],
)
def test_a_wrong_key_or_secret_is_refused(emulator, bucket, version, identity, code):
    stranger = oss2.Bucket(signer(version, identity), emulator.url, "flink-udf", region=REGION)

    assert refusal(stranger.list_objects) == (403, code)


@BOTH
def test_a_session_reads_until_it_expires(emulator, v2, sow, wait, bucket, version):
    sow(sts.SEED)
    alice = Identity("LTAI5tAliceOfTheWalk", "alice-secret")
    role = {"RoleArn": "acs:ram::1376771854400000:role/worker", "RoleSessionName": "walk", "DurationSeconds": 900}
    given = v2("sts", alice)("AssumeRole", **role)["Credentials"]
    session = Identity(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])
    bucket.put_object("k", b"hello")
    theirs = oss2.Bucket(signer(version, session), emulator.url, "flink-udf", region=REGION)

    assert theirs.get_object("k").read() == b"hello"
    assert refusal(theirs.put_object, "k", b"new") == (403, "AccessDenied")
    wait(901)
    assert refusal(theirs.get_object, "k")[0] == 403


@BOTH
def test_a_conflict_has_its_code(emulator, bucket, version):
    bucket.put_object("k", b"first")

    assert refusal(bucket.put_object, "k", b"x", headers={"x-oss-forbid-overwrite": "true"}) == (
        409,
        "FileAlreadyExists",
    )
    assert refusal(bucket.delete_bucket) == (409, "BucketNotEmpty")
    with pytest.raises(oss2.exceptions.NotFound):
        bucket.head_object("absent")
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.get_object("absent")
