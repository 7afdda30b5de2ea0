"""Multipart uploads: parts, their order, and the object that they become."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import oss2
import pytest

from emulator import oss_uploads
from tests.emulator.client import Running
from tests.emulator.oss_client import last, make_bucket

PART = b"p" * oss_uploads.SMALLEST_PART


@pytest.fixture
def bucket(emulator: Running) -> oss2.Bucket:
    return make_bucket(emulator)


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        call()
    return caught.value.status, caught.value.code


def upload(bucket: oss2.Bucket, upload_id: str, number: int, data: bytes, key: str = "k") -> oss2.models.PartInfo:
    part = bucket.upload_part(key, upload_id, number, data)
    return oss2.models.PartInfo(number, part.etag, len(data), part_crc=part.crc)


def test_parts_become_one_object(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k", headers={"x-oss-meta-team": "flink"}).upload_id
    parts = [upload(bucket, upload_id, 2, b"end"), upload(bucket, upload_id, 1, PART)]

    done = bucket.complete_multipart_upload("k", upload_id, parts)  # the client compares the checksums

    found = bucket.get_object("k")
    assert found.read() == PART + b"end"
    assert (found.object_type, found.headers["x-oss-meta-team"]) == ("Multipart", "flink")
    assert done.etag == found.etag
    assert done.etag.endswith("-2")
    assert refused(lambda: bucket.complete_multipart_upload("k", upload_id, parts)) == (404, "NoSuchUpload")


@pytest.mark.parametrize("versioning", [None, "Enabled"])
def test_the_clients_resumable_upload_works(bucket: oss2.Bucket, tmp_path: Path, versioning: str | None) -> None:
    if versioning:
        bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(versioning))
    file = tmp_path / "udf.jar"
    file.write_bytes(bytes(range(250)) * 4096)
    store = oss2.ResumableStore(root=str(tmp_path))

    oss2.resumable_upload(
        bucket, "udf.jar", str(file), store=store, multipart_threshold=300_000, part_size=300_000, num_threads=3
    )
    oss2.resumable_download(
        bucket, "udf.jar", str(tmp_path / "back"), multiget_threshold=200_000, part_size=200_000, num_threads=3
    )

    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    assert bucket.head_object("udf.jar").content_type == "application/java-archive"


def test_a_part_sent_again_replaces_the_former(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id
    former = upload(bucket, upload_id, 1, b"former")
    latter = upload(bucket, upload_id, 1, b"latter")

    assert refused(lambda: bucket.complete_multipart_upload("k", upload_id, [former])) == (400, "InvalidPart")
    bucket.complete_multipart_upload("k", upload_id, [latter])
    assert bucket.get_object("k").read() == b"latter"


def test_a_part_that_was_never_sent_is_refused(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id
    upload(bucket, upload_id, 1, b"x")
    absent = oss2.models.PartInfo(2, "0" * 32)

    assert refused(lambda: bucket.complete_multipart_upload("k", upload_id, [absent])) == (400, "InvalidPart")
    assert not bucket.object_exists("k")


def test_parts_out_of_order_are_refused(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id
    etags = [upload(bucket, upload_id, number, PART).etag for number in (1, 2)]
    rows = "".join(f"<Part><PartNumber>{2 - i}</PartNumber><ETag>{etag}</ETag></Part>" for i, etag in enumerate(etags))
    document = f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>"

    status, code = refused(
        lambda: bucket._Bucket__do_object("POST", "k", params={"uploadId": upload_id}, data=document)
    )

    assert (status, code) == (400, "InvalidPartOrder")


def test_a_small_part_before_the_last_is_refused(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id
    parts = [upload(bucket, upload_id, 1, PART[1:]), upload(bucket, upload_id, 2, b"x")]

    assert refused(lambda: bucket.complete_multipart_upload("k", upload_id, parts)) == (400, "EntityTooSmall")


def test_no_parts_are_no_object(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id

    assert refused(lambda: bucket.complete_multipart_upload("k", upload_id, [])) == (400, "MalformedXML")


def test_all_parts_can_be_taken_unnamed(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id
    upload(bucket, upload_id, 2, b"end")
    upload(bucket, upload_id, 1, PART)

    bucket.complete_multipart_upload("k", upload_id, None, headers={"x-oss-complete-all": "yes"})

    assert bucket.head_object("k").content_length == len(PART) + 3


@pytest.mark.parametrize("number", ["0", "10001", "-1", "one", ""])
def test_a_part_number_is_from_one_to_ten_thousand(bucket: oss2.Bucket, number: str) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id

    assert refused(lambda: bucket.upload_part("k", upload_id, number, b"")) == (400, "InvalidArgument")


def test_an_aborted_upload_is_gone(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id

    bucket.abort_multipart_upload("k", upload_id)

    assert refused(lambda: bucket.abort_multipart_upload("k", upload_id)) == (404, "NoSuchUpload")
    assert refused(lambda: bucket.upload_part("k", upload_id, 1, b"")) == (404, "NoSuchUpload")
    assert bucket.list_multipart_uploads().upload_list == []
    bucket.delete_bucket()


def test_an_upload_belongs_to_its_key(bucket: oss2.Bucket) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id

    assert refused(lambda: bucket.upload_part("other", upload_id, 1, b"")) == (404, "NoSuchUpload")


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_parts_are_listed(bucket: oss2.Bucket, size: int) -> None:
    upload_id = bucket.init_multipart_upload("k").upload_id
    wanted = [(number, upload(bucket, upload_id, number, b"x" * number).etag, number) for number in (3, 1, 2)]

    found = list(oss2.PartIterator(bucket, "k", upload_id, max_parts=size))

    assert [(part.part_number, part.etag, part.size) for part in found] == sorted(wanted)


def test_a_part_can_be_copied(bucket: oss2.Bucket) -> None:
    bucket.put_object("source", b"0123456789")
    upload_id = bucket.init_multipart_upload("k").upload_id

    copied = bucket.upload_part_copy("flink-udf", "source", (2, 5), "k", upload_id, 1)
    bucket.complete_multipart_upload(
        "k", upload_id, [oss2.models.PartInfo(1, copied.etag, 4, part_crc=int(copied.headers["x-oss-hash-crc64ecma"]))]
    )

    assert bucket.get_object("k").read() == b"2345"
    assert refused(lambda: bucket.upload_part_copy("flink-udf", "source", (10, 12), "k", upload_id, 1))[0] == 404


def test_completing_in_a_versioned_bucket_makes_a_version(bucket: oss2.Bucket) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    upload_id = bucket.init_multipart_upload("k").upload_id

    done = bucket.complete_multipart_upload("k", upload_id, [upload(bucket, upload_id, 1, b"x")])

    assert done.versionid == bucket.head_object("k").versionid
    assert last(bucket).status == 200
