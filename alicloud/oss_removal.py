"""OSS: what takes a bucket away, and everything that is in it: versions, delete markers, unfinished uploads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import BUCKET, OBJECT, allowed_by
from alicloud.oss import PRODUCT, VERSION, Bucket, bucket_key
from alicloud.oss_multipart import Upload, abort_multipart_upload
from alicloud.oss_objects import PAGE_SIZE, object_key

_ABSENT = frozenset({"NoSuchBucket", "NoSuchKey", "NoSuchVersion"})


@dataclass(frozen=True)
class ObjectVersion:
    """A version of an object, or the marker of its deletion. `version_id` is null where nothing is versioned."""

    key: str
    version_id: str
    delete_marker: bool = False


@allowed_by("oss:ListObjectVersions", BUCKET)
def list_object_versions(bucket: str) -> Call[tuple[ObjectVersion, ...]]:
    """List every version of every object, delete markers too. Source: OSS, ListObjectVersions."""
    return Call(
        PRODUCT,
        VERSION,
        "ListObjectVersions",
        Kind.READ,
        _versions,
        operation="list_object_versions",
        bucket=bucket,
        arguments={"max_keys": PAGE_SIZE},
        absent=_ABSENT,
        missing=(),
        next_page=_next_versions,
        means=f"list all versions in oss://{bucket}",
    )


@allowed_by("oss:DeleteObject", OBJECT)
@allowed_by("oss:DeleteObjectVersion", OBJECT)  # with a versionId
def delete_object_version(bucket: str, version: ObjectVersion) -> Call[None]:
    """Delete one version for good. Source: OSS, DeleteObject with versionId."""
    return Call(
        PRODUCT,
        VERSION,
        "DeleteObject",
        Kind.IDEMPOTENT,
        lambda result: None,
        operation="delete_object",
        bucket=bucket,
        arguments={"key": version.key, "params": {"versionId": version.version_id}},
        done=_ABSENT,
        means=f"delete oss://{bucket}/{version.key}, version {version.version_id}",
        removes=object_key(bucket, version.key),
    )


@allowed_by("oss:DeleteBucket", BUCKET)
def delete_bucket(name: str) -> Call[None]:
    """Delete an empty bucket; OSS refuses others. Source: OSS, DeleteBucket."""
    return Call(
        PRODUCT,
        VERSION,
        "DeleteBucket",
        Kind.IDEMPOTENT,
        lambda result: None,
        operation="delete_bucket",
        bucket=name,
        done=frozenset({"NoSuchBucket"}),
        means=f"delete OSS bucket {name}",
        removes=bucket_key(name),
    )


def versions_removal(bucket: str, actual: Sequence[ObjectVersion]) -> list[Call[Any]]:
    """Delete every version that was read."""
    return [delete_object_version(bucket, version) for version in actual]


def uploads_removal(ours: Collection[str], actual: Sequence[Upload]) -> list[Call[Any]]:
    """Abort the unfinished uploads of these ids."""
    return [abort_multipart_upload(each) for each in actual if each.upload_id in ours]


def bucket_removal(name: str, actual: Bucket | None) -> list[Call[Any]]:
    return [] if actual is None else [delete_bucket(name)]


def _versions(result: Any) -> tuple[ObjectVersion, ...]:
    return (
        *(ObjectVersion(str(each.key), str(each.versionid)) for each in result.versions),
        *(ObjectVersion(str(each.key), str(each.versionid), True) for each in result.delete_marker),
    )


def _next_versions(result: Any) -> dict[str, str] | None:
    if not result.is_truncated:
        return None
    return {"key_marker": str(result.next_key_marker), "versionid_marker": str(result.next_versionid_marker)}
