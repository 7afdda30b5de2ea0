"""Two workers on two Prefect servers: no turn keeps their runs apart, only the lease in the environment's journal."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest

from flows.prepare import prepare
from tasks import opening
from tests.flows.rights import only

WORKERS = 2
CASES = [("exclusive", "exclusive-order", "CreateCluster"), ("managed", "nothing", "CreateInstance")]


class Meeting(logging.Handler):
    """Holds whoever has made the VPC until another run says that it waits."""

    def __init__(self):
        super().__init__()
        self.waiting, self.said = threading.Event(), []

    def handle(self, record):  # without a handler's lock, which the run that is held would keep from the other
        if record.getMessage().startswith("Waiting for run "):
            self.said.append(record.getMessage())
            self.waiting.set()
        if getattr(record, "cloud_action", "") == "CreateVpc":
            assert self.waiting.wait(60)


@pytest.fixture
def meeting(monkeypatch):
    """Take out the turn, which one server gives, and let the runs meet."""
    monkeypatch.setattr(opening, "Turn", lambda *_: nullcontext())
    runs, calls, handler = (
        logging.getLogger("prefect.flow_runs"),
        logging.getLogger("realtime_compute.calls"),
        Meeting(),
    )
    level = calls.level
    calls.setLevel(logging.INFO)
    for log in (runs, calls):
        log.addHandler(handler)
    yield handler
    calls.setLevel(level)
    for log in (runs, calls):
        log.removeHandler(handler)


@pytest.mark.parametrize(("mode", "seed", "paid"), CASES)
def test_of_two_flows_on_one_environment_one_works_and_the_other_waits_naming_it(make_trial, meeting, mode, seed, paid):
    trial = make_trial(seed, mode)
    start = threading.Barrier(WORKERS)

    def run(_number):
        start.wait(60)
        return prepare(trial.environment.name, return_state=True)

    with ThreadPoolExecutor(WORKERS) as pool:
        states = list(pool.map(run, range(WORKERS)))

    assert [state.message for state in states if not state.is_completed()] == []
    assert trial.writes().count(paid) == 1
    assert only(trial.part("vpc")["vpcs"])
    assert meeting.said
    assert all(f", which works on {trial.environment.name}." in line for line in meeting.said)

    again = trial.run(prepare)

    assert again.is_completed()
    assert trial.writes() == []
