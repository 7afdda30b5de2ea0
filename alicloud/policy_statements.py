"""The statements of a policy document, read so that they can be asked about one action on one resource."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from alicloud.policy_conditions import Line, holds
from alicloud.policy_patterns import names_action, names_resource

_KNOWN = {"Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Sid"}


@dataclass(frozen=True)
class Statement:
    """What one statement says. `all_but_actions`: it is about all actions but these; so for resources."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    all_but_actions: bool = False
    all_but_resources: bool = False
    condition: tuple[Line, ...] = ()

    def speaks_of(self, action: str, resource: str) -> bool:
        """Say whether it is about this action on this resource, whatever its condition."""
        about = _any(names_action, self.actions, action) != self.all_but_actions
        return about and _any(names_resource, self.resources, resource) != self.all_but_resources

    def holds(self, context: Mapping[str, str]) -> bool | None:
        """Say whether its condition holds, None when that hangs on what is not known of the request."""
        return holds(self.condition, context)

    def conditions(self) -> str:
        return " and ".join(map(str, self.condition))


# What stands for a document that cannot be read: it may allow everything and deny everything, so nothing is certain.
_CANNOT_BE_READ = (Line("a document that cannot be read", "", ()),)
UNREADABLE = tuple(Statement(allows, ("*",), ("*",), condition=_CANNOT_BE_READ) for allows in (True, False))


@lru_cache(maxsize=4096)
def statements(document: str) -> tuple[Statement, ...]:
    """Read the statements of a document; `UNREADABLE` for one that breaks the grammar, or has what we do not know.

    Source: RAM, policy structure and syntax.
    """
    try:
        found = json.loads(document)["Statement"]
        return tuple(_statement(one) for one in (found if isinstance(found, list) else [found]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return UNREADABLE


def _any(names: Callable[[str, str], bool], patterns: tuple[str, ...], text: str) -> bool:
    return any(names(pattern, text) for pattern in patterns)


def _statement(one: Mapping[str, Any]) -> Statement:
    if not one.keys() <= _KNOWN or one["Effect"] not in ("Allow", "Deny"):
        raise ValueError("a statement that we do not know")
    actions, all_but_actions = _one_of(one, "Action")
    resources, all_but_resources = _one_of(one, "Resource")
    lines = tuple(
        Line(operator, key, tuple(map(_text, _listed(values))))
        for operator, keys in one.get("Condition", {}).items()
        for key, values in keys.items()
    )
    return Statement(one["Effect"] == "Allow", actions, resources, all_but_actions, all_but_resources, lines)


def _one_of(one: Mapping[str, Any], name: str) -> tuple[tuple[str, ...], bool]:
    """Give the items, and whether they are those that are left out."""
    if (name in one) == (f"Not{name}" in one):
        raise ValueError(f"either {name} or Not{name}")
    items = _listed(one[name] if name in one else one[f"Not{name}"])
    if not items or not all(isinstance(item, str) and item for item in items):
        raise ValueError(f"{name} is no list of texts")
    return tuple(items), name not in one


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if not isinstance(value, str | int | float | bool):
        raise TypeError("a text is wanted")
    return str(value).lower() if isinstance(value, bool) else str(value)
