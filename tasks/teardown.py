"""Teardown from the operator's side: the typed confirmation, the rehearsal, and what became of everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import wait
from prefect.states import Completed

from alicloud.errors import Misconfigured, together
from alicloud.redaction import redacted
from blocks.holdbacks import BILLED, HELD, REMOVED, Fate
from blocks.shown import shown_name
from tasks.inert import one_line, plain, printable, table
from tasks.opening import Opened, Procedure, StepsFailed
from tasks.plan import BLOCKED, Row
from tasks.planner import make_plan
from tasks.progress import timing_of
from tasks.run import Planning

_MEANS = {REMOVED: "deleted", HELD: "held back", BILLED: "billed on", BLOCKED: "failed or in the way"}
_MEANS_DRY = _MEANS | {REMOVED: "to be deleted", BLOCKED: "in the way"}


@dataclass(frozen=True)
class Teardown:
    """What becomes, or became, of everything that an environment wants.

    `digest` is the plan's. `dry` says that nothing was written.
    """

    environment: str
    rows: tuple[Row, ...]
    digest: str = ""
    dry: bool = False

    @property
    def means(self) -> dict[str, str]:
        """Say what each sign means."""
        return _MEANS_DRY if self.dry else _MEANS

    def summary(self) -> str:
        """Say in one line what it comes to."""
        numbers = [(sum(row.sign == sign for row in self.rows), means) for sign, means in self.means.items()]
        told = ", ".join(f"{number} {means}" for number, means in numbers if number)
        return told or "nothing is there"

    def markdown(self) -> str:
        """Write it; nothing that others wrote takes effect in it."""
        title = "what teardown would do" if self.dry else "what teardown did"
        rows = ((row.sign, row.title, row.detail) for row in self.rows)
        parts = [
            f"# {plain(self.environment)}: {title}",
            f"{plain(self.summary())}." + (f" Digest `{self.digest}`." if self.digest else ""),
            table(("", "What", "Why, or how"), rows) if self.rows else "Nothing of the environment is there.",
            "; ".join(f"`{sign}` is {means}" for sign, means in self.means.items()) + ".",
            _next() if self.dry else "",
        ]
        return "\n\n".join(part for part in parts if part) + "\n"


def _next() -> str:
    return "Nothing was written. To do it, start `teardown` again with the environment's name typed into `confirm`."


def check_confirmation(environment: str, confirm: str) -> None:
    """Refuse a confirmation that is not the environment's name, before anything is asked of the cloud.

    Raises:
        Misconfigured: it is another text.
    """
    if confirm not in ("", environment):
        raise Misconfigured(
            f"The confirmation {shown_name(confirm)} is not the name of the environment, {shown_name(environment)}.",
            remedy="Nothing was touched. Type the name exactly, or leave it empty for a dry run.",
        )


@task(name="rehearse", task_run_name="Dry run: nothing is deleted", cache_policy=NO_CACHE)
@redacted()
def rehearse(opened: Opened, procedure: Procedure) -> Teardown:
    """Read everything, decide, and publish what a teardown would do. Writes nothing."""
    opened.journal.read()
    planning = opened.foreseen(procedure)
    environment = opened.environment
    timing = timing_of(opened.cloud, environment)
    plan = make_plan(environment, "The removal", planning.cloud.ledger, planning.foreseen(), timing)
    told = Teardown(environment.name, plan.rows, plan.digest, dry=True)
    publish(told)
    return told


def conclude(opened: Opened, procedure: Procedure) -> State[Any]:
    """Wait for all steps, decide again, publish what became of everything.

    Raises:
        StepsFailed: naming each failed step, its cause and the remedy; the others were carried out.
    """
    wait(opened.acting.handles)
    ended = [handle for handle in opened.acting.handles if handle.state.is_final()]
    results = [handle.state.result(raise_on_failure=False) for handle in ended]
    ledger = opened.cloud.ledger
    failed = [(outcome.step, outcome.error) for outcome in ledger.outcomes.values() if outcome.error]
    untried = sum(not handle.state.is_completed() for handle in opened.acting.handles) - len(failed)
    if ledger.writes and not failed and untried <= 0:
        failed += _left(opened, procedure)
    told = Teardown(opened.environment.name, (*rows_of(results), *_failures(failed, untried)))
    publish(told)
    if failed or untried > 0:
        lines = printable("\n".join(f"{step}: {error}" for step, error in failed))
        raise StepsFailed(f"{told.summary()}; what does not build on it was carried out.\n{lines}")
    return Completed(message=f"Teardown of {opened.environment.name}: {told.summary()}; {_written(opened)}.")


def _written(opened: Opened) -> str:
    number = len(opened.cloud.ledger.writes)
    return f"{number} writes" if number else "nothing to do: zero writes"


def _left(opened: Opened, procedure: Procedure) -> list[tuple[str, str]]:
    """Decide again on fresh reads: nothing may be left to delete."""
    planning: Planning = opened.foreseen(procedure)
    if refusals := planning.refusals():
        return [("Verification: decide again", str(together(refusals)))]
    left = "; ".join(write.means for write in planning.cloud.ledger.writes)
    return [("Verification: decide again", f"After the run the cloud still has to: {left}.")] if left else []


def rows_of(results: Sequence[Any]) -> tuple[Row, ...]:
    """Give a row for each resource that was, or is, there."""
    return tuple(Row(each.sign, each.what, each.why) for each in results if isinstance(each, Fate) and each.sign)


def _failures(failed: Sequence[tuple[str, str]], untried: int) -> list[Row]:
    rows = [Row(BLOCKED, step, one_line(error)) for step, error in failed]
    waits = f"{untried} step{'s' if untried > 1 else ''} not tried"
    return [*rows, Row(BLOCKED, waits, "they build on what failed: Retry this run")] if untried > 0 else rows


def publish(told: Teardown) -> None:
    """Store it as the artifact `teardown-<environment>`."""
    description = plain(f"{told.environment}: {told.summary()}")
    create_markdown_artifact(told.markdown(), key=f"teardown-{told.environment}", description=description)
