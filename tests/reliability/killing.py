"""Kills processes in the middle of real runs, and looks at what is left once an operator has pressed Retry.

Everything is real: a Prefect server, a worker, the flow's process, an emulator. A run is held at a write by a fault of
the emulator, before its effect or after it; then one of the processes gets SIGKILL.
"""

from __future__ import annotations

import os
import queue
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from deployments.local import Local
from deployments.register import WORK_POOL
from tests.reliability import outcomes
from tests.reliability.sameness import differences
from tests.reliability.stacks import SEEDS, Slot, Stack, kill, processes_of, terminal, until

RETRIES = 5  # on a busy server on SQLite some are lost
VICTIMS = ("flow, before the write", "flow, after the write", "worker and flow", "emulator", "Prefect server")
Said = TypeVar("Said")


@dataclass(frozen=True)
class Case:
    """Who is killed, and at which write: the nth of its action."""

    mode: str
    victim: str
    action: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.mode}: {self.victim}, {self.action} number {self.nth}"


@dataclass
class Result:
    """What became of a case; `found` says what is wrong, `seconds` how long a worker's death went unnoticed."""

    case: Case
    outcome: str = "recovered at once"
    retries: int = 0
    found: list[str] = field(default_factory=list)
    seconds: float = 0.0


class TooLate(Exception):
    """The run was over before it made the write."""


@dataclass(frozen=True)
class Undisturbed:
    """What a run writes and leaves when nobody is killed."""

    writes: tuple[str, ...]
    world: Any

    def cases(self, mode: str, victims: Sequence[str]) -> list[Case]:
        """Give a case for each write and victim."""
        seen, found = Counter[str](), []
        for action in self.writes:
            seen[action] += 1
            found += [Case(mode, victim, action, seen[action]) for victim in victims]
        return found


def undisturbed(stack: Stack, slot: Slot, mode: str) -> Undisturbed:
    """Run without killing anybody; anew when a busy Prefect server has failed it."""
    for _ in range(RETRIES):
        slot.control("POST", "reset", {"seed": SEEDS[mode]})
        end = stack.ended(stack.run("prepare/prepare", {"environment": slot.environment(mode)}))
        if end["type"] == "COMPLETED":
            return Undisturbed(tuple(call["action"] for call in slot.calls(writes="true")), slot.left())
    raise AssertionError(f"an undisturbed run of {mode} fails: {end['message']}")


def play(stack: Stack, slot: Slot, case: Case) -> Result:
    """Kill somebody in the middle of a run, and help it to its end as an operator would."""
    slot.control("POST", "reset", {"seed": SEEDS[case.mode]})
    slot.control("POST", "faults", {"kind": _hold(case.victim), "action": case.action, "nth": case.nth, **_time(case)})
    result = Result(case)
    try:
        state = _killed(stack, slot, case, result)
        _helped(stack, slot, case, state, result)
    except TooLate as error:
        result.found.append(str(error))
    return result


def judge(stack: Stack, slot: Slot, result: Result, wanted: Undisturbed) -> Result:
    """Compare the account with that of an undisturbed run, and see that a further run writes nothing."""
    mode = result.case.mode
    doubles = outcomes.doubles(slot.world())
    result.found += differences(wanted.world, slot.left())
    since = slot.last_call()
    end = stack.ended(stack.run("prepare/prepare", {"environment": slot.environment(mode)}))
    if end["type"] != "COMPLETED":
        result.found.append(f"a further run ends {end['name']}: {end['message']}")
    result.found += [f"a further run writes: {call['action']}" for call in slot.calls(since, writes="true")]
    if doubles or result.found:
        result.outcome = "duplicates" if doubles else "wrong"
        result.found += doubles
    return result


def _hold(victim: str) -> str:
    if victim in ("emulator", "Prefect server"):
        return "delay"  # the call goes on, for these do not make it
    return "hang-after" if victim == "flow, after the write" else "hang-before"


def _time(case: Case) -> dict[str, float]:
    return {"seconds": 3.0} if _hold(case.victim) == "delay" else {}


def _killed(stack: Stack, slot: Slot, case: Case, result: Result) -> dict[str, Any]:
    """Start the run, kill the victim once the write has come, and give the state in which the run ends."""
    parameters = {"environment": slot.environment(case.mode)}
    if case.victim == "worker and flow":
        return _killed_with_worker(stack, slot, case, result)
    run = stack.run("prepare/prepare", parameters)
    _arrived(stack, slot, case, run)
    if case.victim == "emulator":
        slot.kill_emulator()
    elif case.victim == "Prefect server":
        stack.kill_server()
    else:
        stack.kill_flow(run, stack.local.processes[1].pid)
    state = stack.ended(run)
    if case.victim.startswith("flow"):
        if state["type"] != "CRASHED":
            result.found.append(f"the killed run ended {state['name']}: {state['message']}")
        stack.reported(run)
    return state | {"run": run}


