"""Approval: a run that would cost money suspends itself until an operator has read its plan and said yes or no.

A suspended run has no process, no turn and no lease. Resumed, it runs from the top: the answer counts once, for the
plan that it was given to, and for no other.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast
from uuid import uuid4

from prefect.client.schemas.objects import FlowRunInput
from prefect.context import FlowRunContext
from prefect.events import emit_event
from prefect.exceptions import PrefectHTTPStatusError
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.input.actions import create_flow_run_input, filter_flow_run_input
from prefect.runtime import deployment
from prefect.settings import get_current_settings
from pydantic import Field, ValidationError

from alicloud.errors import Misconfigured, Unmet
from alicloud.journal import Journal
from alicloud.journal_record import What
from blocks.environment import Environment, Safety
from tasks.inert import one_line, plain
from tasks.plan import Plan

ASKED = "realtime-compute.approval.asked"
BESIDE_SECONDS = 2.0  # from a heartbeat to the suspension, and from there to the next one
ANSWERS = 200  # of one flow run to one plan; an answer counts once, so there are hardly ever two


class Answer(RunInput):
    """The form. Nothing in it has a default: an empty answer is none."""

    decision: Literal["approve", "refuse"] = Field(title="Decision", description="refuse: the run fails.")
    reason: str = Field(title="Reason", min_length=1, max_length=500, pattern=r"\S", description="For the journal.")
    name: str = Field(
        title="Your name",
        min_length=1,
        max_length=80,
        pattern=r"\S",
        description="For the journal; a self-hosted server knows no users.",
    )


@dataclass(frozen=True)
class Approval:
    """Who answered what to which plan, when and why."""

    digest: str
    decision: Literal["approve", "refuse"]
    who: str
    why: str
    at: datetime

    @property
    def when(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} UTC"


class NotApproved(Exception):
    """An operator has refused the plan; nothing was written."""

    def __init__(self, approval: Approval) -> None:
        super().__init__(f"Refused by {approval.who}: {approval.why}")
        self.approval = approval


def needed(safety: Safety, plan: Plan) -> bool:
    """Say whether a plan needs an operator's approval."""
    return {"never": False, "money": bool(plan.reasons), "always": bool(plan.writes)}[safety.approval]


def ask(environment: Environment, plan: Plan | None, given: Approval | None) -> Approval | None:
    """Give the operator's approval of a plan; suspend the run, by which its process ends, when there is none yet.

    Args:
        plan: None when there is nothing to act on.
        given: the approval that this attempt has already.

    Returns:
        None when none is needed.

    Raises:
        NotApproved: the operator refused.
        Misconfigured: the run is none of a deployment, so that nobody could resume it.
    """
    safety = environment.safety
    if plan is None or not needed(safety, plan):
        return None
    if given is not None and given.digest == plan.digest:
        return given
    _check_deployment(plan)
    answer = _taken(plan.digest, _limit(safety))
    if answer is None:
        _suspend(environment, plan)
    return answer


def note(journal: Journal, approval: Approval | None) -> None:
    """Write down in the journal who approved what follows."""
    if approval is not None:
        journal.note_approval(approval.digest, approval.who, approval.when, approval.why)


def require(environment: Environment, journal: object) -> None:
    """Refuse to order what no plan of this run foresaw: the world has moved since, and nobody was asked.

    Raises:
        Unmet: this run needs an approval and has none.
    """
    if environment.safety.approval == "never":
        return
    assert isinstance(journal, Journal)  # noqa: S101  without one nothing is ordered
    if not any(entry.what is What.APPROVED and entry.run == journal.run for entry in journal.record.entries):
        raise Unmet(
            "Something that was there when the run made its plan is gone, and nobody approved to order it.",
            remedy="Retry this run: it plans anew, and asks.",
        )


def _limit(safety: Safety) -> timedelta:
    return timedelta(minutes=safety.approval_minutes)


# Asking


def _check_deployment(plan: Plan) -> None:
    if deployment.id is None:
        raise Misconfigured(
            f"Plan {plan.digest} needs an approval (safety.approval), which only a run of a deployment can wait for.",
            remedy="Start the run from its deployment, or set safety.approval to never.",
        )


