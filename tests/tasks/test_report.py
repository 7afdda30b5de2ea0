import json
import re

import pytest

from alicloud.call import Call, Kind
from alicloud.errors import Unmet
from alicloud.foas import Cluster
from alicloud.oss import Bucket
from alicloud.snapshot import Ledger
from alicloud.vpc import Vpc
from blocks import desired
from tasks.account import Account
from tasks.report import Report
from tests.blocks.test_conflicts import RECIPIENT
from tests.flows.running import environment

HOSTILE = "<script>alert(1)</script> [click](javascript:x) | **bold** `code` # head\n## Forged\n![x](http://evil)"


def wrote(ledger, step_name, requirements=("R1",), means="make thing", request_id="REQ-1"):
    with ledger.step(step_name, requirements):
        ledger.add(Call("P", "1", "MakeThing", Kind.IDEMPOTENT, dict, means=means), request_id)


def failed(ledger, step_name, error):
    with pytest.raises(Unmet), ledger.step(step_name, ("R20",)):
        raise error


def prose(markdown):
    """Give the lines outside of code blocks."""
    lines, inside = [], False
    for line in markdown.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            lines.append(line)
    return lines


def section(markdown, title):
    return markdown.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_hostile_text_is_inert_wherever_it_stands():
    ledger = Ledger()
    wrote(ledger, f"Group {HOSTILE}", means=HOSTILE, request_id=HOSTILE)
    failed(ledger, f"Bucket {HOSTILE}", Unmet(HOSTILE))
    results = [
        Vpc("vpc-1", HOSTILE, HOSTILE, "Available", "cn-hangzhou"),
        Cluster("c-1", HOSTILE, HOSTILE, HOSTILE, "", "", 0),
        {HOSTILE: f"not JSON ``` {HOSTILE}"},
    ]

    markdown = Report(environment(), ledger, results).markdown()

    shown = prose(markdown)
    assert [line for line in shown if line.startswith("#") and ("Forged" in line or "head" in line)] == []
    live = ("<script", "[click](", "![x](", " **bold**", " `code`")
    assert [line for line in shown if any(each in line for each in live)] == []
    cells = [len(re.split(r"(?<!\\)\|", line)) - 2 for line in shown if "alert" in line and line.startswith("|")]
    assert sorted(cells) == [2, 3, 3, 3, 4, 4]  # failed, written, steps twice, what exists twice: no row is broken


def test_a_document_cannot_close_its_own_code_block():
    results = [{"Policy": "``` [x](javascript:y)"}, {"Other": json.dumps({"Statement": "```\n# Forged"})}]

    markdown = Report(environment(), Ledger(), results).markdown()

    documents = section(markdown, "Policy documents of the service role")
    assert [line for line in documents.splitlines() if line.startswith("```")] == ["```json", "```", "```json", "```"]
    assert "# Forged" not in [line.strip() for line in documents.splitlines()]


def test_what_exists_is_told_once_as_it_was_seen_last():
    starting = Cluster("c-1", "flink", "", "STARTING", "", "", 0)
    running = Cluster("c-1", "flink", "", "RUNNING", "", "", 0, security_group_id="sg-1")
    bucket = Bucket("packages", "cn-hangzhou", "private", "Standard", "LRS", "Enabled", "AES256", "1")

    rows = Report(environment(), Ledger(), [starting, bucket, Unmet("no"), None, running]).existing()

    assert [(row.kind, row.facts) for row in rows] == [
        ("Cluster", "RUNNING, security group sg-1"),
        ("OSS bucket", "private, Standard, LRS"),
    ]


def test_writes_stand_with_action_and_request_id_at_their_step():
    ledger = Ledger()
    wrote(ledger, "VPC flink-vpc", means="create VPC flink-vpc", request_id="REQ-7")

    markdown = Report(environment(), ledger, []).markdown()

    assert "| create VPC flink-vpc | MakeThing | REQ-7 |" in section(markdown, "What was written")
    assert "| VPC flink-vpc | create VPC flink-vpc | R1 |" in section(markdown, "Steps")


def test_a_dry_report_says_what_would_be_written():
    ledger = Ledger()
    wrote(ledger, "VPC", means="create VPC", request_id="")

    report = Report(environment(), ledger, [], dry=True)

    assert "1 writes would be sent" in report.summary()
    assert "create VPC" in section(report.markdown(), "What would be written")
    assert "What was written" not in report.markdown()


def test_a_run_that_changed_nothing_says_so():
    ledger = Ledger()
    with ledger.step("VPC", ("R17",)):
        pass

    report = Report(environment(), ledger, [])

    assert "nothing to do: zero writes" in report.summary()
    assert "Nothing: everything was as wanted." in report.markdown()


def test_failed_steps_stand_on_top_with_cause_and_remedy_and_serve_no_requirement():
    ledger = Ledger()
    failed(ledger, "OSS bucket b", Unmet("It is public.", remedy="Name another one."))
    wrote(ledger, "VPC", ("R17",))

    report = Report(environment(), ledger, [])

    markdown = report.markdown()
    assert markdown.startswith("# Environment flink-exclusive: not ready")
    assert "| OSS bucket b | It is public. Name another one. |" in section(markdown, "What failed")
    assert report.requirements() == ["R6", "R17"]
    assert report.failure() == "1 of 2 steps failed.\nOSS bucket b: It is public. Name another one."


@pytest.mark.requirement("R5")
@pytest.mark.parametrize(
    ("alias", "region", "address"),
    [
        ("", "cn-hangzhou", "https://signin.aliyun.com/1376771854400000.onaliyun.com/login.htm"),
        ("example", "cn-hangzhou", "https://signin.aliyun.com/example.onaliyun.com/login.htm"),
    ],
)
def test_the_logon_address_follows_from_alias_or_account_id(alias, region, address):
    account = Account("1376771854400000", alias, "Account", "acs:ram::1376771854400000:root")

    report = Report(environment(region=region), Ledger(), [account])

    assert report.links()["RAM user logon"] == address
    assert f"<{address}>" in report.markdown()


@pytest.mark.parametrize(
    ("handover", "told"),
    [
        ({}, r"\(Secret block (logon-flink-exclusive-alice-[0-9a-f]{8})\)"),
        (
            {"channel": "file", "public_key": RECIPIENT, "folder": "passwords"},
            r"\(file passwords/(logon-flink-exclusive-alice-[0-9a-f]{8})\.age on the worker; of several, the highest ",
        ),
    ],
)
def test_the_report_says_where_a_one_time_password_is(handover, told):
    wanted = environment(
        people={"users": [{"name": "alice", "console_logon": True}], "groups": [], "handover": handover}
    )

    report = Report(wanted, Ledger(), [])

    found = re.search(told, report.left_to_do()[0])
    assert found
    assert found[1] == desired.logon_secret(wanted, wanted.people.users[0])


def test_without_an_account_there_are_no_links():
    assert Report(environment(), Ledger(), []).links() == {}


@pytest.mark.requirement("R6", "R12")
def test_what_only_a_person_can_do_is_told():
    users = [
        {"name": "alice", "console_logon": True},
        {"name": "bob", "console_logon": True, "mfa_required": False},
        {"name": "carol"},
    ]
    exclusive = Report(environment(people={"users": users, "groups": []}), Ledger(), [])
    managed = Report(environment("managed"), Ledger(), [])

    told = exclusive.left_to_do()

    assert [line.partition(":")[0] for line in told] == ["alice", "bob", "Account verification", "The order"]
    assert "bind an MFA device" in told[0]
    assert "MFA" not in told[1]
    assert [line.partition(":")[0] for line in managed.left_to_do()] == ["Account verification"]
