import json
from dataclasses import replace
from pathlib import Path

import pytest

from alicloud import prerequisites, ram_account
from alicloud.call import Kind
from alicloud.errors import Unmet
from alicloud.ram_account import PasswordPolicySpec, SecurityPreferenceSpec

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator" / "response-samples.json").read_text("utf-8"))


def sample(action):
    return SAMPLES["Ram/2015-05-01"][action]["body"]


PASSWORDS = ram_account.PasswordPolicy(
    minimum_length=12,
    require_lowercase=True,
    require_uppercase=True,
    require_numbers=True,
    require_symbols=True,
    max_age_days=0,
    reuse_prevention=0,
    max_attempts=5,
    hard_expiry=False,
)
LAX = ram_account.PasswordPolicy(8, False, False, False, False, 0, 0, 0, False)

PREFERENCE = ram_account.SecurityPreference(
    allow_user_to_change_password=True,
    allow_user_to_manage_access_keys=False,
    allow_user_to_manage_mfa_devices=True,
    allow_user_to_manage_public_keys=False,
    enable_save_mfa_ticket=False,
    login_session_hours=6,
    login_network_masks=("10.0.0.0/8",),
)


@pytest.mark.requirement("R2")
def test_the_published_samples_are_understood():
    assert ram_account.get_account_alias().parse(sample("GetAccountAlias")) == "myalias"
    assert ram_account.get_password_policy().parse(sample("GetPasswordPolicy")) == PASSWORDS
    assert ram_account.get_security_preference().parse(sample("GetSecurityPreference")) == PREFERENCE
    assert ram_account.set_password_policy(LAX).parse(sample("SetPasswordPolicy")) is None
    assert ram_account.set_security_preference(PREFERENCE).parse(sample("SetSecurityPreference")) is None


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("body", [{}, {"AccountAlias": ""}, {"AccountAlias": None}])
def test_an_account_without_an_alias_has_an_empty_one(body):
    assert ram_account.get_account_alias().parse(body) == ""


FIELDS = [
    ("a longer password is asked for", LAX, "minimum_length", 12, 12),
    ("a longer one than asked for stays", PASSWORDS, "minimum_length", 8, 12),
    ("a kind of letter is asked for", LAX, "require_symbols", True, True),
    ("a kind of letter that nobody asked for stays", PASSWORDS, "require_symbols", False, True),
    ("an age is set where there was none", LAX, "max_age_days", 90, 90),
    ("a shorter age stays", replace(LAX, max_age_days=30), "max_age_days", 90, 30),
    ("a longer age is cut", replace(LAX, max_age_days=180), "max_age_days", 90, 90),
    ("no age at all does not lift one", replace(LAX, max_age_days=30), "max_age_days", 0, 30),
    ("more former passwords are remembered", LAX, "reuse_prevention", 5, 5),
    ("many remembered passwords stay", replace(LAX, reuse_prevention=24), "reuse_prevention", 5, 24),
    ("attempts are limited where they were not", LAX, "max_attempts", 5, 5),
    ("fewer attempts stay", replace(LAX, max_attempts=3), "max_attempts", 5, 3),
    ("no limit at all does not lift one", replace(LAX, max_attempts=3), "max_attempts", 0, 3),
    ("hard expiry is set", LAX, "hard_expiry", True, True),
    ("hard expiry stays", replace(LAX, hard_expiry=True), "hard_expiry", False, True),
]

SENT_AS = {
    "minimum_length": "MinimumPasswordLength",
    "require_symbols": "RequireSymbols",
    "max_age_days": "MaxPasswordAge",
    "reuse_prevention": "PasswordReusePrevention",
    "max_attempts": "MaxLoginAttemps",
    "hard_expiry": "HardExpiry",
}


@pytest.mark.requirement("R2")
@pytest.mark.parametrize(("name", "actual", "field", "wanted", "result"), FIELDS, ids=[case[0] for case in FIELDS])
def test_passwords_only_become_stricter(name, actual, field, wanted, result):
    calls = ram_account.password_policy_changes(PasswordPolicySpec(**{field: wanted}), actual)

    if getattr(actual, field) == result:
        assert calls == []
    else:
        assert calls == [ram_account.set_password_policy(replace(actual, **{field: result}))]
        assert calls[0].parameters[SENT_AS[field]] == str(result).lower()


@pytest.mark.requirement("R2")
def test_overwriting_the_password_policy_keeps_what_was_not_asked_for():
    (call,) = ram_account.password_policy_changes(PasswordPolicySpec(max_age_days=90), PASSWORDS)

    assert call.kind is Kind.IDEMPOTENT
    assert call.parameters == {
        "MinimumPasswordLength": "12",
        "RequireLowercaseCharacters": "true",
        "RequireUppercaseCharacters": "true",
        "RequireNumbers": "true",
        "RequireSymbols": "true",
        "MaxPasswordAge": "90",
        "PasswordReusePrevention": "0",
        "MaxLoginAttemps": "5",
        "HardExpiry": "false",
    }


