"""What holds for all RAM users of the account: password policy, security preferences, alias."""

from __future__ import annotations

import ipaddress
from typing import Any

from emulator.ram import PasswordPolicy, SecurityPreference, State
from emulator.ram_names import ALIAS
from emulator.request import Refusal, Request
from emulator.world import World

Reply = dict[str, Any]


def set_password_policy(world: World, request: Request) -> Reply:
    """Replace the policy as a whole: what the request leaves out goes back to its default."""
    plain = PasswordPolicy()
    state = world.part(State)
    state.password_policy = PasswordPolicy(
        minimum_length=_ranged(request, "MinimumPasswordLength", plain.minimum_length, 8, 32),
        require_lowercase=request.boolean("RequireLowercaseCharacters"),
        require_uppercase=request.boolean("RequireUppercaseCharacters"),
        require_numbers=request.boolean("RequireNumbers"),
        require_symbols=request.boolean("RequireSymbols"),
        hard_expiry=request.boolean("HardExpiry"),
        max_age_days=_ranged(request, "MaxPasswordAge", plain.max_age_days, 0, 1095),
        reuse_prevention=_ranged(request, "PasswordReusePrevention", plain.reuse_prevention, 0, 24),
        max_login_attempts=_ranged(request, "MaxLoginAttemps", plain.max_login_attempts, 0, 32),
    )
    return get_password_policy(world, request)


def get_password_policy(world: World, request: Request) -> Reply:
    policy = world.part(State).password_policy
    return {
        "PasswordPolicy": {
            "MinimumPasswordLength": policy.minimum_length,
            "RequireLowercaseCharacters": policy.require_lowercase,
            "RequireUppercaseCharacters": policy.require_uppercase,
            "RequireNumbers": policy.require_numbers,
            "RequireSymbols": policy.require_symbols,
            "HardExpiry": policy.hard_expiry,
            "MaxPasswordAge": policy.max_age_days,
            "PasswordReusePrevention": policy.reuse_prevention,
            "MaxLoginAttemps": policy.max_login_attempts,
        }
    }


def set_security_preference(world: World, request: Request) -> Reply:
    """Change what the request names and leave the rest (UNCONFIRMED: whether the rest goes back to its default)."""
    state = world.part(State)
    now = state.security_preference
    state.security_preference = SecurityPreference(
        manage_access_keys=request.boolean("AllowUserToManageAccessKeys", now.manage_access_keys),
        change_password=request.boolean("AllowUserToChangePassword", now.change_password),
        save_mfa_ticket=request.boolean("EnableSaveMFATicket", now.save_mfa_ticket),
        login_network_masks=_masks(request) if "LoginNetworkMasks" in request.parameters else now.login_network_masks,
        login_session_hours=_ranged(request, "LoginSessionDuration", now.login_session_hours, 1, 24),
        manage_mfa_devices=request.boolean("AllowUserToManageMFADevices", now.manage_mfa_devices),
        manage_public_keys=request.boolean("AllowUserToManagePublicKeys", now.manage_public_keys),
    )
    return get_security_preference(world, request)


def get_security_preference(world: World, request: Request) -> Reply:
    preference = world.part(State).security_preference
    return {
        "SecurityPreference": {
            "LoginProfilePreference": {
                "EnableSaveMFATicket": preference.save_mfa_ticket,
                "AllowUserToChangePassword": preference.change_password,
                "LoginSessionDuration": preference.login_session_hours,
                "LoginNetworkMasks": preference.login_network_masks,
            },
            "AccessKeyPreference": {"AllowUserToManageAccessKeys": preference.manage_access_keys},
            "MFAPreference": {"AllowUserToManageMFADevices": preference.manage_mfa_devices},
            "PublicKeyPreference": {"AllowUserToManagePublicKeys": preference.manage_public_keys},
        }
    }


def set_account_alias(world: World, request: Request) -> Reply:
    alias = request.one("AccountAlias")
    if not 3 <= len(alias) <= 32:
        raise Refusal(400, "InvalidParameter.AccountAlias.Length", "The alias must have 3 to 32 characters.")
    if not ALIAS.fullmatch(alias):
        message = "The alias holds lower-case letters, digits and hyphens, and neither starts nor ends with a hyphen."
        raise Refusal(400, "InvalidParameter.AccountAlias.Format", message)
    world.account_alias = alias
    return {}


def get_account_alias(world: World, request: Request) -> Reply:
    # UNCONFIRMED: an alias that is not set reads as an empty string.
    return {"AccountAlias": world.account_alias}


def clear_account_alias(world: World, request: Request) -> Reply:
    world.account_alias = ""
    return {}


def _ranged(request: Request, name: str, default: int, minimum: int, maximum: int) -> int:
    try:
        return request.integer(name, default, minimum, maximum)
    except Refusal:
        message = f"The {name} must be from {minimum} to {maximum}."
        raise Refusal(400, f"InvalidParameter.{name}.Range", message) from None


def _masks(request: Request) -> str:
    """Check a list of networks that `;` parts (an empty one lets users log on from everywhere)."""
    masks = request.text("LoginNetworkMasks")
    try:
        for mask in filter(None, masks[:4096].split(";")):
            ipaddress.ip_network(mask.strip(), strict=False)
    except ValueError:
        message = "The LoginNetworkMasks must be IP addresses or CIDR blocks."
        raise Refusal(400, "InvalidParameter.LoginNetworkMasks.Format", message) from None
    return masks[:4096]


ROUTES = {
    "SetPasswordPolicy": set_password_policy,
    "GetPasswordPolicy": get_password_policy,
    "SetSecurityPreference": set_security_preference,
    "GetSecurityPreference": get_security_preference,
    "SetAccountAlias": set_account_alias,
    "GetAccountAlias": get_account_alias,
    "ClearAccountAlias": clear_account_alias,
}
