"""RAM users who leave: what they have is taken at once and told, the user is deleted after a grace period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from alicloud import leaving, ram, ram_keys, ram_logon, ram_policies, ram_removal, sts
from alicloud.errors import Unmet
from alicloud.leaving import LeaverSpec
from alicloud.ram import User
from alicloud.ram_logon import UserKey
from alicloud.ram_policies import Attachment
from alicloud.session import Session
from blocks.people import Leaver
from blocks.runner_rights import need
from tasks.namespace import LeftNamespace
from tasks.removal import delete, journal_of, look, whose
from tasks.runner import runner_user, signing_keys
from tasks.step import step


@dataclass(frozen=True)
class Had:
    """What a leaver had when the run looked, in words."""

    user: str
    things: tuple[str, ...]


@dataclass(frozen=True)
class Departure:
    """How far the leaving of a user is, in words; `gone` once there is no such user."""

    user: str
    state: str
    gone: bool = False


@dataclass(frozen=True)
class _Belongings:
    """What a user has of RAM."""

    keys: tuple[UserKey, ...]
    logon: bool
    groups: tuple[str, ...]
    policies: tuple[Attachment, ...]

    def bare(self, policy: str) -> bool:
        """Say whether the user can do nothing any more by what was given to them as a person.

        Args:
            policy: the one that the environment gives to them alone.
        """
        active = any(key.active for key in self.keys)
        return not (self.logon or self.groups or active or Attachment(policy) in self.policies)


_LOOKS = (  # at who leaves, what they have, and that it is not who runs this
    need(ram.get_login_profile, user="leavers"),
    need(ram.get_user, user="leavers"),
    need(ram.list_groups_for_user, user="leavers"),
    need(ram_keys.get_access_key_last_used, user="leavers"),
    need(ram_logon.list_access_keys, user="leavers"),
    need(ram_policies.list_policies_for, user="leavers"),
    need(sts.get_caller_identity),
)


@step(
    "Leaving of {spec.user}",
    "R1",
    "R4",
    needs=(
        *_LOOKS,
        need(ram_keys.disable_access_key, user="leavers"),
        need(ram_removal.delete_login_profile, user="leavers"),
        need(ram_removal.detach_policy, user="leavers", policy="any_policy"),
        need(ram_removal.remove_user_from_group, user="leavers", group="any_group"),
    ),
)
def ensure_left(cloud: Session, spec: LeaverSpec) -> Had:
    """Disable the user's AccessKeys, take the logon and the environment's policy, and leave every group.

    Groups come last: that the user is in one of the environment's shows that the name is right.

    Raises:
        Unmet: it is the RAM user who runs this, or nothing tells that the user was ever one of this environment's.
    """
    user = look(cloud, ram.get_user(spec.user))
    if user is None:
        return Had(spec.user, ())
    found = _belongings(cloud, spec.user)
    _refuse_runner(cloud, spec.user, found.keys)
    had = Had(spec.user, _told(cloud, spec.user, found))
    if not found.bare(spec.policy):
        _refuse_stranger(cloud, spec, user, found)
        delete(cloud, ram_logon.list_access_keys(spec.user), spec, leaving.keys_disabled)
        delete(cloud, ram.get_login_profile(spec.user), spec.user, ram_removal.logon_removal)
        delete(cloud, ram_policies.list_policies_for("user", spec.user), spec, leaving.policy_taken)
        delete(cloud, ram.list_groups_for_user(spec.user), spec, leaving.groups_left)
    return had


@step(
    "Deletion of {leaver.name}",
    "R1",
    needs=(
        *_LOOKS,
        need(ram_keys.delete_access_key, user="leavers"),
        need(ram_logon.get_user_mfa_info, user="leavers"),
        need(ram_removal.delete_user, user="leavers"),
        need(ram_removal.detach_policy, user="leavers", policy="any_policy"),
    ),
)
def ensure_deleted(
    cloud: Session, leaver: Leaver, spec: LeaverSpec, namespaces: Sequence[Sequence[LeftNamespace]]
) -> Departure:
    """Delete a user who has left, after the grace period, if this environment has made the user.

    Held back, and told, for whom somebody else has made, who has something again, or whose second factor is bound.

    Args:
        namespaces: who leaves which of them in this run.

    Raises:
        Unmet: it is the RAM user who runs this.
    """
    name = leaver.name
    user = look(cloud, ram.get_user(name))
    if user is None:
        return Departure(name, "there is no such user (any more)", gone=True)
    found = _belongings(cloud, name)
    _refuse_runner(cloud, name, found.keys)
    places = any(left.user == name for rows in namespaces for left in rows)
    leaves = not found.bare(spec.policy) or (cloud.dry and places)  # a plan writes down nothing that it would take
    kept = _kept(cloud, leaver, user, found, leaves)
    if kept:
        return Departure(name, kept)
    delete(cloud, ram_logon.list_access_keys(name), name, leaving.keys_deleted)
    delete(cloud, ram_policies.list_policies_for("user", name), name, leaving.policies_detached)
    delete(cloud, ram.get_user(name), name, ram_removal.user_removal)
    return Departure(name, "deleted", gone=True)


def _kept(cloud: Session, leaver: Leaver, user: User, found: _Belongings, leaves: bool) -> str:
    """Say why the user is not deleted yet, or never; nothing when they may be."""
    if strange := whose(cloud, ram.user_key(leaver.name), user.created_at):
        return f"everything taken; not deleted: {strange}"
    if leaves:
        return "leaves in this run; deleted after the grace period"
    ends = leaving.grace_ends(
        leaver.since,
        leaver.grace_days,
        leaving.left_at(journal_of(cloud).record, leaver.name, user.user_id),
        max(_last_uses(cloud, leaver.name, found.keys), default=0.0),
    )
    if cloud.clock.now() < ends:
        return f"everything taken; deleted after {datetime.fromtimestamp(ends, UTC):%Y-%m-%d %H:%M} UTC"
    if look(cloud, ram_logon.get_user_mfa_info(leaver.name)):
        return "not deleted: a person must unbind the MFA device first (RAM console, Users, Authentication)"
    return ""


def _belongings(cloud: Session, user: str) -> _Belongings:
    return _Belongings(
        look(cloud, ram_logon.list_access_keys(user)),
        look(cloud, ram.get_login_profile(user)) is not None,
        look(cloud, ram.list_groups_for_user(user)),
        look(cloud, ram_policies.list_policies_for("user", user)),
    )


def _refuse_runner(cloud: Session, user: str, keys: Sequence[UserKey]) -> None:
    own = runner_user(cloud).casefold() == user.casefold()
    if own or any(key.access_key_id in signing_keys(cloud) for key in keys):
        raise Unmet(
            f"{user} is the RAM user whose AccessKey signs this run.",
            remedy="Take the user out of people.leavers, or put another AccessKey into the credentials block.",
        )


def _refuse_stranger(cloud: Session, spec: LeaverSpec, user: User, found: _Belongings) -> None:
    record = journal_of(cloud).record
    if not leaving.is_known(record, spec, user.user_id, found.groups, found.policies):
        raise Unmet(
            f"RAM user {spec.user} exists, but nothing tells that it ever was one of this environment's people.",
            remedy="Correct the name in people.leavers; or let the user go in the RAM console.",
        )


def _last_uses(cloud: Session, user: str, keys: Sequence[UserKey]) -> list[float]:
    return [look(cloud, ram_keys.get_access_key_last_used(user, key.access_key_id)) for key in keys]


def _told(cloud: Session, user: str, found: _Belongings) -> tuple[str, ...]:
    keys = [_key(key, used) for key, used in zip(found.keys, _last_uses(cloud, user, found.keys), strict=True)]
    logon = ["console logon"] if found.logon else []
    groups = [f"group {name}" for name in found.groups]
    return (*keys, *logon, *groups, *(f"policy {each}" for each in found.policies))


def _key(key: UserKey, used: float) -> str:
    state = "active" if key.active else "inactive"
    last = f"last used {datetime.fromtimestamp(used, UTC).date()}" if used else "never used"
    return f"{ram_keys.told(key)} ({state}, {last})"
