"""Conditions: every operator, and what the emulator tells them about a request."""

import json
import time

import httpx
import oss2
import pytest

from emulator.conditions import holds
from emulator.policy_grammar import decide, parse
from tests.emulator.client import ACCOUNT, Identity, Running, rpc_fields, signed, trust

OFFICE = "203.0.113.7"


@pytest.mark.parametrize(
    ("operator", "value", "given", "met"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringNotEqualsIgnoreCase", "a", "A", False),
        ("StringLike", "a?c*", "abcd", True),
        ("StringNotLike", "a*", "abc", False),
        ("NumericEquals", "1", "1.0", True),
        ("NumericEquals", 1, "2", False),
        ("NumericNotEquals", 1, "2", True),
        ("NumericLessThan", 5, "4.9", True),
        ("NumericLessThan", 5, "5", False),
        ("NumericLessThanEquals", 5, "5", True),
        ("NumericGreaterThan", "-3", "-2", True),
        ("NumericGreaterThanEquals", 5, "4", False),
        ("DateEquals", "2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z", True),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", False),
        ("DateLessThan", "2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z", True),
        ("DateLessThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
        ("DateGreaterThan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", False),
        ("DateGreaterThanEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("Bool", True, "true", True),
        ("Bool", "false", "true", False),
        ("IpAddress", "203.0.113.0/24", OFFICE, True),
        ("IpAddress", OFFICE, OFFICE, True),
        ("IpAddress", ["10.0.0.0/8", "203.0.113.0/24"], OFFICE, True),
        ("IpAddress", "10.0.0.0/8", OFFICE, False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("IpAddress", "203.0.113.0/24", f"::ffff:{OFFICE}", True),
        ("IpAddress", "::/0", OFFICE, False),
        ("NotIpAddress", "10.0.0.0/8", OFFICE, True),
        ("NotIpAddress", ["10.0.0.0/8", "203.0.113.0/24"], OFFICE, False),
    ],
)
def test_operators(operator: str, value: object, given: str, met: bool):
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"k": value}}}

    verdict = decide(parse(json.dumps({"Version": "1", "Statement": statement})), "a:B", "x", {"k": given})

    assert verdict == ("Allow" if met else "")


@pytest.mark.parametrize(
    ("operator", "met"), [("StringEquals", False), ("IpAddress", False), ("DateLessThan", False), ("Bool", False)]
)
def test_a_key_that_the_request_lacks_meets_no_operator_but_a_negated_one(operator: str, met: bool):
    assert holds(((operator, "k", ("10.0.0.0/8",)),), {}) is met
    assert holds((("NotIpAddress", "k", ("10.0.0.0/8",)),), {})


@pytest.mark.parametrize(
    ("operator", "value", "given"),
    [
        ("NumericEquals", "NaN", "1"),
        ("NumericLessThan", "1e5", "1"),
        ("NumericNotEquals", "1", "one"),
        ("DateLessThan", "tomorrow", "2026-01-01T00:00:00Z"),
        ("DateGreaterThan", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("IpAddress", "10.0.0.0/33", OFFICE),
        ("NotIpAddress", "10.0.0.0/8", "somewhere"),
        ("IpAddress", "", OFFICE),
        ("Unheard", "x", "x"),
    ],
)
def test_what_cannot_be_read_silences_an_allow_and_makes_a_deny_speak(operator: str, value: str, given: str):
    condition = ((operator, "k", (value,)),)

    assert not holds(condition, {"k": given}, unknown_fails=True)
    assert holds(condition, {"k": given}, unknown_fails=False)


def test_every_line_of_a_condition_must_hold():
    condition = (("Bool", "a", ("true",)), ("StringEquals", "b", ("x",)))

    assert holds(condition, {"a": "true", "b": "x"})
    assert not holds(condition, {"a": "true", "b": "y"})


def limited(emulator: Running, condition: object, effect: str = "Allow") -> Identity:
    """Make a user who may list users on a condition; one who is denied something may do everything else."""
    alice = emulator.user("alice", *(["AdministratorAccess"] if effect == "Deny" else []))
    statement = {"Effect": effect, "Action": "ram:ListUsers", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "1", "Statement": [statement]})
    emulator.ok("Ram", "CreatePolicy", PolicyName="limited", PolicyDocument=document)
    emulator.ok("Ram", "AttachPolicyToUser", UserName="alice", PolicyType="Custom", PolicyName="limited")
    return alice


