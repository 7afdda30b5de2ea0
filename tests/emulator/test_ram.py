"""RAM: every action once as published, then its rules."""

import json
from typing import Any

import pytest

from emulator import ram, ram_service_roles
from emulator.policy_grammar import parse
from emulator.products import BY_VERSION
from emulator.request import Caller, Refusal, Request
from emulator.system_policies import SYSTEM_POLICIES
from emulator.world import World
from tests.emulator.shape import differences, sample

RAM = BY_VERSION["2015-05-01"].routes
MANAGER = BY_VERSION["2020-03-31"].routes

DOCUMENT = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"stream:*","Resource":"acs:stream:*:*:*"}]}'
OTHER = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}'
TRUST = (
    '{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["stream.aliyuncs.com"]}}],'
    '"Version":"1"}'
)
USER = {"UserName": "alice"}
GROUP = {"GroupName": "people"}
ROLE = {"RoleName": "worker"}
POLICY = {"PolicyName": "mine", "PolicyType": "Custom"}


def call(world: World, action: str, caller: Caller | None = None, **parameters: object) -> Any:
    texts = {name: str(value) for name, value in parameters.items()}
    return RAM[action](world, Request(action, caller or Caller("Account", world.account_id, ""), texts))


def refusal(world: World, action: str, caller: Caller | None = None, **parameters: object) -> tuple[int, str]:
    with pytest.raises(Refusal) as refused:
        call(world, action, caller, **parameters)
    return refused.value.status, refused.value.code


@pytest.fixture
def account(world: World) -> World:
    """A user in a group, a role, and a policy that is attached to nobody."""
    call(world, "CreateUser", **USER)
    call(world, "CreateGroup", **GROUP)
    call(world, "CreateRole", **ROLE, AssumeRolePolicyDocument=TRUST)
    call(world, "CreatePolicy", PolicyName="mine", PolicyDocument=DOCUMENT)
    return world


# Every action once, in an order in which each succeeds; "$key" stands for the AccessKey made before.
STORY: list[tuple[str, dict[str, object]]] = [
    ("SetPasswordPolicy", {"MinimumPasswordLength": 12, "RequireNumbers": "true"}),
    ("GetPasswordPolicy", {}),
    ("SetSecurityPreference", {"LoginSessionDuration": 8, "LoginNetworkMasks": "10.0.0.0/8"}),
    ("GetSecurityPreference", {}),
    ("SetAccountAlias", {"AccountAlias": "example"}),
    ("GetAccountAlias", {}),
    ("ClearAccountAlias", {}),
    ("CreateUser", {**USER, "DisplayName": "Alice", "Email": "a@example.com", "MobilePhone": "86-18600000000"}),
    ("GetUser", USER),
    ("UpdateUser", {**USER, "NewComments": "an engineer"}),
    ("ListUsers", {}),
    ("CreateLoginProfile", {**USER, "Password": "correct horse 1"}),
    ("GetLoginProfile", USER),
    ("UpdateLoginProfile", {**USER, "MFABindRequired": "true"}),
    ("DeleteLoginProfile", USER),
    ("CreateAccessKey", USER),
    ("ListAccessKeys", USER),
    ("UpdateAccessKey", {**USER, "UserAccessKeyId": "$key", "Status": "Inactive"}),
    ("GetAccessKeyLastUsed", {**USER, "UserAccessKeyId": "$key"}),
    ("DeleteAccessKey", {**USER, "UserAccessKeyId": "$key"}),
    ("CreateGroup", {**GROUP, "Comments": "engineers"}),
    ("GetGroup", GROUP),
    ("UpdateGroup", {**GROUP, "NewComments": "all engineers"}),
    ("ListGroups", {}),
    ("AddUserToGroup", {**USER, **GROUP}),
    ("ListGroupsForUser", USER),
    ("ListUsersForGroup", GROUP),
    ("CreatePolicy", {"PolicyName": "mine", "PolicyDocument": DOCUMENT, "Description": "streams"}),
    ("GetPolicy", POLICY),
    ("ListPolicies", {"PolicyType": "Custom"}),
    ("CreatePolicyVersion", {"PolicyName": "mine", "PolicyDocument": OTHER}),
    ("GetPolicyVersion", {**POLICY, "VersionId": "v2"}),
    ("ListPolicyVersions", POLICY),
    ("SetDefaultPolicyVersion", {"PolicyName": "mine", "VersionId": "v2"}),
    ("DeletePolicyVersion", {"PolicyName": "mine", "VersionId": "v1"}),
    ("CreateRole", {**ROLE, "AssumeRolePolicyDocument": TRUST, "Description": "works"}),
    ("GetRole", ROLE),
    ("UpdateRole", {**ROLE, "NewDescription": "works hard"}),
    ("ListRoles", {}),
    ("AttachPolicyToUser", {**USER, **POLICY}),
    ("AttachPolicyToGroup", {**GROUP, **POLICY}),
    ("AttachPolicyToRole", {**ROLE, **POLICY}),
    ("ListPoliciesForUser", USER),
    ("ListPoliciesForGroup", GROUP),
    ("ListPoliciesForRole", ROLE),
    ("ListEntitiesForPolicy", POLICY),
    ("DetachPolicyFromUser", {**USER, **POLICY}),
    ("DetachPolicyFromGroup", {**GROUP, **POLICY}),
    ("DetachPolicyFromRole", {**ROLE, **POLICY}),
    ("RemoveUserFromGroup", {**USER, **GROUP}),
    ("DeleteUser", USER),
    ("DeleteGroup", GROUP),
    ("DeleteRole", ROLE),
    ("DeletePolicy", {"PolicyName": "mine"}),
    ("CreateServiceLinkedRole", {"ServiceName": "flink.aliyuncs.com"}),
    ("DeleteServiceLinkedRole", {"RoleName": "AliyunServiceRoleForFlink"}),
]


