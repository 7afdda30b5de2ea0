"""The emulator in a thread on a free port, and a world whose clock stands still."""

import threading
from collections.abc import Iterator

import pytest

from emulator.cloud import Cloud
from emulator.server import Server
from emulator.world import Clock, World
from tests.emulator.client import Running

NOW = 1_776_500_000.0


@pytest.fixture
def world() -> World:
    """An empty account; its clock moves only by `world.clock.advance`."""
    return World(clock=Clock(wall=lambda: NOW))


@pytest.fixture(scope="session")
def _running() -> Iterator[Running]:
    cloud = Cloud()
    server = Server(cloud, "127.0.0.1", 0)
    ready = threading.Event()
    server.ready = ready.set
    thread = threading.Thread(target=server.serve_until_stopped, daemon=True)
    thread.start()
    assert ready.wait(10)
    yield Running(server.url, cloud)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def emulator(_running: Running) -> Running:
    """A running emulator with an empty account."""
    cloud = _running.cloud
    cloud.world = Cloud().world
    cloud.reset(cloud.world)
    return _running
