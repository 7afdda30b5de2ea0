"""The connection under a request, for faults that no HTTP reply can express."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class Connection(H11Protocol):
    """HTTP/1.1 that hands its transport to the application, in the scope's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


async def drop(scope: Scope, receive: Receive) -> None:
    """Break the connection: the client gets no byte of a reply."""
    transport: asyncio.Transport = scope["state"]["transport"]
    transport.abort()
    await _gone(receive)


def cutting(scope: Scope, receive: Receive, send: Send) -> Send:
    """Wrap `send` so that the first half of the first piece of the body is the last that the client gets."""

    async def half(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        body = message.get("body", b"")
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        transport: asyncio.Transport = scope["state"]["transport"]
        transport.close()
        await _gone(receive)

    return half


async def _gone(receive: Receive) -> None:
    # The server answers 500 for an application that returns too early; once the connection is lost it does not.
    with contextlib.suppress(asyncio.TimeoutError):
        async with asyncio.timeout(5):
            while (await receive())["type"] != "http.disconnect":
                pass
