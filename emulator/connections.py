"""The connection under a request, for faults that no HTTP reply can express."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class Corked:
    """A transport that sends the head of a reply together with what follows it: one packet, one call of the kernel."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        # After every head but that of an interim reply something is written at once, if only nothing.
        if not self._head and data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._head = data
            return
        self._transport.write(self._head + data if self._head else data)
        self._head = b""

    def close(self) -> None:
        self.write(b"")
        self._transport.close()

    def close_within_head(self) -> None:
        """Send half of the head that waits, and close."""
        self._head = self._head[: len(self._head) // 2]
        self.close()


class Connection(H11Protocol):
    """HTTP/1.1 that hands its transport to the application, in the scope's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        corked: Any = Corked(transport)
        self.app_state = {**self.app_state, "transport": corked}
        super().connection_made(corked)


async def drop(scope: Scope, receive: Receive) -> None:
    """Break the connection: the client gets no byte of a reply."""
    transport: asyncio.Transport = scope["state"]["transport"]
    transport.abort()
    await _gone(receive)


async def hang(receive: Receive) -> None:
    """Keep the client waiting until it goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass


def cutting(scope: Scope, receive: Receive, send: Send) -> Send:
    """Wrap `send` so that the first half of the first piece of the body is the last that the client gets.

    A reply without a body breaks off in its head: once the head is whole, so is the reply.
    """

    async def half(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        transport: Corked = scope["state"]["transport"]
        if body := message.get("body", b""):
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            transport.close()
        else:
            transport.close_within_head()
        await _gone(receive)

    return half


async def _gone(receive: Receive) -> None:
    # The server answers 500 for an application that returns too early; once the connection is lost it does not.
    with contextlib.suppress(asyncio.TimeoutError):
        async with asyncio.timeout(5):
            while (await receive())["type"] != "http.disconnect":
                pass
