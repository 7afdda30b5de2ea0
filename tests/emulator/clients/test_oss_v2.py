"""alibabacloud_oss_v2, in both versions of its signature, against the emulator."""

import datetime
import hashlib
import json

import alibabacloud_oss_v2 as oss
import httpx
import pytest

from emulator.oss_routes import OPERATIONS, Operation
from tests.emulator.client import ACCOUNT, Identity
from tests.emulator.clients.test_oss2 import ODD_KEY, POLICY
from tests.emulator.clients.walks import sts

V1, V4 = "v1", "v4"
REGION = "cn-hangzhou"
NAME = {"bucket": "flink-udf"}
BOTH = pytest.mark.parametrize("version", [V1, V4])


def settings_of(url, version, identity=ACCOUNT, **more):
    provider = oss.credentials.StaticCredentialsProvider(
        identity.access_key_id, identity.secret, identity.token or None
    )
    return oss.Config(
        region=REGION,
        endpoint=url,
        signature_version=version,
        credentials_provider=provider,
        retry_max_attempts=2,  # with 1, get_object_to_file of the client makes no attempt at all
        connect_timeout=5,
        readwrite_timeout=5,
        **more,
    )


def make_client(url, version, identity=ACCOUNT, **more):
    return oss.Client(settings_of(url, version, identity, **more))


@pytest.fixture
def client(emulator, version):
    client = make_client(emulator.url, version)
    client.put_bucket(
        oss.PutBucketRequest(
            **NAME, acl="private", create_bucket_configuration=oss.CreateBucketConfiguration(storage_class="Standard")
        )
    )
    return client


def put(client, key, body=b"hello", **more):
    return client.put_object(oss.PutObjectRequest(**NAME, key=key, body=body, **more))


def read(client, key, **more):
    with client.get_object(oss.GetObjectRequest(**NAME, key=key, **more)).body as body:
        return body.content


def refusal(call, *arguments):
    with pytest.raises(oss.exceptions.OperationError) as refused:
        call(*arguments)
    error = refused.value.unwrap()
    assert isinstance(error, oss.exceptions.ServiceError)
    assert error.request_id
    return error.status_code, error.code


@BOTH
def test_every_operation_is_understood(client, version, oss_actions):
    assert [each.name for each in client.list_buckets(oss.ListBucketsRequest()).buckets] == ["flink-udf"]

    settings(client)
    objects(client)
    uploads(client)
    versions(client)
    client.delete_bucket(oss.DeleteBucketRequest(**NAME))

    assert not client.is_bucket_exist("flink-udf")
    assert oss_actions() == {Operation(handler).name for handler in OPERATIONS.values()}


def settings(client):
    client.put_bucket_acl(oss.PutBucketAclRequest(**NAME, acl="public-read"))
    assert client.get_bucket_acl(oss.GetBucketAclRequest(**NAME)).acl == "public-read"
    client.put_bucket_acl(oss.PutBucketAclRequest(**NAME, acl="private"))
    assert client.get_bucket_versioning(oss.GetBucketVersioningRequest(**NAME)).version_status is None
    encryption(client)
    public_access(client)
    documents(client)
    info = client.get_bucket_info(oss.GetBucketInfoRequest(**NAME)).bucket_info
    assert (info.name, info.location, info.storage_class) == ("flink-udf", "oss-cn-hangzhou", "Standard")
    assert (info.acl, info.data_redundancy_type, info.owner.id) == ("private", "LRS", "1376771854400000")
    assert client.get_bucket_location(oss.GetBucketLocationRequest(**NAME)).location == "oss-cn-hangzhou"


def encryption(client):
    applied = oss.ApplyServerSideEncryptionByDefault(sse_algorithm="AES256")
    rule = oss.ServerSideEncryptionRule(apply_server_side_encryption_by_default=applied)
    client.put_bucket_encryption(oss.PutBucketEncryptionRequest(**NAME, server_side_encryption_rule=rule))
    found = client.get_bucket_encryption(oss.GetBucketEncryptionRequest(**NAME)).server_side_encryption_rule
    assert found.apply_server_side_encryption_by_default.sse_algorithm == "AES256"
    client.delete_bucket_encryption(oss.DeleteBucketEncryptionRequest(**NAME))


