"""The flow teardown, with Prefect: the confirmation, the dry run, the artifact, the report."""

import copy
import re

import pytest

from alicloud.errors import Misconfigured
from emulator import ram
from flows.prepare import prepare
from flows.teardown import teardown
from tests.flows.conftest import FOLDER, artifact

pytestmark = pytest.mark.xdist_group("prefect")


@pytest.fixture(scope="module")
def worlds():
    return {}


@pytest.fixture
def managed(make_trial, worlds):
    """An account with the managed environment that `prepare` made in it."""
    if not worlds:
        first = make_trial("nothing", "managed", name="")
        state = first.run(prepare)
        assert state.is_completed(), state.message
        worlds["managed"] = copy.deepcopy(first.account.cloud.world)
    return make_trial(worlds["managed"], "managed", name="")


def told(trial):
    return artifact(f"teardown-{trial.environment.name}").data


def test_without_a_confirmation_nothing_is_written_and_everything_is_told(managed):
    before = managed.account.world()

    state = managed.run(teardown)

    assert state.is_completed()
    assert re.match(r"Dry run: \d+ to be deleted, \d+ held back; see artifact ", state.message)
    assert (managed.writes(), managed.appends()) == ([], 0)
    assert managed.account.world() == before
    assert "| `-` | Workspace flink-managed | release workspace flink-managed" in told(managed)
    assert "Nothing was written." in told(managed)


@pytest.mark.parametrize("typed", ["flink-manage", "Flink-managed", " flink-managed", "yes", "flink-managed\n"])
def test_a_confirmation_with_a_typing_error_is_refused_before_the_cloud_is_asked_anything(managed, typed):
    state = managed.run(teardown, confirm=typed)

    assert state.is_failed()
    with pytest.raises(Misconfigured, match="is not the name of the environment"):
        state.result()
    assert managed.calls() == []


def test_with_the_name_typed_it_is_deleted_and_a_second_run_writes_nothing(managed):
    state = managed.run(teardown, confirm="flink-managed")

    assert state.is_completed(), state.message
    assert managed.part("foasconsole")["workspaces"] == {}
    assert managed.part("ram")["users"] == managed.part("ram")["roles"] == {}
    assert "| `=` | OSS bucket flink-managed-storage | it keeps the journal" in told(managed)

    again = managed.run(teardown, confirm="flink-managed")

    assert again.is_completed(), again.message
    assert "zero writes" in again.message
    assert (managed.writes(), managed.appends()) == ([], 0)

    last = managed.run(teardown, confirm="flink-managed", bucket=True)

    assert last.is_completed(), last.message
    assert managed.part("oss_state")["buckets"] == {}


def test_a_failure_is_named_and_the_rest_is_carried_out(managed):
    managed.account.fault("error", "DeleteUser", times=99, status=403, code="NoPermission")

    state = managed.run(teardown, confirm="flink-managed")

    assert state.is_failed()
    assert "Removal of RAM user carol: NoPermission on DeleteUser" in state.message
    assert managed.part("foasconsole")["workspaces"] == {}
    assert "| `!` | Removal of RAM user carol | NoPermission on DeleteUser" in told(managed)


def test_what_was_there_before_and_what_somebody_uses_stays(managed):
    users = managed.account.cloud.world.part(ram.State).users
    users["dave"].mfa_device = "acs:ram::1376771854400000:mfa/dave"

    state = managed.run(teardown, confirm="flink-managed")

    assert state.is_completed(), state.message
    assert list(managed.part("ram")["users"]) == ["dave"]
    assert "| `=` | RAM user dave | its owner has bound a second factor" in told(managed)


@pytest.mark.requirement("R12")
def test_an_exclusive_cluster_is_told_as_billed_with_the_day_it_ends(going_on):
    state = going_on.run(teardown, confirm="flink-exclusive", bucket=True)

    assert state.is_completed(), state.message
    assert "| `$` | Cluster flink\\_exclusive | a subscription cannot be destroyed by API: it stays billed" in told(
        going_on
    )
    assert "DestroyCluster" not in going_on.writes()
    assert going_on.part("foas")["projects"] == {}
    assert len(going_on.part("ecs")["interfaces"]) == 6


def test_an_approval_is_asked_for_where_the_environment_wants_it_of_danger(make_trial, worlds, managed):
    trial = make_trial(worlds["managed"], "managed", name="", safety={"may_order": True, "approval": "money"})

    state = trial.run(teardown, confirm="flink-managed")

    assert state.is_failed()
    assert "needs an approval (safety.approval)" in state.message
    assert trial.writes() == []


def test_the_page_names_each_parameter_and_each_sign():
    page = (FOLDER.parent / "docs" / "teardown.md").read_text("utf-8")

    assert all(f"`{name}`" in page for name in teardown.parameters.properties)
    assert all(f"| `{sign}` |" in page for sign in "-=$!")
    assert "deployment run teardown/teardown" in page
