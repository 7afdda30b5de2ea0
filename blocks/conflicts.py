"""Combinations that cannot be: found all at once, each with its place and remedy, before any call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pyrage

from alicloud import prerequisites
from alicloud.endpoints import EXCLUSIVE_REGIONS
from alicloud.foas_projects import USABLE_CUS_PER_SLAVE
from blocks.shown import shown_name

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Conflict:
    """What is wrong, where in the document, and what to do."""

    place: Place
    cause: str
    remedy: str

    def __str__(self) -> str:
        field = ".".join(shown_name(part) for part in self.place)
        return f"{field}: {self.cause}. {self.remedy}".removeprefix(": ").rstrip()


def conflicts(environment: Any) -> list[Conflict]:
    """Find every impossible combination in an environment.

    Args:
        environment: an Environment, or one in which the sections that were invalid on their own are None.
    """
    found: list[Conflict] = []
    if environment.people:
        found += _people(environment)
    if environment.network:
        found += _network(environment)
    if environment.cluster:
        found += _exclusive(environment) if environment.cluster.mode == "exclusive" else _managed(environment)
    if environment.projects:
        found += _projects(environment)
    if environment.storage:
        found += _packages(environment)
    if environment.service_role:
        found += _role(environment.service_role)
    return found


def _role(role: Any) -> Iterator[Conflict]:
    defaults = ("", prerequisites.EXCLUSIVE_ROLE, prerequisites.MANAGED_ROLE)
    if role.name not in defaults and not role.trusted_service:
        yield Conflict(
            ("service_role", "trusted_service"),
            f"role {role.name} is not the service's own, so whom it is to trust must be said",
            f"Name the service principal, such as {prerequisites.DEFAULT_EXCLUSIVE_SERVICE}.",
        )


def _repeated(names: list[str], place: str, what: str) -> Iterator[Conflict]:
    for name, times in Counter(names).items():
        if times > 1:
            at = len(names) - 1 - names[::-1].index(name)
            yield Conflict((*place.split("."), at, "name"), f"{what} {name} is named {times} times", "Keep one.")


def _people(environment: Any) -> Iterator[Conflict]:
    people = environment.people
    users = [user.name for user in people.users]
    yield from _repeated(users, "people.users", "user")
    yield from _repeated([group.name for group in people.groups], "people.groups", "group")
    yield from _handover(people.handover)
    yield from _leavers(environment)
    yield from _keys(people)
    for g, group in enumerate(people.groups):
        for m, member in enumerate(group.members):
            if member not in users:
                yield Conflict(
                    ("people", "groups", g, "members", m),
                    f"{member} is not among people.users",
                    "Add the user, or take the name out of the group.",
                )
    if environment.projects is None:
        return
    projects = {project.name for project in environment.projects} | {"*"}
    for kind, entries in (("users", people.users), ("groups", people.groups)):
        for e, entry in enumerate(entries):
            for p, project in enumerate(entry.projects):
                if project not in projects:
                    yield Conflict(
                        ("people", kind, e, "projects", p),
                        f"{project} is not among projects",
                        "Name a project of this environment, or '*' for all.",
                    )


def _leavers(environment: Any) -> Iterator[Conflict]:
    """Find who leaves and stays. RAM may not tell capital letters apart, so neither do we."""
    people = environment.people
    leavers = {leaver.name.casefold() for leaver in people.leavers}
    yield from _repeated([leaver.name for leaver in people.leavers], "people.leavers", "leaver")
    named: list[tuple[Place, str]] = [
        (("people", "users", u, "name"), user.name) for u, user in enumerate(people.users)
    ]
    for g, group in enumerate(people.groups):
        named += [(("people", "groups", g, "members", m), name) for m, name in enumerate(group.members)]
    for p, project in enumerate(environment.projects or ()):
        named += [(("projects", p, "managers", m), name) for m, name in enumerate(project.managers)]
    for place, name in named:
        if name.casefold() in leavers:
            yield Conflict(place, f"{name} is among people.leavers", "Take the name out here, or out of the leavers.")


def _keys(people: Any) -> Iterator[Conflict]:
    users = {user.name for user in people.users}
    for k, key in enumerate(people.access_keys):
        place: Place = ("people", "access_keys", k, "user")
        if key.user not in users:
            yield Conflict(place, f"{key.user} is not among people.users", "Add the user, or take this out.")
        if key.user in (other.user for other in people.access_keys[:k]):
            yield Conflict(place, f"user {key.user} is named twice", "Keep one.")


def _handover(handover: Any) -> Iterator[Conflict]:
    place: Place = ("people", "handover", "public_key")
    make = "Make one with `age-keygen -o key.txt`, keep that file to yourself, and give the age1... that it prints."
    if handover.channel == "file" and not handover.public_key:
        yield Conflict(place, "a file is encrypted to a public key, and there is none", make)
    if handover.public_key and not _is_recipient(handover.public_key):
        yield Conflict(place, "that is no public key of age", make)  # not repeated: it may be the private one


def _is_recipient(key: str) -> bool:
    try:
        pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        return False
    return True


def _network(environment: Any) -> Iterator[Conflict]:
    network = environment.network
    yield from _id_or_name(network.vpc, ("network", "vpc"), "VPC")
    if environment.region and not _lies_in(network.zone, environment.region):
        yield Conflict(
            ("network", "zone"), f"{network.zone} is not a zone of {environment.region}", "Choose a zone of the region."
        )
    if network.vpc.cidr and not 8 <= IPv4Network(network.vpc.cidr).prefixlen <= 28:
        yield Conflict(("network", "vpc", "cidr"), "a VPC's mask is from /8 to /28", "Choose another CIDR block.")
    for v, vswitch in enumerate(network.vswitches):
        yield from _vswitch(environment, network, v, vswitch)


def _lies_in(zone: str, region: str) -> bool:
    """Say whether a zone may be one of a region: cn-hangzhou-h, but ap-southeast-1a."""
    return zone.startswith(f"{region}-") or (region[-1].isdigit() and zone[:-1] == region and zone[-1].isalpha())


def _vswitch(environment: Any, network: Any, v: int, vswitch: Any) -> Iterator[Conflict]:
    place: Place = ("network", "vswitches", v)
    yield from _id_or_name(vswitch, place, "vSwitch")
    if environment.region and vswitch.zone and not _lies_in(vswitch.zone, environment.region):
        yield Conflict((*place, "zone"), f"{vswitch.zone} is not a zone of the region", "Choose a zone of the region.")
    if not vswitch.cidr:
        return
    block = IPv4Network(vswitch.cidr)
    if not 16 <= block.prefixlen <= 29:
        yield Conflict((*place, "cidr"), "a vSwitch's mask is from /16 to /29", "Choose another CIDR block.")
    if network.vpc.cidr and not block.subnet_of(IPv4Network(network.vpc.cidr)):
        cause = f"{vswitch.cidr} is not inside the VPC's {network.vpc.cidr}"
        yield Conflict((*place, "cidr"), cause, "Choose a block inside the VPC's.")
    for other in network.vswitches[:v]:
        if other.cidr and IPv4Network(other.cidr).overlaps(block):
            yield Conflict(
                (*place, "cidr"), f"{vswitch.cidr} overlaps {other.cidr}", "Choose blocks that do not overlap."
            )


def _id_or_name(section: Any, place: Place, what: str) -> Iterator[Conflict]:
    if section.id and section.cidr:
        yield Conflict(place, f"the {what} has an id and a CIDR block", "Give an id, or a name and a CIDR block.")
    if not section.id and not (section.name and section.cidr):
        yield Conflict(place, f"the {what} has neither an id nor a name with a CIDR block", "Give one of the two.")


def _exclusive(environment: Any) -> Iterator[Conflict]:
    cluster = environment.cluster
    if environment.region and environment.region not in EXCLUSIVE_REGIONS:
        sold = ", ".join(sorted(EXCLUSIVE_REGIONS))
        yield Conflict(("region",), "exclusive mode was never sold there", f"Choose one of {sold}, or mode: managed.")
    if cluster.master and cluster.master.number not in (1, 3):
        yield Conflict(("cluster", "master", "number"), "an order has 1 or 3 master nodes", "Copy it from the order.")
    if cluster.slave and cluster.slave.number < 2:
        yield Conflict(("cluster", "slave", "number"), "an order has at least 2 slave nodes", "Copy it from the order.")
    if environment.network and len(environment.network.vswitches) > 1:
        yield Conflict(("network", "vswitches"), "an exclusive cluster has one vSwitch", "Keep one.")
    for p, project in enumerate(environment.projects or ()):
        if project.managers:
            yield Conflict(
                ("projects", p, "managers"),
                "managers are a field of managed mode; in exclusive mode the account manages the project",
                "Take it out; people get access through their group's projects.",
            )
        if "-" in project.name:
            yield Conflict(("projects", p, "name"), "an exclusive project has no '-' in its name", "Use '_'.")


def _managed(environment: Any) -> Iterator[Conflict]:
    cluster = environment.cluster
    if environment.safety and cluster.compute_units > environment.safety.max_compute_units:
        yield Conflict(
            ("cluster", "compute_units"),
            f"more than safety.max_compute_units ({environment.safety.max_compute_units})",
            "Raise the limit on purpose, or order fewer.",
        )
    if cluster.auto_renew and cluster.charge_type != "Subscription":
        yield Conflict(("cluster", "auto_renew"), "only a subscription is renewed", "Take it out.")
    users = {user.name for user in environment.people.users} if environment.people else None
    for p, project in enumerate(environment.projects or ()):
        if "_" in project.name:  # Source: "Realtime Compute for Apache Flink", Manage namespaces, Create a namespace
            yield Conflict(("projects", p, "name"), "a namespace has no '_' in its name", "Use '-'.")
        for m, manager in enumerate(project.managers):
            if users is not None and manager not in users:
                yield Conflict(("projects", p, "managers", m), f"{manager} is not among people.users", "Add the user.")
    for u, package in enumerate(environment.storage.udf_packages if environment.storage else ()):
        if package.project:
            place: Place = ("storage", "udf_packages", u, "project")
            yield Conflict(place, "packages are registered in exclusive mode only", "Take the project out.")


def _projects(environment: Any) -> Iterator[Conflict]:
    yield from _repeated([project.name for project in environment.projects], "projects", "project")
    total = sum(project.compute_units for project in environment.projects)
    capacity = _capacity(environment.cluster)
    if capacity is not None and total > capacity:
        yield Conflict(
            ("projects",),
            f"the projects ask for {total} CUs, the cluster has {capacity}",
            "Give the projects fewer, or order a larger cluster.",
        )
    if environment.safety and total > environment.safety.max_compute_units:
        limit = environment.safety.max_compute_units
        yield Conflict(
            ("projects",),
            f"{total} CUs are more than safety.max_compute_units ({limit})",
            "Raise the limit on purpose.",
        )


def _capacity(cluster: Any) -> int | None:
    """Compute units of the cluster; None when the document does not tell."""
    if cluster is None:
        return None
    if cluster.mode == "managed":
        return int(cluster.compute_units)
    per_slave = USABLE_CUS_PER_SLAVE.get(cluster.slave.specification) if cluster.slave else None
    return None if per_slave is None else per_slave * int(cluster.slave.number)


def _packages(environment: Any) -> Iterator[Conflict]:
    packages = environment.storage.udf_packages
    yield from _repeated([package.name for package in packages], "storage.udf_packages", "package")
    if environment.projects is None:
        return
    projects = {project.name for project in environment.projects}
    for p, package in enumerate(packages):
        if package.project and package.project not in projects:
            place: Place = ("storage", "udf_packages", p, "project")
            yield Conflict(place, f"{package.project} is not among projects", "Name a project of this environment.")