def public_access(client):
    block = oss.PublicAccessBlockConfiguration(block_public_access=True)
    client.put_bucket_public_access_block(
        oss.PutBucketPublicAccessBlockRequest(**NAME, public_access_block_configuration=block)
    )
    found = client.get_bucket_public_access_block(oss.GetBucketPublicAccessBlockRequest(**NAME))
    assert found.public_access_block_configuration.block_public_access is True
    client.delete_bucket_public_access_block(oss.DeleteBucketPublicAccessBlockRequest(**NAME))


def documents(client):
    client.put_bucket_policy(oss.PutBucketPolicyRequest(**NAME, body=json.dumps(POLICY)))
    assert json.loads(client.get_bucket_policy(oss.GetBucketPolicyRequest(**NAME)).body) == POLICY
    client.delete_bucket_policy(oss.DeleteBucketPolicyRequest(**NAME))
    rule = oss.LifecycleRule(id="r1", prefix="udf/", status="Enabled", expiration=oss.LifecycleRuleExpiration(days=3))
    rules = oss.LifecycleConfiguration(rules=[rule])
    client.put_bucket_lifecycle(oss.PutBucketLifecycleRequest(**NAME, lifecycle_configuration=rules))
    [found] = client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(**NAME)).lifecycle_configuration.rules
    assert (found.id, found.expiration.days) == ("r1", 3)
    client.delete_bucket_lifecycle(oss.DeleteBucketLifecycleRequest(**NAME))
    tags = oss.Tagging(tag_set=oss.TagSet(tags=[oss.Tag(key="team", value="data")]))
    client.put_bucket_tags(oss.PutBucketTagsRequest(**NAME, tagging=tags))
    [tag] = client.get_bucket_tags(oss.GetBucketTagsRequest(**NAME)).tagging.tag_set.tags
    assert (tag.key, tag.value) == ("team", "data")
    client.delete_bucket_tags(oss.DeleteBucketTagsRequest(**NAME))
    log = oss.BucketLoggingStatus(logging_enabled=oss.LoggingEnabled(target_bucket="flink-udf", target_prefix="log/"))
    client.put_bucket_logging(oss.PutBucketLoggingRequest(**NAME, bucket_logging_status=log))
    found = client.get_bucket_logging(oss.GetBucketLoggingRequest(**NAME)).bucket_logging_status
    assert found.logging_enabled.target_prefix == "log/"
    client.delete_bucket_logging(oss.DeleteBucketLoggingRequest(**NAME))


def objects(client):
    made = put(client, ODD_KEY, metadata={"owner": "flink"}, content_type="application/java-archive")
    head = client.head_object(oss.HeadObjectRequest(**NAME, key=ODD_KEY))
    meta = client.get_object_meta(oss.GetObjectMetaRequest(**NAME, key=ODD_KEY))
    assert made.etag == head.etag == meta.etag == f'"{hashlib.md5(b"hello").hexdigest().upper()}"'
    assert made.hash_crc64 == head.hash_crc64 == "11177612005948864433"
    assert (head.content_length, head.content_type) == (5, "application/java-archive")
    assert head.metadata["owner"] == "flink"
    assert isinstance(head.last_modified, datetime.datetime)
    assert read(client, ODD_KEY) == b"hello"
    assert read(client, ODD_KEY, range_header="bytes=1-3") == b"ell"
    client.copy_object(oss.CopyObjectRequest(**NAME, key="copy.jar", source_bucket="flink-udf", source_key=ODD_KEY))
    listed = client.list_objects(oss.ListObjectsRequest(**NAME, encoding_type="url"))
    assert [each.key for each in listed.contents] == ["copy.jar", ODD_KEY]
    listed = client.list_objects_v2(oss.ListObjectsV2Request(**NAME, prefix="udf/", fetch_owner=True))
    assert [(each.key, each.size, each.owner.id) for each in listed.contents] == [(ODD_KEY, 5, "1376771854400000")]
    stat = client.get_bucket_stat(oss.GetBucketStatRequest(**NAME))
    assert (stat.object_count, stat.storage) == (2, 10)
    client.delete_object(oss.DeleteObjectRequest(**NAME, key="copy.jar"))
    assert not client.is_object_exist("flink-udf", "copy.jar")
    gone = client.delete_multiple_objects(
        oss.DeleteMultipleObjectsRequest(**NAME, objects=[oss.DeleteObject(key=ODD_KEY), oss.DeleteObject(key="x")])
    )
    assert [each.key for each in gone.deleted_objects] == [ODD_KEY, "x"]
    appended(client)


