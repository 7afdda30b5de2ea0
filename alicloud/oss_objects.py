"""OSS objects: UDF packages, and whatever else is kept in the bucket."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from hashlib import md5
from typing import Any

from alicloud.call import Call, Kind
from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.oss import PRODUCT, VERSION

PAGE_SIZE = 1000  # the most that OSS gives

# HEAD has no body, hence no code: the session reads its 404 as NoSuchKey even when the bucket is absent.
_ABSENT = frozenset({"NoSuchKey", "NoSuchBucket"})


@dataclass(frozen=True)
class StoredObject:
    """An object. `etag` is the MD5 of its content in upper case, unless it was uploaded in parts. `size` in bytes."""

    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class UdfSpec:
    """A UDF package that is wanted in a bucket.

    `path_name` is the local file, for messages; `size` is in bytes; `data` is the content, needed only where an
    upload may be decided.
    """

    bucket: str
    key: str
    path_name: str
    md5_hex: str
    size: int
    data: bytes = field(default=b"", repr=False, compare=False)


def udf_spec(bucket: str, key: str, path_name: str, data: bytes) -> UdfSpec:
    """Describe a package by its content."""
    return UdfSpec(bucket, key, path_name, md5(data, usedforsecurity=False).hexdigest(), len(data), data)


def head_object(bucket: str, key: str) -> Call[StoredObject | None]:
    """Read what is known of an object, None when it or the bucket is absent. Source: OSS, HeadObject."""

    def stored(result: Any) -> StoredObject:
        return StoredObject(key, result.etag, int(result.content_length))

    return Call(
        PRODUCT,
        VERSION,
        "HeadObject",
        Kind.READ,
        stored,
        operation="head_object",
        bucket=bucket,
        arguments={"key": key},
        absent=_ABSENT,
        means=f"look at oss://{bucket}/{key}",
    )


def get_object(bucket: str, key: str) -> Call[bytes | None]:
    """Read an object, None when it or the bucket is absent. Source: OSS, GetObject."""
    return Call(
        PRODUCT,
        VERSION,
        "GetObject",
        Kind.READ,
        lambda answer: bytes(answer[1]),
        operation="get_object",
        bucket=bucket,
        arguments={"key": key},
        absent=_ABSENT,
        means=f"read oss://{bucket}/{key}",
    )


@dataclass(frozen=True)
class Log:
    """An appendable object as it was read. `idle_seconds` is the cloud's time since the last append."""

    data: bytes
    idle_seconds: float


def get_log(bucket: str, key: str) -> Call[Log | None]:
    """Read an appendable object, None when it or the bucket is absent. Source: OSS, GetObject.

    Its age is the reply's Date less its Last-Modified: both are told by the same server.
    """

    def log(answer: Any) -> Log:
        told, data = answer
        date, modified = (parsedate_to_datetime(told.headers[name]) for name in ("Date", "Last-Modified"))
        return Log(bytes(data), (date - modified).total_seconds())

    return Call(
        PRODUCT,
        VERSION,
        "GetObject",
        Kind.READ,
        log,
        operation="get_object",
        bucket=bucket,
        arguments={"key": key},
        absent=_ABSENT,
        means=f"read oss://{bucket}/{key}",
    )


def append_object(bucket: str, key: str, position: int, data: bytes) -> Call[None]:
    """Append to an object, or make it at position 0.

    OSS refuses with PositionNotEqualToLength when the object is not as long as `position` says, also where versioning
    is enabled: of several writers that have read the same, one gets through. When the answer to a first attempt was
    lost, the refusal may be due to our own data: read to know. Source: OSS, AppendObject.
    """
    digest = b64encode(md5(data, usedforsecurity=False).digest()).decode()
    return Call(
        PRODUCT,
        VERSION,
        "AppendObject",
        Kind.IDEMPOTENT,
        lambda result: None,
        operation="append_object",
        bucket=bucket,
        arguments={"key": key, "position": position, "data": data, "headers": {"Content-MD5": digest}},
        means=f"append {len(data)} bytes to oss://{bucket}/{key}",
    )


