"""Faults on order: throttled, refused, delayed, dropped or cut replies, as a test scripts them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Kind = Literal["throttle", "error", "refuse", "delay", "drop-before", "drop-after", "cut", "business-failure"]

LIMIT = 1000


class Order(BaseModel):
    """One fault as it is ordered: which calls it meets, when, how often, and what it does to them.

    A fault begins with the `nth` call that matches and strikes `times` times (null: for ever).
    `seconds` is real time, since the client's patience is real.
    """

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
    seconds: float = Field(0.0, ge=0, le=600)


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

    def would_strike(self, product: str, action: str, parameters: Mapping[str, str]) -> bool:
        order = self.order
        if order.action not in ("*", action) or order.product.lower() not in ("*", product.lower()):
            return False
        if any(parameters.get(name) != value for name, value in order.match.items()):
            return False
        self.seen += 1
        if self.seen < order.nth or (order.times is not None and self.struck >= order.times):
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
        striking = [fault for fault in self._faults if fault.would_strike(product, action, parameters)]
        if not striking:
            return None
        striking[0].struck += 1
        return striking[0]

    def view(self) -> list[dict[str, Any]]:
        return [fault.view() for fault in self._faults]

    def clear(self) -> None:
        self._faults.clear()


_UNKNOWN = "The request processing has failed due to some unknown error."
_ANSWERS = {
    "throttle": (400, "Throttling.User", "Request was denied due to user flow control."),
    "error": (500, "InternalError", _UNKNOWN),
    "refuse": (403, "Forbidden", "The operation is forbidden."),
    "business-failure": (200, "BusinessFailure", "The business operation failed."),
}
