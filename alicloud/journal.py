"""The journal of an environment: what is about to be written, what became of it, and the lease of the one who writes.

It is one appendable object of OSS. An append names the length that the object must have, so of several runs that
have read the same only one gets through: that makes the lease, and it fences a run that was taken for dead, since no
write that may not be sent twice goes out before its intent was appended. OSS ignores x-oss-forbid-overwrite where a
bucket's versions are kept; appending it compares there too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from alicloud import oss_objects
from alicloud.call import Call, Kind
from alicloud.errors import AlibabaCloudError, Overtaken, Refused, Uncertain
from alicloud.journal_record import Entry, Record, What
from alicloud.session import Session

FOLDER = ".realtime-compute-preparation"
LEASE_SECONDS = 60.0  # of our time; after as long a silence another run may take the lease

log = logging.getLogger("realtime_compute.journal")


def journal_key(environment: str) -> str:
    """Give the object's key in the environment's bucket."""
    return f"{FOLDER}/{environment}/journal.jsonl"


def _awake() -> float:
    """Give seconds of a clock that nobody sets, and that goes on while the machine sleeps where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Journal:
    """The journal as one run sees it; safe to use from many threads.

    Args:
        cloud: a session of the journal's own, whose calls belong to no step.
        bucket: the environment's.
        environment: its name.
        run: tells this run from every other, also from an earlier attempt of the same flow run.
        who: the run in the operator's words.
        lease_seconds: how long a silent run keeps the lease.
    """

    def __init__(
        self,
        cloud: Session,
        bucket: str,
        environment: str,
        run: str,
        who: str,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._cloud, self._bucket, self._key = cloud, bucket, journal_key(environment)
        self.environment, self.run, self.who, self.lease_seconds = environment, run, who, lease_seconds
        self.record = Record()
        self._since: tuple[int, float] = (-1, 0.0)  # a length, and when we first saw it
        self._idle_seconds = 0.0
        self._pending: list[Entry] = []
        self._lock, self._io, self._taking = threading.Lock(), threading.Lock(), threading.Lock()
        self._lost: Overtaken | None = None
        self._written_at = 0.0
        self._renewing: threading.Thread | None = None
        self._ended = threading.Event()
        self._released = False  # threads of a run that was cancelled may go on for a moment: they write no more

    # Reading

    def read(self) -> Record:
        """Read it from the cloud.

        Raises:
            Unmet: what is there is no journal.
        """
        found = self._cloud.send(oss_objects.get_log(self._bucket, self._key))
        with self._lock:
            self.record, self._lost = Record.read(found.data if found else b""), None
            self._pending = [entry for entry in self._pending if entry.what is not What.LEASE]
        self._idle_seconds = found.idle_seconds / self._cloud.clock.speed if found else 0.0
        if self._since[0] != self.record.position:
            self._since = (self.record.position, _awake())
        return self.record

    def held_by(self) -> Entry | None:
        """Give the run that holds the lease, as it was last read; None when nobody does, or has been silent too long.

        Silence is measured by OSS's own clock between two of its stamps, or by ours while we look on, never between
        clocks of two machines.
        """
        holder = self.record.holder
        if holder is None or holder.run == self.run:
            return None
        silence = max(self._idle_seconds, _awake() - self._since[1])
        told = holder.seconds if holder.seconds.isdecimal() else "0"
        return None if silence >= max(self.lease_seconds, float(told)) else holder

    def wait(self, seconds: float) -> None:
        """Wait, in our time, for somebody else to write."""
        self._cloud.clock.wait(seconds)

    # The lease

    def take(self) -> bool:
        """Take the lease, if nobody has written since it was last read. Only then may the run write.

        Returns:
            False: somebody was faster; read again.
        """
        try:
            self._append(self._entry(What.LEASE, who=self.who, seconds=str(round(self.lease_seconds))))
        except Overtaken:
            return False
        self._renewing = threading.Thread(target=self._renew, name="journal", daemon=True)
        self._renewing.start()
        return True

    def _take_late(self) -> None:
        """Take the lease for a write that no plan foresaw: something was changed since the world was read."""
        with self._taking:
            if self._renewing is None and not self.take():
                raise Overtaken(f"Another run began to write on environment {self.environment} at the same time.")

    @property
    def held(self) -> bool:
        """Whether this run has the lease, as far as it knows."""
        return self._renewing is not None and self._lost is None

    def confirm(self) -> None:
        """Make sure that nobody else has written since this run took the lease.

        Raises:
            Overtaken: another run has.
        """
        if self._lost is not None:
            raise self._lost
        if self._renewing is not None:
            self._append(self._entry(What.RENEWED))

    def release(self) -> None:
        """Write down what is left and give the lease back. Never raises: the lease expires by itself."""
        self._released = True
        if self._renewing is None:
            return
        self._ended.set()
        self._renewing.join()
        self._renewing = None
        try:
            if self._lost is None:
                self._append(self._entry(What.RELEASED))
        except AlibabaCloudError as error:
            log.warning("the lease of %s was not given back and expires by itself: %s", self.environment, error)

    def bury(self) -> None:
        """Write down what is left, and nothing from here on: the journal is about to be deleted with its bucket.

        The lease stays taken, so that no other run begins in what is going.

        Raises:
            Overtaken: another run has taken the lease; nothing may be deleted.
        """
        if self._lost is not None:
            raise self._lost
        self._released = True
        self._ended.set()
        if self._renewing is not None:
            self._renewing.join()
            self._renewing = None
        self._append(self._entry(What.RENEWED))

    # Writes

    def intend(self, call: Call[object]) -> str:
        """Write down that a call is about to be sent, and give the intent's id.

        What must not be sent twice is in the cloud's hands before this returns; the rest may follow later.

        Raises:
            Overtaken: another run holds the lease; nothing may be sent.
            Uncertain: an earlier call that makes the same is open, so this one may not be sent.
        """
        if self._lost is not None:
            raise self._lost
        if self._released:
            raise Overtaken(f"This run has ended and writes no more on environment {self.environment}.")
        if call.kind is Kind.ONCE:
            self.refuse_open(call.makes)
        home = call.bucket == self._bucket and self._renewing is None  # it is made before there can be a journal
        if not home:
            self._take_late()
        entry = self._entry(
            What.INTENT,
            kind=call.kind.value,
            action=call.action,
            makes=call.makes,
            means=call.means or call.action,
            creates=call.creates,
            removes=call.removes,
        )
        silent = not home and _awake() - self._written_at > self.lease_seconds / 2
        if silent or call.kind in (Kind.ONCE, Kind.TOKENED):
            self._append(entry)
        else:
            self._later(entry)
        return entry.id

    def conclude(self, intent: str, what: What, request_id: str = "", code: str = "") -> None:
        """Write down what became of an intent, soon."""
        self._later(self._entry(what, intent=intent, request_id=request_id, code=code))

    def seen(self, makes: str, made: str = "") -> None:
        """Write down that what an intent makes was read from the cloud.

        Args:
            made: tells it from others that the intent might have made, without a secret.
        """
        for intent in self.record.open(makes):
            self._later(self._entry(What.SEEN, intent=intent.id, made=made))

    def resolve(self, intent: str, reason: str) -> None:
        """Write down that an operator is certain that an intent had no effect."""
        self._append(self._entry(What.RESOLVED, intent=intent, reason=reason))

    def note_approval(self, digest: str, who: str, when: str, reason: str) -> None:
        """Write down, with the next entry at the latest, that an operator has approved what this run is to write."""
        self._later(self._entry(What.APPROVED, who=who, reason=reason, means=f"plan {digest}, approved {when}"))

    def lasted(self, what: str, seconds: float) -> None:
        """Write down how long something took from its creation until it was ready; a run without the lease does not."""
        self._later(self._entry(What.LASTED, makes=what, seconds=str(round(seconds))))

    def usual_seconds(self, what: str) -> float | None:
        """Give how long that took the last times, in the cloud's seconds; None when it is not known."""
        return self.record.usual_seconds(what)

    def generation(self, makes: str) -> int:
        """Count the creations of a thing whose effect was seen: the next one is another."""
        return self.record.generation(makes)

    def refuse_open(self, makes: str) -> None:
        """Refuse to make what an earlier call may have made already.

        Raises:
            Uncertain: such a call is open.
        """
        for intent in self.record.open(makes)[:1]:
            raise Uncertain(self._told(intent), action=intent.action, remedy=self.remedy(intent.id))

    def remedy(self, intent: str) -> str:
        """Say what the operator does about a once-only call whose end nobody knows."""
        return (
            "Look in the console. If it is there, Retry this run once the console lists it: it is adopted. If it is "
            f"certainly not there, start the deployment `resolve` with intent {intent}, then Retry this run."
        )

    def _told(self, intent: Entry) -> str:
        run = next((e.who for e in self.record.entries if e.what is What.LEASE and e.run == intent.run), intent.run)
        outcome = self.record.outcome(intent.id)
        if outcome is not None and outcome.what is What.ANSWERED:
            became = f"was answered (request {outcome.request_id}), but nothing is seen of it"
        else:
            became = "was sent, or was about to be, and nobody knows what became of it"
        return f"{intent.action}, to {intent.means}, of {intent.at} by {run} {became}. It is not sent again."

    # Appending

    def _entry(self, what: What, **facts: str) -> Entry:
        at = datetime.fromtimestamp(self._cloud.clock.now(), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return Entry(what, uuid4().hex[:12], at, self.run, **facts)

    def _later(self, entry: Entry) -> None:
        with self._lock:
            self._pending.append(entry)
            self.record.entries.append(entry)

    def _append(self, entry: Entry) -> None:
        """Append an entry and what is pending; return once it is in the cloud's hands.

        Raises:
            Overtaken: somebody else has written.
        """
        self._later(entry)
        with self._io:
            with self._lock:
                due = list(self._pending)
            if entry in due:  # else another thread took it along
                self._send(due)

    def _send(self, due: list[Entry]) -> None:
        while due:
            data = "".join(entry.line() for entry in due).encode()
            call = oss_objects.append_object(self._bucket, self._key, self.record.position, data)
            try:
                self._cloud.send(call)
            except Refused as error:
                if error.code not in ("PositionNotEqualToLength", "ObjectNotAppendable"):
                    raise
                due = self._arrived(due)
                continue
            self._written(due, self.record.position + len(data))  # a head that was cut may tell another length
            return

    def _written(self, entries: Sequence[Entry], position: int) -> None:
        ids = {entry.id for entry in entries}
        with self._lock:
            self._pending = [entry for entry in self._pending if entry.id not in ids]
            self.record.position = position
            self._written_at = _awake()

    def _arrived(self, due: list[Entry]) -> list[Entry]:
        """Read what stands where ours should: ours, since only the answer was lost, or somebody else's.

        Reads of OSS are consistent: what is not there was not written.
        """
        found = self._cloud.send(oss_objects.get_log(self._bucket, self._key))
        data = found.data if found else b""
        tail = Record.read(data[self.record.position :]).entries
        if not tail or any(entry.run != self.run for entry in tail):
            raise self._overtaken(Record.read(data))
        ids = {entry.id for entry in tail}
        self._written(tail, len(data))
        return [entry for entry in due if entry.id not in ids]

    def _overtaken(self, now: Record) -> Overtaken:
        others = [entry.who for entry in now.entries if entry.what is What.LEASE and entry.run != self.run]
        known = {entry.id for entry in self.record.entries}
        ours = any(entry.id in known for entry in now.entries)
        by = others[-1] if others and ours else "somebody who removed or replaced the journal"
        self._lost = Overtaken(f"The lease of environment {self.environment} was taken by {by}.")
        return self._lost

    def _renew(self) -> None:
        while not self._ended.wait(self.lease_seconds / 4):
            try:
                self._append(self._entry(What.RENEWED))
            except Overtaken as error:
                log.warning("%s", error)
                return
            except AlibabaCloudError as error:
                log.warning("the lease of %s could not be renewed: %s", self.environment, error)
