"""Kills processes in the middle of real runs, and looks at what is left once an operator has pressed Retry.

Everything is real: a Prefect server, a worker, the flow's process, an emulator. A run is held at a write by a fault of
the emulator, before its effect or after it; then one of the processes gets SIGKILL.
"""

from __future__ import annotations

import json
import os
import queue
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import yaml
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.demo import EMULATOR_KEY
from deployments.local import ROOT, Local
from deployments.register import WORK_POOL, register
from deployments.watch import TERMINAL, Busy, Prefect
from tests.reliability.sameness import differences, same

SPEED = 600.0  # the half hour in which a cluster is STARTING takes 3 s
LEASE_SECONDS = 10
DEAD_AFTER_SECONDS = 45
SLOTS = 6
PATIENCE_SECONDS = 300.0
RETRIES = 5  # on a busy server on SQLite some are lost
HAND_SECONDS = 30.0  # that a person takes at most to press Retry, see Stack.reported
SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}
OUTCOMES = ("recovered at once", "recovered by retry", "asked the operator", "wrong", "duplicates")
VICTIMS = ("flow, before the write", "flow, after the write", "worker and flow", "emulator", "Prefect server")

# What would take minutes otherwise: Prefect's server looks for dead leases, and lets those who wait ask again.
PROFILE = """
active = "quick"

[profiles.quick]
PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS = "2"
PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS = "2"
"""

Said = TypeVar("Said")

_registering = threading.Lock()  # block classes remember the ids that a server gave them


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


