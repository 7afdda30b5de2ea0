"""What may become of an account that was disturbed, and the table of how often it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

OUTCOMES = ("recovered at once", "recovered by retry", "asked the operator", "wrong", "duplicates")
BAD = OUTCOMES[3:]


def doubles(world: Mapping[str, Any]) -> list[str]:
    """Name what exists more than once in an emulator's world, or was paid for more than once."""
    parts = world["parts"]
    counts = {
        "clusters": len(parts.get("foas", {}).get("clusters", {})),
        "workspaces": len(parts.get("foasconsole", {}).get("workspaces", {})),
        "orders": len(parts.get("bssopenapi", {}).get("orders", {})),
        "VPCs": len(parts.get("vpc", {}).get("vpcs", {})),
    }
    return [f"{count} {what}" for what, count in counts.items() if count > 1]


def is_made(world: Mapping[str, Any]) -> bool:
    """Say whether there is a cluster or a workspace."""
    parts = world["parts"]
    return bool(parts.get("foasconsole", {}).get("workspaces") or parts.get("foas", {}).get("clusters"))


def table(results: Iterable[tuple[str, str, str]], what: str, modes: Sequence[str], kinds: Sequence[str]) -> str:
    """Give the table of results in Markdown.

    Args:
        results: mode, kind and outcome of each case.
        what: the heading of the kinds.
        modes: in the order of the rows.
        kinds: in the order of the rows of a mode.
    """
    rows: dict[tuple[str, str], Counter[str]] = {}
    for mode, kind, outcome in results:
        for key in ((mode, kind), ("both", "all")):
            rows.setdefault(key, Counter())[outcome] += 1
    lines = [f"| Mode | {what} | Cases | " + " | ".join(word.capitalize() for word in OUTCOMES) + " |"]
    lines.append("|---|---|" + "---:|" * (len(OUTCOMES) + 1))
    for key in [*((mode, kind) for mode in modes for kind in kinds), ("both", "all")]:
        if key in rows:
            counts = [sum(rows[key].values()), *(rows[key][word] for word in OUTCOMES)]
            lines.append(f"| {key[0]} | {key[1]} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines)
