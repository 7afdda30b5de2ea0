"""Several runs of a procedure on one emulated account, each as if on a machine and a Prefect server of its own.

A run here is what a flow does between `opening` and `conclude`, with the steps carried out in threads instead of
Prefect tasks: nothing but the journal keeps such runs apart. Each may be killed, or stopped and woken again.
"""

from __future__ import annotations

import base64
import copy
import json
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from prefect.logging import disable_run_logger

from alicloud.call import Call
from alicloud.clock import Clock
from alicloud.errors import AlibabaCloudError, together
from alicloud.journal import Journal, journal_key
from alicloud.journal_record import Record
from alicloud.session import Identity, Session
from blocks.environment import Environment
from emulator import oss_state
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from emulator.faults import Faults
from flows.procedure import everything
from tasks import lease, opening, progress
from tasks.lease import keeping, resolve_intent
from tasks.opening import Opened, Procedure
from tasks.run import Planning
from tests.flows.conftest import Act, Meanwhile, without_journal
from tests.flows.running import Running, start_emulator

SPEED = 20_000.0  # the half hour in which a cluster is STARTING takes 0.1 s
When = Literal["before", "between", "after"]
PATIENCE = 60.0  # of real seconds, until a test that hangs is failed


class Killed(BaseException):
    """The process of a run is gone: nothing catches this."""


class Hands:
    """What a test does to one run at a call: kills it, or stops it until it is woken.

    Args:
        action: the call, the first of its name.
        when: `before` anything of it; `between` its intent, where it has one, and the request; `after` its answer.
        kill: kill the run; else stop it.
    """

    def __init__(self, action: str, when: When = "before", kill: bool = False) -> None:
        self.action, self.when, self.kill = action, when, kill
        self.journal: Journal | None = None
        self.stopped, self.woken, self.dead = threading.Event(), threading.Event(), threading.Event()
        self._struck = threading.Lock()

    def touch(self, call: Call[Any], when: When) -> None:
        struck = (call.action, when) == (self.action, self.when) and self._struck.acquire(blocking=False)
        if struck:
            assert self.journal is not None
            self.journal._ended.set()  # it renews no more
            (self.dead if self.kill else self.stopped).set()
        if self.dead.is_set():
            raise Killed
        on_the_way = when == "between" and not struck  # what other threads have written down goes out in time
        if self.stopped.is_set() and not self.woken.is_set() and not on_the_way:
            assert self.woken.wait(PATIENCE)

    def wake(self) -> None:
        """Wake the run after as long a silence as a lease lasts."""
        assert self.journal is not None
        self.journal._written_at -= self.journal.lease_seconds
        self.woken.set()


class HandledSession(Session):
    """A session whose run a test has its hands on."""

    hands: Hands | None = None

    def send(self, call: Call[Any]) -> Any:
        if self.hands is None:
            return super().send(call)
        self.hands.touch(call, "before")
        answer = super().send(call)
        self.hands.touch(call, "after")
        return answer

    def _transmit(self, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str]:
        if self.hands is not None:
            self.hands.touch(call, "between")
        return super()._transmit(call, parameters)


@dataclass
class Ended:
    """How a run ended: `error` is None when everything is as wanted; `writes` are those that it sent."""

    error: BaseException | None
    writes: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.error is None

    def __str__(self) -> str:
        return str(self.error)


