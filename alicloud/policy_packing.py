"""Rights written as policy documents, each no longer than RAM accepts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alicloud import policy

# Custom policies that a RAM user carries at most; an account may ask for more. Source: RAM, Limits.
MAX_POLICIES_OF_A_USER = 10

Grants = Mapping[str, Iterable[str]]  # the name of an action -> resources
_Statement = tuple[Sequence[str], Sequence[str]]  # actions, resources


def documents(grants: Grants, limit: int = policy.MAX_DOCUMENT_BYTES) -> list[str]:
    """Write what is granted, and nothing else, as as few documents as it takes; none where nothing is granted.

    Actions on the same resources share a statement. The same grants give the same texts.
    """
    packed: list[list[dict[str, Any]]] = []
    for statement in (part for whole in _statements(grants) for part in _fitting(whole, limit)):
        written = policy.statement(*statement)
        if packed and _size([*packed[-1], written]) <= limit:
            packed[-1].append(written)
        else:
            packed.append([written])
    return [policy.document(statements) for statements in packed]


def _statements(grants: Grants) -> list[_Statement]:
    together: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for action, resources in grants.items():
        together[tuple(sorted(set(resources)))].append(action)
    return sorted((sorted(actions), resources) for resources, actions in together.items() if resources)


def _fitting(statement: _Statement, limit: int) -> list[_Statement]:
    """Halve a statement until each part fits into a document of its own."""
    actions, resources = statement
    if _size([policy.statement(actions, resources)]) <= limit:
        return [statement]
    if len(resources) > 1:
        halves = [(actions, half) for half in _halves(resources)]
    elif len(actions) > 1:
        halves = [(half, resources) for half in _halves(actions)]
    else:
        raise AssertionError(f"one action on one resource is longer than {limit} bytes: {actions[0]} on {resources[0]}")
    return [part for half in halves for part in _fitting(half, limit)]


def _halves(items: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    middle = len(items) // 2
    return items[:middle], items[middle:]


def _size(statements: Sequence[Mapping[str, Any]]) -> int:
    return len(policy.document(statements).encode())