def test_nothing_asked_for_is_content():
    assert ram_account.password_policy_changes(PasswordPolicySpec(), LAX) == []
    assert ram_account.security_preference_changes(SecurityPreferenceSpec(), PREFERENCE) == []


PREFERENCES = [
    ("users may change their password as asked", "allow_user_to_change_password", False, True, True),
    ("users may not change their password as asked", "allow_user_to_change_password", True, False, False),
    ("users may bind a second factor as asked", "allow_user_to_manage_mfa_devices", False, True, True),
    ("keys of their own are taken from users", "allow_user_to_manage_access_keys", True, False, False),
    ("keys of their own are not given to users", "allow_user_to_manage_access_keys", False, True, False),
    ("a remembered second factor is forgotten", "enable_save_mfa_ticket", True, False, False),
    ("a second factor is not remembered anew", "enable_save_mfa_ticket", False, True, False),
    ("a long session is cut", "login_session_hours", 12, 6, 6),
    ("a short session stays", "login_session_hours", 2, 6, 2),
    ("networks are set where there were none", "login_network_masks", (), ("10.0.0.0/8",), ("10.0.0.0/8",)),
    ("wider networks are narrowed", "login_network_masks", ("10.0.0.0/8",), ("10.1.0.0/16",), ("10.1.0.0/16",)),
    ("narrower networks stay", "login_network_masks", ("10.1.0.0/16",), ("10.0.0.0/8",), ("10.1.0.0/16",)),
    ("networks are not lifted", "login_network_masks", ("10.0.0.0/8",), (), ("10.0.0.0/8",)),
    ("an address lies in a network", "login_network_masks", ("10.0.0.1",), ("10.0.0.0/8",), ("10.0.0.1",)),
]


@pytest.mark.requirement("R2")
@pytest.mark.parametrize(
    ("name", "field", "before", "wanted", "result"), PREFERENCES, ids=[case[0] for case in PREFERENCES]
)
def test_security_preferences(name, field, before, wanted, result):
    actual = replace(PREFERENCE, **{field: before})

    calls = ram_account.security_preference_changes(SecurityPreferenceSpec(**{field: wanted}), actual)

    target = replace(actual, **{field: result})
    assert calls == ([] if target == actual else [ram_account.set_security_preference(target)])


@pytest.mark.parametrize("wanted", [("192.168.0.0/16",), ("10.1.0.0/16", "192.168.0.0/16"), ("fd00::/8",)])
def test_networks_of_which_neither_is_the_stricter_are_refused(wanted):
    with pytest.raises(Unmet, match="lock people out") as caught:
        ram_account.security_preference_changes(SecurityPreferenceSpec(login_network_masks=wanted), PREFERENCE)

    assert "RAM console" in caught.value.remedy


def test_what_is_no_network_is_refused():
    with pytest.raises(Unmet, match="office is not a network"):
        ram_account.security_preference_changes(SecurityPreferenceSpec(login_network_masks=("office",)), PREFERENCE)


def test_overwriting_the_preferences_keeps_what_was_not_asked_for():
    actual = replace(PREFERENCE, login_network_masks=("10.0.0.0/8", "1.1.1.1"), login_session_hours=24)

    (call,) = ram_account.security_preference_changes(SecurityPreferenceSpec(login_session_hours=6), actual)

    assert call.parameters == {
        "AllowUserToChangePassword": "true",
        "AllowUserToManageAccessKeys": "false",
        "AllowUserToManageMFADevices": "true",
        "AllowUserToManagePublicKeys": "false",
        "EnableSaveMFATicket": "false",
        "LoginSessionDuration": "6",
        "LoginNetworkMasks": "10.0.0.0/8;1.1.1.1",
    }


def test_a_preference_that_the_cloud_does_not_know_is_not_sent_back():
    call = ram_account.set_security_preference(replace(PREFERENCE, allow_user_to_manage_public_keys=None))

    assert "AllowUserToManagePublicKeys" not in call.parameters


@pytest.mark.requirement("R2")
def test_the_strong_defaults_are_content_with_themselves_once_set():
    (passwords,) = ram_account.password_policy_changes(prerequisites.STRONG_PASSWORD_POLICY, LAX)
    hardened = ram_account.PasswordPolicy(12, True, True, True, True, 90, 5, 5, False)

    assert passwords == ram_account.set_password_policy(hardened)
    assert ram_account.password_policy_changes(prerequisites.STRONG_PASSWORD_POLICY, hardened) == []
    assert ram_account.security_preference_changes(prerequisites.STRONG_SECURITY_PREFERENCE, PREFERENCE) == []