def test_every_reply_has_the_published_shape(world: World):
    key, strange = "", {}

    for action, parameters in STORY:
        reply = call(world, action, **{name: key if value == "$key" else value for name, value in parameters.items()})
        key = reply.get("AccessKey", {}).get("AccessKeyId", key)
        if found := differences(reply, sample("Ram/2015-05-01", action)):
            strange[action] = found

    assert strange == {}
    assert {action for action, _ in STORY} == set(RAM) - {"GetUserMFAInfo"}  # of which no sample is published


def test_nothing_is_left_at_the_end_of_the_story(world: World):
    key = ""
    for action, parameters in STORY[7:-2]:
        reply = call(world, action, **{name: key if value == "$key" else value for name, value in parameters.items()})
        key = reply.get("AccessKey", {}).get("AccessKeyId", key)

    assert world.part(ram.State) == ram.State()


def test_replies_carry_what_they_are_asked_for(account: World):
    call(account, "AttachPolicyToUser", **USER, **POLICY)
    call(account, "AttachPolicyToRole", **ROLE, PolicyName="AliyunOSSFullAccess", PolicyType="System")

    policy = call(account, "GetPolicy", **POLICY)
    entities = call(account, "ListEntitiesForPolicy", PolicyName="AliyunOSSFullAccess", PolicyType="System")
    role = call(account, "GetRole", **ROLE)["Role"]

    assert policy["Policy"]["AttachmentCount"] == 1
    assert policy["DefaultPolicyVersion"]["PolicyDocument"] == policy["Policy"]["PolicyDocument"] == DOCUMENT
    assert entities["Roles"]["Role"][0]["RoleName"] == "worker"
    assert (entities["Users"], entities["Groups"]) == ({"User": []}, {"Group": []})
    assert role["Arn"] == f"acs:ram::{account.account_id}:role/worker"
    assert json.loads(role["AssumeRolePolicyDocument"]) == json.loads(TRUST)


@pytest.mark.requirement("R2")
def test_a_new_account_has_a_weak_password_policy_and_no_alias(world: World):
    policy = call(world, "GetPasswordPolicy")["PasswordPolicy"]

    assert policy["MinimumPasswordLength"] == 8
    assert not any(policy[name] for name in policy if name.startswith("Require"))
    assert call(world, "GetAccountAlias") == {"AccountAlias": ""}


def test_setting_the_password_policy_replaces_it_as_a_whole(world: World):
    call(world, "SetPasswordPolicy", MinimumPasswordLength=12, RequireNumbers="true")

    reply = call(world, "SetPasswordPolicy", RequireSymbols="true")

    assert reply["PasswordPolicy"]["MinimumPasswordLength"] == 8
    assert not reply["PasswordPolicy"]["RequireNumbers"]


