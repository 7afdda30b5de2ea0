"""What only a person can do: the run says it, waits, and goes on once the cloud shows that it is done."""

import threading

import pytest

from flows.authorize import authorize
from flows.plan import plan
from flows.prepare import prepare
from tests.flows.conftest import artifact

ORDER = {"foas": {"orders": [{"region": "cn-hangzhou", "instance_id": "blinkonecs_1"}]}}
PATIENT = {"manual_minutes": 3}


@pytest.mark.requirement("R12", "R14")
def test_a_run_goes_on_by_itself_once_the_order_is_there(make_trial, hear):
    trial, states = make_trial("nothing", safety=PATIENT), []
    told = hear("There is no order of exclusive mode")
    run = threading.Thread(target=lambda: states.append(trial.run(prepare)), daemon=True)
    run.start()
    assert told.wait(60)
    written_before = trial.account.writes()

    trial.account.sow(ORDER)
    run.join(90)

    assert written_before == []
    assert states[0].is_completed(), states[0].message
    assert trial.writes().count("CreateCluster") == 1
    todo = artifact(f"todo-{trial.environment.name}").data
    assert "To do by a person" in todo
    assert "<https://" in todo


def test_what_nobody_does_in_time_fails_the_run_with_the_same_words_as_the_plan(make_trial):
    trial = make_trial("nothing", safety={"manual_minutes": 0.02})

    state = trial.run(prepare)

    assert state.is_failed()
    assert state.message == trial.run(plan).message
    assert trial.writes() == []


def test_a_run_that_may_not_wait_fails_at_once(make_trial):
    trial = make_trial("nothing", safety={"manual_minutes": 0})

    state = trial.run(prepare)

    assert state.is_failed()
    assert artifact(f"todo-{trial.environment.name}") is None


def test_what_no_person_can_do_in_the_console_is_not_waited_for(make_trial):
    trial = make_trial("nothing", safety=PATIENT, network={"zone": "cn-hangzhou-nowhere"})

    state = trial.run(prepare)

    assert state.is_failed()
    assert "2 things stand in the way" in state.message
    assert artifact(f"todo-{trial.environment.name}") is None


def test_while_a_run_waits_for_a_person_another_may_work(make_trial, hear):
    trial, states = make_trial("nothing", safety=PATIENT), []
    told = hear("There is no order of exclusive mode")
    run = threading.Thread(target=lambda: states.append(trial.run(prepare)), daemon=True)
    run.start()
    assert told.wait(60)

    other = authorize(trial.environment.name, return_state=True)

    assert other.is_completed(), other.message
    assert "CreateUser" in trial.account.writes()
    trial.account.sow(ORDER)
    run.join(90)
    assert states[0].is_completed(), states[0].message
