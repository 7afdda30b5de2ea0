"""The people of an environment, as the policies that users and groups hold in the account tell them. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alicloud import policy, prerequisites
from alicloud.errors import Unmet
from alicloud.ram_account import PasswordPolicy, SecurityPreference
from blocks import desired
from blocks.found import Found, Holder, Settings
from blocks.names import GroupName, UserName, keeps
from blocks.people import PasswordPolicy as PasswordSection
from blocks.people import SecurityPreference as PreferenceSection

PREFIX = "RealtimeCompute-"  # of every policy that an environment makes for people
NAMES = {"group": GroupName, "user": UserName}
_PROJECT = re.compile(r"acs:stream:\*:\*:([^:]+)")


@dataclass
class Part:
    """A section of a document, and what of the account it cannot say."""

    section: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def projects_of(document: str) -> tuple[str, ...]:
    """Give the projects that a policy for people is about; none when it is no such policy (R3)."""
    try:
        rights = policy.allowed(document)
        found = [match[1] for right in rights if (match := _PROJECT.fullmatch(right.resource))]
        names = tuple(dict.fromkeys(found))
        wanted = prerequisites.people_policy_document(names)
        return names if names and policy.same_meaning(wanted, document) else ()
    except Unmet:
        return ()


def environments_of(holders: Iterable[Holder]) -> list[str]:
    """Give the names of environments that have made policies for these users and groups."""
    found = []
    for holder in holders:
        ending = f"-{holder.kind}-{holder.name}"
        if holder.policy.startswith(PREFIX) and holder.policy.endswith(ending):
            name = holder.policy.removeprefix(PREFIX).removesuffix(ending)
            if desired.policy_name(name, holder.kind, holder.name) == holder.policy:
                found.append(name)
    return sorted(set(found))


def people(found: Found, environment: str, projects: Mapping[str, Mapping[str, str]]) -> Part:
    """Give the people's section.

    Args:
        environment: its name, which stands in the names of the policies that it made.
        projects: the adopted projects, each with the roles of its members by user name (managed mode).
    """
    part = Part()
    rights = _rights(found, environment, frozenset(projects), part)
    persons = found.persons
    names = {kind: [name for k, name in rights if k == kind] for kind in ("group", "user")}
    owners = [user for roles in projects.values() for user, role in roles.items() if role == "OWNER"]
    members = [user for group in names["group"] for user in persons.members.get(group, ())]
    named = [name for name in dict.fromkeys([*members, *names["user"], *owners]) if name in persons.users]
    users = [name for name in named if keeps(UserName, name)]
    part.remarks += [_unnamed("user", name) for name in named if name not in users]
    part.section["users"] = [_user(found, name, rights.get(("user", name), ())) for name in users]
    part.section["groups"] = [_group(found, name, rights["group", name], users) for name in names["group"]]
    _settings(found.settings, part)
    return part


def _rights(
    found: Found, environment: str, projects: frozenset[str], part: Part
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Give who uses which projects by a policy of this environment; by another's hand-made one: none."""
    rights: dict[tuple[str, str], tuple[str, ...]] = {}
    foreign: list[Holder] = []
    unnamed: dict[str, None] = {}  # once, however many policies are held
    for holder in sorted(found.persons.holders, key=lambda each: (each.kind, each.name)):
        wanted = projects_of(holder.document)
        own = holder.policy == desired.policy_name(environment, holder.kind, holder.name)
        own = own and {*wanted} <= {"*", *projects}
        if not own and (holder.policy.startswith(PREFIX) or not {"*", *projects} & {*wanted}):
            continue
        if not keeps(NAMES[holder.kind], holder.name):
            unnamed[_unnamed(holder.kind, holder.name)] = None
        elif own:
            rights[holder.kind, holder.name] = wanted
        else:
            foreign.append(holder)
    part.remarks += unnamed
    for holder in foreign:
        rights.setdefault((holder.kind, holder.name), ())
        part.remarks.append(
            f"{holder.kind} {holder.name} uses {_named(projects_of(holder.document))} by policy {holder.policy}, which "
            "no environment has made. Adopted without projects; name them and prepare makes a policy of its own."
        )
    return rights


def _unnamed(kind: str, name: str) -> str:
    return f"{kind} {name}: a document cannot hold this name; left out, and left alone."


def _named(projects: tuple[str, ...]) -> str:
    return "every project" if "*" in projects else f"project {', '.join(projects)}"


def _user(found: Found, name: str, projects: tuple[str, ...]) -> dict[str, Any]:
    user, logon = found.persons.users[name], found.persons.logons.get(name)
    section: dict[str, Any] = {"name": name, **_texts(display_name=user.display_name, email=user.email)}
    if logon is not None:
        section |= {"console_logon": True, "mfa_required": logon.mfa_required}
    return section | ({"projects": list(projects)} if projects else {})


def _group(found: Found, name: str, projects: tuple[str, ...], users: list[str]) -> dict[str, Any]:
    group = found.persons.groups.get(name)
    members = [user for user in found.persons.members.get(name, ()) if user in users]
    return {
        "name": name,
        **_texts(comments=group.comments if group else ""),
        "members": members,
        "projects": list(projects),
    }


def _texts(**texts: str) -> dict[str, str]:
    """Leave out what is empty, and what a document cannot hold: an empty wish leaves the account's text as it is."""
    return {name: text for name, text in texts.items() if text and text.isprintable() and len(text) <= 256}


def _settings(settings: Settings, part: Part) -> None:
    passwords, preference = _passwords(settings.passwords), _preference(settings.preference)
    part.section |= {"password_policy": passwords, "security_preference": preference}
    try:
        PasswordSection.model_validate(passwords)
        PreferenceSection.model_validate(preference)
    except ValueError:
        del part.section["password_policy"], part.section["security_preference"]
        part.section["initialize_ram"] = False
        part.remarks.append(
            "The account's password policy or security preference is laxer than a document can say; they are left "
            "alone (initialize_ram: false). Take that line out and prepare tightens them."
        )


def _passwords(actual: PasswordPolicy) -> dict[str, Any]:
    return {name: getattr(actual, name) for name in PasswordSection.model_fields}


def _preference(actual: SecurityPreference) -> dict[str, Any]:
    """Give what is compared by strictness; what is done as asked stays unasked."""
    names = ("allow_user_to_manage_access_keys", "enable_save_mfa_ticket", "login_session_hours")
    return {name: getattr(actual, name) for name in names}