@pytest.mark.parametrize(
    ("action", "parameters", "status", "code"),
    [
        ("CreateUser", {}, 400, "MissingUserName"),
        ("CreateUser", USER, 409, "EntityAlreadyExists.User"),
        ("CreateUser", {"UserName": "a b"}, 400, "InvalidParameter.UserName.InvalidChars"),
        ("CreateUser", {"UserName": "ü"}, 400, "InvalidParameter.UserName.InvalidChars"),
        ("CreateUser", {"UserName": "a\n"}, 400, "InvalidParameter.UserName.InvalidChars"),
        ("CreateUser", {"UserName": "a" * 65}, 400, "InvalidParameter.UserName.Length"),
        ("CreateUser", {"UserName": "b", "Comments": "c" * 129}, 400, "InvalidParameter.Comments.Length"),
        ("CreateUser", {"UserName": "b", "Email": "nobody"}, 400, "InvalidParameter.Email.Format"),
        ("CreateUser", {"UserName": "b", "MobilePhone": "x"}, 400, "InvalidParameter.MobilePhone.Format"),
        ("GetUser", {"UserName": "bob"}, 404, "EntityNotExist.User"),
        ("UpdateUser", {"UserName": "bob"}, 404, "EntityNotExist.User"),
        ("DeleteUser", {"UserName": "bob"}, 404, "EntityNotExist.User"),
        ("GetLoginProfile", USER, 404, "EntityNotExist.User.LoginProfile"),
        ("CreateLoginProfile", {**USER, "Password": "short"}, 400, "InvalidParameter.Password.TooWeak"),
        ("CreateLoginProfile", {**USER, "Password": "x" * 1000}, 400, "InvalidParameter.Password.TooWeak"),
        ("UpdateAccessKey", {**USER, "UserAccessKeyId": "x", "Status": "Active"}, 404, "EntityNotExist.User.AccessKey"),
        ("CreateGroup", GROUP, 409, "EntityAlreadyExists.Group"),
        ("GetGroup", {"GroupName": "x"}, 404, "EntityNotExist.Group"),
        ("RemoveUserFromGroup", {**USER, **GROUP}, 404, "EntityNotExist.User.Group"),
        ("AddUserToGroup", {**USER, "GroupName": "x"}, 404, "EntityNotExist.Group"),
        ("CreatePolicy", {"PolicyName": "mine", "PolicyDocument": DOCUMENT}, 409, "EntityAlreadyExists.Policy"),
        ("CreatePolicy", {"PolicyName": "new", "PolicyDocument": "{}"}, 400, "MalformedPolicyDocument"),
        (
            "CreatePolicy",
            {"PolicyName": "new", "PolicyDocument": " " * 6200},
            400,
            "InvalidParameter.PolicyDocument.Length",
        ),
        (
            "CreatePolicy",
            {"PolicyName": "a_b", "PolicyDocument": DOCUMENT},
            400,
            "InvalidParameter.PolicyName.InvalidChars",
        ),
        ("GetPolicy", {"PolicyName": "mine", "PolicyType": "custom"}, 400, "InvalidParameter.PolicyType"),
        ("GetPolicy", {"PolicyName": "mine", "PolicyType": "System"}, 404, "EntityNotExist.Policy"),
        ("GetPolicy", {"PolicyName": "AdministratorAccess", "PolicyType": "Custom"}, 404, "EntityNotExist.Policy"),
        (
            "CreatePolicyVersion",
            {"PolicyName": "AdministratorAccess", "PolicyDocument": DOCUMENT},
            404,
            "EntityNotExist.Policy",
        ),
        ("GetPolicyVersion", {**POLICY, "VersionId": "v9"}, 404, "EntityNotExist.Policy.Version"),
        ("GetPolicyVersion", {**POLICY, "VersionId": "9"}, 400, "InvalidParameter.VersionId.Format"),
        (
            "DeletePolicyVersion",
            {"PolicyName": "mine", "VersionId": "v1"},
            409,
            "DeleteConflict.Policy.Version.Default",
        ),
        ("CreateRole", {**ROLE, "AssumeRolePolicyDocument": TRUST}, 409, "EntityAlreadyExists.Role"),
        ("CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": DOCUMENT}, 400, "MalformedPolicyDocument"),
        (
            "CreateRole",
            {"RoleName": "a_b", "AssumeRolePolicyDocument": TRUST},
            400,
            "InvalidParameter.RoleName.InvalidChars",
        ),
        ("GetRole", {"RoleName": "x"}, 404, "EntityNotExist.Role"),
        ("DetachPolicyFromUser", {**USER, **POLICY}, 404, "EntityNotExist.User.Policy"),
        ("DetachPolicyFromGroup", {**GROUP, **POLICY}, 404, "EntityNotExist.Group.Policy"),
        ("DetachPolicyFromRole", {**ROLE, **POLICY}, 404, "EntityNotExist.Role.Policy"),
        ("AttachPolicyToUser", {**USER, "PolicyName": "x", "PolicyType": "Custom"}, 404, "EntityNotExist.Policy"),
        ("SetPasswordPolicy", {"MinimumPasswordLength": 7}, 400, "InvalidParameter.MinimumPasswordLength.Range"),
        ("SetPasswordPolicy", {"MinimumPasswordLength": 33}, 400, "InvalidParameter.MinimumPasswordLength.Range"),
        ("SetPasswordPolicy", {"RequireNumbers": "perhaps"}, 400, "InvalidRequireNumbers"),
        ("SetSecurityPreference", {"LoginNetworkMasks": "x"}, 400, "InvalidParameter.LoginNetworkMasks.Format"),
        ("SetAccountAlias", {"AccountAlias": "ab"}, 400, "InvalidParameter.AccountAlias.Length"),
        ("SetAccountAlias", {"AccountAlias": "-abc"}, 400, "InvalidParameter.AccountAlias.Format"),
        ("SetAccountAlias", {"AccountAlias": "ABC"}, 400, "InvalidParameter.AccountAlias.Format"),
        ("ListUsers", {"MaxItems": 1001}, 400, "InvalidMaxItems"),
        ("ListUsers", {"Marker": "x"}, 400, "InvalidParameter.Marker"),
        ("CreateServiceLinkedRole", {"ServiceName": "x"}, 404, "EntityNotExist.Service"),
        ("DeleteServiceLinkedRole", ROLE, 404, "EntityNotExist.ServiceLinkedRole"),
    ],
)
def test_what_ram_refuses_changes_nothing(
    account: World, action: str, parameters: dict[str, object], status: int, code: str
):
    before = repr(account.part(ram.State))

    assert refusal(account, action, **parameters) == (status, code)
    assert repr(account.part(ram.State)) == before


