"""What of an environment makes which right necessary, and on what."""

import pytest

from alicloud.foas import create_cluster
from alicloud.foas_projects import create_project
from alicloud.oss_multipart import list_parts
from alicloud.ram import create_user, get_user
from alicloud.ram_policies import attach_policy
from blocks.runner_names import ANY_ENVIRONMENT
from blocks.runner_rights import account_only as reserved
from blocks.runner_rights import grants as granted
from blocks.runner_rights import need
from flows.needs import FLOWS, account_only, grants
from tests.flows.running import environment

ACCOUNT = "1376771854400000"
RAM = f"acs:ram:*:{ACCOUNT}"
ALICE = {"name": "alice"}
GROUP = {"name": "developers"}


def rights(mode="exclusive", flow="prepare", **changes):
    return grants([flow], environment(mode, account=ACCOUNT, **changes))


def people(*users, groups=(), **fields):
    return {"users": list(users), "groups": list(groups), **fields}


ONLY_WHERE_NEEDED = {
    "no users": ("ram:CreateUser", {"people": people()}, {"people": people(ALICE)}, [f"{RAM}:user/*"]),
    "nothing to describe": (
        "ram:UpdateUser",
        {"people": people(ALICE)},
        {"people": people(ALICE, {"name": "bob", "email": "bob@example.com"})},
        [f"{RAM}:user/bob"],
    ),
    "no logon": (
        "ram:CreateLoginProfile",
        {"people": people(ALICE)},
        {"people": people(ALICE, {"name": "bob", "console_logon": True})},
        [f"{RAM}:user/bob"],
    ),
    "no second factor": (
        "ram:UpdateLoginProfile",
        {"people": people(ALICE | {"console_logon": True, "mfa_required": False})},
        {"people": people(ALICE | {"console_logon": True})},
        [f"{RAM}:user/alice"],
    ),
    "no groups": ("ram:CreateGroup", {"people": people()}, {"people": people(groups=[GROUP])}, [f"{RAM}:group/*"]),
    "nobody in a group": (
        "ram:AddUserToGroup",
        {"people": people(ALICE, groups=[GROUP])},
        {"people": people(ALICE, groups=[GROUP, GROUP | {"name": "operators", "members": ["alice"]}])},
        [f"{RAM}:group/operators", f"{RAM}:user/alice"],
    ),
    "a group without projects": (
        "ram:AttachPolicyToGroup",
        {"people": people(groups=[GROUP])},
        {"people": people(groups=[GROUP | {"projects": ["*"]}])},
        [f"{RAM}:group/developers", f"{RAM}:policy/RealtimeCompute-flink-exclusive-group-developers"],
    ),
    "RAM is left alone": (
        "ram:SetPasswordPolicy",
        {"people": people(initialize_ram=False)},
        {"people": people()},
        [f"{RAM}:*"],
    ),
    "the role is only checked": (
        "ram:UpdateRole",
        {"service_role": {"create": False}},
        {},
        [f"{RAM}:role/AliyunStreamDefaultRole"],
    ),
    "its policy is only checked": (
        "ram:CreatePolicyVersion",
        {"service_role": {"create": False}, "people": people()},
        {"people": people()},
        [f"{RAM}:policy/AliyunStreamDefaultRolePolicy"],
    ),
    "a VPC that exists": (
        "vpc:CreateVpc",
        {"network": {"vpc": {"id": "vpc-1", "name": None, "cidr": None}}},
        {},
        [f"acs:vpc:cn-hangzhou:{ACCOUNT}:vpc/*"],
    ),
    "a VPC that is made": (
        "vpc:ModifyVpcAttribute",
        {},
        {"network": {"vpc": {"id": "vpc-1", "name": None, "cidr": None}}},
        [f"acs:vpc:cn-hangzhou:{ACCOUNT}:vpc/vpc-1"],
    ),
    "no network may be made": (
        "vpc:CreateVSwitch",
        {"safety": {"may_create_network": False}},
        {"network": {"vpc": {"id": "vpc-1", "name": None, "cidr": None}}},
        [f"acs:vpc:cn-hangzhou:{ACCOUNT}:vpc/vpc-1", f"acs:vpc:cn-hangzhou:{ACCOUNT}:vswitch/*"],
    ),
    "no encryption": (
        "oss:PutBucketEncryption",
        {"storage": {"encryption": ""}},
        {},
        [f"acs:oss:*:{ACCOUNT}:flink-exclusive-packages"],
    ),
    "a package of no project": (
        "stream:CreatePackage",
        {"storage": {"udf_packages": [{"name": "a.jar", "path": "a.jar"}]}},
        {"storage": {"udf_packages": [{"name": "a.jar", "path": "a.jar", "project": "orders"}]}},
        [f"acs:stream:cn-hangzhou:{ACCOUNT}:orders"],
    ),
    "no projects": (
        "stream:BindQueue",
        {"projects": [], "people": people()},
        {},
        [f"acs:stream:cn-hangzhou:{ACCOUNT}:orders"],
    ),
}


