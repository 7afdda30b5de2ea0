"""Resource Access Management (RAM): what a user proves who they are with. AccessKeys, and the second factor.

GetUserMFAInfo is UNCONFIRMED but for the code that says that none is bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alicloud.call import Call
from alicloud.call_rights import USER, allowed_by
from alicloud.ram_action import read


@dataclass(frozen=True)
class UserKey:
    """An AccessKey of a user, without its secret. `created_at` is in seconds since 1970."""

    access_key_id: str
    active: bool
    created_at: float

    def age_days(self, now: float) -> float:
        return (now - self.created_at) / 86_400


@allowed_by("ram:ListAccessKeys", USER)
def list_access_keys(user: str) -> Call[tuple[UserKey, ...]]:
    """List a user's AccessKeys, none when there is no such user. Source: RAM 2015-05-01, ListAccessKeys."""
    absent = ("EntityNotExist.User",)
    return read("ListAccessKeys", _keys, {"UserName": user}, absent=absent, missing=())


@allowed_by("ram:GetUserMFAInfo", USER)
def get_user_mfa_info(user: str) -> Call[bool]:
    """Say whether a user has bound a second factor. Source: RAM 2015-05-01, GetUserMFAInfo."""
    absent = ("EntityNotExist.User.MFADevice", "EntityNotExist.User")
    return read("GetUserMFAInfo", _is_bound, {"UserName": user}, absent=absent, missing=False)


def _keys(body: Mapping[str, Any]) -> tuple[UserKey, ...]:
    return tuple(
        UserKey(facts["AccessKeyId"], facts["Status"] == "Active", _seconds(facts["CreateDate"]))
        for facts in body["AccessKeys"]["AccessKey"]
    )


def _is_bound(body: Mapping[str, Any]) -> bool:
    return bool((body.get("MFADevice") or {}).get("SerialNumber"))


def _seconds(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
