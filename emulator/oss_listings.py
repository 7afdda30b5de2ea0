"""How OSS lists what is in a bucket: objects (two ways), versions and unfinished uploads, page by page."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from emulator.oss_buckets import owner
from emulator.oss_call import Call, Reply, iso, xml_reply
from emulator.oss_objects import quoted
from emulator.oss_state import Bucket, ObjectVersion, Upload, need_bucket
from emulator.oss_xml import Element, element, encoded
from emulator.request import Refusal
from emulator.world import World

Item = TypeVar("Item")


@dataclass
class Page(Generic[Item]):
    """What one reply lists. `last` is the key or the common prefix that stands last, and `last_item` what it holds."""

    items: list[tuple[str, Item]] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    last: str = ""
    last_item: Item | None = None

    def __len__(self) -> int:
        return len(self.items) + len(self.prefixes)


def list_objects(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    marker, size = call.param("marker"), call.count("max-keys", 100, 1000)
    page = _cut(_current(bucket, _start(call, bucket.sorted_keys(), marker)), call, marker, size)
    following = [_text(call, "NextMarker", page.last)] if page.truncated else []
    rows = [_object(call, bucket, key, version) for key, version in page.items]
    echo = [_text(call, "Marker", marker), element("MaxKeys", size)]
    return _listing("ListBucketResult", call, bucket, echo, page, following, rows)


def list_objects_v2(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    token, size = call.param("continuation-token"), call.count("max-keys", 100, 1000)
    marker = _opened(token) if token else call.param("start-after")
    page = _cut(_current(bucket, _start(call, bucket.sorted_keys(), marker)), call, marker, size)
    following = [element("NextContinuationToken", _sealed(page.last))] if page.truncated else []
    following.append(element("KeyCount", len(page)))
    with_owner = call.param("fetch-owner").lower() == "true"
    rows = [_object(call, bucket, key, version, with_owner) for key, version in page.items]
    echo = [element("MaxKeys", size)]
    if call.param("start-after"):
        echo.append(_text(call, "StartAfter", call.param("start-after")))
    if token:
        echo.append(element("ContinuationToken", token))
    return _listing("ListBucketResult", call, bucket, echo, page, following, rows)


def list_object_versions(world: World, call: Call) -> Reply:
    """List all versions, the newest of each key first."""
    bucket = need_bucket(world, call.bucket)
    key_marker, id_marker = call.param("key-marker"), call.param("version-id-marker")
    size = call.count("max-keys", 100, 1000)
    page = _cut(_versions(bucket, call, key_marker, id_marker), call, key_marker, size)
    following = []
    if page.truncated:
        last_id = page.last_item.id if page.last_item else ""
        following = [_text(call, "NextKeyMarker", page.last), element("NextVersionIdMarker", last_id)]
    rows = [_version(call, bucket, key, version) for key, version in page.items]
    echo = [_text(call, "KeyMarker", key_marker), element("VersionIdMarker", id_marker), element("MaxKeys", size)]
    return _listing("ListVersionsResult", call, bucket, echo, page, following, rows)


def list_multipart_uploads(world: World, call: Call) -> Reply:
    """List unfinished uploads. Clients want both next markers even when there is no next page."""
    bucket = need_bucket(world, call.bucket)
    key_marker, id_marker = call.param("key-marker"), call.param("upload-id-marker")
    size = call.count("max-uploads", 1000, 1000)
    page = _cut(_uploads(bucket, call, key_marker, id_marker), call, key_marker, size)
    last_id = page.last_item.id if page.truncated and page.last_item else ""
    result = element(
        "ListMultipartUploadsResult",
        _encoding(call),
        element("Bucket", bucket.name),
        _text(call, "KeyMarker", key_marker),
        element("UploadIdMarker", id_marker),
        _text(call, "NextKeyMarker", page.last if page.truncated else ""),
        element("NextUploadIdMarker", last_id),
        _text(call, "Delimiter", call.param("delimiter")),
        _text(call, "Prefix", call.param("prefix")),
        element("MaxUploads", size),
        element("IsTruncated", page.truncated),
        (_upload(call, key, upload) for key, upload in page.items),
        _common_prefixes(call, page.prefixes),
    )
    return xml_reply(result)


def _start(call: Call, keys: list[str], marker: str) -> Iterator[str]:
    """Give the keys after the marker that may have the prefix."""
    first = max(bisect_right(keys, marker) if marker else 0, bisect_left(keys, call.param("prefix")))
    return (keys[index] for index in range(first, len(keys)))


def _current(bucket: Bucket, keys: Iterable[str]) -> Iterator[tuple[str, ObjectVersion]]:
    for key in keys:
        if version := bucket.current(key):
            yield key, version


def _versions(bucket: Bucket, call: Call, key_marker: str, id_marker: str) -> Iterator[tuple[str, ObjectVersion]]:
    if id_marker and key_marker in bucket.objects:
        ids = list(reversed(bucket.objects[key_marker]))
        # A marker that was deleted since: what is left of its key has not been listed.
        rest = ids[ids.index(id_marker) + 1 :] if id_marker in ids else ids
        yield from ((key_marker, bucket.objects[key_marker][version_id]) for version_id in rest)
    for key in _start(call, bucket.sorted_keys(), key_marker):
        yield from ((key, version) for version in reversed(bucket.objects[key].values()))


def _uploads(bucket: Bucket, call: Call, key_marker: str, id_marker: str) -> Iterator[tuple[str, Upload]]:
    prefix = call.param("prefix")
    for upload in sorted(bucket.uploads.values(), key=lambda upload: (upload.key, upload.id)):
        later = upload.key > key_marker or (upload.key == key_marker and id_marker and upload.id > id_marker)
        if later and upload.key.startswith(prefix):
            yield upload.key, upload


def _cut(entries: Iterator[tuple[str, Item]], call: Call, marker: str, size: int) -> Page[Item]:
    """Take one page of sorted entries, with those that share a prefix up to the delimiter put together."""
    page = Page[Item]()
    prefix, delimiter = call.param("prefix"), call.param("delimiter")
    for key, item in entries:
        if not key.startswith(prefix):
            break
        end = key.find(delimiter, len(prefix)) if delimiter else -1
        common = key[: end + len(delimiter)] if end >= 0 else ""
        if common and common in (marker, page.last):
            continue
        if len(page) == size:
            page.truncated = True
            break
        if common:
            page.prefixes.append(common)
            page.last, page.last_item = common, None
        else:
            page.items.append((key, item))
            page.last, page.last_item = key, item
    return page


def _listing(
    root: str,
    call: Call,
    bucket: Bucket,
    echo: list[Element],
    page: Page[Item],
    following: list[Element],
    rows: list[Element],
) -> Reply:
    tree = element(
        root,
        element("Name", bucket.name),
        _text(call, "Prefix", call.param("prefix")),
        echo,
        _text(call, "Delimiter", call.param("delimiter")),
        _encoding(call),
        element("IsTruncated", page.truncated),
        following,
        rows,
        _common_prefixes(call, page.prefixes),
    )
    return xml_reply(tree)


def _object(call: Call, bucket: Bucket, key: str, version: ObjectVersion, with_owner: bool = True) -> Element:
    content = [_text(call, "Key", key), *_facts(version)]
    return element("Contents", content, [owner(bucket.owner)] if with_owner else [])


def _version(call: Call, bucket: Bucket, key: str, version: ObjectVersion) -> Element:
    facts = [
        _text(call, "Key", key),
        element("VersionId", version.id),
        element("IsLatest", bucket.latest(key) is version),
    ]
    if version.delete_marker:
        changed = element("LastModified", iso(version.modified_at))
        return element("DeleteMarker", facts, changed, owner(bucket.owner))
    return element("Version", facts, _facts(version), owner(bucket.owner))


def _facts(version: ObjectVersion) -> list[Element]:
    return [
        element("LastModified", iso(version.modified_at)),
        element("ETag", quoted(version)),
        element("Type", version.kind),
        element("Size", version.size),
        element("StorageClass", version.storage_class),
    ]


def _upload(call: Call, key: str, upload: Upload) -> Element:
    facts = [element("UploadId", upload.id), element("Initiated", iso(upload.initiated_at))]
    return element("Upload", _text(call, "Key", key), facts, element("StorageClass", upload.storage_class))


def _common_prefixes(call: Call, prefixes: list[str]) -> list[Element]:
    return [element("CommonPrefixes", _text(call, "Prefix", prefix)) for prefix in prefixes]


def _encoding(call: Call) -> list[Element]:
    return [element("EncodingType", call.encoding)] if call.encoding else []


def _text(call: Call, tag: str, text: str) -> Element:
    return element(tag, encoded(text, call.encoding))


def _sealed(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode("utf-8", "replace")).decode()


def _opened(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Refusal(400, "InvalidArgument", "The continuation token is not valid.") from None