@pytest.mark.parametrize(("right", "without", "with_", "where"), ONLY_WHERE_NEEDED.values(), ids=ONLY_WHERE_NEEDED)
def test_a_right_is_granted_only_where_the_environment_wants_what_it_is_for(right, without, with_, where):
    assert right not in rights(**without)
    assert rights(**with_)[right] == where


def test_of_a_call_for_several_kinds_of_principal_a_need_has_the_right_on_the_kind_that_it_names():
    said = need(attach_policy, group="entitled_groups", policy="policies_of_groups")

    assert [right.name for right in said.rights] == ["ram:AttachPolicyToGroup"]


@pytest.mark.parametrize(
    ("said", "to_write"),
    [
        (need(get_user), False),
        (need(create_user), True),
        (need(list_parts, to_write=True), True),
        (need(create_cluster), True),
    ],
    ids=["a read", "a write", "a read while writing", "a write of two rights"],
)
def test_whether_a_need_is_to_write_follows_from_its_call_unless_said(said, to_write):
    assert said.to_write == to_write


def test_a_need_is_none_where_what_it_is_for_has_no_names():
    names = {**ANY_ENVIRONMENT, "users": ("alice",), "leavers": (), "settings": ()}

    found = granted([need(get_user, user="users"), need(get_user, "settings"), need(get_user, user="leavers")], names)

    assert found == {"ram:GetUser": ["acs:ram:*:*:user/alice"]}


def test_what_only_the_account_may_do_is_no_right():
    said = [need(create_project, project="projects")]

    assert granted(said, ANY_ENVIRONMENT) == {}
    assert reserved(said, ANY_ENVIRONMENT).keys() == {"CreateProject"}


def test_a_workspace_may_be_ordered_only_where_the_environment_says_so():
    assert "stream:CreateVvpInstance" in rights("managed")
    assert "stream:CreateVvpInstance" not in rights("managed", safety={"may_order": False, "max_price": None})


def test_the_modes_share_no_right_on_what_the_other_one_is_made_of():
    exclusive, managed = rights(), rights("managed")

    assert "ram:PassRole" in exclusive
    assert {"ram:PassRole", "stream:ListCluster", "bssapi:QueryAvailableInstances"} & set(managed) == set()
    assert not any("Vvp" in right for right in exclusive)


def test_objects_are_the_journal_and_the_packages_alone():
    found = rights(storage={"udf_packages": [{"name": "a.jar", "path": "a.jar"}]})

    bucket = f"acs:oss:*:{ACCOUNT}:flink-exclusive-packages"
    expected = [f"{bucket}/.realtime-compute-preparation/flink-exclusive/journal.jsonl", f"{bucket}/udf/a.jar"]
    assert found["oss:GetObject"] == found["oss:PutObject"] == expected
    assert "oss:DeleteObject" not in found


def test_attachments_to_the_role_are_of_its_own_policies_alone():
    assert rights()["ram:AttachPolicyToRole"] == [
        f"{RAM}:policy/AliyunStreamDefaultRolePolicy",
        f"{RAM}:role/AliyunStreamDefaultRole",
        "acs:ram:*:system:policy/AliyunOSSFullAccess",
        "acs:ram:*:system:policy/AliyunStreamRolePolicy",
    ]


def test_an_environment_without_an_account_has_a_star_in_its_place():
    found = grants(["prepare"], environment())

    assert found["ram:GetUser"] == ["acs:ram:*:*:user/alice", "acs:ram:*:*:user/bob"]


@pytest.mark.requirement("R12", "R23")
def test_what_only_the_account_may_do_is_told_and_not_granted():
    wanted = environment()

    assert "stream:CreateProject" not in grants(FLOWS, wanted)
    assert set(account_only(FLOWS, wanted)) == {"CreateProject"}
    assert account_only(["plan", "check", "authorize", "create_cluster", "resolve"], wanted) == {}


def test_several_flows_together_have_the_rights_of_each():
    both = grants(["authorize", "create_project"])

    for flow in ("authorize", "create_project"):
        for right, where in grants([flow]).items():
            assert set(where) <= set(both[right])
    assert set(both) == set(grants(["authorize"])) | set(grants(["create_project"]))


def test_prepare_may_do_what_each_flow_may_that_is_a_part_of_it():
    whole = grants(["prepare"])

    for flow in set(FLOWS) - {
        "adopt",
        "orphans",
        "prove_access",
        "scale",
        "renew",
        "convert",
        "people",
        "audit",
        "teardown",
    }:
        assert all(set(where) <= set(whole[right]) for right, where in grants([flow]).items()), flow
