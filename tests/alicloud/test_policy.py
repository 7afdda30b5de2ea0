import json

import pytest

from alicloud import policy
from alicloud.errors import Unmet

CREATE = "ecs:CreateSecurityGroup"
OPEN = "ecs:AuthorizeSecurityGroup"


def doc(*statements):
    return {"Version": "1", "Statement": list(statements)}


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal):
    return doc({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})


WITH_MFA = {"Bool": {"acs:MFAPresent": ["true"]}}

SAME = {
    "the same text": (doc(allow(CREATE)), doc(allow(CREATE))),
    "white space": (json.dumps(doc(allow(CREATE)), indent=4), json.dumps(doc(allow(CREATE)))),
    "a text and an object": (json.dumps(doc(allow(CREATE))), doc(allow(CREATE))),
    "order of statements": (doc(allow(CREATE), allow("oss:*")), doc(allow("oss:*"), allow(CREATE))),
    "order of actions": (doc(allow([CREATE, OPEN])), doc(allow([OPEN, CREATE]))),
    "case of actions": (doc(allow(CREATE)), doc(allow("ECS:createsecuritygroup"))),
    "one action in a list": (doc(allow([CREATE])), doc(allow(CREATE))),
    "one resource in a list": (doc(allow(CREATE, ["*"])), doc(allow(CREATE, "*"))),
    "one statement outside a list": (doc(allow(CREATE)), {"Version": "1", "Statement": allow(CREATE)}),
    "an action said twice": (doc(allow([CREATE, CREATE])), doc(allow(CREATE))),
    "a statement said twice": (doc(allow(CREATE), allow(CREATE)), doc(allow(CREATE))),
    "statements parted": (doc(allow([CREATE, OPEN])), doc(allow(CREATE), allow(OPEN))),
    "resources parted": (doc(allow(CREATE, ["a", "b"])), doc(allow(CREATE, "b"), allow(CREATE, "a"))),
    "a condition's value in a list": (
        doc(allow(CREATE, Condition=WITH_MFA)),
        doc(allow(CREATE, Condition={"Bool": {"acs:MFAPresent": True}})),
    ),
    "an empty condition": (doc(allow(CREATE, Condition={})), doc(allow(CREATE))),
    "case of a service": (trust({"Service": ["stream.aliyuncs.com"]}), trust({"Service": "Stream.aliyuncs.com"})),
    "order of a NotAction": (
        doc({"Effect": "Deny", "NotAction": ["a:B", "c:D"], "Resource": "*"}),
        doc({"Effect": "Deny", "NotAction": ["c:D", "a:B"], "Resource": "*"}),
    ),
    "nothing at all": ("", doc()),
}

DIFFERENT = {
    "one action more": (doc(allow([CREATE, OPEN])), doc(allow(CREATE))),
    "Allow and Deny": (doc(allow(CREATE)), doc({**allow(CREATE), "Effect": "Deny"})),
    "case of a resource": (doc(allow("oss:*", "acs:oss:*:*:udf")), doc(allow("oss:*", "acs:oss:*:*:UDF"))),
    "a condition more": (doc(allow(CREATE)), doc(allow(CREATE, Condition=WITH_MFA))),
    "another value of a condition": (
        doc(allow(CREATE, Condition=WITH_MFA)),
        doc(allow(CREATE, Condition={"Bool": {"acs:MFAPresent": "false"}})),
    ),
    "pairs of action and resource": (
        doc(allow("a:B", "x"), allow("c:D", "y")),
        doc(allow("a:B", "y"), allow("c:D", "x")),
    ),
    "NotAction and Action": (
        doc({"Effect": "Allow", "NotAction": [CREATE], "Resource": "*"}),
        doc(allow(CREATE)),
    ),
    "a NotAction in two statements, which allows all": (
        doc({"Effect": "Allow", "NotAction": ["a:B", "c:D"], "Resource": "*"}),
        doc(
            {"Effect": "Allow", "NotAction": ["a:B"], "Resource": "*"},
            {"Effect": "Allow", "NotAction": ["c:D"], "Resource": "*"},
        ),
    ),
    "another principal": (trust({"Service": "stream.aliyuncs.com"}), trust({"Service": "ecs.aliyuncs.com"})),
    "another kind of principal": (trust({"Service": "a"}), trust({"RAM": "a"})),
    "one principal more": (trust({"Service": "a"}), trust({"Service": ["a", "b"]})),
    "nothing at all": ("", doc(allow(CREATE))),
}


@pytest.mark.parametrize(("a", "b"), SAME.values(), ids=SAME.keys())
def test_how_a_document_is_written_makes_no_difference(a, b):
    assert policy.same_meaning(a, b)
    assert policy.same_meaning(b, a)
    assert policy.differences(a, b) == []


@pytest.mark.parametrize(("a", "b"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_what_a_document_says_makes_a_difference(a, b):
    assert not policy.same_meaning(a, b)
    assert not policy.same_meaning(b, a)
    assert policy.differences(a, b)


def test_differences_are_lines_that_a_person_reads():
    wanted = doc(allow([CREATE, "vpc:DescribeVpcs"]))
    actual = doc(allow("VPC:describevpcs"), {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:oss:*:*:udf"})

    lines = policy.differences(wanted, actual)

    assert lines == ["+ Allow ecs:CreateSecurityGroup on *", "- Deny oss:* on acs:oss:*:*:udf"]


def test_differences_name_principals_and_conditions():
    wanted = trust({"Service": "stream.aliyuncs.com"})
    actual = doc(allow(CREATE, Condition={"IpAddress": {"acs:SourceIp": ["10.0.0.0/8", "1.1.1.1"]}}))

    lines = policy.differences(wanted, actual)

    assert lines == [
        "+ Allow sts:AssumeRole to Service stream.aliyuncs.com",
        "- Allow ecs:CreateSecurityGroup on * if IpAddress acs:SourceIp=1.1.1.1,10.0.0.0/8",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '"text"',
        '{"Statement": "text"}',
        '{"Statement": [{"Effect": "Allow", "Resource": "*"}]}',
        '{"Statement": [{"Action": "a:B", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Action": {"a": "b"}, "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Action": null, "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Action": "a:B", "Resource": "*", "Condition": "text"}]}',
    ],
)
def test_what_is_no_policy_document_is_said_so_with_a_remedy(text):
    with pytest.raises(Unmet, match="not a policy document") as caught:
        policy.same_meaning(doc(allow(CREATE)), text)

    assert "Statements" in caught.value.remedy


def test_a_document_is_compact_and_always_the_same_text():
    once = policy.document([policy.statement(["b:C", "a:B", "b:C"]), policy.statement("oss:*", ["y", "x"], "Deny")])
    again = policy.document([policy.statement(["a:B", "b:C"]), policy.statement(["oss:*"], ["x", "y"], "Deny")])

    assert once == again
    assert once == (
        '{"Version":"1","Statement":[{"Action":["a:B","b:C"],"Effect":"Allow","Resource":"*"},'
        '{"Action":"oss:*","Effect":"Deny","Resource":["x","y"]}]}'
    )
