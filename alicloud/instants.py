"""Instants as the products write them."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_of(text: str) -> float:
    """Read an instant such as 2021-04-18T15:02:37Z as seconds since 1970; 0 when the cloud tells none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp() if text else 0.0
    except ValueError:
        return 0.0
