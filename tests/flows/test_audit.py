"""The audit: what has drifted is named with field, severity and who did it; accepted for a time; nothing is written."""

import json
from datetime import UTC, datetime, timedelta

import oss2
import pytest
from prefect.client.orchestration import get_client

from alicloud.policy_packing import documents
from blocks.credentials import AlibabaCloudCredentials
from blocks.environment import Environment, describe
from emulator import bssopenapi as emulated_billing
from emulator import coverage, oss_access, policy_grammar, products
from emulator import ecs as emulated_ecs
from emulator import foas as emulated_foas
from emulator import foasconsole as emulated_foasconsole
from emulator import ram as emulated_ram
from emulator import vpc as emulated_vpc
from emulator.calls import is_read
from flows.audit import audit
from flows.needs import grants
from flows.prepare import prepare
from tasks import audit as audit_tasks
from tests.emulator import client
from tests.flows.conftest import SPEED, artifact
from tests.flows.rights import ROLE
from tests.flows.runner import RUNNER, hire
from tests.flows.running import environment

pytestmark = pytest.mark.xdist_group("prefect")

MALLORY = client.Identity("LTAI5tMallory", "secret-of-mallory")
ADMINISTRATOR = "AdministratorAccess"
DEVELOPERS = "RealtimeCompute-flink-exclusive-group-flink-developers"
OPERATORS = "RealtimeCompute-flink-exclusive-group-flink-operators"
EVERYTHING = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "stream:*", "Resource": "*"}]})
STRANGER = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1376771854400000:root"]}}
        ],
    }
)


def reading_only(trial, **section):
    """Let a RAM user with the printed policy and no other right run the audit; with this section in the environment."""
    facts = describe(trial.environment)
    name = f"{trial.environment.name}-reader"
    facts["audit"] = {"credentials": name, "next_scale_out": 3} | section
    trial.environment = Environment.model_validate(facts)
    if "runner" not in ram(trial).users:
        hire(trial.account, documents(grants(["audit"], trial.environment)))
    trial.save()
    AlibabaCloudCredentials(
        access_key_id=RUNNER.access_key_id,
        access_key_secret=RUNNER.access_key_secret,
        endpoints={"*": trial.account.url},
        clock_speed=SPEED,
    ).save(name, overwrite=True)


def ram(trial):
    return trial.account.cloud.world.part(emulated_ram.State)


def table(trial):
    return json.loads(artifact(f"audit-{trial.environment.name}").data)


def row(trial, what, field=""):
    (found,) = [each for each in table(trial) if (each["What"], each["Field"]) == (what, field)]
    return found


def counting(trial):
    """Give resource, field and severity of what counts."""
    rows = [each for each in table(trial) if each["Status"].startswith("drifted")]
    return {(each["What"], each["Field"]): each["Severity"] for each in rows}


def mallory(trial):
    """Somebody who may do everything, and does it with a key of their own. Gives how they call, and their bucket."""
    key = {"id": MALLORY.access_key_id, "secret": MALLORY.secret}
    user = {"name": "mallory", "keys": [key], "policies": [f"System/{ADMINISTRATOR}"]}
    trial.account.sow({"ram": {"users": [user]}})
    cloud = client.Running(trial.account.url, trial.account.cloud)
    auth = oss2.Auth(MALLORY.access_key_id, MALLORY.secret)
    bucket = oss2.Bucket(auth, trial.account.url, trial.environment.storage.bucket)
    return lambda product, action, **parameters: cloud.ok(product, action, MALLORY, **parameters), bucket


@pytest.mark.requirement("R1", "R2", "R3", "R4", "R16", "R19", "R20")
def test_what_prepare_has_made_has_not_drifted_and_a_key_that_only_reads_is_enough(going_on):
    trial = going_on
    reading_only(trial)
    before = trial.account.world()

    state = trial.run(audit)

    assert (state.name, state.is_completed()) == ("Completed", True), state.message
    assert "nothing has drifted" in state.message
    assert counting(trial) == {}
    assert trial.writes() == []
    assert trial.appends() == 0
    assert {call["caller"].rpartition("/")[2] for call in trial.calls()} == {"runner"}
    assert trial.account.world() == before
    assert trial.reads() < 60
    assert "LookupEvents" not in {call["action"] for call in trial.calls()}  # nobody to look for