def _killed_with_worker(stack: Stack, slot: Slot, case: Case, result: Result) -> dict[str, Any]:
    """Kill worker and flow as when their machine dies; another machine, which knows nothing, comes in its place."""
    machines = [Local(slot.local.state / name, prefect_url=stack.local.prefect_url) for name in ("dying", "fresh")]
    work_queue = f"machine-{slot.number}"
    try:
        run = stack.run("prepare/prepare", {"environment": slot.environment(case.mode)}, work_queue)
        machines[0].start_worker(WORK_POOL, work_queue)
        _arrived(stack, slot, case, run)
        worker = machines[0].processes.pop()
        flows = until(lambda: processes_of(run, worker.pid), f"a process of run {run}")
        kill(worker)
        for pid in flows:
            os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        state = stack.ended(run)
        result.seconds = time.monotonic() - killed
        if state["type"] != "CRASHED" or "No sign of life" not in state["message"]:
            result.found.append(f"the run of a dead worker ended {state['name']}: {state['message']}")
        machines[1].start_worker(WORK_POOL, work_queue)
        again = stack.run("prepare/prepare", {"environment": slot.environment(case.mode)}, work_queue)
        return stack.ended(again) | {"run": again}
    finally:
        for machine in machines:
            machine.stop()


def _arrived(stack: Stack, slot: Slot, case: Case, run: str) -> None:
    """Wait until the write has come to the emulator, and taken effect if it shall.

    Raises:
        TooLate: the run has ended without it.
    """

    def struck() -> bool:
        if terminal(state := stack.state(run)):
            raise TooLate(f"the run was over before the write came: {state['name']} {state['message']}")
        if _hold(case.victim) == "delay":
            return bool(slot.control("GET", "faults")["faults"][0]["struck"])
        return any(call["status"] == 0 for call in slot.calls(action=case.action))

    until(struck, f"{case.action} of run {run}")


def _helped(stack: Stack, slot: Slot, case: Case, state: dict[str, Any], result: Result) -> None:
    """Press Retry until the run is through, and answer what it asks."""
    run, asked = state["run"], False
    while state["type"] != "COMPLETED" and result.retries < RETRIES:
        if question := re.search(r"resolve` with intent ([0-9a-f]{12})", state["message"] or ""):
            asked = _answered(stack, slot, case, question[1], result) or asked
        result.retries += 1
        state = stack.retry(run)
    if state["type"] != "COMPLETED":
        result.found.append(f"after {result.retries} retries it ends {state['name']}: {state['message']}")
    if result.retries:
        result.outcome = "asked the operator" if asked else "recovered by retry"


def _answered(stack: Stack, slot: Slot, case: Case, intent: str, result: Result) -> bool:
    """Look into the account; what is certainly not there is declared so."""
    if outcomes.is_made(slot.world()):
        result.found.append("it asks although the thing is there")
        return False
    answer = {"environment": slot.environment(case.mode), "intent": intent, "reason": "the account has none"}
    state = stack.ended(stack.run("resolve/resolve", answer))
    if state["type"] != "COMPLETED":
        result.found.append(f"resolve ends {state['name']}: {state['message']}")
    return True


def torture(
    stack: Stack,
    cases: Sequence[Case],
    known: Mapping[str, Undisturbed] | None = None,
    told: Callable[[str], None] = lambda text: None,
) -> list[Result]:
    """Play cases, as many at a time as there are slots; those of the server afterwards, one after the other.

    Args:
        known: what undisturbed runs do; else found out beside the cases.
        told: is told what became of each case.
    """
    free: queue.SimpleQueue[Slot] = queue.SimpleQueue()
    for slot in stack.slots:
        free.put(slot)

    def with_slot(work: Callable[[Slot], Said]) -> Said:
        slot = free.get()
        try:
            return work(slot)
        finally:
            free.put(slot)

    with ThreadPoolExecutor(len(stack.slots)) as pool:
        modes = {case.mode for case in cases} if known is None else set()
        found = {mode: pool.submit(with_slot, lambda slot, m=mode: undisturbed(stack, slot, m)) for mode in modes}

        def whole(slot: Slot, case: Case) -> Result:
            try:
                result = play(stack, slot, case)
                judge(stack, slot, result, known[case.mode] if known else found[case.mode].result())
            except Exception as error:  # one case must not end the others
                result = Result(case, "wrong", found=[f"{type(error).__name__}: {error}"])
            told(f"{case}: {result.outcome}, {result.retries} retries" + "".join(f"; {text}" for text in result.found))
            return result

        apart = [case for case in cases if case.victim == "Prefect server"]
        together = [case for case in cases if case.victim != "Prefect server"]
        done = [pool.submit(with_slot, lambda slot, c=case: whole(slot, c)) for case in together]
        results = [each.result() for each in done]
        return results + [with_slot(lambda slot, c=case: whole(slot, c)) for case in apart]


def sample(known: Mapping[str, Undisturbed], count: int, seed: int) -> list[Case]:
    """Draw cases: for each mode `count` writes at which the flow is killed, and some for each other victim."""
    draw, drawn = random.Random(seed), []
    for mode, each in known.items():
        for victims, number in (
            (VICTIMS[:2], count),
            (("emulator",), max(1, count // 8)),
            (("worker and flow",), max(1, count // 16)),
            (("Prefect server",), max(1, count // 16)),
        ):
            cases = each.cases(mode, victims)
            drawn += draw.sample(cases, min(number, len(cases)))
    return drawn


def table(results: Iterable[Result]) -> str:
    """Give the table of results, in Markdown."""
    found = [(result.case.mode, result.case.victim, result.outcome) for result in results]
    return outcomes.table(found, "Killed", list(SEEDS), VICTIMS)
