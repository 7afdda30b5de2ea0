from pathlib import Path

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from deployments.register import WORK_POOL

ROOT = Path(__file__).parent.parent.parent
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]


@pytest.fixture
def project_folder(monkeypatch):
    """Entrypoints are relative to the project's folder."""
    monkeypatch.chdir(ROOT)


def test_every_flow_has_its_deployment_and_no_two_share_a_name():
    names = [deployment["name"] for deployment in DEPLOYMENTS]

    assert sorted(names) == [
        "adopt",
        "audit",
        "audit-fleet",
        "authorize",
        "check",
        "convert",
        "create-cluster",
        "create-project",
        "export",
        "orphans",
        "people",
        "plan",
        "prepare",
        "prepare-fleet",
        "prepare-member",
        "prove-access",
        "renew",
        "resolve",
        "scale",
        "teardown",
    ]
    files = {path.stem for path in (ROOT / "flows").glob("*.py")} - {
        "__init__",
        "needs",
        "procedure",
        "removal",
        "runner_policy",
        "staff",
        "upkeep",
    }
    assert {deployment["entrypoint"] for deployment in DEPLOYMENTS} == {f"flows/{verb}.py:{verb}" for verb in files}


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: each["name"])
def test_a_deployment_s_entrypoint_is_the_flow_of_its_name(deployment, project_folder):
    flow = load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)

    assert flow.name == deployment["name"].removesuffix("-member")
    assert flow.retries == 0  # a run is repeated by a person, who has read why it failed
    assert flow.description
    asked = ["intent", "reason"] if flow.name == "resolve" else []  # what only a person knows has no default
    # An account is looked at before there is an environment, or to find what has none.
    whole = {"adopt": ["credentials", "region", "mode"], "orphans": ["credentials", "region"]}
    whole |= {"prepare-fleet": [], "audit-fleet": []}  # none for all
    assert list(flow.parameters.required) == whole.get(flow.name, ["environment", *asked])
    assert flow.validate_parameters({**dict.fromkeys(asked, "x"), **deployment["parameters"]})


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: each["name"])
def test_a_deployment_says_what_it_does_and_writes_nothing_by_itself(deployment):
    schedules = deployment.get("schedules", [])

    assert len(deployment["description"]) > 40
    assert "realtime-compute" in deployment["tags"]
    assert {"writes", "reads"} & set(deployment["tags"])
    unscheduled = ("resolve", "teardown", "adopt", "export", "prepare-member")  # a person or a fleet starts them
    on = deployment["name"] == "audit"  # nightly: it finds drift and writes nothing
    assert [schedule["active"] for schedule in schedules] == [on] * (deployment["name"] not in unscheduled)
    assert not any(trigger["enabled"] for trigger in deployment.get("triggers", []))
    assert all(schedule["cron"] and schedule["timezone"] for schedule in schedules)
    assert deployment["work_pool"]["name"] == WORK_POOL


def test_only_those_that_look_are_said_to_read_alone():
    reading = [deployment["name"] for deployment in DEPLOYMENTS if "reads" in deployment["tags"]]

    assert sorted(reading) == ["adopt", "audit", "audit-fleet", "check", "export", "orphans", "plan", "prove-access"]
