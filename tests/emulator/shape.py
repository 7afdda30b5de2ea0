"""Compares a reply with a published sample: no key that the sample lacks, and the same JSON types."""

import json
from pathlib import Path
from typing import Any

SAMPLES = json.loads((Path(__file__).parent / "response-samples.json").read_text("utf-8"))

# What is served though the reference has no sample of it: UNCONFIRMED, see docs/decisions/0004-unconfirmed-facts.md.
UNPUBLISHED = {"Ram": {"GetUserMFAInfo"}, "Actiontrail": {"LookupEvents"}}


def sample(product: str, action: str) -> Any:
    """Give the sample body of an action, e.g. sample("Ram/2015-05-01", "GetUser")."""
    return SAMPLES[product][action]["body"]


def differences(reply: Any, wanted: Any, path: str = "$") -> list[str]:
    """Say where a reply has a key that the sample lacks, or a value of another JSON type.

    A sample value of null, and an empty object or list, say nothing about what may stand there.
    """
    if wanted is None or wanted in ({}, []):
        return []
    if isinstance(wanted, dict):
        if not isinstance(reply, dict):
            return [f"{path}: {_kind(reply)} where the sample has an object"]
        found = [f"{path}.{key}: not in the sample" for key in reply if key not in wanted]
        for key in reply:
            if key in wanted:
                found += differences(reply[key], wanted[key], f"{path}.{key}")
        return found
    if isinstance(wanted, list):
        if not isinstance(reply, list):
            return [f"{path}: {_kind(reply)} where the sample has a list"]
        return [line for i, item in enumerate(reply) for line in differences(item, wanted[0], f"{path}[{i}]")]
    if _kind(reply) != _kind(wanted):
        return [f"{path}: {_kind(reply)} where the sample has {_kind(wanted)}"]
    return []


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", dict: "object", list: "list", type(None): "null"}[type(value)]
