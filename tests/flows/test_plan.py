"""The plan is what a run does: the same writes, or the same refusals, and nothing when there is nothing to do."""

import re
from collections import Counter

import pytest

from emulator import foas as emulated_foas
from emulator import foasconsole_prices
from emulator import oss_state as emulated_oss
from emulator import ram as emulated_ram
from flows.authorize import authorize
from flows.plan import plan
from flows.prepare import prepare
from tests.flows.conftest import FOLDER, artifact
from tests.flows.rights import CUSTOM, document_of
from tests.flows.test_prepare_existing import EVERYTHING, TRAPPED

SEEDS = ["nothing", "exclusive-order", "everything", "traps"]
WORLDS = [(seed, source) for seed in SEEDS for source in ("exclusive", "managed")]
ALL_WORLDS = [*WORLDS, ("everything", EVERYTHING), ("traps", TRAPPED)]


def plan_of(trial):
    return artifact(f"plan-{trial.environment.name}").data


def table(markdown, title):
    """Give the first two cells of each row of a section."""
    rows = markdown.partition(f"## {title}\n")[2].partition("\n## ")[0].strip().splitlines()[2:]
    return [tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:3]) for row in rows if row.startswith("|")]


def digest(trial):
    return re.search(r"Digest `([0-9a-f]{12})`", plan_of(trial))[1]


def without_digest(text):
    return re.sub("Digest `[0-9a-f]{12}`", "Digest", text)


def written(trial):
    """Give what the report of a run says it wrote: pairs of meaning and action."""
    return table(artifact(f"report-{trial.environment.name}").data, "What was written")


@pytest.mark.parametrize(
    ("seed", "source"), ALL_WORLDS, ids=lambda each: each if isinstance(each, str) else each["storage"]["bucket"]
)
def test_a_run_writes_what_its_plan_says_or_is_refused_as_its_plan_says(make_trial, seed, source):
    trial = make_trial(seed, source)
    before = trial.account.world()

    planned = trial.run(plan)

    assert trial.writes() == []
    assert trial.appends() == 0
    assert trial.account.world() == before
    told, first = plan_of(trial), digest(trial)
    trial.run(plan)
    assert digest(trial) == first

    state = trial.run(prepare)

    assert state.type == planned.type
    if planned.is_failed():
        assert state.message == planned.message
        assert trial.writes() == []
        assert "# Plan of" in told and "## Blocked" in told
        return
    promised = table(told, "What is written")
    assert Counter(written(trial)) == Counter(promised)
    assert Counter(trial.writes()) == Counter(action for _, action in promised)
    assert digest(trial) == first  # of the run's own plan stage


@pytest.mark.parametrize(("seed", "source"), [("exclusive-order", "exclusive"), ("nothing", "managed")])
def test_the_plan_of_a_prepared_environment_says_nothing_to_do_and_costs_only_reads(make_trial, seed, source):
    trial = make_trial(seed, source)
    assert trial.run(prepare).is_completed()
    before = trial.account.world()

    state = trial.run(plan)

    assert state.message == f"Plan of {trial.environment.name}: nothing to do."
    assert "# Plan of" in plan_of(trial) and ": nothing to do\n" in plan_of(trial)
    assert [sign for sign, _ in table(plan_of(trial), "What becomes of what") if sign != "`=`"] == []
    assert trial.writes() == []
    assert trial.appends() == 0
    assert trial.reads() <= 40
    assert trial.account.world() == before


def change_by_hand(world):
    """Do what somebody may do in the console, all of which prepare takes back."""
    ram, oss, foas = (world.part(part.State) for part in (emulated_ram, emulated_oss, emulated_foas))
    ram.users["alice"].display_name = "Eve"
    ram.groups["flink-developers"].comments = ""
    policy = ram.policies[CUSTOM]
    document = document_of({"Effect": "Allow", "Action": ["oss:*", "vpc:DescribeVpcs"], "Resource": "*"})
    policy.versions[policy.default_version].document = document
    oss.buckets["flink-exclusive-packages"].versioning = "Suspended"
    (queues,) = foas.queues.values()
    queues["root.orders"].vcores, queues["root.orders"].megabytes = 500, 5 * 4096