@dataclass
class Account:
    """The account, and who works in it."""

    running: Running
    speed: float = SPEED

    def reset(self, seed: str | Mapping[str, Any], speed: float = SPEED) -> None:
        """Begin with a new account. At speed 1 nobody waits: each wait steps the cloud's clock."""
        self.running.reset(seed, speed=speed)
        self.running.cloud.faults = Faults()
        self.speed = speed

    def prepared(self, worlds: dict[Any, Any], key: Any, seed: Any, wanted: Environment, speed: float | None) -> Any:
        """Begin with the world that a first run leaves of a seed; the runs of a module make it once.

        Args:
            worlds: those that were made already, by their key.
        """
        if key not in worlds:
            self.reset(seed)
            ended = self.run(wanted)
            assert ended.done, str(ended)
            worlds[key] = copy.deepcopy(self.running.cloud.world)
        self.reset("nothing", *([speed] if speed else []))
        self.running.cloud.world = world = copy.deepcopy(worlds[key])
        self.running.control("POST", "clock", {"speed": self.speed})
        return world

    def clock(self) -> Clock:
        if self.speed == 1.0:
            return Clock(wait=self.running.cloud.world.clock.advance)
        # What is waited for in our time, such as the end of another run, is looked at more often than that.
        return Clock(self.speed, wait=lambda seconds: threading.Event().wait(min(seconds, 0.02)) and None)

    def run(
        self,
        environment: Environment,
        who: str = "the run",
        hands: Hands | None = None,
        procedure: Procedure = everything,
        clock: Clock | None = None,
    ) -> Ended:
        """Carry out a procedure as a flow does."""
        threading.current_thread().name = who
        identity = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
        cloud = HandledSession(identity, environment.region, {"*": self.running.url}, clock or self.clock())
        with cloud, keeping(environment, cloud) as journal:
            try:
                _carry_out(environment, cloud, journal, procedure, hands)
            except AlibabaCloudError as error:
                return Ended(error, [write.action for write in cloud.ledger.writes])
            except opening.StepsFailed as error:
                return Ended(error, [write.action for write in cloud.ledger.writes])
            except Killed as error:
                journal._renewing = None  # nobody is left who could give the lease back
                return Ended(error)
            return Ended(None, [write.action for write in cloud.ledger.writes])

    def together(self, environments: Sequence[Environment], names: Sequence[str] = ()) -> list[Ended]:
        """Let a run begin on each of the environments at the same moment."""
        start = threading.Barrier(len(environments))

        def begin(number: int, environment: Environment) -> Ended:
            start.wait(PATIENCE)
            return self.run(environment, names[number] if names else f"run {number}")

        with ThreadPoolExecutor(len(environments)) as pool:
            return list(pool.map(begin, range(len(environments)), environments))

    @contextmanager
    def stopped(self, environment: Environment, hands: Hands, who: str) -> Iterator[Callable[[], Ended]]:
        """Have a run that stands still at a call; what is yielded wakes it and gives how it ended."""
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(self.run, environment, who, hands)

            def wake() -> Ended:
                hands.wake()
                return future.result(PATIENCE)

            try:
                assert hands.stopped.wait(PATIENCE)
                yield wake
            finally:
                hands.woken.set()

    # The account

    def meanwhile(self, act: Act) -> None:
        """Let somebody act in the account while runs go on: with the world, the action that comes, its parameters."""
        cloud = self.running.cloud
        cloud.faults = Meanwhile(lambda action, parameters: act(cloud.world, action, parameters))

    def once_before(self, action: str, act: Callable[[Any], None], nth: int = 1) -> None:
        """Let somebody act once, right before the cloud handles the nth call of an action."""
        seen = Counter[str]()

        def meddle(world: Any, coming: str, _parameters: Mapping[str, str]) -> None:
            seen[coming] += 1
            if coming == action and seen[coming] == nth:
                act(world)

        self.meanwhile(meddle)

    def writes(self) -> list[str]:
        return self.running.writes()

    def count(self, action: str) -> int:
        """Count the calls of an action that had an effect."""
        return sum(took_effect(call) for call in self.running.calls(action))

    def effects(self) -> list[tuple[str, str]]:
        """Give the writes that had an effect, each with its request id, oldest first."""
        calls = without_journal(self.running.control("GET", "calls?writes=true")["calls"])
        return [(call["action"], call["request_id"]) for call in calls if took_effect(call)]

    def resolve(self, environment: Environment, intent: str) -> None:
        """Declare, as an operator, that an intent had no effect."""
        identity = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
        cloud = Session(identity, environment.region, {"*": self.running.url}, self.clock())
        with cloud, keeping(environment, cloud) as journal:
            resolve_intent.fn(journal, intent, "the console shows nothing")

    def part(self, product: str) -> Any:
        return self.running.world()["parts"][product]

    def journal(self, environment: Environment) -> Record:
        """Read an environment's journal behind the cloud's back."""
        bucket = self.running.cloud.world.part(oss_state.State).buckets[environment.storage.bucket]
        version = bucket.current(journal_key(environment.name))
        return Record.read(base64.b64decode(version.body) if version else b"")

    def normal(self, history: bool = True) -> Any:
        """Give the account without what differs from one run to the next: ids, times, and the journal.

        Args:
            history: with the versions of policies that do not count any more.
        """
        parts = self.running.world()["parts"]
        for policy in () if history else parts["ram"]["policies"].values():
            policy["versions"] = policy["versions"][policy.pop("default_version")]["document"]
            for name in ("last_number", "former_document", "former_until", "updated_at"):
                del policy[name]
        return normal(parts)


def _carry_out(
    environment: Environment, cloud: HandledSession, journal: Journal, procedure: Procedure, hands: Hands | None
) -> None:
    opened = Opened(environment, cloud, journal)
    if hands is not None:
        cloud.hands, hands.journal = hands, journal
    opened.foresee(procedure)
    acting = Planning(environment, cloud)  # on a session that is not dry it acts
    procedure(acting)
    refused = acting.refusals()
    if refused:
        raise together(refused)
    if cloud.ledger.writes:
        opening.verify.fn(opened, procedure)


def took_effect(call: Mapping[str, Any]) -> bool:
    """Say whether a call was handled and not refused; some products refuse with HTTP 200."""
    return call["status"] < 300 and not call["code"]


_IDS = re.compile(
    r"\b(vpc|vsw|sg|sgr|eni|vtb|vrt|i|f-cn|c|f|g)-[a-z0-9]{8,}\b|\b[0-9]{12,20}\b|\b[0-9a-f]{14,}\b|\brg-[a-z0-9]+"
    r"|\b00:16:3e(:[0-9a-f]{2}){3}\b|\b(flink-)?[a-z0-9]{24}\b"
)
_OWN = re.compile(r"journal\.jsonl|tokens|\blast_")


def normal(value: Any) -> Any:
    """Give a part of a world with every id, address and time replaced by its kind."""
    if isinstance(value, Mapping):
        pairs = [[normal(key), normal(each)] for key, each in value.items() if not _OWN.search(str(key))]
        return sorted(pairs, key=lambda pair: json.dumps(pair, sort_keys=True))
    if isinstance(value, list):
        return sorted((normal(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    if isinstance(value, str):
        return _IDS.sub("id", value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 1e9:
        return "time"
    return value


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with start_emulator() as emulator:
        yield emulator


@pytest.fixture
def account(running: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account that runs without Prefect work in; a run is called as its thread is."""
    for name in ("plan", "lease"):
        monkeypatch.setattr(opening, name, getattr(opening, name).fn)
    monkeypatch.setattr(opening, "publish", lambda _report: None)
    monkeypatch.setattr(lease, "_who", lambda: threading.current_thread().name)
    monkeypatch.setattr(progress, "create_progress_artifact", lambda *_: uuid.uuid4())
    monkeypatch.setattr(progress, "update_progress_artifact", lambda *_args, **_facts: None)
    monkeypatch.setattr(progress, "create_markdown_artifact", lambda *_args, **_facts: uuid.uuid4())
    with disable_run_logger():
        yield Account(running)
    running.cloud.faults = Faults()
    running.cloud.world.clock.wall = time.time
