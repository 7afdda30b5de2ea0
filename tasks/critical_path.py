"""The longest chain of steps: what a run lasts, however much of it happens at once."""

from __future__ import annotations

from collections.abc import Sequence


def critical_path(after: Sequence[Sequence[int]], seconds: Sequence[float]) -> tuple[float, list[int]]:
    """Find the chain of steps that takes the longest.

    Args:
        after: of each step, the places of those that it waits for; all stand before it.
        seconds: how long each step takes by itself.

    Returns:
        How many seconds it takes, and the places of its steps that take any time, first to last.
    """
    ends: list[float] = []
    before: list[int] = []
    for waits_for, lasts in zip(after, seconds, strict=True):
        latest = max(waits_for, key=lambda place: ends[place], default=-1)
        before.append(latest)
        ends.append(lasts + (ends[latest] if latest >= 0 else 0.0))
    place = max(range(len(ends)), key=lambda each: ends[each], default=-1)
    total, path = (ends[place] if place >= 0 else 0.0), []
    while place >= 0:
        if seconds[place]:
            path.append(place)
        place = before[place]
    return total, path[::-1]
