"""Faults on order: throttled, refused, delayed, dropped or cut replies, lagging reads, and an account in trouble.

An order is an object, or a list of them, for `POST /_emulator/faults`. `GET` lists the orders, `DELETE` takes all back.

Most kinds strike calls: those of `product` and `action` (`*` for any) whose parameters, path included, equal what
`match` says; from the `nth` on, `times` times (null: for ever), with `probability` drawn from `seed`.

- `throttle`: 400 Throttling.User; OSS answers 503 with a code of its own.
- `error`: 500 InternalError, or with `status: 503` ServiceUnavailable.
- `refuse`: 403 Forbidden, or whatever `status`, `code` and `message` say.
- `business-failure`: status 200 and Success false, in the envelope of the product.
- `delay`: the call waits `seconds` first, in real time, since the client's patience is real. So may the kinds above.
- `drop-before`, `drop-after`: the connection breaks before the effect, or after it; the client gets no reply.
- `hang-before`, `hang-after`: no reply comes, without the effect or with it, for as long as the client cares to wait.
- `cut`: the reply breaks off in the middle, after the effect.
- `lag`: a read tells the account without the writes of the last `seconds` of the cloud's clock. Writes, rights and OSS,
  which promises to be consistent, do not lag. An order counts and strikes reads alone.

Some kinds hold as long as they stand, whoever calls, and take nothing of the above:

- `stuck`: a cluster, workspace or namespace called `name` (`*` for any) stays in `state` (`*`: where it is).
- `sold-out`: the zone called `name` (`*` for any) has no stock: none is shown, and nothing can be made there.
- `insufficient-balance`: the account's balance is 0.00, and an order that costs money is not paid.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from emulator import throttle
from emulator.calls import leaves_the_account
from emulator.world import Trouble

Striking = Literal[
    "throttle",
    "error",
    "refuse",
    "delay",
    "drop-before",
    "drop-after",
    "hang-before",
    "hang-after",
    "cut",
    "business-failure",
    "lag",
]
Standing = Literal["stuck", "sold-out", "insufficient-balance"]
Kind = Literal[Striking, Standing]

WITHOUT_EFFECT = frozenset({"drop-before", "hang-before"})
HANGING = frozenset({"hang-before", "hang-after"})
UNANSWERED = HANGING | {"drop-before", "drop-after"}
CONSISTENT = frozenset({"Oss"})
LIMIT = 1000
LONGEST_DELAY = 600  # of real time
LONGEST_LAG = 86_400  # of the cloud's

# What each standing kind needs to be told, and may be.
_NEEDS = {"stuck": {"name"}, "sold-out": {"name"}, "insufficient-balance": set[str]()}
_TAKES = {"stuck": {"name", "state"}, "sold-out": {"name"}, "insufficient-balance": set[str]()}


class Order(BaseModel):
    """One fault as it is ordered: which calls it meets, when, how often, and what it does to them."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    action: str = Field("*", max_length=128)
    product: str = Field("*", max_length=64)
    match: dict[str, str] = Field(default_factory=dict)
    nth: int = Field(1, ge=1)
    times: int | None = Field(1, ge=1)
    probability: float = Field(1.0, ge=0, le=1)
    seed: int = 1
    status: int | None = Field(None, ge=200, le=599)
    code: str = Field("", max_length=128)
    message: str = Field("", max_length=1024)
    seconds: float = Field(0.0, ge=0, le=LONGEST_LAG)
    name: str = Field("", max_length=128)
    state: str = Field("*", max_length=64)

    @property
    def stands(self) -> bool:
        return self.kind in get_args(Standing)

    @model_validator(mode="after")
    def _check(self) -> Order:
        given = self.model_fields_set - {"kind"}
        takes = _TAKES.get(self.kind, set(type(self).model_fields) - {"name", "state"})
        if wrong := given - takes:
            raise ValueError(f"a fault of kind {self.kind} takes no {sorted(wrong)[0]}")
        if lacking := _NEEDS.get(self.kind, set()) - {name for name in given if getattr(self, name)}:
            raise ValueError(f"a fault of kind {self.kind} needs {sorted(lacking)[0]}")
        if self.kind == "lag" and not self.seconds:
            raise ValueError("a fault of kind lag needs seconds")
        if self.kind != "lag" and self.seconds > LONGEST_DELAY:
            raise ValueError(f"seconds: a call waits no more than {LONGEST_DELAY}")
        return self