@pytest.mark.parametrize(
    ("first", "parameters", "code"),
    [
        ("AddUserToGroup", {**USER, **GROUP}, "EntityAlreadyExists.User.Group"),
        ("AttachPolicyToUser", {**USER, **POLICY}, "EntityAlreadyExists.User.Policy"),
        ("AttachPolicyToGroup", {**GROUP, **POLICY}, "EntityAlreadyExists.Group.Policy"),
        ("AttachPolicyToRole", {**ROLE, **POLICY}, "EntityAlreadyExists.Role.Policy"),
        ("CreateLoginProfile", {**USER, "Password": "long enough"}, "EntityAlreadyExists.User.LoginProfile"),
    ],
)
def test_the_second_time_says_that_it_is_so_already(
    account: World, first: str, parameters: dict[str, object], code: str
):
    call(account, first, **parameters)

    assert refusal(account, first, **parameters) == (409, code)


@pytest.mark.parametrize(
    ("binding", "parameters", "deletion", "named", "code"),
    [
        ("AddUserToGroup", {**USER, **GROUP}, "DeleteUser", USER, "DeleteConflict.User.Group"),
        ("AddUserToGroup", {**USER, **GROUP}, "DeleteGroup", GROUP, "DeleteConflict.Group.User"),
        ("AttachPolicyToUser", {**USER, **POLICY}, "DeleteUser", USER, "DeleteConflict.User.Policy"),
        ("AttachPolicyToUser", {**USER, **POLICY}, "DeletePolicy", POLICY, "DeleteConflict.Policy.User"),
        ("AttachPolicyToGroup", {**GROUP, **POLICY}, "DeleteGroup", GROUP, "DeleteConflict.Group.Policy"),
        ("AttachPolicyToGroup", {**GROUP, **POLICY}, "DeletePolicy", POLICY, "DeleteConflict.Policy.Group"),
        ("AttachPolicyToRole", {**ROLE, **POLICY}, "DeleteRole", ROLE, "DeleteConflict.Role.Policy"),
        ("AttachPolicyToRole", {**ROLE, **POLICY}, "DeletePolicy", POLICY, "DeleteConflict.Policy.Role"),
        ("CreateAccessKey", USER, "DeleteUser", USER, "DeleteConflict.User.AccessKey"),
        (
            "CreateLoginProfile",
            {**USER, "Password": "long enough"},
            "DeleteUser",
            USER,
            "DeleteConflict.User.LoginProfile",
        ),
        (
            "CreatePolicyVersion",
            {"PolicyName": "mine", "PolicyDocument": OTHER},
            "DeletePolicy",
            POLICY,
            "DeleteConflict.Policy.Version",
        ),
    ],
)
def test_what_is_in_use_is_not_deleted(
    account: World,
    binding: str,
    parameters: dict[str, object],
    deletion: str,
    named: dict[str, object],
    code: str,
):
    call(account, binding, **parameters)

    assert refusal(account, deletion, **named) == (409, code)