def listed(emulator: Running, identity: Identity, **headers: str) -> int:
    fields = signed(rpc_fields("2015-05-01", "ListUsers", identity), "POST", identity)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{emulator.url}/", params=fields, headers=given).status_code


def test_the_address_of_the_client_is_known_also_behind_a_proxy_of_this_machine(emulator: Running):
    alice = limited(emulator, {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}})

    assert listed(emulator, alice) == 403
    assert listed(emulator, alice, x_forwarded_for=OFFICE) == 200
    assert listed(emulator, alice, x_forwarded_for="nonsense") == 403


def test_a_call_that_came_over_tls_is_told_from_one_that_did_not(emulator: Running):
    alice = limited(emulator, {"Bool": {"acs:SecureTransport": "false"}}, "Deny")

    assert listed(emulator, alice) == 403
    assert listed(emulator, alice, x_forwarded_proto="https") == 200


def test_the_time_is_the_clouds(emulator: Running):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    alice = limited(emulator, {"DateLessThan": {"acs:CurrentTime": now}})

    before = listed(emulator, alice)
    emulator.control("POST", "clock", {"advance": 7200})

    assert (before, listed(emulator, alice)) == (200, 403)


def test_an_accesskey_brings_no_second_factor(emulator: Running):
    alice = limited(emulator, {"Bool": {"acs:MFAPresent": "true"}})

    assert listed(emulator, alice) == 403


def test_a_trust_policy_may_have_conditions_too(emulator: Running):
    alice = emulator.user("alice", "AliyunSTSAssumeRoleAccess")
    account = emulator.cloud.world.account_id
    document = json.loads(trust(f"acs:ram::{account}:root"))
    document["Statement"][0]["Condition"] = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
    emulator.ok("Ram", "CreateRole", RoleName="admin", AssumeRolePolicyDocument=json.dumps(document))
    wanted = {"RoleArn": f"acs:ram::{account}:role/admin", "RoleSessionName": "test"}

    assert emulator.rpc("Sts", "AssumeRole", alice, **wanted).status_code == 403

    document["Statement"][0]["Condition"] = {"IpAddress": {"acs:SourceIp": "127.0.0.0/8"}}
    emulator.ok("Ram", "UpdateRole", RoleName="admin", NewAssumeRolePolicyDocument=json.dumps(document))

    assert emulator.rpc("Sts", "AssumeRole", alice, **wanted).status_code == 200


def test_oss_knows_the_conditions_as_well(emulator: Running):
    alice = emulator.user("alice")
    statement = {"Effect": "Allow", "Action": "oss:*", "Resource": "*"}
    statement["Condition"] = {"IpAddress": {"acs:SourceIp": "127.0.0.1"}}
    document = json.dumps({"Version": "1", "Statement": [statement]})
    emulator.ok("Ram", "CreatePolicy", PolicyName="near", PolicyDocument=document)
    emulator.ok("Ram", "AttachPolicyToUser", UserName="alice", PolicyType="Custom", PolicyName="near")
    bucket = oss2.Bucket(oss2.Auth(alice.access_key_id, alice.secret), emulator.url, "flink-udf")

    bucket.create_bucket()
    with pytest.raises(oss2.exceptions.AccessDenied):
        bucket.put_object("key", b"", headers={"X-Forwarded-For": OFFICE})

    assert bucket.put_object("key", b"").status == 200


def test_the_account_itself_is_bound_by_no_condition(emulator: Running):
    assert listed(emulator, ACCOUNT, x_forwarded_for="nonsense") == 200
