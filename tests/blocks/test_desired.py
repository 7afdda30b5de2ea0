import json
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alicloud import prerequisites
from blocks import desired
from tests.flows.running import environment

NAME = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=64)
ALIKE = st.text("aA.-_", min_size=1, max_size=2)  # few enough that two of them soon differ only in what is not allowed
TWO_NAMES = st.lists(ALIKE, min_size=2, max_size=2, unique=True) | st.lists(NAME, min_size=2, max_size=2, unique=True)


def allowed(document, action):
    """Give the resources on which a policy allows an action."""
    return [
        statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for statement in json.loads(document)["Statement"]
        if statement["Action"] == action or action in statement["Action"]
    ]


@pytest.mark.requirement("R3", "R4")
def test_a_group_gets_a_policy_on_its_projects_and_on_no_other():
    projects = [{"name": name, "compute_units": 1} for name in ("orders", "clicks", "fraud")]
    groups = [{"name": "developers", "projects": ["orders", "clicks"]}, {"name": "guests"}]
    wanted = environment(projects=projects, people={"groups": groups})

    (access,) = desired.accesses(wanted)

    (resources,) = allowed(access.policy.document, "stream:*")
    assert sorted(resources) == ["acs:stream:*:*:clicks", "acs:stream:*:*:orders"]
    assert allowed(access.policy.document, "ram:PassRole") == [["acs:ram:*:*:*"]]
    assert access.attachment.principal_kind == "group"
    assert access.attachment.principal == "developers"
    assert [policy.name for policy in access.attachment.policies] == [access.policy.name]


@pytest.mark.requirement("R3", "R4")
def test_a_user_with_rights_of_their_own_gets_a_policy_attached_to_the_user():
    users = [{"name": "alice", "projects": ["*", "orders"]}]

    (access,) = desired.accesses(environment(people={"users": users, "groups": []}))

    assert allowed(access.policy.document, "stream:*") == [["acs:stream:*:*:*"]]
    assert (access.attachment.principal_kind, access.attachment.principal) == ("user", "alice")


@pytest.mark.requirement("R3")
@given(TWO_NAMES)
def test_no_two_users_share_a_policy_and_its_name_is_one_that_ram_accepts(names):
    users = [{"name": name, "projects": ["orders"]} for name in names]

    accesses = desired.accesses(environment(people={"users": users, "groups": []}))

    first, second = (access.policy.name for access in accesses)
    assert first != second
    assert all(re.fullmatch(r"[A-Za-z0-9-]{1,128}", name) for name in (first, second))


def test_a_user_and_a_group_of_one_name_have_policies_of_their_own():
    people = {"users": [{"name": "ops", "projects": ["*"]}], "groups": [{"name": "ops", "projects": ["orders"]}]}

    accesses = desired.accesses(environment(people=people))

    assert len({access.policy.name for access in accesses}) == 2


@pytest.mark.requirement("R3")
def test_two_environments_whose_names_run_together_have_policies_of_their_own():
    person = {"users": [{"name": "b", "projects": ["*"]}], "groups": []}
    group = {"users": [], "groups": [{"name": "b-user-b", "projects": ["*"]}]}

    (first,) = desired.accesses(environment(name="aaa-group-b", people=person))
    (second,) = desired.accesses(environment(name="aaa", people=group))

    assert first.policy.name != second.policy.name


@pytest.mark.requirement("R1")
@given(TWO_NAMES)
def test_no_two_users_share_a_one_time_password(names):
    wanted = environment(people={"users": [{"name": name} for name in names], "groups": []})

    first, second = (desired.logon_secret(wanted, user) for user in wanted.people.users)

    assert first != second
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in (first, second))


@pytest.mark.requirement("R1")
def test_a_display_name_that_the_document_does_not_give_is_not_asked_for():
    specs = desired.users(environment())

    assert [(spec.name, spec.display_name) for spec in specs] == [("alice", "Alice"), ("bob", "")]


@pytest.mark.requirement("R4")
def test_groups_come_with_their_members():
    ((group, membership),) = desired.groups(environment())

    assert group.name == membership.group == "flink-developers"
    assert membership.users == ("alice", "bob")


@pytest.mark.requirement("R24")
def test_members_of_a_namespace_are_its_managers_and_those_who_have_rights_on_it():
    people = {
        "users": [{"name": "carol"}, {"name": "dave"}, {"name": "erin", "projects": ["*"]}, {"name": "frank"}],
        "groups": [
            {"name": "developers", "members": ["carol", "dave"], "projects": ["payments"]},
            {"name": "others", "members": ["frank"], "projects": []},
        ],
    }
    wanted = environment("managed", people=people)

    members = desired.namespace_members(wanted, wanted.projects[0])

    assert members == [("carol", "OWNER"), ("dave", "EDITOR"), ("erin", "EDITOR")]


@pytest.mark.requirement("R2")
def test_the_settings_of_ram_are_those_of_the_environment():
    people = {"password_policy": {"minimum_length": 20}, "security_preference": {"login_session_hours": 2}}
    wanted = environment(people=people)

    assert desired.password_policy(wanted).minimum_length == 20
    assert desired.password_policy(wanted).max_attempts == 5
    assert desired.security_preference(wanted).login_session_hours == 2
    assert desired.security_preference(wanted).allow_user_to_manage_access_keys is False


