"""docs/audit.md: its command and its example run as they stand, and it names what an audit can find."""

import re
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from blocks.audit_finding import FindingId
from emulator import ram as emulated
from tests.flows.conftest import FOLDER
from tests.flows.test_audit import reading_only, row

ROOT = FOLDER.parent
PAGE = (ROOT / "docs" / "audit.md").read_text("utf-8")
COMMANDS = re.findall(r"^\.venv/bin/prefect deployment run (\S+)/(\S+) (.*) --watch$", PAGE, re.MULTILINE)
(EXAMPLE,) = (yaml.safe_load(text)["audit"] for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S))
DEPLOYMENTS = {each["name"]: each for each in yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]}


@pytest.mark.xdist_group("prefect")
def test_the_command_runs_and_the_example_accepts_what_it_says(going_on, monkeypatch):
    monkeypatch.chdir(ROOT)
    trial = going_on
    (accepted,) = EXAMPLE["accepted"]
    later = datetime.fromtimestamp(trial.account.cloud.world.now(), UTC).date() + timedelta(days=60)
    reading_only(trial, **{key: value for key, value in EXAMPLE.items() if key != "credentials"})  # the page's own date
    reading_only(trial, next_scale_out=EXAMPLE["next_scale_out"], accepted=[accepted | {"until": str(later)}])
    trial.account.cloud.world.part(emulated.State).groups["flink-developers"].comments = "Renamed"
    ((name, deployment, told),) = COMMANDS
    flow = load_flow_from_entrypoint(DEPLOYMENTS[deployment]["entrypoint"], use_placeholder_flow=False)
    parameters = dict(re.findall(r"--param (\w+)=(\S+)", told))

    assert (flow.name, parameters.pop("environment")) == (name, trial.environment.name)
    state = trial.run(flow, **parameters)

    assert state.is_completed(), state.message
    said = re.search(r"`(nothing has drifted; [^`]+)`", PAGE)[1]
    assert said in state.message
    assert accepted["reason"] in row(trial, accepted["resource"], accepted["field"])["Status"]
    assert trial.writes() == []


def test_the_schedule_is_the_one_that_the_page_tells():
    (schedule,) = DEPLOYMENTS["audit"]["schedules"]

    assert (schedule["cron"], schedule["timezone"], schedule["active"]) == ("0 3 * * *", "Asia/Shanghai", True)
    assert "each night (03:00, Asia/Shanghai)" in PAGE


def test_the_page_names_every_kind_of_finding_and_no_other():
    named = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE))

    assert named == set(get_args(FindingId))
