"""Conditions of policies: the operators, and what is known of a request that they can ask about.

Source: RAM, Conditional operators; RAM, Policy elements, common condition keys.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from emulator.message import Message
from emulator.wildcards import wildcard
from emulator.world import World, iso

Condition = tuple[tuple[str, str, tuple[str, ...]], ...]  # operator, key, values


def facts(world: World, message: Message) -> dict[str, str]:
    """Tell what a request says of itself under the common keys.

    `acs:SecureTransport` is true when a proxy with TLS stands before the emulator. UNCONFIRMED: that `acs:MFAPresent`
    is false, and not absent, for a call with an AccessKey.
    """
    return {
        "acs:SourceIp": message.source,
        "acs:CurrentTime": iso(world.now()),
        "acs:SecureTransport": "true" if message.secure else "false",
        "acs:MFAPresent": "false",
    }


def holds(condition: Condition, context: Mapping[str, str], unknown_fails: bool = True) -> bool:
    """Say whether every line of a condition holds; in a line one value of several is enough.

    An operator that is not known here, or a value that it cannot read, makes an Allow silent and a Deny speak: the
    emulator errs to the safe side.
    """
    for name, key, values in condition:
        test = _OPERATORS.get(name)
        try:
            met = test.met(context.get(key), values) if test else not unknown_fails
        except ValueError:
            met = not unknown_fails
        if not met:
            return False
    return True


@dataclass(frozen=True)
class _Operator:
    """`negated` operators hold when no value fits. UNCONFIRMED: that they hold when the request lacks the key."""

    fits: Callable[[str, str], bool]
    negated: bool = False

    def met(self, given: str | None, values: tuple[str, ...]) -> bool:
        # Every value is looked at, so that the order in which they stand decides nothing.
        found = given is not None and True in {self.fits(given, value) for value in values}
        return found != self.negated


def _same_but_for_case(given: str, value: str) -> bool:
    return given.lower() == value.lower()


def _compared(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda given, value: compare(read(given), read(value))


def _number(text: str) -> float:
    if not re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", text):
        raise ValueError(f"{text[:64]!r} is not a number")
    return float(text)


@lru_cache(maxsize=1024)
def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except OverflowError as error:
        raise ValueError(f"{text[:64]!r} is not a time") from error


def _in_network(given: str, value: str) -> bool:
    address, network = _address(given), ip_network(value, strict=False)
    return address.version == network.version and address in network


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_OPERATORS = {
    "StringEquals": _Operator(operator.eq),
    "StringNotEquals": _Operator(operator.eq, negated=True),
    "StringEqualsIgnoreCase": _Operator(_same_but_for_case),
    "StringNotEqualsIgnoreCase": _Operator(_same_but_for_case, negated=True),
    "StringLike": _Operator(lambda given, value: wildcard(value, given)),
    "StringNotLike": _Operator(lambda given, value: wildcard(value, given), negated=True),
    "Bool": _Operator(_same_but_for_case),
    "IpAddress": _Operator(_in_network),
    "NotIpAddress": _Operator(_in_network, negated=True),
    **{f"Numeric{name}": _Operator(_compared(_number, order)) for name, order in _ORDERS.items()},
    **{f"Date{name}": _Operator(_compared(_moment, order)) for name, order in _ORDERS.items()},
    "NumericNotEquals": _Operator(_compared(_number, operator.eq), negated=True),
    "DateNotEquals": _Operator(_compared(_moment, operator.eq), negated=True),
}
