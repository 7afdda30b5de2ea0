import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alicloud.effective_rights import Decision, Held, Principal, decide
from alicloud.policy import document, statement
from alicloud.ram_policies import Attachment
from emulator.policy import Denied, authorize
from tests.emulator.test_policy_properties import ACTIONS, MANY, RESOURCES, statements, world_of

THOUSANDS = settings(MANY, max_examples=2000)
ANY = "acs:vpc:cn-hangzhou:1:vpc/v"


def alice(*documents, groups=()):
    """Give a user who holds these documents, and those of her groups by their names."""
    own = [Held(Attachment(f"p{number}"), each) for number, each in enumerate(documents)]
    return Principal("user", "alice", (*own, *(Held(Attachment(name), each, name) for name, each in groups)))


def body(**fields):
    return json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"} | fields]})


ALLOW, DENY = document([statement("vpc:*")]), document([statement("vpc:*", effect="Deny")])


@pytest.mark.parametrize(
    ("documents", "decision"),
    [
        ([], Decision.NOT_GRANTED),
        ([document([statement("ecs:*")])], Decision.NOT_GRANTED),
        ([ALLOW], Decision.ALLOWED),
        ([DENY], Decision.DENIED),
        ([ALLOW, DENY], Decision.DENIED),
        ([DENY, ALLOW], Decision.DENIED),
    ],
)
def test_a_deny_comes_first_then_an_allow_and_else_nothing_is_granted(documents, decision):
    assert decide(alice(*documents), "vpc:CreateVpc", ANY).decision == decision


@pytest.mark.parametrize(
    ("actions", "resources", "action", "allowed"),
    [
        ("VPC:createvpc", "*", "vpc:CreateVpc", True),
        ("vpc:Create*", "*", "vpc:CreateVpc", True),
        ("vpc:Create??c", "*", "vpc:CreateVpc", True),
        ("vpc:Create?c", "*", "vpc:CreateVpc", False),
        ("vpc:[C]reateVpc", "*", "vpc:CreateVpc", False),
        ("*", "acs:vpc:*:*:vpc/*", "vpc:CreateVpc", True),
        ("*", "acs:vpc:*:1:vpc/V", "vpc:CreateVpc", False),
        ("*", "acs:vpc:cn-beijing:*:*", "vpc:CreateVpc", False),
    ],
)
def test_wildcards_and_the_case_of_actions(actions, resources, action, allowed):
    verdict = decide(alice(document([statement(actions, resources)])), action, ANY)

    assert (verdict.decision is Decision.ALLOWED) == allowed


def test_what_is_global_is_named_by_a_pattern_with_any_region():
    holder = alice(document([statement("ram:GetRole", "acs:ram:cn-hangzhou:1:role/flink")]))

    assert decide(holder, "ram:GetRole", "acs:ram:*:1:role/flink").decision is Decision.ALLOWED
    assert decide(holder, "ram:GetRole", "acs:ram:*:2:role/flink").decision is Decision.NOT_GRANTED


def test_all_but_some_actions_and_resources():
    but_actions = alice(json.dumps({"Statement": {"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"}}))
    but_resources = alice(json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "NotResource": ANY}}))

    assert decide(but_actions, "vpc:CreateVpc", ANY).decision is Decision.ALLOWED
    assert decide(but_actions, "RAM:GetUser", ANY).decision is Decision.NOT_GRANTED
    assert decide(but_resources, "vpc:CreateVpc", ANY).decision is Decision.NOT_GRANTED
    assert decide(but_resources, "vpc:CreateVpc", "acs:vpc:cn-hangzhou:1:vpc/w").decision is Decision.ALLOWED


def test_the_policies_that_decide_are_named_with_the_group_they_come_through():
    verdict = decide(alice(DENY, groups=[("people", ALLOW), ("guards", DENY)]), "vpc:CreateVpc", ANY)

    assert list(map(str, verdict.by)) == ["p0 (Custom)", "guards (Custom), through group guards"]


def test_one_policy_can_be_asked_by_itself():
    holder = alice(ALLOW, DENY)

    assert decide(holder.by("p0"), "vpc:CreateVpc", ANY).decision is Decision.ALLOWED
    assert decide(holder.by("nobody's"), "vpc:CreateVpc", ANY).decision is Decision.NOT_GRANTED


