"""docs/scale.md: every command runs as it stands, and every field that it names is one of the environment's."""

import re
from pathlib import Path

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from blocks.environment import Environment
from flows.prepare import prepare
from tests.flows.running import document

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8")
COMMANDS = re.findall(r"^\.venv/bin/prefect deployment run (\S+)/(\S+) (.*) --watch$", PAGE, re.MULTILINE)
DEPLOYMENTS = {each["name"]: each for each in yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]}


@pytest.mark.xdist_group("prefect")
def test_every_command_of_the_page_runs(make_trial, monkeypatch):
    monkeypatch.chdir(ROOT)
    trial = make_trial("nothing", document("managed", name="flink-managed", credentials="flink-managed"), name="")
    assert trial.run(prepare).is_completed()
    done = {}

    for name, deployment, told in COMMANDS:
        flow = load_flow_from_entrypoint(DEPLOYMENTS[deployment]["entrypoint"], use_placeholder_flow=False)
        parameters = dict(re.findall(r"--param (\w+)=(\S+)", told))
        assert (flow.name, parameters.pop("environment")) == (name, trial.environment.name)
        done[name] = trial.run(flow, **parameters)

    assert set(done) == {"scale", "renew", "convert"}
    assert all(state.is_completed() for state in done.values()), done


def test_every_field_that_the_page_names_is_one_of_the_environment_s():
    known = str(Environment.model_json_schema())
    named = {part for path in re.findall(r"`((?:cluster|safety|projects)[\w.\[\]]+)", PAGE) for part in path.split(".")}

    assert len(named) > 8
    assert {name for name in named if f"'{name.removesuffix('[]')}'" not in known} == set()
