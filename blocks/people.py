"""Who uses Realtime Compute: users, groups, and the account's rules for them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from blocks.names import FolderName, GroupName, ProjectReference, Text, UserName
from blocks.section import Section


class User(Section):
    """A RAM user: one person, never shared (R1)."""

    name: UserName = Field(title="User name", description="Logon name of one person.")
    display_name: Text = Field("", title="Display name")
    email: Text = Field("", title="E-mail")
    console_logon: bool = Field(
        False,
        title="May log on to the console",
        description="A one-time password is handed over (see Handover) before the logon is made; it must be changed "
        "at first use.",
    )
    mfa_required: bool = Field(True, title="Must bind an MFA device", description="Only with a console logon.")
    projects: list[ProjectReference] = Field(
        default_factory=list,
        title="Projects",
        description="Projects this user may use by a policy of their own; '*' for all. Groups are the better way.",
    )


class Group(Section):
    """A RAM user group and the projects that its members may use (R3, R4)."""

    name: GroupName = Field(title="Group name")
    comments: Text = Field("", title="Comments")
    members: list[UserName] = Field(default_factory=list, title="Members", description="Names from Users.")
    projects: list[ProjectReference] = Field(
        default_factory=list, title="Projects", description="Names from Projects, or '*' for all."
    )
    exact_members: bool = Field(
        False,
        title="Nobody else",
        description="The flow people takes out of the group whoever is not named. Else others stay.",
    )


class Leaver(Section):
    """A RAM user who leaves: without keys, logon and groups at once; deleted later, if this environment made them."""

    name: UserName = Field(title="User name", description="Not among Users any more, nor in a group, nor a manager.")
    since: date = Field(title="Since", description="Day of leaving, such as 2026-11-24.")
    grace_days: int = Field(
        30, ge=1, le=3650, title="Days until the user is deleted", description="From that day, or from the first run."
    )
    reason: Text = Field("", title="Reason", description="For the report.")


class KeyAge(Section):
    """How old a user's AccessKey may become before it is replaced, with a time in which both are valid."""

    user: UserName = Field(title="User name", description="From Users.")
    max_age_days: int = Field(90, ge=1, le=3650, title="Days until a key is replaced")
    overlap_days: int = Field(
        7,
        ge=1,
        le=365,
        title="Days of overlap",
        description="So long both keys are valid; then the old one is disabled, and as long after that deleted.",
    )


class PasswordPolicy(Section):
    """The least that passwords of RAM users must satisfy (R2). A stricter account is left as it is."""

    minimum_length: int = Field(12, ge=8, le=32, title="Minimum length")
    require_lowercase: bool = Field(True, title="Lower-case letter required")
    require_uppercase: bool = Field(True, title="Upper-case letter required")
    require_numbers: bool = Field(True, title="Digit required")
    require_symbols: bool = Field(True, title="Symbol required")
    max_attempts: int = Field(5, ge=1, le=32, title="Logon attempts per hour")
    max_age_days: int = Field(90, ge=0, le=1095, title="Days until a password expires", description="0: never.")
    reuse_prevention: int = Field(5, ge=0, le=24, title="Former passwords that may not come back")


class SecurityPreference(Section):
    """What RAM users may do for themselves (R2). What is left open stays as the account has it."""

    allow_user_to_change_password: bool | None = Field(None, title="May change their password")
    allow_user_to_manage_access_keys: bool = Field(False, title="May manage their AccessKeys")
    allow_user_to_manage_mfa_devices: bool | None = Field(None, title="May manage their MFA devices")
    enable_save_mfa_ticket: bool = Field(False, title="May keep MFA for 7 days")
    login_session_hours: int = Field(6, ge=1, le=24, title="Hours until a console session ends")


class Handover(Section):
    """How one-time passwords and new AccessKeys get from a run to the person who hands them on (R1)."""

    channel: Literal["secret-block", "file"] = Field(
        "secret-block",
        title="Channel",
        description="A Secret block, which the server encrypts, or a file on the worker, encrypted to a public key.",
    )
    public_key: str = Field(
        "",
        max_length=200,
        title="Public key",
        description="An age recipient, age1...; only the owner of its private key can read the files.",
    )
    folder: FolderName = Field("handover", title="Folder", description="Of the files, below the project's folder.")


class People(Section):
    """Who uses Realtime Compute, and with which rights."""

    users: list[User] = Field(default_factory=list, max_length=200, title="Users")
    groups: list[Group] = Field(default_factory=list, max_length=50, title="Groups")
    leavers: list[Leaver] = Field(default_factory=list, max_length=200, title="Leavers")
    access_keys: list[KeyAge] = Field(default_factory=list, max_length=200, title="Age of AccessKeys")
    handover: Handover = Field(default_factory=Handover, title="Handover of passwords and keys")
    initialize_ram: bool = Field(True, title="Set password policy and security preference")
    password_policy: PasswordPolicy = Field(default_factory=PasswordPolicy, title="Password policy")
    security_preference: SecurityPreference = Field(default_factory=SecurityPreference, title="Security preference")
