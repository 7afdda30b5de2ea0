"""OSS objects: UDF packages, and whatever else is kept in the bucket."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from hashlib import md5, sha256
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import BUCKET, OBJECT, allowed_by
from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.oss import PRODUCT, VERSION

PAGE_SIZE = 1000  # the most that OSS gives
CHECKSUM_HEADER, VERSION_HEADER = "x-oss-meta-sha256", "x-oss-meta-version"

# HEAD has no body, hence no code: the session reads its 404 as NoSuchKey even when the bucket is absent.
_ABSENT = frozenset({"NoSuchKey", "NoSuchBucket"})


@dataclass(frozen=True)
class StoredObject:
    """An object. `etag` is the MD5 of its content in upper case, unless it was uploaded in parts. `size` in bytes.

    `sha256` and `version` are what its own metadata say of its content, as this house writes them; lists do not tell
    them.
    """

    key: str
    etag: str
    size: int
    sha256: str = ""
    version: str = ""


@dataclass(frozen=True)
class UdfSpec:
    """A UDF package that is wanted in a bucket.

    `path_name` is the local file, for messages; `size` is in bytes; `parts` are the MD5s of the parts that it is
    uploaded in, none when it is uploaded whole; `data` is the content, needed only where the upload of the whole may
    be decided. Digests are in lower case.
    """

    bucket: str
    key: str
    path_name: str
    md5_hex: str
    size: int
    sha256: str = ""
    version: str = ""
    parts: tuple[str, ...] = ()
    data: bytes = field(default=b"", repr=False, compare=False)

    @property
    def metadata(self) -> dict[str, str]:
        """The headers that tell the content's checksum and version wherever the object goes."""
        version = {VERSION_HEADER: self.version} if self.version else {}
        return {CHECKSUM_HEADER: self.sha256, **version}


def udf_spec(bucket: str, key: str, path_name: str, data: bytes, version: str = "") -> UdfSpec:
    """Describe a package by its content."""
    whole = md5(data, usedforsecurity=False).hexdigest()
    return UdfSpec(bucket, key, path_name, whole, len(data), sha256(data).hexdigest(), version, data=data)


@allowed_by("oss:GetObject", OBJECT)
def head_object(bucket: str, key: str) -> Call[StoredObject | None]:
    """Read what is known of an object, None when it or the bucket is absent. Source: OSS, HeadObject."""

    def stored(result: Any) -> StoredObject:
        told = {name: str(result.headers.get(name, "")) for name in (CHECKSUM_HEADER, VERSION_HEADER)}
        return StoredObject(
            key, result.etag, int(result.content_length), told[CHECKSUM_HEADER].lower(), told[VERSION_HEADER]
        )

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


@allowed_by("oss:GetObject", OBJECT)
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


@allowed_by("oss:GetObject", OBJECT)
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


@allowed_by("oss:PutObject", OBJECT)
def append_object(bucket: str, key: str, position: int, data: bytes) -> Call[None]:
    """Append to an object, or make it at position 0.

    OSS refuses with PositionNotEqualToLength when the object is not as long as `position` says, also where versioning
    is enabled: of several writers that have read the same, one gets through. When the answer to a first attempt was
    lost, the refusal may be due to our own data: read to know. Source: OSS, AppendObject.
    """
    return Call(
        PRODUCT,
        VERSION,
        "AppendObject",
        Kind.IDEMPOTENT,
        lambda result: None,
        operation="append_object",
        bucket=bucket,
        arguments={"key": key, "position": position, "data": data, "headers": content_md5(data)},
        means=f"append {len(data)} bytes to oss://{bucket}/{key}",
    )


def content_md5(data: bytes) -> dict[str, str]:
    """Give the header by which OSS refuses what does not arrive whole."""
    return {"Content-MD5": b64encode(md5(data, usedforsecurity=False).digest()).decode()}


def object_key(bucket: str, key: str) -> str:
    """Give the key by which a journal knows an object."""
    return f"oss:object/{bucket}/{key}"


@allowed_by("oss:PutObject", OBJECT)
def put_object(
    bucket: str, key: str, data: bytes, forbid_overwrite: bool = False, metadata: Mapping[str, str] | None = None
) -> Call[str]:
    """Write an object and give its ETag. OSS refuses it when the content does not arrive whole.

    Args:
        metadata: headers that the object keeps.
        forbid_overwrite: refuse with AlreadyExists (FileAlreadyExists) when the key is taken. When the answer to a
            first attempt was lost, that may be our own object: read it to know. OSS ignores it, and overwrites,
            where versioning is or ever was enabled: it is no lock there.

    Source: OSS, PutObject; x-oss-forbid-overwrite.
    """
    guard = {"x-oss-forbid-overwrite": "true"} if forbid_overwrite else {}
    return Call(
        PRODUCT,
        VERSION,
        "PutObject",
        Kind.LOOKED,
        lambda result: str(result.etag),
        operation="put_object",
        bucket=bucket,
        arguments={"key": key, "data": data, "headers": {**content_md5(data), **guard, **(metadata or {})}},
        means=f"write oss://{bucket}/{key} ({len(data)} bytes)",
        creates=object_key(bucket, key),
    )


@allowed_by("oss:DeleteObject", OBJECT)
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


@allowed_by("oss:ListObjects", BUCKET)
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


def holds(spec: UdfSpec, actual: StoredObject | None) -> bool:
    """Say whether an object is the package: by the checksum in its metadata, else by its MD5.

    An object without a checksum of ours, put there by hand or by an earlier release, is left as it is when its bytes
    are the same. A version that it does not name is not missed; another one than the wanted is wrong.
    """
    if actual is None or (spec.version and actual.version not in ("", spec.version)):
        return False
    if actual.sha256:
        return (actual.sha256, actual.size) == (spec.sha256, spec.size)
    return actual.etag.strip('"').lower() == spec.md5_hex


def overwritten(spec: UdfSpec, actual: StoredObject | None) -> tuple[Change, ...]:
    """Say what an upload changes of the object that is there."""
    if actual is None:
        return ()
    if actual.sha256:
        rows = [("SHA-256", actual.sha256, spec.sha256)]
    else:
        rows = [("MD5", actual.etag.strip('"').lower(), spec.md5_hex)]
    rows.append(("size", f"{actual.size} bytes", f"{spec.size} bytes"))
    rows += [("version", actual.version, spec.version)] if spec.version else []
    return tuple(Change(*row) for row in rows if row[1] != row[2])


def changed_file(path_name: str) -> Unmet:
    """Refuse to upload what is not the content that the plan was made of."""
    return Unmet(
        f"The file {path_name} has changed since this run began, or was not read.",
        remedy="Let it be written to its end, then Retry this run.",
    )


def udf_changes(spec: UdfSpec, actual: StoredObject | None) -> list[Call[Any]]:
    """Decide whether a package must be uploaded: not when the one that is there is the same.

    Raises:
        Unmet: the content that would be uploaded is not the one that the spec describes.
    """
    if holds(spec, actual):
        return []
    if md5(spec.data, usedforsecurity=False).hexdigest() != spec.md5_hex:
        raise changed_file(spec.path_name)
    call = put_object(spec.bucket, spec.key, spec.data, metadata=spec.metadata)
    return [replace(call, changes=overwritten(spec, actual))]


def planned_object(spec: UdfSpec) -> StoredObject:
    """Stand in, in a dry run, for the package after the upload."""
    return StoredObject(spec.key, spec.md5_hex.upper(), spec.size, spec.sha256, spec.version)
