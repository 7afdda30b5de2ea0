"""The emulated account: its clock, its identifiers, and one state per product."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

Part = TypeVar("Part")

ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Clock:
    """The cloud's clock. It runs `speed` times as fast as ours and can be stepped; it never goes back.

    Delays and time stamps come from `now`; a request may be signed by it or by the real clock (`wall`).
    """

    speed: float = 1.0
    wall: Callable[[], float] = time.time
    _base: float = field(default=0.0)
    _wall_base: float = field(default=0.0)

    def __post_init__(self) -> None:
        self._wall_base = self.wall()
        self._base = self._base or self._wall_base

    def now(self) -> float:
        """Seconds since 1970 on the cloud's clock."""
        return self._base + max(0.0, self.wall() - self._wall_base) * self.speed

    def is_far_from(self, signed_at: float, seconds: float) -> bool:
        """Say whether a request was signed too long ago or too early, by the real clock and by ours alike.

        A client that sets its clock by the Date of our answers signs with our time, all others with the real one.
        """
        return min(abs(self.wall() - signed_at), abs(self.now() - signed_at)) > seconds

    def advance(self, seconds: float) -> None:
        """Step the clock forward."""
        if seconds < 0:
            raise ValueError("the clock does not go back")
        self._base, self._wall_base = self.now() + seconds, self.wall()

    def set_speed(self, speed: float) -> None:
        if not 0 <= speed <= 100_000:
            raise ValueError("speed must be from 0 to 100000")
        self._base, self._wall_base = self.now(), self.wall()
        self.speed = speed

    def milliseconds(self) -> int:
        return int(self.now() * 1000)


def iso(seconds: float) -> str:
    """Write a time as the RPC products do: 2026-04-18T15:02:37Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Identifiers:
    """Identifiers that repeat from one run to the next when the seed and the order of calls do."""

    seed: int = 1
    drawn: int = 0

    def _random(self) -> random.Random:
        self.drawn += 1
        return random.Random(f"{self.seed}/{self.drawn}")

    def letters(self, length: int) -> str:
        """Lower-case letters and digits, as in vpc-uf6aq156h1gy06dzf0000."""
        return "".join(self._random().choices(ALPHANUMERIC, k=length))

    def digits(self, length: int) -> str:
        """A decimal number without leading zero."""
        draw = self._random()
        return draw.choice("123456789") + "".join(draw.choices("0123456789", k=length - 1))

    def hexadecimal(self, length: int) -> str:
        return "".join(self._random().choices("0123456789ABCDEF", k=length))

    def guid(self) -> str:
        """A RequestId. Every call takes one, so it is drawn the quickest way."""
        self.drawn += 1
        text = hashlib.blake2b(f"{self.seed}/{self.drawn}".encode(), digest_size=16).hexdigest().upper()
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


@dataclass
class Delays:
    """How long the cloud takes, in seconds of its own clock."""

    vpc: float = 5.0
    vswitch: float = 5.0
    vswitch_deletion: float = 5.0
    cluster: float = 1800.0  # exclusive: STARTING to RUNNING, about half an hour (R22)
    cluster_change: float = 600.0
    cluster_destruction: float = 600.0
    workspace: float = 600.0  # managed: CREATING to RUNNING
    workspace_change: float = 300.0
    workspace_deletion: float = 540.0
    namespace: float = 20.0
    permission: float = 0.0  # a change of rights takes effect after this


@dataclass
class Trouble:
    """What goes wrong in the account for as long as somebody ordered it to; no part of what is saved.

    `stuck` holds names and states, `sold_out` zones; `*` stands for any.
    """

    stuck: list[tuple[str, str]] = field(default_factory=list)
    sold_out: list[str] = field(default_factory=list)
    no_balance: bool = False

    def holds(self, name: str, state: str) -> bool:
        """Say whether a thing of this name cannot leave the state it is in."""
        return any(named in ("*", name) and kept in ("*", state) for named, kept in self.stuck)

    def has_sold_out(self, zone: str) -> bool:
        return zone in self.sold_out or "*" in self.sold_out


@dataclass
class World:
    """One account and everything in it. A product keeps its state in a dataclass of its own: `world.part(State)`.

    States hold only what pydantic can write as JSON and read back (dataclasses, str, int, float, bool, list, dict).
    """

    account_id: str = "1376771854400000"
    account_alias: str = ""
    region: str = "cn-hangzhou"
    clock: Clock = field(default_factory=Clock)
    identifiers: Identifiers = field(default_factory=Identifiers)
    delays: Delays = field(default_factory=Delays)
    trouble: Trouble = field(default_factory=Trouble)
    parts: dict[str, Any] = field(default_factory=dict)

    def part(self, kind: type[Part]) -> Part:
        """Give the one state of this kind, made on first use. Its name is that of its module: emulator.ram -> ram."""
        name = kind.__module__.rpartition(".")[2]
        if name not in self.parts:
            self.parts[name] = kind()
        state: Part = self.parts[name]
        return state

    def now(self) -> float:
        return self.clock.now()
