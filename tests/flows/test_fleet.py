"""prepare-fleet and audit-fleet: many environments at once, each in a run of its own."""

import threading
from collections import Counter
from datetime import datetime, timedelta

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate
from prefect.client.schemas.filters import FlowRunFilter
from prefect.states import Cancelling

from benchmarks.fleet_world import account, member
from blocks.credentials import AlibabaCloudCredentials
from blocks.environment import Environment, FlinkEnvironment, as_block
from emulator import foas, foasconsole, oss_state
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from flows.audit_fleet import audit_fleet
from flows.prepare import prepare
from flows.prepare_fleet import prepare_fleet
from tasks.fleet import Fleet
from tasks.known_environments import documents
from tests.flows.conftest import artifact
from tests.flows.running import start_emulator

SLOW = 180.0
RUNNING = {"type": {"any_": ["RUNNING"]}}

pytestmark = pytest.mark.xdist_group("prefect")


@pytest.fixture
def fleet(make_trial):
    """Make environments of a mode in one account; gives their names and the trial of the first."""

    def make(mode, count, **changes):
        documents = [member(mode, number, vpcs=1) for number in range(1, count + 1)]
        for document in documents:
            document |= changes.get(document["name"], {})
            as_block(Environment.model_validate(document)).save(document["name"], overwrite=True)
        trial = make_trial(account(mode, count), documents[0], name="")
        return trial, [document["name"] for document in documents]

    return make


def run(trial, flow, **parameters):
    trial._since = trial.account.cloud.calls.last
    return flow(**parameters, return_state=True)


def children(state):
    """Give the flow runs of a fleet's run, by environment."""
    tagged = FlowRunFilter.model_validate({"tags": {"all_": [f"fleet-{str(state.state_details.flow_run_id)[:8]}"]}})
    with get_client(sync_client=True) as client:
        return {run.parameters["environment"]: run for run in client.read_flow_runs(flow_run_filter=tagged)}


def credentials(url):
    return AlibabaCloudCredentials(
        access_key_id=ACCESS_KEY_ID, access_key_secret=ACCESS_KEY_SECRET, endpoints={"*": url}, clock_speed=SLOW
    )


def slow(trial):
    """Let the cloud take its time: a minute of its is a third of a second of ours."""
    credentials(trial.account.url).save("fleet", overwrite=True)
    trial.account.control("POST", "clock", {"speed": SLOW})


def table(text):
    """Give the rows of the fleet's report: environment, then state, then what it needs."""
    rows = [line.split(" | ") for line in text.split("## ")[0].splitlines() if line.startswith("| fleet-")]
    return {row[0].removeprefix("| "): (row[3], row[6].removesuffix(" |").strip()) for row in rows}


@pytest.mark.parametrize("mode", ["exclusive", "managed"])
def test_a_fleet_is_prepared_each_environment_in_a_run_of_its_own_and_the_second_time_nothing_is_written(fleet, mode):
    trial, names = fleet(mode, 4)

    first = run(trial, prepare_fleet, environments=names, at_once=2)
    writes = Counter(trial.writes())
    second = run(trial, prepare_fleet, environments=names)
    reads = Counter(call["action"] for call in trial.calls())

    assert first.is_completed(), first.message
    assert writes["CreateCluster" if mode == "exclusive" else "CreateInstance"] == 4
    assert len(trial.part("vpc")["vpcs"]) == 1  # they share it: of two at once both ask with the same ClientToken
    assert second.is_completed(), second.message
    assert trial.writes() == []
    assert trial.appends() == 0
    assert reads["GetRole"] < 4  # the role is the account's: plans of one moment ask for it together
    assert reads["GetBucketInfo"] >= 4
    assert sorted(children(second)) == names
    assert {each.state.type for each in children(second).values()} == {"COMPLETED"}


def test_an_environment_that_cannot_be_prepared_holds_no_other(fleet):
    lost = {"credentials": "fleet-no-such-block"}
    trial, names = fleet("managed", 3, **{"fleet-managed-002": lost})

    state = run(trial, prepare_fleet, environments=[*names, "fleet-of-nobody"])

    assert state.is_failed()
    assert "2 of 4 environments went well" in state.message
    assert "fleet-managed-002: " in state.message
    assert "fleet-of-nobody: " in state.message
    rows = table(artifact("fleet-prepare").data)
    assert [rows[name][0] for name in names] == ["Completed", "Failed", "Completed"]
    assert "which does not exist" in rows["fleet-managed-002"][1]
    assert "no Flink Environment block" in rows["fleet-of-nobody"][1]
    assert rows["fleet-managed-001"][1] == ""
    assert Counter(trial.writes())["CreateInstance"] == 2


