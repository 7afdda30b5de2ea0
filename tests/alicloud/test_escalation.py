import json

import pytest

from alicloud import prerequisites
from alicloud.effective_rights import Held, Principal
from alicloud.escalation import PATHS, escalations
from alicloud.policy import document, statement
from alicloud.ram_policies import Attachment

ACCOUNT = "1376771854400000"


def found(*texts, kind="user", name="alice", groups=()):
    held = tuple(Held(Attachment(f"p{number}"), text) for number, text in enumerate(texts))
    return escalations(Principal(kind, name, held, groups), ACCOUNT)


def ids(*texts, **who):
    return [finding.path.id for finding in found(*texts, **who)]


OPEN = [
    ("ram:PassRole", "*", "passrole-on-everything"),
    ("ram:CreatePolicyVersion", "acs:ram:*:*:policy/*", "new-policy-version"),
    ("ram:CreatePolicyVersion", "acs:ram:*:*:policy/p0", "new-policy-version"),
    ("ram:SetDefaultPolicyVersion", "acs:ram:*:*:policy/p0", "default-policy-version"),
    ("ram:AttachPolicyToUser", "acs:ram:*:*:user/alice", "attach-to-user"),
    ("ram:AttachPolicyToGroup", "acs:ram:*:*:group/people", "attach-to-group"),
    ("ram:AttachPolicyToRole", "*", "attach-to-role"),
    ("ram:CreateAccessKey", "acs:ram:*:*:user/*", "keys-of-others"),
    ("ram:UpdateLoginProfile", "*", "logon-of-others"),
    ("ram:CreateLoginProfile", "*", "logon-of-others"),
    ("ram:AddUserToGroup", "*", "join-any-group"),
    ("ram:UpdateRole", "*", "trust-of-roles"),
    ("sts:AssumeRole", "*", "assume-any-role"),
]


@pytest.mark.parametrize(("action", "resource", "path"), OPEN)
def test_each_path_is_found_and_named_with_what_it_allows_and_the_remedy(action, resource, path):
    (finding,) = found(document([statement(action, resource)]), groups=("people",))

    assert finding.path.id == path
    assert finding.action == action
    assert [held.attachment.name for held in finding.by] == ["p0"]
    assert finding.path.allows and finding.path.remedy
    assert not finding.conditional


def test_every_path_has_its_case():
    assert {path.id for path in PATHS} == {path for *_, path in OPEN} | {"administrator"}


NARROW = [
    ("ram:PassRole", "acs:ram:*:*:role/AliyunStreamDefaultRole"),
    ("ram:CreatePolicyVersion", "acs:ram:*:*:policy/of-others"),
    ("ram:CreateAccessKey", "acs:ram:*:*:user/alice"),
    ("ram:AttachPolicyToGroup", "acs:ram:*:*:group/strangers"),
    ("sts:AssumeRole", "acs:ram:*:*:role/flink-reader"),
    ("ram:Get*", "*"),
    ("stream:*", "*"),
]


@pytest.mark.parametrize(("action", "resource"), NARROW)
def test_what_is_narrow_is_no_path(action, resource):
    assert ids(document([statement(action, resource)]), groups=("people",)) == []


def test_a_deny_closes_a_path():
    everything = document([statement("ram:*")])
    closing = document([statement("ram:PassRole", effect="Deny")])

    assert "passrole-on-everything" in ids(everything)
    assert "passrole-on-everything" not in ids(everything, closing)


def test_an_administrator_is_named_once_and_a_nearly_administrator_by_each_path():
    nearly = json.dumps({"Statement": {"Effect": "Allow", "NotAction": "bss:*", "Resource": "*"}})

    assert ids(document([statement("*")])) == ["administrator"]
    assert ids(document([statement("*")]), document([statement("ram:*", effect="Deny")])) == ["administrator"]
    assert ids(nearly) == ["administrator"]
    assert len(ids(document([statement(["ram:*", "sts:*"])]))) == len(PATHS) - 1


def test_a_path_under_a_condition_is_said_to_be_one():
    body = {
        "Effect": "Allow",
        "Action": "ram:PassRole",
        "Resource": "*",
        "Condition": {"Bool": {"acs:MFAPresent": True}},
    }

    (finding,) = found(json.dumps({"Statement": body}))

    assert finding.path.id == "passrole-on-everything"
    assert finding.conditional


def test_a_role_that_may_change_itself_has_a_path():
    text = document([statement(["ram:UpdateRole", "ram:AttachPolicyToRole"], "acs:ram:*:*:role/flink-admin")])

    assert ids(text, kind="role", name="flink-admin") == ["attach-to-role", "trust-of-roles"]


@pytest.mark.requirement("R3", "R8", "R9")
def test_the_vendor_s_own_policies_open_the_one_path_that_the_procedure_asks_for():
    people = prerequisites.people_policy_document(["orders"])
    service = (prerequisites.role_policy_document(), prerequisites.exclusive_policy_document(True))

    assert ids(people) == ["passrole-on-everything"]
    assert ids(*service, kind="role", name="AliyunStreamDefaultRole") == []
