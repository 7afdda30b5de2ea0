"""One Prefect server for all flows, and trials: an environment in an emulated account whose clock runs fast."""

from __future__ import annotations

import copy
import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import prefect.settings as setting
import pytest
import yaml
from prefect import Flow
from prefect.artifacts import Artifact
from prefect.client.schemas.objects import State
from prefect.testing.utilities import prefect_test_harness

from alicloud.clock import Clock as OurClock
from alicloud.session import Identity, Session
from blocks.credentials import AlibabaCloudCredentials
from blocks.environment import Environment, as_block
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from emulator.faults import Fault, Faults
from emulator.world import World
from flows.prepare import prepare
from tests.flows.running import Running, start_emulator

ACCOUNT = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
SPEED = 20_000.0  # the half hour in which a cluster is STARTING takes 0.1 s
FOLDER = Path(__file__).parent.parent.parent / "environments"

Act = Callable[[World, str, Mapping[str, str]], None]


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect server of the test session's own, on loopback. Its tests are of the xdist group "prefect"."""
    settings = {
        setting.PREFECT_HOME: tmp_path_factory.mktemp("prefect"),
        setting.PREFECT_SERVER_ANALYTICS_ENABLED: False,
        setting.PREFECT_LOGGING_TO_API_ENABLED: False,
    }
    with setting.temporary_settings(settings), prefect_test_harness(server_startup_timeout=120):
        yield


class Meanwhile(Faults):
    """Somebody else in the account, who acts right before the cloud handles a call."""

    def __init__(self, act: Callable[[str, Mapping[str, str]], None]) -> None:
        super().__init__()
        self.act = act

    def pick(self, product: str, action: str, parameters: Mapping[str, str]) -> Fault | None:
        self.act(action, parameters)
        return super().pick(product, action, parameters)


@dataclass
class Trial:
    """An environment, the emulated account that it is prepared in, and what flows did there."""

    environment: Environment
    account: Running
    identity: Identity = ACCOUNT
    _since: int = field(default=0)

    def save(self) -> None:
        """Save the blocks by whose names the flows find environment and account."""
        as_block(self.environment).save(self.environment.name, overwrite=True)
        AlibabaCloudCredentials(
            access_key_id=self.identity.access_key_id,
            access_key_secret=self.identity.access_key_secret,
            endpoints={"*": self.account.url},
            clock_speed=SPEED,
        ).save(self.environment.credentials, overwrite=True)

    def run(self, flow: Flow[..., Any], **parameters: Any) -> State[Any]:
        """Run a flow; `calls`, `writes` and `reads` then tell of this run."""
        self._since = self.account.cloud.calls.last
        return flow(self.environment.name, **parameters, return_state=True)

    def calls(self) -> list[dict[str, Any]]:
        return self.account.cloud.calls.since(self._since)

    def writes(self) -> list[str]:
        """Give the actions of the last run's writes, in their order; the journal's own are `appends`."""
        return [call["action"] for call in without_journal(self.calls()) if call["write"]]

    def appends(self) -> int:
        """Count the writes to the journal."""
        return sum(call["action"] == "AppendObject" for call in self.calls())

    def reads(self) -> int:
        return sum(not call["write"] for call in self.calls())

    def part(self, product: str) -> Any:
        """Give what the account has of a product."""
        return self.account.world()["parts"][product]

    def meanwhile(self, act: Act) -> None:
        """Let somebody act in the account while flows run: with the world, the action that comes, its parameters."""
        cloud = self.account.cloud
        cloud.faults = Meanwhile(lambda action, parameters: act(cloud.world, action, parameters))

    def session(self) -> Session:
        """Give a session for steps that are called without Prefect."""
        return Session(self.identity, self.environment.region, {"*": self.account.url}, OurClock(SPEED))


@dataclass(frozen=True)
class Prepared:
    """What the first prepare of environments/exclusive.yaml did, and the world that it left."""

    trial: Trial
    state: State[Any]
    calls: list[dict[str, Any]]
    account: Any
    world: World
    artifacts: Mapping[str, Any]

    def part(self, product: str) -> Any:
        return self.account["parts"][product]


MakeTrial = Callable[..., Trial]

_numbers = itertools.count(1)


def _trial(stack: ExitStack, seed: Any, wanted: Environment, identity: Identity) -> Trial:
    account = stack.enter_context(start_emulator())
    if isinstance(seed, World):
        account.cloud.world = copy.deepcopy(seed)
    else:
        account.reset(seed, speed=SPEED)
    trial = Trial(wanted, account, identity)
    trial.save()
    return trial


def _environment(source: str | Mapping[str, Any], name: str, changed: Mapping[str, Any]) -> Environment:
    facts = yaml.safe_load((FOLDER / f"{source}.yaml").read_text("utf-8")) if isinstance(source, str) else dict(source)
    if name:
        facts |= {"name": name, "credentials": name}
    facts["safety"] = {"manual_minutes": 0, **facts.get("safety", {})}  # nobody is there to act by hand
    for section, change in changed.items():
        facts[section] = facts.get(section, {}) | change if isinstance(change, dict) else change
    return Environment.model_validate(facts)


@pytest.fixture
def make_trial(prefect_server: None) -> Iterator[MakeTrial]:
    """Make a trial.

    Its arguments: name or content of a seed, or a world to go on from; name of a file in environments/ or a document;
    the environment's name, its own unless given; who the flows are; fields to change, by section.
    """
    with ExitStack() as stack:

        def make(
            seed: Any,
            source: str | Mapping[str, Any] = "exclusive",
            name: str | None = None,
            identity: Identity = ACCOUNT,
            **changed: Any,
        ) -> Trial:
            chosen = f"trial-{next(_numbers)}" if name is None else name
            return _trial(stack, seed, _environment(source, chosen, changed), identity)

        yield make


@pytest.fixture(scope="session")
def prepared(prefect_server: None) -> Iterator[Prepared]:
    """An account that `prepare` took from a paid order to a running cluster."""
    with ExitStack() as stack:
        trial = _trial(stack, "exclusive-order", _environment("exclusive", "", {}), ACCOUNT)
        state = trial.run(prepare)
        assert state.is_completed(), state.message
        world = copy.deepcopy(trial.account.cloud.world)
        kinds = ("report", "inventory", "links", "cluster")
        artifacts = {kind: artifact(f"{kind}-{trial.environment.name}") for kind in kinds}
        yield Prepared(trial, state, trial.calls(), trial.account.world(), world, artifacts)


@pytest.fixture
def going_on(prepared: Prepared, make_trial: MakeTrial) -> Trial:
    """A trial that begins where the first prepare ended."""
    return make_trial(prepared.world, name="")


class Heard(logging.Handler):
    """Sets an event when a text is logged."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.event = text, threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self.text in record.getMessage():
            self.event.set()


@pytest.fixture
def hear() -> Iterator[Callable[[str], threading.Event]]:
    """Listen to what flow runs and their tasks log."""
    logs, heard = [logging.getLogger(name) for name in ("prefect.flow_runs", "prefect.task_runs")], []

    def listen(text: str) -> threading.Event:
        heard.append(Heard(text))
        for log in logs:
            log.addHandler(heard[-1])
        return heard[-1].event

    yield listen
    for log in logs:
        for each in heard:
            log.removeHandler(each)


def without_journal(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the calls but the journal's own."""
    return [call for call in calls if call["action"] != "AppendObject"]


def artifact(key: str) -> Any:
    """Give the newest artifact of a key."""
    return Artifact.get(key)
