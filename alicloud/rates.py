"""How often an account may call an action, as the vendor publishes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """So many calls in so many seconds."""

    calls: float
    seconds: float = 1.0


_BUYING = ("CreateInstance", "GetSubscriptionPrice", "RenewInstance", "SetRenewal")
_ATTACHING = tuple(
    f"{verb}{whom}" for verb in ("AttachPolicyTo", "DetachPolicyFrom") for whom in ("User", "Group", "Role")
)

# By product and action; `reads` and `writes` stand for those that are not named, and what has no rate is not held back.
# Sources: the pages "API rate quotas" of RAM 2015-05-01, STS 2015-04-01, BssOpenApi 2017-12-14, VPC 2016-04-28,
# foasconsole 2021-10-28, ververica 2022-07-18. UNCONFIRMED: those of ECS and foas, of VPC but CreateVSwitch, of
# BssOpenApi but orders, products, buying and renewing.
PUBLISHED: Mapping[tuple[str, str], Rate] = {
    ("Ram", "reads"): Rate(100),
    ("Ram", "writes"): Rate(20),
    **{("Ram", action): Rate(10) for action in _ATTACHING},
    ("Sts", "reads"): Rate(100),
    ("Vpc", "reads"): Rate(1200, 60),
    ("Vpc", "writes"): Rate(300, 60),
    ("Ecs", "reads"): Rate(100),
    ("Ecs", "writes"): Rate(20),
    ("BssOpenApi", "reads"): Rate(10),
    ("BssOpenApi", "writes"): Rate(10),
    **{("BssOpenApi", action): Rate(30) for action in _BUYING},
    ("foas", "reads"): Rate(100),
    ("foas", "writes"): Rate(100),
    ("foasconsole", "reads"): Rate(100),
    ("foasconsole", "writes"): Rate(100),
    ("ververica", "reads"): Rate(100),
    ("ververica", "writes"): Rate(100),
}


def rate_of(rates: Mapping[tuple[str, str], Rate], product: str, action: str, is_read: bool) -> Rate | None:
    """Give the rate of an action, None where there is none."""
    return rates.get((product, action)) or rates.get((product, "reads" if is_read else "writes"))
