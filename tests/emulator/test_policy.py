"""Who may do what: users, groups, roles and sessions."""

import json
from collections.abc import Callable

import pytest

from emulator import products
from emulator.policy import Denied, authorize
from emulator.ram import State, find_key
from emulator.request import Caller, Request
from emulator.world import World

RAM = products.BY_VERSION["2015-05-01"].routes
STS = products.BY_VERSION["2015-04-01"].routes


def call(world: World, action: str, **parameters: str):
    return RAM[action](world, Request(action, Caller("Account", world.account_id, ""), parameters))


def policy(world: World, name: str, effect: str, action: str, resource: str = "*"):
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    document = json.dumps({"Version": "1", "Statement": [statement]})
    call(world, "CreatePolicy", PolicyName=name, PolicyDocument=document)


def alice(world: World) -> Caller:
    user = world.part(State).users["alice"]
    return Caller("RAMUser", world.account_id, "key", "alice", user.id)


def may(world: World, caller: Caller, action: str, resource: str = "acs:vpc:cn-hangzhou:1:vpc/*") -> bool:
    try:
        authorize(world, caller, action, resource)
    except Denied:
        return False
    return True


@pytest.fixture
def account(world: World) -> World:
    call(world, "CreateUser", UserName="alice")
    call(world, "CreateGroup", GroupName="people")
    policy(world, "vpc", "Allow", "vpc:*")
    policy(world, "no-deletion", "Deny", "*:Delete*")
    return world


Step = Callable[[World], object]


def user_has(name: str, kind: str = "Custom") -> Step:
    return lambda world: call(world, "AttachPolicyToUser", UserName="alice", PolicyName=name, PolicyType=kind)


def group_has(name: str, kind: str = "Custom") -> Step:
    return lambda world: call(world, "AttachPolicyToGroup", GroupName="people", PolicyName=name, PolicyType=kind)


def joined(world: World) -> object:
    return call(world, "AddUserToGroup", UserName="alice", GroupName="people")


@pytest.mark.parametrize(
    ("steps", "action", "allowed"),
    [
        ([], "vpc:CreateVpc", False),
        ([user_has("vpc")], "vpc:CreateVpc", True),
        ([user_has("vpc")], "ecs:CreateSecurityGroup", False),
        ([user_has("AliyunVPCFullAccess", "System")], "vpc:CreateVpc", True),
        ([user_has("ReadOnlyAccess", "System")], "vpc:DescribeVpcs", True),
        ([user_has("ReadOnlyAccess", "System")], "vpc:CreateVpc", False),
        ([user_has("AdministratorAccess", "System")], "oss:PutObject", True),
        ([group_has("vpc")], "vpc:CreateVpc", False),
        ([group_has("vpc"), joined], "vpc:CreateVpc", True),
        ([user_has("AdministratorAccess", "System"), user_has("no-deletion")], "vpc:DeleteVpc", False),
        ([user_has("AdministratorAccess", "System"), group_has("no-deletion"), joined], "vpc:DeleteVpc", False),
        ([user_has("AdministratorAccess", "System"), user_has("no-deletion")], "vpc:CreateVpc", True),
    ],
)
def test_rights_add_up_and_denials_win(account: World, steps: list[Step], action: str, allowed: bool):
    for step in steps:
        step(account)

    assert may(account, alice(account), action) is allowed


def test_the_account_may_do_everything(world: World):
    authorize(world, Caller("Account", world.account_id, ""), "ram:DeleteUser", "*")


@pytest.mark.parametrize(("action", "code"), [("ram:GetUser", "NoPermission"), ("vpc:CreateVpc", "Forbidden.RAM")])
def test_a_refusal_names_what_was_lacking(account: World, action: str, code: str):
    with pytest.raises(Denied) as refused:
        authorize(account, alice(account), action, "*")

    assert (refused.value.status, refused.value.code) == (403, code)
    assert refused.value.detail["AuthAction"] == action
    assert refused.value.detail["AuthPrincipalType"] == "SubUser"
    assert refused.value.detail["NoPermissionType"] == "ImplicitDeny"