OFFICE = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}


@pytest.mark.parametrize(
    ("documents", "context", "decision", "conditions"),
    [
        ([body(Condition=OFFICE)], {}, Decision.CONDITIONAL, "if IpAddress acs:SourceIp=10.0.0.0/8"),
        ([body(Condition=OFFICE)], {"acs:SourceIp": "10.1.2.3"}, Decision.ALLOWED, ""),
        ([body(Condition=OFFICE)], {"acs:SourceIp": "8.8.8.8"}, Decision.NOT_GRANTED, ""),
        ([body(Condition=OFFICE), body()], {}, Decision.ALLOWED, ""),
        ([body(), body(Effect="Deny", Condition=OFFICE)], {}, Decision.CONDITIONAL, "unless IpAddress"),
        ([body(), body(Effect="Deny", Condition=OFFICE)], {"acs:SourceIp": "10.1.2.3"}, Decision.DENIED, ""),
        ([body(Effect="Deny", Condition=OFFICE)], {}, Decision.NOT_GRANTED, ""),
        ([body(Condition=OFFICE), body(Effect="Deny")], {}, Decision.DENIED, ""),
        ([body(Condition={"Unheard": {"of": "x"}})], {"of": "x"}, Decision.CONDITIONAL, "if Unheard of=x"),
        ([body(Condition={"NumericEquals": {"n": "x"}})], {"n": "1"}, Decision.CONDITIONAL, "if NumericEquals n=x"),
    ],
)
def test_what_hangs_on_what_is_not_known_is_called_conditional_and_never_allowed(
    documents, context, decision, conditions
):
    verdict = decide(alice(*documents), "vpc:CreateVpc", ANY, context)

    assert verdict.decision is decision
    assert verdict.conditions.startswith(conditions)
    assert bool(verdict.conditions) == bool(conditions)


