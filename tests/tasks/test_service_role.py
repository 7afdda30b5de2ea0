import json

import pytest

from alicloud.errors import ManualStep, Unmet
from blocks import desired
from emulator import foas as emulated_foas
from emulator import ram as emulated_ram
from tasks.service_role import check_service_role, ensure_exclusive_policy, ensure_service_policies, ensure_service_role
from tests.flows.rights import CREATION, CUSTOM, NETWORK, ROLE, allowed, everywhere
from tests.tasks.conftest import connected, existing

OPENED, TIGHTENED = desired.exclusive_policy(True), desired.exclusive_policy(False)
ROLE_SPEC, POLICIES = desired.service_role(existing()), desired.service_policies(existing())


@pytest.fixture
def clustered(account):
    account.reset("everything", speed=20_000)
    return account


def rights(account):
    policy = account.cloud.world.part(emulated_ram.State).policies[CUSTOM]
    return allowed(policy.versions[policy.default_version].document)


@pytest.mark.requirement("R9", "R10")
def test_the_policy_is_open_as_long_as_there_is_no_cluster(account, cloud):
    ensure_exclusive_policy.fn(cloud, OPENED, TIGHTENED, "flink")

    assert rights(account) == everywhere(NETWORK | CREATION)


@pytest.mark.requirement("R10")
def test_the_policy_of_a_running_cluster_is_tightened_and_stays_so(clustered, cloud):
    ensure_exclusive_policy.fn(cloud, OPENED, TIGHTENED, "flink")
    ensure_exclusive_policy.fn(cloud, OPENED, TIGHTENED, "flink")

    assert rights(clustered) == everywhere(NETWORK)
    assert clustered.writes() == ["CreatePolicyVersion"]


@pytest.mark.requirement("R10")
def test_the_policy_is_opened_again_for_the_time_of_a_rebuild(clustered, cloud):
    ensure_exclusive_policy.fn(cloud, OPENED, TIGHTENED, "flink")
    (cluster,) = clustered.cloud.world.part(emulated_foas.State).clusters.values()
    cluster.phase, cluster.ready_at = "DESTROYED", 0.0

    ensure_exclusive_policy.fn(cloud, OPENED, TIGHTENED, "flink")

    assert rights(clustered) == everywhere(NETWORK | CREATION)


@pytest.mark.requirement("R7")
def test_a_role_that_the_console_made_for_another_name_of_the_service_stays(account, cloud):
    account.sow({"ram": {"roles": [{"name": ROLE, "service": "foas.aliyuncs.com"}]}})

    ensure_service_role.fn(cloud, ROLE_SPEC)

    assert account.writes() == []


@pytest.mark.requirement("R7")
def test_a_role_that_trusts_a_service_we_do_not_know_is_left_to_a_person(account, cloud):
    account.sow({"ram": {"roles": [{"name": ROLE, "service": "ecs.aliyuncs.com"}]}})

    with pytest.raises(Unmet, match=r"trusts ecs\.aliyuncs\.com"):
        ensure_service_role.fn(cloud, ROLE_SPEC)

    assert account.writes() == []


@pytest.mark.requirement("R7", "R11")
def test_the_check_names_everything_that_is_missing_and_where_to_authorize(account, cloud):
    account.sow({"ram": {"roles": [{"name": ROLE, "policies": ["AliyunStreamRolePolicy"]}]}})  # trusts people

    with pytest.raises(ManualStep) as stopped:
        check_service_role.fn(cloud, ROLE_SPEC, POLICIES.policies, True)

    assert "its trust policy differs" in str(stopped.value)
    assert f"policy {CUSTOM} (Custom) is not attached" in str(stopped.value)
    assert "policy AliyunOSSFullAccess (System) is not attached" in str(stopped.value)
    assert "AliyunStreamRolePolicy" not in str(stopped.value)
    assert "click Authorize" in stopped.value.remedy


@pytest.mark.requirement("R11")
def test_the_check_asks_the_cloud_and_not_its_memory(account, cloud):
    ensure_service_role.fn(cloud, ROLE_SPEC)
    ensure_exclusive_policy.fn(cloud, OPENED, TIGHTENED, "flink")
    ensure_service_policies.fn(cloud, POLICIES)
    with connected(account, dry=True) as plan:
        ensure_service_role.fn(plan, ROLE_SPEC)
        ensure_service_policies.fn(plan, POLICIES)
        cloud.snapshot = plan.snapshot.facts()
    role = check_service_role.fn(cloud, ROLE_SPEC, POLICIES.policies, True)
    assert json.loads(role.trust_policy)["Statement"][0]["Principal"] == {"Service": ["stream.aliyuncs.com"]}
    del account.cloud.world.part(emulated_ram.State).roles[ROLE]

    with pytest.raises(ManualStep, match="it does not exist"):
        check_service_role.fn(cloud, ROLE_SPEC, POLICIES.policies, True)


def test_a_plan_that_will_make_the_role_has_nothing_to_check_yet(account):
    with connected(account, dry=True) as plan:
        assert check_service_role.fn(plan, ROLE_SPEC, POLICIES.policies, True) is None

        with pytest.raises(ManualStep):
            check_service_role.fn(plan, ROLE_SPEC, POLICIES.policies, False)
