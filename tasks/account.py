"""The account: whose credentials these are, and RAM's first-time settings."""

from __future__ import annotations

from dataclasses import dataclass

from alicloud import ram_account, sts
from alicloud.errors import Unmet
from alicloud.ram_account import PasswordPolicySpec, SecurityPreferenceSpec
from alicloud.session import Session
from alicloud.settle import settle
from blocks.runner_rights import need
from tasks.step import step


@dataclass(frozen=True)
class Account:
    """The account that the credentials belong to. `identity_type` is Account, RAMUser or AssumedRoleUser."""

    account_id: str
    alias: str
    identity_type: str
    arn: str

    @property
    def is_root(self) -> bool:
        """Whether the AccessKey is the Alibaba Cloud account's own, not a RAM user's or role's."""
        return self.identity_type == "Account"


@step(
    "Account",
    "R1",
    "R5",
    needs=(
        need(ram_account.get_account_alias),
        need(sts.get_caller_identity),
    ),
)
def check_account(cloud: Session, expected_account_id: str) -> Account:
    """Find out whose credentials these are, and that they belong to the expected account.

    Raises:
        Unmet: another account than the environment names.
    """
    caller = cloud.recall(sts.get_caller_identity())
    if expected_account_id and caller.account_id != expected_account_id:
        raise Unmet(
            f"The credentials belong to account {caller.account_id}, the environment to {expected_account_id}.",
            remedy="Name the right credentials block in the environment.",
        )
    cloud.belongs_to(caller.account_id)
    alias = cloud.recall(ram_account.get_account_alias())
    return Account(caller.account_id, alias, caller.kind, caller.arn)


@step(
    "Password policy of RAM users",
    "R2",
    needs=(
        need(ram_account.get_password_policy),
        need(ram_account.set_password_policy),
    ),
)
def ensure_password_policy(cloud: Session, spec: PasswordPolicySpec) -> None:
    """Make the account's password policy at least as strict as wanted."""
    settle(cloud, ram_account.get_password_policy(), spec, ram_account.password_policy_changes)


@step(
    "Security preference of RAM users",
    "R2",
    needs=(
        need(ram_account.get_security_preference),
        need(ram_account.set_security_preference),
    ),
)
def ensure_security_preference(cloud: Session, spec: SecurityPreferenceSpec) -> None:
    """Set what RAM users may do for themselves."""
    settle(cloud, ram_account.get_security_preference(), spec, ram_account.security_preference_changes)
