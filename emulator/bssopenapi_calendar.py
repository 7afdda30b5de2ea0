"""Billing months and the times that BssOpenApi writes and reads."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

FOREVER = datetime(2099, 12, 31, 16, tzinfo=UTC).timestamp()  # how the cloud says that something does not end


def add_months(start: float, months: int) -> float:
    """Give the same day and time some months on, or the last day of that month."""
    moment = datetime.fromtimestamp(start, UTC)
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    if year >= datetime.fromtimestamp(FOREVER, UTC).year:
        return FOREVER
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day).timestamp()


def parse(text: str) -> float:
    """Read 2026-04-18T15:02:37Z.

    Raises:
        ValueError: it is not such a time.
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
