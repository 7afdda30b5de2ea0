"""What may become of an account that was disturbed, and the table of how often it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.reliability.sameness import made_up

OUTCOMES = ("recovered at once", "recovered by retry", "asked the operator", "wrong", "duplicates")
BAD = OUTCOMES[3:]
GONE = {"DESTROYED", "DELETED"}


def doubles(world: Mapping[str, Any], expected: Mapping[str, Any] | None = None) -> list[str]:
    """Name what exists more than once in an emulator's world, or was paid for more than once.

    Args:
        expected: a world that has nothing twice: so many are right. Without it one of each is.
    """
    right = _counts(expected) if expected is not None else {}
    return [f"{count} {what}" for what, count in _counts(world).items() if count > right.get(what, 1)]


def _counts(world: Mapping[str, Any]) -> dict[str, int]:
    parts = world["parts"]
    return {
        "clusters": len(parts.get("foas", {}).get("clusters", {})),
        "workspaces": len(parts.get("foasconsole", {}).get("workspaces", {})),
        "orders": len(parts.get("bssopenapi", {}).get("orders", {})),
        "VPCs": len(parts.get("vpc", {}).get("vpcs", {})),
    }


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


def added(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Name what an account has that it had not before, as part/kind/name; ids are left out."""
    found = set()
    for part, kinds in after["parts"].items():
        for kind, things in kinds.items():
            known = before["parts"].get(part, {}).get(kind, {})
            if isinstance(things, Mapping):
                fresh = (_name(key, thing) for key, thing in things.items() if key not in known and _is_there(thing))
                found |= {f"{part}/{kind}/{name}" for name in fresh}
    return found


def _is_there(thing: Any) -> bool:
    """Say whether something is more than the memory that the cloud keeps of what is gone."""
    return bool(thing) and not (isinstance(thing, Mapping) and thing.get("phase") in GONE)


def _name(key: str, thing: Any) -> str:
    named = thing.get("name") if isinstance(thing, Mapping) else ""
    return made_up(named or key)


def lost(before: Any, after: Any, at: str = "") -> list[str]:
    """Name what is not as it was any more; what came to it does not count."""
    if isinstance(before, Mapping):
        gone = [f"{at}/{name} is gone" for name in before if name not in after]
        both = [(each, f"{at}/{each}") for each in before if each in after]
        return gone + [told for each, place in both for told in lost(before[each], after[each], place)]
    if isinstance(before, list):
        return [f"{at}: {each} is gone" for each in before if each not in after]
    return [] if before == after else [f"{at}: {before} has become {after}"]