@pytest.mark.requirement("R24")
def test_a_workspace_that_prepare_has_made_has_not_drifted_either(make_trial):
    trial = make_trial("nothing", "managed")
    trial.run(prepare)
    reading_only(trial)

    state = trial.run(audit)

    assert state.is_completed(), state.message
    assert "nothing has drifted" in state.message
    assert trial.writes() == []


def change_by_hand(trial):
    """Change everything that an environment speaks of, with calls that leave their trace."""
    call, bucket = mallory(trial)
    call("Ram", "UpdateUser", UserName="alice", NewDisplayName="Alicia")
    call("Ram", "UpdateGroup", GroupName="flink-developers", NewComments="Mine")
    call("Ram", "UpdateLoginProfile", UserName="alice", MFABindRequired="false")
    call("Ram", "RemoveUserFromGroup", UserName="alice", GroupName="flink-developers")
    call("Ram", "AddUserToGroup", UserName="mallory", GroupName="flink-operators")
    call("Ram", "DetachPolicyFromGroup", GroupName="flink-operators", PolicyName=OPERATORS, PolicyType="Custom")
    call("Ram", "CreatePolicyVersion", PolicyName=DEVELOPERS, PolicyDocument=EVERYTHING, SetAsDefault="true")
    call("Ram", "AttachPolicyToUser", UserName="bob", PolicyName=ADMINISTRATOR, PolicyType="System")
    call("Ram", "UpdateRole", RoleName=ROLE, NewAssumeRolePolicyDocument=STRANGER)
    call("Ram", "SetPasswordPolicy", MinimumPasswordLength="8")
    bucket.put_bucket_acl("public-read")


@pytest.mark.requirement("R1", "R2", "R3", "R4", "R7", "R20")
def test_what_was_changed_by_hand_is_named_with_field_severity_and_who_did_it(going_on):
    trial = going_on
    reading_only(trial)
    change_by_hand(trial)
    before = trial.account.world()

    state = trial.run(audit)

    assert (state.name, state.is_failed()) == ("Drifted", True)
    assert trial.writes() == []
    assert trial.account.world() == before
    found = counting(trial)
    expected = {
        ("RAM user alice", "display name"): ("low", "UpdateUser"),
        ("RAM group flink-developers", "comments"): ("low", "UpdateGroup"),
        ("Console logon of alice", "second factor"): ("high", "UpdateLoginProfile"),
        ("Members of flink-developers", ""): ("medium", "RemoveUserFromGroup"),
        ("RAM group flink-operators", "member mallory"): ("medium", "AddUserToGroup"),
        ("Policies of group flink-operators", ""): ("medium", "DetachPolicyFromGroup"),
        ("RAM user bob", f"policy {ADMINISTRATOR}"): ("medium", "AttachPolicyToUser"),
        ("RAM user bob", "administrator"): ("high", "AttachPolicyToUser"),
        ("Password policy of RAM users", "minimum length"): ("high", "SetPasswordPolicy"),
        ("OSS bucket flink-exclusive-packages", "ACL"): ("high", "PutBucketAcl"),
    }
    for place, (severity, action) in expected.items():
        assert found.get(place) == severity, (place, found)
        (told,) = [
            each for each in table(trial) if (each["What"], each["Field"]) == place and each["Status"] == "drifted"
        ]
        assert told["Who"].startswith(f"user mallory: {action}, 20"), told
        assert "request " in told["Who"]
    policies = {field: severity for (what, field), severity in found.items() if what == f"Policy {DEVELOPERS}"}
    assert "high" in policies.values()  # it allows more than is wanted
    assert found[f"Role {ROLE}", next(field for what, field in found if what == f"Role {ROLE}")] == "high"
    assert "[high] OSS bucket flink-exclusive-packages: ACL is public-read: everybody may read" in state.message
    assert "by user mallory: PutBucketAcl" in state.message
    assert row(trial, "OSS bucket flink-exclusive-packages", "ACL")["CIS"] == "5.1"
    assert row(trial, "RAM user bob", "administrator")["CIS"] == "1.15"


