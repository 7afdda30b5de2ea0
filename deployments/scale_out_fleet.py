"""The environments of the scale-out demo: of both modes, all in one emulated account, and what became of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from deployments.local import ROOT

MODES = ("exclusive", "managed")  # in turn
ONCE = ("CreateCluster", "CreateInstance")  # of foas and foasconsole: they cost money, and know no token


@dataclass(frozen=True)
class Fleet:
    """So many environments; the first is of exclusive mode."""

    count: int

    @property
    def names(self) -> list[str]:
        return [self._name(number) for number in self._numbers()]

    def write(self, folder: Path) -> list[Path]:
        """Write the documents of the environments, made of the two examples, and give their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{name}.yaml" for name in self.names]
        for number, path in zip(self._numbers(), paths, strict=True):
            path.write_text(yaml.safe_dump(self._document(number), allow_unicode=True), "utf-8")
        return paths

    def seed(self, folder: Path) -> Path:
        """Write the emulator's first world: an account with a paid order for each environment of exclusive mode."""
        orders = [_order(number) for number in self._numbers() if _mode(number) == "exclusive"]
        path = folder / "seed.yaml"
        path.write_text(yaml.safe_dump(paid_orders(orders)), "utf-8")
        return path

    def wanted(self) -> dict[str, Counter[str]]:
        """Give what must exist in the end, by kind: each name once."""
        documents = [self._document(number) for number in self._numbers()]
        clusters = {
            mode: [each["cluster"]["name"] for each in documents if each["cluster"]["mode"] == mode] for mode in MODES
        }
        return {
            "clusters": Counter(clusters["exclusive"]),
            "workspaces": Counter(clusters["managed"]),
            "VPCs": Counter(each["network"]["vpc"]["name"] for each in documents),
            "vSwitches": Counter(each["name"] for document in documents for each in document["network"]["vswitches"]),
            "buckets": Counter(each["storage"]["bucket"] for each in documents),
            "projects": Counter(each["name"] for document in documents for each in document["projects"]),
            "users": Counter(user["name"] for each in documents for user in each["people"]["users"]),
            "groups": Counter(group["name"] for each in documents for group in each["people"]["groups"]),
        }

    def _numbers(self) -> range:
        return range(1, self.count + 1)

    def _name(self, number: int) -> str:
        return f"flink-{_mode(number)}-{number}"

    def _document(self, number: int) -> dict[str, Any]:
        """Give an example with names of its own."""
        mode = _mode(number)
        text = (ROOT / "environments" / f"{mode}.yaml").read_text("utf-8")
        document: dict[str, Any] = yaml.safe_load(text)
        document["name"] = self._name(number)
        document["network"]["vpc"]["name"] += f"-{number}"
        for vswitch in document["network"]["vswitches"]:
            vswitch["name"] += f"-{number}"
        document["storage"]["bucket"] += f"-{number}"
        document["cluster"]["name"] += f"_{number}" if mode == "exclusive" else f"-{number}"
        if mode == "exclusive":
            document["cluster"]["order_id"] = _order(number)
        _rename_people(document, str(number))
        return document


def _rename_people(document: dict[str, Any], suffix: str) -> None:
    """Give people, groups and projects, whose names are the account's too, names of their own."""
    for user in document["people"]["users"]:
        user["name"] += suffix
    for group in document["people"]["groups"]:
        group["name"] += suffix
        group["members"] = [member + suffix for member in group["members"]]
        group["projects"] = [project if project == "*" else project + suffix for project in group["projects"]]
    for project in document["projects"]:
        project["name"] += suffix
        if "managers" in project:
            project["managers"] = [manager + suffix for manager in project["managers"]]
    for package in document["storage"].get("udf_packages", []):
        package["project"] += suffix


def _mode(number: int) -> str:
    return MODES[(number - 1) % len(MODES)]


def paid_orders(ids: Sequence[str]) -> dict[str, Any]:
    """Give the seed of an account with paid orders of the exclusive mode, one cluster each."""
    bought = {"product_code": "blinkonecs", "region": "cn-hangzhou", "paid": True, "subscription": "Subscription"}
    nodes = {"master_spec": "Ecs_4c16g", "master_number": 3, "slave_spec": "Ecs_8c32g", "slave_number": 3}
    return {
        "bssopenapi": {"balance": "1000000.00", "orders": [{"instance_id": each, **bought} for each in ids]},
        "foas": {"orders": [{"instance_id": each, "region": "cn-hangzhou", **nodes} for each in ids]},
    }


def _order(number: int) -> str:
    return f"blinkonecs_cn-order-{number:04}"


@dataclass(frozen=True)
class Account:
    """The emulated account, seen from outside."""

    url: str

    def exists(self) -> dict[str, Counter[str]]:
        """Count what exists, by kind and name."""
        return {kind: Counter(names) for kind, names in _named(self._get("world")["parts"]).items()}

    def calls(self, since: int = 0) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self._get("calls", writes="true", since=since)["calls"]
        return found

    def last_call(self) -> int:
        return int(self._get("calls", since=10**12)["last"])

    def writes(self, since: int = 0) -> Counter[str]:
        """Count the writes by action, but the journals' own."""
        return Counter(call["action"] for call in self.calls(since) if call["action"] != "AppendObject")

    def sent(self) -> int:
        """Count the calls that cost money; one for each environment is right."""
        return sum(self.writes()[action] for action in ONCE)

    def _get(self, path: str, **query: Any) -> Any:
        answer = httpx.get(f"{self.url}/_emulator/{path}", params=query, timeout=30, trust_env=False)
        return json.loads(answer.raise_for_status().text)


def _named(parts: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the names of what the account has, by kind."""
    places = {
        "clusters": ("foas", "clusters"),
        "workspaces": ("foasconsole", "workspaces"),
        "VPCs": ("vpc", "vpcs"),
        "vSwitches": ("vpc", "vswitches"),
        "buckets": ("oss_state", "buckets"),
        "users": ("ram", "users"),
        "groups": ("ram", "groups"),
    }
    found = {
        kind: [each["name"] for each in parts.get(product, {}).get(field, {}).values()]
        for kind, (product, field) in places.items()
    }
    namespaces = [
        name
        for workspace in parts.get("foasconsole", {}).get("workspaces", {}).values()
        for name in workspace["namespaces"]
        if name != f"{workspace['name']}-default"  # which the cloud makes
    ]
    return found | {"projects": [*parts.get("foas", {}).get("projects", {}), *namespaces]}


def wrong(wanted: Mapping[str, Counter[str]], exists: Mapping[str, Counter[str]]) -> list[str]:
    """Name what is missing and what is there more than once."""
    found = []
    for kind, names in wanted.items():
        found += [f"{kind}: {name} is missing" for name in (names - exists[kind]).elements()]
        found += [f"{kind}: {name} is there too often" for name in (exists[kind] - names).elements()]
    return found
