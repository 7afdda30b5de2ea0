"""The emulator's own API under /_emulator: the world, the calls, the clock, seeds, faults and rates."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from emulator import products, seed, store, throttle
from emulator.cloud import Cloud
from emulator.faults import ORDERS
from emulator.message import Message
from emulator.request import Refusal
from emulator.world import iso

PREFIX = "/_emulator/"

# What changes without anybody changing the account: not part of its view.
_RESTLESS = {"sessions", "last_used_at"}
_SECRET = {"secret", "password_hash", "former_hashes", "token"}


class _Clock(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    advance: float | None = Field(None, ge=0, le=1e9)
    speed: float | None = Field(None, ge=0, le=100_000)


class _Reset(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    seed: str = ""


class _Rates(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    rates: str | dict[str, dict[str, str | int]]


async def control(cloud: Cloud, message: Message) -> Response:
    """Answer a request under /_emulator/; what is wrong with it is said in `error`, with status 400."""
    name = message.path.removeprefix(PREFIX)
    methods = _ROUTES.get(name)
    if methods is None:
        return _error(404, f"there is no {message.path}; there are {', '.join(sorted(_ROUTES))}")
    handler = methods.get(message.method)
    if handler is None:
        return _error(405, f"{message.path} answers {', '.join(methods)}")
    if message.method != "GET" and not _same_origin(message):
        return _error(403, "a page of another origin may not drive the emulator")
    try:
        answer = handler(cloud, message)
    except (ValueError, Refusal) as error:
        return _error(400, _reason(error))
    if message.method != "GET":
        await cloud.save()
    return JSONResponse(answer)


def _error(status: int, reason: str) -> Response:
    return JSONResponse({"error": reason}, status)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc']) or 'body'}: {first['msg']}"
    return error.message if isinstance(error, Refusal) else str(error)


def _same_origin(message: Message) -> bool:
    origin = message.header("origin")
    return origin == "" or urlsplit(origin).netloc.lower() == message.header("host").lower()


def _world(cloud: Cloud, message: Message) -> Any:
    """Show the account: equal before and after means that nothing was changed."""
    # A part that nobody asked for yet is as empty as one that somebody only looked at.
    for kind in products.state_types().values():
        cloud.world.part(kind)
    content = store.dump(cloud.world)
    for restless in ("format", "clock", "identifiers"):
        del content[restless]
    return _masked(content)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "***" if name in _SECRET and item else _masked(item)
            for name, item in value.items()
            if name not in _RESTLESS
        }
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _calls(cloud: Cloud, message: Message) -> Any:
    since = message.query.get("since", "0")
    if not since.isdecimal() or len(since) > 15:
        raise ValueError("since: not a whole number")
    writes = message.query.get("writes", "false").lower()
    if writes not in ("true", "false", "1", "0"):
        raise ValueError("writes: neither true nor false")
    calls = cloud.calls.since(int(since), writes in ("true", "1"), message.query.get("action", ""))
    return {"calls": calls, "last": cloud.calls.last}


def _clock(cloud: Cloud, message: Message) -> Any:
    clock = cloud.world.clock
    return {"now": iso(clock.now()), "epoch": clock.now(), "speed": clock.speed}


def _set_clock(cloud: Cloud, message: Message) -> Any:
    wanted = _Clock.model_validate(_json(message))
    clock = cloud.world.clock
    if clock.now() + (wanted.advance or 0) > 4e9:
        raise ValueError("advance: the clock would leave the century")
    if wanted.speed is not None:
        clock.set_speed(wanted.speed)
    if wanted.advance is not None:
        clock.advance(wanted.advance)
    return _clock(cloud, message)


def _reset(cloud: Cloud, message: Message) -> Any:
    wanted = _Reset.model_validate(_json(message))
    world = cloud.empty_world()
    if wanted.seed:
        world = seed.sown(world, seed.named(wanted.seed))
    cloud.reset(world)
    return {"seed": wanted.seed}


def _seed(cloud: Cloud, message: Message) -> Any:
    content = seed.parse(message.body.decode("utf-8"))
    if isinstance(content, dict) and set(content) == {"name"}:
        content = seed.named(str(content["name"]))
    grown = seed.sown(cloud.world, content)
    cloud.note_write()
    cloud.world = grown
    return {"sections": sorted(content)}


def _rates(cloud: Cloud, message: Message) -> Any:
    return {"rates": cloud.throttle.rates}


def _set_rates(cloud: Cloud, message: Message) -> Any:
    """Take `{"rates": "off"}`, `"default"`, or the rates themselves."""
    rates = _Rates.model_validate(_json(message)).rates
    named = throttle.NAMED.get(rates) if isinstance(rates, str) else throttle.checked(rates)
    if named is None:
        raise ValueError(f"rates: neither {' nor '.join(throttle.NAMED)}")
    cloud.throttle.set_rates(named)
    return _rates(cloud, message)


def _faults(cloud: Cloud, message: Message) -> Any:
    return {"faults": cloud.faults.view()}


def _add_faults(cloud: Cloud, message: Message) -> Any:
    content = _json(message)
    added = cloud.faults.add(ORDERS.validate_python(content if isinstance(content, list) else [content]))
    cloud.world.trouble = cloud.faults.trouble()
    return {"faults": [fault.view() for fault in added]}


def _clear_faults(cloud: Cloud, message: Message) -> Any:
    cloud.faults.clear()
    cloud.history.clear()
    cloud.world.trouble = cloud.faults.trouble()
    return {"faults": []}


def _health(cloud: Cloud, message: Message) -> Any:
    return {"status": "ok", "account_id": cloud.world.account_id, "seeds": seed.names()}


def _json(message: Message) -> Any:
    if not message.body.strip():
        return {}
    try:
        return json.loads(message.body)
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON") from None


_Handler = Callable[[Cloud, Message], Any]

_ROUTES: dict[str, dict[str, _Handler]] = {
    "world": {"GET": _world},
    "calls": {"GET": _calls},
    "clock": {"GET": _clock, "POST": _set_clock},
    "reset": {"POST": _reset},
    "seed": {"POST": _seed},
    "faults": {"GET": _faults, "POST": _add_faults, "DELETE": _clear_faults},
    "rates": {"GET": _rates, "POST": _set_rates},
    "health": {"GET": _health},
}
