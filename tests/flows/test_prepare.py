import pytest
from prefect.blocks.system import Secret

from alicloud.journal import journal_key
from alicloud.prerequisites import exclusive_policy_document
from blocks import desired
from emulator import ecs as emulated_ecs
from emulator import passwords
from emulator import ram as emulated_ram
from flows.prepare import prepare
from tests.emulator.client import Running as SignedClient
from tests.flows.conftest import without_journal
from tests.flows.rights import (
    CREATION,
    CUSTOM,
    NETWORK,
    ROLE,
    allowed,
    default_document,
    document_of,
    everywhere,
    meaning,
    only,
    trusted,
)

PEOPLE = "RealtimeCompute-flink-exclusive-group-flink-developers"
OPERATORS = "RealtimeCompute-flink-exclusive-group-flink-operators"

# A. People and their rights


def secret_of_alice(prepared):
    environment = prepared.trial.environment
    return desired.logon_secret(environment, environment.people.users[0])


@pytest.mark.requirement("R1")
def test_each_named_person_becomes_a_ram_user_of_their_own(prepared):
    users = prepared.part("ram")["users"]

    assert {name: user["display_name"] for name, user in users.items()} == {
        "alice": "Alice Analyst",
        "bob": "Bob Builder",
    }
    assert [user["keys"] for user in users.values()] == [[], []]


@pytest.mark.requirement("R1", "R5")
def test_who_may_log_on_gets_a_one_time_password_that_stands_in_a_secret_block(prepared):
    login = prepared.world.part(emulated_ram.State).users["alice"].login

    secret = Secret.load(secret_of_alice(prepared)).get()

    assert passwords.matches(secret, login.password_hash)
    assert login.password_reset_required
    assert login.mfa_bind_required
    assert prepared.world.part(emulated_ram.State).users["bob"].login is None


@pytest.mark.requirement("R2")
def test_password_policy_and_preferences_of_ram_users_are_set(prepared):
    ram = prepared.part("ram")

    assert ram["password_policy"] == {
        "minimum_length": 12,
        "require_lowercase": True,
        "require_uppercase": True,
        "require_numbers": True,
        "require_symbols": True,
        "hard_expiry": False,
        "max_age_days": 90,
        "reuse_prevention": 5,
        "max_login_attempts": 5,
    }
    assert ram["security_preference"]["manage_access_keys"] is False


@pytest.mark.requirement("R3")
def test_the_policy_of_people_names_their_projects_and_nothing_more(prepared):
    policies = prepared.part("ram")["policies"]

    restricted, unrestricted = (allowed(default_document(policies[name])) for name in (PEOPLE, OPERATORS))

    assert restricted == {("stream:*", "acs:stream:*:*:orders"), ("ram:PassRole", "acs:ram:*:*:*")}
    assert unrestricted == {("stream:*", "acs:stream:*:*:*"), ("ram:PassRole", "acs:ram:*:*:*")}


@pytest.mark.requirement("R4")
def test_groups_have_their_members_and_their_policy(prepared):
    groups = prepared.part("ram")["groups"]

    assert {name: (set(group["members"]), set(group["policies"])) for name, group in groups.items()} == {
        "flink-developers": ({"alice", "bob"}, {f"Custom/{PEOPLE}"}),
        "flink-operators": ({"bob"}, {f"Custom/{OPERATORS}"}),
    }


# B. The service's own role


@pytest.mark.requirement("R7", "R8", "R9")
def test_the_service_s_role_trusts_the_service_and_carries_its_policies(prepared):
    role = only(prepared.part("ram")["roles"])

    assert role["name"] == ROLE
    assert trusted(role) == [{"Service": ["stream.aliyuncs.com"]}]
    assert set(role["policies"]) == {
        "System/AliyunStreamRolePolicy",
        f"Custom/{CUSTOM}",
        "System/AliyunOSSFullAccess",
    }


@pytest.mark.requirement("R9")
def test_the_custom_policy_began_with_the_network_and_nothing_else(prepared):
    policy = prepared.part("ram")["policies"][CUSTOM]

    first = policy["versions"]["v1"]["document"]

    assert allowed(first) == everywhere(NETWORK | CREATION)
    assert policy["description"]


@pytest.mark.requirement("R10")
def test_the_custom_policy_is_tightened_once_the_cluster_runs(prepared):
    policy, cluster = prepared.part("ram")["policies"][CUSTOM], only(prepared.part("foas")["clusters"])

    now = policy["versions"][policy["default_version"]]

    assert allowed(now["document"]) == everywhere(NETWORK)
    assert now["created_at"] >= cluster["ready_at"]


@pytest.mark.requirement("R11")
def test_role_and_policies_are_read_again_after_authorization_and_before_the_cluster(prepared):
    actions = [call["action"] for call in prepared.calls]
    authorized = max(n for n, action in enumerate(actions) if action == "AttachPolicyToRole")

    between = actions[authorized : actions.index("CreateCluster")]

    assert "GetRole" in between
    assert between.count("ListPoliciesForRole") >= 2  # the attaching step's own, and the check's


