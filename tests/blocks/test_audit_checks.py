import dataclasses
from datetime import date

import pytest
from pydantic import ValidationError

from alicloud.actiontrail import Event, last_change
from alicloud.changes import Change
from alicloud.ecs import SecurityGroup
from alicloud.ecs_rules import Rule
from alicloud.effective_rights import Held, Principal
from alicloud.errors import Unmet
from alicloud.oss import Bucket
from alicloud.ram import LoginProfile
from alicloud.ram_account import PasswordPolicy
from alicloud.ram_logon import UserKey
from alicloud.ram_policies import Attachment
from alicloud.snapshot import Write
from alicloud.vpc_vswitches import VSwitch
from blocks import audit_checks, audit_rights
from blocks.audit_checks import Term
from blocks.audit_drift import drift
from blocks.audit_finding import Finding, judged
from blocks.auditing import Accepted
from tasks.run import Foreseen
from tests.flows.running import environment

DAY = 86_400
NOW = 1_000 * DAY
PRIVATE = Bucket("b", "cn-hangzhou", "private", "Standard", "LRS", "Enabled", "AES256", "1")
GROUP = SecurityGroup("sg-1", "vpc-1", "g", False, ())
STRICT = PasswordPolicy(14, True, True, True, True, 90, 5, 5, False)
ADMINISTRATOR = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
EVERYBODY = (
    '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["oss:GetObject"], "Principal": ["*"], '
    '"Resource": ["acs:oss:*:*:b/*"]}]}'
)


def severities(findings):
    return [(each.field, each.severity) for each in findings]


@pytest.mark.parametrize(("age", "active", "found"), [(89, True, 0), (91, True, 1), (91, False, 0)])
def test_only_an_active_key_that_is_too_old_is_found(age, active, found):
    keys = [UserKey("LTAI5tabcd", active, NOW - age * DAY)]

    findings = audit_checks.access_keys("alice", keys, NOW, 90)

    assert severities(findings) == [("AccessKey ...abcd", "medium")] * found


@pytest.mark.parametrize(
    ("logon", "bound", "severity"),
    [
        (None, False, []),
        (LoginProfile("alice", True, False), True, []),
        (LoginProfile("alice", True, False), False, ["low"]),
        (LoginProfile("alice", False, False), False, ["high"]),
    ],
)
def test_a_password_alone_is_worse_than_a_device_that_is_not_bound_yet(logon, bound, severity):
    assert [each.severity for each in audit_checks.second_factor("alice", logon, bound)] == severity


def test_a_password_policy_that_satisfies_cis_says_nothing_and_each_lax_field_is_a_note():
    lax = dataclasses.replace(STRICT, minimum_length=8, max_attempts=0, require_symbols=False)

    assert audit_checks.password_policy(STRICT) == []
    assert [(each.field, each.cis) for each in audit_checks.password_policy(lax)] == [
        ("require symbols", "1.9"),
        ("minimum length", "1.11"),
        ("max attempts", "1.14"),
    ]


@pytest.mark.parametrize(
    ("acl", "policy", "fields"),
    [
        ("private", "", []),
        ("public-read", "", ["ACL"]),
        ("private", EVERYBODY, ["policy"]),
        ("private", "{", ["policy"]),
    ],
)
def test_a_bucket_is_public_by_acl_or_by_a_policy_that_may_say_anything(acl, policy, fields):
    findings = audit_checks.public_bucket(dataclasses.replace(PRIVATE, acl=acl), policy)

    assert severities(findings) == [(field, "high") for field in fields]


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        (Rule("ingress", "Accept", "TCP", "22/22", "0.0.0.0/0"), "high"),
        (Rule("ingress", "accept", "ALL", "-1/-1", "::/0"), "high"),
        (Rule("ingress", "Accept", "TCP", "443/443", "0.0.0.0/0"), "medium"),
        (Rule("ingress", "Accept", "TCP", "22/22", "0.0.0.0/1"), "high"),
        (Rule("ingress", "Accept", "TCP", "22/22", "128.0.0.0/1"), "high"),
        (Rule("ingress", "Accept", "TCP", "443/443", "8.0.0.0/7"), "medium"),
        (Rule("ingress", "Accept", "TCP", "22/22", "2000::/3"), "high"),
        (Rule("ingress", "Accept", "TCP", "22/22", "2001::/16"), ""),
        (Rule("ingress", "Accept", "TCP", "22/22", "pl-bp1abc"), "low"),
        (Rule("ingress", "Drop", "TCP", "22/22", "pl-bp1abc"), ""),
        (Rule("ingress", "Accept", "TCP", "22/22", "10.0.0.0/8"), ""),
        (Rule("ingress", "Drop", "TCP", "22/22", "0.0.0.0/0"), ""),
        (Rule("egress", "Accept", "TCP", "22/22", "0.0.0.0/0"), ""),
        (Rule("ingress", "Accept", "TCP", "22/22", "sg-2"), ""),
    ],
)
def test_a_rule_is_found_that_lets_the_whole_world_in(rule, severity):
    findings = audit_checks.open_security_groups({GROUP: [rule]})

    assert [each.severity for each in findings] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("days", "renews", "severity"),
    [
        (None, False, ["medium"]),
        (31, False, []),
        (20, False, ["medium"]),
        (3, False, ["high"]),
        (-1, True, ["high"]),
        (3, True, ["low"]),
    ],
)
def test_what_ends_soon_is_the_worse_the_sooner_unless_it_renews_itself(days, renews, severity):
    ends_at = None if days is None else NOW + days * DAY

    findings = audit_checks.expiry([Term("Order", "o", ends_at, renews)], NOW, 30)

    assert [each.severity for each in findings] == severity


