"""Two workers on two Prefect servers: no turn keeps their runs apart, only the lease in the environment's journal."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest

from flows.prepare import prepare
from tasks import opening
from tests.flows.rights import only

pytestmark = pytest.mark.xdist_group("prefect")

WORKERS = 2


@pytest.fixture
def told(monkeypatch):
    """Take the turn out, which one server gives, and collect what flow runs log."""
    monkeypatch.setattr(opening, "turn", lambda _environment: nullcontext())
    log, lines, handler = logging.getLogger("prefect.flow_runs"), [], logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    log.addHandler(handler)
    yield lines
    log.removeHandler(handler)


@pytest.mark.parametrize(
    ("mode", "seed", "paid"),
    [("exclusive", "exclusive-order", "CreateCluster"), ("managed", "nothing", "CreateInstance")],
)
def test_of_two_flows_on_one_environment_one_works_and_the_other_waits_naming_it(make_trial, told, mode, seed, paid):
    trial = make_trial(seed, mode)
    trial.account.fault("delay", "CreateVSwitch", seconds=4)  # so that they meet
    start = threading.Barrier(WORKERS)

    def run(_number):
        start.wait(60)
        return prepare(trial.environment.name, return_state=True)

    with ThreadPoolExecutor(WORKERS) as pool:
        states = list(pool.map(run, range(WORKERS)))

    assert [state.message for state in states if not state.is_completed()] == []
    assert trial.writes().count(paid) == 1
    assert only(trial.part("vpc")["vpcs"])
    waiting = [line for line in told if line.startswith("Waiting for run ")]
    assert all(f"which works on {trial.environment.name}." in line for line in waiting)
    assert waiting
    assert sum("zero writes" in state.message for state in states) <= 1

    again = trial.run(prepare)

    assert again.is_completed()
    assert trial.writes() == []
