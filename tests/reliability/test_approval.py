"""Runs that wait for a person, on a real Prefect server: the worker is killed while they wait, another one goes on."""

import os
from dataclasses import dataclass

import httpx
import pytest
import yaml
from oss2 import Auth, Bucket

from alicloud.journal import journal_key
from deployments.demo import EMULATOR_KEY
from deployments.local import Local
from deployments.register import WORK_POOL
from tests.reliability.stacks import Slot, Stack, kill, processes_of, terminal, until

pytestmark = pytest.mark.skipif(
    "APPROVAL_STACK" not in os.environ,
    reason="wants a machine to itself: make test-approval; tests/dashboard approves, refuses and waits in every run",
)
SLOTS = {"approved": 60.0, "refused": 60.0, "moved": 60.0, "unanswered": 0.1}  # and how many minutes they wait
MALFORMED = [
    None,
    {},
    {"run_input": {}},
    {"run_input": {"decision": "approve"}},
    {"run_input": {"decision": "approve", "name": "Ann", "reason": " "}},
    {"run_input": {"decision": "approve", "name": "", "reason": "cheap"}},
    {"run_input": {"decision": "yes", "name": "Ann", "reason": "cheap"}},
    {"run_input": {"decision": "approve", "name": "Ann", "reason": "cheap", "digest": "0"}},
    {"run_input": {"decision": "approve", "name": "Ann", "reason": "x" * 501}},
]


@dataclass
class Asking(Slot):
    """An account whose managed environment asks before it spends money."""

    minutes: float = 60.0

    def documents(self):
        path = super().documents()[1]
        facts = yaml.safe_load(path.read_text("utf-8"))
        facts["safety"] |= {"approval": "money", "approval_minutes": self.minutes}
        path.write_text(yaml.safe_dump(facts), "utf-8")
        return [path]

    def writes(self):
        return [call["action"] for call in self.calls(writes="true")]


@dataclass
class Scene:
    """The runs, one to a slot, and what was seen on the way."""

    stack: Stack
    slots: dict
    runs: dict
    seen: dict

    def state(self, name):
        return self.stack.state(self.runs[name])

    def waiting(self, name, after=""):
        """Wait until a run waits for an answer to another form than the one before; give the key of its form."""

        def asked():
            state = self.state(name)
            assert not terminal(state), state["message"]
            key = state["state_details"]["pause_key"] if state["type"] == "PAUSED" else None
            return key if key != after else None

        return until(asked, f"the form of {name}")

    def answer(self, name, body):
        """Send a form, as the dashboard does, and give what the server said to it."""
        address = f"{self.stack.local.prefect_url}/api/flow_runs/{self.runs[name]}/resume"
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.post(address, json=body).json().get("status")

    def decide(self, name, decision, reason):
        return self.answer(name, {"run_input": {"decision": decision, "name": "Ann", "reason": reason}})

    def input(self, name, kind):
        key = self.state(name)["state_details"]["run_input_keyset"][kind]
        return self.stack.ask("GET", f"/flow_runs/{self.runs[name]}/input/{key}")

    def journal(self, name):
        slot = self.slots[name]
        auth = Auth(EMULATOR_KEY["ALIBABA_CLOUD_ACCESS_KEY_ID"], EMULATOR_KEY["ALIBABA_CLOUD_ACCESS_KEY_SECRET"])
        bucket = Bucket(auth, slot.local.emulator_url, "flink-managed-storage", is_path_style=True)
        return bucket.get_object(journal_key(slot.environment("managed"))).read().decode()


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("approval")
    slots = {
        name: Asking(number, Local(folder / name), minutes=minutes)
        for number, (name, minutes) in enumerate(SLOTS.items(), 1)
    }
    stack = Stack(Local(folder / "server"), list(slots.values()))
    try:
        stack.start()
        yield _played(Scene(stack, slots, {}, {}))
    finally:
        stack.stop()


