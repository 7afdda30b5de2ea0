"""Resource Access Management (RAM): what becomes of a user's AccessKeys. Made, disabled, deleted, last used.

Texts for people tell a key by its end and its day: what holds secrets back holds whole AccessKeyIds back too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from alicloud.call import Call, Kind
from alicloud.call_rights import USER, allowed_by
from alicloud.instants import seconds_of
from alicloud.ram_action import PRODUCT, VERSION, WRITE_RIGHTS, read, write
from alicloud.ram_logon import UserKey

TAIL = 4


@dataclass(frozen=True)
class NewKey:
    """An AccessKey as it is told once; its repr shows no secret."""

    access_key_id: str
    access_key_secret: str = field(repr=False)


def label(access_key_id: str) -> str:
    """Tell a key by the end of its id."""
    return f"AccessKey ...{access_key_id[-TAIL:]}"


def told(key: UserKey) -> str:
    """Tell a key by the end of its id and the day it was made."""
    day = datetime.fromtimestamp(key.created_at, UTC).date()
    return f"{label(key.access_key_id)} of {day}"


def fingerprint(access_key_id: str) -> str:
    """Give what a journal knows a key by that was made: nobody gets the id from it."""
    return sha256(access_key_id.encode()).hexdigest()[:16]


def use_key(user: str, access_key_id: str = "") -> str:
    """Give the key by which a journal knows that an AccessKey may be used; without an id, how all of a user's begin."""
    return f"ram:use-of-key/{user}/{access_key_id}"


def creation_key(user: str, beside: str = "") -> str:
    """Give what a journal knows the creation of an AccessKey by: whose it is, and the one that it is to replace."""
    return f"ram:key/{user} beside {beside}"


@allowed_by("ram:GetAccessKeyLastUsed", USER)
def get_access_key_last_used(user: str, access_key_id: str) -> Call[float]:
    """Say when a key was last used, in seconds since 1970; 0 when never.

    Source: RAM 2015-05-01, GetAccessKeyLastUsed.
    """
    parameters = {"UserName": user, "UserAccessKeyId": access_key_id}
    absent = ("EntityNotExist.User.AccessKey", "EntityNotExist.User")
    return read("GetAccessKeyLastUsed", _last_used, parameters, absent=absent, missing=0.0)


@allowed_by("ram:CreateAccessKey", USER)
def create_access_key(user: str, beside: str) -> Call[NewKey]:
    """Make a second key beside the one with an id; its secret stands in the answer alone.

    Source: RAM 2015-05-01, CreateAccessKey: no key of idempotence, two keys per user.
    """
    return Call(
        PRODUCT,
        VERSION,
        "CreateAccessKey",
        Kind.ONCE,
        _new_key,
        {"UserName": user},
        means=f"make an AccessKey for RAM user {user} to replace {label(beside)}",
        makes=creation_key(user, beside),
        remedy=f"If rights are lacking, attach {WRITE_RIGHTS} to the identity that runs this, then Retry this run.",
    )


@allowed_by("ram:UpdateAccessKey", USER)
def disable_access_key(user: str, access_key_id: str) -> Call[None]:
    """Let a key sign nothing any more; a person can enable it again. Source: RAM 2015-05-01, UpdateAccessKey."""
    call = write(
        "UpdateAccessKey",
        f"disable {label(access_key_id)} of RAM user {user}",
        {"UserName": user, "UserAccessKeyId": access_key_id, "Status": "Inactive"},
        done=_GONE,
    )
    return replace(call, removes=use_key(user, access_key_id))


@allowed_by("ram:DeleteAccessKey", USER)
def delete_access_key(user: str, access_key_id: str) -> Call[None]:
    """Source: RAM 2015-05-01, DeleteAccessKey."""
    means = f"delete {label(access_key_id)} of RAM user {user}"
    return write("DeleteAccessKey", means, {"UserName": user, "UserAccessKeyId": access_key_id}, done=_GONE)


_GONE = ("EntityNotExist.User.AccessKey", "EntityNotExist.User")


def _last_used(body: Mapping[str, Any]) -> float:
    return seconds_of(str(body["AccessKeyLastUsed"].get("LastUsedDate") or ""))


def _new_key(body: Mapping[str, Any]) -> NewKey:
    facts = body["AccessKey"]
    return NewKey(facts["AccessKeyId"], facts["AccessKeySecret"])
