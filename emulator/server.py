"""HTTP in, HTTP out: tells the products' dialects, the control API and the web page apart."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from email.utils import formatdate
from urllib.parse import unquote

import uvicorn
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.types import Message as Event
from starlette.types import Receive, Scope, Send

from emulator import connections, gateway, oss_gateway, roa, rpc
from emulator.cloud import Cloud
from emulator.control import PREFIX, control
from emulator.faults import HANGING, UNANSWERED, Fault
from emulator.message import BODY_LIMIT, Message
from emulator.page import page
from emulator.request import Refusal

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})

_BUCKET_HOST = re.compile(r"((.+\.)?oss-[a-z0-9-]+\.aliyuncs\.com|.+\.localhost)")


class Emulator:
    """The ASGI application. `hosts` are the names under which page and control API answer, empty for any."""

    def __init__(self, cloud: Cloud, hosts: frozenset[str] = LOOPBACK) -> None:
        self.cloud = cloud
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response, fault = await self._answer(scope, receive)
        if fault is not None and fault.kind in UNANSWERED:
            await (connections.hang(receive) if fault.kind in HANGING else connections.drop(scope, receive))
            return
        response.headers["date"] = formatdate(self.cloud.world.now(), usegmt=True)  # clients learn our time from it
        if fault is not None and fault.kind == "cut":
            send = connections.cutting(scope, receive, send)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[Response, Fault | None]:
        message = _head(scope)
        try:
            own = message.path.startswith(PREFIX)
            if not own and _is_oss(message):
                return await oss_gateway.serve(self.cloud, message, HttpRequest(scope, receive))
            if body := await _body(message, receive):
                message = replace(message, body=body)
            if own or _asks_for_page(message):
                return await self._own(message), None
            if rpc.speaks(message) or roa.speaks(message):
                return await gateway.serve(self.cloud, message)
            # Nothing says what it is, and OSS alone serves those who do not sign.
            return await oss_gateway.serve(self.cloud, message, _read_already(scope, message.body))
        except Refusal as refusal:
            return JSONResponse({"Code": refusal.code, "Message": refusal.message}, refusal.status), None

    async def _own(self, message: Message) -> Response:
        # A page of a foreign site can name this address, but not change the Host header that its browser sends.
        if self.hosts and message.host.lower() not in self.hosts:
            return JSONResponse({"error": "the emulator does not answer under this host name"}, 403)
        return await control(self.cloud, message) if message.path.startswith(PREFIX) else page(self.cloud)


def _head(scope: Scope) -> Message:
    raw_path = scope["raw_path"].decode("latin-1")
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    query = scope["query_string"].decode("latin-1")
    source, secure = (scope["client"] or ("",))[0], scope["scheme"] == "https"
    return Message(scope["method"], unquote(raw_path), raw_path, query, headers, source=source, secure=secure)


async def _body(message: Message, receive: Receive) -> bytes:
    """Read the body.

    Raises:
        Refusal: it is longer than 16 MiB, or the client went away before its end.
    """
    if message.header("content-length") in ("", "0") and "transfer-encoding" not in message.headers:
        return b""
    parts, length, more = [], 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Refusal(400, "IncompleteBody", "The request body is shorter than its Content-Length.")
        parts.append(event.get("body", b""))
        length += len(parts[-1])
        if length > BODY_LIMIT:
            raise Refusal(413, "RequestEntityTooLarge", f"The request body is longer than {BODY_LIMIT} bytes.")
        more = event.get("more_body", False)
    return b"".join(parts)


def _read_already(scope: Scope, body: bytes) -> HttpRequest:
    async def again() -> Event:
        return {"type": "http.request", "body": body, "more_body": False}

    return HttpRequest(scope, again)


def _is_oss(message: Message) -> bool:
    if message.header("authorization").startswith(("OSS ", "OSS4-HMAC-SHA256")):
        return True
    if "OSSAccessKeyId=" in message.raw_query or "x-oss-signature" in message.raw_query:
        return bool({"OSSAccessKeyId", "x-oss-signature", "x-oss-signature-version"} & message.query.keys())
    return _BUCKET_HOST.fullmatch(message.host) is not None


def _asks_for_page(message: Message) -> bool:
    unsigned = "authorization" not in message.headers and "Action" not in message.query
    return message.method == "GET" and message.path == "/" and unsigned and "text/html" in message.header("accept")


class Server(uvicorn.Server):
    """Says when it is ready, and on which port."""

    def __init__(self, cloud: Cloud, host: str, port: int, hosts: frozenset[str] = LOOPBACK) -> None:
        config = uvicorn.Config(
            Emulator(cloud, hosts),
            http=connections.Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=True,  # of a proxy on this machine: X-Forwarded-For and -Proto say where a call came from
            timeout_keep_alive=75,  # longer than clients wait between polls: a close at that moment costs them a call
            timeout_graceful_shutdown=3,
        )
        super().__init__(config)
        self.socket = _bound(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.socket.getsockname()[1]}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.ready()

    def ready(self) -> None:
        """Called once, when the first request can come."""

    def serve_until_stopped(self) -> None:
        self.run(sockets=[self.socket])


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off only for sockets that say TCP; with it every reply waits 40 ms for an ACK.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound
