"""Compares what two runs left of an account: everything but ids, times, request ids, and the journal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from alicloud.journal import FOLDER

# Ids that the cloud makes up, and what derives from them.
_MADE_UP = re.compile(
    r"(f-cn-[a-z0-9]{8,}|(vpc|vsw|vrt|vtb|sg|eni|sgr|i|rg|g|ngw|acl|cen|sc|f|ns)-[a-z0-9]{8,}"
    r"|LTAI5t[A-Za-z0-9]{18}|blinkonecs_[a-z0-9-]{8,}|\d{12,}|[0-9a-f]{14,}|[0-9A-F-]{24,}|(?=[a-z0-9]*\d)[a-z0-9]{16,})"
)
_LEFT_OUT = re.compile(
    r"(.*_at|.*_ms|.*time.*|.*hash(es)?|etag|mac|request_id|version_id|fading|leaving|tokens?|secret|members_seen|number|serial)$"
)


def same(world: Any) -> Any:
    """Give the account of an emulator's world as what two runs should have in common."""
    return _part(world["parts"])


def differences(one: Any, other: Any, at: str = "") -> list[str]:
    """Name the places where two accounts differ, at most ten."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for name in sorted(set(one) | set(other)):
            if name not in one or name not in other:
                found.append(f"{at}/{name} is only in the {'second' if name not in one else 'first'}")
            else:
                found += differences(one[name], other[name], f"{at}/{name}")
        return found[:10]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [each for n, pair in enumerate(zip(one, other, strict=True)) for each in differences(*pair, f"{at}/{n}")]
    return [] if one == other else [f"{at}: {_short(one)} and {_short(other)}"]


def made_up(text: str) -> str:
    """Give a text without the ids that the cloud makes up."""
    return _MADE_UP.sub("<id>", text)


def _part(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {name: part for name, part in value.items() if not _LEFT_OUT.match(name) and FOLDER not in name}
        if any(_MADE_UP.search(name) for name in kept):
            return sorted(([_MADE_UP.sub("<id>", name), _part(part)] for name, part in kept.items()), key=_ordered)
        return {name: _part(part) for name, part in kept.items()}
    if isinstance(value, list):
        return sorted((_part(part) for part in value), key=_ordered)
    if isinstance(value, str):
        return _MADE_UP.sub("<id>", value)
    return "<time>" if isinstance(value, float) and value > 1e9 else value


def _ordered(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _short(value: Any) -> str:
    text = _ordered(value)
    return text if len(text) <= 160 else text[:157] + "..."
