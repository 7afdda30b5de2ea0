"""What a run has read of the world, and what it wrote to it (or, of a dry run, would write)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from alicloud.call import Call
from alicloud.changes import Change
from alicloud.stopwatch import Stopwatch, run, running

_STEP: ContextVar[str] = ContextVar("step", default="")


@dataclass
class Snapshot:
    """Answers of reads by what was asked.

    A step that finds itself content with a remembered answer is done; one that does not asks the cloud again
    before it acts, so that nothing is ever written because of an old answer. What a dry run expects of its own
    planned writes is kept apart: `facts` leaves it out.
    """

    _answers: dict[tuple[str, ...], Any] = field(default_factory=dict)
    _expected: dict[tuple[str, ...], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _readers: dict[tuple[str, ...], threading.Lock] = field(default_factory=dict, repr=False)

    @contextmanager
    def one_reader(self, call: Call[Any]) -> Iterator[None]:
        """Let one thread at a time ask the same question, so that the others find its answer."""
        with self._lock:
            reader = self._readers.setdefault(call.key, threading.Lock())
        with reader:
            yield

    def keep(self, call: Call[Any], answer: Any) -> None:
        with self._lock:
            self._answers[call.key] = answer

    def expect(self, call: Call[Any], answer: Any) -> None:
        """Note what a read will answer once a dry run's writes have been made."""
        with self._lock:
            self._expected[call.key] = answer

    def recall(self, call: Call[Any]) -> tuple[bool, Any]:
        """Give (True, answer) when it was read or is expected, else (False, None)."""
        with self._lock:
            for answers in (self._expected, self._answers):
                if call.key in answers:
                    return True, answers[call.key]
            return False, None

    def facts(self) -> Snapshot:
        """Give what was really read."""
        with self._lock:
            return Snapshot(dict(self._answers))


@dataclass(frozen=True)
class Write:
    """A write that was sent, or that a dry run would send; `changes` and `fingerprint` are those of its call.

    `names` are the names and ids of what it is about, by which the cloud's own records know it. `removes` is the
    call's.
    """

    action: str
    means: str
    request_id: str = ""
    once_only: bool = False
    step: str = ""
    changes: tuple[Change, ...] = field(default=(), compare=False)
    fingerprint: str = field(default="", compare=False)
    names: tuple[str, ...] = field(default=(), compare=False)
    removes: str = field(default="", compare=False)


@dataclass(frozen=True)
class Attempt:
    """When a step was carried out, in seconds since its ledger began; `cloud_seconds` of them were the cloud's own."""

    began: float
    ended: float
    cloud_seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a step ended: `error` is empty when it is as wanted.

    It is the outcome of the last of `attempts`; a step that is retried keeps the times of each.
    """

    step: str
    requirements: tuple[str, ...]
    error: str = ""
    attempts: tuple[Attempt, ...] = field(default=(), compare=False)


@dataclass
class Ledger:
    """The steps of a run, their writes in the order they were sent (of a dry run: planned), and the reads it took.

    A ledger that is made inside a step is of work on behalf of that step: the cloud's time there is the cloud's time
    of the step too. `now` gives our seconds. `on_its_way` says that a dry run saw something that a run would wait
    for.
    """

    writes: list[Write] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    reads: int = 0
    on_its_way: bool = False
    now: Callable[[], float] = field(default=time.monotonic, repr=False)
    _within: Stopwatch | None = field(default_factory=running, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._began = self.now()

    def add(self, call: Call[Any], request_id: str = "") -> None:
        """Note a write; it belongs to the step that this thread is in."""
        means = call.means or call.action
        write = Write(
            call.action,
            means,
            request_id,
            call.once_only,
            _STEP.get(),
            call.changes,
            call.fingerprint,
            _names(call),
            call.removes,
        )
        with self._lock:
            self.writes.append(write)

    def count_read(self) -> None:
        with self._lock:
            self.reads += 1

    @contextmanager
    def step(self, name: str, requirements: Sequence[str] = ()) -> Iterator[None]:
        """Note that a step begins, and how it ends."""
        token, began, error = _STEP.set(name), self.now(), ""
        stopwatch = Stopwatch(self.now, running() or self._within)
        try:
            with run(stopwatch):
                yield
        except BaseException as raised:
            error = str(raised) or type(raised).__name__
            raise
        finally:
            attempt = Attempt(began - self._began, self.now() - self._began, stopwatch.cloud_seconds)
            self._end(Outcome(name, tuple(requirements), error, (attempt,)))
            _STEP.reset(token)

    def _end(self, outcome: Outcome) -> None:
        with self._lock:
            earlier = self.outcomes.get(outcome.step)
            attempts = (*(earlier.attempts if earlier else ()), *outcome.attempts)
            self.outcomes[outcome.step] = replace(outcome, attempts=attempts)

    def writes_of(self, step: str) -> list[Write]:
        with self._lock:
            return [write for write in self.writes if write.step == step]


def _names(call: Call[Any]) -> tuple[str, ...]:
    """Give the names and ids among a call's parameters, in their order, and the bucket; texts for people are none."""
    found = [value for name, value in call.parameters.items() if _is_name(name) and value]
    return tuple(dict.fromkeys([*found, *([call.bucket] if call.bucket else [])]))


def _is_name(parameter: str) -> bool:
    named = parameter.endswith(("Name", "Id")) or parameter == "Namespace"
    return named and not parameter.startswith("New") and parameter not in ("DisplayName", "RegionId")