def _suspend(environment: Environment, plan: Plan) -> None:
    form = Answer.with_initial_data(description=question(environment, plan))
    _say_that_silence_follows()
    # A key of its own each time: Prefect suspends a run once by a key, and then takes the answer to the earlier form.
    key = f"{_key(plan.digest)}{uuid4().hex[:8]}"
    suspend_flow_run(wait_for_input=form, key=key, timeout=int(_limit(environment.safety).total_seconds()))


def _say_that_silence_follows() -> None:
    """See that nobody takes the suspended run for dead (deployments/automations.yaml).

    A heartbeat that the server receives after the state Suspended makes it expect another one; so suspend well between
    two of them. And a busy server on SQLite may lose an event, so there are two that say it.
    """
    context = FlowRunContext.get()
    every = get_current_settings().flows.heartbeat_frequency
    if context is None or context.flow_run is None or every is None:
        return
    time.sleep(between(max(every, 30), (datetime.now(UTC) - context.start_time).total_seconds()))
    emit_event(event=ASKED, resource={"prefect.resource.id": f"prefect.flow-run.{context.flow_run.id}"})


def between(every: float, age: float) -> float:
    """Give the seconds until the last heartbeat has arrived and the next one is far.

    Args:
        every: seconds from one heartbeat to the next; the first comes at the start.
        age: of the run, in seconds.
    """
    since = age % every
    if since > every - BESIDE_SECONDS:
        return every - since + BESIDE_SECONDS
    return max(0.0, BESIDE_SECONDS - since)


def question(environment: Environment, plan: Plan) -> str:
    """Write what the operator reads above the form."""
    lines = [
        f"**Plan {plan.digest}** of environment {plain(environment.name)}: {plain(plan.summary())}",
        f"Price: **{plain(plan.price)}**" if plan.price else "",
        "\n".join(f"- {plain(reason)}" for reason in plan.reasons),
        f"The whole plan is the artifact `plan-{environment.name}` of this run.",
        "The approval is for this plan alone: if the run finds another one when it goes on, it asks again. Without an "
        f"answer within {environment.safety.approval_minutes:g} minutes the run fails. Nothing is written before.",
    ]
    return "\n\n".join(line for line in lines if line)


# Answers


def _key(digest: str) -> str:
    return f"approval-{digest}-"


def _taken(digest: str, limit: timedelta) -> Approval | None:
    """Take the answer to the form for this plan; whoever has taken it, it counts no second time.

    Raises:
        NotApproved: it is a refusal.
    """
    found = filter_flow_run_input(key_prefix=f"suspended-{_key(digest)}", limit=ANSWERS)
    inputs = cast(list[FlowRunInput], found)  # Prefect's types do not tell that a sync flow gets no coroutine
    facts = {each.key: (each.created, each.decoded_value) for each in inputs}
    since = datetime.now(UTC) - limit
    base = unused(facts, since)
    if base is None or not _marked(f"{base}-used"):
        return None
    at, value = facts[f"{base}-response"]
    approval = read(digest, value, at or since)
    if approval is not None and approval.decision == "refuse":
        raise NotApproved(approval)
    return approval


def unused(facts: Mapping[str, tuple[Any, Any]], since: Any) -> str | None:
    """Give the base of the key of the newest answer that nobody has taken yet and that is not too old."""
    bases = [key.removesuffix("-response") for key in facts if key.endswith("-response")]
    open_ = [base for base in bases if f"{base}-used" not in facts and facts[f"{base}-response"][0] >= since]
    return max(open_, key=lambda base: facts[f"{base}-response"][0], default=None)


def read(digest: str, value: Any, at: datetime) -> Approval | None:
    """Read an answer; None when it is none. Prefect has compared it with a schema of its own keeping."""
    try:
        answer = Answer.model_validate(value)
    except ValidationError:
        return None
    return Approval(digest, answer.decision, one_line(answer.name), one_line(answer.reason), at)


def _marked(key: str) -> bool:
    try:
        create_flow_run_input(key=key, value=True)
    except PrefectHTTPStatusError as error:
        if error.response.status_code == 409:  # another process of this run was faster
            return False
        raise
    return True