def test_a_sixth_version_needs_rotation(account: World):
    for _ in range(4):
        call(account, "CreatePolicyVersion", PolicyName="mine", PolicyDocument=OTHER)
    new = {"PolicyName": "mine", "PolicyDocument": OTHER}

    full = refusal(account, "CreatePolicyVersion", **new)
    reply = call(account, "CreatePolicyVersion", **new, RotateStrategy=ram_policies_rotation(), SetAsDefault="true")

    versions = call(account, "ListPolicyVersions", **POLICY)["PolicyVersions"]["PolicyVersion"]
    assert full == (409, "LimitExceeded.Policy.Version")
    assert reply["PolicyVersion"]["VersionId"] == "v6"
    assert [row["VersionId"] for row in versions] == ["v1", "v3", "v4", "v5", "v6"]
    assert [row["IsDefaultVersion"] for row in versions] == [False, False, False, False, True]


def ram_policies_rotation() -> str:
    return "DeleteOldestNonDefaultVersionWhenLimitExceeded"


def test_cascading_deletion_takes_the_versions_along(account: World):
    call(account, "CreatePolicyVersion", PolicyName="mine", PolicyDocument=OTHER)

    call(account, "DeletePolicy", PolicyName="mine", CascadingDelete="true")

    assert refusal(account, "GetPolicy", **POLICY) == (404, "EntityNotExist.Policy")


def test_a_custom_policy_may_bear_a_system_policys_name(world: World):
    call(world, "CreatePolicy", PolicyName="AliyunOSSFullAccess", PolicyDocument=DOCUMENT)

    own = call(world, "GetPolicy", PolicyName="AliyunOSSFullAccess", PolicyType="Custom")
    system = call(world, "GetPolicy", PolicyName="AliyunOSSFullAccess", PolicyType="System")

    assert own["Policy"]["PolicyDocument"] != system["Policy"]["PolicyDocument"]


@pytest.mark.requirement("R8")
def test_the_stream_roles_system_policy_holds_the_vendors_list():
    actions = {
        action
        for statement in parse(SYSTEM_POLICIES["AliyunStreamRolePolicy"].document)
        for action in statement.actions
    }

    assert {"oss:*", "ots:*Row", "drds:ModifyDrdsIpWhiteList", "rds:ModifySecurityIps*", "mns:Publish*"} <= actions
    assert {"ecs:CreateNetworkInterfacePermission", "vpc:DescribeVSwitches", "dhs:DeleteTopic", "log:Post*"} <= actions
    assert len(actions) == 31


@pytest.mark.parametrize("name", SYSTEM_POLICIES)
def test_every_system_policy_obeys_the_grammar(world: World, name: str):
    reply = call(world, "GetPolicy", PolicyName=name, PolicyType="System")

    assert parse(reply["Policy"]["PolicyDocument"])


def test_lists_are_cut_into_pages(world: World):
    for number in range(5):
        call(world, "CreateUser", UserName=f"user{number}")

    first = call(world, "ListUsers", MaxItems=3)
    second = call(world, "ListUsers", MaxItems=3, Marker=first["Marker"])

    names = [user["UserName"] for page in (first, second) for user in page["Users"]["User"]]
    assert names == [f"user{number}" for number in range(5)]
    assert (first["IsTruncated"], second["IsTruncated"], "Marker" in second) == (True, False, False)


def test_a_user_has_two_keys_at_most(account: World):
    call(account, "CreateAccessKey", **USER)
    call(account, "CreateAccessKey", **USER)

    assert refusal(account, "CreateAccessKey", **USER) == (409, "LimitExceeded.User.AccessKey")