@pytest.mark.requirement("R1", "R8", "R20", "R23")
def test_what_was_changed_by_hand_is_planned_field_by_field_and_taken_back(going_on):
    trial = going_on
    trial.run(plan)
    before = digest(trial)
    change_by_hand(trial.account.cloud.world)

    state = trial.run(plan)

    told = plan_of(trial)
    assert state.is_completed(), state.message
    assert digest(trial) != before
    rows = table(told, "What becomes of what")
    assert {title.replace("\\", "") for sign, title in rows if sign == "`~`"} == {
        "RAM user alice",
        "RAM group flink-developers",
        f"Policy {CUSTOM}",
        "OSS bucket flink-exclusive-packages",
        "Project orders",
    }
    changes = re.findall(r"^\|  \|  \| (.*) \|$", told, re.MULTILINE)
    assert "display name: Eve → Alice Analyst" in changes
    assert "comments: + Develop jobs of orders" in changes
    assert r"Allow on \*: - oss:\*" in changes
    assert "versioning: Suspended → Enabled" in changes
    assert "CUs: 5 → 6" in changes
    assert "an existing policy will allow more" in told

    page = (FOLDER.parent / "docs" / "plan.md").read_text("utf-8")
    assert without_digest(told) == without_digest(page.partition("````markdown\n")[2].partition("````")[0])

    assert trial.run(prepare).is_completed()
    assert Counter(written(trial)) == Counter(table(told, "What is written"))
    trial.run(plan)
    assert digest(trial) == before


@pytest.mark.requirement("R13", "R22", "R24")
def test_the_plan_tells_the_price_of_what_is_bought_and_how_long_it_takes(make_trial):
    trial = make_trial("nothing", "managed")

    state = trial.run(plan)

    assert "22 writes, 1 costs money: 14.56 CNY an hour" in state.message
    assert "- Costs: **14.56 CNY an hour (list price 14.56)**" in plan_of(trial)
    assert "- Takes: about 11 minutes, on the longest chain: VPC flink-managed-vpc → vSwitch" in plan_of(trial)
    assert "order workspace flink-managed with 16 CUs: it is sent once" in plan_of(trial)


@pytest.mark.requirement("R13", "R24")
def test_a_refusal_that_hides_in_the_price_is_shown_as_blocked(make_trial, monkeypatch):
    trial = make_trial("nothing", "managed")
    reply = foasconsole_prices._reply
    monkeypatch.setattr(foasconsole_prices, "_reply", lambda price, unpaid=False: reply(price, True))

    state = trial.run(plan)

    assert state.is_failed()
    assert "ORDER.INST_HAS_UNPAID_ORDER" in state.message
    assert table(plan_of(trial), "Blocked") == [("`!`", "Price of the workspace")]
    assert "ORDER.INST" in plan_of(trial).replace("\\", "").partition("## Blocked")[2].partition("##")[0]


def test_the_rights_lint_refuses_when_wanted_and_is_waived_with_a_reason(make_trial):
    waivers = [
        {"finding": "passrole-on-everything", "reason": "The vendor asks for it"},
        {"finding": "oss-on-everything", "reason": "The vendor's own role"},
    ]
    refused = make_trial("exclusive-order", safety={"rights_lint": "refuse"})
    waived = make_trial("exclusive-order", safety={"rights_lint": "refuse", "waivers": waivers})

    state, other = refused.run(prepare), waived.run(plan)

    assert state.is_failed()
    assert "Rights reach too far: oss-on-everything, passrole-on-everything" in state.message
    assert refused.writes() == []
    assert other.is_completed(), other.message
    assert "Waived: The vendor asks for it" in plan_of(waived)


def test_every_flow_that_writes_leaves_its_plan_which_says_what_it_is_about(make_trial):
    trial = make_trial("exclusive-order")

    state = trial.run(authorize)

    assert state.is_completed(), state.message
    assert "\nParts A and B. Digest" in plan_of(trial)
    assert Counter(written(trial)) == Counter(table(plan_of(trial), "What is written"))
    assert Counter(trial.writes()) == Counter(action for _, action in written(trial))


def test_hostile_texts_of_the_account_are_inert_in_the_plan(going_on):
    hostile = "<script>alert(1)</script> [click](javascript:x) | **bold**\n## Forged"
    going_on.account.cloud.world.part(emulated_ram.State).users["alice"].display_name = hostile

    going_on.run(plan)

    told = plan_of(going_on)
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt; \\[click\\](javascript:x) \\| \\*\\*bold\\*\\* \\#\\# Forged →" in told
    )
    assert "<script" not in told
    assert "\n## Forged" not in told
