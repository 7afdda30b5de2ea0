"""The lease of an environment: one run writes at a time, on whatever machine and Prefect server it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from alicloud import oss_objects
from alicloud.call import Kind
from alicloud.errors import Misconfigured, Overtaken, Refused
from alicloud.journal import Journal
from alicloud.session import Session
from blocks.environment import Environment
from blocks.runner_rights import need
from blocks.shown import shown_name
from tasks.place import away

LOOK_SECONDS = 5.0  # between two looks at the lease of another run
TOLD_SECONDS = 60.0  # between two lines of the log about it

# What the journal is read and written with, whichever step is noted in it.
JOURNAL = (need(oss_objects.get_log, key="journal"), need(oss_objects.append_object, key="journal"))


@contextmanager
def keeping(environment: Environment, cloud: Session) -> Iterator[Journal]:
    """Give the journal of an environment; whatever happens, the lease is given back in the end."""
    with cloud.sibling() as apart:
        seconds = float(environment.safety.lease_seconds)
        journal = Journal(apart, environment.storage.bucket, environment.name, _run(), _who(), seconds)
        try:
            yield journal
        finally:
            journal.release()


def wait_for_lease(journal: Journal) -> Refused | None:
    """Read the journal, and wait while another run holds the lease.

    Returns:
        Why it cannot be read: the plan will name the cause, if the bucket is it.
    """
    try:
        journal.read()
        if journal.held_by() is not None:
            with away():
                _wait(journal)
    except Refused as error:
        return error
    return None


def _wait(journal: Journal) -> None:
    told = TOLD_SECONDS
    while (holder := journal.held_by()) is not None:
        if told >= TOLD_SECONDS:
            get_run_logger().info("Waiting for %s, which works on %s.", holder.who, journal.environment)
            told = 0.0
        pause = min(LOOK_SECONDS, journal.lease_seconds / 4)
        journal.wait(pause)
        told += pause
        journal.read()


def _run() -> str:
    """Tell this attempt of the flow run from every other."""
    return f"{flow_run.id or 'no-flow-run'}/{flow_run.run_count or 1}/{uuid4().hex[:8]}"


def _who() -> str:
    return f"run {flow_run.name} ({flow_run.id})" if flow_run.id else "a run without Prefect"


@task(name="resolve", task_run_name="Journal of {journal.environment}", cache_policy=NO_CACHE)
def resolve_intent(journal: Journal, intent: str, reason: str) -> str:
    """Write down that an open intent had no effect.

    Returns:
        What may be done now, in one line.

    Raises:
        Misconfigured: there is no reason given, or no such intent is open.
        Overtaken: another run writes on the environment.
    """
    if not reason.strip():
        raise Misconfigured("No reason was given.", remedy="Say how you know that it was not made.")
    unreadable = wait_for_lease(journal)
    if unreadable is not None:
        raise unreadable
    found = [entry for entry in journal.record.open() if entry.id == intent and entry.kind == Kind.ONCE]
    if not found:
        waiting = [f"{each.id} ({each.action})" for each in journal.record.open() if each.kind == Kind.ONCE]
        raise Misconfigured(
            f"No intent {shown_name(intent)} is open in the journal of {journal.environment}; open are: "
            f"{', '.join(waiting) or 'none'}.",
            remedy="Take the id from the message of the failed run.",
        )
    if not journal.take():
        raise Overtaken(f"Another run began to write on {journal.environment} at the same time.")
    journal.resolve(intent, reason.strip())
    return f"{found[0].action} counts as not made; start the failed run again: it may now {found[0].means}."