def test_a_secret_is_shown_once(account: World):
    created = call(account, "CreateAccessKey", **USER)["AccessKey"]

    listed = call(account, "ListAccessKeys", **USER)["AccessKeys"]["AccessKey"]

    assert created["AccessKeySecret"]
    assert [set(row) for row in listed] == [{"AccessKeyId", "Status", "CreateDate"}]


def test_without_a_name_the_callers_own_keys_are_meant(account: World):
    key = call(account, "CreateAccessKey", **USER)["AccessKey"]["AccessKeyId"]
    alice = Caller("RAMUser", account.account_id, key, "alice")

    rows = call(account, "ListAccessKeys", alice)["AccessKeys"]["AccessKey"]

    assert [row["AccessKeyId"] for row in rows] == [key]


def test_a_key_of_another_user_does_not_exist(account: World):
    call(account, "CreateUser", UserName="bob")
    key = call(account, "CreateAccessKey", **USER)["AccessKey"]["AccessKeyId"]

    assert (
        refusal(account, "DeleteAccessKey", UserName="bob", UserAccessKeyId=key)[1] == "EntityNotExist.User.AccessKey"
    )


def test_a_user_is_in_five_groups_at_most(account: World):
    for number in range(6):
        call(account, "CreateGroup", GroupName=f"g{number}")
    for number in range(5):
        call(account, "AddUserToGroup", **USER, GroupName=f"g{number}")

    assert refusal(account, "AddUserToGroup", **USER, GroupName="g5") == (409, "LimitExceeded.User.Group")


def test_a_role_has_five_custom_policies_at_most(account: World):
    for number in range(6):
        call(account, "CreatePolicy", PolicyName=f"p{number}", PolicyDocument=DOCUMENT)
    for number in range(5):
        call(account, "AttachPolicyToRole", **ROLE, PolicyName=f"p{number}", PolicyType="Custom")

    over = refusal(account, "AttachPolicyToRole", **ROLE, PolicyName="p5", PolicyType="Custom")
    call(account, "AttachPolicyToRole", **ROLE, PolicyName="AliyunOSSFullAccess", PolicyType="System")

    assert over == (409, "LimitExceeded.Role.Policy")


def test_the_account_has_fifty_groups_at_most(world: World):
    for number in range(50):
        call(world, "CreateGroup", GroupName=f"g{number}")

    assert refusal(world, "CreateGroup", GroupName="one-more") == (409, "LimitExceeded.Group")


def test_a_renamed_user_keeps_everything(account: World):
    call(account, "AddUserToGroup", **USER, **GROUP)
    call(account, "AttachPolicyToUser", **USER, **POLICY)
    key = call(account, "CreateAccessKey", **USER)["AccessKey"]["AccessKeyId"]

    call(account, "UpdateUser", **USER, NewUserName="alicia")

    found = ram.find_key(account, key)
    assert found is not None and found.caller.name == "alicia"
    members = call(account, "ListUsersForGroup", **GROUP)["Users"]["User"]
    assert [row["UserName"] for row in members] == ["alicia"]
    assert call(account, "ListEntitiesForPolicy", **POLICY)["Users"]["User"][0]["UserName"] == "alicia"
    assert refusal(account, "GetUser", **USER)[1] == "EntityNotExist.User"


def test_a_renamed_group_keeps_everything(account: World):
    call(account, "AddUserToGroup", **USER, **GROUP)
    call(account, "AttachPolicyToGroup", **GROUP, **POLICY)

    call(account, "UpdateGroup", **GROUP, NewGroupName="team")

    assert call(account, "ListGroupsForUser", **USER)["Groups"]["Group"][0]["GroupName"] == "team"
    assert call(account, "ListEntitiesForPolicy", **POLICY)["Groups"]["Group"][0]["GroupName"] == "team"


def test_a_rename_to_a_name_that_is_taken_is_refused(account: World):
    call(account, "CreateUser", UserName="bob")

    assert refusal(account, "UpdateUser", **USER, NewUserName="bob") == (409, "EntityAlreadyExists.User")


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("lowercase-1", False),
        ("UPPERCASE-1", False),
        ("Mixed-case", False),
        ("Mixedcase1", False),
        ("Mixed-case-1", True),
    ],
)
def test_a_password_obeys_the_policy(account: World, password: str, good: bool):
    required = {
        f"Require{kind}": "true" for kind in ("LowercaseCharacters", "UppercaseCharacters", "Numbers", "Symbols")
    }
    call(account, "SetPasswordPolicy", MinimumPasswordLength=10, **required)

    if good:
        call(account, "CreateLoginProfile", **USER, Password=password)
    else:
        weak = refusal(account, "CreateLoginProfile", **USER, Password=password)
        assert weak == (400, "InvalidParameter.Password.TooWeak")