def test_one_look_a_tick_serves_all_clusters_that_are_being_made(fleet):
    documents = [member("managed", number) for number in range(1, 7)]
    changes = {each["name"]: {"cluster": each["cluster"] | {"expected_minutes": 60}} for each in documents}
    trial, names = fleet("managed", 6, **changes)  # expected so late that all ticks are the long ones
    slow(trial)

    state = run(trial, prepare_fleet, environments=names, at_once=6)

    assert state.is_completed(), state.message
    looks = [call for call in trial.calls() if call["action"] == "DescribeInstances"]
    shared = [datetime.fromisoformat(call["time"]) for call in looks if "InstanceName" not in call["parameters"]]
    ticks = (shared[-1] - shared[0]) / timedelta(seconds=0.9 * 20)
    assert 2 <= len(shared) <= ticks + 2


def test_the_report_says_how_near_the_calls_came_to_the_published_rates(fleet):
    trial, names = fleet("managed", 2)

    run(trial, prepare_fleet, environments=names)

    page = artifact("fleet-prepare").data
    assert "## Calls and published rates" in page
    (row,) = [line for line in page.splitlines() if line.startswith("| Ram | AttachPolicyToGroup |")]
    calls, throttled = row.split(" | ")[2:4]
    assert (int(calls), int(throttled)) == (Counter(trial.writes())["AttachPolicyToGroup"], 0)
    assert "of 10 in 1 s" in row


def test_an_approval_is_asked_for_one_environment_and_the_others_go_on(fleet):
    asks = member("managed", 2, approval="money")
    trial, names = fleet("managed", 2, **{"fleet-managed-002": asks})
    with get_client(sync_client=True) as client:
        deployment = client.create_deployment(client.create_flow(prepare), "prepare-member")

    state = run(trial, prepare_fleet, environments=names)
    child = children(state)["fleet-managed-002"]

    assert state.is_completed(), state.message
    assert "1 of them wait for an answer" in state.message
    assert child.state.name == "Suspended"
    assert child.deployment_id == deployment  # so a worker goes on with it
    assert Counter(trial.writes())["CreateInstance"] == 1


def test_a_run_that_an_operator_cancels_ends_and_the_others_go_on(fleet, monkeypatch):
    monkeypatch.setattr("tasks.fleet.CANCEL_SECONDS", 0.05)
    trial, names = fleet("managed", 2)
    named = FlowRunFilter.model_validate({"name": {"any_": ["prepare fleet-managed-001"]}, "state": RUNNING})

    def cancel(world, action, parameters):
        if action == "CreateInstance" and parameters["InstanceName"] == "fleet-001":
            with get_client(sync_client=True) as client:
                (child,) = client.read_flow_runs(flow_run_filter=named)
                client.set_flow_run_state(child.id, Cancelling())

    slow(trial)
    trial.meanwhile(cancel)

    state = run(trial, prepare_fleet, environments=names)

    assert children(state)["fleet-managed-001"].state.name == "Cancelled"
    assert children(state)["fleet-managed-002"].state.name == "Completed"
    assert table(artifact("fleet-prepare").data)["fleet-managed-001"][0] == "Cancelled"


def test_a_server_that_cannot_be_asked_for_a_moment_does_not_end_the_obeying(fleet, monkeypatch):
    monkeypatch.setattr("tasks.fleet.CANCEL_SECONDS", 0.05)
    trial, names = fleet("managed", 1)
    looks, really = [], Fleet._cancelled
    looked = threading.Event()

    def cancelled(self):
        looks.append(1)
        if len(looks) == 1:
            raise httpx.ConnectError("the server is restarted")
        looked.set()
        return list(self._running.values()) if ordered.is_set() else really(self)

    def order(world, action, parameters):
        if action == "CreateInstance":
            assert looked.wait(10)
            ordered.set()

    ordered = threading.Event()
    monkeypatch.setattr(Fleet, "_cancelled", cancelled)
    slow(trial)
    trial.meanwhile(order)

    state = run(trial, prepare_fleet, environments=names)

    assert children(state)["fleet-managed-001"].state.name == "Cancelled"


class Ended(BaseException):
    """As a signal ends a flow: Prefect's own for it would end the tests as well."""


def test_when_the_fleet_is_ended_no_other_begins_and_nothing_more_is_ordered(fleet, monkeypatch):
    trial, names = fleet("managed", 3)
    ordered = threading.Event()

    def end(_futures):
        assert ordered.wait(60)
        raise Ended

    monkeypatch.setattr("tasks.fleet.wait", end)
    slow(trial)
    trial.meanwhile(lambda world, action, parameters: ordered.set() if action == "CreateInstance" else None)

    with pytest.raises(Ended):
        run(trial, prepare_fleet, environments=names, at_once=1)

    assert Counter(trial.writes())["CreateInstance"] == 1
    members = {"name": {"any_": [f"prepare {name}" for name in names]}, "state": {"type": {"any_": ["CRASHED"]}}}
    with get_client(sync_client=True) as client:
        told = {
            each.state.message for each in client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(members))
        }
    assert any("Retry this run" in message for message in told)


