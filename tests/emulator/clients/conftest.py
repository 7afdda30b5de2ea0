"""Clients of others, pointed at a running emulator."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.client import ACCOUNT, Identity, Running
from tests.emulator.clients.v1 import TypedClient
from tests.emulator.clients.v2 import ModelClient


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client finds a proxy or a metadata service in the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")


@pytest.fixture
def v1(emulator: Running) -> Callable[..., TypedClient]:
    """Gives clients of V1 by product: v1("ram")."""

    def make(section: str, identity: Identity = ACCOUNT) -> TypedClient:
        return TypedClient(emulator.url, section, identity)

    return make


@pytest.fixture
def v2(emulator: Running) -> Callable[..., ModelClient]:
    """Gives clients of V2 by product: v2("ram")."""

    def make(section: str, identity: Identity = ACCOUNT, **more: Any) -> ModelClient:
        return ModelClient(emulator.url, section, identity, **more)

    return make


@pytest.fixture
def wait(emulator: Running) -> Callable[[float], None]:
    """Lets the cloud's time pass."""
    return lambda seconds: emulator.cloud.world.clock.advance(seconds)


@pytest.fixture
def sow(emulator: Running) -> Callable[[dict[str, Any]], None]:
    """Gives the account what a seed holds."""

    def grow(seed: dict[str, Any]) -> None:
        emulator.control("POST", "seed", seed)

    return grow


@pytest.fixture
def names_lead_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolves every host name to this machine, as an entry in DNS would."""
    resolve = socket.getaddrinfo

    def here(host: Any, *arguments: Any, **more: Any) -> Any:
        return resolve("127.0.0.1", *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", here)


@pytest.fixture
def oss_actions(emulator: Running) -> Callable[[], set[str]]:
    """Names the operations of OSS that have been called with success."""

    def called() -> set[str]:
        calls = emulator.control("GET", "calls")["calls"]
        return {call["action"] for call in calls if call["product"] == "Oss" and call["status"] < 400}

    return called
