"""What torture plays: each flow that writes, with the account that it begins on, what it is to do, and how one looks.

A flow is one row. A new one names the document that was prepared, the one that is wanted, what happened in between,
its procedure, and, where it orders something, how an operator sees that the order took effect.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from blocks import desired
from blocks.environment import Environment
from emulator import bssopenapi as emulated_bss
from emulator import ram as emulated_ram
from emulator.world import World
from flows.procedure import everything
from flows.removal import removal
from flows.staff import staff
from flows.upkeep import conversion, renewals, scaling
from tasks.opening import Procedure
from tests.flows.running import Running, start_emulator
from tests.reliability import quick
from tests.reliability.others import OTHERS

SPEED = 20_000.0
SLOWLY = 2_000.0  # what is ours was made within ten minutes of its intent, which on a busy machine must last a moment
DAY = 86_400.0
FOLDER = Path(__file__).parent.parent.parent / "environments"
SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}

Sections = Mapping[str, Any]
Between = Callable[[Running, Environment], None]


@dataclass(frozen=True)
class Play:
    """A flow on an account.

    `seed` fills a new account. `prepared` are the sections of the document that was prepared in it before, by which
    they differ from the example's; None when nothing was. `wanted` are those of the document that the flow is given.
    `between` happens after the preparation. `strictly` holds a run to its plan. `ordered` says of a world whether what
    the flow orders is there. `cleared` takes away what an operator does before he says that it is not there.
    """

    flow: str
    mode: str
    procedure: Procedure
    seed: str | Mapping[str, Any]
    prepared: Sections | None = None
    wanted: Sections = field(default_factory=dict)
    between: Between | None = None
    strictly: bool = False
    ordered: Callable[[Mapping[str, Any]], bool] = lambda parts: False
    cleared: Between = lambda account, wanted: None

    @property
    def name(self) -> str:
        return f"{self.flow} {self.mode}"

    @property
    def environment(self) -> Environment:
        return _document(self.mode, self.wanted)


@dataclass(frozen=True)
class Scene:
    """The account that a play begins on: `before` anything of the environment was in it, and as `world` holds it."""

    before: Any
    world: World


@cache
def scene(name: str) -> Scene:
    """Make the account of a play, once for each process."""
    play = PLAYS[name]
    with start_emulator() as account:
        account.reset(play.seed, speed=SLOWLY)
        before = account.world()
        if play.prepared is not None:
            _carry_out(account, _document(play.mode, play.prepared), everything)
        if play.between is not None:
            play.between(account, play.environment)
        account.control("POST", "clock", {"speed": 0.0})  # until somebody begins on it, nothing ends or grows old
        return Scene(before, account.cloud.world)


def begin(account: Running, name: str) -> None:
    """Put an emulator to where a play begins."""
    account.reset("nothing")
    quick.forget_secrets()
    account.cloud.world = copy.deepcopy(scene(name).world)
    account.control("POST", "clock", {"speed": SPEED})


def _carry_out(account: Running, wanted: Environment, procedure: Procedure) -> None:
    ended = quick.run(account, wanted, SLOWLY, quick.briefly, procedure)
    if not ended.ready:
        raise AssertionError(f"what comes before a play fails: {ended.errors}")


def _document(mode: str, sections: Sections) -> Environment:
    facts = yaml.safe_load((FOLDER / f"{mode}.yaml").read_text("utf-8"))
    for section, change in sections.items():
        facts[section] = facts.get(section, {}) | change if isinstance(change, Mapping) else change
    return Environment.model_validate(facts)


# What the rows are made of


def _paid(pay_model: str) -> Mapping[str, Any]:
    """Give an account of others with money on it and a paid order of the exclusive mode."""
    order = {"instance_id": "blinkonecs_cn-order-0001", "region": "cn-hangzhou", "pay_model": pay_model}
    return {**OTHERS, "bssopenapi": {"balance": "100000.00"}, "foas": {"orders": [order]}}


RICH = {**OTHERS, "bssopenapi": {"balance": "100000.00"}}
FREELY = {"max_compute_units": 40, "may_order": True, "manual_minutes": 0}
BUYING = {"max_compute_units": 40, "may_order": True, "max_price": 100_000, "manual_minutes": 0}


def _without(mode: str, user: str) -> Sections:
    """Give the sections of an example that lets a user go."""
    facts = yaml.safe_load((FOLDER / f"{mode}.yaml").read_text("utf-8"))["people"]
    groups = [each | {"members": [name for name in each["members"] if name != user]} for each in facts["groups"]]
    leaver = {"name": user, "since": "2026-01-01", "grace_days": 30, "reason": "another team"}
    users = [each for each in facts["users"] if each["name"] != user]
    return {"people": {"users": users, "groups": groups, "leavers": [leaver]}}


def _ends_in_20_days(account: Running, _wanted: Environment) -> None:
    world = account.cloud.world
    for instance in world.part(emulated_bss.State).instances.values():
        instance.end_at = float(int(world.now() + 20 * DAY))


def _has_a_key(account: Running, wanted: Environment) -> None:
    """Let the leaver have an AccessKey that somebody made in the console."""
    state = account.cloud.world.part(emulated_ram.State)
    (leaver,) = wanted.people.leavers
    key = emulated_ram.AccessKey("LTAI5tOfTheLeaver", "secret-of-the-leaver", leaver.name, account.cloud.world.now())
    state.keys[key.id] = key
    state.users[leaver.name].keys.append(key.id)


KEEPS_KEYS = {"exclusive": "bob", "managed": "carol"}


def _keeping_keys_young(mode: str) -> Sections:
    """Give the sections of an example in which the AccessKey of one person is replaced when it is old."""
    people = yaml.safe_load((FOLDER / f"{mode}.yaml").read_text("utf-8"))["people"]
    return {"people": people | {"access_keys": [{"user": KEEPS_KEYS[mode]}]}}


def _has_an_old_key(account: Running, wanted: Environment) -> None:
    """Let whose keys are kept young have one that somebody made in the console three months ago."""
    state = account.cloud.world.part(emulated_ram.State)
    (kept,) = wanted.people.access_keys
    key = emulated_ram.AccessKey("LTAI5tOfThreeMonths", "secret-of-three-months", kept.user, account.cloud.world.now())
    state.keys[key.id] = key
    state.users[kept.user].keys.append(key.id)
    account.advance((kept.max_age_days + 1) * DAY)


def _has_two_keys(account: Running, wanted: Environment) -> None:
    """Let the old key be replaced, and the time be over in which both are valid."""
    _has_an_old_key(account, wanted)
    _carry_out(account, wanted, staff)
    account.advance((wanted.people.access_keys[0].overlap_days + 1) * DAY)


def _has_a_disabled_key(account: Running, wanted: Environment) -> None:
    _has_two_keys(account, wanted)
    _carry_out(account, wanted, staff)
    account.advance((wanted.people.access_keys[0].overlap_days + 1) * DAY)


def _nobodys_keys(account: Running, wanted: Environment) -> None:
    """Delete in the console, as the message says, the keys that nobody has the secret of."""
    state = account.cloud.world.part(emulated_ram.State)
    (kept,) = wanted.people.access_keys
    for key in state.users[kept.user].keys[1:]:
        if not quick.holds_secret(desired.key_secret(wanted, kept.user, key)):
            del state.keys[key]
            state.users[kept.user].keys.remove(key)


def _grace_is_over(account: Running, wanted: Environment) -> None:
    _has_a_key(account, wanted)
    _carry_out(account, wanted, staff)
    account.advance(31 * DAY)


def _of(parts: Mapping[str, Any], product: str, kind: str) -> list[Any]:
    return list(parts.get(product, {}).get(kind, {}).values())


def _made(parts: Mapping[str, Any]) -> bool:
    return bool(_of(parts, "foas", "clusters") or _of(parts, "foasconsole", "workspaces"))


def _renewed(parts: Mapping[str, Any]) -> bool:
    return any(order["kind"] == "Renew" for order in _of(parts, "bssopenapi", "orders"))


def _grows(parts: Mapping[str, Any]) -> bool:
    """Say whether the cluster has its new nodes, or they are on their way."""
    return any(len(each["nodes"]) + len(each["joining"]) == 8 for each in _of(parts, "foas", "clusters"))


def _has_24_units(parts: Mapping[str, Any]) -> bool:
    """Say whether the workspace has its new size, or will have."""
    return any(24 in (each["cpu"], each["next_cpu"]) for each in _of(parts, "foasconsole", "workspaces"))


def _is_billed(charge_type: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda parts: any(each["charge_type"] == charge_type for each in _of(parts, "foasconsole", "workspaces"))


_LARGE = {"slave": {"specification": "Ecs_8c32g", "number": 5}}
_QUEUES = [{"name": "orders", "compute_units": 12}, {"name": "clicks", "compute_units": 2}]
_SHARES = [{"name": "payments", "compute_units": 4}, {"name": "fraud", "compute_units": 12}]

PLAYS = {
    play.name: play
    for play in (
        Play("prepare", "exclusive", everything, SEEDS["exclusive"], ordered=_made),
        Play("prepare", "managed", everything, SEEDS["managed"], ordered=_made),
        Play(
            *("scale", "exclusive", scaling, _paid("post"), {}),
            wanted={"cluster": _LARGE, "projects": _QUEUES, "safety": FREELY},
            ordered=_grows,
        ),
        Play(
            *("scale", "managed", scaling, RICH, {}),
            wanted={"cluster": {"compute_units": 24}, "projects": _SHARES, "safety": BUYING},
            ordered=_has_24_units,
        ),
        Play(
            *("renew", "exclusive", renewals(30), _paid("pre"), {}),
            wanted={"safety": FREELY},
            between=_ends_in_20_days,
            ordered=_renewed,
        ),
        Play(
            *("renew", "managed", renewals(30), RICH, {"cluster": {"charge_type": "Subscription"}, "safety": BUYING}),
            wanted={"cluster": {"charge_type": "Subscription"}, "safety": BUYING},
            between=_ends_in_20_days,
            ordered=_renewed,
        ),
        Play(
            *("convert", "managed", conversion, RICH, {}),
            wanted={"cluster": {"charge_type": "Subscription"}, "safety": BUYING},
            ordered=_is_billed("PRE"),
        ),
        Play(
            *("convert-back", "managed", conversion, RICH),
            prepared={"cluster": {"charge_type": "Subscription"}, "safety": BUYING},
            wanted={"safety": BUYING},
            ordered=_is_billed("POST"),
        ),
        Play("people", "exclusive", staff, _paid("pre"), {}, _without("exclusive", "alice"), _has_a_key),
        Play("people", "managed", staff, RICH, {}, _without("managed", "dave"), _has_a_key),
        Play("people-delete", "exclusive", staff, _paid("pre"), {}, _without("exclusive", "alice"), _grace_is_over),
        Play("people-delete", "managed", staff, RICH, {}, _without("managed", "dave"), _grace_is_over),
        *(
            Play(flow, mode, staff, seed, {}, _keeping_keys_young(mode), between, cleared=_nobodys_keys)
            for flow, between in (
                ("key-replace", _has_an_old_key),
                ("key-disable", _has_two_keys),
                ("key-delete", _has_a_disabled_key),
            )
            for mode, seed in (("exclusive", _paid("pre")), ("managed", RICH))
        ),
        Play("teardown", "exclusive", removal(bucket=True), _paid("post"), {}, strictly=True),
        Play("teardown", "managed", removal(bucket=True), RICH, {}, strictly=True),
    )
}
FLOWS = tuple(dict.fromkeys(play.flow for play in PLAYS.values()))
