"""Read, decide, act, verify: how every step brings one resource to what is wanted. Written once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any, TypeVar

from alicloud.call import Call, Kind
from alicloud.errors import (
    AlibabaCloudError,
    AlreadyExists,
    Refused,
    TimedOut,
    Unavailable,
    Uncertain,
    Unreachable,
    Unsettled,
)
from alicloud.session import Session

Actual = TypeVar("Actual")
Desired = TypeVar("Desired")

Decide = Callable[[Desired, Actual], Sequence[Call[Any]]]

LOOK_SECONDS = (1.0, 2.0, 4.0, 8.0)  # between two looks; the last one repeats


def settle(
    cloud: Session,
    read: Call[Actual],
    desired: Desired,
    decide: Decide[Desired, Actual],
    planned: Actual | None = None,
    makes: str = "",
) -> Actual:
    """Bring one resource to what is wanted and give its state, read from the cloud.

    Args:
        cloud: the session; when it is dry, writes are noted in its ledger and `planned` is given back.
        read: how the resource is read.
        desired: what is wanted.
        decide: pure; the calls that are missing, none when content.
        planned: what a dry run hands on for a resource that does not exist yet.
        makes: the key of what a tokened or once-only call makes here, see `Call.makes`.

    Raises:
        Unsettled: after the writes were answered, the cloud still differs when the settle window has passed.
        Uncertain: a once-only write, of this run or an earlier one, had no answer and its effect was not seen within
            the settle window.
    """
    if cloud.dry:
        return _foreseen(cloud, read, desired, decide, planned)
    actual = cloud.recall(read)
    if decide(desired, actual):
        actual = _settled(cloud, read, desired, decide)
    if makes and cloud.journal is not None:
        cloud.journal.seen(makes)
    return actual


def _settled(cloud: Session, read: Call[Actual], desired: Desired, decide: Decide[Desired, Actual]) -> Actual:
    for again in (True, False):
        actual = cloud.read_again(read)  # never write because of an old answer
        calls = decide(desired, actual)
        if not calls:
            break
        last, failure = _act(cloud, calls)
        if isinstance(failure, AlreadyExists):
            if again:
                continue  # somebody was faster: decide anew on what they made
            failure = None
        try:
            actual = _verify(cloud, read, desired, decide, calls, failure)
        except Unreachable:
            if again:
                continue  # it was looked for in vain, so it may be sent again
            raise
        if isinstance(failure, Uncertain | Unreachable):
            cloud.ledger.add(last)  # only its answer was lost
        break
    if cloud.snapshot.recall(read)[0]:
        cloud.snapshot.keep(read, actual)  # or a later step would be content with what was there before
    return actual


def _foreseen(
    cloud: Session,
    read: Call[Actual],
    desired: Desired,
    decide: Decide[Desired, Actual],
    planned: Actual | None,
) -> Actual:
    """Note what would be written, and give what would be there then.

    A once-only call that an earlier run may have sent is looked for as long as it may take to be seen, and refused
    when it is not: a plan tells so before anything is written.
    """
    actual = cloud.recall(read)
    calls = decide(desired, actual)
    failure = _open(cloud, calls)
    if failure is not None:
        actual = _verify(cloud, read, desired, decide, calls, failure)
        cloud.snapshot.keep(read, actual)
        return actual
    for call in calls:
        cloud.foresee(call)
    if not calls or planned is None:
        return actual
    cloud.snapshot.expect(read, planned)
    return planned


def _open(cloud: Session, calls: Sequence[Call[Any]]) -> Uncertain | None:
    if cloud.journal is None:
        return None
    try:
        for call in calls:
            if call.once_only:
                cloud.journal.refuse_open(call.makes)
    except Uncertain as error:
        return error
    return None


def wait_until(
    cloud: Session,
    read: Call[Actual],
    ready: Callable[[Actual], bool],
    what: str,
    timeout_seconds: float = 300.0,
    poll_seconds: float = 2.0,
) -> Actual:
    """Read until `ready` says so; for the seconds or minutes that a VPC or a vSwitch takes.

    Args:
        ready: pure; raises on a state that it does not know.
        timeout_seconds: in the cloud's time.

    Raises:
        TimedOut: not ready after that time.
    """
    waited, actual = 0.0, cloud.recall(read)
    if cloud.dry:
        cloud.ledger.on_its_way |= not ready(actual)
        return actual
    while not ready(actual):
        if waited >= timeout_seconds:
            raise TimedOut(
                f"{what} is not ready after {waited:.0f} s.", remedy="Look at it in the console, then Retry."
            )
        cloud.clock.sleep(poll_seconds)
        waited, actual = waited + poll_seconds, cloud.send(read)
    return actual


def looks(cloud: Session) -> Iterator[float]:
    """Let the caller look for as long as reads may lag behind writes: at once, then at growing distances.

    Yields:
        The seconds of the cloud's time that were waited so far.
    """
    waited = 0.0
    for pause in chain(LOOK_SECONDS, repeat(LOOK_SECONDS[-1])):
        yield waited
        if waited >= cloud.settle_seconds:
            return
        cloud.clock.sleep(min(pause, cloud.settle_seconds - waited))
        waited = min(waited + pause, cloud.settle_seconds)


def _act(cloud: Session, calls: Sequence[Call[Any]]) -> tuple[Call[Any], AlibabaCloudError | None]:
    """Send the calls in order; stop at the first that is refused or lost, and let verifying judge.

    Gives the last call that was sent, and its error.

    A refusal may only mean that the effect is there already: somebody was faster, or the first of two attempts had
    taken effect although its answer was lost, and the product documents no code for that.
    """
    for call in calls:
        try:
            cloud.send(call)
        except (Refused, Uncertain) as error:
            if isinstance(error, AlreadyExists) and error.ours:
                cloud.ledger.add(call, error.request_id)
            if call.kind is Kind.LOOKED and isinstance(error, Unavailable):
                return call, Unreachable(error.message, action=call.action, request_id=error.request_id)
            return call, error
        except Unreachable as error:
            if call.kind is not Kind.LOOKED:
                raise
            return call, error
    return calls[-1], None


def _verify(
    cloud: Session,
    read: Call[Actual],
    desired: Desired,
    decide: Decide[Desired, Actual],
    calls: Sequence[Call[Any]],
    failure: AlibabaCloudError | None,
) -> Actual:
    """Decide again on fresh reads until content, for as long as reads may lag behind writes."""
    for waited in looks(cloud):  # noqa: B007  the message tells it
        actual = cloud.read_again(read)
        remaining = decide(desired, actual)
        if not remaining:
            return actual
        if isinstance(failure, Refused):
            break
    if failure is not None:
        raise failure
    unseen = _open(cloud, calls)
    if unseen is not None:
        raise unseen
    still = "; ".join(call.means or call.action for call in remaining)
    dead = any(call.kind is Kind.TOKENED for call in calls)
    raise Unsettled(
        f"{calls[0].action} was answered, but after {waited:.0f} s the cloud still lacks: {still}.",
        remedy="If one of that name was deleted, the cloud may have told the id of that one: give it another name in "
        "the environment, then Retry this run."
        if dead
        else "",
    )
