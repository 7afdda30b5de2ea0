"""make export: prints an environment for other tools; reads an account only where it has an AccessKey."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from deployments.export import exported, main
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from tests.flows.running import environment, start_emulator

ROOT = Path(__file__).parent.parent.parent
COMMANDS = [
    line
    for page in ("adopt", "export", "orphans")
    for block in re.findall(r"^```console\n(.*?)^```", (ROOT / f"docs/{page}.md").read_text("utf-8"), re.M | re.S)
    for line in block.splitlines()
]


def test_without_an_accesskey_the_document_is_printed_as_if_nothing_existed(capsys, monkeypatch):
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID", raising=False)
    path = str(ROOT / "environments" / "managed.yaml")

    ended = [main(["--environment", path]), main(["--environment", path, "--format", "ros"])]

    terraform, _, ros = capsys.readouterr().out.partition("\n}\n")
    assert ended == [0, 0]
    assert "import" not in json.loads(terraform + "}")
    assert yaml.safe_load(ros)["ROSTemplateFormatVersion"] == "2015-09-01"


def test_with_an_accesskey_the_account_is_read_and_nothing_written():
    with start_emulator() as running:
        running.reset("everything")
        variables = {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ACCESS_KEY_SECRET,
            "REALTIME_COMPUTE_ENDPOINTS": json.dumps({"*": running.url}),
        }

        text = exported(environment("managed"), "terraform", variables)

        assert "alicloud_ram_role.AliyunStreamAsiDefaultRole" in {each["to"] for each in json.loads(text)["import"]}
        assert running.writes() == []
    assert ACCESS_KEY_SECRET not in text


def test_a_document_that_is_wrong_is_refused_with_its_line(capsys, tmp_path):
    (tmp_path / "wrong.yaml").write_text("name: x\n", "utf-8")

    ended = main(["--environment", str(tmp_path / "wrong.yaml")])

    assert ended == 1
    assert "wrong.yaml:1: name:" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_pages_fit_their_deployments(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    if command.startswith("make export"):
        path, form = re.search(r"ENVIRONMENT=(\S+) FORMAT=(\S+)", command).groups()
        assert main(["--environment", path, "--format", form]) == 0
        return
    name, given = re.search(r"deployment run \S+/(\S+) (.*)", command).groups()
    parameters = dict(re.findall(r"--param (\w+)=(\S+)", given))
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    (deployment,) = [each for each in deployments if each["name"] == name]
    flow = load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)
    assert flow.validate_parameters(parameters)
