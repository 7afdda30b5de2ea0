"""Security Token Service (STS): whose key this is, and keys for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import ROLE, allowed_by

PRODUCT, VERSION = "Sts", "2015-04-01"


@dataclass(frozen=True)
class CallerIdentity:
    """Who signs. `kind` is Account, RAMUser or AssumedRoleUser."""

    kind: str
    account_id: str
    arn: str
    principal_id: str

    @property
    def is_account(self) -> bool:
        """Whether it is the Alibaba Cloud account itself, which alone may create an exclusive project."""
        return self.kind == "Account"


@dataclass(frozen=True)
class TemporaryKey:
    """The AccessKey of an assumed role. `expiration` is UTC, as the cloud writes it; its repr shows no secret."""

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    security_token: str = field(repr=False)
    expiration: str

    @property
    def expires_at(self) -> float:
        """Seconds since 1970."""
        return datetime.fromisoformat(self.expiration).timestamp()


@allowed_by()
def get_caller_identity() -> Call[CallerIdentity]:
    """Ask whose AccessKey signs. No right is needed for it. Source: STS 2015-04-01, GetCallerIdentity."""
    return Call(PRODUCT, VERSION, "GetCallerIdentity", Kind.READ, _caller_identity)


@allowed_by("sts:AssumeRole", ROLE)
def assume_role(role_arn: str, session_name: str, duration_seconds: int = 3600, policy: str = "") -> Call[TemporaryKey]:
    """Ask for a temporary AccessKey with the rights of a role.

    Args:
        role_arn: acs:ram::<account id>:role/<name>.
        session_name: 2 to 64 letters, digits and `.@-_`; audit logs show it.
        duration_seconds: from 900 to the role's longest session.
        policy: narrows the role's rights for this session; empty for all of them.

    Source: STS 2015-04-01, AssumeRole.
    """
    parameters = {"RoleArn": role_arn, "RoleSessionName": session_name, "DurationSeconds": str(duration_seconds)}
    return Call(
        PRODUCT,
        VERSION,
        "AssumeRole",
        Kind.READ,  # each call makes another token, which harms nobody and expires by itself
        _temporary_key,
        parameters={**parameters, "Policy": policy} if policy else parameters,
        means=f"assume role {role_arn}",
        remedy=(
            f"Let {role_arn} trust this account, attach AliyunSTSAssumeRoleAccess to the RAM user whose AccessKey is "
            "in the credentials block (the Alibaba Cloud account itself cannot assume a role), then Retry this run."
        ),
    )


def _caller_identity(body: Mapping[str, Any]) -> CallerIdentity:
    return CallerIdentity(body["IdentityType"], body["AccountId"], body["Arn"], body["PrincipalId"])


def _temporary_key(body: Mapping[str, Any]) -> TemporaryKey:
    key = body["Credentials"]
    return TemporaryKey(key["AccessKeyId"], key["AccessKeySecret"], key["SecurityToken"], key["Expiration"])
