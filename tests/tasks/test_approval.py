"""The pure parts of an approval; what Prefect makes of it stands in tests/reliability/test_approval.py."""

from datetime import UTC, datetime, timedelta

import pytest
from prefect._internal.pydantic.v2_schema import create_v2_schema

from alicloud.errors import Misconfigured, Unmet
from alicloud.journal import Journal
from alicloud.journal_record import Entry, What
from alicloud.session import Identity, Session
from alicloud.snapshot import Write
from tasks.approval import (
    BESIDE_SECONDS,
    Answer,
    Approval,
    NotApproved,
    ask,
    between,
    needed,
    note,
    question,
    read,
    require,
    unused,
)
from tasks.plan import Plan
from tests.flows.running import environment

ACCOUNT = Identity("LTAI5tSomeKey", "some-secret")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
USER = Write("CreateUser", "create user carol")
ORDER = Write("CreateInstance", "order the workspace", once_only=True)
GOOD = {"decision": "approve", "name": "Ann", "reason": "for the audit"}
GIVEN = Approval("0123456789ab", "approve", "Ann", "for the audit", NOON)


def plan(*writes, reasons=(), price=""):
    return Plan("flink-managed", "Everything", (), writes, price, reasons)


CHEAP, COSTLY, EMPTY = plan(USER), plan(USER, ORDER, reasons=("it costs",), price="3.5 CNY an hour"), plan()


def asking(approval="money", **safety):
    return environment("managed", safety={"approval": approval, **safety})


@pytest.mark.parametrize(
    ("approval", "asked"),
    [("never", [False] * 3), ("money", [False, True, False]), ("always", [True, True, False])],
)
def test_a_person_is_asked_where_the_environment_says_so(approval, asked):
    safety = asking(approval).safety

    assert [needed(safety, each) for each in (CHEAP, COSTLY, EMPTY)] == asked


def test_nobody_is_asked_unless_the_environment_says_so():
    assert environment("managed").safety.approval == "never"


def test_an_approval_that_this_attempt_has_holds_for_the_same_plan_alone():
    given = Approval(COSTLY.digest, "approve", "Ann", "fine", NOON)

    assert ask(asking(), COSTLY, given) is given
    assert ask(asking(), EMPTY, given) is None
    with pytest.raises(Misconfigured, match=CHEAP.digest):  # it would ask
        ask(asking("always"), CHEAP, given)


def test_the_form_has_no_defaults_and_keeps_its_limits_beside_a_description():
    form = Answer.with_initial_data(description="about the plan")

    schema = create_v2_schema(form.__name__, model_base=form)
    properties = schema["properties"]
    assert schema["required"] == ["decision", "reason", "name"]
    assert schema["additionalProperties"] is False
    assert properties["decision"]["enum"] == ["approve", "refuse"]
    assert [properties[field]["minLength"] for field in ("reason", "name")] == [1, 1]
    assert not any("default" in each for each in properties.values())


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        "approve",
        {"decision": "approve"},
        {**GOOD, "decision": "yes"},
        {**GOOD, "decision": None},
        {**GOOD, "reason": ""},
        {**GOOD, "reason": " \n"},
        {**GOOD, "name": " "},
        {**GOOD, "name": "x" * 81},
        {**GOOD, "digest": "0123456789ab"},
    ],
)
def test_what_is_no_whole_answer_is_none(value):
    assert read("0123456789ab", value, NOON) is None


def test_an_answer_is_read_so_that_nothing_in_it_takes_effect():
    approval = read("0123456789ab", {**GOOD, "name": "Ann\nBob\x1b[31m"}, NOON)

    assert approval == Approval("0123456789ab", "approve", r"Ann Bob\x1b[31m", "for the audit", NOON)


def test_an_answer_counts_once_and_the_newest_first_and_not_for_ever():
    early, late = NOON - timedelta(minutes=2), NOON - timedelta(minutes=1)
    answers = {"a-1-response": (early, GOOD), "a-2-response": (late, GOOD), "a-3-schema": (NOON, {})}

    assert unused(answers, NOON - timedelta(hours=1)) == "a-2"
    assert unused(answers | {"a-2-used": (NOON, True)}, NOON - timedelta(hours=1)) == "a-1"
    assert unused(answers, NOON) is None
    assert unused({}, NOON) is None


def test_the_form_s_text_names_the_plan_its_price_and_its_reasons():
    said = question(asking(approval_minutes=90), plan(ORDER, reasons=("*order* <b>it</b>",), price="3.5 CNY an hour"))

    for part in ("**Plan ", "flink-managed", "**3.5 CNY an hour**", "`plan-flink-managed`", "within 90 minutes"):
        assert part in said
    assert r"- \*order\* &lt;b&gt;it&lt;/b&gt;" in said


def test_a_refusal_is_told_in_the_operator_s_words():
    assert str(NotApproved(Approval("0", "refuse", "Ann", "too dear", NOON))) == "Refused by Ann: too dear"


def test_a_run_that_nobody_could_resume_is_refused_before_it_waits():
    with pytest.raises(Misconfigured, match="needs an approval") as refused:
        ask(asking(), COSTLY, None)

    assert "deployment" in str(refused.value)


@pytest.fixture
def journal():
    """A journal that nothing is sent of."""
    with Session(ACCOUNT, "cn-hangzhou") as cloud:
        yield Journal(cloud, "bucket", "flink-managed", "run-1", "run 1")


def test_nothing_is_ordered_that_nobody_approved_when_the_world_moved_after_the_plan(journal):
    journal.record.entries.append(Entry(What.APPROVED, "0", "2026-03-01T12:00:00Z", "another-run"))

    with pytest.raises(Unmet, match="nobody approved"):
        require(asking(), journal)
    require(asking("never"), journal)
    note(journal, None)
    with pytest.raises(Unmet):
        require(asking(), journal)
    note(journal, GIVEN)
    require(asking(), journal)


def test_the_journal_says_who_approved_which_plan_when_and_why(journal):
    note(journal, GIVEN)

    (said,) = journal.record.entries
    assert (said.what, said.who, said.reason) == (What.APPROVED, "Ann", "for the audit")
    assert said.means == "plan 0123456789ab, approved 2026-03-01 12:00:00 UTC"


@pytest.mark.parametrize("age", [0, 0.5, 1.9, 2, 15, 27.9, 28.1, 29.9, 30, 31, 3599])
def test_a_run_suspends_itself_well_between_two_heartbeats(age):
    moment = (age + between(30, age)) % 30

    assert BESIDE_SECONDS - 1e-6 <= moment <= 30 - BESIDE_SECONDS
    assert between(30, age) <= 2 * BESIDE_SECONDS
