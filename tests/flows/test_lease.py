import logging
import re
import threading

import pytest

from alicloud.journal import Journal
from alicloud.journal_record import What
from blocks.environment import Environment
from flows.authorize import authorize
from flows.check import check
from flows.create_cluster import create_cluster
from flows.prepare import prepare
from flows.resolve import resolve
from tests.flows.conftest import artifact

INTENT = re.compile(r"deployment `resolve` with intent ([0-9a-f]{12})")


def journal_of(trial, run="other", seconds=60.0):
    return Journal(trial.session(), trial.environment.storage.bucket, trial.environment.name, run, "run other", seconds)


def entries(trial):
    return journal_of(trial).read().entries


def say_not_made(trial, intent, reason="the console shows no order"):
    return resolve(trial.environment.name, intent, reason, return_state=True)


def test_every_write_stands_in_the_journal_with_intent_and_outcome_between_lease_and_release(prepared, going_on):
    record = journal_of(going_on).read()

    written = record.entries

    intents = {entry.id: entry for entry in written if entry.what is What.INTENT}
    ends = {entry.intent: entry for entry in written if entry.what is What.ANSWERED}
    writes = [call for call in prepared.calls if call["write"] and call["action"] != "AppendObject"]
    assert set(ends) == set(intents)
    assert sorted((intents[e.intent].action, e.request_id) for e in ends.values()) == sorted(
        (call["action"], call["request_id"]) for call in writes
    )
    assert written[-1].what is What.RELEASED
    assert record.open() == []
    assert next(entry.who for entry in written if entry.what is What.LEASE).startswith("run prepare flink-exclusive (")


def test_a_run_with_nothing_to_write_takes_no_lease(going_on):
    state = going_on.run(prepare)

    assert state.is_completed()
    assert going_on.appends() == 0


@pytest.mark.requirement("R24")
def test_an_order_that_got_lost_is_asked_for_and_sent_again_only_when_a_person_is_certain(make_trial):
    trial = make_trial("nothing", "managed")
    trial.account.fault("drop-before", "CreateInstance")

    lost = trial.run(prepare)
    facts = trial.environment.model_dump(mode="json")
    facts["people"]["users"].append({"name": "erin"})  # so that there is something to write before the order
    trial.environment = Environment.model_validate(facts)
    trial.save()
    again = trial.run(prepare)
    writes_of_the_second = trial.writes()
    (intent,) = INTENT.findall(again.message)
    said = say_not_made(trial, intent)
    third = trial.run(prepare)

    assert lost.is_failed() and f"with intent {intent}" in lost.message
    assert again.is_failed() and writes_of_the_second == []
    assert "It is not sent again." in again.message
    assert said.is_completed(), said.message
    assert said.message.startswith("CreateInstance counts as not made; start the failed run again")
    assert third.is_completed(), third.message
    assert len(trial.account.calls("CreateInstance")) == 2
    assert len(trial.part("foasconsole")["workspaces"]) == 1
    resolved = [entry for entry in entries(trial) if entry.what is What.RESOLVED]
    assert [(entry.intent, entry.reason) for entry in resolved] == [(intent, "the console shows no order")]


@pytest.mark.requirement("R24")
def test_an_order_that_shows_late_is_adopted_though_its_run_has_given_up(make_trial):
    trial = make_trial("nothing", "managed")
    trial.account.sow({"foasconsole": {"visible_after": 500_000}})
    trial.account.fault("drop-after", "CreateInstance")

    lost = trial.run(prepare)
    trial.account.advance(500_000)
    again = trial.run(prepare)

    assert lost.is_failed() and INTENT.search(lost.message)
    assert again.is_completed(), again.message
    assert len(trial.account.calls("CreateInstance")) == 1
    assert [entry.what for entry in entries(trial) if entry.what in (What.LOST, What.SEEN)].count(What.LOST) == 1
    assert journal_of(trial).read().open() == []


def test_an_order_that_is_open_is_told_by_every_flow_that_would_send_it(make_trial):
    trial = make_trial("nothing", "managed")
    trial.account.fault("error", "CreateInstance")
    trial.run(prepare)

    states = [trial.run(flow) for flow in (create_cluster, prepare)]

    assert all(INTENT.search(state.message) for state in states)
    assert len(trial.account.calls("CreateInstance")) == 1
    assert "not ready" in artifact(f"report-{trial.environment.name}").data


@pytest.mark.parametrize(
    ("intent", "reason", "told"),
    [
        ("0123456789ab", "it is not there", "No intent 0123456789ab is open in the journal of trial-"),
        ("0123456789ab", "  ", "No reason was given."),
        ("x" * 5_000, "it is not there", "is open in the journal of trial-"),
    ],
)
def test_what_is_not_open_cannot_be_resolved(make_trial, intent, reason, told):
    trial = make_trial("exclusive-order")
    trial.run(authorize)

    state = say_not_made(trial, intent, reason)

    assert state.is_failed()
    assert told in state.message
    assert len(state.message) < 1_000


@pytest.fixture
def heard():
    """Set when a run says that it waits for another."""
    event, log = threading.Event(), logging.getLogger("prefect.flow_runs")

    class Ear(logging.Handler):
        def emit(self, record):
            if "Waiting for run other, which works on" in record.getMessage():
                event.set()

    ear = Ear()
    log.addHandler(ear)
    yield event
    log.removeHandler(ear)


def test_a_run_waits_for_one_that_another_server_started_and_then_does_what_is_left(make_trial, heard):
    trial, states = make_trial("exclusive-order"), []
    trial.run(authorize)
    other = journal_of(trial, seconds=4.0)
    other.read()
    assert other.take()
    trial.environment = trial.environment.model_copy(
        update={"safety": trial.environment.safety.model_copy(update={"lease_seconds": 4})}
    )
    trial.save()
    second = threading.Thread(target=lambda: states.append(trial.run(prepare)))

    second.start()
    assert heard.wait(30)
    meanwhile = trial.writes()
    other.release()
    second.join(60)

    assert meanwhile == []
    assert states[0].is_completed(), states[0].message


def test_a_run_that_only_looks_does_not_wait_for_another(make_trial):
    trial = make_trial("exclusive-order")
    trial.run(authorize)
    other = journal_of(trial)
    other.read()
    other.take()

    state = trial.run(check)
    other.release()

    assert state.is_completed(), state.message
    assert trial.appends() <= 1  # the release, by hand
