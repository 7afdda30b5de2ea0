"""What a write changes of something that exists: field by field, before and after, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Change:
    """A field of something that exists: an empty `before` means added, an empty `after` taken away. Never a secret."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.field}: + {self.after}"
        return f"{self.field}: {self.before} → {self.after}" if self.after else f"{self.field}: - {self.before}"


def field_changes(before: Any, after: Any, names: Sequence[str] = ()) -> tuple[Change, ...]:
    """Compare two dataclasses.

    Args:
        names: the fields to compare; all of `before` unless given. An empty text in `after` is then not asked for.
    """
    asked = [name for name in names if getattr(after, name) != ""] if names else [each.name for each in fields(before)]
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in asked]
    return tuple(Change(name.replace("_", " "), shown(old), shown(new)) for name, old, new in pairs if old != new)


def shown(value: Any) -> str:
    """Write the value of a field as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
