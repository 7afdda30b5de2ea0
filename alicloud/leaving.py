"""How a RAM user leaves: what is taken at once, when the user may be deleted, who is known. Decided, without I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from alicloud.call import Call
from alicloud.errors import Unmet
from alicloud.journal_record import Created, Record, What
from alicloud.ram import MembershipSpec, logon_key, user_key
from alicloud.ram_keys import delete_access_key, disable_access_key, told, use_key
from alicloud.ram_logon import UserKey
from alicloud.ram_policies import Attachment
from alicloud.ram_removal import detach_policy, remove_user_from_group
from alicloud.ververica import is_member

DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class LeaverSpec:
    """Who leaves, and what binds them to this environment: its groups, and the policy that it gives to them alone."""

    user: str
    groups: tuple[str, ...]
    policy: str


def keys_disabled(desired: LeaverSpec, actual: Sequence[UserKey]) -> list[Call[Any]]:
    return [disable_access_key(desired.user, key.access_key_id) for key in actual if key.active]


def policy_taken(desired: LeaverSpec, actual: Sequence[Attachment]) -> list[Call[Any]]:
    """Detach the environment's own policy; what others have attached stays until the user is deleted."""
    own = [each for each in actual if each == Attachment(desired.policy)]
    key = f"{_policies_key(desired.user)}{desired.policy}"
    return [replace(detach_policy("user", desired.user, each), removes=key) for each in own]


def groups_left(desired: LeaverSpec, actual: Sequence[str]) -> list[Call[Any]]:
    """Leave every group, the environment's own last: until then they show that the user is one of its people."""
    ordered = sorted(actual, key=lambda group: group in desired.groups)
    return [_leave(desired.user, group) for group in ordered]


def others_out(desired: MembershipSpec, actual: Sequence[str], runner: str) -> list[Call[Any]]:
    """Take everybody out of a group who is not named, but the RAM user who runs this."""
    stay = {*desired.users, runner}
    return [_leave(user, desired.group) for user in actual if user not in stay]


def _leave(user: str, group: str) -> Call[None]:
    return replace(remove_user_from_group(user, group), removes=f"{_membership_key(user)}{group}")


def _membership_key(user: str) -> str:
    return f"ram:membership/{user}/"


def _policies_key(user: str) -> str:
    return f"ram:policy-of/{user}/"


def keys_deleted(user: str, actual: Sequence[UserKey]) -> list[Call[Any]]:
    """Delete keys that are disabled.

    Raises:
        Unmet: one is enabled.
    """
    for key in actual:
        if key.active:
            raise Unmet(f"{told(key)} of RAM user {user} was enabled again.", remedy="Find out by whom, then Retry.")
    return [delete_access_key(user, key.access_key_id) for key in actual]


def policies_detached(user: str, actual: Sequence[Attachment]) -> list[Call[Any]]:
    return [detach_policy("user", user, attachment) for attachment in actual]


def is_known(
    record: Record, spec: LeaverSpec, user_id: str, groups: Sequence[str], policies: Sequence[Attachment]
) -> bool:
    """Say whether a user is, or was, one of the environment's people.

    They are in a group of it, or carry its policy, or its journal tells that it made them, let them into a group or
    namespace, or began with their leaving. A name alone is not enough: it may be typed wrongly.
    """
    if set(groups) & set(spec.groups) or Attachment(spec.policy) in policies:
        return True
    if record.created(user_key(spec.user)) is Created.YES or left_at(record, spec.user, user_id):
        return True
    return any(is_member(entry.creates, user_id) for entry in record.entries if entry.what is What.INTENT)


def left_at(record: Record, user: str, user_id: str) -> float:
    """Give when this environment last took anything from a user; 0 when never.

    That is a key's use, the logon, the environment's own policy, and the place in a group or a namespace.
    """
    begins = (use_key(user), _membership_key(user), _policies_key(user))
    intents = [entry for entry in record.entries if entry.what is What.INTENT]
    of_ram = [e for e in intents if e.removes == logon_key(user) or e.removes.startswith(begins)]
    of_namespaces = [e for e in intents if is_member(e.removes, user_id)]
    return max((entry.time for entry in [*of_ram, *of_namespaces]), default=0.0)


def grace_ends(since: date, grace_days: int, taken_at: float, used_at: float) -> float:
    """Give when a leaver may be deleted, in seconds since 1970.

    The grace begins at midnight UTC of the day of leaving, but not before everything was taken, nor before the last
    use of a key: whoever leaves has had as long to be missed.
    """
    midnight = datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp()
    return max(midnight, taken_at, used_at) + grace_days * DAY_SECONDS


def own_user(arn: str) -> str:
    """Give the RAM user's name of an ARN such as acs:ram::1376771854400000:user/flink-prep; empty for others."""
    _, found, name = arn.partition(":user/")
    return name if found else ""
