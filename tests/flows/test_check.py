import pytest

from emulator import oss_state as emulated_oss
from flows.check import check
from tests.flows.conftest import artifact


@pytest.mark.requirement("R13", "R17", "R19", "R20")
def test_a_check_writes_nothing_and_tells_what_prepare_would_write(make_trial):
    trial = make_trial("exclusive-order")
    before = trial.account.world()

    state = trial.run(check)

    assert state.is_completed(), state.message
    assert "6 writes would be sent" in state.message
    assert trial.writes() == []
    assert trial.account.world() == before
    report = artifact(f"report-{trial.environment.name}").data
    would = report.partition("## What would be written")[2].partition("##")[0]
    told = [
        "create VPC flink-vpc (172.16.0.0/12)",
        "create vSwitch flink-vswitch (172.16.1.0/24) in cn-hangzhou-h",
        "create private OSS bucket flink-exclusive-packages (Standard, LRS)",
        "set versioning of OSS bucket flink-exclusive-packages to Enabled",
        "encrypt new objects of OSS bucket flink-exclusive-packages",
        "write oss://flink-exclusive-packages/udf/orders-udf.jar",
    ]
    assert [each for each in told if each not in would] == []
    assert "RAM user" not in would


def test_a_check_of_what_is_prepared_finds_nothing_to_write(going_on):
    state = going_on.run(check)

    assert state.is_completed()
    assert "nothing to do: zero writes" in state.message
    assert going_on.writes() == []


@pytest.mark.requirement("R13", "R20")
def test_a_check_names_every_hindrance_and_its_remedy(make_trial):
    trial = make_trial("nothing")  # no order
    buckets = trial.account.cloud.world.part(emulated_oss.State).buckets
    name = trial.environment.storage.bucket
    buckets[name] = emulated_oss.Bucket(name, owner="1999999999999999", region="cn-hangzhou")

    state = trial.run(check)

    assert state.is_failed()
    assert "There is no order of exclusive mode in cn-hangzhou" in state.message
    assert "terms are accepted and it is paid" in state.message
    assert f"the bucket name {name} is taken by another account" in state.message
    assert trial.writes() == []
