"""What a teardown holds back, and why: decided on what was read, without asking anybody. In doubt it holds back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from alicloud import policy, prerequisites
from alicloud.bssopenapi import OrderedInstance
from alicloud.ecs import SERVICE_TAG, NetworkInterface, SecurityGroup
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_namespaces import Namespace
from alicloud.instants import seconds_of
from alicloud.journal_record import Created, Record
from alicloud.oss_removal import ObjectVersion
from alicloud.ram_logon import UserKey
from alicloud.ram_policies import Attachment, Role
from alicloud.ram_removal import Principal
from alicloud.role_trust import RoleSpec
from alicloud.vpc_vswitches import VSwitch, usable_addresses

REMOVED, HELD, BILLED = "-", "=", "$"

LEEWAY_SECONDS = 600.0  # of the cloud's time, between an intent and the creation that the cloud tells
NAMED = 5  # of what is in the way
RELEASED_FROM = ("RUNNING", "DISABLE")  # states of a workspace. UNCONFIRMED: that one that is DISABLE can be released

NOT_CREATED = "this environment did not create it"
NAMED_BY_ID = "the environment names it by its id: it was there before"
ANOTHER = "this is another"
UNKNOWN = (
    "whether this environment created it is not known: the answer to its creation was lost, somebody was faster, or an "
    "earlier version wrote the journal; look at it, and delete it in the console"
)


@dataclass(frozen=True)
class Fate:
    """What becomes of a resource in a teardown.

    `sign` is empty when it is not there at all. `why` says why it stays, or how it goes. `ours` tells that the
    environment has, or may have, created it: as long as such a thing stays, the proof of it must stay too. `id` is
    the cloud's, where it has one.
    """

    sign: str
    what: str
    why: str = ""
    ours: bool = True
    id: str = ""

    @property
    def gone(self) -> bool:
        """Whether nothing of it is left for others to build on."""
        return self.sign in ("", REMOVED)

    @property
    def stays(self) -> str:
        """Say what stays, for what has to stay because of it."""
        return f"{self.what} stays"


def absent(what: str, id_: str = "") -> Fate:
    return Fate("", what, "is not there", id=id_)


def removed(what: str, id_: str = "", how: str = "") -> Fate:
    return Fate(REMOVED, what, how, id=id_)


def held(what: str, why: str, id_: str = "") -> Fate:
    """Hold back what others use, or what others have made: of the latter no proof is needed any more."""
    adopted = why in (NOT_CREATED, NAMED_BY_ID) or why.endswith(ANOTHER)
    return Fate(HELD, what, why, not adopted, id_)


def ambiguous(what: str, number: int) -> Fate:
    """Hold back several of one name."""
    return held(what, f"there are {number} of that name, and which one is meant is not known")


def not_ours(record: Record, key: str, created_at: float, leeway_seconds: float) -> str:
    """Say why a resource is not to be taken for one that this environment has created; nothing when it is.

    Args:
        record: the environment's journal, which alone tells what the environment created.
        key: `Call.creates` of the resource.
        created_at: when it was created, by the cloud, in seconds since 1970; 0 where the cloud does not tell.
        leeway_seconds: how far that may lie from the intent.
    """
    created = record.created(key)
    if created is Created.YES:
        return _another(record.created_at(key), created_at, leeway_seconds)
    return {
        Created.NO: NOT_CREATED,
        Created.REMOVED: "this environment has removed the one that it created: this one is still going, or new",
        Created.UNSURE: UNKNOWN,
    }[created]


def _another(intended_at: Sequence[str], created_at: float, leeway_seconds: float) -> str:
    intended = [seconds_of(at) for at in intended_at]
    if not created_at or any(abs(created_at - each) <= leeway_seconds for each in intended):
        return ""
    return f"it is of {_day(created_at)}, but this environment created one at {_day(intended[-1])}: {ANOTHER}"


def foreign(names: Collection[str], ours: Collection[str], what: str) -> str:
    """Say that something holds what is not of this environment; nothing when it does not."""
    others = sorted(set(names) - set(ours))
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    return f"{what} {', '.join(others[:NAMED])}{more}" if others else ""


def first(*reasons: str) -> str:
    """Give the first reason that there is."""
    return next((reason for reason in reasons if reason), "")


def staying(fates: Sequence[Fate | None]) -> str:
    """Say which of the things that had to go before stay; nothing when all of them are gone."""
    left = [fate.stays for fate in fates if fate is not None and not fate.gone]
    return "; ".join(left)


# People


def user_in_use(
    keys: Sequence[UserKey],
    second_factor: bool,
    groups: Sequence[str],
    known_groups: Collection[str],
    policies: Sequence[Attachment],
    own: str,
) -> str:
    """Say who or what else uses a user: AccessKeys, a second factor, groups and policies that are not ours.

    Args:
        own: name of the policy that the environment gives the user, empty when none.
    """
    active = sum(key.active for key in keys)
    others = [str(each) for each in policies if each != Attachment(own)]
    return first(
        f"it has {len(keys)} AccessKey{'s' if len(keys) > 1 else ''}, {active} of them active" if keys else "",
        "its owner has bound a second factor, so somebody works with it" if second_factor else "",
        foreign(groups, known_groups, "it is in a group of somebody else's:"),
        foreign(others, (), "it has a policy of somebody else's:"),
    )


def group_in_use(members: Sequence[str], known: Collection[str], policies: Sequence[Attachment], own: str) -> str:
    """Say who or what else uses a group: members and policies that are not the environment's."""
    others = [str(each) for each in policies if each != Attachment(own)]
    return first(
        foreign(members, known, "it has a member who is not of this environment:"),
        foreign(others, (), "it has a policy of somebody else's:"),
    )


