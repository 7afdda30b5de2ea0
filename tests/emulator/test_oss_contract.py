"""Every OSS operation once, its reply held against the published sample."""

import json

import oss2
import pytest

from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from emulator.oss_state import need_bucket
from tests.emulator.client import Running
from tests.emulator.oss_client import Heard, Listening, last, make_bucket, paths
from tests.emulator.shape import SAMPLES

POLICY = json.dumps(
    {
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
)


@pytest.fixture
def bucket(emulator: Running) -> oss2.Bucket:
    return make_bucket(emulator)


def encrypt(bucket: oss2.Bucket) -> None:
    bucket.put_bucket_encryption(oss2.models.ServerSideEncryptionRule(sse_algorithm=oss2.SERVER_SIDE_ENCRYPTION_AES256))


def lifecycle(bucket: oss2.Bucket) -> None:
    rule = oss2.models.LifecycleRule(
        "r1",
        "udf/",
        oss2.models.LifecycleRule.ENABLED,
        oss2.models.LifecycleExpiration(days=3),
        noncurrent_version_expiration=oss2.models.NoncurrentVersionExpiration(30),
    )
    bucket.put_bucket_lifecycle(oss2.models.BucketLifecycle([rule]))


def version(bucket: oss2.Bucket) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))


def two_versions(bucket: oss2.Bucket) -> None:
    version(bucket)
    bucket.put_object("a", b"hello")
    bucket.delete_object("a")


def jar(bucket: oss2.Bucket) -> str:
    bucket.put_object("k.jar", b"hello")
    return "k.jar"


def delete_versioned(bucket: oss2.Bucket) -> None:
    version(bucket)
    bucket.delete_object(jar(bucket))


