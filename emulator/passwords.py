"""Passwords of RAM users: checked against the account's policy, kept only as salted hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from emulator.ram import LoginProfile, PasswordPolicy
from emulator.request import Refusal

LONGEST = 32  # Source: RAM 2015-05-01, SetPasswordPolicy: MinimumPasswordLength from 8 to 32
_REMEMBERED = 24


def check(password: str, policy: PasswordPolicy) -> None:
    """Refuse a password that the policy calls too weak."""
    wanted = (
        (policy.require_lowercase, str.islower),
        (policy.require_uppercase, str.isupper),
        (policy.require_numbers, str.isdigit),
        (policy.require_symbols, lambda character: not character.isalnum()),
    )
    lacking = any(required and not any(kind(character) for character in password) for required, kind in wanted)
    if lacking or not policy.minimum_length <= len(password) <= LONGEST:
        raise Refusal(400, "InvalidParameter.Password.TooWeak", "The password does not satisfy the password policy.")


def replace(login: LoginProfile, password: str, policy: PasswordPolicy) -> None:
    """Set a new password; the last ones, as many as the policy says, may not come back."""
    check(password, policy)
    former = [login.password_hash, *login.former_hashes][: policy.reuse_prevention]
    if any(matches(password, kept) for kept in former):
        raise Refusal(400, "InvalidParameter.Password.TooWeak", "The password was used before.")
    login.former_hashes = [login.password_hash, *login.former_hashes][:_REMEMBERED]
    login.password_hash = hashed(password)


def hashed(password: str, salt: str = "") -> str:
    salt = salt or secrets.token_hex(16)
    digest = hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt.encode(), n=2**12, r=8, p=1, dklen=32)
    return f"scrypt:{salt}:{digest.hex()}"


def matches(password: str, kept: str) -> bool:
    return hmac.compare_digest(hashed(password, kept.split(":")[1]), kept)