ORDERS: TypeAdapter[list[Order]] = TypeAdapter(list[Order])


@dataclass
class Fault:
    """An order at work."""

    id: int
    order: Order
    seen: int = 0
    struck: int = 0
    draw: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.order.seed)

    @property
    def kind(self) -> Kind:
        return self.order.kind

    @property
    def refusal(self) -> tuple[int, str, str]:
        """Give status, code and message of the kinds that answer in the cloud's stead."""
        status, code, message = _ANSWERS.get(self.kind, (500, "InternalError", _UNKNOWN))
        status = self.order.status or status
        if self.kind == "error" and status == 503:
            code, message = "ServiceUnavailable", "The request has failed due to a temporary failure of the server."
        return status, self.order.code or code, self.order.message or message

    @property
    def waits(self) -> float:
        """How long the call is held back, in real seconds."""
        return 0.0 if self.kind == "lag" else self.order.seconds

    @property
    def is_spent(self) -> bool:
        return self.order.times is not None and self.struck >= self.order.times

    def would_strike(self, product: str, action: str, parameters: Mapping[str, str]) -> bool:
        order = self.order
        if order.stands or order.action not in ("*", action) or order.product.lower() not in ("*", product.lower()):
            return False
        if order.kind == "lag" and (product in CONSISTENT or not leaves_the_account(action)):
            return False
        if any(parameters.get(name) != value for name, value in order.match.items()):
            return False
        self.seen += 1
        if self.seen < order.nth or self.is_spent:
            return False
        return self.draw.random() < order.probability

    def view(self) -> dict[str, Any]:
        return {"id": self.id, "seen": self.seen, "struck": self.struck, **self.order.model_dump()}


class Faults:
    """The faults that have been ordered, oldest first. Each counts every call it matches; the first to strike wins."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last = 0

    def add(self, orders: list[Order]) -> list[Fault]:
        """Put faults to work.

        Raises:
            ValueError: too many faults.
        """
        if len(self._faults) + len(orders) > LIMIT:
            raise ValueError(f"no more than {LIMIT} faults")
        added = [Fault(self._last + number, order) for number, order in enumerate(orders, 1)]
        self._last += len(added)
        self._faults += added
        return added

    def pick(self, product: str, action: str, parameters: Mapping[str, str]) -> Fault | None:
        if not self._faults:
            return None
        striking = [fault for fault in self._faults if fault.would_strike(product, action, parameters)]
        if not striking:
            return None
        striking[0].struck += 1
        return striking[0]

    def longest_lag(self) -> float:
        """Give how far back a read may still have to look, 0 when none lags."""
        return max(
            (fault.order.seconds for fault in self._faults if fault.kind == "lag" and not fault.is_spent), default=0
        )

    def trouble(self) -> Trouble:
        """Give what the standing faults make of the account."""
        standing = [fault.order for fault in self._faults if fault.order.stands]
        return Trouble(
            stuck=[(order.name, order.state) for order in standing if order.kind == "stuck"],
            sold_out=[order.name for order in standing if order.kind == "sold-out"],
            no_balance=any(order.kind == "insufficient-balance" for order in standing),
        )

    def view(self) -> list[dict[str, Any]]:
        return [fault.view() for fault in self._faults]

    def clear(self) -> None:
        """Forget all orders; numbers start again."""
        self._faults.clear()
        self._last = 0


_UNKNOWN = "The request processing has failed due to some unknown error."
_ANSWERS = {
    "throttle": throttle.REFUSED,
    "error": (500, "InternalError", _UNKNOWN),
    "refuse": (403, "Forbidden", "The operation is forbidden."),
    "business-failure": (200, "BusinessFailure", "The business operation failed."),
}
