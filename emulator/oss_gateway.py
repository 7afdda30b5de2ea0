"""The way of an OSS request: flow control, fault, handler, disk, log. Signature and rights are the handler's.

Flow control counts the requests to the account's buckets, whoever sends them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from emulator import conditions, oss, ram, replies
from emulator.cloud import Cloud
from emulator.faults import UNANSWERED, WITHOUT_EFFECT, Fault
from emulator.message import Message
from emulator.world import iso

log = logging.getLogger("emulator")

READS = ("GET", "HEAD", "OPTIONS")

# Source: OSS, HTTP status code 503.
OBJECTS_THROTTLED = (503, "TotalQpsLimitExceeded", "Max total qps limit is exceeded")
BUCKETS_THROTTLED = (503, "MetaOperationQpsLimitExceeded", "Qps limit for the meta operation is exceeded")


async def serve(cloud: Cloud, message: Message, http: HttpRequest) -> tuple[Response, Fault | None]:
    """Answer a request. The fault, if any, is one that the connection must still suffer."""
    if cloud.latency_seconds:
        await asyncio.sleep(cloud.latency_seconds)
    request_id = cloud.world.identifiers.hexadecimal(24)
    parameters = {**message.query, "path": message.path}
    action = oss.action_of(message)
    fault, response = None, _throttled(cloud, message, action, request_id)
    if response is None:
        fault = cloud.faults.pick(oss.PRODUCT, action, parameters)
        if fault is not None and fault.waits:
            await asyncio.sleep(fault.waits)
        response = _instead(fault, action, request_id) if fault else None
    if response is None:
        response = await _handled(cloud, http, request_id, conditions.facts(cloud.world, message))
    _record(cloud, message, response, fault, parameters)
    return response, fault


async def _handled(cloud: Cloud, http: HttpRequest, request_id: str, facts: Mapping[str, str]) -> Response:
    try:
        if http.method not in READS:
            cloud.note_write()
        response = await oss.oss(cloud.world, http, facts)
        if http.method not in READS and response.status_code < 400:
            await cloud.save()
        return response
    except Exception:
        log.exception("request %s failed", request_id)
        return _error(500, "InternalError", "We encountered an internal error. Please try again.", request_id)


def _throttled(cloud: Cloud, message: Message, action: str, request_id: str) -> Response | None:
    world = cloud.world
    if cloud.throttle.admits(world.account_id, oss.PRODUCT, action, message.method in READS, world.now()):
        return None
    return _error(*_too_many(action), request_id)


def _too_many(action: str) -> tuple[int, str, str]:
    return OBJECTS_THROTTLED if "Object" in action or "Upload" in action else BUCKETS_THROTTLED


def _instead(fault: Fault, action: str, request_id: str) -> Response | None:
    """Give what the fault answers in the handler's stead, None when the request goes on."""
    if fault.kind in WITHOUT_EFFECT:
        return Response()
    if fault.kind == "throttle":
        status, code, text = _too_many(action)
        order = fault.order
        return _error(order.status or status, order.code or code, order.message or text, request_id)
    if fault.kind in ("error", "refuse", "business-failure"):
        return _error(*fault.refusal, request_id)
    return None


def _error(status: int, code: str, text: str, request_id: str) -> Response:
    body = {"Code": code, "Message": text, "RequestId": request_id, "HostId": oss.HOST}
    response = replies.error_document(body, max(status, 400))
    response.headers["x-oss-request-id"] = request_id
    response.headers["x-emulator-code"] = code
    return response


def _record(
    cloud: Cloud, message: Message, response: Response, fault: Fault | None, parameters: dict[str, str]
) -> None:
    """Log the request by what the handler says of it in headers, which do not go out."""
    said = {}
    for name in ("action", "code", "caller", "access-key-id"):
        header = f"x-emulator-{name}"
        said[name] = response.headers.get(header, "")
        if header in response.headers:
            del response.headers[header]
    if said["caller"]:
        ram.note_use(cloud.world, said["access-key-id"])
    unanswered = fault is not None and fault.kind in UNANSWERED
    cloud.calls.record(
        time=iso(cloud.world.now()),
        product=oss.PRODUCT,
        version=oss.VERSION,
        action=said["action"] or oss.action_of(message),
        caller=said["caller"],
        access_key_id=said["access-key-id"],
        method=message.method,
        write=message.method not in READS,
        status=0 if unanswered else response.status_code,
        code=said["code"],
        request_id=response.headers.get("x-oss-request-id", ""),
        parameters=parameters,
    )
