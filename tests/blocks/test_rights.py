import pytest
from pydantic import ValidationError

from alicloud.policy import document, statement
from blocks import rights
from tests.flows.running import environment


def found(wanted, documents=None):
    return [(each.finding.id, each.finding.principal, each.waiver) for each in rights.judged(wanted, documents or {})]


GROUP = ("passrole-on-everything", "group flink-developers", "")
SERVICE = ("oss-on-everything", "role AliyunStreamDefaultRole", "")


@pytest.mark.requirement("R3", "R9")
def test_people_and_the_service_are_looked_at_and_only_warned_of():
    wanted = environment()

    assert found(wanted) == [GROUP, SERVICE, SERVICE]
    assert rights.refusal(wanted, rights.judged(wanted, {})) is None


def test_documents_as_they_were_read_count_before_those_that_are_known():
    harmless = document([statement("oss:Get*")])

    assert found(environment(), {"AliyunStreamRolePolicy": harmless, "AliyunOSSFullAccess": harmless}) == [GROUP]


def test_a_user_with_a_policy_of_their_own_is_found():
    users = [{"name": "alice", "projects": ["orders"]}, {"name": "bob"}]

    assert ("policy-on-user", "user alice", "") in found(environment(people={"users": users}))


def test_a_finding_is_waived_with_a_reason_and_the_rest_is_refused_when_that_is_wanted():
    waivers = [{"finding": "oss-on-everything", "reason": "The vendor's own role"}]
    wanted = environment(safety={"rights_lint": "refuse", "waivers": waivers})

    refused = rights.refusal(wanted, rights.judged(wanted, {}))

    assert found(wanted)[1][2] == "The vendor's own role"
    assert "Rights reach too far: passrole-on-everything (" in str(refused)
    assert "oss-on-everything" not in str(refused)
    assert "safety.waivers" in refused.remedy


def test_when_all_is_waived_nothing_is_refused():
    waivers = [{"finding": each, "reason": "R3, R8"} for each in ("oss-on-everything", "passrole-on-everything")]
    wanted = environment(safety={"rights_lint": "refuse", "waivers": waivers})

    assert rights.refusal(wanted, rights.judged(wanted, {})) is None


def test_the_lint_can_be_switched_off():
    assert found(environment(safety={"rights_lint": "off"})) == []


@pytest.mark.parametrize(
    "waiver", [{"finding": "passrole", "reason": "x"}, {"finding": "policy-on-user", "reason": ""}]
)
def test_a_waiver_names_a_finding_and_a_reason(waiver):
    with pytest.raises(ValidationError):
        environment(safety={"waivers": [waiver]})
