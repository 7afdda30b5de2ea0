"""The audit: compares an environment with its account, judges what was found, and ends as Drifted when it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.futures import wait
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from alicloud.actiontrail import Event, last_change
from alicloud.errors import AlibabaCloudError, Misconfigured, NotFound, Refused, Unreachable
from alicloud.redaction import redacted
from blocks.audit_drift import drift
from blocks.audit_finding import Finding, Judged, judged, with_author
from tasks.audit_report import AuditReport
from tasks.audit_steps import Lookup, find_changes, today
from tasks.events import tell
from tasks.inert import printable
from tasks.opening import Opened, Procedure, StepsFailed
from tasks.run import Foreseen

DRIFTED = "Drifted"
TAG = "drifted"
NOBODY = "nobody, in the time looked at"
MOST_NAMES = 4  # of one finding, by which ActionTrail is asked
MOST_LOOKUPS = 60  # of one audit
MOST_TOLD = 100  # findings in an event


@dataclass(frozen=True)
class Comparison:
    """How the procedure's steps came out dry: `refused` by the state of the account, or `unread`."""

    steps: int
    writes: tuple[Any, ...]
    refused: tuple[Foreseen, ...]
    unread: tuple[tuple[str, str], ...]
    unjudged: int


@task(
    name="compare",
    task_run_name="Compare: decide on every resource",
    cache_policy=NO_CACHE,
    persist_result=False,
)
@redacted()
def compare(opened: Opened, procedure: Procedure) -> Comparison:
    """Let the deciders of a procedure compare everything with the environment. Writes nothing.

    What was read is remembered for the steps that come after.
    """
    planning = opened.foreseen(procedure)
    steps = planning.foreseen()
    opened.cloud.snapshot = planning.cloud.snapshot.facts()
    failed = [(step, step.refused) for step in steps if step.refused is not None]
    return Comparison(
        len(steps),
        tuple(planning.cloud.ledger.writes),
        tuple(step for step, error in failed if not _is_unread(error)),
        tuple((step.title or step.name, str(error)) for step, error in failed if _is_unread(error)),
        sum(not step.title for step in steps),
    )


def _is_unread(error: AlibabaCloudError) -> bool:
    """Say whether an error tells nothing of the account: no right, no answer, wrong credentials."""
    if isinstance(error, NotFound):
        return False
    return isinstance(error, Refused | Unreachable | Misconfigured) or error.transient


def conclude_audit(opened: Opened, comparison: Comparison, handles: Sequence[Any]) -> State[Any]:
    """Judge what was found, ask who did it, publish the report, and tell those who listen.

    Returns:
        Completed when nothing counts. Else Failed, by the name of Drifted: only a state of that type is red, stands
        among what needs attention in the dashboard, and makes whoever waits for the run notice.

    Raises:
        StepsFailed: something could not be read, so that the audit is worth nothing; whatever it found is told.
    """
    report = _report(opened, comparison, handles)
    name = opened.environment.name
    told = f"Audit of {name}: {report.summary()}"
    create_table_artifact(report.table(), key=f"audit-{name}", description=report.description())
    _mark(bool(report.drifted))
    if report.drifted:
        tell(opened.environment, "drift", report.summary(), _resources(report.drifted))
    if report.unread:
        unread = (f"{step}: {error}" for step, error in report.unread)
        raise StepsFailed(printable("\n".join([told, *unread, *report.lines()])))
    if report.drifted:
        return Failed(name=DRIFTED, message=printable("\n".join([f"{told}.", *report.lines()])))
    return Completed(message=f"{told}.")


def _report(opened: Opened, comparison: Comparison, handles: Sequence[Any]) -> AuditReport:
    environment = opened.environment
    wait(opened.acting.handles)
    checked = [finding for handle in handles for finding in _found(handle)]
    told = {finding.id for finding in checked}
    findings = [*drift(environment, comparison.writes, comparison.refused, told), *checked]
    each = judged(findings, environment.audit.accepted, today(opened.cloud))
    lookups = lookups_of(found.finding for found in each if found.counts)
    if lookups:
        handle = opened.acting.step(find_changes, lookups, environment.audit.history_days)
        wait([handle])
        each = _with_authors(each, _found(handle))
    unread = [(outcome.step, outcome.error) for outcome in opened.cloud.ledger.outcomes.values() if outcome.error]
    return AuditReport(
        environment.name,
        tuple(each),
        tuple(dict.fromkeys([*comparison.unread, *unread])),
        comparison.unjudged,
        comparison.steps + len(handles),
    )


def lookups_of(findings: Iterable[Finding]) -> list[Lookup]:
    """Give what ActionTrail is to be asked: by the names of what was found, else by the write that changes it."""
    found: dict[Lookup, None] = {}
    for finding in findings:
        if finding.names:
            found |= dict.fromkeys(("ResourceName", name) for name in finding.names[:MOST_NAMES])
        elif finding.action:
            found[("EventName", finding.action)] = None
    return list(found)[:MOST_LOOKUPS]


def _with_authors(found: Iterable[Judged], events: Sequence[Event]) -> list[Judged]:
    return [with_author(each, _author(each.finding, events)) if each.counts else each for each in found]


def _author(finding: Finding, events: Sequence[Event]) -> str:
    if not (finding.names or finding.action):
        return ""
    changed = finding.field or not finding.names  # what is missing was taken away by another action
    event = last_change(events, finding.names, finding.action if changed else "")
    return str(event) if event else NOBODY


def _found(handle: Any) -> list[Any]:
    """Give what a step found; nothing when it failed, which the ledger tells."""
    if not handle.state.is_completed():
        return []
    result = handle.state.result(raise_on_failure=False)
    return result if isinstance(result, list) else []


def _resources(found: Sequence[Judged]) -> list[dict[str, str]]:
    return [
        {
            "finding": each.finding.id,
            "severity": each.finding.severity,
            "name": each.finding.resource,
            "field": each.finding.field,
            "by": each.by,
        }
        for each in found[:MOST_TOLD]
    ]


def _mark(drifted: bool) -> None:
    """Put the tag on the run, or take it away: the dashboard filters by tags, and by its own names of states alone."""
    if flow_run.id is None:
        return
    with get_client(sync_client=True) as client:
        tags = set(client.read_flow_run(flow_run.id).tags)
        wanted = tags | {TAG} if drifted else tags - {TAG}
        if wanted != tags:
            client.update_flow_run(flow_run.id, tags=wanted)
