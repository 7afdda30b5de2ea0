"""Makes the plan of what a dry run has found. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from alicloud.foas import Cluster
from alicloud.foasconsole import Workspace
from alicloud.policy_diff import widens
from alicloud.snapshot import Ledger, Write
from blocks import rights
from blocks.environment import Environment
from blocks.holdbacks import Fate
from tasks.critical_path import critical_path
from tasks.plan import BLOCKED, CHANGED, KEPT, MADE, Plan, Row
from tasks.progress import Timing
from tasks.run import Foreseen
from tasks.scaling import differences
from tasks.workspace import Quote

# Rough seconds until a write is answered and seen; these take longer than the rest. Source: docs/performance.md.
WRITE_SECONDS = 1.0
SLOW_SECONDS = {
    "CreateVpc": 5.0,
    "CreateVSwitch": 5.0,
    "CreateNamespace": 20.0,
    "ModifyNamespaceSpecV2": 20.0,
    "ModifyPrepayNamespaceSpec": 20.0,
    **dict.fromkeys(("ModifyInstanceSpec", "ModifyPrepayInstanceSpec"), 300.0),
    **dict.fromkeys(("ExpandCluster", "ShrinkCluster", "ModifyMasterSpec"), 600.0),
}
RESIZES = ("UpdateQueue", "ModifyNamespaceSpecV2", "ModifyPrepayNamespaceSpec")

# What changes more than the resource itself, and why a person should look at it.
_DANGERS: dict[str, Callable[[Write], bool]] = {
    "it cannot be taken back": lambda write: write.action.startswith(("Delete", "Destroy")),
    "an existing role will trust somebody else": lambda write: write.action == "UpdateRole",
    "an existing policy will allow more": lambda write: write.action == "CreatePolicyVersion" and widens(write.changes),
    "a package that jobs may use is overwritten": lambda write: write.action == "PutObject" and bool(write.changes),
    "jobs that run may lose compute units": lambda write: (
        write.action in RESIZES and any(int(change.after) < int(change.before) for change in write.changes)
    ),
    "machines are released, and what runs on them is moved": lambda write: write.action == "ShrinkCluster",
    "the masters are exchanged, at another price": lambda write: write.action == "ModifyMasterSpec",
    "what signs with that AccessKey stops working": lambda write: write.action == "UpdateAccessKey",
    "that AccessKey cannot be brought back": lambda write: write.action == "DeleteAccessKey",
    "that person cannot log on any more": lambda write: write.action == "DeleteLoginProfile",
    "that person loses what the group may do": lambda write: write.action == "RemoveUserFromGroup",
    "that person loses what the policy allows": lambda write: write.action == "DetachPolicyFromUser",
    "that person loses the namespace": lambda write: write.action == "DeleteMember",
    "a user cannot be brought back": lambda write: write.action == "DeleteUser",
}


def make_plan(environment: Environment, scope: str, ledger: Ledger, steps: Sequence[Foreseen], timing: Timing) -> Plan:
    """Make the plan of a dry run.

    Args:
        scope: what of the environment it is about, in words.
        ledger: of the dry run.
        steps: how its steps came out, in the order of the procedure.
        timing: of the wait for the cluster or workspace.
    """
    writes = _in_order(ledger, steps)
    seconds = [_seconds(timing, step, ledger.writes_of(step.title)) for step in steps]
    total, path = critical_path([step.after for step in steps], seconds)
    removes = any(isinstance(step.result, Fate) for step in steps)  # what goes has no rights to be judged
    findings = () if removes else rights.judged(environment, _documents(steps))
    rows = [row for step in steps if (row := _row(step, ledger.writes_of(step.title)))]
    waited_for = [step.result for step in steps if step.name.startswith("wait_for_")]
    told = "{}: left as it is; the deployment scale brings it to that"
    rows += [Row(KEPT, "Size", told.format(each)) for each in differences(environment, waited_for)]
    refusal = rights.refusal(environment, findings)
    if refusal is not None:
        rows.append(Row(BLOCKED, "Rights", str(refusal)))
    return Plan(
        environment=environment.name,
        scope=scope,
        rows=tuple(rows),
        writes=writes,
        price=next((step.result.text for step in steps if isinstance(step.result, Quote)), ""),
        reasons=_reasons(writes),
        minutes=total / 60,
        path=tuple(steps[place].title for place in path),
        findings=findings,
        checked=tuple(step.title for step in steps if step.title and not _keeps(step) and not _spoke(step, writes)),
        unjudged=sum(not step.title for step in steps),
    )


def _in_order(ledger: Ledger, steps: Sequence[Foreseen]) -> tuple[Write, ...]:
    places = {step.title: place for place, step in enumerate(steps)}
    return tuple(sorted(ledger.writes, key=lambda write: places.get(write.step, len(places))))


def _row(step: Foreseen, writes: Sequence[Write]) -> Row | None:
    if step.refused is not None:
        return Row(BLOCKED, step.title, str(step.refused))
    if isinstance(step.result, Fate):
        fate = step.result
        how = "; ".join(part for part in (fate.why, *(write.means for write in writes)) if part)
        return Row(fate.sign, fate.what, how) if fate.sign else None
    if not writes:
        return Row(KEPT, step.title, "as wanted") if _keeps(step) and step.title else None
    changes = tuple(change for write in writes for change in write.changes)
    detail = "; ".join(map(_short, writes))
    return Row(CHANGED if changes else MADE, step.title, detail, changes)


def _short(write: Write) -> str:
    """Say what a write does, without the differences that its changes tell as well."""
    return write.means.partition(": ")[0] if write.changes else write.means


def _keeps(step: Foreseen) -> bool:
    """Say whether a step is about a resource that it makes, changes or keeps; the others only look."""
    return step.name.startswith("ensure_")


def _spoke(step: Foreseen, writes: Sequence[Write]) -> bool:
    """Say whether a step has more to say, or less, than that it looked at something."""
    return (
        step.refused is not None
        or isinstance(step.result, Fate)
        or step.name.startswith(("find_", "wait_for_", "read_", "tighten_", "check_price"))
        or any(write.step == step.title for write in writes)
    )


def _reasons(writes: Sequence[Write]) -> tuple[str, ...]:
    money = [f"{write.means}: it is sent once, and cannot be taken back" for write in writes if write.once_only]
    danger = [f"{_short(write)}: {why}" for why, found in _DANGERS.items() for write in writes if found(write)]
    return (*money, *danger)


def _seconds(timing: Timing, step: Foreseen, writes: Sequence[Write]) -> float:
    told = step.result.state if isinstance(step.result, Cluster) else ""
    told = step.result.status if isinstance(step.result, Workspace) else told
    waits = step.name in ("wait_for_cluster", "wait_for_workspace") and told not in ("", "RUNNING")
    waited = timing.expected_seconds if waits else 0.0
    return waited + sum(SLOW_SECONDS.get(write.action, WRITE_SECONDS) for write in writes)


def _documents(steps: Sequence[Foreseen]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for step in steps:
        if step.name == "read_service_documents" and isinstance(step.result, dict):
            found |= step.result
    return found