# C. Activation


@pytest.mark.requirement("R12", "R13", "R14")
def test_the_cluster_is_made_from_the_paid_order_and_nothing_is_bought(prepared):
    foas, billing = prepared.part("foas"), prepared.part("bssopenapi")

    cluster = only(foas["clusters"])

    assert cluster["order_id"] == "blinkonecs_cn-order-0001"
    assert foas["orders"]["blinkonecs_cn-order-0001"]["cluster_id"] == cluster["cluster_id"]
    assert billing["balance_cents"] == 1_000_000
    assert len(billing["orders"]) == 1
    products = {call["product"] for call in prepared.calls if call["write"]}
    assert "BssOpenApi" not in products


@pytest.mark.requirement("R14")
def test_projects_come_after_the_cluster(prepared):
    project_times = [project["created_at"] for project in prepared.part("foas")["projects"].values()]

    assert min(project_times) >= only(prepared.part("foas")["clusters"])["ready_at"]


# D. Network and storage


@pytest.mark.requirement("R17", "R19")
def test_vpc_and_vswitch_are_made_with_names_and_blocks(prepared):
    network = prepared.part("vpc")

    vpc, vswitch = only(network["vpcs"]), only(network["vswitches"])

    assert (vpc["name"], vpc["cidr"]) == ("flink-vpc", "172.16.0.0/12")
    assert (vswitch["name"], vswitch["cidr"], vswitch["zone"]) == ("flink-vswitch", "172.16.1.0/24", "cn-hangzhou-h")
    assert vswitch["vpc_id"] == vpc["id"]


@pytest.mark.requirement("R20")
def test_the_bucket_is_private_standard_versioned_and_not_zone_redundant(prepared):
    bucket = only(prepared.part("oss_state")["buckets"])

    facts = {name: bucket[name] for name in ("acl", "storage_class", "versioning", "redundancy", "policy")}

    assert facts == {
        "acl": "private",
        "storage_class": "Standard",
        "versioning": "Enabled",
        "redundancy": "LRS",
        "policy": "",
    }


@pytest.mark.requirement("R20")
def test_the_udf_package_is_uploaded_and_registered(prepared):
    bucket, packages = only(prepared.part("oss_state")["buckets"]), prepared.part("foas")["packages"]

    assert sorted(bucket["objects"]) == [journal_key("flink-exclusive"), "udf/orders-udf.jar"]
    package = packages["orders"]["orders-udf.jar"]
    assert (package["oss_bucket"], package["oss_path"]) == ("flink-exclusive-packages", "udf/orders-udf.jar")


@pytest.mark.requirement("R16")
def test_security_group_and_interfaces_of_the_service_are_told_and_left_alone(prepared):
    ecs, cluster = prepared.part("ecs"), only(prepared.part("foas")["clusters"])

    report = prepared.artifacts["report"].data

    assert set(ecs["security_groups"]) == {cluster["security_group_id"]}
    assert set(ecs["interfaces"]) == {node["interface_id"] for node in cluster["nodes"]}
    assert cluster["security_group_id"] in report
    assert not any(call["action"].startswith("Delete") for call in prepared.calls)


# E. Cluster, F. Projects


@pytest.mark.requirement("R21")
def test_the_cluster_has_what_the_environment_says(prepared):
    cluster, network = only(prepared.part("foas")["clusters"]), prepared.part("vpc")

    facts = {name: cluster[name] for name in ("name", "description", "bucket", "zone", "vpc_id", "vswitch_ids")}

    assert facts == {
        "name": "flink_exclusive",
        "description": "Realtime Compute in exclusive mode",
        "bucket": "flink-exclusive-packages",
        "zone": "cn-hangzhou-h",
        "vpc_id": only(network["vpcs"])["id"],
        "vswitch_ids": [only(network["vswitches"])["id"]],
    }


@pytest.mark.requirement("R22")
def test_the_flow_ends_when_the_cluster_runs_and_its_progress_reached_100(prepared):
    cluster, progress = only(prepared.part("foas")["clusters"]), prepared.artifacts["cluster"]

    assert cluster["phase"] == "RUNNING"
    assert (progress.type, float(progress.data)) == ("progress", 100)
    assert "RUNNING" in progress.description


@pytest.mark.requirement("R23")
def test_each_project_is_bound_to_a_queue_of_its_compute_units(prepared):
    foas = prepared.part("foas")
    queues = foas["queues"][only(foas["clusters"])["cluster_id"]]

    facts = {
        name: (project["description"], queues[project["queue"]]["vcores"], queues[project["queue"]]["megabytes"])
        for name, project in foas["projects"].items()
    }

    assert facts == {"orders": ("Orders, live", 600, 6 * 4096), "clicks": ("Clickstream", 400, 4 * 4096)}
    assert {queue["project"] for queue in queues.values()} == {"orders", "clicks"}
    assert {project["manager_ids"] for project in foas["projects"].values()} == {prepared.account["account_id"]}


