"""What holds for all RAM users of the account: alias, password policy, security preferences.

RAM's Set actions overwrite the whole object. So a change keeps what was not asked for, and a run never makes the
account less strict than it was: of what is wanted and what is there, the stricter value stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from alicloud.call import Call
from alicloud.call_rights import ACCOUNT, allowed_by
from alicloud.changes import field_changes
from alicloud.errors import Unmet
from alicloud.ram_action import flag, read, write


@dataclass(frozen=True)
class PasswordPolicy:
    """What passwords must be. 0 means no limit for `max_age_days` and `max_attempts`, none for `reuse_prevention`."""

    minimum_length: int
    require_lowercase: bool
    require_uppercase: bool
    require_numbers: bool
    require_symbols: bool
    max_age_days: int
    reuse_prevention: int
    max_attempts: int
    hard_expiry: bool


@dataclass(frozen=True)
class PasswordPolicySpec:
    """What passwords must be at least; None is not asked for."""

    minimum_length: int | None = None
    require_lowercase: bool | None = None
    require_uppercase: bool | None = None
    require_numbers: bool | None = None
    require_symbols: bool | None = None
    max_age_days: int | None = None
    reuse_prevention: int | None = None
    max_attempts: int | None = None
    hard_expiry: bool | None = None


@dataclass(frozen=True)
class SecurityPreference:
    """What RAM users may do for themselves, and from where they log on: everywhere when the masks are empty."""

    allow_user_to_change_password: bool
    allow_user_to_manage_access_keys: bool
    allow_user_to_manage_mfa_devices: bool
    allow_user_to_manage_public_keys: bool | None
    enable_save_mfa_ticket: bool
    login_session_hours: int
    login_network_masks: tuple[str, ...]


@dataclass(frozen=True)
class SecurityPreferenceSpec:
    """What RAM users may do for themselves; None is not asked for."""

    allow_user_to_change_password: bool | None = None
    allow_user_to_manage_access_keys: bool | None = None
    allow_user_to_manage_mfa_devices: bool | None = None
    enable_save_mfa_ticket: bool | None = None
    login_session_hours: int | None = None
    login_network_masks: tuple[str, ...] | None = None


@allowed_by("ram:GetAccountAlias", ACCOUNT)
def get_account_alias() -> Call[str]:
    """Give the account's alias, empty when it has none. Source: RAM 2015-05-01, GetAccountAlias."""
    # UNCONFIRMED: whether no alias is an empty text or this code.
    return read("GetAccountAlias", _alias, absent=("EntityNotExist.AccountAlias",), missing="")


@allowed_by("ram:GetPasswordPolicy", ACCOUNT)
def get_password_policy() -> Call[PasswordPolicy]:
    """Source: RAM 2015-05-01, GetPasswordPolicy."""
    return read("GetPasswordPolicy", _password_policy)


@allowed_by("ram:SetPasswordPolicy", ACCOUNT)
def set_password_policy(policy: PasswordPolicy) -> Call[None]:
    """Overwrite the password policy as a whole. Source: RAM 2015-05-01, SetPasswordPolicy."""
    return write(
        "SetPasswordPolicy",
        "set the account's password policy",
        {
            "MinimumPasswordLength": str(policy.minimum_length),
            "RequireLowercaseCharacters": flag(policy.require_lowercase),
            "RequireUppercaseCharacters": flag(policy.require_uppercase),
            "RequireNumbers": flag(policy.require_numbers),
            "RequireSymbols": flag(policy.require_symbols),
            "MaxPasswordAge": str(policy.max_age_days),
            "PasswordReusePrevention": str(policy.reuse_prevention),
            "MaxLoginAttemps": str(policy.max_attempts),  # the API's own spelling
            "HardExpiry": flag(policy.hard_expiry),
        },
        check="check the password policy in the environment (a length of 8 to 32)",
    )


def password_policy_changes(desired: PasswordPolicySpec, actual: PasswordPolicy) -> list[Call[Any]]:
    """Tighten what is laxer than wanted, keep the rest."""
    target = _merged(desired, actual, _STRICTER_PASSWORDS)
    return [] if target == actual else [replace(set_password_policy(target), changes=field_changes(actual, target))]


@allowed_by("ram:GetSecurityPreference", ACCOUNT)
def get_security_preference() -> Call[SecurityPreference]:
    """Source: RAM 2015-05-01, GetSecurityPreference."""
    return read("GetSecurityPreference", _security_preference)


@allowed_by("ram:SetSecurityPreference", ACCOUNT)
def set_security_preference(preference: SecurityPreference) -> Call[None]:
    """Overwrite the security preferences as a whole. Source: RAM 2015-05-01, SetSecurityPreference."""
    public_keys = preference.allow_user_to_manage_public_keys
    unasked = {} if public_keys is None else {"AllowUserToManagePublicKeys": flag(public_keys)}
    return write(
        "SetSecurityPreference",
        "set the account's security preferences for RAM users",
        {
            "AllowUserToChangePassword": flag(preference.allow_user_to_change_password),
            "AllowUserToManageAccessKeys": flag(preference.allow_user_to_manage_access_keys),
            "AllowUserToManageMFADevices": flag(preference.allow_user_to_manage_mfa_devices),
            "EnableSaveMFATicket": flag(preference.enable_save_mfa_ticket),
            "LoginSessionDuration": str(preference.login_session_hours),
            "LoginNetworkMasks": ";".join(preference.login_network_masks),
            **unasked,
        },
        check="check the security preferences in the environment (networks as CIDR blocks, 1 to 24 hours)",
    )


