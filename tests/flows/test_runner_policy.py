"""make runner-policy: policy documents on standard output, what to know about them on standard error."""

import json
import re
from pathlib import Path

import pytest
import yaml

from alicloud.policy import MAX_DOCUMENT_BYTES
from blocks.document import load
from flows.needs import FLOWS
from flows.runner_policy import main, policies, remarks

ROOT = Path(__file__).parents[2]
EXCLUSIVE = ROOT / "environments" / "exclusive.yaml"
PAGE = (ROOT / "docs" / "runner-rights.md").read_text("utf-8")


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("name", ["exclusive", "managed"])
def test_every_line_is_a_policy_document_that_ram_takes(capsys, flow, name):
    assert main(["--flow", flow, "--environment", str(ROOT / "environments" / f"{name}.yaml")]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines
    for line in lines:
        document = json.loads(line)
        assert document["Version"] == "1"
        assert len(line.encode()) <= MAX_DOCUMENT_BYTES
        assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}


def test_without_an_environment_it_is_a_template_and_says_so(capsys):
    assert main(["--flow", "plan"]) == 0

    told = capsys.readouterr()
    assert "acs:ram:*:*:user/*" in told.out
    assert "flink" not in told.out
    assert "A template: `*` stands for every name." in told.err


def test_several_flows_make_one_policy(capsys):
    main(["--flow", "authorize", "--flow", "check"])

    told = capsys.readouterr().out
    assert "ram:CreateUser" in told and "vpc:DescribeZones" in told
    assert "vpc:CreateVpc" not in told


@pytest.mark.requirement("R12", "R23")
def test_what_is_left_to_the_account_is_told_beside_the_policy(capsys):
    main(["--flow", "prepare", "--environment", str(EXCLUSIVE)])

    told = capsys.readouterr()
    assert "CreateProject" not in told.out
    assert (
        "no right helps: CreateProject (a project of exclusive mode is created by the Alibaba Cloud account" in told.err
    )


def test_a_document_that_is_wrong_is_told_and_nothing_is_printed(capsys, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: x\n")

    assert main(["--flow", "plan", "--environment", str(wrong)]) == 1

    told = capsys.readouterr()
    assert told.out == ""
    assert "wrong.yaml" in told.err


def test_people_by_the_hundred_make_several_documents_and_all_must_be_attached():
    wanted = load(EXCLUSIVE)
    users = [{"name": f"somebody-number-{number:03}", "display_name": "Somebody"} for number in range(200)]
    people = wanted.people.model_copy(update={"users": [*wanted.people.users, *map(_user, users)]})
    crowded = wanted.model_copy(update={"people": people})

    found = policies(["prepare"], crowded)

    assert len(found) > 1
    assert all(len(text.encode()) <= MAX_DOCUMENT_BYTES for text in found)
    assert f"{len(found)} documents of at most 6144 bytes, one to a line: attach all of them." in remarks(
        ["prepare"], crowded, found
    )


def test_more_documents_than_a_user_carries_are_told():
    told = remarks(["prepare"], load(EXCLUSIVE), ["{}"] * 11)

    assert "A RAM user carries 10 custom policies, unless the account has asked for more." in told


def _user(facts):
    from blocks.people import User

    return User.model_validate(facts)


def test_every_deployment_has_its_rights():
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]

    flows = {each["entrypoint"].rpartition(":")[2].removesuffix("_fleet") for each in deployments}  # a fleet's too

    assert flows <= set(FLOWS), "say in flows/needs.py what the new flow carries out"


def test_the_page_shows_what_is_printed(capsys):
    (command,) = re.findall(r"^\$ make runner-policy ENVIRONMENT=(\S+) FLOW=(\S+)", PAGE, re.MULTILINE)
    (shown,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    where, flow = command

    main(["--flow", flow, "--environment", str(ROOT / where)])

    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [json.loads(shown)]


def test_the_page_tells_of_every_flow():
    assert [flow for flow in FLOWS if f"`{flow}`" not in PAGE] == []
