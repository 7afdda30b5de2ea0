import json
from pathlib import Path

import pytest

from alicloud import ram
from alicloud.call import PLANNED, Kind

SAMPLES = json.loads((Path(__file__).parents[1] / "emulator" / "response-samples.json").read_text("utf-8"))


def sample(action):
    return SAMPLES["Ram/2015-05-01"][action]["body"]


ALICE = ram.User("alice", "2227489245380000", "Example", "example comments", "user@example.com")

PUBLISHED = [
    (ram.get_user("alice"), ALICE),
    (ram.get_login_profile("zhangq0000"), ram.LoginProfile("zhangq0000", True, True)),
    (ram.get_group("Dev-Team"), ram.Group("Dev-Team", "example comments")),
    (ram.list_users_for_group("Dev-Team"), ("Alice",)),
    (ram.list_groups_for_user("Alice"), ("Dev-Team",)),
]


@pytest.mark.parametrize(("call", "answer"), PUBLISHED, ids=[call.action for call, _ in PUBLISHED])
def test_the_published_sample_is_understood(call, answer):
    assert call.parse(sample(call.action)) == answer


WRITES = [
    ram.create_user(ram.UserSpec("alice")),
    ram.update_user(ram.UserSpec("alice", "Alice")),
    ram.create_login_profile(ram.LoginProfileSpec("alice", True, "initial")),
    ram.update_login_profile("alice", True, False),
    ram.create_group(ram.GroupSpec("flink")),
    ram.update_group(ram.GroupSpec("flink", "new")),
    ram.add_user_to_group("alice", "flink"),
]


@pytest.mark.parametrize("call", WRITES, ids=[call.action for call in WRITES])
def test_a_write_may_be_repeated_says_its_effect_and_what_to_do_when_refused(call):
    assert call.kind is Kind.IDEMPOTENT
    assert call.parse(sample(call.action)) is None
    assert "alice" in call.means or "flink" in call.means
    assert "AliyunRAMFullAccess" in call.remedy


ABSENT = [
    (ram.get_user("alice"), "EntityNotExist.User", None),
    (ram.get_login_profile("alice"), "EntityNotExist.User.LoginProfile", None),
    (ram.get_login_profile("alice"), "EntityNotExist.User", None),
    (ram.get_group("flink"), "EntityNotExist.Group", None),
    (ram.list_users_for_group("flink"), "EntityNotExist.Group", ()),
    (ram.list_groups_for_user("alice"), "EntityNotExist.User", ()),
]


@pytest.mark.parametrize(("call", "code", "missing"), ABSENT)
def test_what_does_not_exist_is_an_answer(call, code, missing):
    assert code in call.absent
    assert call.missing == missing


def test_a_long_list_is_read_to_its_last_page_in_the_biggest_pages():
    call = ram.list_users_for_group("flink")

    assert call.parameters["MaxItems"] == "1000"
    assert call.next_page({"IsTruncated": True, "Marker": "M"}) == {"Marker": "M"}
    assert call.next_page({"IsTruncated": False, "Marker": "M"}) is None


USERS = [
    ("a user that is missing is created", ram.UserSpec("alice"), None, ["CreateUser"]),
    ("what is not asked for is left alone", ram.UserSpec("alice"), ALICE, []),
    ("the same is content", ram.UserSpec("alice", "Example", "example comments", "user@example.com"), ALICE, []),
    ("another display name is changed", ram.UserSpec("alice", "Alice"), ALICE, ["UpdateUser"]),
    ("other comments are changed", ram.UserSpec("alice", comments="new"), ALICE, ["UpdateUser"]),
    ("another mail address is changed", ram.UserSpec("alice", email="a@b.cn"), ALICE, ["UpdateUser"]),
]


@pytest.mark.requirement("R1")
@pytest.mark.parametrize(("name", "desired", "actual", "actions"), USERS, ids=[case[0] for case in USERS])
def test_users(name, desired, actual, actions):
    assert [call.action for call in ram.user_changes(desired, actual)] == actions


