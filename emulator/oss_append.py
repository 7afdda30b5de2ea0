"""OSS AppendObject: an object that grows, each time only if the client knows how long it is."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

from emulator import oss_crc64
from emulator.oss_call import Call, Reply
from emulator.oss_objects import described, fingerprint, next_position, version_header
from emulator.oss_state import APPENDABLE, Bucket, ObjectVersion, need_bucket, store
from emulator.request import Refusal
from emulator.world import World

LONGEST = 5 * 1024**3  # bytes, after the append

# UNCONFIRMED: what its parts are; the service says only that it is not the MD5 of the content. Here as in the samples
# its last eight digits are zeros, and it changes with every append.
ETAG_END = "0" * 8


def append_object(world: World, call: Call) -> Reply:
    """Append to the current version, or begin an object where there is none.

    Headers describe the object when it is begun; later ones are ignored. Nothing waits between the look at the length
    and the append, so of those who name the same position one succeeds.

    Raises:
        Refusal: 400 MissingArgument, InvalidArgument, InvalidDigest; 409 PositionNotEqualToLength, which tells the
            length, ObjectNotAppendable.

    Source: OSS, AppendObject.
    """
    bucket = need_bucket(world, call.bucket)
    position = _position(call)
    call.check_digest()
    found = bucket.current(call.key)
    _check(found, position, len(call.body))
    if found is None:
        made = store(world, bucket, call.key, _longer(_begun(world, call, bucket), call.body, world.now()))
    elif call.body:
        made = _longer(found, call.body, world.now())
        bucket.objects[call.key][made.id] = made
    else:
        # UNCONFIRMED: that appending nothing leaves the time of modification too; published is "the state".
        made = found
    return Reply(200, headers=_told(made) | version_header(bucket, made))


def _position(call: Call) -> int:
    if call.param("versionId"):
        # UNCONFIRMED: status and code; published is that it is refused, with this EC.
        raise Refusal(400, "InvalidArgument", "AppendObject takes no versionId.", {"EC": "0016-00000504"})
    given = call.param("position")
    if not given:
        raise Refusal(400, "MissingArgument", "Missing Some Required Arguments.")
    if not re.fullmatch(r"[0-9]{1,18}", given):
        message = "The position of an append must be a whole number of bytes, 0 or more."
        raise Refusal(400, "InvalidArgument", message, {"EC": "0016-00000502"})
    return int(given)


def _check(found: ObjectVersion | None, position: int, added: int) -> None:
    if found is not None and found.kind != APPENDABLE:
        raise Refusal(409, "ObjectNotAppendable", "The object is not appendable.")
    length = found.size if found else 0
    if position != length:
        # oss2 2.19.1 reads the next position from every such refusal, so one that concerns no object has it too.
        told = _told(found) if found else {"x-oss-next-append-position": "0"}
        raise Refusal(409, "PositionNotEqualToLength", "Position is not equal to file length.", headers=told)
    if length + added > LONGEST:
        raise Refusal(400, "InvalidArgument", f"An appendable object has at most {LONGEST} bytes.")


def _begun(world: World, call: Call, bucket: Bucket) -> ObjectVersion:
    empty = ObjectVersion("", 0.0, crc=str(oss_crc64.crc64(b"")))
    return replace(described(world, call, bucket, empty), kind=APPENDABLE)


def _longer(found: ObjectVersion, data: bytes, now: float) -> ObjectVersion:
    """Give the same version with more content."""
    crc = oss_crc64.combine(int(found.crc), oss_crc64.crc64(data), len(data))
    size = found.size + len(data)
    digest = hashlib.md5(f"{size} {crc}".encode()).hexdigest().upper()
    return replace(
        found,
        modified_at=now,
        body=base64.b64encode(base64.b64decode(found.body) + data).decode(),
        size=size,
        etag=digest[: -len(ETAG_END)] + ETAG_END,
        crc=str(crc),
    )


def _told(version: ObjectVersion) -> dict[str, str]:
    """Give what every reply about an appendable object tells, the encryption that its first append asked for too."""
    encryption = "x-oss-server-side-encryption"
    kept = {encryption: version.headers[encryption]} if encryption in version.headers else {}
    return {**fingerprint(version), **next_position(version), **kept}
