"""ClientToken: the same request sent twice has one effect, and the same reply."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from emulator.request import Refusal, Request

CAPACITY = 10_000  # The cloud forgets too; after how long is UNCONFIRMED.
LONGEST = 64
# What differs from one sending of a request to the next, and so says nothing about what is asked for.
ENVELOPE = frozenset({"AccessKeyId", "Action", "Format", "SecurityToken", "Timestamp", "Version"})


@dataclass
class Effect:
    """What a request asked for, and what it was told."""

    asked: str
    reply: dict[str, Any] = field(default_factory=dict)


@dataclass
class Store:
    """The effects by account, action and token, oldest first."""

    effects: dict[str, Effect] = field(default_factory=dict)


def once(store: Store, request: Request, act: Callable[[], dict[str, Any]], mismatch: Refusal) -> dict[str, Any]:
    """Act, unless this token has acted already: then give the reply it had.

    Without a token there is no protection. A refused request leaves no effect, so it may be sent again.

    Raises:
        Refusal: `mismatch`, when the token came with other parameters before.
    """
    token = request.text("ClientToken")
    if token == "":
        return act()
    key = _digest([request.caller.account_id, request.action, token])
    asked = _digest(sorted((name, value) for name, value in request.parameters.items() if _counts(name)))
    known = store.effects.get(key)
    if known is not None:
        if known.asked != asked:
            raise mismatch
        return deepcopy(known.reply)
    reply = act()
    store.effects[key] = Effect(asked, deepcopy(reply))
    while len(store.effects) > CAPACITY:
        del store.effects[next(iter(store.effects))]
    return reply


def check(request: Request) -> None:
    """Refuse a token that VPC and ECS do not take: they allow 64 ASCII characters."""
    token = request.text("ClientToken")
    if len(token) > LONGEST or not token.isascii():
        # UNCONFIRMED: the code.
        raise Refusal(400, "InvalidClientToken.Malformed", "ClientToken must be at most 64 ASCII characters.")


def _counts(name: str) -> bool:
    return name not in ENVELOPE and not name.startswith("Signature")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
