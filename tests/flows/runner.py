"""Flows run by a RAM user that has the printed policy and no other right, without Prefect's engine."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from alicloud.call import Call
from alicloud.call_rights import rights_of
from alicloud.clock import Clock
from alicloud.errors import AlibabaCloudError
from alicloud.policy_packing import Grants, documents
from alicloud.session import Identity, Session
from blocks import desired
from blocks.environment import Environment
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from emulator.world import World
from flows.needs import FLOWS, FlowName, grants
from tasks.audit_steps import find_changes
from tasks.lease import keeping
from tasks.oss_bucket import ensure_bucket
from tasks.run import Planning, Run
from tests.flows.running import Running
from tests.reliability.test_kinds import BUILDERS, every_call

ACCOUNT = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
RUNNER = Identity("LTAI5tRunner", "secret-of-the-runner")
SPEED = 20_000.0


def inspection(run: Run) -> None:
    """What audit reads, and who changed something."""
    FLOWS["audit"].procedure(run)
    run.step(find_changes, [("EventName", "UpdateUser")], 30)


PROCEDURES: Mapping[FlowName, Callable[[Any], Any]] = {
    **{name: flow.procedure for name, flow in FLOWS.items()},
    "audit": inspection,
}


def _rights() -> dict[tuple[str, str], set[str]]:
    found = defaultdict(set)
    for builder in BUILDERS.values():
        for call in every_call(builder):
            own = (each for each in rights_of(builder) if call.action.endswith(each.principal.capitalize()))
            found[call.product, call.action] |= {each.name for each in own}
    return found


RIGHTS = _rights()  # the names of the rights that a call needs, by product and action
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
        return {right for key in self.sent for right in RIGHTS[key]}

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
        return grants([flow], self.environment)

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
    if FLOWS[flow].journal:
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