def appended(client):
    def append(position, body):
        return client.append_object(oss.AppendObjectRequest(**NAME, key=ODD_KEY, position=position, body=body))

    first, last = append(0, b"hel"), append(3, b"lo")
    assert (first.next_position, last.next_position, last.hash_crc64) == (3, 5, "11177612005948864433")
    assert read(client, ODD_KEY) == b"hello"
    head = client.head_object(oss.HeadObjectRequest(**NAME, key=ODD_KEY))
    assert (head.object_type, head.next_append_position) == ("Appendable", 5)
    with pytest.raises(oss.exceptions.OperationError) as refused:
        append(3, b"x")
    assert refused.value.unwrap().headers["x-oss-next-append-position"] == "5"
    assert refusal(append, 3, b"x") == (409, "PositionNotEqualToLength")
    put(client, ODD_KEY)
    assert refusal(append, 5, b"x") == (409, "ObjectNotAppendable")
    client.delete_object(oss.DeleteObjectRequest(**NAME, key=ODD_KEY))


@BOTH
def test_a_file_of_the_client_grows(client, version):
    for text in (b"hel", b"lo"):
        with client.append_file("flink-udf", ODD_KEY) as file:
            file.write(text)

    assert read(client, ODD_KEY) == b"hello"


def uploads(client):
    source = bytes(range(256)) * 800
    put(client, "source", source)
    big = {**NAME, "key": "big"}
    upload = {**big, "upload_id": client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(**big)).upload_id}
    first = client.upload_part(oss.UploadPartRequest(**upload, part_number=1, body=source[:102400]))
    copied = {"source_bucket": "flink-udf", "source_key": "source", "source_range": f"bytes=102400-{len(source) - 1}"}
    second = client.upload_part_copy(oss.UploadPartCopyRequest(**upload, part_number=2, **copied))
    listed = client.list_multipart_uploads(oss.ListMultipartUploadsRequest(**NAME))
    assert [each.upload_id for each in listed.uploads] == [upload["upload_id"]]
    assert [part.part_number for part in client.list_parts(oss.ListPartsRequest(**upload)).parts] == [1, 2]
    parts = [oss.UploadPart(part_number=1, etag=first.etag), oss.UploadPart(part_number=2, etag=second.etag)]
    done = client.complete_multipart_upload(
        oss.CompleteMultipartUploadRequest(**upload, complete_multipart_upload=oss.CompleteMultipartUpload(parts=parts))
    )
    assert (done.bucket, done.key) == ("flink-udf", "big")
    assert read(client, "big") == source
    other = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(**big)).upload_id
    client.abort_multipart_upload(oss.AbortMultipartUploadRequest(**big, upload_id=other))
    for key in ("source", "big"):
        client.delete_object(oss.DeleteObjectRequest(**NAME, key=key))