# The report


@pytest.mark.requirement("R5", "R6", "R8")
def test_the_report_tells_ids_logon_address_and_what_people_still_have_to_do(prepared):
    report = prepared.artifacts["report"].data
    account_id = prepared.account["account_id"]

    ids = [
        only(prepared.part("vpc")["vpcs"])["id"],
        only(prepared.part("vpc")["vswitches"])["id"],
        only(prepared.part("foas")["clusters"])["cluster_id"],
        f"acs:ram::{account_id}:role/{ROLE}",
    ]

    assert [each for each in ids if each not in report] == []
    assert f"https://signin.aliyun.com/{account_id}.onaliyun.com/login.htm" in report
    assert "Account verification" in report
    assert "alice: hand over the one-time password (Secret block" in report
    assert all(f'"{action}"' in report for action in ("mns:Publish*", "oss:*", "ecs:CreateNetworkInterface"))


def test_the_report_names_every_write_with_its_request_id(prepared):
    report = prepared.artifacts["report"].data
    writes = [call for call in without_journal(prepared.calls) if call["write"]]

    untold = [call["action"] for call in writes if f"| {call['action']} | {call['request_id']} |" not in report]

    assert len(writes) == 33
    assert untold == []


def test_the_report_says_which_requirements_were_served(prepared):
    report = prepared.artifacts["report"].data

    served = report.rpartition("Served by this run: ")[2].strip().rstrip(".").split(", ")

    assert served == [f"R{number}" for number in range(1, 24)]


def test_no_secret_stands_in_the_report_nor_in_the_flow_s_state(prepared):
    secret = Secret.load(secret_of_alice(prepared)).get()

    shown = "".join(str(artifact.data) for artifact in prepared.artifacts.values())

    assert secret not in shown + str(prepared.state)
    assert prepared.trial.identity.access_key_secret not in shown + str(prepared.state)


# Again


def test_a_second_prepare_writes_nothing_and_reads_little(going_on):
    before = going_on.account.world()

    state = going_on.run(prepare)

    assert state.is_completed()
    assert "zero writes" in state.message
    assert going_on.writes() == []
    assert going_on.reads() <= 40
    assert going_on.account.world() == before


@pytest.mark.requirement("R3", "R4", "R7", "R10")
def test_what_somebody_changed_is_mended_and_nothing_else_is_touched(going_on):
    before = meaning(going_on.part("ram"))
    console = SignedClient(going_on.account.url, going_on.account.cloud)
    root = {"RAM": [f"acs:ram::{going_on.account.cloud.world.account_id}:root"]}
    people = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": root}
    all_of_it = {"Action": "stream:*", "Effect": "Allow", "Resource": "*"}
    for change in (
        ("DetachPolicyFromGroup", {"GroupName": "flink-developers", "PolicyName": PEOPLE, "PolicyType": "Custom"}),
        ("RemoveUserFromGroup", {"GroupName": "flink-operators", "UserName": "bob"}),
        ("UpdateRole", {"RoleName": ROLE, "NewAssumeRolePolicyDocument": document_of(people)}),
        ("CreatePolicyVersion", {"PolicyName": CUSTOM, "PolicyDocument": exclusive_policy_document(True)}),
        ("CreatePolicyVersion", {"PolicyName": OPERATORS, "PolicyDocument": document_of(all_of_it)}),
    ):
        console.ok("Ram", change[0], **({"SetAsDefault": "true"} if "Version" in change[0] else {}), **change[1])
    assert meaning(going_on.part("ram")) != before

    state = going_on.run(prepare)

    assert state.is_completed(), state.message
    assert meaning(going_on.part("ram")) == before
    assert sorted(going_on.writes()) == [
        "AddUserToGroup",
        "AttachPolicyToGroup",
        "CreatePolicyVersion",
        "CreatePolicyVersion",
        "UpdateRole",
    ]


def test_what_the_environment_does_not_name_is_left_alone(going_on):
    console = SignedClient(going_on.account.url, going_on.account.cloud)
    console.ok("Ram", "CreateUser", UserName="mallory")
    console.ok("Ram", "AddUserToGroup", UserName="mallory", GroupName="flink-developers")
    console.ok("Ram", "AttachPolicyToUser", UserName="bob", PolicyName="ReadOnlyAccess", PolicyType="System")
    before = going_on.account.world()

    state = going_on.run(prepare)

    assert state.is_completed()
    assert going_on.account.world() == before


@pytest.mark.requirement("R16")
def test_a_security_group_that_was_deleted_under_a_running_cluster_raises_the_alarm(going_on):
    cluster = only(going_on.part("foas")["clusters"])
    emulated_ecs.remove_security_group(going_on.account.cloud.world, cluster["security_group_id"])

    state = going_on.run(prepare)

    assert state.is_failed()
    assert f"has lost what the service made for it: security group {cluster['security_group_id']}" in state.message
    assert "Submit a ticket" in state.message
    assert going_on.writes() == []
