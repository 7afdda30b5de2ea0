"""An account on an emulator whose clock runs fast, and a session to it: steps are called without Prefect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from alicloud.clock import Clock
from alicloud.session import Identity, Session
from blocks.environment import Environment
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from tests.flows.running import Running, environment, start_emulator

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
    return Session(identity, "cn-hangzhou", {"*": account.url}, clock or Clock(SPEED), dry=dry)


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
