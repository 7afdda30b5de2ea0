import pytest

from alicloud import prerequisites
from alicloud.policy import document, statement
from alicloud.rights_lint import REMEDIES, Finding, Grant, lint


def ids(text, kind="group"):
    return [found.id for found in lint([Grant(kind, "x", "P", text)])]


PASS, OSS = "passrole-on-everything", "oss-on-everything"


@pytest.mark.requirement("R3")
def test_the_policy_of_people_as_the_vendor_wants_it_passes_every_role():
    assert ids(prerequisites.people_policy_document(["orders"])) == [PASS]


@pytest.mark.requirement("R8", "R9")
def test_the_role_of_the_service_reaches_every_bucket_but_its_network_policy_does_not():
    assert ids(prerequisites.role_policy_document(), "role") == [OSS]
    assert ids(prerequisites.exclusive_policy_document(True), "role") == []


@pytest.mark.parametrize(
    ("actions", "resources", "found"),
    [
        ("*", "*", [PASS, OSS]),
        ("RAM:*", "acs:ram:*:*:*", [PASS]),
        ("ram:Pass*", "acs:ram::123:role/*", [PASS]),
        ("ram:PassRole", "acs:ram:*:*:role/AliyunStreamDefaultRole", []),
        ("ram:GetRole", "*", []),
        ("oss:*", "acs:oss:*:*:*", [OSS]),
        ("oss:*", ["acs:oss:*:*:b", "acs:oss:*:*:b/*"], []),
        ("oss:Get*", "*", []),
        ("oss:[*]", "*", []),
        ("oss:*", "acs:oss:*", [OSS]),
        ("oss:*", "acs:oss:*:*:?*", [OSS]),
        ("oss:*", "acs:oss:*:123:*", [OSS]),
        ("oss:*", "acs:oss:*:*:flink-*", []),
        (["oss:Get*", "oss:Put*", "oss:Delete*", "oss:List*"], "*", [OSS]),
        ("oss:DeleteObject", "acs:oss:*:*:*/*", [OSS]),
    ],
)
def test_what_reaches_too_far_is_found_however_it_is_written(actions, resources, found):
    assert ids(document([statement(actions, resources)])) == found
    assert ids(document([statement(actions, resources, "Deny")])) == []


def test_all_but_some_reaches_far_unless_it_is_left_out():
    def body(**fields):
        return document([{"Effect": "Allow", "Action": "*", "Resource": "*"} | fields])

    assert ids(document([{"Effect": "Allow", "NotAction": ["ecs:*"], "Resource": "*"}])) == [PASS, OSS]
    assert ids(document([{"Effect": "Allow", "NotAction": ["ram:*", "oss:*"], "Resource": "*"}])) == []
    assert ids(document([{"Effect": "Allow", "Action": "oss:*", "NotResource": ["acs:oss:*:*:b"]}])) == [OSS]
    assert ids(body(Condition={"StringEquals": {"acs:Service": ["x"]}})) == []


@pytest.mark.parametrize(
    "condition",
    [
        {"Bool": {"acs:SecureTransport": "true"}},
        {"IpAddress": {"acs:SourceIp": "0.0.0.0/0"}},
        {"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
    ],
)
def test_a_condition_that_everybody_can_meet_does_not_narrow(condition):
    assert ids(document([statement(["oss:*", "ram:PassRole"]) | {"Condition": condition}])) == [PASS, OSS]


def test_a_condition_on_the_source_narrows_who_comes_but_not_which_buckets():
    inside = {"Condition": {"StringEquals": {"acs:SourceVpc": "vpc-1"}}}

    assert ids(document([statement(["oss:*", "ram:PassRole"]) | inside])) == [OSS]


def test_what_the_same_policy_denies_does_not_reach():
    assert ids(document([statement("*"), statement(["oss:*", "ram:PassRole"], effect="Deny")])) == []


@pytest.mark.requirement("R4")
def test_a_policy_on_a_user_is_found_whatever_it_allows():
    grant = Grant("user", "alice", "P", document([statement("stream:*", "acs:stream:*:*:orders")]))

    assert lint([grant]) == [Finding("policy-on-user", "user alice", "P")]


@pytest.mark.parametrize("text", ["", "not JSON", "[" * 100_000, '{"Statement": [{"Effect": "Allow"}]}'])
def test_what_is_no_document_has_no_findings(text):
    assert ids(text) == []


def test_every_finding_has_its_remedy():
    assert set(REMEDIES) == {PASS, OSS, "policy-on-user"}