def test_a_default_version_decides_at_once_when_rights_have_no_delay(account: World):
    user_has("vpc")(account)
    nothing = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"log:*","Resource":"*"}]}'

    call(account, "CreatePolicyVersion", PolicyName="vpc", PolicyDocument=nothing)
    before = may(account, alice(account), "vpc:CreateVpc")
    call(account, "SetDefaultPolicyVersion", PolicyName="vpc", VersionId="v2")

    assert before
    assert not may(account, alice(account), "vpc:CreateVpc")


def test_rights_take_their_time_to_come_and_to_go(account: World):
    account.delays.permission = 30
    seen = []

    def look():
        seen.append(may(account, alice(account), "vpc:CreateVpc"))

    user_has("vpc")(account)
    look()
    account.clock.advance(31)
    look()
    call(account, "DetachPolicyFromUser", UserName="alice", PolicyName="vpc", PolicyType="Custom")
    look()
    account.clock.advance(31)
    look()

    assert seen == [False, True, True, False]


def test_a_membership_takes_its_time_to_come_and_to_go(account: World):
    group_has("vpc")(account)
    account.delays.permission = 30
    seen = []

    def look():
        seen.append(may(account, alice(account), "vpc:CreateVpc"))

    joined(account)
    look()
    account.clock.advance(31)
    look()
    call(account, "RemoveUserFromGroup", UserName="alice", GroupName="people")
    look()
    account.clock.advance(31)
    look()

    assert seen == [False, True, True, False]


def test_a_new_default_version_takes_its_time(account: World):
    user_has("vpc")(account)
    account.delays.permission = 30
    nothing = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"log:*","Resource":"*"}]}'

    call(account, "CreatePolicyVersion", PolicyName="vpc", PolicyDocument=nothing, SetAsDefault="true")
    before = may(account, alice(account), "vpc:CreateVpc")
    account.clock.advance(31)

    assert before
    assert not may(account, alice(account), "vpc:CreateVpc")


def assumed(world: World, session_policy: str = "") -> Caller:
    """Let alice become the role `admin`, which may do everything with VPCs."""
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow"}
    statement |= {"Principal": {"RAM": [f"acs:ram::{world.account_id}:root"]}}
    trust = json.dumps({"Statement": [statement], "Version": "1"})
    call(world, "CreateRole", RoleName="admin", AssumeRolePolicyDocument=trust)
    call(world, "AttachPolicyToRole", RoleName="admin", PolicyName="vpc", PolicyType="Custom")
    parameters = {"RoleArn": f"acs:ram::{world.account_id}:role/admin", "RoleSessionName": "test"}
    parameters |= {"Policy": session_policy} if session_policy else {}
    reply = STS["AssumeRole"](world, Request("AssumeRole", alice(world), parameters))
    key = find_key(world, reply["Credentials"]["AccessKeyId"])
    assert key is not None
    return key.caller


def test_a_role_has_its_own_rights_not_those_of_who_assumed_it(account: World):
    user_has("AdministratorAccess", "System")(account)

    caller = assumed(account)

    assert may(account, caller, "vpc:CreateVpc")
    assert not may(account, caller, "ecs:CreateSecurityGroup")


def test_a_session_policy_only_narrows(account: World):
    narrow = '{"Version":"1","Statement":[{"Effect":"Allow","Action":["vpc:Describe*","ecs:*"],"Resource":"*"}]}'

    caller = assumed(account, narrow)

    assert may(account, caller, "vpc:DescribeVpcs")
    assert not may(account, caller, "vpc:CreateVpc")
    assert not may(account, caller, "ecs:CreateSecurityGroup")


def test_a_session_of_a_deleted_role_may_nothing_even_after_the_role_is_made_again(account: World):
    caller = assumed(account)
    call(account, "DetachPolicyFromRole", RoleName="admin", PolicyName="vpc", PolicyType="Custom")
    call(account, "DeleteRole", RoleName="admin")

    gone = may(account, caller, "vpc:CreateVpc")
    assumed(account)

    assert not gone
    assert not may(account, caller, "vpc:CreateVpc")
