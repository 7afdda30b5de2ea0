"""AccessKeys of RAM users: replaced when they are too old, with a time in which both are valid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alicloud import ram_keys, ram_logon
from alicloud.call import Call
from alicloud.errors import Uncertain
from alicloud.journal_record import Entry
from alicloud.key_rotation import RotationSpec, disabled_keys, open_creations, replaced_keys, rotation
from alicloud.leaving import DAY_SECONDS
from alicloud.ram_keys import NewKey, creation_key, fingerprint, told
from alicloud.ram_logon import UserKey
from alicloud.redaction import know
from alicloud.session import Session
from alicloud.settle import looks, wait_until
from blocks import desired
from blocks.environment import Environment
from blocks.people import KeyAge
from blocks.runner_rights import need
from tasks import handover
from tasks.removal import delete, journal_of, look
from tasks.runner import signing_keys
from tasks.step import step


@dataclass(frozen=True)
class HandedOver:
    """A new AccessKey, and where its secret lies for the one who hands it on."""

    user: str
    key: str
    place: str


@step(
    "AccessKey of {wanted.user}",
    "R1",
    once=True,
    needs=(
        need(ram_keys.create_access_key, user="users_with_new_keys"),
        need(ram_keys.delete_access_key, user="users_with_new_keys"),
        need(ram_keys.disable_access_key, user="users_with_new_keys"),
        need(ram_logon.list_access_keys, user="users_with_new_keys"),
    ),
)
def ensure_key_age(cloud: Session, wanted: KeyAge, environment: Environment) -> HandedOver | None:
    """Replace the user's AccessKey when it is too old: a second one, handed over; later the old one goes.

    Raises:
        Unmet: there are two keys already, or the one that is due signs this run.
        Uncertain: a key was asked for and nobody is known to have its secret.
    """
    read = ram_logon.list_access_keys(wanted.user)
    keys = look(cloud, read)
    handed = _handed_over(cloud, wanted.user, keys, environment)
    spec = _spec(cloud, wanted, handed)
    for call in rotation(spec, keys):
        if call.once_only and not cloud.dry:
            return _replaced(cloud, call, read, environment)
        delete(cloud, read, spec, rotation)
    return None


def _spec(cloud: Session, wanted: KeyAge, handed: Mapping[str, str]) -> RotationSpec:
    record = journal_of(cloud).record
    replaced = replaced_keys(record, wanted.user)
    told_now = {old: replaced.get(old, frozenset()) | {new} for old, new in handed.items()}
    return RotationSpec(
        wanted.user,
        wanted.max_age_days * DAY_SECONDS,
        wanted.overlap_days * DAY_SECONDS,
        cloud.clock.now(),
        signing_keys(cloud),
        replaced | told_now,
        disabled_keys(record, wanted.user),
    )


def _handed_over(cloud: Session, user: str, keys: Sequence[UserKey], environment: Environment) -> dict[str, str]:
    """Close the creations whose key was handed over before their run ended.

    Returns:
        Fingerprints of the new keys, by the ids of those that they replace.

    Raises:
        Uncertain: the secret of one is with nobody, or whether it was made is not known.
    """
    journal, found = journal_of(cloud), dict[str, str]()
    for intent in open_creations(journal.record, user):
        old = intent.makes.removeprefix(creation_key(user))
        others = [key for key in keys if key.access_key_id != old]
        known = [key.access_key_id for key in others if _is_handed_over(environment, user, key)]
        if not known:
            raise _nobodys(cloud, user, others, intent)
        found[old] = fingerprint(known[0])
        if not cloud.dry:
            journal.seen(intent.makes, found[old])
    return found


def _is_handed_over(environment: Environment, user: str, key: UserKey) -> bool:
    name = desired.key_secret(environment, user, key.access_key_id)
    return handover.holds(name, environment.people.handover)


def _replaced(
    cloud: Session, call: Call[NewKey], read: Call[tuple[UserKey, ...]], environment: Environment
) -> HandedOver:
    """Make the second key, and hand it over before anything else is done."""
    journal, channel, user = journal_of(cloud), environment.people.handover, call.parameters["UserName"]
    handover.check(channel)
    try:
        key = cloud.send(call)
    except Uncertain as lost:
        others = _new_keys(cloud, read, call)
        intents = [entry for entry in open_creations(journal.record, user) if entry.makes == call.makes]
        raise (_nobodys(cloud, user, others, intents[0]) if intents else lost) from None
    know(key.access_key_secret)
    name = desired.key_secret(environment, user, key.access_key_id)
    pair = f"AccessKeyId={key.access_key_id}\nAccessKeySecret={key.access_key_secret}"
    handover.one_time(name, channel, lambda: pair)
    wait_until(cloud, read, lambda keys: any(each.access_key_id == key.access_key_id for each in keys), call.means)
    journal.seen(call.makes, fingerprint(key.access_key_id))
    return HandedOver(user, ram_keys.label(key.access_key_id), handover.place(name, channel))


def _new_keys(cloud: Session, read: Call[tuple[UserKey, ...]], call: Call[NewKey]) -> list[UserKey]:
    """Look for as long as reads may lag behind writes for a key other than the old one."""
    old = call.makes.removeprefix(creation_key(call.parameters["UserName"]))
    for _ in looks(cloud):
        others = [key for key in cloud.read_again(read) if key.access_key_id != old]
        if others:
            return others
    return []


def _nobodys(cloud: Session, user: str, others: Sequence[UserKey], intent: Entry) -> Uncertain:
    resolve = f"start the deployment `resolve` with intent {intent.id}, then Retry this run"
    asked = f"A second AccessKey of RAM user {user} was asked for at {intent.at}"
    if not others:
        return Uncertain(
            f"{asked}, and nobody knows what became of it; it is not asked for again.",
            action=intent.action,
            remedy=f"Look in the RAM console. If there is a new key, delete it: nobody has its secret. Then {resolve}.",
        )
    keys = " and ".join(map(told, others))
    return Uncertain(
        f"{asked}, and there is {keys}, but nobody is known to have its secret. It is neither used nor deleted.",
        action=intent.action,
        remedy=f"If nobody uses {keys}, delete it in the RAM console, {resolve}.",
    )
