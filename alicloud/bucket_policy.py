"""Bucket policies: whether one opens a bucket to everybody. A condition helps only where it fixes the source."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from alicloud import policy

# Keys that say where a request comes from, or whose key signs it, and operators that hold for named values alone.
# Source: OSS, Block Public Access, what counts as public. UNCONFIRMED: that no other key counts.
_SOURCES = frozenset({"acs:sourcevpc", "acs:sourcevpcid", "acs:sourceip", "acs:accessid"})
_NAMING = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "IpAddress"})
SHORTEST_PREFIX = {4: 8, 6: 32}  # a network whose prefix is shorter is nearly everybody


def opens_to_everybody(text: str) -> bool:
    """Say whether a bucket policy allows anything to everybody, from anywhere; in doubt it does.

    Raises:
        Unmet: it is not a policy document.
    """
    policy.allowed(text)
    found = json.loads(text).get("Statement", [])
    return any(_opens(one) for one in (found if isinstance(found, list) else [found]))


def _opens(statement: Mapping[str, Any]) -> bool:
    if statement["Effect"] == "Deny" or not _names_everybody(statement.get("Principal")):
        return False
    condition = statement.get("Condition") or {}
    return not any(
        _fixes_the_source(operator, key, _listed(values))
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _names_everybody(principal: Any) -> bool:
    """Say whether everybody is among the principals, or every account; so they are where none is named."""
    if principal is None:
        return True  # all but some, or nothing that we know
    values = principal.values() if isinstance(principal, Mapping) else [principal]
    names = [str(name) for value in values for name in _listed(value)]
    return any(re.fullmatch(r"(arn:[a-z]*::)?\*(:.*)?", name) for name in names)


def _fixes_the_source(operator: str, key: str, values: list[Any]) -> bool:
    if operator not in _NAMING or key.lower() not in _SOURCES or not values:
        return False
    by_address = key.lower() == "acs:sourceip"
    return all(_is_narrow(str(each)) if by_address else _is_one(str(each)) for each in values)


def _is_one(value: str) -> bool:
    return bool(value) and not re.search(r"[*?]", value)


def _is_narrow(value: str) -> bool:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= SHORTEST_PREFIX[network.version]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
