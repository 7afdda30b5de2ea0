import json
from pathlib import Path

import pytest

from alicloud import sts
from alicloud.call import Kind

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator" / "response-samples.json").read_text("utf-8"))


def sample(action):
    return SAMPLES["Sts/2015-04-01"][action]["body"]


def test_the_published_caller_identity_is_understood():
    identity = sts.get_caller_identity().parse(sample("GetCallerIdentity"))

    assert identity == sts.CallerIdentity(
        "RAMUser", "1968132000120000", "acs:ram::1968132000120000:user/admin", "288774244375210000"
    )


@pytest.mark.parametrize(("kind", "is_account"), [("Account", True), ("RAMUser", False), ("AssumedRoleUser", False)])
def test_only_the_account_itself_is_the_account(kind, is_account):
    assert sts.CallerIdentity(kind, "1", "acs:ram::1:root", "1").is_account is is_account


def test_the_published_temporary_key_is_understood():
    key = sts.assume_role("acs:ram::1:role/r", "run").parse(sample("AssumeRole"))

    assert key.access_key_id == "STS.L4aBSCSJVMuKg5U10000"
    assert key.access_key_secret == "wyLTSmsyPGP1ohvvw8xYgB29dlGI8KMiH2pK0000"
    assert key.security_token == "example-token"
    assert key.expires_at == 1428580339.0


def test_a_temporary_key_shows_no_secret():
    key = sts.TemporaryKey("STS.id", "the-secret", "the-token", "2026-01-01T00:00:00Z")

    shown = repr(key)

    assert "STS.id" not in shown
    assert "the-secret" not in shown
    assert "the-token" not in shown


def test_assuming_a_role_may_be_repeated_and_says_what_is_missing():
    call = sts.assume_role("acs:ram::1:role/r", "run")

    assert call.kind is Kind.READ
    assert call.parameters == {"RoleArn": "acs:ram::1:role/r", "RoleSessionName": "run", "DurationSeconds": "3600"}
    assert "AliyunSTSAssumeRoleAccess" in call.remedy


def test_a_session_policy_travels_only_when_there_is_one():
    call = sts.assume_role("acs:ram::1:role/r", "run", 900, policy='{"Version":"1"}')

    assert call.parameters["Policy"] == '{"Version":"1"}'
    assert call.parameters["DurationSeconds"] == "900"
