"""The report of a run: what was there, what was made, what is left, for the operator and for the history."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from alicloud import prerequisites
from alicloud.bssopenapi import OrderedInstance
from alicloud.foas import Cluster
from alicloud.foas_projects import Project
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_namespaces import Namespace
from alicloud.oss import Bucket
from alicloud.oss_objects import StoredObject
from alicloud.ram import Group, User
from alicloud.ram_policies import Policy, Role
from alicloud.snapshot import Ledger
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import desired
from blocks.environment import Environment
from tasks.account import Account
from tasks.approval import Approval
from tasks.handover import place
from tasks.inert import cell, fenced, plain, printable
from tasks.inert import table as _table
from tasks.namespace import LeftNamespace
from tasks.plan import Plan
from tasks.ram_key import HandedOver
from tasks.ram_leaver import Departure, Had
from tasks.timeline import Timeline
from tasks.workspace import Quote

ALL_REQUIREMENTS = tuple(f"R{number}" for number in range(1, 25))


@dataclass(frozen=True)
class Row:
    """One thing that exists: what it is, its name, its id, and what is worth knowing of it."""

    kind: str
    name: str
    id: str = ""
    facts: str = ""


@dataclass
class Report:
    """What a run found and did.

    Args:
        results: what the steps returned, in the order of the procedure; exceptions for those that failed.
        dry: nothing was written; the ledger's writes are those that a run would send.
    """

    environment: Environment
    ledger: Ledger
    results: list[Any]
    dry: bool = False
    documents: dict[str, str] = field(default_factory=dict)
    approval: Approval | None = None

    def __post_init__(self) -> None:
        for result in self.results:
            if isinstance(result, dict):
                self.documents.update(result)

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Pairs of step and error."""
        return [(outcome.step, outcome.error) for outcome in self.ledger.outcomes.values() if outcome.error]

    @property
    def account(self) -> Account | None:
        return next((result for result in self.results if isinstance(result, Account)), None)

    def summary(self) -> str:
        """Say in one line what was done."""
        writes, steps = len(self.ledger.writes), len(self.ledger.outcomes)
        done = f"{writes} writes" if writes else "nothing to do: zero writes"
        if self.dry and writes:
            done = f"{writes} writes would be sent"
        return f"{steps} steps, {self.ledger.reads} reads, {done}."

    def failure(self) -> str:
        """Name each failed step with cause and remedy."""
        failed = self.failures
        told = printable("\n".join(f"{step}: {error}" for step, error in failed))
        return f"{len(failed)} of {len(self.ledger.outcomes)} steps failed.\n{told}"

    def existing(self) -> list[Row]:
        """List what exists now, each thing as the last step that read it saw it."""
        rows = {(row.kind, row.id or row.name): row for result in self.results for row in _rows(result)}
        return list(rows.values())

    def requirements(self) -> list[str]:
        """Give the numbers of the requirements that this run's good steps have served."""
        good = {
            number for outcome in self.ledger.outcomes.values() if not outcome.error for number in outcome.requirements
        }
        return [number for number in ALL_REQUIREMENTS if number in good | {"R6"}]

    def markdown(self) -> str:
        """Write the report."""
        refused = self.approval is not None and self.approval.decision == "refuse"
        state = "not ready" if self.failures or refused else "ready"
        parts = [
            f"# Environment {self.environment.name}: {state}",
            f"{self.environment.cluster.mode} mode, {self.environment.region}. {self.summary()}",
            self._failures(),
            self._approval(),
            "## What would exist then" if self.dry else "## What exists now",
            _table(("What", "Name", "Id", "Facts"), ((r.kind, r.name, r.id, r.facts) for r in self.existing())),
            self._arns(),
            self._links(),
            "## What would be written" if self.dry else "## What was written",
            self._writes(),
            "## What a person still has to do",
            "\n".join(f"- {plain(line)}" for line in self.left_to_do()),
            "## Steps",
            self._steps(),
            self._documents(),
            "## Requirements",
            "Served by this run: " + (", ".join(self.requirements()) or "none") + ".",
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def left_to_do(self) -> list[str]:
        """Say what only a person can do."""
        lines = []
        people = self.environment.people
        for user in people.users:
            if user.console_logon and not self.dry:
                name = desired.logon_secret(self.environment, user)
                mfa = " and bind an MFA device" if user.mfa_required else ""
                lines.append(
                    f"{user.name}: hand over the one-time password ({place(name, people.handover)}); "
                    f"it must be changed at first logon{mfa}."
                )
        lines.append(
            "Account verification: when jobs are not managed for a long time the vendor verifies the account by "
            "message; see that its phone and e-mail are read (R6)."
        )
        if self.environment.cluster.mode == "exclusive":
            lines.append("The order: exclusive mode cannot be bought since 2021-04-28; renew it in time (R12).")
        return lines

    def links(self) -> dict[str, str]:
        """Give the logon address of the RAM users and the console's pages (R5)."""
        if self.account is None:
            return {}
        account = self.account
        return prerequisites.console_links(
            self.environment.region,
            self.environment.cluster.mode,
            quote(account.alias or account.account_id, "", None, "replace"),
        )

    def _arns(self) -> str:
        """Tell the ARNs below the table: they have no place to break, and would widen it beyond the page."""
        arns = dict.fromkeys(result.arn for result in self.results if isinstance(result, Role))
        return "\n".join(f"Service role: {plain(arn)}" for arn in arns)

    def _links(self) -> str:
        links = self.links()
        if not links:
            return ""
        return "## Links\n\n" + "\n".join(f"- {name}: <{url}>" for name, url in links.items())

    def _failures(self) -> str:
        if not self.failures:
            return ""
        return "## What failed\n\n" + _table(("Step", "Cause and remedy"), self.failures)

    def _approval(self) -> str:
        if self.approval is None:
            return ""
        row = (self.approval.digest, self.approval.decision, self.approval.who, self.approval.when, self.approval.why)
        return "## Approval\n\n" + _table(("Plan", "Decision", "Who", "When", "Why"), [row])

    def _writes(self) -> str:
        if not self.ledger.writes:
            return "Nothing: everything was as wanted."
        rows = ((write.means, write.action, write.request_id) for write in self.ledger.writes)
        return _table(("What", "API action", "RequestId"), rows)

    def _steps(self) -> str:
        return _table(
            ("Step", "Result", "Serves"),
            (
                (outcome.step, self._result(outcome.step, outcome.error), ", ".join(outcome.requirements))
                for outcome in self.ledger.outcomes.values()
            ),
        )

    def _result(self, step: str, error: str) -> str:
        if error:
            return "failed"
        writes = self.ledger.writes_of(step)
        return "; ".join(write.means for write in writes) if writes else "as wanted"

    def _documents(self) -> str:
        if not self.documents:
            return ""
        shown = [f"**{plain(name)}**\n\n{fenced(_indented(text), 'json')}" for name, text in self.documents.items()]
        return "## Policy documents of the service role\n\n" + "\n\n".join(shown)


def publish(report: Report | Plan, timed: bool = True) -> None:
    """Store report, inventory, links and timeline as artifacts whose keys are the environment's: so there is history.

    Of a plan, store that.

    Args:
        timed: steps were carried out, so that there is a timeline.
    """
    if isinstance(report, Plan):
        key, told = f"plan-{report.environment}", f"{report.environment}: {report.summary()}"
        create_markdown_artifact(report.markdown(), key=key, description=plain(told))
        return
    name = report.environment.name
    create_markdown_artifact(report.markdown(), key=f"report-{name}", description=f"{name}: {report.summary()}")
    if report.dry:
        return  # what would be is no inventory
    rows = [
        {"What": row.kind, "Name": cell(row.name), "Id": cell(row.id), "Facts": cell(row.facts)}
        for row in report.existing()
    ]
    create_table_artifact(rows, key=f"inventory-{name}", description=f"{name}: what exists now")
    links = [{"Page": page, "Address": url} for page, url in report.links().items()]
    create_table_artifact(links, key=f"links-{name}", description=f"{name}: logon address and console links")
    timeline = Timeline.of(report.ledger.outcomes.values())
    if timed and timeline.steps:
        told = f"{name}: {timeline.summary()}"
        create_markdown_artifact(timeline.markdown(name), key=f"timeline-{name}", description=told)


def _rows(result: Any) -> Iterable[Row]:
    if isinstance(result, Account):
        yield Row("Account", result.alias or "(no alias)", result.account_id, result.identity_type)
    elif isinstance(result, User):
        yield Row("RAM user", result.name, result.user_id)
    elif isinstance(result, Group):
        yield Row("RAM group", result.name)
    elif isinstance(result, Policy):
        yield Row("Policy", result.name, "", f"{result.type}, default version {result.default_version}")
    elif isinstance(result, Role):
        yield Row("Service role", result.name)  # its ARN is too wide for the dashboard
    elif isinstance(result, Vpc):
        yield Row("VPC", result.name, result.vpc_id, result.cidr)
    elif isinstance(result, VSwitch):
        yield Row("vSwitch", result.name, result.vswitch_id, f"{result.zone}, {result.cidr}")
    elif isinstance(result, Bucket):
        yield Row("OSS bucket", result.name, "", f"{result.acl}, {result.storage_class}, {result.redundancy}")
    elif isinstance(result, StoredObject):
        yield Row("UDF package", result.key, "", f"{result.size} bytes")
    elif isinstance(result, OrderedInstance):
        yield Row(
            "Order", result.instance_id, "", f"{result.subscription}, until {result.end_time or 'further notice'}"
        )
    elif isinstance(result, Quote):
        yield Row("Price", result.text)
    elif isinstance(result, Cluster):
        yield Row(
            "Cluster", result.name, result.cluster_id, f"{result.state}, security group {result.security_group_id}"
        )
    elif isinstance(result, Workspace):
        yield Row("Workspace", result.name, result.instance_id, f"{result.status}, {result.cpu} CUs")
    elif isinstance(result, Project):
        yield Row("Project", result.name, "", result.state)
    elif isinstance(result, Had):
        yield Row("Leaver", result.user, "", f"had: {'; '.join(result.things) or 'nothing'}; jobs are not known here")
    elif isinstance(result, Departure):
        yield Row("Departure", result.user, "", result.state)
    elif isinstance(result, HandedOver):
        yield Row("New AccessKey", result.user, "", f"{result.key}; hand it over: {result.place}")
    elif isinstance(result, tuple):
        for each in result:
            if isinstance(each, LeftNamespace):
                yield Row("Leaver", each.user, f"namespace {each.namespace}", f"was {each.role}")
    elif isinstance(result, Namespace):
        yield Row("Namespace", result.name, "", f"{result.status}, {result.cpu} CUs")


def _indented(document: str) -> str:
    try:
        return json.dumps(json.loads(document), indent=1)
    except (ValueError, RecursionError):  # the latter: nested deeper than Python reads
        return json.dumps(document)
