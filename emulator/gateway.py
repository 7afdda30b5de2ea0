"""The way of an RPC or ROA call: route, signature, flow control, fault, rights, handler, disk, log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from emulator import conditions, replies, roa, rpc, signatures, throttle
from emulator.calls import is_read, leaves_the_account
from emulator.cloud import Cloud
from emulator.faults import UNANSWERED, WITHOUT_EFFECT, Fault
from emulator.message import Message
from emulator.policy import Denied, authorize
from emulator.request import Caller, Refusal, Request
from emulator.routing import Route
from emulator.world import iso

log = logging.getLogger("emulator")

ANSWERING = ("throttle", "error", "refuse")


@dataclass
class Attempt:
    """What is known of a call while it is served, for its reply and for the log."""

    message: Message
    request_id: str
    route: Route | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    caller: Caller | None = None
    fault: Fault | None = None
    code: str = ""
    status: int = 200


async def serve(cloud: Cloud, message: Message) -> tuple[Response, Fault | None]:
    """Answer a call. The fault, if any, is one that the connection must still suffer."""
    if cloud.latency_seconds:
        await asyncio.sleep(cloud.latency_seconds)
    attempt = Attempt(message, cloud.world.identifiers.guid())
    try:
        body = await _answer(cloud, attempt)
    except Refusal as refusal:
        body = _refused(attempt, refusal)
    except Exception:
        log.exception("request %s failed", attempt.request_id)
        unknown = "The request processing has failed due to some unknown error."
        body = _refused(attempt, Refusal(500, "InternalError", unknown))
    _record(cloud, attempt)
    action = attempt.route.action if attempt.route else ""
    return replies.reply(action, body, attempt.status, _wants_xml(message)), attempt.fault


async def _answer(cloud: Cloud, attempt: Attempt) -> dict[str, Any]:
    message = attempt.message
    dialect = rpc if rpc.speaks(message) else roa
    attempt.route = route = dialect.route(message)
    attempt.parameters = dialect.parameters(message)
    attempt.caller = signatures.verify(cloud.world, cloud.nonces, _signed(message))
    _check_rate(cloud, attempt.caller, route)
    attempt.fault = fault = cloud.faults.pick(route.product.name, route.action, {**attempt.parameters, **route.path})
    if fault is not None:
        if fault.waits:
            await asyncio.sleep(fault.waits)
        if (body := _instead(attempt, fault)) is not None:
            return body
    body = _handle(cloud, attempt, route, attempt.caller)
    if not leaves_the_account(route.action):
        await cloud.save()
    return {route.product.request_id: attempt.request_id, **body}


def _check_rate(cloud: Cloud, caller: Caller, route: Route) -> None:
    product, action, now = route.product.name, route.action, cloud.world.now()
    if not cloud.throttle.admits(caller.account_id, product, action, is_read(action), now):
        raise Refusal(*throttle.REFUSED)


def _handle(cloud: Cloud, attempt: Attempt, route: Route, caller: Caller) -> dict[str, Any]:
    """Check the rights and call the handler. Nothing here waits, so calls change the world one after the other."""
    message, product, world = attempt.message, route.product, cloud.world
    request = Request(
        action=route.action,
        caller=caller,
        parameters=attempt.parameters,
        path=route.path,
        document=message.document,
        region=attempt.parameters.get("RegionId") or message.header("x-acs-region-id") or world.region,
        headers=message.headers,
        context={} if caller.is_account else conditions.facts(world, message),
        log=cloud.calls,
    )
    if not caller.is_account and (permission := product.permission(route.action)):
        authorize(world, caller, permission, product.resource(world, request), request.context)
    if attempt.fault is not None and attempt.fault.kind == "lag":
        world = cloud.history.seen(world, attempt.fault.order.seconds)
    elif not leaves_the_account(route.action):
        cloud.note_write()
    return dict(route.handler(world, request))


def _signed(message: Message) -> signatures.Signed:
    if message.header("authorization").startswith("ACS3-"):
        return signatures.acs3(message)
    return signatures.rpc_v1(message) if rpc.speaks(message) else signatures.roa_v1(message)


def _instead(attempt: Attempt, fault: Fault) -> dict[str, Any] | None:
    """Give what the fault answers in the handler's stead, None when the call goes on."""
    status, code, text = fault.refusal
    if fault.kind in WITHOUT_EFFECT:
        return {}
    if fault.kind in ANSWERING:
        raise Refusal(status, code, text)
    if fault.kind == "business-failure":
        attempt.status, attempt.code = status, code
        if attempt.route and attempt.route.product.request_id == "requestId":
            failure = {"success": False, "httpCode": 200, "errorCode": code, "errorMessage": text, "data": None}
            return {"requestId": attempt.request_id, **failure}
        return {"RequestId": attempt.request_id, "Success": False, "Code": code, "Message": text}
    return None


def _refused(attempt: Attempt, refusal: Refusal) -> dict[str, Any]:
    attempt.status, attempt.code = refusal.status, refusal.code
    route = attempt.route
    if refusal.body is not None:
        return {route.product.request_id if route else "RequestId": attempt.request_id, **refusal.body}
    return replies.error(
        refusal.code,
        refusal.message,
        attempt.request_id,
        route.product.host if route else attempt.message.host,
        route.product.name if route else "",
        refusal.detail if isinstance(refusal, Denied) else None,
    )


def _wants_xml(message: Message) -> bool:
    return rpc.wants_xml(message) if rpc.speaks(message) else roa.wants_xml(message)


def _record(cloud: Cloud, attempt: Attempt) -> None:
    route, caller, message = attempt.route, attempt.caller, attempt.message
    unanswered = attempt.fault is not None and attempt.fault.kind in UNANSWERED
    action = route.action if route else message.fields.get("Action", "")
    cloud.calls.record(
        time=iso(cloud.world.now()),
        product=route.product.name if route else "",
        version=route.product.version if route else "",
        action=action,
        caller=caller.arn if caller else "",
        access_key_id=caller.access_key_id if caller else "",
        method=message.method,
        write=not is_read(action),
        status=0 if unanswered else attempt.status,
        code=attempt.code,
        request_id=attempt.request_id,
        parameters={**attempt.parameters, **(route.path if route else {})},
    )
