import re
import subprocess
import sys
from dataclasses import replace

import pytest

from alicloud.changes import Change
from alicloud.rights_lint import Finding
from alicloud.snapshot import Write
from blocks.rights import Judged
from tasks.plan import Plan, Row
from tests.tasks.test_report import HOSTILE, prose, section

MADE = Write("CreateVpc", "create VPC flink", step="VPC flink", fingerprint="aa")
CHANGED = Write("UpdateUser", "change RAM user a", "", False, "RAM user a", (Change("e-mail", "x", "y"),), "bb")
BOUGHT = Write("CreateInstance", "order workspace w", "", True, "Workspace w", (), "cc")
ROWS = (
    Row("+", "VPC flink", "create VPC flink"),
    Row("~", "RAM user a", "change RAM user a", CHANGED.changes),
    Row("=", "RAM user b", "as wanted"),
)
PLAN = Plan("dev", "Everything", ROWS, (MADE, CHANGED))


@pytest.mark.parametrize(
    ("plan", "summary"),
    [
        (Plan("dev", "x", ()), "nothing to do"),
        (replace(PLAN, writes=(MADE,)), "1 write"),
        (PLAN, "2 writes"),
        (replace(PLAN, writes=(MADE, BOUGHT)), "2 writes, 1 cannot be taken back"),
        (replace(PLAN, writes=(MADE, BOUGHT), price="145.6 CNY"), "2 writes, 1 costs money: 145.6 CNY"),
        (replace(PLAN, rows=(Row("!", "a", "no"),)), "blocked: 1 thing stands in the way; nothing is written"),
        (replace(PLAN, rows=(Row("!", "a", "no"),) * 2), "blocked: 2 things stand in the way; nothing is written"),
    ],
)
def test_a_plan_says_in_one_line_what_it_comes_to(plan, summary):
    assert plan.summary() == summary
    assert plan.markdown().startswith(f"# Plan of dev: {summary}")


def test_rows_bear_their_sign_and_changes_stand_below_them_field_by_field():
    markdown = PLAN.markdown()

    assert section(markdown, "What becomes of what").strip().splitlines()[2:] == [
        "| `+` | VPC flink | create VPC flink |",
        "| `~` | RAM user a | change RAM user a |",
        "|  |  | e-mail: x → y |",
        "| `=` | RAM user b | as wanted |",
    ]
    assert "| create VPC flink | CreateVpc |  |" in section(markdown, "What is written")


def test_what_is_blocked_stands_first_with_its_remedy():
    plan = replace(PLAN, rows=(Row("!", "Order", "There is none. Pay it."), *ROWS), unjudged=3)

    markdown = plan.markdown()

    assert "| `!` | Order | There is none. Pay it. |" in section(markdown, "Blocked")
    assert "3 steps that build on these are not judged yet." in section(markdown, "Blocked")
    assert "Order" not in section(markdown, "What becomes of what")
    assert "## What is written" not in markdown
    assert markdown.index("## Blocked") < markdown.index("## What becomes of what") < markdown.index("## What would")


def test_price_duration_reasons_and_findings_are_told():
    findings = (
        Judged(Finding("policy-on-user", "user a", "P")),
        Judged(Finding("oss-on-everything", "role r", "Q"), "R9"),
    )
    plan = replace(
        PLAN,
        price="9 CNY",
        minutes=30.4,
        path=("VPC", "Cluster"),
        reasons=("costs",),
        findings=findings,
        checked=("Zone",),
    )

    markdown = plan.markdown()

    assert "- Costs: **9 CNY**\n- Takes: about 30 minutes, on the longest chain: VPC → Cluster\n" in markdown
    assert "- Looked at: Zone" in markdown
    assert "- costs" in section(markdown, "Look at this")
    rights = section(markdown, "Rights that reach far")
    assert "| policy-on-user | user a | P | Attach it to a group" in rights
    assert "| oss-on-everything | role r | Q | Waived: R9 |" in rights


def test_the_digest_is_of_what_is_written_changed_and_paid_in_whatever_order():
    assert replace(PLAN, writes=(CHANGED, MADE), rows=(), scope="y", minutes=9.0).digest == PLAN.digest
    others = [
        replace(PLAN, writes=(MADE,)),
        replace(PLAN, writes=(MADE, replace(CHANGED, fingerprint="dd"))),
        replace(PLAN, writes=(MADE, replace(CHANGED, changes=(Change("e-mail", "z", "y"),)))),
        replace(PLAN, writes=(MADE, MADE, CHANGED)),
        replace(PLAN, price="1 CNY"),
        replace(PLAN, environment="prod"),
    ]
    assert len({PLAN.digest, *(other.digest for other in others)}) == 7
    assert re.fullmatch("[0-9a-f]{12}", PLAN.digest)
    assert replace(PLAN, writes=(replace(MADE, request_id="R"), CHANGED)).digest == PLAN.digest


def test_the_digest_is_the_same_in_another_process():
    code = "from tests.tasks.test_plan import PLAN; print(PLAN.digest)"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)

    assert told.stdout.strip() == PLAN.digest


def test_hostile_text_is_inert_wherever_it_stands():
    write = Write(HOSTILE, HOSTILE, step=HOSTILE, changes=(Change(HOSTILE, HOSTILE, HOSTILE),))
    rows = (Row("~", HOSTILE, HOSTILE, write.changes), Row("!", HOSTILE, HOSTILE))
    finding = Judged(Finding("policy-on-user", HOSTILE, HOSTILE), HOSTILE)
    plan = Plan("dev", HOSTILE, rows, (write,), HOSTILE, (HOSTILE,), 1.0, (HOSTILE,), (finding,), (HOSTILE,))

    shown = prose(plan.markdown())

    assert [line for line in shown if line.startswith("#") and ("Forged" in line or "head" in line)] == []
    live = ("<script", "[click](", "![x](", " **bold**", " `code`")
    assert [line for line in shown if any(each in line for each in live)] == []
    cells = [len(re.split(r"(?<!\\)\|", line)) - 2 for line in shown if "alert" in line and line.startswith("|")]
    assert sorted(cells) == [3, 3, 3, 3, 4]
