import pytest

from flows.create_cluster import create_cluster
from flows.create_project import create_project
from tests.flows.rights import ROLE, only


@pytest.mark.requirement("R14", "R21", "R22", "R23")
def test_a_cluster_alone_and_then_its_projects(make_trial):
    trial = make_trial("exclusive-order")

    cluster = trial.run(create_cluster)

    assert cluster.is_completed(), cluster.message
    assert only(trial.part("foas")["clusters"])["phase"] == "RUNNING"
    assert trial.part("foas")["projects"] == {}
    ram = trial.part("ram")
    assert (ram["users"], ram["groups"], set(ram["roles"])) == ({}, {}, {ROLE})

    projects = trial.run(create_project)

    assert projects.is_completed(), projects.message
    assert sorted(trial.writes()) == [
        "BindQueue",
        "BindQueue",
        "CreatePackage",
        "CreateProject",
        "CreateProject",
        "CreateQueue",
        "CreateQueue",
    ]
    assert set(trial.part("foas")["projects"]) == {"orders", "clicks"}
    assert trial.part("ram") == ram
