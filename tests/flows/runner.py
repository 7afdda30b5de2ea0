"""Flows run by a RAM user that has the printed policy and no other right, without Prefect's engine."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from alicloud.call import Call
from alicloud.call_rights import RIGHTS
from alicloud.clock import Clock
from alicloud.errors import AlibabaCloudError
from alicloud.policy_packing import Grants, documents
from alicloud.session import Identity, Session
from blocks import desired
from blocks.access_wanted import subjects
from blocks.environment import Environment
from blocks.runner_names import names_of
from blocks.runner_rights import FLOWS, FlowName, grants
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from emulator.world import World
from flows.procedure import authorization, cluster_only, everything, identify, projects_only, surroundings
from flows.removal import removal
from flows.staff import staff
from flows.upkeep import conversion, renewals, scaling
from tasks.access import find_tightening, read_principal
from tasks.adoption import read_account
from tasks.audit_steps import find_changes, look
from tasks.export import read_present
from tasks.lease import keeping
from tasks.orphans import read_holdings
from tasks.oss_bucket import ensure_bucket
from tasks.run import Planning, Run
from tests.flows.running import Running

ACCOUNT = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
RUNNER = Identity("LTAI5tRunner", "secret-of-the-runner")
SPEED = 20_000.0


def rights(run: Run) -> None:
    """What prove_access reads, without live probes."""
    account = identify(run)
    for subject in subjects(run.environment):
        run.step(read_principal, *subject, after=[account])
    run.step(find_tightening, run.environment, after=[account])


def inspection(run: Run) -> None:
    """What audit reads."""
    everything(run)
    look(run, identify(run))
    run.step(find_changes, [("EventName", "UpdateUser")], 30)


def adoption(run: Run) -> None:
    """What adopt reads: nothing by an environment's names, but its region and mode."""
    read_account(run.step, run.environment.region, run.environment.cluster.mode)


def exporting(run: Run) -> None:
    """What export reads."""
    run.step(read_present, run.environment, after=[identify(run)])


def estate(run: Run) -> None:
    """What orphans reads, where the server has no environment."""
    read_holdings(run.step, run.environment.region, ())


PROCEDURES: Mapping[FlowName, Callable[[Any], Any]] = {
    "prepare": everything,
    "plan": everything,
    "audit": inspection,
    "authorize": authorization,
    "check": surroundings,
    "create_cluster": cluster_only,
    "create_project": projects_only,
    "prove_access": rights,
    "adopt": adoption,
    "export": exporting,
    "orphans": estate,
    "scale": scaling,
    "renew": renewals(30),
    "convert": conversion,
    "people": staff,
    "teardown": removal(bucket=True),
}
PRODUCTS = {code.casefold(): code for code, _ in RIGHTS}


@dataclass
class Ran:
    """What a run was refused, and the calls that it sent: pairs of product and action."""

    refused: list[AlibabaCloudError]
    calls: list[Any] = field(default_factory=list)

    @property
    def sent(self) -> set[tuple[str, str]]:
        return {(PRODUCTS[call["product"].casefold()], call["action"]) for call in self.calls}

    @property
    def used(self) -> set[str]:
        """Give the names of the rights that its calls need."""
        return {right.name for key in self.sent for right in RIGHTS[key]}

    @property
    def writes(self) -> list[str]:
        return [call["action"] for call in self.calls if call["write"]]

    def __str__(self) -> str:
        return "\n".join(map(str, self.refused))


@dataclass(frozen=True)
class Scene:
    """An environment, and the account that a flow is run on."""

    environment: Environment
    world: World

    def grants(self, flow: FlowName) -> dict[str, list[str]]:
        return grants([flow], names_of(self.environment))

    def run(self, account: Running, flow: FlowName, allowed: Grants | None = None) -> Ran:
        """Run a flow as a RAM user who has what is allowed; unless given, what its policy prints."""
        account.cloud.world = copy.deepcopy(self.world)
        hire(account, documents(self.grants(flow) if allowed is None else allowed))
        return run(account, self.environment, flow, RUNNER)


def hire(account: Running, policies: Sequence[str]) -> None:
    """Make the RAM user who runs the flows, with these policies attached."""
    named = {f"runner-{number}": json.loads(text) for number, text in enumerate(policies, 1)}
    key = {"id": RUNNER.access_key_id, "secret": RUNNER.access_key_secret}
    rows = [{"name": name, "documents": [document]} for name, document in named.items()]
    account.sow({"ram": {"policies": rows, "users": [{"name": "runner", "keys": [key], "policies": list(named)}]}})


def run(account: Running, environment: Environment, flow: FlowName, identity: Identity = ACCOUNT) -> Ran:
    """Run a flow: read the journal, plan, take the lease, act."""
    since = account.cloud.calls.last
    endpoints = {"*": account.url}
    with (
        _without_prefect(),
        Session(identity, environment.region, endpoints, Clock(SPEED), attempts=2, settle_seconds=2.0) as cloud,
        keeping(environment, cloud) as journal,
    ):
        cloud.journal = journal
        try:
            refused = _carried_out(environment, cloud, flow)
        except AlibabaCloudError as error:
            refused = [error]
    return Ran(refused, account.cloud.calls.since(since))


def _carried_out(environment: Environment, cloud: Session, flow: FlowName) -> list[AlibabaCloudError]:
    journal: Any = cloud.journal
    if ("oss", "GetObject") in {need.key for need in FLOWS[flow].needs}:
        journal.read()
    with cloud.dry_run() as dry:
        planned = _all_steps(environment, dry, flow)
        if planned or not FLOWS[flow].writes:
            return planned
        cloud.snapshot = dry.snapshot.facts()
    if dry.ledger.writes:
        if flow != "teardown":  # which makes no bucket for a journal
            ensure_bucket.fn(cloud, desired.bucket(environment))
        assert journal.take()
    return _all_steps(environment, cloud, flow)


def _all_steps(environment: Environment, cloud: Session, flow: FlowName) -> list[AlibabaCloudError]:
    steps = Planning(environment, cloud)  # on a session that is not dry it acts
    PROCEDURES[flow](steps)
    return steps.refusals()


def send(account: Running, environment: Environment, *calls: Call[Any]) -> None:
    """Let the account itself do something in the meantime."""
    with Session(ACCOUNT, environment.region, {"*": account.url}, Clock(SPEED)) as cloud:
        for call in calls:
            cloud.send(call)


@contextmanager
def _without_prefect() -> Iterator[None]:
    log = getLogger("runner")
    with (
        patch("tasks.progress.get_run_logger", lambda: log),
        patch("tasks.progress.create_progress_artifact", lambda *_, **__: uuid4()),
        patch("tasks.progress.update_progress_artifact", lambda *_, **__: None),
        patch("tasks.progress.create_markdown_artifact", lambda *_, **__: uuid4()),
    ):
        yield