def test_only_what_is_asked_for_travels():
    assert ram.create_user(ram.UserSpec("alice", email="a@b.cn")).parameters == {
        "UserName": "alice",
        "Email": "a@b.cn",
    }
    assert ram.update_user(ram.UserSpec("alice", "Alice")).parameters == {
        "UserName": "alice",
        "NewDisplayName": "Alice",
    }


NO_MFA = ram.LoginProfile("alice", mfa_required=False, password_reset_required=True)
MFA = ram.LoginProfile("alice", mfa_required=True, password_reset_required=False)

LOGONS = [
    ("a logon that is missing is created", True, None, ["CreateLoginProfile"]),
    ("a second factor that is missing is demanded", True, NO_MFA, ["UpdateLoginProfile"]),
    ("a second factor that is there is content", True, MFA, []),
    ("a second factor that nobody asked for stays", False, MFA, []),
    ("none asked for and none there is content", False, NO_MFA, []),
]


@pytest.mark.requirement("R1")
@pytest.mark.parametrize(("name", "mfa", "actual", "actions"), LOGONS, ids=[case[0] for case in LOGONS])
def test_logons(name, mfa, actual, actions):
    desired = ram.LoginProfileSpec("alice", mfa, "initial-password")

    calls = ram.login_profile_changes(desired, actual)

    assert [call.action for call in calls] == actions


def test_demanding_a_second_factor_keeps_the_demand_for_a_new_password():
    (call,) = ram.login_profile_changes(ram.LoginProfileSpec("alice", True), NO_MFA)

    assert call.parameters["PasswordResetRequired"] == "true"
    assert "Password" not in call.secrets


def test_an_initial_password_must_be_replaced_and_is_shown_nowhere():
    desired = ram.LoginProfileSpec("alice", True, "initial-password")

    call = ram.create_login_profile(desired)

    assert call.secrets == {"Password": "initial-password"}
    assert call.parameters == {"UserName": "alice", "MFABindRequired": "true", "PasswordResetRequired": "true"}
    assert "initial-password" not in repr(call) + repr(desired) + "".join(call.key)


GROUPS = [
    (ram.GroupSpec("flink"), None, ["CreateGroup"]),
    (ram.GroupSpec("flink"), ram.Group("flink", "old"), []),
    (ram.GroupSpec("flink", "old"), ram.Group("flink", "old"), []),
    (ram.GroupSpec("flink", "new"), ram.Group("flink", "old"), ["UpdateGroup"]),
]


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(("desired", "actual", "actions"), GROUPS)
def test_groups(desired, actual, actions):
    assert [call.action for call in ram.group_changes(desired, actual)] == actions


MEMBERS = [
    (("alice", "bob"), (), ["alice", "bob"]),
    (("alice", "bob"), ("bob",), ["alice"]),
    (("alice",), ("alice", "stranger"), []),
    (("alice", "alice"), (), ["alice"]),
    ((), ("stranger",), []),
]


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(("wanted", "actual", "added"), MEMBERS)
def test_missing_members_are_added_and_nobody_is_removed(wanted, actual, added):
    calls = ram.membership_changes(ram.MembershipSpec("flink", wanted), actual)

    assert [call.action for call in calls] == ["AddUserToGroup"] * len(added)
    assert [call.parameters["UserName"] for call in calls] == added


def test_being_in_the_group_already_is_done():
    assert "EntityAlreadyExists.User.Group" in ram.add_user_to_group("alice", "flink").done


def test_a_planned_user_satisfies_what_it_was_planned_for():
    user = ram.UserSpec("alice", "Alice", "comments", "a@b.cn")

    assert ram.planned_user(user).user_id == PLANNED
    assert ram.user_changes(user, ram.planned_user(user)) == []
