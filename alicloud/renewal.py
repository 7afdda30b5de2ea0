"""When a subscription is due to be renewed, and by which key the journal knows that renewal."""

from __future__ import annotations

from datetime import UTC, datetime

DAY = 86_400.0
SHORTEST_MONTH = 28  # days


def due(ends_at: float, now: float, within_days: int, months: int) -> bool:
    """Say whether something that ends must be renewed now.

    What a renewal has just prolonged is never due: so many days before its end as a renewal adds, it is too early.
    """
    days = min(within_days, SHORTEST_MONTH * months - 1)
    return ends_at - now <= days * DAY


def was_renewed(instance_id: str, ends: str, makes: str) -> bool:
    """Say whether a key is that of a renewal from an earlier end: that one has taken effect."""
    prefix = renewals_of(instance_id)
    return makes.startswith(prefix) and makes.removeprefix(prefix) < ends


def moment(seconds: float) -> str:
    """Write a time in UTC; such texts are in the order of their times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def renewal_key(instance_id: str, ends: str) -> str:
    """Give the key of a renewal that is counted from an end, a time in UTC: the next one has another key."""
    return f"{renewals_of(instance_id)}{ends}"


def renewals_of(instance_id: str) -> str:
    """Give what the keys of all renewals of a thing begin with."""
    return f"renewal/{instance_id}/from "
