"""One run on one environment: how its steps are carried out, as Prefect tasks or dry for a plan."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from prefect import Task
from prefect.client.schemas.objects import State
from prefect.futures import PrefectConcurrentFuture, PrefectFuture
from prefect.states import Pending

from alicloud.errors import AlibabaCloudError
from alicloud.session import Session
from blocks.environment import Environment
from tasks.step import title_of

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

    def look(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        """Carry out a step that must find everything as it is wanted: it is refused where it would write."""


class Handle(PrefectConcurrentFuture[Any]):
    """The future of a step, which knows the state without asking the server.

    Prefect wants the state of each future that a task takes as soon as the task begins to wait for it, and asks the
    server, which has not heard of it yet: a call for each result that a step takes.
    """

    @property
    def state(self) -> State[Any]:
        if not self._final_state:
            if not self.wrapped_future.done():
                return Pending()
            if not self.wrapped_future.cancelled() and self.wrapped_future.exception() is None:
                self.wait()  # takes the final state
        return super().state


@dataclass(frozen=True)
class Acting:
    """Carries out each step as a Prefect task, at once where the graph allows."""

    environment: Environment
    cloud: Session
    handles: list[PrefectFuture[Any]] = field(default_factory=list)

    def step(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        return self._submit(self.cloud, task, arguments, after)

    def look(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        return self._submit(self._looking, task, arguments, after)

    def _submit(self, cloud: Session, task: Task[..., Any], arguments: Sequence[Any], after: Sequence[Any]) -> Any:
        submitted = task.submit(cloud, *arguments, wait_for=list(after))
        assert isinstance(submitted, PrefectConcurrentFuture)  # noqa: S101  of a runner of threads
        handle = Handle(submitted.task_run_id, submitted.wrapped_future)
        self.handles.append(handle)
        return handle

    @cached_property
    def _looking(self) -> Session:
        return self.cloud.looking()


class Skipped(Exception):
    """A step of a plan that cannot be judged, because one that it builds on is refused."""


@dataclass(frozen=True)
class Foreseen:
    """How a step of a plan came out.

    `name` is that of the step's function, `title` the one in the dashboard, empty when the step could not be judged.
    `after` are the places of the steps that it waits for. `refused` says by what it would be.
    """

    name: str
    title: str
    after: tuple[int, ...]
    result: Any = None
    refused: AlibabaCloudError | None = None


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
    _steps: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    _titles: dict[int, str] = field(default_factory=dict)

    def step(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        return self._begin(self.cloud, task, arguments, after)

    def look(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        return self._begin(self._looking, task, arguments, after)

    @cached_property
    def _looking(self) -> Session:
        return self.cloud.looking()

    def _begin(self, cloud: Session, task: Task[..., Any], arguments: Sequence[Any], after: Sequence[Any]) -> Any:
        places = [self.handles.index(handle) for handle in (*after, *_futures(arguments))]
        self._steps.append((task.name, tuple(sorted(set(places)))))
        handle = self.pool.submit(self._perform, cloud, len(self.handles), task, arguments, list(after))
        self.handles.append(handle)
        return handle

    def _perform(
        self, cloud: Session, place: int, task: Task[..., Any], arguments: Sequence[Any], after: Sequence[Future[Any]]
    ) -> Any:
        # Steps start in the order of the procedure, so what this one waits for is always under way already.
        wait(after)
        values = [value_of(argument) for argument in arguments]
        self._titles[place] = title_of(task, cloud, *values)
        return task.fn(cloud, *values)

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

    def foreseen(self) -> list[Foreseen]:
        """Wait for all steps and say how each came out, in the order of the procedure."""
        refusals = self.refusals()
        return [
            Foreseen(name, self._titles.get(place, ""), after, *_ended(handle, refusals))
            for place, ((name, after), handle) in enumerate(zip(self._steps, self.handles, strict=True))
        ]


def _ended(handle: Future[Any], refusals: Sequence[BaseException]) -> tuple[Any, AlibabaCloudError | None]:
    error = handle.exception()
    if error is None:
        return handle.result(), None
    return None, error if isinstance(error, AlibabaCloudError) and error in refusals else None


def _futures(arguments: Sequence[Any]) -> list[Future[Any]]:
    nested = [each for argument in arguments for each in (argument if isinstance(argument, list) else [argument])]
    return [each for each in nested if isinstance(each, Future)]


def value_of(argument: Any) -> Any:
    if isinstance(argument, Future):
        if isinstance(argument.exception(), AlibabaCloudError | Skipped):
            raise Skipped
        return argument.result()
    if isinstance(argument, list):
        return [value_of(item) for item in argument]
    return argument
