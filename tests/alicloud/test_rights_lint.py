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


@pytest.mark.requirement("R4")
def test_a_policy_on_a_user_is_found_whatever_it_allows():
    grant = Grant("user", "alice", "P", document([statement("stream:*", "acs:stream:*:*:orders")]))

    assert lint([grant]) == [Finding("policy-on-user", "user alice", "P")]


@pytest.mark.parametrize("text", ["", "not JSON", "[" * 100_000, '{"Statement": [{"Effect": "Allow"}]}'])
def test_what_is_no_document_has_no_findings(text):
    assert ids(text) == []


def test_every_finding_has_its_remedy():
    assert set(REMEDIES) == {PASS, OSS, "policy-on-user"}
