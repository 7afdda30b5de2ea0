"""What a run has read of the world, and what a dry run would write to it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from alicloud.call import Call


@dataclass
class Snapshot:
    """Answers of reads by what was asked.

    A step that finds itself content with a remembered answer is done; one that does not asks the cloud again
    before it acts, so that nothing is ever written because of an old answer.
    """

    _answers: dict[tuple[str, ...], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def keep(self, call: Call[Any], answer: Any) -> None:
        with self._lock:
            self._answers[call.key] = answer

    def recall(self, call: Call[Any]) -> tuple[bool, Any]:
        """Give (True, answer) when it was read before, else (False, None)."""
        with self._lock:
            return call.key in self._answers, self._answers.get(call.key)

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()


@dataclass(frozen=True)
class Write:
    """A write that was sent, or that a dry run would send."""

    action: str
    means: str
    request_id: str = ""
    costs: bool = False


@dataclass
class Ledger:
    """The writes of a run in the order they were sent (or, of a dry run, planned), and how many reads it took."""

    writes: list[Write] = field(default_factory=list)
    reads: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, write: Write) -> None:
        with self._lock:
            self.writes.append(write)

    def count_read(self) -> None:
        with self._lock:
            self.reads += 1
