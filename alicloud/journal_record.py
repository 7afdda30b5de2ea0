"""What a journal holds: one line of JSON for each intent and outcome of a write, and who may write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import Any

from alicloud.errors import Unmet

RECENT = 5  # waits that tell how long the next one will be


class Created(StrEnum):
    """Whether an environment has created a resource, as far as its journal tells."""

    YES = "yes"
    NO = "no"
    REMOVED = "removed"  # it did, and has removed it since
    UNSURE = "unsure"  # the answer was lost, somebody was faster, or the journal is of a version that did not say it


class What(StrEnum):
    """What an entry says."""

    LEASE = "lease"  # this run writes from here on
    RENEWED = "renewed"
    RELEASED = "released"
    INTENT = "intent"  # a write is about to be sent
    ANSWERED = "answered"
    REFUSED = "refused"  # it had no effect
    LOST = "lost"  # no answer: it may have taken effect
    SEEN = "seen"  # what it makes was read from the cloud
    RESOLVED = "resolved"  # an operator says that it had no effect
    APPROVED = "approved"  # an operator has read the plan and says yes
    LASTED = "lasted"  # a wait for something that was being made, from its creation until it was ready


@dataclass(frozen=True)
class Entry:
    """One line.

    `at` is the cloud's time in UTC; `run` names the run that writes; `who` says it in the operator's words; `intent`
    is the id of the intent that an outcome belongs to; `kind`, `action`, `makes` and `means` are the call's; `seconds`
    is how long a lease lasts without a renewal, or how long a wait has lasted; `creates` and `removes` are the call's;
    `made` tells, with what was seen, which one it is of several that an intent might have made.
    """

    what: What
    id: str
    at: str
    run: str
    who: str = ""
    intent: str = ""
    kind: str = ""
    action: str = ""
    makes: str = ""
    means: str = ""
    request_id: str = ""
    code: str = ""
    reason: str = ""
    seconds: str = ""
    creates: str = ""
    removes: str = ""
    made: str = ""

    @property
    def time(self) -> float:
        """When it was written, in seconds since 1970 on the cloud's clock."""
        return datetime.fromisoformat(self.at).timestamp()

    def line(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value}, ensure_ascii=True) + "\n"


# What every journal has that an earlier version has written: `creates` came later.
_CREATIONS = frozenset({"CreateUser", "CreateGroup", "CreatePolicy", "CreateRole", "CreateVpc", "CreateVSwitch"})

_NAMES = frozenset(field.name for field in fields(Entry)) - {"what"}


@dataclass
class Record:
    """The journal as far as it was read; `position` is its length in bytes."""

    position: int = 0
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def read(cls, data: bytes) -> Record:
        """Read a journal.

        Raises:
            Unmet: it is not one.
        """
        return cls(len(data), list(_entries(data)))

    @property
    def holder(self) -> Entry | None:
        """Give the entry by which a run took the lease that nobody has released or taken since."""
        held: Entry | None = None
        for entry in self.entries:
            if entry.what is What.LEASE:
                held = entry
            elif entry.what is What.RELEASED and held is not None and entry.run == held.run:
                held = None
        return held

    def open(self, makes: str = "") -> list[Entry]:
        """Give the intents that nobody knows the end of, or only those that make a certain thing, oldest first.

        What was answered is open until it was seen too: an answer alone does not tell that reads show it.
        """
        closed = {entry.intent for entry in self.entries if entry.what in (What.REFUSED, What.SEEN, What.RESOLVED)}
        intents = (entry for entry in self.entries if entry.what is What.INTENT and entry.makes)
        return [entry for entry in intents if entry.id not in closed and makes in ("", entry.makes)]

    def generation(self, makes: str) -> int:
        """Count the creations of a thing whose effect was seen."""
        intents = {entry.id for entry in self.entries if entry.what is What.INTENT and entry.makes == makes}
        return len({entry.intent for entry in self.entries if entry.what is What.SEEN} & intents)

    def created(self, key: str) -> Created:
        """Say whether this environment has created the resource of a key, and not removed it since."""
        found = Created.NO if not self._says_little() else Created.UNSURE
        for entry in self.entries:
            if entry.what is What.INTENT and entry.creates == key:
                found = self._after_creation(entry, found)
            elif entry.what is What.INTENT and entry.removes == key and What.ANSWERED in self._became(entry):
                found = Created.REMOVED
        return found

    def created_at(self, key: str) -> list[str]:
        """Give the times of the intents to create the resource of a key, oldest first."""
        return [entry.at for entry in self.entries if entry.what is What.INTENT and entry.creates == key]

    def creations(self, key: str) -> int:
        """Count the intents to create the resource of a key that were answered."""
        intents = [entry for entry in self.entries if entry.what is What.INTENT and entry.creates == key]
        return sum(What.ANSWERED in self._became(entry) for entry in intents)

    def _after_creation(self, intent: Entry, before: Created) -> Created:
        became = self._became(intent)
        if became & {What.ANSWERED, What.SEEN}:
            return Created.YES
        refused = [each for each in self.entries if each.intent == intent.id and each.what is What.REFUSED]
        faster = any("AlreadyExists" in each.code for each in refused)  # perhaps an attempt of ours, without an answer
        if What.RESOLVED in became or (refused and not faster) or before is Created.YES:
            return before
        return Created.UNSURE

    def _became(self, intent: Entry) -> set[What]:
        return {each.what for each in self.entries if each.intent == intent.id}

    def _says_little(self) -> bool:
        """Say whether it holds creations of a version that did not write down what they create."""
        intents = (entry for entry in self.entries if entry.what is What.INTENT and not entry.creates)
        return any(entry.action in _CREATIONS for entry in intents)

    def usual_seconds(self, what: str) -> float | None:
        """Give the median of the last waits for a thing; None when there was none."""
        lasted = [entry.seconds for entry in self.entries if entry.what is What.LASTED and entry.makes == what]
        recent = [float(seconds) for seconds in lasted[-RECENT:] if seconds.isdecimal() and int(seconds) > 0]
        return median(recent) if recent else None

    def outcome(self, intent: str) -> Entry | None:
        """Give what was last written down of an intent."""
        return next((entry for entry in reversed(self.entries) if entry.intent == intent), None)


def _entries(data: bytes) -> Iterable[Entry]:
    for number, line in enumerate(data.splitlines(), 1):
        try:
            yield _entry(json.loads(line))
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise Unmet(
                f"The journal is unreadable: line {number} is none of ours.",
                remedy="Find out who wrote into it. Move the object aside only when it is certain that no order is "
                "under way, then Retry this run.",
            ) from None


def _entry(facts: Mapping[str, Any]) -> Entry:
    known = {name: str(value) for name, value in facts.items() if name in _NAMES}
    return Entry(What(str(facts.get("what"))), **known)