def test_a_password_is_kept_as_a_hash_and_may_not_come_back(account: World):
    call(account, "SetPasswordPolicy", PasswordReusePrevention=2)
    call(account, "CreateLoginProfile", **USER, Password="first password")
    call(account, "UpdateLoginProfile", **USER, Password="second password")

    again = refusal(account, "UpdateLoginProfile", **USER, Password="first password")

    assert again == (400, "InvalidParameter.Password.TooWeak")
    kept = repr(account.part(ram.State))
    assert "first password" not in kept
    assert "second password" not in kept


def test_a_service_linked_role_comes_with_its_policy_and_goes_by_a_task(world: World):
    def manage(action: str, **parameters: str) -> Any:
        return MANAGER[action](world, Request(action, Caller("Account", world.account_id, ""), parameters))

    role = manage("CreateServiceLinkedRole", ServiceName="flink.aliyuncs.com")["Role"]
    attached = call(world, "ListPoliciesForRole", RoleName=role["RoleName"])["Policies"]["Policy"]
    by_hand = refusal(world, "DeleteRole", RoleName=role["RoleName"])
    task = manage("DeleteServiceLinkedRole", RoleName=role["RoleName"])["DeletionTaskId"]
    before = manage("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)
    latest = call(world, "GetRole", RoleName=role["RoleName"])["Role"]["LatestDeletionTask"]["DeletionTaskId"]
    world.clock.advance(ram_service_roles.DELETION_SECONDS)
    after = manage("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)

    assert role["Arn"] == f"acs:ram::{world.account_id}:role/aliyunserviceroleforflink"
    assert [row["PolicyName"] for row in attached] == ["AliyunServiceRolePolicyForFlink"]
    assert by_hand[0] == 403
    assert (before, latest, after) == ({"Status": "IN_PROGRESS"}, task, {"Status": "SUCCEEDED"})
    assert refusal(world, "GetRole", RoleName=role["RoleName"]) == (404, "EntityNotExist.Role")
    call(world, "CreateServiceLinkedRole", ServiceName="flink.aliyuncs.com")


def test_resource_manager_replies_have_the_published_shape(world: World):
    story = [
        ("CreateServiceLinkedRole", {"ServiceName": "flink.aliyuncs.com"}),
        ("DeleteServiceLinkedRole", {"RoleName": "AliyunServiceRoleForFlink"}),
        ("GetServiceLinkedRoleDeletionStatus", {"DeletionTaskId": "$task"}),
    ]
    task = ""

    for action, parameters in story:
        texts = {name: task if value == "$task" else value for name, value in parameters.items()}
        reply = MANAGER[action](world, Request(action, Caller("Account", world.account_id, ""), texts))
        task = str(reply.get("DeletionTaskId", task))
        assert differences(reply, sample("ResourceManager/2020-03-31", action)) == []

    assert {action for action, _ in story} == set(MANAGER)


@pytest.mark.parametrize("action", sorted(RAM))
@pytest.mark.parametrize(
    "value", ["", "x" * 100_000, "\x00", "\ud800", "🦆", "-1", "9" * 15, "[[[[", '{"a":1}', "v²", "vv"]
)
def test_hostile_values_are_refused_or_taken_but_never_break(account: World, action: str, value: str):
    names = {name for _, parameters in STORY for name in parameters} | {"Tag", "Tag.1.Key", "MaxItems", "Marker"}

    for given in [dict.fromkeys(names, value), {**dict.fromkeys(names, value), **USER, **GROUP, **ROLE, **POLICY}]:
        try:
            call(account, action, **given)
        except Refusal as refused:
            assert 400 <= refused.status < 500


def test_an_arn_names_the_resource_of_a_call(world: World):
    def resource(**parameters: str) -> str:
        return ram.resource(world, Request("x", Caller("Account", world.account_id, ""), parameters))

    account = world.account_id
    assert resource(UserName="alice", PolicyName="p") == f"acs:ram:*:{account}:user/alice"
    assert resource(PolicyName="p", PolicyType="System") == "acs:ram:*:system:policy/p"
    assert resource() == f"acs:ram:*:{account}:*"