def security_preference_changes(desired: SecurityPreferenceSpec, actual: SecurityPreference) -> list[Call[Any]]:
    """Tighten what is laxer than wanted, keep the rest.

    Whether users may change their password and bind MFA devices is done as asked, both ways: allowing it is what
    lets them replace an initial password and bind the second factor that is demanded of them.

    Raises:
        Unmet: the networks wanted and those set overlap in part or not at all, so that neither is the stricter one.
    """
    target = _merged(desired, actual, _STRICTER_PREFERENCES)
    if target == actual:
        return []
    return [replace(set_security_preference(target), changes=field_changes(actual, target))]


def _merged(desired: Any, actual: Any, stricter: Mapping[str, Callable[[Any, Any], Any]]) -> Any:
    asked = {name: want for name in stricter if (want := getattr(desired, name)) is not None}
    return replace(actual, **{name: stricter[name](want, getattr(actual, name)) for name, want in asked.items()})


def _either(wanted: bool, actual: bool) -> bool:
    return wanted or actual


def _both(wanted: bool, actual: bool) -> bool:
    return wanted and actual


def _as_asked(wanted: bool, actual: bool) -> bool:
    return wanted


def _lower_limit(wanted: int, actual: int) -> int:
    """Give the lower one; 0 is no limit at all."""
    return min(wanted, actual) if wanted and actual else wanted or actual


def _narrower_networks(wanted: tuple[str, ...], actual: tuple[str, ...]) -> tuple[str, ...]:
    """Give the networks that lie within the others; none at all means everywhere."""
    if not wanted or (actual and _within(actual, wanted)):
        return actual
    if not actual or _within(wanted, actual):
        return wanted
    raise Unmet(
        f"RAM users log on from {', '.join(actual)} today, the environment wants {', '.join(wanted)}: "
        "to change one for the other could lock people out or let others in.",
        remedy="Set the network masks in the RAM console (Settings), or take them out of the environment, then Retry.",
    )


def _within(inner: Iterable[str], outer: Iterable[str]) -> bool:
    return all(any(_covers(_network(wide), _network(narrow)) for wide in outer) for narrow in inner)


def _covers(wide: IPv4Network | IPv6Network, narrow: IPv4Network | IPv6Network) -> bool:
    if isinstance(wide, IPv4Network) and isinstance(narrow, IPv4Network):
        return narrow.subnet_of(wide)
    return isinstance(wide, IPv6Network) and isinstance(narrow, IPv6Network) and narrow.subnet_of(wide)


def _network(mask: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(mask, strict=False)
    except ValueError:
        raise Unmet(f"{mask} is not a network.", remedy="Write network masks as CIDR blocks: 10.0.0.0/8.") from None


_STRICTER_PASSWORDS: Mapping[str, Callable[[Any, Any], Any]] = {
    "minimum_length": max,
    "require_lowercase": _either,
    "require_uppercase": _either,
    "require_numbers": _either,
    "require_symbols": _either,
    "max_age_days": _lower_limit,
    "reuse_prevention": max,
    "max_attempts": _lower_limit,
    "hard_expiry": _either,
}

_STRICTER_PREFERENCES: Mapping[str, Callable[[Any, Any], Any]] = {
    "allow_user_to_change_password": _as_asked,
    "allow_user_to_manage_access_keys": _both,
    "allow_user_to_manage_mfa_devices": _as_asked,
    "enable_save_mfa_ticket": _both,
    "login_session_hours": min,
    "login_network_masks": _narrower_networks,
}


def _alias(body: Mapping[str, Any]) -> str:
    return str(body.get("AccountAlias") or "")


def _password_policy(body: Mapping[str, Any]) -> PasswordPolicy:
    facts = body["PasswordPolicy"]
    return PasswordPolicy(
        minimum_length=int(facts["MinimumPasswordLength"]),
        require_lowercase=bool(facts["RequireLowercaseCharacters"]),
        require_uppercase=bool(facts["RequireUppercaseCharacters"]),
        require_numbers=bool(facts["RequireNumbers"]),
        require_symbols=bool(facts["RequireSymbols"]),
        max_age_days=int(facts["MaxPasswordAge"]),
        reuse_prevention=int(facts["PasswordReusePrevention"]),
        max_attempts=int(facts["MaxLoginAttemps"]),
        hard_expiry=bool(facts["HardExpiry"]),
    )


def _security_preference(body: Mapping[str, Any]) -> SecurityPreference:
    facts = body["SecurityPreference"]
    logon = facts["LoginProfilePreference"]
    masks = re.split(r"[;,\s]+", str(logon.get("LoginNetworkMasks") or ""))
    return SecurityPreference(
        allow_user_to_change_password=bool(logon["AllowUserToChangePassword"]),
        allow_user_to_manage_access_keys=bool(facts["AccessKeyPreference"]["AllowUserToManageAccessKeys"]),
        allow_user_to_manage_mfa_devices=bool(facts["MFAPreference"]["AllowUserToManageMFADevices"]),
        allow_user_to_manage_public_keys=facts.get("PublicKeyPreference", {}).get("AllowUserToManagePublicKeys"),
        enable_save_mfa_ticket=bool(logon["EnableSaveMFATicket"]),
        login_session_hours=int(logon["LoginSessionDuration"]),
        login_network_masks=tuple(mask for mask in masks if mask),
    )
