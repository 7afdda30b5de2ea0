"""Runs a flow without Prefect's engine: the same procedure, steps, journal and lease, in threads of this process.

A run takes a fraction of a second, so that thousands of faults can be tried. What needs Prefect's server (artifacts,
Secret blocks) is kept in memory.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from prefect import Task

from alicloud.call import Kind
from alicloud.clock import Clock
from alicloud.errors import AlibabaCloudError, Uncertain
from alicloud.journal import Journal
from alicloud.session import Identity, Session
from alicloud.snapshot import Write
from blocks.environment import Environment
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from flows.procedure import everything
from tasks import opening
from tasks.run import Skipped, value_of
from tasks.step import retry_if_transient
from tests.flows.running import Running

ACCOUNT = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
THREADS = 24
_runs = itertools.count(1)


@dataclass
class Ended:
    """How a run ended: its errors, what it wrote, and whether it asks a person."""

    errors: list[BaseException] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    ready: bool = False

    @property
    def asks(self) -> bool:
        return any(isinstance(error, Uncertain) for error in self.errors)


@dataclass
class Threads:
    """Carries out each step in a thread, once more when it may be repeated, as Prefect would."""

    environment: Environment
    cloud: Session
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS))
    handles: list[Future[Any]] = field(default_factory=list)

    def step(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        handle = self.pool.submit(self._perform, task, arguments, list(after))
        self.handles.append(handle)
        return handle

    def _perform(self, task: Task[..., Any], arguments: Sequence[Any], after: Sequence[Future[Any]]) -> Any:
        wait(after)
        if any(handle.exception() is not None for handle in after):
            raise Skipped
        values = [value_of(argument) for argument in arguments]
        for attempt in range(1 + (task.retries or 0)):
            try:
                return task.fn(self.cloud, *values)
            except AlibabaCloudError as error:
                if not error.transient or attempt == task.retries or task.retry_condition_fn is not retry_if_transient:
                    raise
        raise AssertionError("not reached")

    def errors(self) -> list[BaseException]:
        wait(self.handles)
        self.pool.shutdown()
        found = [handle.exception() for handle in self.handles]
        return [error for error in found if error is not None and not isinstance(error, Skipped)]


def briefly(seconds: float) -> None:
    """Wait for a moment: back-off is tested elsewhere; here it would only take time."""
    time.sleep(min(seconds, 0.02))


def run(
    account: Running,
    environment: Environment,
    speed: float,
    wait_for: Any = None,
    procedure: opening.Procedure = everything,
    strictly: bool = False,
) -> Ended:
    """Run a procedure once, as its flow does: plan, lease, act, verify.

    Args:
        wait_for: how the run waits; as the clock does it unless given.
        strictly: nothing is sent but what was planned, and no bucket is made for a journal.
    """
    clock = Clock(speed, wait=wait_for) if wait_for else Clock(speed)
    number = next(_runs)
    with (
        _without_prefect(),
        Session(ACCOUNT, environment.region, {"*": account.url}, clock) as cloud,
        cloud.sibling() as apart,
    ):
        journal = Journal(apart, environment.storage.bucket, environment.name, f"{number}", f"run {number}", 60.0)
        try:
            return _ended(opening.Opened(environment, cloud, journal), procedure, strictly)
        finally:
            journal.release()


def _ended(opened: opening.Opened, procedure: opening.Procedure, strictly: bool) -> Ended:
    try:
        opened.foresee(procedure, strictly)
        acting = Threads(opened.environment, opened.cloud)
        procedure(acting)
        errors = acting.errors()
        if not errors and opened.cloud.ledger.writes:
            opening.verify.fn(opened, procedure)
        return Ended(errors, opened.cloud.ledger.writes, ready=not errors)
    except (AlibabaCloudError, opening.StepsFailed) as error:
        return Ended([error], opened.cloud.ledger.writes)


def resolve(account: Running, environment: Environment, speed: float) -> int:
    """Say, as an operator who has looked, that what is open in the journal had no effect."""
    with Session(ACCOUNT, environment.region, {"*": account.url}, Clock(speed)) as cloud:
        journal = Journal(cloud, environment.storage.bucket, environment.name, f"op-{next(_runs)}", "the operator")
        intents = [entry for entry in journal.read().open() if entry.kind == Kind.ONCE]
        journal.take()
        for intent in intents:
            journal.resolve(intent.id, "looked into the emulator")
        journal.release()
        return len(intents)


class _Block:
    """A Secret block in memory."""

    kept: dict[str, Any] = {}

    def __init__(self, value: Any) -> None:
        self.value = value

    def save(self, name: str, **_: Any) -> None:
        self.kept[name] = self.value

    def get(self) -> Any:
        return self.value.get_secret_value()

    @classmethod
    def load(cls, name: str) -> _Block:
        if name not in cls.kept:
            raise ValueError(name)
        return cls(cls.kept[name])


def forget_secrets() -> None:
    """Empty the Secret blocks."""
    _Block.kept.clear()


def holds_secret(name: str) -> bool:
    """Say whether a Secret block holds something."""
    return name in _Block.kept


@contextmanager
def _without_prefect() -> Iterator[None]:
    log = getLogger("torture")
    with (
        patch("tasks.opening.plan", opening.plan.fn),
        patch("tasks.opening.lease", opening.lease.fn),
        patch("tasks.opening.publish", lambda report: None),
        patch("tasks.lease.get_run_logger", lambda: log),
        patch("tasks.progress.get_run_logger", lambda: log),
        patch("tasks.progress.create_progress_artifact", lambda *_, **__: uuid4()),
        patch("tasks.progress.update_progress_artifact", lambda *_, **__: None),
        patch("tasks.progress.create_markdown_artifact", lambda *_, **__: uuid4()),
        patch("tasks.handover.Secret", _Block),
    ):
        yield
