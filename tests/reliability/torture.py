"""Every call, every fault: `python -m tests.reliability.torture`, or `make torture`.

For each API call that the first run of a mode makes, and each fault that can strike it, an account is prepared with the
fault at that call. A run that fails is started again, as an operator would; one that asks is answered after a look into
the account. In the end the account must be what an undisturbed run leaves.
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
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from blocks.environment import Environment
from tests.flows.running import Running, start_emulator
from tests.reliability import outcomes, quick
from tests.reliability.sameness import differences, same

SPEED = 20_000.0
PATIENCE_SECONDS = 1.0  # of the client for an answer, instead of half a minute
LATE_SECONDS = 1.6  # a call that the client has given up takes effect then
RUNS = 7
FOLDER = Path(__file__).parent.parent.parent / "environments"
SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}
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
    """A fault at the nth call of an action."""

    mode: str
    product: str
    action: str
    nth: int
    fault: str

    def __str__(self) -> str:
        return f"{self.mode}: {self.fault} at {self.action} number {self.nth}"


@dataclass
class Result:
    """What became of a case; `found` says what is wrong."""

    case: Case
    outcome: str
    runs: int
    found: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Undisturbed:
    """What a run does and leaves when nothing happens."""

    calls: tuple[tuple[str, str, bool], ...]
    world: Any


def cases(mode: str) -> list[Case]:
    """Give every case of a mode, in the order of the calls."""
    found, seen = [], Counter[tuple[str, str]]()
    for product, action, write in undisturbed(mode).calls:
        seen[product, action] += 1
        for fault in FAULTS:
            if applies(fault, product, write):
                found.append(Case(mode, product, action, seen[product, action], fault))
    return found


def applies(fault: str, product: str, write: bool) -> bool:
    """Say whether a fault can strike: OSS reads do not lag, and not every product hides a failure in a 200."""
    if fault == "lag 10 s":
        return not write and product != "Oss"
    return fault != "Success false" or product in HIDDEN_FAILURES


def sample(mode: str, count: int, seed: int) -> list[Case]:
    """Draw cases: each fault about equally often, writes as often as reads."""
    draw, everything = random.Random(seed), cases(mode)
    writes = {(product, action) for product, action, write in undisturbed(mode).calls if write}
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
def environment(mode: str) -> Environment:
    return Environment.model_validate(yaml.safe_load((FOLDER / f"{mode}.yaml").read_text("utf-8")))


@cache
def undisturbed(mode: str) -> Undisturbed:
    """Run without a fault."""
    with start_emulator() as account:
        account.reset(SEEDS[mode], speed=SPEED)
        ended = quick.run(account, environment(mode), SPEED, _briefly)
        if not ended.ready:
            raise AssertionError(f"an undisturbed run of {mode} fails: {ended.errors}")
        calls = tuple((call["product"], call["action"], call["write"]) for call in account.calls())
        return Undisturbed(calls, same(account.world()))


def play(case: Case) -> Result:
    """Prepare an account with the fault of a case, as often as it takes."""
    with _impatient(), start_emulator() as account:
        account.reset(SEEDS[case.mode], speed=SPEED)
        order = FAULTS[case.fault]
        account.control("POST", "faults", {"action": case.action, "product": case.product, "nth": case.nth, **order})
        return _judged(case, account)


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
    wanted, ended, asked = environment(case.mode), [], False
    while len(ended) < RUNS and not (ended and ended[-1].ready):
        if ended and ended[-1].asks:
            asked = _answer(account, wanted) or asked
        ended.append(quick.run(account, wanted, SPEED, _briefly))
    found = [f"not ready: {error}" for error in ended[-1].errors] if not ended[-1].ready else []
    found += differences(undisturbed(case.mode).world, same(account.world()))
    found += _untrue(account, ended)
    account.control("DELETE", "faults")  # how often a run looks depends on the machine: one may not have struck yet
    last = quick.run(account, wanted, SPEED, _briefly)
    found += [f"a further run writes: {write.means}" for write in last.writes]
    found += [f"a further run fails: {error}" for error in last.errors]
    doubles = outcomes.doubles(account.world())
    outcome = "asked the operator" if asked else "recovered by retry" if len(ended) > 1 else "recovered at once"
    outcome = "duplicates" if doubles else "wrong" if found else outcome
    return Result(case, outcome, len(ended), doubles + found)


def _answer(account: Running, wanted: Environment) -> bool:
    """Look, as the message says: what is there will be adopted, what is certainly not is declared so."""
    threading.Event().wait(LATE_SECONDS)  # a call may still be under way, which only time tells
    if outcomes.is_made(account.world()):
        return False
    return quick.resolve(account, wanted, SPEED) > 0


def _untrue(account: Running, ended: Iterable[quick.Ended]) -> list[str]:
    """Name what a run says that it wrote, and the cloud does not know of."""
    known = [(call["request_id"], call["action"]) for call in account.calls()]
    told = [write for each in ended for write in each.writes if write.request_id]
    return [
        f"told, but not done: {write.action} (request {write.request_id})"
        for write in told  # of an id that was cut the beginning is told
        if not any(number.startswith(write.request_id) and action == write.action for number, action in known)
    ]


def _briefly(seconds: float) -> None:
    time.sleep(min(seconds, 0.02))  # back-off is tested elsewhere; here it would only take time


def table(results: Iterable[Result]) -> str:
    """Give the table of results, in Markdown."""
    found = [(result.case.mode, result.case.fault, result.outcome) for result in results]
    return outcomes.table(found, "Fault", list(SEEDS), list(FAULTS))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Prepare accounts with a fault at each call, and count what follows.")
    parser.add_argument("--mode", choices=[*SEEDS, "both"], default="both")
    parser.add_argument("--count", type=int, default=0, help="cases of each mode, drawn by the seed; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    modes = list(SEEDS) if options.mode == "both" else [options.mode]
    drawn = [
        case for mode in modes for case in (sample(mode, options.count, options.seed) if options.count else cases(mode))
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
