"""What makes a function a step: a Prefect task with a name in the operator's words and one rule for retries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from alicloud.errors import AlibabaCloudError
from alicloud.redaction import install, redacted
from alicloud.session import Session
from blocks.runner_rights import Need

P = ParamSpec("P")
R = TypeVar("R")

install()  # here, since every process that runs a flow comes by


def retry_if_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Say whether a failed step is worth another try: only what waiting can heal. The one condition of every task."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, AlibabaCloudError) and error.transient


def title_of(task: Task[..., Any], *arguments: Any) -> str:
    """Give the name in the dashboard that a step has with these arguments, the session first."""
    bound = inspect.signature(task.fn).bind(*arguments)
    bound.apply_defaults()
    return str(task.task_run_name).format(**bound.arguments)


def needs_of(task: Task[..., Any]) -> tuple[Need, ...]:
    """Give what a step has said that it needs."""
    needs: tuple[Need, ...] = vars(task.fn)["needs"]
    return needs


def step(
    title: str, *requirements: str, once: bool = False, needs: Sequence[Need] = ()
) -> Callable[[Callable[Concatenate[Session, P], R]], Task[Concatenate[Session, P], R]]:
    """Make a step of a function whose first parameter is the session.

    Args:
        title: the run's name in the dashboard; may hold parameters, as in "Role {spec.name}".
        requirements: the numbers R1 to R24 that it serves; the report counts them.
        once: the step may send a once-only call, so nothing repeats it by itself.
        needs: every call that it may send; the rights of whoever runs it follow from that.
    """

    def wrap(function: Callable[Concatenate[Session, P], R]) -> Task[Concatenate[Session, P], R]:
        signature = inspect.signature(function)

        def named(*args: Any, **kwargs: Any) -> str:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            return title.format(**bound.arguments)

        @wraps(function)
        def body(cloud: Session, *args: P.args, **kwargs: P.kwargs) -> R:
            with cloud.ledger.step(named(cloud, *args, **kwargs), requirements), redacted():
                return function(cloud, *args, **kwargs)

        vars(body)["needs"] = tuple(needs)
        return task(
            name=function.__name__,
            description=inspect.getdoc(function),
            task_run_name=title,
            retries=0 if once else 2,
            retry_delay_seconds=None if once else [2, 10],
            retry_condition_fn=None if once else retry_if_transient,
            cache_policy=NO_CACHE,
            persist_result=False,
        )(body)

    return wrap
