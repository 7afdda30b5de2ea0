"""Flow control: how often an account may call an action, as token buckets on the cloud's clock.

A rate is written as the published tables write it: `100/1` is 100 calls in one second, `300/60` 300 in a minute. A
bucket holds as many calls as the rate names and fills evenly over the time it names, so a burst of that size passes.
When the clock runs 90 times as fast as ours, so do the buckets; when it stands still, they do not fill.

The table has a section per product. In it a rate stands under the name of an action, or under `reads` or `writes` for
those that it does not name; what has no rate is not throttled. In a file:

    ram: {reads: 100/1, writes: 20/1, CreateUser: 5/1}
    oss: {writes: 10/1}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emulator import products

REFUSED = (400, "Throttling.User", "Request was denied due to user flow control.")

_ATTACHING = [f"{verb}{whom}" for verb in ("AttachPolicyTo", "DetachPolicyFrom") for whom in ("User", "Group", "Role")]
_BUYING = ("CreateInstance", "GetSubscriptionPrice", "RenewInstance", "SetRenewal")

# Sources: the pages "API rate quotas" of RAM 2015-05-01, STS 2015-04-01, BssOpenApi 2017-12-14, VPC 2016-04-28,
# foasconsole 2021-10-28 and ververica 2022-07-18, and "OSS performance": 10,000 requests a second.
# UNCONFIRMED: those of ECS, ResourceManager, foas and ActionTrail, of managing buckets, of attaching a policy
# (published is detaching), of VPC but CreateVSwitch, of BssOpenApi but orders, products, buying and renewing; that the
# unseen actions of RAM, foasconsole and ververica go as the rest; that calls of a minute may come at once. A client
# that calls one after the other over a network seldom meets them.
DEFAULT: dict[str, dict[str, str]] = {
    "ram": {"reads": "100/1", "writes": "20/1", **dict.fromkeys(_ATTACHING, "10/1")},
    "sts": {"reads": "100/1", "writes": "100/1"},
    "resourcemanager": {"reads": "100/1", "writes": "20/1"},
    "vpc": {"reads": "1200/60", "writes": "300/60"},
    "ecs": {"reads": "100/1", "writes": "20/1"},
    "oss": {"reads": "10000/1", "writes": "10000/1", "PutBucket": "100/1", "DeleteBucket": "100/1"},
    "bssopenapi": {"reads": "10/1", "writes": "10/1", "CancelOrder": "4/1", **dict.fromkeys(_BUYING, "30/1")},
    "foas": {"reads": "100/1", "writes": "100/1"},
    "foasconsole": {"reads": "100/1", "writes": "100/1", "TagResources": "1000/1"},
    "ververica": {"reads": "100/1", "writes": "100/1"},
    "actiontrail": {"reads": "20/1"},
}
OFF: dict[str, dict[str, str]] = {}
NAMED = {"off": OFF, "default": DEFAULT}


@dataclass
class Bucket:
    """What is left of a rate's calls, and when that was so."""

    calls: float
    seconds: float
    left: float
    at: float

    def take(self, now: float) -> bool:
        """Take one call; False when none is left, and then nothing is taken."""
        self.left = min(self.calls, self.left + max(0.0, now - self.at) * self.calls / self.seconds)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Throttle:
    """The rates in force, and a bucket for each account, product and action that has been called."""

    def __init__(self, rates: Mapping[str, Mapping[str, str]] = OFF) -> None:
        self.rates: dict[str, dict[str, str]] = {}
        self._buckets: dict[tuple[str, str, str], Bucket] = {}
        self.set_rates(rates)

    def set_rates(self, rates: Mapping[str, Mapping[str, str]]) -> None:
        """Put other rates in force, with full buckets.

        Raises:
            ValueError: they are not rates; those in force stay.
        """
        self.rates = checked(rates)
        self._buckets.clear()

    def admits(self, account: str, product: str, action: str, read: bool, now: float) -> bool:
        """Count a call; False when it is one too many."""
        if not self.rates:
            return True
        key = (account, product, action)
        bucket = self._buckets.get(key)
        if bucket is None:
            section = self.rates.get(product.lower(), {})
            rate = section.get(action) or section.get("reads" if read else "writes")
            if rate is None:
                return True
            calls, seconds = _numbers(rate)
            bucket = self._buckets[key] = Bucket(calls, seconds, calls, now)
        return bucket.take(now)

    def clear(self) -> None:
        """Fill every bucket."""
        self._buckets.clear()


def named(text: str) -> dict[str, dict[str, str]]:
    """Give the rates called `off` or `default`, or those in a YAML file.

    Raises:
        ValueError: the file does not hold rates.
        OSError: there is no such file.
    """
    if text in NAMED:
        return NAMED[text]
    try:
        content = yaml.safe_load(Path(text).read_text("utf-8"))
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"{text}: not YAML: {error}") from error
    return checked(content)


def checked(rates: Any) -> dict[str, dict[str, str]]:
    """Give rates back as a table of our own, or say what is wrong with them.

    Raises:
        ValueError: a product is not known, or a rate is not like 100/1.
    """
    known = {product.name.lower() for product in products.PRODUCTS}
    if not isinstance(rates, Mapping):
        raise ValueError("rates: off, default, or an object with a section per product")
    table: dict[str, dict[str, str]] = {}
    for product, section in rates.items():
        if str(product).lower() not in known:
            raise ValueError(f"rates.{product}: no such product; there are {', '.join(sorted(known))}")
        if not isinstance(section, Mapping):
            raise ValueError(f"rates.{product}: not an object of actions and rates")
        for action, rate in section.items():
            _numbers(rate, f"rates.{product}.{action}: ")
        table[str(product).lower()] = {str(action): str(rate) for action, rate in section.items()}
    return table


def _numbers(rate: object, where: str = "") -> tuple[float, float]:
    match = re.fullmatch(r"([1-9][0-9]{0,8})(?:/([1-9][0-9]{0,4}))?", str(rate))
    if match is None:
        raise ValueError(f"{where}{str(rate)[:64]!r} is not a rate like 100/1, calls and seconds")
    return float(match.group(1)), float(match.group(2) or 1)
