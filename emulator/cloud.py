"""The emulated cloud as one thing to hold: the world, its call log, its faults, and where it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from emulator import ram
from emulator.calls import CallLog
from emulator.faults import Faults
from emulator.lag import History
from emulator.signatures import Nonces
from emulator.store import Store
from emulator.throttle import Throttle
from emulator.world import Clock, World

ACCESS_KEY_ID = "LTAI5tEmulatorAccount"
ACCESS_KEY_SECRET = "emulator-account-secret"  # noqa: S105  (documented, it guards nothing)


@dataclass
class Cloud:
    """`world` is replaced as a whole on reset, so ask for it anew on every call.

    Nothing is throttled unless rates are given: tests often let the clock stand still, and then no bucket fills.
    """

    world: World = field(default_factory=World)
    access_key_id: str = ACCESS_KEY_ID
    access_key_secret: str = ACCESS_KEY_SECRET
    latency_seconds: float = 0.0
    store: Store | None = None
    calls: CallLog = field(default_factory=CallLog)
    faults: Faults = field(default_factory=Faults)
    nonces: Nonces = field(default_factory=Nonces)
    throttle: Throttle = field(default_factory=Throttle)
    history: History = field(default_factory=History)

    def __post_init__(self) -> None:
        ram.set_account_key(self.world, self.access_key_id, self.access_key_secret)

    def empty_world(self) -> World:
        """Give a new account with the same clock settings and the same AccessKey."""
        clock: Clock = self.world.clock
        wall: Callable[[], float] = clock.wall
        world = World(clock=Clock(clock.speed, wall))
        ram.set_account_key(world, self.access_key_id, self.access_key_secret)
        return world

    def reset(self, world: World) -> None:
        self.world = world
        self.calls.clear()
        self.faults.clear()
        self.history.clear()
        self.throttle.clear()

    def note_write(self) -> None:
        """Keep what lagging reads may have to tell; call it before the world changes."""
        self.history.note(self.world, self.faults.longest_lag())

    async def save(self) -> None:
        if self.store is not None:
            await self.store.commit(lambda: self.world)