@pytest.mark.requirement("R7", "R8", "R9")
def test_the_role_of_exclusive_mode_carries_three_policies():
    role, policies = desired.service_role(environment()), desired.service_policies(environment())

    assert role.name == policies.principal == "AliyunStreamDefaultRole"
    assert role.trusted_service == prerequisites.DEFAULT_EXCLUSIVE_SERVICE
    assert role.candidates == prerequisites.EXCLUSIVE_SERVICES
    assert [str(policy) for policy in policies.policies] == [
        "AliyunStreamRolePolicy (System)",
        "AliyunStreamDefaultRolePolicy (Custom)",
        "AliyunOSSFullAccess (System)",
    ]


@pytest.mark.requirement("R24", "R7")
def test_the_role_of_managed_mode_carries_system_policies_only():
    policies = desired.service_policies(environment("managed"))

    assert policies.principal == "AliyunStreamAsiDefaultRole"
    assert {policy.type for policy in policies.policies} == {"System"}


@pytest.mark.requirement("R7")
def test_a_role_and_service_that_the_environment_names_are_taken_at_their_word():
    named = {"name": "my-role", "trusted_service": "stream-asi.aliyuncs.com"}

    role = desired.service_role(environment(service_role=named))

    assert (role.name, role.trusted_service, role.candidates) == ("my-role", "stream-asi.aliyuncs.com", ())
    assert desired.service_policies(environment(service_role=named)).principal == "my-role"


@pytest.mark.requirement("R9", "R10")
def test_the_tightened_policy_lacks_the_rights_of_creation_and_nothing_else():
    def actions(spec):
        return {action for statement in json.loads(spec.document)["Statement"] for action in statement["Action"]}

    opened, tightened = desired.exclusive_policy(True), desired.exclusive_policy(False)

    assert opened.name == tightened.name == "AliyunStreamDefaultRolePolicy"
    assert actions(opened) - actions(tightened) == {"ecs:CreateSecurityGroup", "ecs:AuthorizeSecurityGroup"}
    assert actions(tightened) < actions(opened)


@pytest.mark.requirement("R17", "R19")
def test_the_network_is_that_of_the_environment_and_may_be_forbidden_to_be_made():
    wanted = environment(safety={"may_create_network": False})

    vpc = desired.vpc(wanted)
    vswitch = desired.vswitch(wanted, wanted.network.vswitches[0], "vpc-1")

    assert (vpc.environment, vpc.name, vpc.cidr, vpc.may_create) == (
        "flink-exclusive",
        "flink-vpc",
        "172.16.0.0/12",
        False,
    )
    assert (vswitch.vpc_id, vswitch.cidr, vswitch.zone, vswitch.may_create) == (
        "vpc-1",
        "172.16.1.0/24",
        "cn-hangzhou-h",
        False,
    )


def test_a_vswitch_lies_in_the_zone_that_it_names():
    block = {"name": "flink-i", "cidr": "10.0.2.0/24", "zone": "cn-hangzhou-i"}
    wanted = environment("managed", network={"vswitches": [block]})

    assert desired.vswitch(wanted, wanted.network.vswitches[0], "vpc-1").zone == "cn-hangzhou-i"


@pytest.mark.requirement("R20")
def test_the_bucket_is_versioned_and_without_zone_redundancy_unless_asked():
    usual, asked = desired.bucket(environment()), desired.bucket(environment(storage={"redundancy": "ZRS"}))

    assert (usual.versioning, usual.redundancy, usual.encryption) == (True, "LRS", "AES256")
    assert asked.redundancy == "ZRS"


@pytest.mark.requirement("R21")
def test_the_cluster_is_made_of_the_environment_and_what_was_found():
    spec = desired.cluster(environment(), "blinkonecs_1", "vpc-1", "vsw-1")

    assert (spec.name, spec.order_id, spec.bucket) == ("flink_exclusive", "blinkonecs_1", "flink-exclusive-packages")
    assert (spec.vpc_id, spec.vswitch_id, spec.zone) == ("vpc-1", "vsw-1", "cn-hangzhou-h")


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(
    ("cluster", "charge_type", "duration", "auto_renew"),
    [
        ({}, "POST", 1, False),
        ({"charge_type": "Subscription", "duration_months": 12, "auto_renew": True}, "PRE", 12, True),
        ({"charge_type": "Subscription"}, "PRE", 1, False),
    ],
)
def test_a_workspace_renews_itself_only_when_asked(cluster, charge_type, duration, auto_renew):
    spec = desired.workspace(environment("managed", cluster=cluster), "vpc-1", ["vsw-1", "vsw-2"])

    assert (spec.charge_type, spec.duration, spec.auto_renew) == (charge_type, duration, auto_renew)
    assert spec.vswitch_ids == ("vsw-1", "vsw-2")


@pytest.mark.requirement("R24")
def test_a_workspace_with_managed_storage_has_no_bucket():
    spec = desired.workspace(environment("managed", cluster={"storage": "managed"}), "vpc-1", ["vsw-1"])

    assert (spec.bucket, spec.managed_storage) == ("", True)


@pytest.mark.requirement("R23")
def test_a_project_is_managed_by_the_account():
    spec = desired.project(environment().projects[0], "cluster-1", "1376771854400000")

    assert (spec.name, spec.cluster_id, spec.cus) == ("orders", "cluster-1", 6)
    assert spec.managers == ("1376771854400000",)
