"""The grammar of policy documents: how they are read, and whether a statement speaks about a call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from emulator.conditions import Condition, holds
from emulator.wildcards import wildcard


class Malformed(ValueError):
    """A document breaks the grammar; the message says where."""


@dataclass(frozen=True)
class Statement:
    allow: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    condition: Condition
    principals: tuple[tuple[str, str], ...]  # kind (RAM, Service, Federated) and name; trust policies alone

    def speaks_about(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        return (
            self._covers_action(action)
            and self._covers_resource(resource)
            and holds(self.condition, context, self.allow)
        )

    def _covers_action(self, action: str) -> bool:
        lowered = action.lower()
        if self.not_actions:
            return not any(wildcard(pattern.lower(), lowered) for pattern in self.not_actions)
        return any(wildcard(pattern.lower(), lowered) for pattern in self.actions)

    def _covers_resource(self, resource: str) -> bool:
        if self.not_resources:
            return not any(_covers(pattern, resource) for pattern in self.not_resources)
        return any(_covers(pattern, resource) for pattern in self.resources)


def decide(statements: tuple[Statement, ...], action: str, resource: str, context: Mapping[str, str]) -> str:
    """Give "Deny" when any statement denies, "Allow" when one allows, else an empty string."""
    verdicts = {statement.allow for statement in statements if statement.speaks_about(action, resource, context)}
    if False in verdicts:
        return "Deny"
    return "Allow" if True in verdicts else ""


@lru_cache(maxsize=4096)
def parse(document: str) -> tuple[Statement, ...]:
    """Read the document of a RAM policy.

    Raises:
        Malformed: it is not JSON, or breaks the grammar.

    Source: RAM, policy structure and grammar: Version "1"; Statement an object or a list.
    """
    return tuple(_statement(entry, trust=False) for entry in _entries(document))


@lru_cache(maxsize=1024)
def parse_trust(document: str) -> tuple[Statement, ...]:
    """Read the document that says who may assume a role."""
    return tuple(_statement(entry, trust=True) for entry in _entries(document))


def _covers(pattern: str, resource: str) -> bool:
    if wildcard(pattern, resource):
        return True
    # A global resource bears `*` where a region would stand: acs:ram:*:<account>:user/alice. Any region names it.
    wanted, given = pattern.split(":", 4), resource.split(":", 4)
    if len(wanted) != 5 or len(given) != 5 or given[2] not in ("*", ""):
        return False
    return all(wildcard(wanted[part], given[part]) for part in (0, 1, 3, 4))


def _entries(document: str) -> list[Any]:
    try:
        content = json.loads(document)
    except (ValueError, RecursionError):
        raise Malformed("The document is not valid JSON.") from None
    if not isinstance(content, dict):
        raise Malformed("The document is not an object.")
    if content.get("Version") != "1":
        raise Malformed('The element Version must be "1".')
    if unknown := set(content) - {"Version", "Statement"}:
        raise Malformed(f"The element {sorted(unknown)[0]} is not known.")
    entries = content.get("Statement")
    if isinstance(entries, dict):
        entries = [entries]
    if not isinstance(entries, list) or not entries:
        raise Malformed("The element Statement is missing or empty.")
    return entries


def _statement(entry: Any, trust: bool) -> Statement:
    if not isinstance(entry, dict):
        raise Malformed("A statement is not an object.")
    known = {"Effect", "Action", "NotAction", "Condition", "Sid"}
    known |= {"Principal"} if trust else {"Resource", "NotResource"}
    if unknown := set(entry) - known:
        raise Malformed(f"The element {sorted(unknown)[0]} is not allowed in a statement.")
    if entry.get("Effect") not in ("Allow", "Deny"):
        raise Malformed("The element Effect must be Allow or Deny.")
    return Statement(
        allow=entry["Effect"] == "Allow",
        actions=_one_of(entry, "Action", "NotAction"),
        not_actions=_strings(entry, "NotAction"),
        resources=("*",) if trust else _one_of(entry, "Resource", "NotResource"),
        not_resources=() if trust else _strings(entry, "NotResource"),
        condition=_condition(entry.get("Condition", {})),
        principals=_principals(entry.get("Principal")) if trust else (),
    )


def _one_of(entry: dict[str, Any], name: str, other: str) -> tuple[str, ...]:
    if (name in entry) == (other in entry):
        raise Malformed(f"A statement needs either {name} or {other}.")
    values = _strings(entry, name)
    if name == "Action":
        for value in (*values, *_strings(entry, other)):
            if value != "*" and ":" not in value:
                raise Malformed(f"The action {value} does not name a product.")
    if name == "Resource":
        for value in (*values, *_strings(entry, other)):
            if value != "*" and not value.startswith("acs:"):
                raise Malformed(f"The resource {value} does not start with acs:.")
    return values


def _strings(entry: dict[str, Any], name: str) -> tuple[str, ...]:
    if name not in entry:
        return ()
    value = entry[name]
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(item, str) and item for item in values):
        raise Malformed(f"The element {name} must be a string or a list of strings.")
    return tuple(values)


def _condition(block: Any) -> Condition:
    if not isinstance(block, dict):
        raise Malformed("The element Condition must be an object.")
    lines = []
    for operator, keys in block.items():
        if not isinstance(keys, dict):
            raise Malformed(f"The condition {operator} must be an object.")
        for key, value in keys.items():
            values = value if isinstance(value, list) else [value]
            if not all(isinstance(item, str | int | float | bool) for item in values):
                raise Malformed(f"The condition key {key} has a value of the wrong type.")
            lines.append((str(operator), str(key), tuple(_text(item) for item in values)))
    return tuple(lines)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _principals(block: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(block, dict) or not block:
        raise Malformed("The element Principal must be an object.")
    if unknown := set(block) - {"RAM", "Service", "Federated"}:
        raise Malformed(f"The principal {sorted(unknown)[0]} is not known.")
    return tuple((kind, name) for kind in block for name in _strings(block, kind))
