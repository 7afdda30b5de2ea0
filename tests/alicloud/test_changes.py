from dataclasses import dataclass, replace

import pytest

from alicloud import foas_projects, oss, oss_objects, ram, ram_account, ram_policies, ververica, vpc
from alicloud.changes import Change, field_changes
from alicloud.foas_projects import Package, PackageSpec, QueueSpec
from alicloud.foas_queues import Queue
from alicloud.oss import Bucket, BucketSpec
from alicloud.oss_objects import StoredObject
from alicloud.policy import document, statement
from alicloud.ram import Group, GroupSpec, LoginProfile, LoginProfileSpec, User, UserSpec
from alicloud.ram_policies import Policy, PolicySpec, Role
from alicloud.role_trust import RoleSpec
from alicloud.ververica import Member, MemberSpec
from alicloud.vpc import Vpc, VpcSpec

READ, WRITE = document([statement("oss:Get*")]), document([statement("oss:Put*")])
LAX = ram_account.PasswordPolicy(8, True, True, True, True, 0, 5, 5, False)
OPEN = ram_account.SecurityPreference(True, True, True, None, True, 6, ())


@dataclass(frozen=True)
class Thing:
    size: int = 1
    is_open: bool = False
    masks: tuple[str, ...] = ()
    note: str = ""


def test_only_fields_that_differ_are_changes_in_words():
    before, after = Thing(), Thing(2, True, ("10.0.0.0/8", "::1"), "x")

    told = [str(change) for change in field_changes(before, after)]

    assert told == ["size: 1 → 2", "is open: no → yes", "masks: + 10.0.0.0/8, ::1", "note: + x"]
    assert field_changes(before, before) == ()
    assert str(field_changes(after, before)[-1]) == "note: - x"


def test_an_empty_text_that_is_named_is_not_asked_for():
    assert field_changes(Thing(note="old"), Thing(note=""), ("note",)) == ()


# Every decider that changes something that exists: its calls, and what they say they change.
BUCKET = Bucket("b", "cn-hangzhou", "private", "Standard", "LRS", "Suspended", "", "1")
CHANGING = [
    (ram.user_changes(UserSpec("a", "New"), User("a", "1", "Old")), ["display name: Old → New"]),
    (ram.group_changes(GroupSpec("g", "New"), Group("g")), ["comments: + New"]),
    (
        ram.login_profile_changes(LoginProfileSpec("a", True, "pw-secret"), LoginProfile("a", False, False)),
        ["second factor: not demanded → demanded"],
    ),
    (
        ram_account.password_policy_changes(ram_account.PasswordPolicySpec(minimum_length=12), LAX),
        ["minimum length: 8 → 12"],
    ),
    (
        ram_account.security_preference_changes(
            ram_account.SecurityPreferenceSpec(allow_user_to_manage_access_keys=False), OPEN
        ),
        ["allow user to manage access keys: yes → no"],
    ),
    (
        ram_policies.policy_changes(PolicySpec("p", READ), Policy("p", "Custom", WRITE, "v1", 1)),
        ["Allow on *: + oss:Get*", "Allow on *: - oss:Put*"],
    ),
    (
        ram_policies.role_changes(
            RoleSpec("r", "stream.aliyuncs.com"),
            Role("r", "arn", ram_policies.prerequisites.trust_policy("ecs.aliyuncs.com")),
        ),
        [
            "Allow to Service stream.aliyuncs.com: + sts:AssumeRole",
            "Allow to Service ecs.aliyuncs.com: - sts:AssumeRole",
        ],
    ),
    (
        vpc.vpc_changes(VpcSpec("dev", "cn-hangzhou", "vpc-1"), (Vpc("vpc-1", "", "10.0.0.0/8", "Available", ""),)),
        ["name: + flink-dev"],
    ),
    (
        oss.bucket_changes(BucketSpec("b", "cn-hangzhou", encryption="AES256"), BUCKET),
        ["versioning: Suspended → Enabled", "encryption: off → AES256"],
    ),
    (
        oss_objects.udf_changes(oss_objects.udf_spec("b", "k", "f", b"new"), StoredObject("k", '"ABC"', 9)),
        ["MD5: abc → 22af645d1859cb5ca6da0c484f1f37ea", "size: 9 bytes → 3 bytes"],
    ),
    (
        foas_projects.queue_changes(QueueSpec("c", "p", 6), (Queue("c", "root.p", 400, 0, 4 * 4096, 0),)),
        ["CUs: 4 → 6"],
    ),
    (
        foas_projects.package_changes(PackageSpec("p", "x.jar", "udf/x"), (Package("x.jar", "old"),)),
        ["object: old → udf/x"],
    ),
    (
        ververica.member_changes(MemberSpec("w", "n", "7", "OWNER", "carol"), (Member("user:7", "VIEWER"),)),
        ["role: VIEWER → OWNER"],
    ),
]


@pytest.mark.parametrize(("calls", "told"), CHANGING, ids=lambda value: getattr(value[0], "action", None) or "told")
def test_what_changes_something_that_exists_says_what(calls, told):
    changes = [change for call in calls for change in call.changes]

    assert [str(change) for change in changes] == told
    assert all(call.changes for call in calls)
    assert "pw-secret" not in repr(changes)


def test_what_makes_something_new_changes_nothing():
    made = [
        *ram.user_changes(UserSpec("a", "New"), None),
        *ram_policies.policy_changes(PolicySpec("p", READ), None),
        *oss.bucket_changes(BucketSpec("b", "cn-hangzhou", encryption="AES256"), None),
        *oss_objects.udf_changes(oss_objects.udf_spec("b", "k", "f", b"new"), None),
    ]

    assert [call.changes for call in made] == [()] * 6


def test_what_a_call_says_it_changes_makes_it_no_other_call():
    call = ram.update_user(UserSpec("a", "New"))

    assert replace(call, changes=(Change("display name", "Old", "New"),)) == call
