from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
import yaml
from prefect.events.schemas.automations import Automation, Posture
from prefect.exceptions import ObjectNotFound

from alicloud.errors import Misconfigured
from deployments.automations import (
    DEAD_AFTER,
    DOCUMENT,
    HEARTBEAT_SECONDS,
    NOTIFY,
    WAITING,
    ensure_automations,
    messages,
    wanted,
)
from deployments.local import Local
from tasks.approval import ASKED
from tests.deployments.test_prefect_yaml import DEPLOYMENTS

BLOCK = uuid4()
NAME = "realtime-compute-dead-runs"
NAMES = [NAME, "realtime-compute-unanswered"]


class Server:
    """What a Prefect server remembers of automations, and how often it was told."""

    def __init__(self):
        self.automations, self.writes = {}, 0

    def read_automations_by_name(self, name):
        return [each for each in self.automations.values() if each.name == name]

    def read_block_document_by_name(self, name, slug):
        if (slug, name) != ("slack-webhook", "ops"):
            raise ObjectNotFound(Exception())
        return SimpleNamespace(id=BLOCK)

    def create_automation(self, automation):
        self._keep(uuid4(), automation)

    def update_automation(self, key, automation):
        self._keep(key, automation)

    def _keep(self, key, automation):
        self.writes += 1
        self.automations[key] = Automation.model_validate({**automation.model_dump(mode="json"), "id": key})


def test_a_second_set_up_changes_nothing():
    server = Server()

    first = ensure_automations(server, {})
    second = ensure_automations(server, {})

    assert (first, second) == (NAMES, [])
    assert (len(server.automations), server.writes) == (2, 2)


def test_another_time_changes_the_automation_that_is_there():
    server = Server()
    ensure_automations(server, {})

    changed = ensure_automations(server, {DEAD_AFTER: "300"})

    (automation,) = server.read_automations_by_name(NAME)
    assert changed == [NAME]
    assert automation.trigger.within == timedelta(seconds=300)


def test_what_an_operator_has_switched_off_stays_off():
    server = Server()
    ensure_automations(server, {})
    key = next(key for key, each in server.automations.items() if each.name == NAME)
    server.automations[key].enabled = False

    unchanged = ensure_automations(server, {})
    changed = ensure_automations(server, {DEAD_AFTER: "300"})

    assert (unchanged, changed) == ([], [NAME])
    assert server.automations[key].enabled is False


def test_silence_makes_a_run_crashed_and_says_what_to_do():
    automation = next(each for each in wanted({}) if each.name == NAME)

    trigger, (action,) = automation.trigger, automation.actions
    assert trigger.posture is Posture.Proactive
    assert trigger.after == {"prefect.flow-run.heartbeat"}
    assert "prefect.flow-run.heartbeat" in trigger.expect
    assert trigger.for_each == {"prefect.resource.id"}
    assert (action.type, action.state.value, action.force) == ("change-flow-run-state", "CRASHED", False)
    assert "Retry this run" in action.message


def test_only_runs_of_our_own_deployments_are_watched():
    related = [automation.trigger.match_related for automation in wanted({})]

    assert [each["prefect.resource.id"] for each in related] == [["prefect.tag.realtime-compute"]] * len(NAMES)
    assert all("realtime-compute" in deployment["tags"] for deployment in DEPLOYMENTS)


def test_two_heartbeats_may_be_lost_before_a_run_counts_as_dead(tmp_path):
    automation = next(each for each in wanted({}) if each.name == NAME)

    assert automation.trigger.within >= timedelta(seconds=3 * HEARTBEAT_SECONDS)
    assert Local(tmp_path).environment()["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == str(HEARTBEAT_SECONDS)


@pytest.mark.parametrize("text", ["30", "0", "-90", "1.5", "soon", "99999999"])
def test_an_impossible_time_is_refused(text):
    with pytest.raises(Misconfigured, match=DEAD_AFTER) as refused:
        ensure_automations(Server(), {DEAD_AFTER: text})

    assert "such as 90" in refused.value.remedy


def test_the_document_is_what_prefect_s_own_command_takes():
    document = yaml.safe_load(DOCUMENT.read_text("utf-8"))

    assert set(document) == {"automations"}
    assert [each["name"] for each in document["automations"]] == NAMES


def test_messages_go_to_the_block_that_the_operator_names():
    server = Server()

    first = ensure_automations(server, {NOTIFY: "slack-webhook/ops"})
    second = ensure_automations(server, {NOTIFY: "slack-webhook/ops"})

    assert first == NAMES + [f"realtime-compute-{what}" for what in ("failed", "waiting", "stuck", "drift")]
    assert second == []
    actions = [action for each in server.automations.values() for action in each.actions if each.name not in NAMES]
    assert {action.block_document_id for action in actions} == {BLOCK}


@pytest.mark.parametrize("name", ["slack-webhook/nobody", "ops", "/", "a/b/c"])
def test_a_block_that_is_not_there_is_told(name):
    with pytest.raises(Misconfigured, match="which does not exist"):
        ensure_automations(Server(), {NOTIFY: name})


def test_how_long_a_run_may_wait_for_a_person_is_the_operator_s_choice():
    default, chosen = ({each.name: each for each in messages(facts, BLOCK)} for facts in ({}, {WAITING: "600"}))

    assert default["realtime-compute-waiting"].trigger.within == timedelta(minutes=30)
    assert chosen["realtime-compute-waiting"].trigger.within == timedelta(minutes=10)
    assert chosen["realtime-compute-failed"] == default["realtime-compute-failed"]


def test_a_run_that_nobody_answered_says_so_and_a_run_that_waits_is_not_dead():
    dead, unanswered = wanted({})

    assert {"prefect.flow-run.Suspended", ASKED} <= dead.trigger.expect
    assert unanswered.trigger.expect == {"prefect.flow-run.Failed"}
    (action,) = unanswered.actions
    assert (action.state.value, action.force) == ("FAILED", True)
    assert action.message not in unanswered.trigger.match["prefect.state-message"]  # else it would go on for ever


def test_a_run_that_ended_as_drifted_is_not_taken_for_dead():
    dead = next(each for each in yaml.safe_load(DOCUMENT.read_text("utf-8"))["automations"] if each["name"] == NAME)

    assert "prefect.flow-run.Drifted" in dead["trigger"]["expect"]
