"""OSS: the entry point. Reads a request, checks signature and rights, has it served, and writes the reply."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from emulator import oss_access, oss_xml
from emulator.message import Message
from emulator.oss_buckets import check_bucket_name
from emulator.oss_call import BODY_LIMIT, Call, Reply, read_address, read_query
from emulator.oss_objects import check_key
from emulator.oss_routes import find_operation, need_operation
from emulator.oss_seed import overview, seed
from emulator.oss_signatures import read_claim, verify
from emulator.oss_state import State, find_bucket, find_object
from emulator.oss_xml import element
from emulator.request import Refusal
from emulator.world import World

__all__ = ["State", "action_of", "find_bucket", "find_object", "oss", "overview", "seed"]

PRODUCT = "Oss"
VERSION = "v1"
HOST = "oss-cn-hangzhou.aliyuncs.com"
NAMESPACE = "oss"

NOTHING: Mapping[str, str] = {}
DRAINED = 16 * BODY_LIMIT  # a client that is refused for its size hears so if it sends no more than this

# UNCONFIRMED: the values but those of AppendObject, which are published; clients show them and decide nothing by them.
ERROR_CODES = {
    "AccessDenied": "0003-00000001",
    "BucketAlreadyExists": "0015-00000104",
    "BucketNotEmpty": "0015-00000301",
    "FileAlreadyExists": "0026-00000002",
    "InvalidAccessKeyId": "0002-00000902",
    "MissingArgument": "0016-00000501",
    "NoSuchBucket": "0015-00000101",
    "NoSuchKey": "0026-00000001",
    "ObjectNotAppendable": "0026-00000017",
    "PositionNotEqualToLength": "0026-00000016",
    "RequestTimeTooSkewed": "0002-00000504",
    "SignatureDoesNotMatch": "0002-00000040",
}


@dataclass
class Trace:
    """What the call log is told, in headers that do not leave the emulator."""

    request_id: str
    host: str
    bucket: str = ""
    action: str = ""
    code: str = ""
    caller: str = ""
    access_key_id: str = ""

    def headers(self) -> dict[str, str]:
        return {
            "x-oss-request-id": self.request_id,
            "x-emulator-action": self.action,
            "x-emulator-code": self.code,
            "x-emulator-caller": self.caller,
            "x-emulator-access-key-id": self.access_key_id,
        }


async def oss(world: World, http: HttpRequest, facts: Mapping[str, str] = NOTHING) -> Response:
    """Answer one request to OSS. `facts` is what conditions of policies can ask about."""
    trace = Trace(world.identifiers.hexadecimal(24), http.headers.get("host", ""))
    try:
        reply = _served(world, replace(await _read(http, trace), facts=facts), trace)
    except Refusal as refusal:
        trace.code = refusal.code
        reply = _refused(refusal, trace)
    headers = {name: _printable(value) for name, value in (reply.headers | trace.headers()).items()}
    return Response(b"" if http.method == "HEAD" else reply.body, reply.status, headers)


def action_of(message: Message) -> str:
    """Name the operation that a request asks for, empty when there is none."""
    try:
        bucket, key, _ = read_address(message.header("host"), message.raw_path.encode("latin-1", "replace"))
        query = read_query(message.raw_query.encode("latin-1", "replace"))
    except Refusal:
        return ""
    operation = find_operation(message.method, bucket, key, query, message.headers)
    return operation.name if operation else ""


async def _read(http: HttpRequest, trace: Trace) -> Call:
    body = await _body(http)
    raw_path = http.scope.get("raw_path") or http.scope["path"].encode()
    bucket, key, region = read_address(trace.host, raw_path)
    trace.bucket = bucket
    return Call(
        method=http.method,
        host=trace.host,
        bucket=bucket,
        key=key,
        region=region,
        query=read_query(http.scope["query_string"]),
        headers=dict(http.headers),
        body=body,
    )


def _served(world: World, call: Call, trace: Trace) -> Reply:
    operation = need_operation(call)
    trace.action = operation.name
    call = _identified(world, call, trace)
    _check_names(call)
    oss_access.admit(world, call, operation.name)
    return operation.handler(world, call)


def _identified(world: World, call: Call, trace: Trace) -> Call:
    """Give the call with its signer, and with the region that the signature names if the endpoint names none."""
    claim = read_claim(world, call)
    if claim is None:
        return call
    trace.access_key_id = claim.access_key_id
    caller = verify(world, claim)
    trace.caller = caller.arn
    return replace(call, caller=caller, region=call.region or claim.region)


def _check_names(call: Call) -> None:
    if call.bucket:
        check_bucket_name(call.bucket)
    if call.key:
        check_key(call.key)
    if not re.fullmatch(r"[A-Za-z0-9_.-]{0,128}", call.param("versionId")):
        raise Refusal(400, "InvalidArgument", "Invalid version id specified.")


def _refused(refusal: Refusal, trace: Trace) -> Reply:
    if refusal.status == 304:
        return Reply(304)
    facts = {"Code": refusal.code, "Message": refusal.message, "RequestId": trace.request_id, "HostId": trace.host}
    if trace.bucket:
        facts["BucketName"] = trace.bucket
    facts |= refusal.body or {}
    if refusal.code in ERROR_CODES:
        facts["EC"] = ERROR_CODES[refusal.code]
    tree = element("Error", (element(name, str(value)) for name, value in facts.items()))
    return Reply(refusal.status, oss_xml.write(tree), {"Content-Type": "application/xml", **refusal.headers})


async def _body(http: HttpRequest) -> bytes:
    """Read the body. What is too long is read to its end all the same, so that the client hears why."""
    parts, length = [], 0
    try:
        async for part in http.stream():
            length += len(part)
            if length > DRAINED:
                break
            if length <= BODY_LIMIT:
                parts.append(part)
    except ClientDisconnect:
        raise Refusal(400, "IncompleteBody", "The request body is shorter than its Content-Length.") from None
    if length > BODY_LIMIT:
        raise Refusal(400, "EntityTooLarge", f"The emulator takes at most {BODY_LIMIT} bytes in one request.")
    return b"".join(parts)


def _printable(value: str) -> str:
    """Give a header value that HTTP can carry, whatever a client made it of."""
    return re.sub("[\x00-\x1f\x7f]", " ", value).encode("latin-1", "replace").decode("latin-1")
