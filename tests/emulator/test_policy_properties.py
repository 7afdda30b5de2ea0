"""What must hold of rights whatever the policies are."""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import ram
from emulator.policy import Denied, authorize
from emulator.policy_grammar import decide, parse
from emulator.request import Caller
from emulator.wildcards import wildcard
from emulator.world import Clock, World

MANY = settings(
    max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

# Few words, so that what is asked is often what is spoken about.
ACTIONS = ["ram:GetUser", "ram:CreateUser", "vpc:DescribeVpcs", "oss:GetObject"]
RESOURCES = ["acs:ram:*:1:user/alice", "acs:vpc:cn-hangzhou:1:vpc/v", "acs:oss:*:1:bucket/key", "*"]
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
    {"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
    {"Bool": {"acs:SecureTransport": "true"}},
    {"DateLessThan": {"acs:CurrentTime": "2026-01-01T00:00:00Z"}},
    {"StringLike": {"oss:Prefix": "a*"}, "Bool": {"acs:MFAPresent": "false"}},
    {"Unheard": {"of": "x"}},
    {"IpAddress": {"acs:SourceIp": "nonsense"}},
]

action_patterns = st.sampled_from(
    [*ACTIONS, "*", "ram:*", "*:Get*", "vpc:Describe????", "RAM:getuser", "oss:?etObject"]
)
resource_patterns = st.sampled_from([*RESOURCES, "acs:ram:*:*:*", "acs:vpc:*:1:vpc/?", "acs:oss:cn-beijing:1:bucket/*"])
contexts = st.fixed_dictionaries(
    {},
    optional={
        "acs:SourceIp": st.sampled_from(["10.1.2.3", "203.0.113.7", "nonsense"]),
        "acs:SecureTransport": st.sampled_from(["true", "false"]),
        "acs:CurrentTime": st.sampled_from(["2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z"]),
        "acs:MFAPresent": st.just("false"),
        "oss:Prefix": st.sampled_from(["abc", "xyz"]),
    },
)


@st.composite
def statements(draw: st.DrawFn, effect: str = "") -> dict[str, Any]:
    what = draw(st.sampled_from(["Action", "NotAction"]))
    where = draw(st.sampled_from(["Resource", "NotResource"]))
    return {
        "Effect": effect or draw(st.sampled_from(["Allow", "Deny"])),
        what: draw(st.lists(action_patterns, min_size=1, max_size=3)),
        where: draw(st.lists(resource_patterns, min_size=1, max_size=3)),
        "Condition": draw(st.sampled_from(CONDITIONS)),
    }


def policy(*entries: dict[str, Any]) -> str:
    return json.dumps({"Version": "1", "Statement": list(entries)})


policies = st.lists(statements(), min_size=1, max_size=4)
calls = st.tuples(st.sampled_from(ACTIONS), st.sampled_from(RESOURCES), contexts)


def world_of(documents: list[list[dict[str, Any]]]) -> tuple[World, Caller]:
    """Make an account with a user: the first policy hangs on her, the second on her group, and so on in turn."""
    world = World(clock=Clock(wall=lambda: 1_776_500_000.0))
    state = world.part(ram.State)
    alice = state.users["alice"] = ram.User("alice", "2001", 0.0, 0.0)
    people = state.groups["people"] = ram.Group("people", "3001", 0.0, 0.0, members={"alice": 0.0})
    alice.groups["people"] = ram.Link(0.0, 0.0)
    for number, entries in enumerate(documents):
        name = f"p{number}"
        state.policies[name] = ram.Policy(name, 0.0, 0.0, {"v1": ram.Version(policy(*entries), 0.0)})
        (alice, people)[number % 2].policies[f"Custom/{name}"] = ram.Link(0.0, 0.0)
    return world, Caller("RAMUser", world.account_id, "key", "alice", "2001")


def may(documents: list[list[dict[str, Any]]], call: tuple[str, str, dict[str, str]], session: str = "") -> bool:
    world, caller = world_of(documents)
    caller = Caller(caller.kind, caller.account_id, "key", caller.name, caller.principal_id, session_policy=session)
    try:
        authorize(world, caller, *call)
    except Denied:
        return False
    return True


@MANY
@given(st.lists(policies, max_size=3), policies, calls)
def test_a_denial_always_wins(documents: list[Any], more: list[Any], call: Any):
    denied = [dict(entry, Effect="Deny") for entry in more]
    speaks = any(entry.speaks_about(*call) for entry in parse(policy(*denied)))
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}

    assert may([*documents, [everything], denied], call) <= (not speaks)


@MANY
@given(st.lists(policies, max_size=3), statements("Allow"), calls)
def test_one_more_allow_takes_no_right_away(documents: list[Any], more: dict[str, Any], call: Any):
    assert may(documents, call) <= may([*documents, [more]], call)


@MANY
@given(st.lists(policies, max_size=3), statements("Deny"), calls)
def test_one_more_deny_gives_no_right(documents: list[Any], more: dict[str, Any], call: Any):
    assert may([*documents, [more]], call) <= may(documents, call)


@MANY
@given(st.lists(policies, min_size=1, max_size=4), calls, st.randoms(use_true_random=False))
def test_the_order_of_statements_and_policies_decides_nothing(documents: list[Any], call: Any, draw: Any):
    shuffled = copy.deepcopy(documents)
    draw.shuffle(shuffled)
    for entries in shuffled:
        draw.shuffle(entries)
        for entry in entries:
            for patterns in entry.values():
                if isinstance(patterns, list):
                    draw.shuffle(patterns)

    assert may(documents, call) == may(shuffled, call)


@MANY
@given(policies, calls)
def test_statements_may_as_well_stand_in_policies_of_their_own(entries: list[Any], call: Any):
    assert may([entries], call) == may([[entry] for entry in entries], call)


@MANY
@given(st.lists(policies, max_size=3), policies, calls)
def test_a_session_policy_only_narrows(documents: list[Any], session: list[Any], call: Any):
    narrowed = may(documents, call, policy(*session))

    assert narrowed <= may(documents, call)
    assert narrowed <= (decide(parse(policy(*session)), *call) == "Allow")


@MANY
@given(st.lists(policies, max_size=3), calls)
def test_nothing_is_allowed_that_no_statement_allows(documents: list[Any], call: Any):
    allowing = [entry for entries in documents for entry in parse(policy(*entries)) if entry.allow]

    assert may(documents, call) <= any(entry.speaks_about(*call) for entry in allowing)


def naive(pattern: str, text: str) -> bool:
    if pattern == "":
        return text == ""
    if pattern[0] == "*":
        return any(naive(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return text != "" and pattern[0] in ("?", text[0]) and naive(pattern[1:], text[1:])


@settings(MANY, max_examples=400)
@given(st.text("ab*?", max_size=7), st.text("ab*", max_size=9))
def test_wildcards_agree_with_a_naive_reading(pattern: str, text: str):
    assert wildcard(pattern, text) is naive(pattern, text)


@MANY
@given(st.text(max_size=20), st.text(max_size=5), st.text(max_size=5))
def test_a_pattern_matches_what_it_was_made_from(text: str, before: str, after: str):
    literal = text.replace("*", "").replace("?", "")

    assert wildcard(literal, literal)
    assert wildcard(f"*{literal}*", before + literal + after)
    assert wildcard("?" * len(text), text)
