"""Some steps of a procedure: they act, what they build on is only looked at, and the rest stays out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from prefect import Task

from alicloud.errors import Misconfigured
from blocks.environment import Environment
from tasks.run import Run

# What an operator may choose: the steps that write, by the names of their tasks.
StepName = Literal[
    "ensure_attachments",
    "ensure_bucket",
    "ensure_cluster",
    "ensure_exclusive_policy",
    "ensure_group",
    "ensure_logon",
    "ensure_members",
    "ensure_namespace",
    "ensure_namespace_members",
    "ensure_package",
    "ensure_password_policy",
    "ensure_policy",
    "ensure_project",
    "ensure_registration",
    "ensure_security_preference",
    "ensure_service_policies",
    "ensure_service_role",
    "ensure_user",
    "ensure_vpc",
    "ensure_vswitch",
    "ensure_workspace",
    "tighten_exclusive_policy",
]
WRITING = ("ensure_", "tighten_")
KEEPS_JOURNAL = "ensure_bucket"  # no run can write without it
CLOSES_AGAIN = "tighten_exclusive_policy"  # after a cluster was made (R10)


def choose(procedure: Callable[[Run], Any], steps: Sequence[StepName]) -> Callable[[Run], Any]:
    """Narrow a procedure to some of its steps; to all of them when none is named.

    A step that is not chosen, but built on, must be as wanted already: it is read, and refused where it would write.
    What was opened for a cluster's creation is closed after it, chosen or not.
    """
    if not steps:
        return procedure

    def chosen(run: Run) -> None:
        graph = _Graph(run.environment)
        procedure(graph)
        _check(graph, steps)
        wanted = {*steps, CLOSES_AGAIN} if "ensure_cluster" in steps else set(steps)
        places = [place for place, (name, _) in enumerate(graph.steps) if name in wanted]
        procedure(_Choosing(run, graph.built_on(places), wanted | {KEEPS_JOURNAL}))

    chosen.__doc__ = f"Only the steps {', '.join(steps)}."
    return chosen


def _check(graph: _Graph, steps: Sequence[StepName]) -> None:
    """Check that the environment has the chosen steps.

    Raises:
        Misconfigured: the environment has no such step.
    """
    unknown = sorted(set(steps) - {name for name, _ in graph.steps})
    if unknown:
        raise Misconfigured(
            f"Environment {graph.environment.name} ({graph.environment.cluster.mode} mode) has no step "
            f"{', '.join(unknown)}.",
            remedy="Choose among those that its plan names, or none: then all of them are carried out.",
        )


@dataclass(frozen=True)
class _Place:
    number: int


@dataclass(frozen=True)
class _Graph:
    """A run that carries nothing out, and notes of each step its name and the places of those that it builds on."""

    environment: Environment
    steps: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    def step(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        given = [each for argument in arguments for each in (argument if isinstance(argument, list) else [argument])]
        builds_on = tuple(each.number for each in (*given, *after) if isinstance(each, _Place))
        self.steps.append((task.name, builds_on))
        return _Place(len(self.steps) - 1)

    look = step

    def built_on(self, places: Sequence[int]) -> frozenset[int]:
        """Give the places, and all that they build on."""
        found, open_ = set[int](), list(places)
        while open_:
            place = open_.pop()
            if place not in found:
                found.add(place)
                open_ += self.steps[place][1]
        return frozenset(found)


@dataclass(frozen=True)
class _Choosing:
    """A run that hands on what is chosen and what that builds on, and leaves out the rest."""

    run: Run
    places: frozenset[int]
    writing: Collection[str]
    _seen: list[None] = field(default_factory=list)

    @property
    def environment(self) -> Environment:
        return self.run.environment

    def step(self, task: Task[..., Any], *arguments: Any, after: Sequence[Any] = ()) -> Any:
        self._seen.append(None)
        if len(self._seen) - 1 not in self.places:
            return None
        acts = task.name in self.writing or not task.name.startswith(WRITING)
        return (self.run.step if acts else self.run.look)(task, *arguments, after=after)

    look = step
