"""Reads that lag behind writes: what the account was like some seconds ago.

A copy of the account is kept from before every write for as long as somebody may ask for it; without a fault of kind
`lag` none is made. Time is the cloud's, as with every delay of the account. Only writes are hidden: what changes by
itself, such as a cluster that becomes RUNNING, is told as it is.
"""

from __future__ import annotations

from collections import deque
from copy import deepcopy
from dataclasses import replace
from typing import Any

from emulator.world import World


class History:
    """The account as it was before each of the latest writes, oldest first."""

    def __init__(self) -> None:
        self._before: deque[tuple[float, dict[str, Any]]] = deque()

    def note(self, world: World, seconds: float) -> None:
        """Keep the account as it is before a write; `seconds` is the longest lag that anybody may ask for."""
        now = world.now()
        while self._before and self._before[0][0] <= now - seconds:
            self._before.popleft()
        if seconds > 0:
            self._before.append((now, deepcopy(world.parts)))

    def seen(self, world: World, seconds: float) -> World:
        """Give the account without the writes of the last seconds."""
        since = world.now() - seconds
        for moment, parts in self._before:
            if moment > since:
                return replace(world, parts=parts)
        return world

    def clear(self) -> None:
        self._before.clear()
