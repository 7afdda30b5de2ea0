"""orphans: what is paid for or left behind and in no environment, told and left as it is."""

import json

import pytest

from blocks.environment import Environment, as_block
from flows.orphans import orphans
from flows.prepare import prepare
from tests.flows.conftest import artifact
from tests.flows.running import document

pytestmark = pytest.mark.xdist_group("prefect")


def looked(trial, *environments):
    """Look for orphans, with these environments alone; gives the state, and the rows by what they are."""
    trial._since = trial.account.cloud.calls.last
    before = trial.account.world()
    state = orphans(trial.environment.credentials, "cn-hangzhou", list(environments), return_state=True)
    assert state.is_completed(), state.message
    assert trial.writes() == []
    assert trial.appends() == 0
    assert trial.account.world() == before
    return state.message, json.loads(artifact(f"orphans-{trial.environment.credentials}").data)


def stranger(name, mode="managed", **changes):
    """Save an environment that has nothing to do with the account."""
    facts = document(mode, name=name, **changes)
    facts["people"] = {"users": [{"name": f"{name}-user"}]}
    facts["network"]["vpc"]["name"] = facts["network"]["vswitches"][0]["name"] = f"{name}-net"
    facts["storage"]["bucket"] = f"{name}-bucket"
    facts["cluster"]["name"] = name.replace("-", "_") if mode == "exclusive" else name
    facts["projects"] = []
    as_block(Environment.model_validate(facts)).save(name, overwrite=True)
    return name


def kinds(rows):
    return sorted({row["What"] for row in rows})


@pytest.mark.requirement("R12", "R13")
def test_a_paid_order_without_a_cluster_is_the_red_number(make_trial):
    trial = make_trial("exclusive-order")

    message, rows = looked(trial, trial.environment.name)

    assert "1 paid orders without cluster" in message
    (row,) = rows
    assert (row["What"], row["Id"]) == ("Order", "blinkonecs_cn-order-0001")
    assert row["Cost"].startswith("paid until 20")


def test_an_environment_that_was_prepared_has_no_orphans(going_on):
    message, rows = looked(going_on, going_on.environment.name)

    assert rows == []
    assert "0 of no environment; 0 paid orders" in message


def test_everything_that_a_forgotten_environment_has_made_is_named(going_on):
    other = stranger("orphans-other")

    _message, rows = looked(going_on, other)

    named = {(row["What"], row["Name"]) for row in rows}
    assert {
        ("Cluster", "flink_exclusive"),
        ("VPC", "flink-vpc"),
        ("vSwitch", "flink-vswitch"),
        ("OSS bucket", "flink-exclusive-packages"),
        ("Role", "AliyunStreamDefaultRole"),
        ("Policy", "RealtimeCompute-flink-exclusive-group-flink-developers"),
        ("User", "alice"),
        ("Group", "flink-operators"),
    } <= named
    (vswitch,) = [row for row in rows if row["What"] == "vSwitch"]
    assert vswitch["Why"] == "made by environment flink-exclusive, and in none now; something runs in it"


@pytest.mark.requirement("R24")
def test_a_workspace_of_no_environment_is_told_with_its_price(make_trial):
    trial = make_trial("nothing", "managed")
    assert trial.run(prepare).is_completed()
    other = stranger("orphans-exclusive", "exclusive")

    _message, rows = looked(trial, other)

    (workspace,) = [row for row in rows if row["What"] == "Workspace"]
    assert workspace["Name"] == "flink-managed"
    assert workspace["Cost"].startswith("today ")
    assert "CNY an hour" in workspace["Cost"]


def test_what_nobody_of_ours_has_made_is_no_orphan(make_trial):
    trial = make_trial("everything")
    wanting = stranger("orphans-everything", cluster={"name": "flink-managed"})
    trial.account.sow({"vpc": {"vpcs": [{"name": "others", "cidr": "10.8.0.0/16"}]}})

    _message, rows = looked(trial, wanting)

    assert kinds(rows) == ["Cluster", "Role", "Workspace"]


def test_an_environment_that_cannot_be_read_is_not_taken_for_absent(make_trial):
    trial = make_trial("nothing")

    state = orphans(trial.environment.credentials, "cn-hangzhou", ["no-such-environment"], return_state=True)

    assert state.is_failed()
    assert "There is no Flink Environment block named no-such-environment." in state.message
    assert trial.calls() == []


def test_without_names_all_environments_of_the_server_count(going_on):
    state = orphans(going_on.environment.credentials, "cn-hangzhou", return_state=True)

    assert state.is_completed(), state.message
    assert "0 paid orders without cluster" in state.message