def policy_in_use(entities: Sequence[Principal], known: Collection[Principal]) -> str:
    """Say who else has a policy."""
    others = [f"{kind} {name}" for kind, name in entities if (kind, name) not in known]
    return foreign(others, (), "it is attached to others too:")


def role_in_use(
    spec: RoleSpec, role: Role, policies: Sequence[Attachment], known: Collection[Attachment], users: Sequence[str]
) -> str:
    """Say what else uses the service's role, which is the account's in all regions.

    Args:
        users: the other clusters and workspaces of the account.
    """
    trust = prerequisites.trust_policy(spec.trusted_service)
    return first(
        foreign(users, (), "the service uses it for others too:"),
        "it trusts something else than this environment let it trust"
        if policy.differences(trust, role.trust_policy)
        else "",
        foreign([str(each) for each in policies], [str(each) for each in known], "it has a policy of somebody else's:"),
    )


# Network


def vswitch_in_use(vswitch: VSwitch, interfaces: Sequence[NetworkInterface], service_leaves: bool) -> str:
    """Say what holds addresses of a vSwitch.

    Args:
        service_leaves: the cluster or workspace in it goes first, and takes along what the service made for it.
    """
    others = [each for each in interfaces if not (service_leaves and SERVICE_TAG in each.tags)]
    taken = usable_addresses(vswitch.cidr) - vswitch.free_addresses - len(interfaces)
    return first(
        foreign([each.network_interface_id for each in others], (), "network interfaces are in it:"),
        f"{taken} of its addresses are held by something else" if taken > 0 else "",
    )


def vpc_in_use(
    vswitches: Sequence[VSwitch], known: Collection[str], groups: Sequence[SecurityGroup], service_leaves: bool
) -> str:
    """Say what is in a VPC that is not the environment's."""
    others = [each.security_group_id for each in groups if not (service_leaves and SERVICE_TAG in each.tags)]
    return first(
        foreign([each.vswitch_id for each in vswitches], known, "it has vSwitches of somebody else's:"),
        foreign(others, (), "it has security groups, which are not this environment's to delete:"),
    )


# What runs, and what it costs