def complete(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id
    part = bucket.upload_part("k", upload_id, 1, b"hello")
    bucket.complete_multipart_upload("k", upload_id, [oss2.models.PartInfo(1, part.etag, 5, part_crc=part.crc)])


def put_jar_versioned(bucket: oss2.Bucket) -> None:
    version(bucket)
    jar(bucket)


CASES = {
    "PutBucket": lambda b: b.create_bucket(),
    "GetBucketInfo": lambda b: (version(b), encrypt(b), b.get_bucket_info()),
    "GetBucketLocation": lambda b: b.get_bucket_location(),
    "DeleteBucket": lambda b: b.delete_bucket(),
    "GetBucketAcl": lambda b: b.get_bucket_acl(),
    "PutBucketAcl": lambda b: b.put_bucket_acl("private"),
    "PutBucketVersioning": version,
    "GetBucketVersioning": lambda b: (version(b), b.get_bucket_versioning()),
    "PutBucketEncryption": encrypt,
    "GetBucketEncryption": lambda b: (encrypt(b), b.get_bucket_encryption()),
    "DeleteBucketEncryption": lambda b: b.delete_bucket_encryption(),
    "PutBucketPublicAccessBlock": lambda b: b.put_bucket_public_access_block(True),
    "GetBucketPublicAccessBlock": lambda b: b.get_bucket_public_access_block(),
    "DeleteBucketPublicAccessBlock": lambda b: b.delete_bucket_public_access_block(),
    "PutBucketPolicy": lambda b: b.put_bucket_policy(POLICY),
    "GetBucketPolicy": lambda b: (b.put_bucket_policy(POLICY), b.get_bucket_policy()),
    "DeleteBucketPolicy": lambda b: b.delete_bucket_policy(),
    "PutBucketLifecycle": lifecycle,
    "GetBucketLifecycle": lambda b: (lifecycle(b), b.get_bucket_lifecycle()),
    "DeleteBucketLifecycle": lambda b: b.delete_bucket_lifecycle(),
    "PutObject": put_jar_versioned,
    "HeadObject": lambda b: b.head_object(jar(b)),
    "GetObject": lambda b: b.get_object(jar(b)).read(),
    "GetObjectMeta": lambda b: b.get_object_meta(jar(b)),
    "DeleteObject": delete_versioned,
    "DeleteMultipleObjects": lambda b: b.batch_delete_objects(["a"]),
    "ListObjects": lambda b: (jar(b), b.list_objects()),
    "ListObjectsV2": lambda b: (jar(b), b.list_objects_v2(fetch_owner=True)),
    "ListObjectVersions": lambda b: (two_versions(b), b.list_object_versions()),
    "InitiateMultipartUpload": lambda b: b.init_multipart_upload("k"),
    "UploadPart": lambda b: b.upload_part("k", b.init_multipart_upload("k").upload_id, 1, b"hello"),
    "CompleteMultipartUpload": complete,
    "AbortMultipartUpload": lambda b: b.abort_multipart_upload("k", b.init_multipart_upload("k").upload_id),
    "ListMultipartUploads": lambda b: b.list_multipart_uploads(),
}
# Headers whose value in the sample belongs to that sample alone.
ANY_VALUE = {"x-oss-request-id", "x-oss-version-id", "Last-Modified", "Location"}
# The sample answers a request without encoding-type; oss2 always asks for it.
BESIDES = {"ListObjectVersions": {"ListVersionsResult/EncodingType"}}


def held_against(heard: Heard, action: str) -> list[str]:
    sample = SAMPLES["oss/v1"][action]
    found = [] if heard.status == sample["status"] else [f"status {heard.status}"]
    headers = {name.lower(): value for name, value in heard.headers.items()}
    for name, value in sample["headers"].items():
        given = headers.get(name.lower())
        if given is None or (given != value and name not in ANY_VALUE):
            found.append(f"header {name}: {given}")
    if sample["body"].startswith("<"):
        found += sorted(heard.paths - paths(sample["body"]) - BESIDES.get(action, set()))
        found += [] if headers["content-type"] == "application/xml" else ["content type"]
    elif heard.method != "HEAD" and not sample["body"].startswith("{"):
        found += [] if heard.body.decode() == sample["body"] else ["body"]
    return found


@pytest.mark.parametrize("action", CASES)
def test_the_reply_has_nothing_that_the_sample_lacks(emulator: Running, bucket: oss2.Bucket, action: str) -> None:
    CASES[action](bucket)

    assert held_against(last(bucket), action) == []
    assert emulator.cloud.calls.since()[-1]["action"] == action


def test_every_sample_is_driven() -> None:
    assert set(SAMPLES["oss/v1"]) == {*CASES, "ListBuckets", "Error"}


def test_buckets_are_listed_as_in_the_sample(emulator: Running, bucket: oss2.Bucket) -> None:
    auth = oss2.Auth(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
    service = oss2.Service(auth, emulator.url, session=Listening())

    listed = service.list_buckets()

    assert held_against(last(service), "ListBuckets") == []
    assert [(found.name, found.location, found.region) for found in listed.buckets] == [
        ("flink-udf", "oss-cn-hangzhou", "cn-hangzhou")
    ]


def test_an_error_looks_as_in_the_sample(emulator: Running) -> None:
    absent = make_bucket(emulator, create=False)

    with pytest.raises(oss2.exceptions.NoSuchBucket) as caught:
        absent.get_bucket_info()

    assert held_against(last(absent), "Error") == []
    assert caught.value.request_id == caught.value.details["RequestId"]
    assert len(caught.value.request_id) == 24


def test_the_headers_for_the_log_do_not_leave_the_emulator(emulator: Running, bucket: oss2.Bucket) -> None:
    assert not [name for name in last(bucket).headers if name.startswith("x-emulator")]
    call = emulator.cloud.calls.since()[-1]
    assert (call["action"], call["caller"], call["access_key_id"], call["status"], call["code"]) == (
        "PutBucket",
        "acs:ram::1376771854400000:root",
        ACCESS_KEY_ID,
        200,
        "",
    )


def test_bucket_info_says_what_the_bucket_is(emulator: Running, bucket: oss2.Bucket) -> None:
    version(bucket)

    info = bucket.get_bucket_info()

    assert (info.name, info.location, info.storage_class, info.acl.grant) == (
        "flink-udf",
        "oss-cn-hangzhou",
        "Standard",
        "private",
    )
    assert (info.data_redundancy_type, info.versioning_status, info.owner.id) == ("LRS", "Enabled", "1376771854400000")
    assert info.bucket_encryption_rule.sse_algorithm is None
    assert need_bucket(emulator.cloud.world, "flink-udf").owner == "1376771854400000"
