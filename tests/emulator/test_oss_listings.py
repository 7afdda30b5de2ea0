"""Listings: pages, prefixes, delimiters, and keys that XML cannot hold."""

from typing import Any

import oss2
import pytest

from tests.emulator.client import Running
from tests.emulator.oss_client import last, make_bucket, paths

KEYS = ["a", "b/1", "b/2", "b/c/3", "d", "e/4", "ä b+&<%"]


@pytest.fixture
def bucket(emulator: Running) -> oss2.Bucket:
    made = make_bucket(emulator)
    for key in reversed(KEYS):
        made.put_object(key, b"")
    return made


def whole(bucket: oss2.Bucket, size: int, **arguments: Any) -> list[str]:
    return [key for page in pages(bucket, size, **arguments) for key in page]


def pages(bucket: oss2.Bucket, size: int, **arguments: Any) -> list[list[str]]:
    found, marker = [], ""
    while True:
        page = bucket.list_objects(max_keys=size, marker=marker, **arguments)
        found.append(sorted([item.key for item in page.object_list] + page.prefix_list))
        marker = page.next_marker
        if not page.is_truncated:
            return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pages_put_together_are_the_whole(bucket: oss2.Bucket, size: int) -> None:
    found = pages(bucket, size)

    assert [key for page in found for key in page] == sorted(KEYS)
    assert all(len(page) == size for page in found[:-1])


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_delimiter_puts_keys_together(bucket: oss2.Bucket, size: int) -> None:
    assert whole(bucket, size, delimiter="/") == sorted(["a", "b/", "d", "e/", "ä b+&<%"])
    assert whole(bucket, size, delimiter="/", prefix="b/") == ["b/1", "b/2", "b/c/"]


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize("iterator", [oss2.ObjectIterator, oss2.ObjectIteratorV2])
def test_the_clients_iterators_see_everything(bucket: oss2.Bucket, iterator: Any, size: int) -> None:
    assert [item.key for item in iterator(bucket, max_keys=size)] == sorted(KEYS)
    assert [item.key for item in iterator(bucket, prefix="b/", delimiter="/", max_keys=size)] == ["b/1", "b/2", "b/c/"]


def test_the_second_version_starts_after_a_key_and_counts(bucket: oss2.Bucket) -> None:
    page = bucket.list_objects_v2(start_after="b/2", max_keys=2)

    assert [item.key for item in page.object_list] == ["b/c/3", "d"]
    assert [item.owner for item in page.object_list] == [None, None]
    assert b"<KeyCount>2</KeyCount>" in last(bucket).body


def test_a_token_that_we_did_not_give_is_refused(bucket: oss2.Bucket) -> None:
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.list_objects_v2(continuation_token="\x00 not ours")


@pytest.mark.parametrize("size", ["0", "1001", "-1", "many", "9" * 30])
def test_an_impossible_page_size_is_refused(bucket: oss2.Bucket, size: str) -> None:
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.list_objects(max_keys=size)


def test_what_is_deleted_is_not_listed(bucket: oss2.Bucket) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    bucket.delete_object("a")
    bucket.delete_object("b/1")

    assert whole(bucket, 2) == sorted(KEYS)[2:]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_all_versions_are_listed_newest_first(emulator: Running, size: int) -> None:
    bucket = make_bucket(emulator)
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    wanted = []
    for key in ("a", "b"):
        ids = [bucket.put_object(key, b"").versionid for _ in range(3)]
        wanted += [(key, version_id) for version_id in reversed(ids)]

    found, key, version_id, more = [], "", "", True
    while more:
        page = bucket.list_object_versions(key_marker=key, versionid_marker=version_id, max_keys=size)
        found += [(item.key, item.versionid) for item in page.versions]
        key, version_id, more = page.next_key_marker, page.next_versionid_marker, page.is_truncated

    assert found == wanted


def test_a_bucket_is_emptied_page_by_page(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    for number in range(7):
        bucket.put_object(f"k{number % 2}", b"")
        bucket.delete_object("k0")

    key, version_id, more = "", "", True
    while more:
        page = bucket.list_object_versions(key_marker=key, versionid_marker=version_id, max_keys=2)
        for item in [*page.versions, *page.delete_marker]:
            bucket.delete_object(item.key, params={"versionId": item.versionid})
        key, version_id, more = page.next_key_marker, page.next_versionid_marker, page.is_truncated

    bucket.delete_bucket()


def test_the_newest_version_is_the_latest(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    bucket.put_object("k", b"")
    bucket.delete_object("k")

    page = bucket.list_object_versions()

    assert [item.is_latest for item in page.delete_marker] == [True]
    assert [item.is_latest for item in page.versions] == [False]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_unfinished_uploads_are_listed(emulator: Running, size: int) -> None:
    bucket = make_bucket(emulator)
    wanted = [(key, bucket.init_multipart_upload(key).upload_id) for key in ("a", "b/1", "b/1", "b/2")]

    found = [(item.key, item.upload_id) for item in oss2.MultipartUploadIterator(bucket, max_uploads=size)]
    grouped = [item.key for item in oss2.MultipartUploadIterator(bucket, delimiter="/", max_uploads=size)]

    assert found == sorted(wanted)
    assert grouped == ["a", "b/"]


def test_keys_that_xml_cannot_hold_are_listed_encoded(emulator: Running) -> None:
    bucket = make_bucket(emulator)
    bucket.put_object("bell\x07", b"")

    assert [item.key for item in bucket.list_objects().object_list] == ["bell\x07"]
    plain = bucket.list_objects_v2(encoding_type="")
    assert [item.key for item in plain.object_list] == ["bell\ufffd"]
    assert "ListBucketResult/EncodingType" not in paths(last(bucket).body)
