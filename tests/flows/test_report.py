"""Every run leaves a report: those that were refused, and those whose work did not last, too."""

import re
from base64 import b64decode
from xml.etree import ElementTree

from prefect.artifacts import Artifact

from flows.check import check
from flows.prepare import prepare
from tests.flows.conftest import artifact


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


def test_a_run_leaves_a_picture_of_when_each_step_waited_worked_and_waited_for_the_cloud(make_trial):
    trial = make_trial("exclusive-order")

    state = trial.run(prepare)

    timeline = artifact(f"timeline-{trial.environment.name}")
    (encoded,) = re.findall(r"\(data:image/svg\+xml;base64,([\w+/=]+)\)", timeline.data)
    picture = ElementTree.fromstring(b64decode(encoded))
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    kinds = {path.get("class") for path in picture.iter("{http://www.w3.org/2000/svg}path")}
    assert state.is_completed(), state.message
    assert "VPC flink-vpc" in texts
    assert f"Cluster {trial.environment.cluster.name}" in texts
    assert texts.index("VPC flink-vpc") < texts.index("Verification: decide again")
    assert kinds == {"g", "w", "o", "c"}
    assert re.search(r": \d+ steps in [\d.]+ \w+. The longest: .*% of it the cloud's own time\.$", timeline.description)


def test_a_run_that_was_refused_or_only_looked_leaves_no_timeline(make_trial):
    trial = make_trial("exclusive-order", storage={"bucket": "flink-public-bucket"})
    trial.account.sow({"oss": {"buckets": [{"name": "flink-public-bucket", "acl": "public-read"}]}})

    trial.run(prepare)
    trial.run(check)

    assert artifact(f"report-{trial.environment.name}")
    assert Artifact.get(f"timeline-{trial.environment.name}") is None
