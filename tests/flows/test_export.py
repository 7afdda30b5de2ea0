"""export: the environment for Terraform and ROS, with the ids of what the account has."""

import json
import re

import pytest
import yaml

from emulator import oss_state as emulated_oss
from flows.export import export
from flows.prepare import prepare
from tests.flows.conftest import artifact

pytestmark = pytest.mark.xdist_group("prefect")


def published(form, name):
    text = artifact(f"{form}-{name}").data
    return re.fullmatch(r"```(?:json|yaml)\n(.*)\n```", text, re.DOTALL)[1]


def run(trial):
    before = trial.account.world()
    state = trial.run(export)
    assert state.is_completed(), state.message
    assert trial.writes() == []
    assert trial.appends() == 0
    assert trial.account.world() == before
    return state


def test_all_that_prepare_has_made_can_be_taken_over(make_trial):
    trial = make_trial("nothing", "managed")
    assert trial.run(prepare).is_completed()

    run(trial)

    document = json.loads(published("terraform", trial.environment.name))
    there = {f"{kind}.{label}" for kind, found in document["resource"].items() for label in found}
    imports = {each["to"]: each["id"] for each in document["import"]}
    assert set(imports) == there
    (workspace,) = trial.part("foasconsole")["workspaces"].values()
    (vpc,) = trial.part("vpc")["vpcs"].values()
    carol = trial.part("ram")["users"]["carol"]
    assert imports["alicloud_realtime_compute_vvp_instance.main"] == workspace["instance_id"]
    assert imports["alicloud_vpc.main"] == vpc["id"]
    assert imports["alicloud_ram_user.carol"] == carol["id"]
    assert [each for each in imports.values() if each.startswith("role:")] == [
        "role:AliyunStreamAsiDefaultRolePolicy:System:AliyunStreamAsiDefaultRole",
        "role:AliyunDLFFullAccess:System:AliyunStreamAsiDefaultRole",
    ]
    template = published("ros", trial.environment.name)
    assert f"# To import: Workspace (ALIYUN::Flink::Instance) is {workspace['instance_id']}" in template
    assert "# To import: Usercarol (ALIYUN::RAM::User) is carol\n" in template
    assert "ALIYUN::Flink::NamespaceV2" in {each["Type"] for each in yaml.safe_load(template)["Resources"].values()}


def test_settings_that_the_bucket_has_not_yet_are_made_and_not_imported(make_trial):
    trial = make_trial("nothing", "managed")
    assert trial.run(prepare).is_completed()
    (bucket,) = trial.account.cloud.world.part(emulated_oss.State).buckets.values()
    bucket.versioning, bucket.encryption = "", {}

    run(trial)

    document = json.loads(published("terraform", trial.environment.name))
    imports = {each["to"] for each in document["import"] if each["to"].startswith("alicloud_oss_bucket")}
    assert imports == {"alicloud_oss_bucket.main", "alicloud_oss_bucket_acl.main"}
    for kind in ("alicloud_oss_bucket_versioning", "alicloud_oss_bucket_server_side_encryption"):
        assert set(document["resource"][kind]) == {"main"}


def test_the_role_s_own_trust_is_exported_and_not_the_documented_default(make_trial):
    trial = make_trial("everything", "managed")

    run(trial)

    role = json.loads(published("terraform", trial.environment.name))["resource"]["alicloud_ram_role"]
    assert "stream-asi.aliyuncs.com" in role["AliyunStreamAsiDefaultRole"]["assume_role_policy_document"]


def test_of_an_account_that_has_nothing_yet_nothing_is_imported(make_trial):
    trial = make_trial("nothing")

    state = run(trial)

    assert "0 resources exist" in state.message
    assert "import" not in json.loads(published("terraform", trial.environment.name))