@dataclass
class Slot:
    """An account of its own, with an environment for each mode: what happens here disturbs nobody else."""

    number: int
    local: Local

    def environment(self, mode: str) -> str:
        return f"flink-{mode}-slot{self.number}"

    def documents(self) -> list[Path]:
        """Write the two examples down with names of our own; the turn goes by the cluster's."""
        paths = []
        for mode in SEEDS:
            facts = yaml.safe_load((ROOT / "environments" / f"{mode}.yaml").read_text("utf-8"))
            name = self.environment(mode)
            facts |= {"name": name, "credentials": f"slot{self.number}"}
            facts["cluster"]["name"] = name.replace("-", "_") if mode == "exclusive" else name
            facts["safety"]["lease_seconds"] = LEASE_SECONDS
            paths.append(self.local.state / f"{mode}.yaml")
            paths[-1].write_text(yaml.safe_dump(facts), "utf-8")
        return paths

    def start(self) -> None:
        self.local.state.mkdir(parents=True)
        self.local.start_emulator("nothing", SPEED)

    def control(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        url = f"{self.local.emulator_url}/_emulator/{path}"
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.request(method, url, json=body, params=query).raise_for_status().json()

    def world(self) -> Any:
        return self.control("GET", "world")

    def left(self) -> Any:
        """Give the account so that it compares with that of another slot."""
        return same(json.loads(re.sub(r"slot\d+", "slot", json.dumps(self.world()))))

    def calls(self, since: int = 0, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "calls", since=since, **query)["calls"]
        return found

    def last_call(self) -> int:
        return int(self.control("GET", "calls", since=10**12)["last"])

    def kill_emulator(self) -> None:
        """Kill it, and start it again on its port with its data."""
        _kill(self.local.processes.pop())
        self.local.start_emulator("nothing", SPEED)


@dataclass
class Stack:
    """A Prefect server, a worker, and the slots."""

    local: Local
    slots: list[Slot]

    @cached_property
    def prefect(self) -> Prefect:
        # Prefect's server on SQLite answers 503, or nothing, for a minute when two of its transactions meet.
        return Prefect(self.local.prefect_url, httpx.Client(timeout=10, trust_env=False))

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Ask the server until it answers; asked again after a lost answer, it does nothing twice."""

        def answer() -> httpx.Response | None:
            try:
                return self.prefect._answered(method, path, body or None)
            except (httpx.TransportError, Busy):
                return None

        got = until(answer, f"an answer to {path}")
        return got.json() if got.content else None

    def start(self) -> None:
        home = self.local.state / "prefect"
        home.mkdir(parents=True)
        (home / "profiles.toml").write_text(PROFILE, "utf-8")
        self.local.start_server()
        for slot in self.slots:
            slot.start()
        self.local.wait_for_server()
        for slot in self.slots:
            self._register(slot)
        self.local.start_worker(WORK_POOL, "default")
        self.local.deploy()
        deployment = self.ask("GET", "/deployments/name/prepare/prepare")
        self.ask("PATCH", f"/deployments/{deployment['id']}", concurrency_limit=3 * SLOTS)

    def _register(self, slot: Slot) -> None:
        variables = {
            **EMULATOR_KEY,
            "REALTIME_COMPUTE_ENDPOINTS": json.dumps({"*": slot.local.emulator_url}),
            "REALTIME_COMPUTE_CLOCK_SPEED": str(SPEED),
            "REALTIME_COMPUTE_DEAD_AFTER_SECONDS": str(DEAD_AFTER_SECONDS),
        }
        with _registering, temporary_settings({PREFECT_API_URL: f"{self.local.prefect_url}/api"}):
            register(slot.documents(), variables)

    def stop(self) -> None:
        self.local.stop()
        for slot in self.slots:
            slot.local.stop()

    # Runs

    def run(self, flow: str, parameters: Mapping[str, Any], work_queue: str = "default") -> str:
        """Start a run through its deployment and give its id."""
        path = f"/deployments/{self.ask('GET', f'/deployments/name/{flow}')['id']}/create_flow_run"
        key = str(uuid4())
        run = self.ask("POST", path, parameters=parameters, work_queue_name=work_queue, idempotency_key=key)
        return str(run["id"])

    def state(self, run: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/flow_runs/{run}")["state"])

    def ended(self, run: str) -> dict[str, Any]:
        """Wait for the end of a run and give its state."""
        return until(lambda: _terminal(self.state(run)), f"the end of run {run}", 1.0)

    def retry(self, run: str) -> dict[str, Any]:
        """Press Retry, as the dashboard does, and wait for the end."""
        state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}

        def pressed() -> bool:
            with suppress(httpx.HTTPError):
                address = f"{self.local.prefect_url}/api/flow_runs/{run}/set_state"
                self.prefect.http.post(address, json={"state": state, "force": True}, timeout=70).raise_for_status()
            return not _terminal(self.state(run))

        until(pressed, f"Retry of run {run}")
        return self.ended(run)

    def kill_flow(self, run: str, worker: int) -> None:
        """Kill the process of a run, which a worker of ours has started, and wait until its supervisors are gone."""
        pids = until(lambda: processes_of(run, worker), f"a process of run {run}")
        above = [each for pid in pids for each in _ancestors(pid, worker) if each not in pids]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(_parent(pid) for pid in above), f"the end of the supervisors of run {run}")

    def reported(self, run: str) -> None:
        """Wait until the worker has reported a crash too.

        It does so seconds after the supervisor of the process did, and takes a run for crashed that has been retried
        meanwhile; nobody's hand is that fast, but ours is.
        """

        def said() -> bool:
            logs = self.ask("POST", "/logs/filter", logs={"flow_run_id": {"any_": [run]}}, sort="TIMESTAMP_DESC")
            return any(log["name"].endswith(".worker") and "memory" in log["message"] for log in logs)

        with suppress(AssertionError):  # the server may have lost the line
            until(said, f"the worker's report on run {run}", 1.0, HAND_SECONDS)

    def kill_server(self) -> None:
        """Kill the Prefect server, and start it again on its port with its database."""
        _kill(self.local.processes.pop(0))
        self.local.start_server()
        self.local.wait_for_server()
        self.local.processes.insert(0, self.local.processes.pop())


@contextmanager
def stack(folder: Path, slots: int = SLOTS) -> Iterator[Stack]:
    """Start everything in a folder of its own; what was started ends with it."""
    made = Stack(Local(folder / "server"), [Slot(n, Local(folder / f"slot{n}")) for n in range(1, slots + 1)])
    try:
        made.start()
        yield made
    finally:
        made.stop()


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
    doubles = _doubles(slot)
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
        _kill(worker)
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
        if _terminal(state := stack.state(run)):
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
    parts = slot.world()["parts"]
    if parts.get("foas", {}).get("clusters") or parts.get("foasconsole", {}).get("workspaces"):
        result.found.append("it asks although the thing is there")
        return False
    answer = {"environment": slot.environment(case.mode), "intent": intent, "reason": "the account has none"}
    state = stack.ended(stack.run("resolve/resolve", answer))
    if state["type"] != "COMPLETED":
        result.found.append(f"resolve ends {state['name']}: {state['message']}")
    return True


def _doubles(slot: Slot) -> list[str]:
    """Name what exists, or was paid for, more than once."""
    parts = slot.world()["parts"]
    counts = {
        "clusters": len(parts.get("foas", {}).get("clusters", {})),
        "workspaces": len(parts.get("foasconsole", {}).get("workspaces", {})),
        "orders": len(parts.get("bssopenapi", {}).get("orders", {})),
        "VPCs": len(parts.get("vpc", {}).get("vpcs", {})),
    }
    return [f"{count} {what}" for what, count in counts.items() if count > 1]


def until(
    condition: Callable[[], Said | None], what: str, every_seconds: float = 0.3, seconds: float = PATIENCE_SECONDS
) -> Said:
    """Give what a condition says once it is true."""
    end = time.monotonic() + seconds
    while not (said := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        time.sleep(every_seconds)
    return said


def processes_of(run: str, worker: int) -> list[int]:
    """Give the processes that carry out a flow run, of those that a worker has started."""
    wanted = f"PREFECT__FLOW_RUN_ID={run}".encode()
    return [pid for pid in _descendants(worker) if wanted in _read(Path(f"/proc/{pid}/environ")).split(b"\0")]


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        if stat := _read(path):
            children.setdefault(int(stat.rpartition(b")")[2].split()[1]), []).append(int(path.parent.name))
    found, left = [], [pid]
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def _parent(pid: int) -> int:
    """Give the parent of a process; 0 when it has ended."""
    facts = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return int(facts[1]) if facts and facts[0] != b"Z" else 0


def _ancestors(pid: int, worker: int) -> list[int]:
    """Give the processes between a process and the worker that it descends from."""
    found: list[int] = []
    while (pid := _parent(pid)) not in (0, 1, worker):
        found.append(pid)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has ended meanwhile


def _kill(process: Any) -> None:
    process.kill()
    process.wait()


def _terminal(state: dict[str, Any]) -> dict[str, Any] | None:
    return state if state["type"] in TERMINAL else None


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
    rows: dict[tuple[str, str], Counter[str]] = {}
    for result in results:
        for key in ((result.case.mode, result.case.victim), ("both", "all")):
            rows.setdefault(key, Counter())[result.outcome] += 1
    lines = ["| Mode | Killed | Cases | " + " | ".join(word.capitalize() for word in OUTCOMES) + " |"]
    lines.append("|---|---|" + "---:|" * (len(OUTCOMES) + 1))
    for key in [*((mode, victim) for mode in SEEDS for victim in VICTIMS), ("both", "all")]:
        if key in rows:
            counts = [sum(rows[key].values()), *(rows[key][word] for word in OUTCOMES)]
            lines.append(f"| {key[0]} | {key[1]} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines)
