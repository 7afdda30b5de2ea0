"""OSS: an object that comes in parts, so that an upload that was interrupted goes on where it stopped.

OSS tells of an unfinished upload only its key, its id and the parts that have arrived, not what it was begun for. So
an upload is taken for one of a file when everything that has arrived of it is of that file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar

from alicloud.call import Call, Kind
from alicloud.call_rights import BUCKET, OBJECT, allowed_by
from alicloud.oss import PRODUCT, VERSION
from alicloud.oss_objects import PAGE_SIZE, StoredObject, UdfSpec, content_md5, holds, object_key, overwritten

# What is larger is uploaded in parts. OSS takes parts from 100 KiB, the last one excepted, and 10,000 of them.
# Source: OSS, UploadPart. At 8 MiB a lost part costs little, and the largest package has 32 of them.
THRESHOLD_BYTES = 16 * 1024 * 1024
PART_BYTES = 8 * 1024 * 1024

_NO_UPLOAD = frozenset({"NoSuchUpload"})


@dataclass(frozen=True)
class Part:
    """A part that has arrived, named as oss2 wants it in CompleteMultipartUpload. `etag` is its MD5."""

    part_number: int
    etag: str
    size: int
    part_crc: ClassVar[None] = None  # ListParts of oss2 does not tell it; each part's MD5 was checked


@dataclass(frozen=True)
class Upload:
    """An upload that is neither completed nor aborted. `initiated` is in seconds since 1970."""

    bucket: str
    key: str
    upload_id: str
    initiated: int = 0
    parts: tuple[Part, ...] = ()

    @property
    def known_as(self) -> str:
        """The key by which a journal knows it, once parts were sent to it."""
        return f"oss:upload/{self.bucket}/{self.key}/{self.upload_id}"


@allowed_by("oss:ListMultipartUploads", BUCKET)
def list_multipart_uploads(bucket: str, prefix: str = "") -> Call[tuple[Upload, ...]]:
    """List the unfinished uploads whose key begins with the prefix. Source: OSS, ListMultipartUploads."""
    return Call(
        PRODUCT,
        VERSION,
        "ListMultipartUploads",
        Kind.READ,
        lambda result: tuple(
            Upload(bucket, str(each.key), str(each.upload_id), int(each.initiation_date)) for each in result.upload_list
        ),
        operation="list_multipart_uploads",
        bucket=bucket,
        arguments={"prefix": prefix, "max_uploads": PAGE_SIZE},
        absent=frozenset({"NoSuchBucket", "NoSuchKey"}),
        missing=(),
        next_page=_next_uploads,
        means=f"list unfinished uploads in oss://{bucket}/{prefix}",
    )


@allowed_by("oss:ListParts", OBJECT)
def list_parts(bucket: str, key: str, upload_id: str) -> Call[tuple[Part, ...] | None]:
    """List the parts of an upload that have arrived, None when it is completed or aborted. Source: OSS, ListParts."""
    return Call(
        PRODUCT,
        VERSION,
        "ListParts",
        Kind.READ,
        lambda result: tuple(Part(each.part_number, each.etag.strip('"').lower(), each.size) for each in result.parts),
        operation="list_parts",
        bucket=bucket,
        arguments={"key": key, "upload_id": upload_id},
        absent=_NO_UPLOAD | {"NoSuchBucket", "NoSuchKey"},
        next_page=lambda result: {"marker": str(result.next_marker)} if result.is_truncated else None,
        means=f"list what has arrived of oss://{bucket}/{key}",
    )


@allowed_by("oss:PutObject", OBJECT)
def initiate_multipart_upload(spec: UdfSpec) -> Call[str]:
    """Begin an upload and give its id; each call begins one. Source: OSS, InitiateMultipartUpload.

    It is also what a plan shows of the whole upload.
    """
    return Call(
        PRODUCT,
        VERSION,
        "InitiateMultipartUpload",
        Kind.LOOKED,
        lambda result: str(result.upload_id),
        operation="init_multipart_upload",
        bucket=spec.bucket,
        arguments={"key": spec.key, "headers": spec.metadata},
        means=f"upload {spec.key}, {_told(spec.size)} in {len(spec.parts)} parts",
    )


@allowed_by("oss:PutObject", OBJECT)
def upload_part(spec: UdfSpec, upload: Upload, number: int, data: bytes) -> Call[None]:
    """Send a part; it takes the place of one with the same number. Source: OSS, UploadPart."""
    return Call(
        PRODUCT,
        VERSION,
        "UploadPart",
        Kind.IDEMPOTENT,
        lambda result: None,
        operation="upload_part",
        bucket=spec.bucket,
        arguments={
            "key": spec.key,
            "upload_id": upload.upload_id,
            "part_number": number,
            "data": data,
            "headers": content_md5(data),
        },
        means=f"send part {number} of {len(spec.parts)} of {spec.key}",
        creates=upload.known_as,
        part_of=initiate_multipart_upload(spec).fingerprint,
    )


@allowed_by("oss:PutObject", OBJECT)
def complete_multipart_upload(spec: UdfSpec, upload: Upload) -> Call[None]:
    """Make the object of its parts. Afterwards the upload is gone: a second call is refused, also if the first one's
    answer was lost. Source: OSS, CompleteMultipartUpload.
    """
    return Call(
        PRODUCT,
        VERSION,
        "CompleteMultipartUpload",
        Kind.LOOKED,
        lambda result: None,
        operation="complete_multipart_upload",
        bucket=spec.bucket,
        arguments={"key": spec.key, "upload_id": upload.upload_id, "parts": list(upload.parts)},
        means=f"make {spec.key} of its {len(upload.parts)} parts",
        creates=object_key(spec.bucket, spec.key),
        removes=upload.known_as,
        part_of=initiate_multipart_upload(spec).fingerprint,
    )


@allowed_by("oss:AbortMultipartUpload", OBJECT)
def abort_multipart_upload(upload: Upload, part_of: str = "") -> Call[None]:
    """Give up an upload with all its parts. Source: OSS, AbortMultipartUpload."""
    return Call(
        PRODUCT,
        VERSION,
        "AbortMultipartUpload",
        Kind.IDEMPOTENT,
        lambda result: None,
        operation="abort_multipart_upload",
        bucket=upload.bucket,
        arguments={"key": upload.key, "upload_id": upload.upload_id},
        done=_NO_UPLOAD,
        means=f"abort an unfinished upload of oss://{upload.bucket}/{upload.key}",
        removes=upload.known_as,
        part_of=part_of,
    )


# Deciding


class Todo(StrEnum):
    """What an upload needs next."""

    NOTHING = "nothing"
    ABORT = "abort"
    BEGIN = "begin"
    SEND = "send"
    FINISH = "finish"


@dataclass(frozen=True)
class Next:
    """The next thing to do, with the upload it is about; `missing` are the numbers of the parts to send."""

    todo: Todo
    upload: Upload | None = None
    missing: tuple[int, ...] = ()


def next_step(spec: UdfSpec, actual: StoredObject | None, uploads: Sequence[Upload], ours: Collection[str]) -> Next:
    """Decide what to do next until the object is the package.

    All runs that see the same choose the same upload: of those that fit the file the one that has most, then the
    oldest. What does not fit is aborted where it is known to be ours, and left alone else.

    Args:
        uploads: the unfinished ones of this key, with the parts that have arrived.
        ours: ids of those that this environment is known to have sent parts to, or this run to have begun.
    """
    own = [each for each in uploads if each.upload_id in ours]
    done = holds(spec, actual)
    left = [each for each in own if done or not fits(spec, each)]
    if left:
        return Next(Todo.ABORT, left[0])
    if done:
        return Next(Todo.NOTHING)
    fitting = [each for each in uploads if fits(spec, each)]
    if not fitting:
        return Next(Todo.BEGIN)
    chosen = min(fitting, key=lambda each: (-len(each.parts), each.initiated, each.upload_id))
    arrived = {part.part_number for part in chosen.parts}
    missing = tuple(number for number in range(1, len(spec.parts) + 1) if number not in arrived)
    return Next(Todo.SEND, chosen, missing) if missing else Next(Todo.FINISH, chosen)


def fits(spec: UdfSpec, upload: Upload) -> bool:
    """Say whether everything that has arrived of an upload is of this file; so it is when nothing has."""
    return all(
        part.part_number <= len(spec.parts)
        and (part.etag, part.size) == (spec.parts[part.part_number - 1], size_of_part(spec.size, part.part_number))
        for part in upload.parts
    )


def size_of_part(size: int, number: int) -> int:
    """Give the size of a part in bytes: all are equally large but the last.

    Args:
        size: of the whole, in bytes.
        number: from 1.
    """
    return min(PART_BYTES, size - (number - 1) * PART_BYTES)


def planned_upload(spec: UdfSpec, actual: StoredObject | None) -> list[Call[Any]]:
    """Give what a plan shows of the upload: one line, whatever of it has arrived already."""
    if holds(spec, actual):
        return []
    return [replace(initiate_multipart_upload(spec), changes=overwritten(spec, actual))]


def _told(size: int) -> str:
    mebibytes = size / 1024 / 1024
    return f"{mebibytes:.0f} MiB" if mebibytes >= 10 else f"{mebibytes:.1f} MiB"


def _next_uploads(result: Any) -> dict[str, str] | None:
    if not result.is_truncated:
        return None
    return {"key_marker": str(result.next_key_marker), "upload_id_marker": str(result.next_upload_id_marker)}