def object_key(bucket: str, key: str) -> str:
    """Give the key by which a journal knows an object."""
    return f"oss:object/{bucket}/{key}"


def put_object(bucket: str, key: str, data: bytes, forbid_overwrite: bool = False) -> Call[str]:
    """Write an object and give its ETag. OSS refuses it when the content does not arrive whole.

    Args:
        forbid_overwrite: refuse with AlreadyExists (FileAlreadyExists) when the key is taken. When the answer to a
            first attempt was lost, that may be our own object: read it to know. OSS ignores it, and overwrites,
            where versioning is or ever was enabled: it is no lock there.

    Source: OSS, PutObject; x-oss-forbid-overwrite.
    """
    digest = b64encode(md5(data, usedforsecurity=False).digest()).decode()
    guard = {"x-oss-forbid-overwrite": "true"} if forbid_overwrite else {}
    return Call(
        PRODUCT,
        VERSION,
        "PutObject",
        Kind.LOOKED,
        lambda result: str(result.etag),
        operation="put_object",
        bucket=bucket,
        arguments={"key": key, "data": data, "headers": {"Content-MD5": digest, **guard}},
        means=f"write oss://{bucket}/{key} ({len(data)} bytes)",
        creates=object_key(bucket, key),
    )


def delete_object(bucket: str, key: str) -> Call[None]:
    """Delete an object; where versioning is enabled its versions stay. Source: OSS, DeleteObject."""
    return Call(
        PRODUCT,
        VERSION,
        "DeleteObject",
        Kind.IDEMPOTENT,
        lambda result: None,
        operation="delete_object",
        bucket=bucket,
        arguments={"key": key},
        done=_ABSENT,
        means=f"delete oss://{bucket}/{key}",
    )


def list_objects(bucket: str, prefix: str) -> Call[tuple[StoredObject, ...]]:
    """List the objects whose key begins with the prefix; none when the bucket is absent. Source: OSS, ListObjects."""
    return Call(
        PRODUCT,
        VERSION,
        "ListObjects",
        Kind.READ,
        lambda result: tuple(StoredObject(each.key, each.etag, int(each.size)) for each in result.object_list),
        operation="list_objects",
        bucket=bucket,
        arguments={"prefix": prefix, "max_keys": PAGE_SIZE},
        absent=_ABSENT,
        missing=(),
        next_page=lambda result: {"marker": str(result.next_marker)} if result.is_truncated else None,
        means=f"list oss://{bucket}/{prefix}",
    )


def udf_changes(spec: UdfSpec, actual: StoredObject | None) -> list[Call[Any]]:
    """Decide whether a package must be uploaded: not when the one that is there has the same MD5.

    Raises:
        Unmet: the content that would be uploaded is not the one that the spec describes.
    """
    if actual is not None and actual.etag.strip('"').lower() == spec.md5_hex.lower():
        return []
    if md5(spec.data, usedforsecurity=False).hexdigest() != spec.md5_hex.lower():
        raise Unmet(
            f"The file {spec.path_name} has changed since this run began, or was not read.",
            remedy="Let it be written to its end, then Retry this run.",
        )
    call = put_object(spec.bucket, spec.key, spec.data)
    if actual is None:
        return [call]
    size = Change("size", f"{actual.size} bytes", f"{spec.size} bytes")
    changed = (Change("MD5", actual.etag.strip('"').lower(), spec.md5_hex.lower()),)
    return [replace(call, changes=(*changed, size) if actual.size != spec.size else changed)]


def planned_object(spec: UdfSpec) -> StoredObject:
    """Stand in, in a dry run, for the package after the upload."""
    return StoredObject(spec.key, spec.md5_hex.upper(), spec.size)
