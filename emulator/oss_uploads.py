"""OSS multipart uploads: an object that comes in parts."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import pairwise

from emulator import oss_crc64
from emulator.oss_call import Call, Reply, iso, xml_reply
from emulator.oss_objects import (
    check_overwriting,
    content,
    copy_source,
    described,
    fingerprint,
    quoted,
    span,
    version_header,
)
from emulator.oss_state import ObjectVersion, Part, Upload, need_bucket, store
from emulator.oss_xml import Element, element, encoded, malformed
from emulator.request import Refusal
from emulator.world import World

SMALLEST_PART = 100 * 1024  # but for the last
LAST_NUMBER = 10_000


def initiate_multipart_upload(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    check_overwriting(call, bucket)
    wanted = described(world, call, bucket, ObjectVersion("", 0.0))
    upload = Upload(
        id=world.identifiers.hexadecimal(32),
        key=call.key,
        initiated_at=world.now(),
        content_type=wanted.content_type,
        storage_class=wanted.storage_class,
        headers=wanted.headers,
    )
    bucket.uploads[upload.id] = upload
    return xml_reply(element("InitiateMultipartUploadResult", _place(call), element("UploadId", upload.id)))


def upload_part(world: World, call: Call) -> Reply:
    upload = _find(world, call)
    number = _number(call)
    call.check_digest()
    part = content(call.body)
    _keep(world, upload, number, part)
    return Reply(200, headers=fingerprint(part))


def upload_part_copy(world: World, call: Call) -> Reply:
    upload = _find(world, call)
    number = _number(call)
    source = copy_source(world, call)
    data = base64.b64decode(source.body)
    if asked := call.header("x-oss-copy-source-range"):
        first, last = span(asked) or (None, None)
        if first is None or first >= len(data):
            raise Refusal(416, "InvalidRange", "The requested range cannot be satisfied.")
        data = data[first : len(data) if last is None else last + 1]
    part = content(data)
    _keep(world, upload, number, part)
    result = element("CopyPartResult", element("LastModified", iso(world.now())), element("ETag", quoted(part)))
    return xml_reply(result, fingerprint(part))


def list_parts(world: World, call: Call) -> Reply:
    upload = _find(world, call)
    size, after = call.count("max-parts", 1000, 1000), call.count("part-number-marker", 0, LAST_NUMBER, 0)
    numbers = sorted(number for number in upload.parts if number > after)
    shown = numbers[:size]
    facts = [
        element("UploadId", upload.id),
        element("StorageClass", upload.storage_class),
        element("PartNumberMarker", after),
        element("NextPartNumberMarker", shown[-1] if shown else 0),
        element("MaxParts", size),
        element("IsTruncated", len(numbers) > size),
    ]
    return xml_reply(
        element("ListPartsResult", _place(call), facts, (_row(number, upload.parts[number]) for number in shown))
    )


def complete_multipart_upload(world: World, call: Call) -> Reply:
    """Put the parts together that the client names, in order.

    Raises:
        Refusal: 404 NoSuchUpload; 400 InvalidPart, InvalidPartOrder, EntityTooSmall, MalformedXML.
    """
    bucket, upload = need_bucket(world, call.bucket), _find(world, call)
    check_overwriting(call, bucket)
    parts = [upload.parts[number] for number in _chosen(call, upload)]
    if any(part.size < SMALLEST_PART for part in parts[:-1]):
        message = "Your proposed upload smaller than the minimum allowed size."
        raise Refusal(400, "EntityTooSmall", message)
    made = store(world, bucket, upload.key, _joined(world, upload, parts))
    del bucket.uploads[upload.id]
    location = f"http://{bucket.name}.oss-{bucket.region}.aliyuncs.com/{encoded(upload.key, 'url')}"
    result = element(
        "CompleteMultipartUploadResult",
        _encoding(call),
        element("Location", location),
        element("Bucket", bucket.name),
        element("Key", encoded(upload.key, call.encoding)),
        element("ETag", quoted(made)),
    )
    return xml_reply(result, fingerprint(made) | version_header(bucket, made))


def abort_multipart_upload(world: World, call: Call) -> Reply:
    upload = _find(world, call)
    del need_bucket(world, call.bucket).uploads[upload.id]
    return Reply(204)


def _find(world: World, call: Call) -> Upload:
    upload = need_bucket(world, call.bucket).uploads.get(call.param("uploadId"))
    if upload is None or upload.key != call.key:
        message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
        raise Refusal(404, "NoSuchUpload", message + "aborted or completed.", {"UploadId": call.param("uploadId")})
    return upload


def _number(call: Call) -> int:
    if not call.param("partNumber"):
        raise Refusal(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive.")
    return call.count("partNumber", 0, LAST_NUMBER)


def _keep(world: World, upload: Upload, number: int, part: ObjectVersion) -> None:
    upload.parts[number] = Part(part.body, part.size, part.etag, part.crc, world.now())


def _chosen(call: Call, upload: Upload) -> list[int]:
    if call.header("x-oss-complete-all").lower() == "yes":
        numbers = sorted(upload.parts)
    else:
        rows = call.document("CompleteMultipartUpload").all("Part")
        numbers = [_checked(row, upload) for row in rows]
    if not numbers:
        raise malformed()
    if any(left >= right for left, right in pairwise(numbers)):
        raise Refusal(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
    return numbers


def _checked(row: Element, upload: Upload) -> int:
    number, etag = row.value("PartNumber"), row.value("ETag").strip('"').upper()
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise malformed()
    part = upload.parts.get(int(number))
    if part is None or part.etag != etag:
        message = "One or more of the specified parts could not be found or the specified entity tag might not have "
        raise Refusal(400, "InvalidPart", message + "matched the part's entity tag.", {"PartNumber": number})
    return int(number)


def _joined(world: World, upload: Upload, parts: list[Part]) -> ObjectVersion:
    crc = 0
    for part in parts:
        crc = oss_crc64.combine(crc, int(part.crc), part.size)
    # UNCONFIRMED: of what the first half of the ETag is the MD5; the service says only that it is not the content's.
    digest = hashlib.md5("".join(part.etag for part in parts).encode()).hexdigest().upper()
    return ObjectVersion(
        id="",
        modified_at=world.now(),
        body=base64.b64encode(b"".join(base64.b64decode(part.body) for part in parts)).decode(),
        size=sum(part.size for part in parts),
        etag=f"{digest}-{len(parts)}",
        crc=str(crc),
        kind="Multipart",
        content_type=upload.content_type,
        storage_class=upload.storage_class,
        headers=dict(upload.headers),
    )


def _row(number: int, part: Part) -> Element:
    return element(
        "Part",
        element("PartNumber", number),
        element("LastModified", iso(part.modified_at)),
        element("ETag", f'"{part.etag}"'),
        element("Size", part.size),
        element("HashCrc64ecma", part.crc),
    )


def _place(call: Call) -> list[Element]:
    facts = [element("Bucket", call.bucket), element("Key", encoded(call.key, call.encoding))]
    return [*_encoding(call), *facts]


def _encoding(call: Call) -> list[Element]:
    return [element("EncodingType", call.encoding)] if call.encoding else []
