"""Conditions of policies, asked with what is known of a request: they hold, do not hold, or it cannot be said.

Source: RAM, Conditional operators.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from alicloud.policy_patterns import matches


@dataclass(frozen=True)
class Line:
    """One line of a condition: the value that the request has under `key` must fit one of `values`."""

    operator: str
    key: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operator} {self.key}={','.join(self.values)}"

    def holds(self, context: Mapping[str, str]) -> bool | None:
        """Say whether it holds, None when the key, the operator or a value is not known."""
        test, given = _TESTS.get(self.operator), context.get(self.key)
        if test is None or given is None:
            return None
        try:
            # Every value is looked at, so that the order in which they stand decides nothing.
            return (True in {test.fits(given, value) for value in self.values}) != test.negated
        except (ValueError, OverflowError):
            return None


def holds(lines: tuple[Line, ...], context: Mapping[str, str]) -> bool | None:
    """Say whether all lines hold, None when that hangs on what is not known."""
    found = {line.holds(context) for line in lines}
    if False in found:
        return False
    return None if None in found else True


@dataclass(frozen=True)
class _Test:
    """`negated` tests hold when no value fits."""

    fits: Callable[[str, str], bool]
    negated: bool = False


def _ignoring_case(given: str, value: str) -> bool:
    return given.lower() == value.lower()


def _like(given: str, value: str) -> bool:
    return matches(value, given)


def _in_network(given: str, value: str) -> bool:
    address, network = ip_address(given), ip_network(value, strict=False)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address) in network


def _number(text: str) -> float:
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f"{text[:60]!r} is not a number")
    return float(text)


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _ordered(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda given, value: compare(read(given), read(value))


_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_READERS: Mapping[str, Callable[[str], float]] = {"Numeric": _number, "Date": _moment}
_TESTS: Mapping[str, _Test] = {
    "StringEquals": _Test(operator.eq),
    "StringNotEquals": _Test(operator.eq, negated=True),
    "StringEqualsIgnoreCase": _Test(_ignoring_case),
    "StringNotEqualsIgnoreCase": _Test(_ignoring_case, negated=True),
    "StringLike": _Test(_like),
    "StringNotLike": _Test(_like, negated=True),
    "Bool": _Test(_ignoring_case),
    "IpAddress": _Test(_in_network),
    "NotIpAddress": _Test(_in_network, negated=True),
    **{f"{kind}{name}": _Test(_ordered(_READERS[kind], order)) for kind in _READERS for name, order in _ORDERS.items()},
    **{f"{kind}NotEquals": _Test(_ordered(_READERS[kind], operator.eq), negated=True) for kind in _READERS},
}