@pytest.mark.requirement("R13", "R16", "R19", "R23")
def test_keys_network_order_and_compute_units_are_looked_at_beyond_drift(going_on):
    trial = going_on
    call, _ = mallory(trial)
    world = trial.account.cloud.world
    (cluster,) = world.part(emulated_foas.State).clusters.values()
    key = {"id": "LTAI5tOfBobIsOld", "secret": "secret-of-bob"}
    ram(trial).keys[key["id"]] = emulated_ram.AccessKey(key["id"], key["secret"], "bob", world.now() - 200 * 86_400)
    ram(trial).users["bob"].keys.append(key["id"])
    group = {"RegionId": "cn-hangzhou", "SecurityGroupId": cluster.security_group_id}
    rule = {"Permissions.1.IpProtocol": "TCP", "Permissions.1.PortRange": "22/22"}
    call("2014-05-26", "AuthorizeSecurityGroup", **group, **rule, **{"Permissions.1.SourceCidrIp": "0.0.0.0/0"})
    for interface in list(world.part(emulated_ecs.State).interfaces.values()):
        emulated_ecs.remove_interface(world, interface.id)
    for queue in world.part(emulated_foas.State).queues[cluster.cluster_id].values():
        queue.vcores, queue.megabytes = 900_00, 900 * 4096
    reading_only(trial, order_expiry_days=1095, next_scale_out=900)

    state = trial.run(audit)

    found = counting(trial)
    for place, severity in {
        ("RAM user bob", "AccessKey ...sOld"): "medium",
        (f"Security group {cluster.security_group_id}", "TCP ports 22/22 from 0.0.0.0/0"): "high",
        ("Order blinkonecs_cn-order-0001", "end"): "medium",
        (f"Cluster {cluster.name}", ""): "high",
    }.items():
        assert found.get(place) == severity, (place, found)
    assert any(what == f"Network of cluster {cluster.name}" for what, _ in found)
    assert any(what.startswith("vSwitch vsw-") for what, _ in found)
    opened = row(trial, f"Security group {cluster.security_group_id}", "TCP ports 22/22 from 0.0.0.0/0")
    assert opened["Who"].startswith("user mallory: AuthorizeSecurityGroup")
    assert state.name == "Drifted"


@pytest.mark.requirement("R13")
def test_an_order_that_billing_does_not_list_is_told_for_nobody_would_be_warned_of_its_end(going_on):
    trial = going_on
    reading_only(trial)
    for order in trial.account.cloud.world.part(emulated_billing.State).instances.values():
        order.product_code = "renamed"

    state = trial.run(audit)

    (place,) = [each for each in counting(trial) if each[0].startswith("Order ")]
    assert place == ("Order of cluster flink_exclusive", "end")
    assert "billing lists none under product code blinkonecs" in row(trial, *place)["How it is"]
    assert state.name == "Drifted"


@pytest.mark.requirement("R24")
def test_a_workspace_with_more_given_away_than_it_has_and_an_open_vpc_is_found(make_trial):
    trial = make_trial("nothing", "managed")
    trial.run(prepare)
    reading_only(trial)
    call, _ = mallory(trial)
    world = trial.account.cloud.world
    (workspace,) = world.part(emulated_foasconsole.State).workspaces.values()
    workspace.cpu = 8
    (vpc_id,) = world.part(emulated_vpc.State).vpcs
    made = call("2014-05-26", "CreateSecurityGroup", RegionId="cn-hangzhou", VpcId=vpc_id)["SecurityGroupId"]
    rule = {"Permissions.1.IpProtocol": "TCP", "Permissions.1.PortRange": "443/443"}
    world_wide = {"Permissions.1.SourceCidrIp": "0.0.0.0/0"}
    call("2014-05-26", "AuthorizeSecurityGroup", RegionId="cn-hangzhou", SecurityGroupId=made, **rule, **world_wide)

    state = trial.run(audit)

    assert state.name == "Drifted"
    found = counting(trial)
    assert found["Workspace flink-managed", ""] == "high"
    assert found[f"Security group {made}", "TCP ports 443/443 from 0.0.0.0/0"] == "medium"
    assert trial.writes() == []


