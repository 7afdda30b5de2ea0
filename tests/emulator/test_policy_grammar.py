"""The grammar of policy documents."""

import json
import time

import pytest

from emulator.policy_grammar import Malformed, decide, parse, parse_trust
from emulator.wildcards import wildcard


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("*", "", True),
        ("*", "anything", True),
        ("", "", True),
        ("", "x", False),
        ("oss:Get*", "oss:GetObject", True),
        ("oss:Get*", "oss:PutObject", False),
        ("*Row", "ots:PutRow", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a*b*c", "axxbyyc", True),
        ("a*b*c", "axxbyy", False),
        ("a.c", "abc", False),
        ("[a]", "a", False),
        ("**", "x", True),
    ],
)
def test_wildcards(pattern: str, text: str, matches: bool):
    assert wildcard(pattern, text) is matches


def test_a_hostile_pattern_is_matched_in_good_time():
    started = time.process_time()

    wildcard("*a" * 3000 + "b", "a" * 3000)

    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("action", "resource", "verdict"),
    [
        ("stream:CreateProject", "acs:stream:cn-hangzhou:1:clickstream", "Allow"),
        ("STREAM:createproject", "acs:stream:cn-hangzhou:1:clickstream", "Allow"),
        ("stream:CreateProject", "acs:stream:cn-hangzhou:1:other", ""),
        ("stream:DeleteProject", "acs:stream:cn-hangzhou:1:clickstream", "Deny"),
        ("ram:PassRole", "acs:ram:*:1:role/x", "Allow"),
        ("ram:CreateUser", "acs:ram:*:1:user/x", ""),
    ],
)
def test_a_document_decides(action: str, resource: str, verdict: str):
    document = json.dumps(
        {
            "Version": "1",
            "Statement": [
                {"Effect": "Allow", "Action": "stream:*", "Resource": "acs:stream:*:*:clickstream"},
                {"Effect": "Deny", "Action": ["stream:Delete*"], "Resource": ["*"]},
                {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "acs:ram:*:*:*"},
            ],
        }
    )

    assert decide(parse(document), action, resource, {}) == verdict


def test_a_statement_may_be_an_object():
    document = '{"Version": "1", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'

    assert decide(parse(document), "vpc:CreateVpc", "acs:vpc:x:1:vpc/*", {}) == "Allow"


def test_not_action_speaks_about_everything_else():
    document = '{"Version": "1", "Statement": {"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"}}'

    assert decide(parse(document), "vpc:CreateVpc", "x", {}) == "Allow"
    assert decide(parse(document), "ram:CreateUser", "x", {}) == ""


def test_a_global_resource_is_named_by_any_region_but_not_by_another_account():
    document = '{"Version":"1","Statement":{"Effect":"Allow","Action":"*","Resource":"acs:oss:cn-hangzhou:1:b/*"}}'

    assert decide(parse(document), "oss:GetObject", "acs:oss:*:1:b/k", {}) == "Allow"
    assert decide(parse(document), "oss:GetObject", "acs:oss:*:2:b/k", {}) == ""


@pytest.mark.parametrize(
    ("effect", "condition", "context", "verdict"),
    [
        ("Allow", {"StringEquals": {"k": "v"}}, {"k": "v"}, "Allow"),
        ("Allow", {"StringEquals": {"k": ["a", "v"]}}, {"k": "v"}, "Allow"),
        ("Allow", {"StringEquals": {"k": "v"}}, {"k": "w"}, ""),
        ("Allow", {"StringEquals": {"k": "v"}}, {}, ""),
        ("Allow", {"StringNotEquals": {"k": "v"}}, {"k": "w"}, "Allow"),
        ("Allow", {"StringLike": {"k": "v*"}}, {"k": "vw"}, "Allow"),
        ("Allow", {"StringNotLike": {"k": "v*"}}, {"k": "vw"}, ""),
        ("Allow", {"StringEqualsIgnoreCase": {"k": "V"}}, {"k": "v"}, "Allow"),
        ("Allow", {"Bool": {"k": True}}, {"k": "true"}, "Allow"),
        ("Allow", {"ForAllValues:StringEquals": {"k": "v"}}, {"k": "v"}, ""),
        ("Deny", {"ForAllValues:StringEquals": {"k": "v"}}, {"k": "w"}, "Deny"),
        ("Deny", {"StringEquals": {"k": "v"}}, {}, ""),
    ],
)
def test_conditions(effect: str, condition: object, context: dict[str, str], verdict: str):
    statement = {"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition}

    assert decide(parse(json.dumps({"Version": "1", "Statement": statement})), "a:B", "x", context) == verdict


GOOD = {"Effect": "Allow", "Action": "a:*", "Resource": "*"}


@pytest.mark.parametrize(
    "document",
    [
        "",
        "no json",
        "[]",
        "null",
        '"text"',
        "[" * 100_000,
        json.dumps({"Version": "2", "Statement": [GOOD]}),
        json.dumps({"Version": 1, "Statement": [GOOD]}),
        json.dumps({"Statement": [GOOD]}),
        json.dumps({"Version": "1"}),
        json.dumps({"Version": "1", "Statement": []}),
        json.dumps({"Version": "1", "Statement": ["x"]}),
        json.dumps({"Version": "1", "Statement": [GOOD], "Extra": 1}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Effect": "allow"}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Action": 7}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Action": []}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Action": ["a:B", 7]}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Action": "CreateVpc"}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Resource": "bucket"}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"NotAction": "a:B"}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Principal": {"RAM": "x"}}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Condition": []}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Condition": {"StringEquals": "x"}}]}),
        json.dumps({"Version": "1", "Statement": [GOOD | {"Condition": {"StringEquals": {"k": {}}}}]}),
        json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "a:*"}]}),
    ],
)
def test_what_breaks_the_grammar_is_malformed(document: str):
    with pytest.raises(Malformed):
        parse(document)


@pytest.mark.parametrize("principal", [None, [], {}, "x", {"Somebody": "x"}, {"RAM": []}, {"RAM": [1]}])
def test_a_trust_policy_needs_a_principal(principal: object):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}

    with pytest.raises(Malformed):
        parse_trust(json.dumps({"Version": "1", "Statement": [statement]}))