def namespace_in_use(namespace: Namespace) -> str:
    return f"jobs in it use {namespace.used_cus:g} CUs: stop them first" if namespace.used_cus > 0 else ""


def namespace_stays(workspace: Workspace) -> str:
    """Say why a namespace cannot be deleted now: only a workspace that runs lets one go."""
    if workspace.status == "DISABLE" and workspace.charge_type != "POST":
        return "its workspace, a subscription, is DISABLE: it goes when the cloud releases that"
    return "" if workspace.status in RELEASED_FROM else f"its workspace is {workspace.status}"


def workspace_in_use(workspace: Workspace, namespaces: Sequence[Namespace], known: Collection[str]) -> str:
    """Say what else uses a workspace; its default namespace is part of it."""
    own = f"{workspace.name}-default"
    busy = [each.name for each in namespaces if each.name == own and each.used_cus > 0]
    return first(
        "it is protected from deletion, by somebody who said so in the console" if workspace.protected else "",
        foreign([each.name for each in namespaces], {*known, own}, "it has a namespace of somebody else's:"),
        foreign(busy, (), "jobs run in its default namespace"),
        f"it is {workspace.status}" if workspace.status not in RELEASED_FROM else "",
    )


def workspace_billed(workspace: Workspace) -> str:
    """Say until when a subscription stays billed; nothing for one that is paid by use."""
    if workspace.charge_type == "POST":
        return ""
    if workspace.status == "DISABLE":
        return (
            "a subscription cannot be deleted by API: this one has ended, and the cloud releases it by itself; or "
            "release it in the console (Expenses, Unsubscribe)"
        )
    until = _day(workspace.expires_ms / 1000) if workspace.expires_ms else "its end, which the cloud does not tell"
    return (
        f"a subscription cannot be deleted by API: it stays billed until {until}; switch off its renewal, or release "
        "it in the console (Expenses, Unsubscribe)"
    )


def cluster_billed(orders: Sequence[OrderedInstance]) -> str:
    """Say until when a cluster stays billed; nothing when every order that it may be of is paid by use."""
    if orders and all(order.subscription == "PayAsYouGo" for order in orders):
        return ""
    ends = ", ".join(
        f"{row.instance_id} until {row.end_time or 'an end that the cloud does not tell'}" for row in orders
    )
    paid = f"it stays billed ({ends})" if ends else "no order of it is seen, so look in Expenses what it costs"
    return f"a subscription cannot be destroyed by API: {paid}; switch off its renewal, or release it in the console"


# The bucket


def bucket_in_use(
    versions: Sequence[ObjectVersion], uploads: Sequence[str], journal: str, packages: dict[str, int]
) -> str:
    """Say what a bucket holds that this environment did not put there, counting all versions.

    Args:
        journal: key of the environment's journal.
        packages: how many versions this environment has uploaded, by key.
    """
    keys = [each.key for each in versions if not each.delete_marker]
    too_many = [key for key, number in packages.items() if keys.count(key) > number]
    marked = [each.key for each in versions if each.delete_marker]
    return first(
        foreign([*keys, *marked], {journal, *packages}, "it is not empty:"),
        foreign(too_many, (), "somebody else has uploaded a version of"),
        foreign(uploads, (), "an upload in it is not finished:"),
    )


def unproven(there: Sequence[str]) -> str:
    """Say what is there that the journal alone proves to be the environment's; nothing when there is none."""
    left = foreign(there, (), "it keeps the proof that this environment has, or may have, created what is still there:")
    remedy = "name it in the document again, let `people` delete who has left, or delete it in the console; then Retry"
    return f"{left}; {remedy}" if left else ""


def unseen(kept: Sequence[str]) -> str:
    """Say what may be there and could not be looked for; nothing when there is none."""
    left = foreign(
        kept, (), "it keeps the proof of what this environment has, or may have, created and cannot look for:"
    )
    remedy = (
        "name it in the document again, give the runner the rights that `make runner-policy` prints then, and Retry"
    )
    return f"{left}; {remedy}" if left else ""


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