@pytest.mark.parametrize(("days", "status"), [(30, "accepted until"), (-30, "drifted, was accepted until")])
def test_what_is_accepted_does_not_count_until_its_date_has_passed(going_on, days, status):
    trial = going_on
    call, _ = mallory(trial)
    call("Ram", "UpdateGroup", GroupName="flink-developers", NewComments="Mine")
    today = datetime.fromtimestamp(trial.account.cloud.world.now(), UTC).date()
    accepted = {"finding": "drift", "resource": "RAM group flink-developers", "reason": "Renamed soon"}
    reading_only(trial, accepted=[accepted | {"until": str(today + timedelta(days=days))}])

    state = trial.run(audit)

    told = row(trial, "RAM group flink-developers", "comments")
    assert told["Status"].startswith(status)
    assert "Renamed soon" in told["Status"]
    assert state.name == ("Completed" if days > 0 else "Drifted")
    assert ("nothing has drifted; 1 accepted" in state.message) == (days > 0)
    assert bool(told["Who"]) == (days < 0)


def test_drift_is_told_as_an_event_and_the_run_bears_a_tag_until_it_is_gone(going_on, monkeypatch):
    trial = going_on
    reading_only(trial)
    call, _ = mallory(trial)
    call("Ram", "UpdateGroup", GroupName="flink-developers", NewComments="Mine")
    told = []
    monkeypatch.setattr(audit_tasks, "tell", lambda *news: told.append(news))

    drifted = trial.run(audit)
    call("Ram", "UpdateGroup", GroupName="flink-developers", NewComments="Develop jobs of orders")
    clean = trial.run(audit)

    ((about, news, summary, resources),) = told
    assert (about.name, news) == (trial.environment.name, "drift")
    assert summary.startswith("1 finding (1 low)")
    assert [(each["name"], each["field"]) for each in resources] == [("RAM group flink-developers", "comments")]
    assert all(isinstance(value, str) for each in resources for value in each.values())
    with get_client(sync_client=True) as prefect:
        tags = [prefect.read_flow_run(state.state_details.flow_run_id).tags for state in (drifted, clean)]
    assert tags == [["drifted"], []]


def test_who_did_it_is_not_known_before_the_trail_tells(going_on):
    trial = going_on
    reading_only(trial)
    trial.account.sow({"actiontrail": {"lag_seconds": 86_400}})
    trial.account.control("POST", "clock", {"speed": 1.0})
    call, _ = mallory(trial)
    call("Ram", "UpdateGroup", GroupName="flink-developers", NewComments="Mine")

    trial.run(audit)

    assert row(trial, "RAM group flink-developers", "comments")["Who"] == "nobody, in the time looked at"


def test_an_audit_that_may_not_read_something_fails_and_tells_what_it_found_all_the_same(going_on):
    trial = going_on
    call, _ = mallory(trial)
    call("Ram", "UpdateGroup", GroupName="flink-developers", NewComments="Mine")
    reading_only(trial)
    for policy in ram(trial).policies.values():
        if policy.name.startswith("runner-"):
            version = policy.versions[policy.default_version]
            version.document = version.document.replace('"ram:ListAccessKeys"', '"ram:ListSomethingElse"')

    state = trial.run(audit)

    assert (state.name, state.is_failed()) == ("Failed", True)
    assert "on ListAccessKeys (request" in state.message
    assert "RAM group flink-developers: comments is Mine" in state.message
    assert any(each["Status"] == "could not be read" for each in table(trial))


@pytest.mark.parametrize("mode", ["exclusive", "managed"])
def test_of_all_that_the_cloud_can_write_the_printed_policy_allows_nothing(mode):
    """By the emulator's own evaluation, which shares no code with what prints the policy."""
    granted = grants(["audit"], environment(mode))
    statements = [each for text in documents(granted) for each in policy_grammar.parse(text)]
    resources = {"*", *(where for each in granted.values() for where in each)}

    allowed = [
        (right, resource)
        for right in WRITING
        for resource in resources
        if policy_grammar.decide(statements, right, resource, {}) == "Allow"
    ]

    assert allowed == []
    assert len(WRITING) > 100


def writing():
    """Give the right that each write of each product needs."""
    for product in products.PRODUCTS:
        for action in (each.name for each in coverage.actions(product)):
            if not is_read(action):
                name = oss_access.PERMISSIONS.get(action, action) if product.name == "Oss" else ""
                yield f"oss:{name}" if name else product.permission(action)


WRITING = sorted(set(writing()))
