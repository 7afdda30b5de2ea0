import pytest

from alicloud.session import Identity
from emulator import foas as emulated_foas
from flows.create_cluster import create_cluster
from flows.create_project import create_project
from tests.emulator.client import Running as SignedClient
from tests.flows.rights import only


@pytest.mark.requirement("R12", "R23")
def test_a_ram_user_makes_the_cluster_but_not_its_projects(make_trial):
    trial = make_trial("exclusive-order")
    console = SignedClient(trial.account.url, trial.account.cloud)
    runner = console.user("flink-prep", "AdministratorAccess")
    trial.identity = Identity(runner.access_key_id, runner.secret)
    trial.save()

    cluster, projects = trial.run(create_cluster), trial.run(create_project)

    assert cluster.is_completed(), cluster.message
    assert projects.is_failed()
    assert "created by the Alibaba Cloud account, not by a RAM user" in projects.message
    assert trial.writes() == []


@pytest.mark.requirement("R14", "R22")
def test_projects_wait_for_a_cluster_that_is_running(make_trial, prepared):
    absent, starting = make_trial("exclusive-order"), make_trial(prepared.world, name="")
    only(starting.account.cloud.world.part(emulated_foas.State).clusters).phase = "EXPANDING"
    only(starting.account.cloud.world.part(emulated_foas.State).clusters).ready_at = 1e12

    states = absent.run(create_project), starting.run(create_project)

    causes = ["Cluster flink_exclusive does not exist.", "Cluster flink_exclusive is EXPANDING."]
    for state, cause in zip(states, causes, strict=True):
        assert state.is_failed()
        assert cause in state.message
        assert "Run create-cluster first" in state.message
    assert absent.writes() + starting.writes() == []
