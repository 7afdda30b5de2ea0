"""RAM users: the identity, and the console logon."""

from __future__ import annotations

import secrets
import string

from alicloud import ram
from alicloud.ram import LoginProfileSpec, User, UserSpec
from alicloud.session import Session
from alicloud.settle import settle
from blocks.people import Handover
from blocks.runner_rights import need
from tasks.handover import one_time
from tasks.step import step

PASSWORD_LENGTH = 32  # the most that a password policy may ask for. Source: RAM 2015-05-01, SetPasswordPolicy


@step(
    "RAM user {spec.name}",
    "R1",
    needs=(
        need(ram.create_user),
        need(ram.get_user, user="users"),
        need(ram.update_user, user="described_users"),
    ),
)
def ensure_user(cloud: Session, spec: UserSpec) -> User | None:
    """Make the RAM user, or bring its display name and e-mail to what is wanted."""
    read = ram.get_user(spec.name)
    planned = (cloud.recall(read) or ram.planned_user(spec)) if cloud.dry else None
    return settle(cloud, read, spec, ram.user_changes, planned)


@step(
    "Console logon of {user}",
    "R1",
    "R5",
    needs=(
        need(ram.create_login_profile, user="logons"),
        need(ram.get_login_profile, user="logons"),
        need(ram.update_login_profile, user="logons_with_mfa"),
    ),
)
def ensure_logon(cloud: Session, user: str, mfa_required: bool, name: str, handover: Handover) -> None:
    """Let the user log on to the console, with a one-time password that is handed over under a name.

    The password is handed over before the logon is made, so that a crash between the two loses nothing; it must be
    changed at first use.
    """
    read = ram.get_login_profile(user)
    password = ""
    if cloud.recall(read) is None and not cloud.dry:
        password = one_time(name, handover, lambda: _password(PASSWORD_LENGTH))
    settle(cloud, read, LoginProfileSpec(user, mfa_required, password), ram.login_profile_changes)


def _password(length: int) -> str:
    """Draw a password with a letter of each kind that a password policy may ask for."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%+-_=")
    letters = [secrets.choice(kind) for kind in kinds]
    letters += [secrets.choice("".join(kinds)) for _ in range(length - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)
