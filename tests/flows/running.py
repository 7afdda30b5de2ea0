"""An emulator in a thread of the test process, and documents of environments that it can be prepared for."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from blocks.environment import Environment
from emulator.cloud import Cloud
from emulator.server import Server

EXCLUSIVE: Mapping[str, Any] = {
    "name": "flink-exclusive",
    "region": "cn-hangzhou",
    "credentials": "demo",
    "people": {
        "users": [{"name": "alice", "display_name": "Alice"}, {"name": "bob"}],
        "groups": [{"name": "flink-developers", "members": ["alice", "bob"], "projects": ["orders"]}],
    },
    "network": {
        "zone": "cn-hangzhou-h",
        "vpc": {"name": "flink-vpc", "cidr": "172.16.0.0/12"},
        "vswitches": [{"name": "flink-vswitch", "cidr": "172.16.1.0/24"}],
    },
    "storage": {"bucket": "flink-exclusive-packages"},
    "cluster": {"mode": "exclusive", "name": "flink_exclusive", "description": "Realtime Compute"},
    "projects": [{"name": "orders", "compute_units": 6}],
    "safety": {"max_compute_units": 20, "manual_minutes": 0},
}

MANAGED: Mapping[str, Any] = {
    "name": "flink-managed",
    "region": "cn-hangzhou",
    "credentials": "demo",
    "people": {
        "users": [{"name": "carol"}, {"name": "dave"}],
        "groups": [{"name": "flink-managed-developers", "members": ["carol", "dave"], "projects": ["payments"]}],
    },
    "network": {
        "zone": "cn-hangzhou-h",
        "vpc": {"name": "flink-managed-vpc", "cidr": "10.0.0.0/16"},
        "vswitches": [{"name": "flink-managed-h", "cidr": "10.0.1.0/24"}],
    },
    "storage": {"bucket": "flink-managed-storage"},
    "cluster": {"mode": "managed", "name": "flink-managed", "compute_units": 16},
    "projects": [{"name": "payments", "compute_units": 8, "managers": ["carol"]}],
    "safety": {"max_compute_units": 20, "may_order": True, "max_price": 100, "manual_minutes": 0},
}


def document(mode: str = "exclusive", **overrides: Any) -> dict[str, Any]:
    """Give the document of an environment as plain data.

    Args:
        mode: exclusive or managed.
        overrides: sections that are laid over the document's: fields replace fields, lists replace lists, and None
            takes a field out. `network={"vpc": {"id": "vpc-1", "cidr": None}}`.
    """
    return _merged(EXCLUSIVE if mode == "exclusive" else MANAGED, overrides)


def environment(mode: str = "exclusive", **overrides: Any) -> Environment:
    """Give the environment of `document`."""
    return Environment.model_validate(document(mode, **overrides))


def _merged(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(dict(base))
    for name, value in overrides.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            merged[name] = _merged(merged.get(name, {}), value)
        else:
            merged[name] = value
    return merged


@dataclass(frozen=True)
class Running:
    """An emulator that listens at `url`; `cloud` is what stands behind it."""

    url: str
    cloud: Cloud

    def reset(self, seed: str | Mapping[str, Any] = "", speed: float = 1.0) -> None:
        """Begin with a new account: empty, of a seed's name, or of a seed's content. Calls and faults are forgotten."""
        self.control("POST", "reset", {"seed": seed if isinstance(seed, str) else ""})
        if not isinstance(seed, str):
            self.sow(seed)
        self.control("POST", "clock", {"speed": speed})

    def sow(self, seed: Mapping[str, Any]) -> None:
        """Put what the seed holds into the account as it is."""
        self.control("POST", "seed", dict(seed))

    def advance(self, seconds: float) -> None:
        """Step the cloud's clock forward."""
        self.control("POST", "clock", {"advance": seconds})

    def fault(self, kind: str, action: str = "*", **order: Any) -> None:
        """Order a fault, see emulator/faults.py: kind, action, product, match, nth, times, status, code, message."""
        self.control("POST", "faults", {"kind": kind, "action": action, **order})

    def calls(self, action: str = "") -> list[dict[str, Any]]:
        """Give the calls that came in since the reset, oldest first."""
        found: list[dict[str, Any]] = self.control("GET", f"calls?action={action}")["calls"]
        return found

    def writes(self) -> list[str]:
        """Give the actions of the writes that came in since the reset, oldest first, but the journal's own."""
        actions = [call["action"] for call in self.control("GET", "calls?writes=true")["calls"]]
        return [action for action in actions if action != "AppendObject"]

    def world(self) -> Any:
        """Show the account: equal before and after means that nothing was changed."""
        return self.control("GET", "world")

    def control(self, method: str, name: str, content: Any = None) -> Any:
        """Call the emulator's own API."""
        with httpx.Client(trust_env=False, verify=False, timeout=30) as client:  # no TLS here: spare reading CAs
            response = client.request(method, f"{self.url}/_emulator/{name}", json=content)
        assert response.status_code == 200, response.text
        return response.json()


@contextmanager
def start_emulator() -> Iterator[Running]:
    """Run an emulator on a free loopback port, in a thread of this process."""
    cloud = Cloud()
    server = Server(cloud, "127.0.0.1", 0)
    started = threading.Event()
    server.ready = started.set
    thread = threading.Thread(target=server.serve_until_stopped, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield Running(server.url, cloud)
    finally:
        server.should_exit = True
        thread.join(10)
