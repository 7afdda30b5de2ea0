"""A change of something that exists, which takes minutes: ordered once, and watched until the cloud shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from alicloud.call import Call
from alicloud.errors import AlibabaCloudError, Refused, Uncertain, Unreachable, Unsettled
from alicloud.journal import Journal
from alicloud.session import Session
from blocks.environment import Environment
from tasks.approval import require
from tasks.progress import Look, wait_with_progress, wanted_timing

Actual = TypeVar("Actual")


@dataclass(frozen=True)
class SlowChange(Generic[Actual]):
    """What is brought to be as wanted.

    `what` says it in the operator's words. `read` asks the cloud. `decide` is pure: the call that is missing, none when
    it is as wanted. `resting` says whether nothing is changing it just now; it raises on a state that will not end.
    `label` tells the state. `check` is asked right before the call is sent, and when it is planned; it raises when it
    may not be. `reached` says whether what a key of the journal stands for is there. `unseen_seconds` are those that a
    change may stay out of sight after it was sent. `ticket` writes one from the age in seconds.
    """

    what: str
    read: Callable[[], Actual]
    decide: Callable[[Actual], Sequence[Call[Any]]]
    resting: Callable[[Actual], bool]
    label: Callable[[Actual], str]
    check: Callable[[Actual, Call[Any]], object]
    reached: Callable[[Actual, str], bool]
    unseen_seconds: float
    ticket: Callable[[Actual, float], str]

    def missing(self, actual: Actual) -> Call[Any] | None:
        """Give the call that is missing; while something is changing it, nobody knows."""
        return next(iter(self.decide(actual)), None) if self.resting(actual) else None


def bring(cloud: Session, environment: Environment, change: SlowChange[Actual]) -> Actual:
    """Bring it to what is wanted, and give how it is then; a dry session notes what would be sent.

    What an earlier run has sent is watched like what this one sends, and never sent again.

    Raises:
        Uncertain: the answer to a once-only call, of this run or an earlier one, was lost, and nothing is seen of it.
        Unsettled: another call was answered, and nothing is seen of it.
        TimedOut: it is being changed for longer than is allowed; the ticket's text stands in an artifact.
    """
    if cloud.dry:
        return _foreseen(cloud, change)
    actual = at_rest(cloud, environment, change)
    call = change.missing(actual)
    if call is not None:
        sent_at, lost = _sent_before(cloud, change, call), None
        if sent_at is None:
            change.check(actual, call)
            require(environment, cloud.journal)
            lost = _order(cloud, change, call)
            sent_at = cloud.clock.now()  # not before its intent was written, which the cloud may hold up for long
        actual = _watch(cloud, environment, change, _Sent(call, sent_at, lost))
    _note_seen(cloud, change, actual)
    return actual


def at_rest(cloud: Session, environment: Environment, change: SlowChange[Actual]) -> Actual:
    """Wait until nothing is changing it, and give how it is then; a dry session waits for nothing."""
    actual = change.read()
    return actual if cloud.dry or change.resting(actual) else _watch(cloud, environment, change)


def _foreseen(cloud: Session, change: SlowChange[Actual]) -> Actual:
    actual = change.read()
    call = change.missing(actual)
    if call is not None and _sent_before(cloud, change, call) is None:
        change.check(actual, call)
        cloud.foresee(call)
    return actual


@dataclass(frozen=True)
class _Sent:
    """A call that was sent at a time of the cloud's clock; `lost` is what happened to its answer."""

    call: Call[Any]
    at: float
    lost: AlibabaCloudError | None


def _sent_before(cloud: Session, change: SlowChange[Any], call: Call[Any]) -> float | None:
    """Give when an earlier run has sent the call, or was about to; None when none has.

    Raises:
        Uncertain: that is so long ago that its effect would be seen.
    """
    if not call.once_only:
        return None
    journal = cloud.journal
    assert isinstance(journal, Journal)  # noqa: S101  without one nothing is ordered
    for intent in journal.record.open(call.makes)[:1]:
        if cloud.clock.now() - intent.time >= change.unseen_seconds:
            journal.refuse_open(call.makes)
        return intent.time
    return None


def _order(cloud: Session, change: SlowChange[Any], call: Call[Any]) -> AlibabaCloudError | None:
    """Send the call, and give what happened to its answer.

    Raises:
        Refused: the cloud said no, and it is as it was.
    """
    try:
        cloud.send(call)
    except Refused:
        if change.missing(change.read()) is not None:
            raise  # else the first of two attempts has taken effect although its answer was lost
    except (Uncertain, Unreachable) as error:
        return error
    return None


def _watch(cloud: Session, environment: Environment, change: SlowChange[Actual], sent: _Sent | None = None) -> Actual:
    seen: list[Actual] = []

    def look(_fresh_seconds: float) -> Look:
        seen.append(change.read())
        missing = change.missing(seen[-1])
        unseen = sent is not None and missing is not None and missing.makes == sent.call.makes
        if sent is not None and unseen and cloud.clock.now() - sent.at >= change.unseen_seconds:
            raise _nothing_seen(cloud, sent)
        return Look(change.resting(seen[-1]) and not unseen, change.label(seen[-1]), 0, being_made=False)

    def ticket(elapsed: float) -> str:
        return change.ticket(seen[-1], elapsed)

    wait_with_progress(cloud, look, wanted_timing(environment), f"change-{environment.name}", change.what, ticket)
    if sent is not None and sent.lost is not None:
        cloud.ledger.add(sent.call)  # only its answer was lost
    return seen[-1]


def _nothing_seen(cloud: Session, sent: _Sent) -> AlibabaCloudError:
    if sent.lost is not None:
        return sent.lost
    try:
        if sent.call.once_only and cloud.journal is not None:
            cloud.journal.refuse_open(sent.call.makes)
    except Uncertain as error:
        return error
    return Unsettled(f"{sent.call.action} was answered, but the cloud still lacks: {sent.call.means}.")


def _note_seen(cloud: Session, change: SlowChange[Actual], actual: Actual) -> None:
    journal = cloud.journal
    if isinstance(journal, Journal):
        for makes in {intent.makes for intent in journal.record.open() if change.reached(actual, intent.makes)}:
            journal.seen(makes)
