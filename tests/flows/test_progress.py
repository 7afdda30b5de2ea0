import re
from dataclasses import dataclass

import pytest
from prefect import flow

from alicloud.clock import Clock
from alicloud.errors import TimedOut
from alicloud.journal_record import What
from emulator import foasconsole
from flows.plan import plan
from flows.prepare import prepare
from tasks.progress import Look, Timing, wait_with_progress
from tests.flows.conftest import artifact
from tests.flows.test_lease import entries

pytestmark = pytest.mark.usefixtures("prefect_server")

TIMING = Timing(expected_seconds=1800, timeout_seconds=3600, poll_seconds=300)


class Hands:
    """A clock that is moved by waiting on it."""

    def __init__(self):
        self.at = 1_000_000.0
        self.clock = Clock(wall=lambda: self.at, wait=self.move)
        self.journal = None

    def move(self, seconds):
        self.at += seconds


@dataclass
class Waiting:
    """Somebody who waits for a cluster that is ready after `seconds`, and what is to be seen of it at each look."""

    seconds: float
    key: str

    def run(self):
        hands, shown = Hands(), []

        def look(_fresh_seconds):
            found = artifact(self.key)
            shown.append(float(found.data) if found else None)
            ready = hands.at >= 1_000_000 + self.seconds
            return Look(ready, "RUNNING" if ready else "STARTING", created_ms=1_000_000_000)

        @flow
        def waiting():
            wait_with_progress(
                hands, look, TIMING, self.key, "Cluster flink", lambda age: f"STARTING for {age:.0f} seconds"
            )

        return waiting(return_state=True), shown


@pytest.mark.requirement("R22")
def test_whoever_watches_sees_the_bar_move_to_its_end():
    state, shown = Waiting(1800, "moving-bar").run()

    assert state.is_completed()
    assert shown[0] is None
    assert shown[1:] == sorted(set(shown[1:]))  # at every look it has moved on
    assert len(shown) >= 4
    assert shown[-1] < 100
    assert float(artifact("moving-bar").data) == 100


@pytest.mark.requirement("R22")
def test_who_waits_too_long_gets_the_text_of_a_ticket():
    state, shown = Waiting(10_000, "stuck-bar").run()

    error = state.result(raise_on_failure=False)
    assert isinstance(error, TimedOut)
    assert "Cluster flink is still STARTING after 60 minutes." in str(error)
    assert "artifact ticket-stuck-bar" in error.remedy
    assert "STARTING for 3600 seconds" in artifact("ticket-stuck-bar").data
    assert max(shown[1:]) < 100


@pytest.mark.requirement("R22")
def test_the_next_creation_is_expected_to_last_as_long_as_the_last_one_did(make_trial):
    trial = make_trial("nothing", "managed", cluster={"expected_minutes": 39})
    assert trial.run(prepare).is_completed()
    trial.account.cloud.world.part(foasconsole.State).workspaces.clear()

    trial.run(plan)

    lasted = next(e for e in entries(trial) if e.what is What.LASTED)
    assert lasted.makes == f"workspace-{trial.environment.name}"
    told = artifact(f"plan-{trial.environment.name}").data
    assert int(re.search(r"Takes: about (\d+) minutes", told)[1]) < 39