def test_addresses_and_compute_units_are_counted():
    vswitch = VSwitch("vsw-1", "vpc-1", "v", "10.0.0.0/24", "z", "Available", 2)

    assert audit_checks.free_addresses([vswitch], 2) == []
    assert [each.what for each in audit_checks.free_addresses([vswitch], 3)] == [
        "2 free addresses, the next scale-out takes 3"
    ]
    assert audit_checks.compute_units("Cluster c", {"a": 4, "b": 6}, 10) == []
    assert len(audit_checks.compute_units("Cluster c", {"a": 4, "b": 7}, 10)) == 1


def test_a_policy_that_nobody_asked_for_on_a_user_is_found_with_what_it_allows():
    held = Held(Attachment("AdministratorAccess", "System"), ADMINISTRATOR)
    bob = Principal("user", "bob", (held,), ("flink-developers",))

    found = audit_rights.rights(environment(), "1", bob)

    assert [(each.id, each.severity, each.field) for each in found if each.counts] == [
        ("policy-on-user", "medium", "policy AdministratorAccess"),
        ("wide-rights", "high", "administrator"),
        ("wide-rights", "high", "oss-on-everything"),
    ]


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(
    ("group", "counts"), [("ops", [("wide-rights", "high", "oss-on-everything")]), ("flink-developers", [])]
)
def test_what_reaches_every_bucket_through_a_group_is_found_unless_the_group_s_own_row_tells_it(group, counts):
    text = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]}'
    held = Held(Attachment("AliyunOSSFullAccess", "System"), text, group)
    alice = Principal("user", "alice", (held,), ("flink-developers", group))

    found = audit_rights.rights(environment(), "1", alice)

    assert [(each.id, each.severity, each.field) for each in found if each.counts] == counts
    assert all("through group ops" in each.what for each in found if each.counts)


@pytest.mark.parametrize(
    ("action", "change", "severity"),
    [
        ("UpdateUser", Change("display name", "a", "b"), "low"),
        ("UpdateRole", Change("Allow", "a", "b"), "high"),
        ("CreatePolicyVersion", Change("Allow on *", "oss:*", ""), "high"),
        ("CreatePolicyVersion", Change("Allow on *", "", "oss:*"), "medium"),
        ("CreatePolicyVersion", Change("Deny on *", "", "oss:*"), "high"),
        ("AttachPolicyToRole", None, "high"),
        ("AddUserToGroup", None, "medium"),
    ],
)
def test_drift_has_a_severity_per_field(action, change, severity):
    write = Write(action, "do it", step="Thing", changes=(change,) if change else (), names=("x",))

    (found,) = drift(environment(), [write], [])

    assert (found.severity, found.field, found.names) == (severity, change.field if change else "", ("x",))


def test_a_refusal_is_drift_unless_a_check_tells_it_better():
    refused = Foreseen("ensure_bucket", "OSS bucket flink-exclusive-packages", (), refused=Unmet("It is public."))

    (found,) = drift(environment(), [], [refused])

    assert (found.severity, found.what, found.names) == ("high", "It is public.", ("flink-exclusive-packages",))
    assert drift(environment(), [], [refused], {"public-bucket"}) == []


@pytest.mark.parametrize(
    ("today", "counts"), [(date(2027, 3, 30), False), (date(2027, 3, 31), False), (date(2027, 4, 1), True)]
)
def test_an_acceptance_holds_through_its_last_day(today, counts):
    accepted = Accepted(finding="drift", resource="Group g", reason="soon", until=date(2027, 3, 31))
    finding = Finding("drift", "low", "Group g", "differs", field="comments")
    other = Finding("drift", "low", "Group h", "differs")

    found = judged([finding, other], [accepted], today)

    assert [each.counts for each in found] == [counts, True]
    assert found[0].acceptance == accepted


def test_an_acceptance_of_everything_is_refused():
    with pytest.raises(ValidationError, match="it would accept everything"):
        Accepted(reason="I do not care", until=date(2027, 1, 1))


def test_the_last_write_that_names_the_most_and_was_not_refused_tells_who_did_it():
    joined = Event("AddUserToGroup", "2026-01-01T00:00:00Z", "eve", "ram-user", "1", ("alice", "g"))
    left = Event("RemoveUserFromGroup", "2026-01-02T00:00:00Z", "mallory", "ram-user", "2", ("alice", "g"))
    later = Event("UpdateUser", "2026-01-03T00:00:00Z", "eve", "ram-user", "3", ("alice",))
    refused = Event(
        "RemoveUserFromGroup", "2026-01-04T00:00:00Z", "eve", "ram-user", "4", ("alice", "g"), "NoPermission"
    )

    assert last_change([joined, left, later, refused], ("alice", "g")) == left
    assert last_change([joined], ("nobody",)) is None
