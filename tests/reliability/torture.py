"""Every call, every fault: `python -m tests.reliability.torture`, or `make torture`.

For each API call that an undisturbed run of a flow makes, and each fault that can strike it, the flow runs with the
fault at that call. A run that fails is started again, as an operator would; one that asks is started again too, and
answered after a look into the account when it asks once more. In the end the account must be what an undisturbed run
leaves.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch

from tests.flows.running import Running, start_emulator
from tests.reliability import outcomes, quick
from tests.reliability.others import harmed
from tests.reliability.plays import FLOWS, PLAYS, SPEED, Play, begin, scene
from tests.reliability.sameness import differences, same

PATIENCE_SECONDS = 1.0  # of the client for an answer, instead of half a minute
LATE_SECONDS = 1.6  # a call that the client has given up takes effect then
RUNS = 7
MODES = ("exclusive", "managed")
HIDDEN_FAILURES = ("BssOpenApi", "foasconsole", "ververica")  # products that say Success false in a 200

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "throttled once": {"kind": "throttle"},
    "throttled 5 times": {"kind": "throttle", "times": 5},
    "500": {"kind": "error"},
    "503": {"kind": "error", "status": 503},
    "timeout": {"kind": "delay", "seconds": LATE_SECONDS},
    "dropped before": {"kind": "drop-before"},
    "dropped after": {"kind": "drop-after"},
    "cut": {"kind": "cut"},
    "Success false": {"kind": "business-failure"},
    "lag 10 s": {"kind": "lag", "seconds": 10},
}


@dataclass(frozen=True)
class Case:
    """A fault at the nth call of an action in a play, such as `scale managed`."""

    play: str
    product: str
    action: str
    nth: int
    fault: str

    def __str__(self) -> str:
        return f"{self.play}: {self.fault} at {self.action} number {self.nth}"


@dataclass
class Result:
    """What became of a case; `found` says what is wrong."""

    case: Case
    outcome: str
    runs: int
    found: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Undisturbed:
    """What a run does and leaves when nothing happens; `harmed` is what others lost by it."""

    calls: tuple[tuple[str, str, bool], ...]
    world: Any
    harmed: tuple[str, ...]


def cases(play: str) -> list[Case]:
    """Give every case of a play, in the order of the calls."""
    found, seen = [], Counter[tuple[str, str]]()
    for product, action, write in undisturbed(play).calls:
        seen[product, action] += 1
        for fault in FAULTS:
            if applies(fault, product, write):
                found.append(Case(play, product, action, seen[product, action], fault))
    return found


def applies(fault: str, product: str, write: bool) -> bool:
    """Say whether a fault can strike: OSS reads do not lag, and not every product hides a failure in a 200."""
    if fault == "lag 10 s":
        return not write and product != "Oss"
    return fault != "Success false" or product in HIDDEN_FAILURES


def sample(play: str, count: int, seed: int) -> list[Case]:
    """Draw cases: each fault about equally often, writes as often as reads."""
    draw, everything = random.Random(seed), cases(play)
    writes = {(product, action) for product, action, write in undisturbed(play).calls if write}
    drawn: dict[Case, None] = {}
    groups = {
        (fault, write): [case for case in everything if case.fault == fault and _writes(case, writes) is write]
        for fault in FAULTS
        for write in (True, False)
    }
    while len(drawn) < min(count, len(everything)):
        for group in groups.values():
            if group and len(drawn) < count:
                drawn[group.pop(draw.randrange(len(group)))] = None
    return list(drawn)


def _writes(case: Case, writes: set[tuple[str, str]]) -> bool:
    return (case.product, case.action) in writes


@cache
def undisturbed(play: str) -> Undisturbed:
    """Run without a fault."""
    with start_emulator() as account:
        begin(account, play)
        ended = _run(account, PLAYS[play])
        if not ended.ready:
            raise AssertionError(f"an undisturbed run of {play} fails: {ended.errors}")
        calls = tuple((call["product"], call["action"], call["write"]) for call in account.calls())
        world = account.world()
        return Undisturbed(calls, world, tuple(harmed(scene(play).before, world)))


def play(case: Case) -> Result:
    """Run a flow with the fault of a case, as often as it takes."""
    with _impatient(), start_emulator() as account:
        begin(account, case.play)
        order = FAULTS[case.fault]
        account.control("POST", "faults", {"action": case.action, "product": case.product, "nth": case.nth, **order})
        return _judged(case, account)


def _run(account: Running, play: Play) -> quick.Ended:
    return quick.run(account, play.environment, SPEED, quick.briefly, play.procedure, play.strictly)


@contextmanager
def _impatient() -> Iterator[None]:
    with (
        patch("alicloud.session.CONNECT_SECONDS", PATIENCE_SECONDS),
        patch("alicloud.session.READ_SECONDS", PATIENCE_SECONDS),
    ):
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def _judged(case: Case, account: Running) -> Result:
    played, ended, asked = PLAYS[case.play], [], False
    while len(ended) < RUNS and not (ended and ended[-1].ready):
        if len(ended) > 1 and ended[-1].asks and ended[-2].asks:  # at first it is started again without a look
            asked = _answer(account, played) or asked
        ended.append(_run(account, played))
    found = [f"not ready: {error}" for error in ended[-1].errors] if not ended[-1].ready else []
    right, world = undisturbed(case.play), account.world()
    found += differences(same(right.world), same(world))
    found += [f"of others: {place}" for place in harmed(scene(case.play).before, world) if place not in right.harmed]
    found += _untrue(account, ended)
    account.control("DELETE", "faults")  # how often a run looks depends on the machine: one may not have struck yet
    last = _run(account, played)
    found += [f"a further run writes: {write.means}" for write in last.writes]
    found += [f"a further run fails: {error}" for error in last.errors]
    doubles = outcomes.doubles(account.world(), right.world)
    outcome = "asked the operator" if asked else "recovered by retry" if len(ended) > 1 else "recovered at once"
    outcome = "duplicates" if doubles else "wrong" if found else outcome
    return Result(case, outcome, len(ended), doubles + found)


def _answer(account: Running, played: Play) -> bool:
    """Look, as the message says: what is there will be adopted, what is nobody's is deleted, the rest declared so."""
    threading.Event().wait(LATE_SECONDS)  # a call may still be under way, which only time tells
    if played.ordered(account.world()["parts"]):
        return False
    played.cleared(account, played.environment)
    return quick.resolve(account, played.environment, SPEED) > 0