OPERATORS = [
    ("StringEquals", "a", "a", "A"),
    ("StringNotEquals", "a", "A", "a"),
    ("StringEqualsIgnoreCase", "a", "A", "b"),
    ("StringNotEqualsIgnoreCase", "a", "b", "A"),
    ("StringLike", "a*", "abc", "bc"),
    ("StringNotLike", "a*", "bc", "abc"),
    ("Bool", True, "true", "false"),
    ("IpAddress", "10.0.0.0/8", "::ffff:10.0.0.1", "2001:db8::1"),
    ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", "10.0.0.1"),
    ("NumericEquals", 10, "10.0", "11"),
    ("NumericNotEquals", 10, "11", "10.0"),
    ("NumericLessThan", 10, "9", "10"),
    ("NumericLessThanEquals", 10, "10", "11"),
    ("NumericGreaterThan", 10, "11", "10"),
    ("NumericGreaterThanEquals", 10, "10", "9"),
    ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", "2026-01-01T08:00:00Z"),
    ("DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
    ("DateLessThan", "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    ("DateLessThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
    ("DateGreaterThan", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00", "2026-01-01T00:00:00Z"),
    ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
]


@pytest.mark.parametrize(("operator", "value", "met", "unmet"), OPERATORS, ids=[case[0] for case in OPERATORS])
def test_the_operators_of_conditions(operator, value, met, unmet):
    holder = alice(body(Condition={operator: {"key": value}}))

    assert decide(holder, "vpc:CreateVpc", ANY, {"key": met}).decision is Decision.ALLOWED
    assert decide(holder, "vpc:CreateVpc", ANY, {"key": unmet}).decision is Decision.NOT_GRANTED
    assert decide(holder, "vpc:CreateVpc", ANY).decision is Decision.CONDITIONAL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not JSON",
        "[]",
        "[" * 100_000,
        body(Effect="allow"),
        body(NotAction="ecs:*"),
        body(Action=[]),
        body(Action=[1]),
        body(Surprise="x"),
        body(Condition=None),
        body(Condition={"Bool": {"key": None}}),
    ],
    ids=range(11),
)
def test_a_document_that_cannot_be_read_makes_nothing_certain(text):
    verdict = decide(alice(text), "vpc:CreateVpc", ANY)

    assert verdict.decision is Decision.CONDITIONAL
    assert "cannot be read" in verdict.conditions
    assert decide(alice(text, ALLOW), "vpc:CreateVpc", ANY).decision is Decision.CONDITIONAL
    assert decide(alice(text, DENY), "vpc:CreateVpc", ANY).decision is Decision.DENIED


# The emulator evaluates rights by code of its own: the two must never contradict each other

KEYS = {
    "acs:SourceIp": ["10.1.2.3", "203.0.113.7", "::ffff:10.0.0.1", "2001:db8::1"],
    "acs:SecureTransport": ["true", "false"],
    "acs:CurrentTime": ["2025-06-01T00:00:00Z", "2026-06-01T00:00:00+08:00"],
    "count": ["3", "-1.5", "10"],
    "oss:Prefix": ["abc", "ABC", ""],
}
WRITTEN = {
    "acs:SourceIp": [("IpAddress", "10.0.0.0/8"), ("NotIpAddress", "10.0.0.0/8"), ("IpAddress", "2001:db8::/32")],
    "acs:SecureTransport": [("Bool", True), ("Bool", "false"), ("StringEquals", "true")],
    "acs:CurrentTime": [(f"Date{name}", "2026-01-01T00:00:00Z") for name in ("LessThan", "GreaterThan", "NotEquals")],
    "count": [(f"Numeric{name}", [3, 7]) for name in ("Equals", "NotEquals", "LessThanEquals", "GreaterThan")],
    "oss:Prefix": [(name, "a*") for name in ("StringLike", "StringNotLike", "StringNotEqualsIgnoreCase")],
}
UNCERTAIN = [("Unheard", "x"), ("IpAddress", "nonsense"), ("NumericEquals", "nonsense")]
LINES = [(key, *line) for key, lines in WRITTEN.items() for line in lines]


def conditions(lines):
    def together(chosen):
        found = {}
        for key, operator, value in chosen:
            found.setdefault(operator, {})[key] = value
        return found

    return st.lists(st.sampled_from(lines), max_size=2).map(together)


@st.composite
def rich(draw, lines):
    return draw(statements()) | {"Condition": draw(conditions(lines))}


def policies(lines):
    return st.lists(st.lists(rich(lines), min_size=1, max_size=3), max_size=4)


def contexts(optional=False):
    values = {key: st.sampled_from(values) for key, values in KEYS.items()}
    return st.fixed_dictionaries({}, optional=values) if optional else st.fixed_dictionaries(values)


asked = st.tuples(st.sampled_from(ACTIONS), st.sampled_from(RESOURCES))


def ours(documents, call, context):
    texts = [json.dumps({"Version": "1", "Statement": entries}) for entries in documents]
    places = enumerate(texts)
    held = tuple(Held(Attachment(f"p{n}"), text, "people" if n % 2 else "") for n, text in places)
    return decide(Principal("user", "alice", held), *call, context).decision


def theirs(documents, call, context):
    world, caller = world_of(documents)
    try:
        authorize(world, caller, *call, context)
    except Denied as refused:
        return Decision.DENIED if refused.detail["NoPermissionType"] == "ExplicitDeny" else Decision.NOT_GRANTED
    return Decision.ALLOWED


@THOUSANDS
@given(policies(LINES), asked, contexts())
def test_where_everything_is_known_the_verdict_is_the_emulator_s(documents, call, context):
    assert ours(documents, call, context) is theirs(documents, call, context)


@THOUSANDS
@given(policies([*LINES, *[("oss:Prefix", *line) for line in UNCERTAIN]]), asked, contexts(optional=True), contexts())
def test_a_verdict_that_is_not_conditional_stays_whatever_the_rest_of_the_request_is(documents, call, known, rest):
    verdict = ours(documents, call, known)

    settled = {Decision.NOT_GRANTED: {Decision.NOT_GRANTED, Decision.DENIED}}.get(verdict, {verdict})  # neither allows
    assert verdict is Decision.CONDITIONAL or theirs(documents, call, rest | known) in settled
    if not any(entry["Condition"] for entries in documents for entry in entries):
        assert verdict is not Decision.CONDITIONAL
