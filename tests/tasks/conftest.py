"""An account on an emulator whose clock runs fast, and a session to it: steps are called without Prefect."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from alicloud.clock import Clock
from alicloud.journal import Journal
from alicloud.session import Identity, Session
from blocks.environment import Environment
from emulator import oss_state as emulated_oss
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from tests.flows.running import Running, environment, start_emulator

_runs = itertools.count(1)
JOURNALS = "journals-of-tests"
SPEED = 20_000.0
SEEDS = Path(__file__).parent.parent.parent / "emulator" / "seeds"


@pytest.fixture(scope="session")
def _running() -> Iterator[Running]:
    with start_emulator() as running:
        yield running


@pytest.fixture
def account(_running: Running) -> Running:
    """A new account with a paid order of exclusive mode."""
    _running.reset("exclusive-order", speed=SPEED)
    return _running


@pytest.fixture
def cloud(account: Running) -> Iterator[Session]:
    with connected(account) as session:
        yield session


def connected(account: Running, dry: bool = False, clock: Clock | None = None) -> Session:
    identity = Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
    session = Session(identity, "cn-hangzhou", {"*": account.url}, clock or Clock(SPEED), dry=dry)
    if JOURNALS not in account.cloud.world.part(emulated_oss.State).buckets:
        account.sow({"oss": {"buckets": [{"name": JOURNALS}]}})
    session.journal = Journal(session.sibling(), JOURNALS, "dev", f"run-{next(_runs)}", "a test", 3600.0)
    session.journal.read()
    return session


def everything() -> dict[str, Any]:
    """Give the content of the seed `everything`, to be changed."""
    content: dict[str, Any] = yaml.safe_load((SEEDS / "everything.yaml").read_text("utf-8"))
    return content


def existing(mode: str = "exclusive", **changed: Any) -> Environment:
    """Give an environment on the network and the bucket of the seed `everything`."""
    network = {
        "vpc": {"id": "vpc-bp1everything00000000", "name": None, "cidr": None},
        "vswitches": [{"id": "vsw-bp1everythingh0000000"}],
    }
    storage = {"bucket": "flink-udf-packages", "encryption": ""}
    return environment(mode, **{"network": network, "storage": storage} | changed)