def _untrue(account: Running, ended: Iterable[quick.Ended]) -> list[str]:
    """Name what a run says that it wrote, and the cloud does not know of."""
    known = [(call["request_id"], call["action"]) for call in account.calls()]
    told = [write for each in ended for write in each.writes if write.request_id]
    return [
        f"told, but not done: {write.action} (request {write.request_id})"
        for write in told  # of an id that was cut the beginning is told
        if not any(number.startswith(write.request_id) and action == write.action for number, action in known)
    ]


def table(results: Iterable[Result]) -> str:
    """Give the table of results, in Markdown: of one flow by fault, of several by flow."""
    found = [(PLAYS[result.case.play], result.case.fault, result.outcome) for result in results]
    flows = [flow for flow in FLOWS if any(flow == play.flow for play, _, _ in found)]
    if len(flows) > 1:
        return outcomes.table([(play.mode, play.flow, outcome) for play, _, outcome in found], "Flow", MODES, flows)
    return outcomes.table([(play.mode, fault, outcome) for play, fault, outcome in found], "Fault", MODES, list(FAULTS))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run flows with a fault at each call, and count what follows.")
    parser.add_argument("--flow", choices=[*FLOWS, "all"], nargs="+", default=["all"])
    parser.add_argument("--mode", choices=[*MODES, "both"], default="both")
    parser.add_argument("--count", type=int, default=0, help="cases of each flow and mode, drawn by the seed; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    flows = FLOWS if "all" in options.flow else options.flow
    modes = MODES if options.mode == "both" else (options.mode,)
    plays = [name for name, each in PLAYS.items() if each.flow in flows and each.mode in modes]
    drawn = [
        case for name in plays for case in (sample(name, options.count, options.seed) if options.count else cases(name))
    ]
    started, results = time.monotonic(), []
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(play, case) for case in drawn]):
            results.append(future.result())
            if results[-1].outcome in outcomes.BAD:
                print(f"{results[-1].case}: {results[-1].outcome}: {'; '.join(results[-1].found)}", flush=True)
            if len(results) % 100 == 0:
                print(
                    f"{len(results)} of {len(drawn)}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True
                )
    print(table(results))
    print(f"\nseed {options.seed}, {len(results)} cases in {time.monotonic() - started:.0f} s")
    return 1 if any(result.outcome in outcomes.BAD for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