def _played(scene):
    for name, slot in scene.slots.items():
        scene.runs[name] = scene.stack.run("prepare/prepare", {"environment": slot.environment("managed")})
    scene.seen["keys"] = {name: scene.waiting(name) for name in ("approved", "refused", "moved")}
    until(lambda: scene.state("unanswered")["type"] in ("PAUSED", "FAILED"), "the run that nobody answers")
    scene.seen["description"] = scene.input("approved", "description")
    scene.seen["writes while waiting"] = {name: slot.writes() for name, slot in scene.slots.items()}
    _die(scene)
    scene.seen["malformed"] = [scene.answer("approved", body) for body in MALFORMED]
    scene.seen["still waiting"] = scene.state("approved")["name"]
    scene.slots["moved"].control("POST", "seed", {"ram": {"users": [{"name": "carol"}]}})
    said = [scene.decide("moved", "approve", "what I saw"), scene.decide("approved", "approve", "for the *audit*")]
    scene.seen["said"] = [*said, scene.decide("refused", "refuse", "too dear")]
    scene.seen["asked again"] = scene.waiting("moved", after=scene.seen["keys"]["moved"])
    for name in ("approved", "refused", "unanswered"):
        scene.seen[name] = scene.stack.ended(scene.runs[name])
    return scene


def _flows(scene, worker):
    return [pid for run in scene.runs.values() for pid in processes_of(run, worker)]


def _die(scene):
    """Kill the worker and start another one.

    By then no process of the runs is left to kill: what waits is not in memory.
    """
    worker = scene.stack.local.processes.pop()
    until(lambda: not _flows(scene, worker.pid), "the end of the processes of runs that wait", seconds=30)
    scene.seen["turns"] = scene.stack.ask("POST", "/v2/concurrency_limits/filter", limit=50)
    kill(worker)
    scene.stack.local.start_worker(WORK_POOL, "default")


def test_a_run_that_waits_has_written_nothing_and_holds_neither_turn_nor_process(scene):
    assert scene.seen["writes while waiting"] == {name: [] for name in SLOTS}
    assert {turn["name"]: turn["active_slots"] for turn in scene.seen["turns"] if turn["active_slots"]} == {}
    assert len(scene.seen["turns"]) >= len(SLOTS)


def test_the_form_shows_digest_price_and_where_the_plan_is(scene):
    digest = scene.seen["keys"]["approved"].split("-")[1]

    assert digest in scene.seen["description"]
    assert "CNY an hour" in scene.seen["description"]
    assert f"plan-{scene.slots['approved'].environment('managed')}" in scene.seen["description"]


def test_an_empty_or_malformed_answer_leaves_the_run_waiting(scene):
    assert scene.seen["malformed"] == ["REJECT"] * len(MALFORMED)
    assert scene.seen["still waiting"] == "Suspended"


def test_an_approved_run_goes_on_with_another_worker_and_orders_once(scene):
    assert scene.seen["said"] == ["ACCEPT"] * 3
    assert scene.seen["approved"]["type"] == "COMPLETED", scene.seen["approved"]["message"]
    assert scene.slots["approved"].writes().count("CreateInstance") == 1


def test_report_and_journal_say_who_approved_when_and_why(scene):
    environment = scene.slots["approved"].environment("managed")
    digest = scene.seen["keys"]["approved"].split("-")[1]

    report = scene.stack.prefect.artifact(f"report-{environment}")["data"]
    lines = scene.journal("approved").splitlines()

    assert f"| {digest} | approve | Ann | 2" in report
    assert r"for the \*audit\*" in report
    (place,) = [place for place, line in enumerate(lines) if '"approved"' in line]
    assert all(word in lines[place] for word in ('"Ann"', "for the *audit*", digest))
    assert place < next(place for place, line in enumerate(lines) if '"CreateInstance"' in line)


def test_a_refused_run_fails_in_the_operator_s_words_and_writes_nothing(scene):
    assert scene.seen["refused"]["type"] == "FAILED"
    assert "Refused by Ann: too dear" in scene.seen["refused"]["message"]
    assert scene.slots["refused"].writes() == []


def test_an_approval_of_a_plan_that_has_changed_asks_again(scene):
    first, second = scene.seen["keys"]["moved"], scene.seen["asked again"]

    assert first.split("-")[1] != second.split("-")[1]
    assert scene.slots["moved"].writes() == []
    assert scene.state("moved")["name"] == "Suspended"


def test_a_run_that_nobody_answers_fails_clearly_and_writes_nothing(scene):
    state = scene.state("unanswered")

    assert state["type"] == "FAILED"
    # The automation says it in our words; a busy server on SQLite loses its event now and then, and Prefect's stay.
    assert any(words in state["message"] for words in ("Nobody approved the plan in time", "paused and never resumed"))
    assert scene.slots["unanswered"].writes() == []
