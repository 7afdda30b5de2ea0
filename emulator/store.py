"""The world on disk: written before a write is acknowledged, and read back at the start."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from emulator import products
from emulator.world import Clock, Delays, Identifiers, World

FORMAT = 1


class Unreadable(Exception):
    """The file is there and cannot be used; it is left as it is."""


def dump(world: World) -> dict[str, Any]:
    """Give the world as values that JSON can hold."""
    adapters = _adapters()
    return {
        "format": FORMAT,
        "account_id": world.account_id,
        "account_alias": world.account_alias,
        "region": world.region,
        "clock": {"now": world.now(), "speed": world.clock.speed},
        "identifiers": asdict(world.identifiers),
        "delays": asdict(world.delays),
        "parts": {name: adapters[name].dump_python(part, mode="json") for name, part in world.parts.items()},
    }


def load(content: Any, clock: Clock) -> World:
    """Build a world from what `dump` gave. Its clock goes on from where it stood, or from `clock` if that is later.

    Raises:
        Unreadable: the content is not a world that this emulator understands.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise Unreadable(f"it is not a world of format {FORMAT}")
    adapters = _adapters()
    try:
        if unknown := set(content["parts"]) - set(adapters):
            raise Unreadable(f"the part {sorted(unknown)[0]} is not known")
        now = max(clock.now(), float(content["clock"]["now"]))
        world = World(
            account_id=str(content["account_id"]),
            account_alias=str(content["account_alias"]),
            region=str(content["region"]),
            clock=Clock(clock.speed, clock.wall, now),
            identifiers=Identifiers(**content["identifiers"]),
            delays=Delays(**{item.name: float(content["delays"][item.name]) for item in fields(Delays)}),
        )
        for name, part in content["parts"].items():
            world.parts[name] = adapters[name].validate_python(part)
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(_reason(error)) from error
    return world


@lru_cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    # Building one takes longer than everything else that a write takes.
    return {name: TypeAdapter(kind) for name, kind in products.state_types().items()}


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{error.title}.{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return f"{type(error).__name__}: {error}"


class Store:
    """A file that holds the world. One emulator at a time may own it.

    Writes that wait for the disk at the same moment share one file write; none is acknowledged before its own
    state is on the disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_file = path.with_name(path.name + ".lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock_file.close()
            raise Unreadable(f"{path}: another emulator uses it") from None
        self._turn = asyncio.Lock()
        self._asked = 0
        self._written = 0

    def close(self) -> None:
        self._lock_file.close()

    def read(self, clock: Clock) -> World | None:
        """Give the world that was saved, None when there is none yet.

        Raises:
            Unreadable: the file is damaged or belongs to something else.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return load(json.loads(content), clock)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"{self.path}: it is not JSON ({error}); move it away to start anew") from error
        except Unreadable as error:
            raise Unreadable(f"{self.path}: {error}; move it away to start anew") from error

    async def commit(self, current: Callable[[], World]) -> None:
        """Return when the current world, as it is now or later, is on the disk."""
        self._asked += 1
        ticket = self._asked
        async with self._turn:
            if self._written >= ticket:
                return
            covered = self._asked
            text = json.dumps(dump(current()))
            await asyncio.to_thread(self.write, text)
            self._written = covered

    def write(self, text: str) -> None:
        """Replace the file as a whole, or not at all."""
        fresh = self.path.with_name(self.path.name + ".tmp")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