def versions(client):
    enabled = oss.VersioningConfiguration(status="Enabled")
    client.put_bucket_versioning(oss.PutBucketVersioningRequest(**NAME, versioning_configuration=enabled))
    assert client.get_bucket_versioning(oss.GetBucketVersioningRequest(**NAME)).version_status == "Enabled"
    old = put(client, "k", b"old").version_id
    put(client, "k", b"new")
    assert client.delete_object(oss.DeleteObjectRequest(**NAME, key="k")).delete_marker is True
    assert refusal(read, client, "k") == (404, "NoSuchKey")
    assert read(client, "k", version_id=old) == b"old"
    found = client.list_object_versions(oss.ListObjectVersionsRequest(**NAME))
    assert [each.is_latest for each in found.version] == [False, False]
    assert [each.is_latest for each in found.delete_marker] == [True]
    every = [oss.DeleteObject(key=each.key, version_id=each.version_id) for each in found.version + found.delete_marker]
    client.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(**NAME, objects=every))


@BOTH
def test_paginators_read_to_the_last_page(emulator, client, version):
    keys = [f"k{i} ä" for i in range(7)]
    for key in keys:
        put(client, key)
        upload = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(**NAME, key=key))
    for number in range(1, 6):
        client.upload_part(
            oss.UploadPartRequest(**NAME, key=keys[-1], upload_id=upload.upload_id, part_number=number, body=b"x")
        )
    for i in range(3):
        client.put_bucket(oss.PutBucketRequest(bucket=f"more-{i}"))
    parts = oss.ListPartsRequest(**NAME, key=keys[-1], upload_id=upload.upload_id)

    def gathered(name, request, rows):
        pages = list(getattr(client, f"list_{name}_paginator")(limit=2).iter_page(request))
        assert len(pages) > 1
        return [row for page in pages for row in getattr(page, rows) or []]

    assert [row.key for row in gathered("objects", oss.ListObjectsRequest(**NAME), "contents")] == keys
    assert [row.key for row in gathered("objects_v2", oss.ListObjectsV2Request(**NAME), "contents")] == keys
    assert [row.key for row in gathered("object_versions", oss.ListObjectVersionsRequest(**NAME), "version")] == keys
    rows = gathered("multipart_uploads", oss.ListMultipartUploadsRequest(**NAME), "uploads")
    assert [row.key for row in rows] == keys
    assert [row.part_number for row in gathered("parts", parts, "parts")] == [1, 2, 3, 4, 5]
    rows = gathered("buckets", oss.ListBucketsRequest(), "buckets")
    assert [row.name for row in rows] == ["flink-udf", "more-0", "more-1", "more-2"]


@BOTH
def test_uploader_downloader_and_copier_work_in_parts(client, tmp_path, version):
    content = bytes(range(256)) * 4096
    (tmp_path / "a.jar").write_bytes(content)
    sizes = {"part_size": 200_000, "parallel_num": 2}
    up = client.uploader(**sizes, enable_checkpoint=True, checkpoint_dir=str(tmp_path))
    down = client.downloader(**sizes, enable_checkpoint=True, checkpoint_dir=str(tmp_path))
    copier = client.copier(**sizes, multipart_copy_threshold=200_000)

    uploaded = up.upload_file(oss.PutObjectRequest(**NAME, key="a.jar"), str(tmp_path / "a.jar"))
    copied = copier.copy(oss.CopyObjectRequest(**NAME, key="b.jar", source_bucket="flink-udf", source_key="a.jar"))
    down.download_file(oss.GetObjectRequest(**NAME, key="b.jar"), str(tmp_path / "c.jar"))

    assert uploaded.upload_id
    assert copied.hash_crc64 == uploaded.hash_crc64
    assert (tmp_path / "c.jar").read_bytes() == content
    client.put_object_from_file(oss.PutObjectRequest(**NAME, key="d.jar"), str(tmp_path / "a.jar"))
    client.get_object_to_file(oss.GetObjectRequest(**NAME, key="d.jar"), str(tmp_path / "e.jar"))
    assert (tmp_path / "e.jar").read_bytes() == content