@pytest.mark.parametrize("mode", ["exclusive", "managed"])
def test_an_environment_is_ready_when_what_was_made_before_is_running_and_not_sooner(fleet, mode):
    trial, names = fleet(mode, 1, **{f"fleet-{mode}-001": {"projects": [], "people": {}}})  # nothing else to write
    first = run(trial, prepare_fleet, environments=names)
    assert first.is_completed(), first.message
    slow(trial)
    world = trial.account.cloud.world
    if mode == "managed":
        (made,) = world.part(foasconsole.State).workspaces.values()
        made.phase, made.created_at, made.ready_at = "CREATING", world.now(), world.now() + 900
    else:
        (made,) = world.part(foas.State).clusters.values()
        made.phase, made.created_at, made.ready_at = "STARTING", world.now(), world.now() + 900

    state = run(trial, prepare_fleet, environments=names)

    assert state.is_completed(), state.message
    assert made.phase == "RUNNING"
    assert set(trial.writes()) <= {"CreatePolicyVersion"}  # which is opened and tightened again for who starts


def test_environments_of_two_accounts_whose_clusters_bear_one_name_do_not_wait_for_each_other(prefect_server):
    with start_emulator() as one, start_emulator() as two:
        names = []
        for number, running in enumerate((one, two)):
            running.reset("nothing", speed=SLOW)
            running.cloud.world.account_id = f"137677185440000{number}"
            names.append(f"of-account-{number}")
            document = member("managed", 1) | {"name": names[-1], "credentials": names[-1]}
            as_block(Environment.model_validate(document)).save(names[-1], overwrite=True)
            credentials(running.url).save(names[-1], overwrite=True)

        state = ended_within(120, lambda: prepare_fleet(names, at_once=1, return_state=True))

        assert state.is_completed(), state.message
        assert all(len(running.cloud.world.part(foasconsole.State).workspaces) == 1 for running in (one, two))


def test_who_waits_for_a_turn_makes_room_for_who_has_it(fleet):
    same = {"cluster": member("managed", 1)["cluster"]}
    trial, names = fleet("managed", 2, **{"fleet-managed-002": same})
    slow(trial)

    state = ended_within(120, lambda: run(trial, prepare_fleet, environments=names, at_once=1))

    assert Counter(trial.writes())["CreateInstance"] == 1
    assert {each.state.type for each in children(state).values()} <= {"COMPLETED", "FAILED"}


def ended_within(seconds, flow):
    """Run a flow that may stand still for ever."""
    ended = []
    thread = threading.Thread(target=lambda: ended.append(flow()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert ended, "it stands still"
    return ended[0]


def test_a_block_that_holds_no_document_fails_alone(fleet):
    _, names = fleet("managed", 1, **{"fleet-managed-001": {"tags": ["near-a-broken-one"]}})
    with get_client(sync_client=True) as client:
        (good,) = [each for each in client.read_block_documents_by_type("flink-environment") if each.name == names[0]]
        broken = BlockDocumentCreate(
            name="broken-one",
            data={"environment": "just text"},
            block_type_id=good.block_type_id,
            block_schema_id=good.block_schema_id,
        )
        made = client.create_block_document(broken)
    try:
        by_tag = audit_fleet(tag="no-such-tag", return_state=True)
        by_name = audit_fleet(["broken-one"], return_state=True)
    finally:
        with get_client(sync_client=True) as client:
            client.delete_block_document(made.id)

    assert "There is no environment with the tag" in by_tag.message
    assert "Environment block broken-one is impossible" in by_name.message


@pytest.mark.parametrize(
    ("names", "tag", "told"),
    [
        (["one"], "two", "Both environments and a tag are given"),
        ([], "no-such-tag", "There is no environment with the tag no-such-tag"),
    ],
)
def test_a_fleet_of_nobody_is_refused(prefect_server, names, tag, told):
    state = prepare_fleet(names, tag, return_state=True)

    assert state.is_failed()
    assert told in state.message


def test_all_environments_are_known_however_many_there_are(prefect_server):
    block = as_block(Environment.model_validate(member("managed", 1)))
    for number in range(101):
        block.save(f"many-{number:03}", overwrite=True)

    known = documents()

    assert {name for name in known if name.startswith("many-")} == {f"many-{number:03}" for number in range(101)}
    for number in range(101):
        FlinkEnvironment.delete(f"many-{number:03}")


def test_a_tag_chooses_and_an_audit_of_a_fleet_names_those_that_have_drifted(fleet):
    trial, names = fleet("managed", 2, **{"fleet-managed-001": {"tags": ["audited"]}})
    run(trial, prepare_fleet, environments=names)
    bucket = trial.account.cloud.world.part(oss_state.State).buckets["fleet-managed-001"]
    bucket.acl = "public-read"

    state = run(trial, audit_fleet, tag="audited")

    assert sorted(children(state)) == ["fleet-managed-001"]
    assert table(artifact("fleet-audit").data)["fleet-managed-001"][0] == "Drifted"
    assert trial.writes() == []
