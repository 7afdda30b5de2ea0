"""The processes below one of ours, as Linux tells them: what goes down with a machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Give the children of a process, their children, and so on."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            children.setdefault(_parent(path), []).append(int(path.parent.name))
    found, left = [], [pid]
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def kill(pids: Iterable[int]) -> None:
    """Kill processes without a word; those that have ended are none the worse for it."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def runs(pid: int, run: str) -> bool:
    """Say whether a process was started for a flow run."""
    try:
        return f"PREFECT__FLOW_RUN_ID={run}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False  # it has ended meanwhile


def _parent(stat: Path) -> int:
    return int(stat.read_bytes().rpartition(b")")[2].split()[1])
