"""Every run leaves a report: those that were refused, and those whose work did not last, too."""

import pytest

from flows.prepare import prepare
from tests.flows.conftest import artifact

pytestmark = pytest.mark.xdist_group("prefect")


def test_a_refused_run_reports_what_stands_in_the_way_and_what_it_would_have_written(make_trial):
    trial = make_trial("exclusive-order", storage={"bucket": "flink-public-bucket"})
    trial.account.sow({"oss": {"buckets": [{"name": "flink-public-bucket", "acl": "public-read"}]}})

    state = trial.run(prepare)

    report = artifact(f"report-{trial.environment.name}").data
    assert state.is_failed()
    assert trial.writes() == []
    assert f"# Environment {trial.environment.name}: not ready" in report
    assert "## What failed" in report
    assert "flink-public-bucket" in report.partition("## What failed")[2].partition("##")[0]
    assert "create VPC flink-vpc" in report.partition("## What would be written")[2].partition("##")[0]


def test_a_run_whose_work_is_undone_while_it_goes_on_says_so_in_its_report(make_trial):
    trial = make_trial("exclusive-order")

    def detach(world, action, parameters):
        if action == "CreatePackage":  # the last write of the run
            group = world.parts["ram"].groups["flink-operators"]
            group.policies.clear()

    trial.meanwhile(detach)

    state = trial.run(prepare)

    report = artifact(f"report-{trial.environment.name}").data
    assert state.is_failed()
    assert "Verification: decide again" in state.message
    assert "attach policy" in state.message
    assert "RequestId" in report
    assert "Verification: decide again" in report.partition("## What failed")[2].partition("##")[0]
