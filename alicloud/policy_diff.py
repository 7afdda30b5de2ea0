"""How two policy documents differ, as a person reads it: which actions come and go, on what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from alicloud import policy
from alicloud.changes import Change
from alicloud.policy import Document, Right


def document_changes(wanted: Document, actual: Document) -> tuple[Change, ...]:
    """Say by meaning what changes when `actual` is replaced: first what is added, then what is taken away.

    Each change is what is allowed, or denied, on one resource (and to whom, and under which condition) and its actions.

    Raises:
        Unmet: one of them is not a policy document.
    """
    lacking, surplus = policy.compared(wanted, actual)
    added = [Change(scope, "", actions) for scope, actions in _by_scope(lacking)]
    return (*added, *(Change(scope, actions, "") for scope, actions in _by_scope(surplus)))


def widens(changes: Iterable[Change]) -> bool:
    """Say whether changes of a document give somebody more: something is allowed, or is denied no more."""
    return any(
        (change.after and change.field.startswith("Allow")) or (change.before and change.field.startswith("Deny"))
        for change in changes
    )


def _by_scope(rights: Iterable[Right]) -> list[tuple[str, str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for right in rights:
        found[right.scope].add(right.action)
    return [(scope, ", ".join(sorted(actions))) for scope, actions in sorted(found.items())]
