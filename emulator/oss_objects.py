"""OSS objects: writing, reading, copying and deleting them, with their versions."""

from __future__ import annotations

import base64
import hashlib
import re
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from emulator import oss_access
from emulator.oss_buckets import STORAGE_CLASSES
from emulator.oss_call import Call, Reply, http_date, iso, xml_reply
from emulator.oss_crc64 import crc64
from emulator.oss_state import APPENDABLE, Bucket, ObjectVersion, need_bucket, remove, store
from emulator.oss_xml import Element, element, encoded, malformed
from emulator.request import Refusal
from emulator.world import World

KEY_LIMIT = 1023  # bytes
DELETION_LIMIT = 1000
KEPT_HEADERS = ("cache-control", "content-disposition", "content-encoding", "content-language", "expires")
REPLACEABLE = ("content-type", *KEPT_HEADERS)  # by response-<name> in the query of a GET


def put_object(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    call.check_digest()
    check_overwriting(call, bucket)
    made = described(world, call, bucket, content(call.body))
    store(world, bucket, call.key, made)
    digest = base64.b64encode(bytes.fromhex(made.etag)).decode()
    return Reply(200, headers={"Content-MD5": digest, **fingerprint(made), **version_header(bucket, made)})


def get_object(world: World, call: Call) -> Reply:
    bucket, found = _readable(world, call)
    headers = _headers(bucket, found) | _replaced(call)
    start, stop = _range(call, found.size)
    body = base64.b64decode(found.body)[start:stop]
    if (start, stop) == (0, found.size):
        return Reply(200, body, headers)
    headers |= {"Content-Range": f"bytes {start}-{stop - 1}/{found.size}", "Content-Length": str(stop - start)}
    return Reply(206, body, headers)


def head_object(world: World, call: Call) -> Reply:
    return Reply(200, headers=_headers(*_readable(world, call)))


def get_object_meta(world: World, call: Call) -> Reply:
    bucket, found = _readable(world, call)
    headers = _headers(bucket, found)
    names = ("ETag", "Content-Length", "Last-Modified", "x-oss-version-id")
    return Reply(200, headers={name: headers[name] for name in names if name in headers})


def copy_object(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    source = copy_source(world, call)
    check_overwriting(call, bucket)
    directive = call.header("x-oss-metadata-directive").upper() or "COPY"
    if directive not in ("COPY", "REPLACE"):
        raise Refusal(400, "InvalidArgument", "The metadata directive must be COPY or REPLACE.")
    made = described(world, call, bucket, source)
    if directive == "COPY":
        made.content_type, made.headers = source.content_type, dict(source.headers) | _encryption(call, bucket)
    store(world, bucket, call.key, made)
    result = element("CopyObjectResult", element("LastModified", iso(made.modified_at)), element("ETag", quoted(made)))
    return xml_reply(result, fingerprint(made) | version_header(bucket, made))


def delete_object(world: World, call: Call) -> Reply:
    """Delete a version for good, or the current one as versioning will have it. It is no error if it is absent."""
    bucket = need_bucket(world, call.bucket)
    marker, version_id = _delete(world, bucket, call.key, call.param("versionId"))
    headers = {"x-oss-version-id": version_id} if version_id else {}
    return Reply(204, headers=headers | ({"x-oss-delete-marker": "true"} if marker else {}))


def delete_multiple_objects(world: World, call: Call) -> Reply:
    bucket = need_bucket(world, call.bucket)
    document = call.document("Delete")
    wanted = [(_key_of(item), item.value("VersionId")) for item in document.all("Object")]
    if not 1 <= len(wanted) <= DELETION_LIMIT:
        raise malformed()
    for key, version_id in wanted:
        oss_access.check(world, call, "DeleteObject", bucket, key, version_id)
    rows = [_deleted(call, key, given, *_delete(world, bucket, key, given)) for key, given in wanted]
    listed = [] if document.value("Quiet").lower() == "true" else rows
    head = [element("EncodingType", call.encoding)] if call.encoding else []
    return xml_reply(element("DeleteResult", head, listed))


def check_key(key: str) -> None:
    """Source: OSS, object naming: 1 to 1023 bytes of UTF-8, no slash or backslash at the start."""
    length = len(key.encode("utf-8", "replace"))
    if not 1 <= length <= KEY_LIMIT or key.startswith(("/", "\\")):
        raise Refusal(400, "InvalidObjectName", "The specified object is not valid.")


def content(data: bytes) -> ObjectVersion:
    """Give an object of nothing but its content."""
    etag = hashlib.md5(data).hexdigest().upper()
    return ObjectVersion("", 0.0, base64.b64encode(data).decode(), len(data), etag, str(crc64(data)))


def described(world: World, call: Call, bucket: Bucket, source: ObjectVersion) -> ObjectVersion:
    """Give an object with the content of another, and what this call says of it."""
    if call.header("x-oss-object-acl") not in ("", "default", "private"):
        raise Refusal(501, "NotImplemented", "ACLs of single objects are not emulated.")
    storage_class = call.header("x-oss-storage-class") or bucket.storage_class
    if storage_class not in STORAGE_CLASSES:
        raise Refusal(400, "InvalidArgument", "The storage class you specified is invalid.")
    kept = {name: value for name, value in call.headers.items() if name in KEPT_HEADERS or _is_metadata(name)}
    return ObjectVersion(
        id="",
        modified_at=world.now(),
        body=source.body,
        size=source.size,
        etag=source.etag,
        crc=source.crc,
        content_type=call.header("content-type") or "application/octet-stream",
        storage_class=storage_class,
        headers=kept | _encryption(call, bucket),
    )


def check_overwriting(call: Call, bucket: Bucket) -> None:
    """Honour x-oss-forbid-overwrite.

    The header does nothing once versioning is Enabled or Suspended. Source: OSS, PutObject, request headers.
    """
    if call.flag("x-oss-forbid-overwrite") and not bucket.versioning and bucket.current(call.key):
        message = "The object you specified already exists and can not be overwritten."
        raise Refusal(409, "FileAlreadyExists", message)


def copy_source(world: World, call: Call) -> ObjectVersion:
    """Find what x-oss-copy-source names: /bucket/key, percent-encoded, perhaps with ?versionId=..."""
    path, _, version_id = call.header("x-oss-copy-source").partition("?versionId=")
    name, _, key = unquote(path).removeprefix("/").partition("/")
    if not name or not key:
        raise Refusal(400, "InvalidArgument", "Copy Source must mention the source bucket and key.")
    bucket = need_bucket(world, name)
    oss_access.check(world, call, "GetObject", bucket, key, version_id)
    found = _version(bucket, key, version_id)
    _check_conditions(call, found, "x-oss-copy-source-")
    return found


def quoted(version: ObjectVersion) -> str:
    return f'"{version.etag}"'


def fingerprint(version: ObjectVersion) -> dict[str, str]:
    return {"ETag": quoted(version), "x-oss-hash-crc64ecma": version.crc}


def next_position(version: ObjectVersion) -> dict[str, str]:
    return {"x-oss-next-append-position": str(version.size)} if version.kind == APPENDABLE else {}


def version_header(bucket: Bucket, version: ObjectVersion) -> dict[str, str]:
    return {"x-oss-version-id": version.id} if bucket.versioning else {}


def span(text: str) -> tuple[int | None, int | None] | None:
    """Read `bytes=first-last`, None when it is nothing of the kind."""
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", text)
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = (int(number) if number else None for number in match.groups())
    return None if first is not None and last is not None and last < first else (first, last)


def _readable(world: World, call: Call) -> tuple[Bucket, ObjectVersion]:
    bucket = need_bucket(world, call.bucket)
    found = _version(bucket, call.key, call.param("versionId"))
    _check_conditions(call, found)
    return bucket, found


def _version(bucket: Bucket, key: str, version_id: str) -> ObjectVersion:
    if not version_id:
        found = bucket.current(key)
        if found is None:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.", {"Key": key})
        return found
    version = bucket.objects.get(key, {}).get(version_id)
    if version is None:
        raise Refusal(404, "NoSuchVersion", "The specified version does not exist.", {"Key": key})
    if version.delete_marker:
        raise Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
    return version


def _check_conditions(call: Call, found: ObjectVersion, prefix: str = "") -> None:
    """Source: OSS, GetObject: a failed If-Match is 412, a matched If-None-Match is 304; times likewise."""
    wanted, unwanted = call.header(f"{prefix}if-match"), call.header(f"{prefix}if-none-match")
    unmodified, modified = (_time(call.header(f"{prefix}if-{name}-since")) for name in ("unmodified", "modified"))
    changed_at = int(found.modified_at)
    if (wanted and not _matches(wanted, found)) or (unmodified is not None and changed_at > unmodified):
        raise Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
    if (unwanted and _matches(unwanted, found)) or (modified is not None and changed_at <= modified):
        raise Refusal(304, "NotModified", "Not Modified")


def _matches(condition: str, found: ObjectVersion) -> bool:
    etags = {item.strip().strip('"').upper() for item in condition.split(",")}
    return "*" in etags or found.etag in etags


def _time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _range(call: Call, size: int) -> tuple[int, int]:
    """Give first byte and the one after the last.

    A range that does not lie in the object gives the whole of it, unless x-oss-range-behavior is `standard`.
    Source: OSS, GetObject, Range.
    """
    wanted = span(call.header("range"))
    if wanted is None:
        return 0, size
    first, last = wanted
    if first is None:  # the last so many bytes
        first, last = max(0, size - (last or 0)), size - 1
    elif last is None:
        last = size - 1
    if call.header("x-oss-range-behavior") == "standard":
        last = min(last, size - 1)
        if first >= size:
            raise Refusal(416, "InvalidRange", "The requested range cannot be satisfied.")
    return (first, last + 1) if first <= last < size else (0, size)


def _headers(bucket: Bucket, found: ObjectVersion) -> dict[str, str]:
    return {
        "Content-Length": str(found.size),
        "Content-Type": found.content_type,
        "Last-Modified": http_date(found.modified_at),
        "x-oss-object-type": found.kind,
        "x-oss-storage-class": found.storage_class,
        "Accept-Ranges": "bytes",
        **fingerprint(found),
        **next_position(found),
        **found.headers,
        **version_header(bucket, found),
    }


def _replaced(call: Call) -> dict[str, str]:
    names = {"-".join(map(str.capitalize, name.split("-"))): call.param(f"response-{name}") for name in REPLACEABLE}
    chosen = {name if name == "Content-Type" else name.lower(): value for name, value in names.items() if value}
    if not all(re.fullmatch("[\x20-\x7e]{1,1024}", value) for value in chosen.values()):
        raise Refusal(400, "InvalidArgument", "A response header you asked for is not valid.")
    return chosen


def _is_metadata(name: str) -> bool:
    return name.startswith("x-oss-meta-")


def _encryption(call: Call, bucket: Bucket) -> dict[str, str]:
    asked = call.header("x-oss-server-side-encryption")
    if asked not in ("", "AES256", "KMS", "SM4"):
        raise Refusal(400, "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid.")
    used = asked or bucket.encryption.get("SSEAlgorithm", "")
    return {"x-oss-server-side-encryption": used} if used else {}


def _delete(world: World, bucket: Bucket, key: str, version_id: str) -> tuple[bool, str]:
    """Delete, and say whether a delete marker was made or taken away, and the version concerned."""
    if version_id:
        removed = remove(bucket, key, version_id)
        return removed is not None and removed.delete_marker, version_id
    if not bucket.versioning:
        bucket.objects.pop(key, None)
        return False, ""
    made = store(world, bucket, key, ObjectVersion("", world.now(), delete_marker=True))
    return True, made.id


def _deleted(call: Call, key: str, given: str, marker: bool, version_id: str) -> Element:
    facts = [element("Key", encoded(key, call.encoding))]
    if given:
        facts.append(element("VersionId", given))
    if marker:
        facts += [element("DeleteMarker", True), element("DeleteMarkerVersionId", version_id)]
    return element("Deleted", facts)


def _key_of(item: Element) -> str:
    key = item.find("Key")
    if key is None or not key.text:
        raise malformed()
    return key.text
