"""What each step of a teardown does: look afresh, ask the journal whose it is, delete what was foreseen, look again."""

from __future__ import annotations

from typing import TypeVar

from alicloud.call import Call, Kind
from alicloud.errors import Uncertain
from alicloud.journal import Journal
from alicloud.session import Session
from alicloud.settle import Decide, settle
from blocks.environment import Environment
from blocks.holdbacks import LEEWAY_SECONDS, not_ours
from tasks.step import step

Actual = TypeVar("Actual")
Desired = TypeVar("Desired")


def look(cloud: Session, call: Call[Actual]) -> Actual:
    """Read: in a plan once, and right before a deletion always anew."""
    if cloud.dry:
        return cloud.recall(call)
    answer = cloud.read_again(call)
    cloud.snapshot.keep(call, answer)  # or `settle` would be content with what was there before
    return answer


def whose(cloud: Session, key: str, created_at: float = 0.0) -> str:
    """Say why a resource is not this environment's to delete; nothing when its journal says that it is.

    Args:
        key: `Call.creates` of what created it.
        created_at: when, by the cloud; 0 where the cloud does not tell.
    """
    return not_ours(journal_of(cloud).record, key, created_at, LEEWAY_SECONDS * max(1.0, cloud.clock.speed))


def journal_of(cloud: Session) -> Journal:
    """Give the environment's journal, without which nothing is known to be its own."""
    assert isinstance(cloud.journal, Journal)  # noqa: S101  whoever opens an environment sets it
    return cloud.journal


def delete(cloud: Session, read: Call[Actual], desired: Desired, decide: Decide[Desired, Actual]) -> None:
    """Bring a resource to its end, and see that it is gone or on its way; a plan notes what would be sent."""
    if cloud.dry:
        for call in decide(desired, cloud.recall(read)):
            cloud.foresee(call)
        return
    settle(cloud, read, desired, decide)


@step("Orders under way")
def check_open_orders(cloud: Session, environment: Environment) -> None:
    """Check that no order is open: what it may have made is not seen yet, and stands on what would be deleted.

    Raises:
        Uncertain: one is.
    """
    record = journal_of(cloud).record
    for intent in (each for each in record.open() if each.kind == Kind.ONCE):
        raise Uncertain(
            f"{intent.action}, to {intent.means}, of {intent.at} is open: nobody knows yet what became of it.",
            action=intent.action,
            remedy=f"Run `prepare`, which looks again and adopts what it finds; or, if it certainly was not made, "
            f"`resolve` with intent {intent.id}. Then start this run again.",
        )
