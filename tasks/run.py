"""One run on one environment: how its steps are carried out, as Prefect tasks or dry for a plan."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Protocol

from prefect import Task
from prefect.futures import PrefectFuture

from alicloud.errors import AlibabaCloudError
from alicloud.session import Session
from blocks.environment import Environment

DRY_THREADS = 16  # concurrent reads of a plan


class Run(Protocol):
    """What the procedure composes: an environment, and a way to carry out a step on it."""

    @property
    def environment(self) -> Environment: ...

    def step(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        """Carry out a step, after the steps whose results it takes and those named in `after`.

        Returns:
            A handle of the step, to be passed on as an argument or in `after`.
        """


@dataclass(frozen=True)
class Acting:
    """Carries out each step as a Prefect task, at once where the graph allows."""

    environment: Environment
    cloud: Session
    handles: list[PrefectFuture[Any]] = field(default_factory=list)

    def step(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        handle = task.submit(self.cloud, *arguments, wait_for=list(after))
        self.handles.append(handle)
        return handle


class Skipped(Exception):
    """A step of a plan that cannot be judged, because one that it builds on is refused."""


@dataclass(frozen=True)
class Planning:
    """Carries out each step dry: it reads, decides, and notes what it would write. Sends no write.

    `cloud` is a dry session. Steps run in threads; one that is refused does not stop those that do not need it, so
    that a plan finds every refusal at once.
    """

    environment: Environment
    cloud: Session
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(DRY_THREADS))
    handles: list[Future[Any]] = field(default_factory=list)

    def step(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        handle = self.pool.submit(self._perform, task, arguments, list(after))
        self.handles.append(handle)
        return handle

    def _perform(self, task: Task[..., Any], arguments: Sequence[Any], after: Sequence[Future[Any]]) -> Any:
        # Steps start in the order of the procedure, so what this one waits for is always under way already.
        wait(after)
        return task.fn(self.cloud, *[value_of(argument) for argument in arguments])

    def refusals(self) -> list[AlibabaCloudError]:
        """Wait for all steps and give what was refused, in the order of the procedure.

        When the cloud did not even say whose AccessKey signs, that alone: every other refusal repeats it.

        Raises:
            Exception: what is not a refusal but a fault of ours.
        """
        wait(self.handles)
        self.pool.shutdown()
        errors = [handle.exception() for handle in self.handles]
        for error in errors:
            if error is not None and not isinstance(error, AlibabaCloudError | Skipped):
                raise error
        refused = [error for error in errors if isinstance(error, AlibabaCloudError)]
        return [error for error in refused if error.action == "GetCallerIdentity"][:1] or refused


def value_of(argument: Any) -> Any:
    if isinstance(argument, Future):
        if isinstance(argument.exception(), AlibabaCloudError | Skipped):
            raise Skipped
        return argument.result()
    if isinstance(argument, list):
        return [value_of(item) for item in argument]
    return argument
