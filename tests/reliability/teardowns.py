"""Teardowns on an emulated account without Prefect: what the flow does, with the steps carried out in threads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from alicloud.errors import AlibabaCloudError
from alicloud.session import Identity
from blocks.environment import Environment
from blocks.holdbacks import Fate
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from flows.removal import removal
from tasks.lease import keeping
from tasks.opening import Opened
from tasks.run import Planning
from tests.reliability.runs import Account, HandledSession, Hands, Killed


@dataclass
class Torn:
    """How a teardown ended: what became of each resource, what was refused, and the writes that were sent."""

    fates: dict[str, Fate] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def why(self, what: str) -> str:
        return self.fates[what].why

    def signs(self) -> dict[str, str]:
        return {what: fate.sign for what, fate in self.fates.items() if fate.sign}

    def __str__(self) -> str:
        told = [f"{fate.sign} {fate.what}: {fate.why}" for fate in self.fates.values() if fate.sign]
        return "\n".join([*told, *map(str, self.errors)])


def tear_down(
    account: Account, environment: Environment, bucket: bool = False, hands: Hands | None = None, meddle: Any = None
) -> Torn:
    """Tear an environment down as the confirmed flow does.

    Args:
        meddle: called between the plan and the first deletion.
    """
    threading.current_thread().name = "the teardown"
    since = account.running.cloud.calls.last
    identity = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
    cloud = HandledSession(identity, environment.region, {"*": account.running.url}, account.clock())
    torn = Torn()
    with cloud, keeping(environment, cloud) as journal:
        opened = Opened(environment, cloud, journal)
        procedure = removal(bucket)
        try:
            opened.foresee(procedure, strictly=True)
            if meddle is not None:
                meddle()
            if hands is not None:
                cloud.hands, hands.journal = hands, journal
            _carry_out(opened, procedure, torn)
        except Killed as error:
            journal._renewing = None  # nobody is left who could give the lease back
            torn.errors.append(error)
        except AlibabaCloudError as error:
            torn.errors.append(error)
    calls = account.running.cloud.calls.since(since)
    torn.writes = [each["action"] for each in calls if each["write"] and each["action"] != "AppendObject"]
    return torn


def _carry_out(opened: Opened, procedure: Any, torn: Torn) -> None:
    acting = Planning(opened.environment, opened.cloud)  # on a session that is not dry it acts
    procedure(acting)
    torn.errors += acting.refusals()
    for handle in acting.handles:
        if handle.exception() is None and isinstance(handle.result(), Fate):
            torn.fates[handle.result().what] = handle.result()


def rehearse(account: Account, environment: Environment, bucket: bool = False) -> Torn:
    """Carry a teardown out dry."""
    identity = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
    cloud = HandledSession(identity, environment.region, {"*": account.running.url}, account.clock())
    since = account.running.cloud.calls.last
    torn = Torn()
    with cloud, keeping(environment, cloud) as journal:
        opened = Opened(environment, cloud, journal)
        journal.read()
        planning = opened.foreseen(removal(bucket))
        torn.errors += planning.refusals()
        for handle in planning.handles:
            if handle.exception() is None and isinstance(handle.result(), Fate):
                torn.fates[handle.result().what] = handle.result()
    calls = account.running.cloud.calls.since(since)
    torn.writes = [each["action"] for each in calls if each["write"]]
    return torn
