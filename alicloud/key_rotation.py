"""When an AccessKey is replaced, and what becomes of the old one: decided on what was read. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alicloud.call import Call
from alicloud.errors import Unmet
from alicloud.journal_record import Entry, Record, What
from alicloud.ram_keys import (
    create_access_key,
    creation_key,
    delete_access_key,
    disable_access_key,
    fingerprint,
    told,
    use_key,
)
from alicloud.ram_logon import UserKey

UNTOLD = ""  # in place of a fingerprint: an earlier version wrote none down


@dataclass(frozen=True)
class RotationSpec:
    """How old a user's key may become.

    `now` and all times are seconds since 1970 on the cloud's clock. `replaced` says by the id of a key which others
    this environment has made beside it that somebody has the secret of: their fingerprints, and UNTOLD for one of a
    journal that does not tell. `disabled` says when it has disabled which. `signing` are the ids of the keys that sign
    this run.
    """

    user: str
    max_age_seconds: float
    overlap_seconds: float
    now: float
    signing: frozenset[str]
    replaced: Mapping[str, Collection[str]]
    disabled: Mapping[str, float]


def rotation(desired: RotationSpec, actual: Sequence[UserKey]) -> list[Call[Any]]:
    """Decide the next step: a second key, then the end of the first one's use, then its end. Never two at once.

    A key that somebody else has disabled is not deleted, and a pair that somebody else has made is not touched.

    Raises:
        Unmet: a key is too old and there are two of them already, or the one that is due signs this run, or its
            replacement cannot be used or is not told to be one.
    """
    if len(actual) == 1:
        return _first(desired, actual[0])
    if len(actual) < 2:
        return []
    old, new = sorted(actual, key=lambda key: (key.created_at, key.access_key_id not in desired.replaced))
    replacements = desired.replaced.get(old.access_key_id, ())
    if fingerprint(new.access_key_id) in replacements:
        return _end(desired, old, new)
    if UNTOLD in replacements:
        _refuse_untold(desired, old, new)
    else:
        _refuse_pair(desired, actual)
    return []


def _first(desired: RotationSpec, key: UserKey) -> list[Call[Any]]:
    old = key.active and desired.now - key.created_at > desired.max_age_seconds
    return [create_access_key(desired.user, key.access_key_id)] if old else []


def _end(desired: RotationSpec, old: UserKey, new: UserKey) -> list[Call[Any]]:
    if not old.active:
        since = desired.disabled.get(old.access_key_id)
        over = since is not None and desired.now >= since + desired.overlap_seconds
        calls = [delete_access_key(desired.user, old.access_key_id)] if over else []
    else:
        over = desired.now >= new.created_at + desired.overlap_seconds
        calls = [disable_access_key(desired.user, old.access_key_id)] if over else []
    if calls:
        _refuse_end(desired, old, new)
    return calls


def _refuse_end(desired: RotationSpec, old: UserKey, new: UserKey) -> None:
    if old.access_key_id in desired.signing:
        raise Unmet(
            f"{told(old)} of RAM user {desired.user} has been replaced and is due, but it signs this run.",
            remedy=f"Put {told(new)} into the credentials block of this environment, then Retry this run.",
        )
    if not new.active:
        raise Unmet(
            f"{told(old)} of RAM user {desired.user} is due, but {told(new)}, which replaces it, is inactive.",
            remedy="In the RAM console, enable the new key, or delete it to have another made; then Retry this run.",
        )


def _refuse_untold(desired: RotationSpec, old: UserKey, new: UserKey) -> None:
    """Refuse to end a key's use where an earlier version did not write down which key has replaced it."""
    if desired.now >= new.created_at + desired.overlap_seconds:
        raise Unmet(
            f"{told(old)} of RAM user {desired.user} has been replaced, but an earlier version wrote the journal, "
            f"which does not say whether by {told(new)}.",
            remedy=f"Once nobody uses {told(old)} any more (RAM console, last used), delete it there, then Retry this "
            "run.",
        )


def _refuse_pair(desired: RotationSpec, keys: Sequence[UserKey]) -> None:
    aged = [key for key in keys if key.active and desired.now - key.created_at > desired.max_age_seconds]
    for key in aged[:1]:
        raise Unmet(
            f"{told(key)} of RAM user {desired.user} is too old, and the user has two AccessKeys, the most that RAM "
            "allows; this environment has not made one to replace the other.",
            remedy="Find out which one is not used any more (RAM console, last used), delete it, then Retry this run.",
        )


# What the journal tells


def replaced_keys(record: Record, user: str) -> dict[str, frozenset[str]]:
    """Say by the id of a key of a user's which others were made beside it and handed over: their fingerprints."""
    start, found = creation_key(user), dict[str, frozenset[str]]()
    intents = {e.id: e.makes for e in record.entries if e.what is What.INTENT and e.makes.startswith(start)}
    for entry in record.entries:
        if entry.what is What.SEEN and entry.intent in intents:
            old = intents[entry.intent].removeprefix(start)
            found[old] = found.get(old, frozenset()) | {entry.made or UNTOLD}
    return found


def open_creations(record: Record, user: str) -> list[Entry]:
    """Give the creations of a user's key of which nobody knows the end, or whose secret nobody is known to have."""
    return [entry for entry in record.open() if entry.makes.startswith(creation_key(user))]


def disabled_keys(record: Record, user: str) -> dict[str, float]:
    """Say when which of a user's keys was disabled, by the cloud's clock."""
    start = use_key(user)
    ends = [entry for entry in record.entries if entry.what is What.INTENT and entry.removes.startswith(start)]
    return {entry.removes.removeprefix(start): entry.time for entry in ends}