@BOTH
def test_presigned_requests_are_all_that_their_holder_needs(client, version):
    headers = {"content_type": "text/plain"}
    writing = client.presign(oss.PutObjectRequest(**NAME, key=ODD_KEY, **headers))
    written = httpx.request(writing.method, writing.url, headers=writing.signed_headers, content=b"hello")
    reading = client.presign(oss.GetObjectRequest(**NAME, key=ODD_KEY), expires=datetime.timedelta(seconds=60))
    found = httpx.request(reading.method, reading.url)
    heading = client.presign(oss.HeadObjectRequest(**NAME, key=ODD_KEY))

    assert written.status_code == 200
    assert (found.content, found.headers["content-type"]) == (b"hello", "text/plain")
    assert httpx.request(heading.method, heading.url).status_code == 200
    assert httpx.delete(reading.url).status_code == 403


@BOTH
@pytest.mark.parametrize("path_style", [True, False])
def test_a_bucket_is_named_by_its_host_or_its_path(emulator, names_lead_here, version, path_style):
    port = emulator.url.rpartition(":")[2]
    endpoint = f"http://oss-cn-hangzhou.aliyuncs.com:{port}"
    client = make_client(endpoint, version, use_path_style=path_style)
    client.put_bucket(oss.PutBucketRequest(**NAME))

    put(client, ODD_KEY)

    assert read(client, ODD_KEY) == b"hello"


@BOTH
@pytest.mark.parametrize(
    ("identity", "code"),
    [
        (Identity(ACCOUNT.access_key_id, "not the secret"), "SignatureDoesNotMatch"),
        (Identity("LTAI5tNobody", "secret"), "InvalidAccessKeyId"),
    ],
)
def test_a_wrong_key_or_secret_is_refused(emulator, client, version, identity, code):
    stranger = make_client(emulator.url, version, identity)

    assert refusal(stranger.list_objects_v2, oss.ListObjectsV2Request(**NAME)) == (403, code)


@pytest.mark.parametrize("version", [V4])  # with V1 this client sends `security-token`, a header that OSS has not
def test_a_session_reads_until_it_expires(emulator, v2, sow, wait, client, version):
    sow(sts.SEED)
    alice = Identity("LTAI5tAliceOfTheWalk", "alice-secret")
    role = {"RoleArn": "acs:ram::1376771854400000:role/worker", "RoleSessionName": "walk", "DurationSeconds": 900}
    given = v2("sts", alice)("AssumeRole", **role)["Credentials"]
    session = Identity(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])
    put(client, "k")
    theirs = make_client(emulator.url, version, session)

    assert read(theirs, "k") == b"hello"
    assert refusal(put, theirs, "k") == (403, "AccessDenied")
    wait(901)
    assert refusal(read, theirs, "k")[0] == 403


@BOTH
def test_a_conflict_has_its_code(client, version):
    put(client, "k")

    assert refusal(lambda: put(client, "k", forbid_overwrite=True)) == (409, "FileAlreadyExists")
    assert refusal(client.delete_bucket, oss.DeleteBucketRequest(**NAME)) == (409, "BucketNotEmpty")
    assert refusal(client.head_object, oss.HeadObjectRequest(**NAME, key="absent"))[0] == 404  # without a body
    assert refusal(client.get_bucket_info, oss.GetBucketInfoRequest(bucket="absent")) == (404, "NoSuchBucket")
    assert not client.is_object_exist("flink-udf", "absent")


def test_additional_headers_can_be_signed(emulator):
    client = make_client(emulator.url, V4, additional_headers=["content-length", "host"])
    client.put_bucket(oss.PutBucketRequest(**NAME))

    put(client, ODD_KEY)

    assert read(client, ODD_KEY) == b"hello"


def test_a_file_of_the_client_is_read_at_random(emulator):
    client = make_client(emulator.url, V4)
    client.put_bucket(oss.PutBucketRequest(**NAME))
    put(client, "k", bytes(range(256)) * 100)

    with client.open_file("flink-udf", "k") as file:
        file.seek(300)
        assert file.read(3) == bytes([44, 45, 46])
