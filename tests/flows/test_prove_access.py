"""The proof of access: what is really allowed in the account, decided offline and, when asked, probed live."""

import json
import re

import pytest

from alicloud.session import Identity
from emulator import ram as emulated_ram
from flows.prepare import prepare
from flows.prove_access import prove_access
from tests.flows.conftest import FOLDER, artifact
from tests.flows.rights import CUSTOM, NETWORK, ROLE, document_of

RUNNER = Identity("LTAI5tEmulatorRunner", "emulator-runner-secret")
READING = [f"Aliyun{name}ReadOnlyAccess" for name in ("RAM", "VPC", "ECS", "OSS", "BSS", "Stream")]  # README, Rights
DEVELOPERS = "RealtimeCompute-flink-exclusive-group-flink-developers"


def proof_of(trial):
    return artifact(f"access-{trial.environment.name}").data


def rows(markdown, title):
    """Give the cells of each row of a section's table, without the escapes."""
    section = markdown.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().replace("\\", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def verdict(trial, who, what):
    (row,) = [row for row in rows(proof_of(trial), "Who may do what") if row[1:3] == [who, what]]
    return row[4]


def ram(trial):
    return trial.account.cloud.world.part(emulated_ram.State)


def rewrite(trial, policy, statement):
    """Change the document of a policy, as somebody may in the console."""
    found = ram(trial).policies[policy]
    found.versions[found.default_version].document = document_of(statement)


def run(trial, **parameters):
    trial._since = trial.account.cloud.calls.last
    return prove_access(trial.environment.name, return_state=True, **parameters)


@pytest.mark.requirement("R3", "R4", "R8", "R9", "R10", "R11")
def test_what_prepare_has_made_is_proven_and_nothing_is_written(going_on):
    trial = going_on
    before = trial.account.world()

    state = run(trial)

    assert state.is_completed(), state.message
    assert "85 rights are as wanted; 1 escalation path open" in state.message
    assert trial.writes() == []
    assert trial.appends() == 0
    assert trial.reads() <= 30
    assert trial.account.world() == before
    assert verdict(trial, "user alice", "use project orders") == "allowed"
    assert verdict(trial, "user alice", "use project clicks") == "not granted"
    assert verdict(trial, f"role {ROLE}", f"create security groups, by {CUSTOM} alone") == "not granted"
    assert "AliyunStreamRolePolicy, which an account cannot change" in verdict(
        trial, f"role {ROLE}", "create security groups"
    )
    assert rows(proof_of(trial), "Who may use which project") == [
        ["orders", "group flink-developers, group flink-operators, user alice, user bob"],
        ["clicks", "group flink-operators, user bob"],
    ]


@pytest.mark.requirement("R24")
def test_the_managed_mode_is_proven_too(make_trial):
    trial = make_trial("nothing", "managed")
    trial.run(prepare)
    before = trial.account.world()

    state = run(trial)

    assert state.is_completed(), state.message
    assert trial.writes() == []
    assert trial.account.world() == before
    assert verdict(trial, "user carol", "use project payments") == "allowed"
    assert verdict(trial, "user carol", "use project fraud") == "not granted"


def change_by_hand(trial):
    """Do what somebody may do in the console: an administrator, a wider policy, a stranger in a group."""
    people = ram(trial)
    people.users["bob"].policies["System/AdministratorAccess"] = emulated_ram.Link(0.0, 0.0)
    rewrite(trial, DEVELOPERS, {"Effect": "Allow", "Action": ["stream:*", "ram:PassRole"], "Resource": "*"})
    trial.account.sow({"ram": {"users": [{"name": "mallory", "groups": ["flink-developers"]}]}})
    statement = {"Effect": "Allow", "Action": [*NETWORK, "ecs:CreateSecurityGroup"], "Resource": "*"}
    rewrite(trial, CUSTOM, statement)


def trust_too(trial, account):
    """Let people of another account act as the service's role."""
    role = ram(trial).roles[ROLE]
    document = json.loads(role.trust_policy)
    stranger = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [f"acs:ram::{account}:root"]}}
    role.trust_policy = json.dumps(document | {"Statement": [*document["Statement"], stranger]})


@pytest.mark.requirement("R7", "R11")
def test_a_foreign_account_that_the_service_s_role_trusts_fails_the_proof(going_on):
    trial = going_on
    trust_too(trial, "9999999999999999")

    state = run(trial)

    assert state.is_failed()
    line = f"role {ROLE}: its trust policy differs: - Allow sts:AssumeRole to RAM acs:ram::9999999999999999:root (R7)"
    assert line in state.message
    assert "not as wanted: 1 of 86" in state.message


@pytest.mark.requirement("R3", "R4", "R10", "R16")
def test_what_was_widened_by_hand_fails_the_proof_and_is_named_with_its_policy(going_on):
    trial = going_on
    change_by_hand(trial)
    before = trial.account.world()

    state = run(trial)

    assert state.is_failed()
    for line in (
        "group flink-developers: use project clicks: allowed, but must not be possible (R3)",
        "user alice: create clusters: allowed, but must not be possible (R3)",
        "user bob: make AccessKeys of others: allowed, but must not be possible (R1)",
        "user bob: delete the service's security group: allowed, but must not be possible (R16)",
        f"role {ROLE}: create security groups, by {CUSTOM} alone: allowed, but must not be possible (R10)",
    ):
        assert line in state.message, line
    told = proof_of(trial)
    assert ["administrator", "user bob", "AdministratorAccess (System)"] in [
        row[:3] for row in rows(told, "Escalation paths")
    ]
    others = rows(told, "Other than the environment")
    assert ["group flink-developers", "has member mallory, whom the environment does not ask for"] in others
    assert ["user bob", "holds policy AdministratorAccess (System), which the environment does not ask for"] in others
    assert trial.writes() == []
    assert trial.account.world() == before

    page = (FOLDER.parent / "docs" / "prove-access.md").read_text("utf-8")
    shown = page.partition("````markdown\n")[2].partition("````")[0]
    assert told.partition("## Who may do what")[0].strip() == shown.partition("## Who may do what")[0].strip()
    excerpt = [line for line in shown.partition("## Who may do what")[2].splitlines() if line.startswith("|")]
    assert len(excerpt) > 8 and [line for line in excerpt if line not in told.splitlines()] == []


@pytest.mark.requirement("R3", "R4")
def test_what_does_not_exist_is_not_proven(make_trial):
    trial = make_trial("exclusive-order")

    state = run(trial)

    assert state.is_failed()
    for who in ("group flink-developers", "user alice", f"role {ROLE}"):
        assert f"{who} does not exist" in state.message
    assert "does not exist" in proof_of(trial)
    assert trial.writes() == []


def test_a_right_under_a_condition_is_shown_as_conditional_and_never_as_allowed(going_on):
    trial = going_on
    office = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
    statement = {"Effect": "Allow", "Action": "stream:*", "Resource": "acs:stream:*:*:orders", "Condition": office}
    rewrite(trial, DEVELOPERS, statement)

    state = run(trial)

    assert state.is_failed()
    assert "group flink-developers: use project orders: conditional, but must be allowed (R3)" in state.message
    told = verdict(trial, "group flink-developers", "use project orders")
    assert told == "conditional if IpAddress acs:SourceIp=10.0.0.0/8"
    assert "group flink-developers (conditional)" in rows(proof_of(trial), "Who may use which project")[0][1]


def test_a_deny_wins_and_is_shown_with_its_policy(going_on):
    trial = going_on
    denying = {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "stream:Get*", "Resource": "*"}]}
    trial.account.sow({"ram": {"policies": [{"name": "closed", "documents": [denying]}]}})
    ram(trial).users["alice"].policies["Custom/closed"] = emulated_ram.Link(0.0, 0.0)

    state = run(trial)

    assert state.is_failed()
    (row,) = [r for r in rows(proof_of(trial), "Who may do what") if r[1:3] == ["user alice", "use project orders"]]
    assert row[0] == "`!`"
    assert row[4:6] == ["denied", "closed (Custom)"]


def test_a_path_that_the_environment_accepts_is_shown_with_its_reason(prepared, make_trial):
    waivers = [{"finding": "passrole-on-everything", "reason": "The vendor <asks> for it"}]
    trial = make_trial(prepared.world, name="", safety={"waivers": waivers})

    run(trial)

    assert {row[4] for row in rows(proof_of(trial), "Escalation paths")} == {"Accepted: The vendor &lt;asks&gt; for it"}


def test_hostile_texts_of_policies_are_inert_in_the_proof(going_on):
    trial = going_on
    hostile = "<script>alert(1)</script> [x](javascript:x) | **b**\n## Forged"
    condition = {"StringLike": {hostile: hostile}}
    rewrite(trial, DEVELOPERS, {"Effect": "Allow", "Action": "stream:*", "Resource": "*", "Condition": condition})
    ram(trial).users["alice"].groups[hostile] = emulated_ram.Link(0.0, 0.0)
    ram(trial).groups[hostile] = emulated_ram.Group(hostile, "1", 0.0, 0.0, members={"alice": 0.0})

    state = run(trial)

    told = proof_of(trial)
    assert "&lt;script&gt;" in told
    assert "<script" not in told
    assert "\n## Forged" not in told
    assert "\\[x\\](javascript:x) \\| \\*\\*b\\*\\* \\#\\# Forged" in told
    assert "\n## Forged" not in state.message


def reader(trial, policies=(*READING, "AliyunSTSAssumeRoleAccess")):
    """Put into the account the RAM user that the flows are, and a role that people may assume."""
    user = {"name": "runner", "keys": [{"id": RUNNER.access_key_id, "secret": RUNNER.access_key_secret}]}
    orders = {"Effect": "Allow", "Action": "stream:*", "Resource": "acs:stream:*:*:orders"}
    network = {"Effect": "Allow", "Action": ["vpc:Describe*", "vpc:CreateVpc"], "Resource": "*"}
    document = {"Version": "1", "Statement": [orders, network]}
    trial.account.sow(
        {
            "ram": {
                "policies": [{"name": "orders-only", "documents": [document]}],
                "users": [{**user, "policies": list(policies)}],
                "roles": [{"name": "flink-probe", "policies": ["orders-only"]}],
            }
        }
    )
    # The key of a role lives for 900 seconds of the cloud's, and new rights take some to come into effect.
    trial.account.control("POST", "clock", {"speed": 1, "advance": 60})


@pytest.fixture
def as_runner(prepared, make_trial):
    """A prepared account, and flows that are a RAM user with the rights of `check`, who may assume roles."""
    trial = make_trial(prepared.world, name="", identity=RUNNER)
    reader(trial)
    return trial


@pytest.mark.requirement("R3", "R8")
def test_live_probes_agree_with_the_policies_in_positive_and_negative_cases_and_write_nothing(as_runner):
    trial = as_runner
    before = trial.account.world()

    state = run(trial, live=True, role="flink-probe")

    assert state.is_completed(), state.message
    assert "10 probed live as flink-probe" in state.message
    told = {row[1]: (row[0], *row[3:5]) for row in rows(proof_of(trial), "Probed live")}
    agreed = {"allowed": ("`=`", "allowed", "allowed"), "refused": ("`=`", "not granted", "refused")}
    assert told == {
        "list VPCs": agreed["allowed"],
        "list vSwitches": agreed["allowed"],
        "list security groups": agreed["refused"],
        "list network interfaces": agreed["refused"],
        "look at the bucket": agreed["refused"],
        "read the service's role": agreed["refused"],
        "create a VPC (dry run)": agreed["allowed"],
        "list clusters": agreed["refused"],
        "see project orders": agreed["allowed"],
        "see project clicks": agreed["refused"],
    }
    written = [call for call in trial.calls() if call["write"]]
    assert [(call["action"], call["parameters"]["DryRun"], call["code"]) for call in written] == [
        ("CreateVpc", "true", "DryRunOperation")
    ]
    assert trial.account.world() == before


def test_a_dry_run_without_the_right_is_refused_and_agrees(as_runner):
    trial = as_runner
    rewrite(trial, "orders-only", {"Effect": "Allow", "Action": "stream:*", "Resource": "*"})

    state = run(trial, live=True, role=f"acs:ram::{trial.account.cloud.world.account_id}:role/flink-probe")

    assert state.is_completed(), state.message
    told = {row[1]: row[3:5] for row in rows(proof_of(trial), "Probed live")}
    assert told["create a VPC (dry run)"] == ["not granted", "refused"]
    assert told["list clusters"] == ["allowed", "allowed"]


def test_the_managed_mode_is_probed_live_too(make_trial):
    trial = make_trial("nothing", "managed")
    trial.run(prepare)
    reader(trial)
    trial.identity = RUNNER
    trial.save()

    state = run(trial, live=True, role="flink-probe")

    assert state.is_completed(), state.message
    told = {row[1]: row[3:5] for row in rows(proof_of(trial), "Probed live")}
    assert told["list workspaces"] == ["not granted", "refused"]
    assert told["list VPCs"] == ["allowed", "allowed"]


def test_a_disagreement_between_the_cloud_and_the_policies_is_shown_as_such(as_runner):
    trial = as_runner
    trial.account.fault("refuse", "DescribeVpcs", code="Forbidden.RAM")  # as a control policy over the account may do

    state = run(trial, live=True, role="flink-probe")

    assert state.is_failed()
    assert "the cloud refused what the policies say is allowed: list VPCs" in state.message
    (row,) = [row for row in rows(proof_of(trial), "Probed live") if row[1] == "list VPCs"]
    assert row[0] == "`!`"


def test_an_answer_that_says_nothing_about_rights_is_no_verdict(as_runner):
    trial = as_runner
    trial.account.fault("refuse", "DescribeVSwitches", status=400, code="Forbidden.Weather", times=None)

    state = run(trial, live=True, role="flink-probe")

    assert state.is_completed(), state.message
    (row,) = [row for row in rows(proof_of(trial), "Probed live") if row[1] == "list vSwitches"]
    assert (row[0], row[4]) == ("", "said neither")
    assert "Forbidden.Weather" in row[5]


@pytest.mark.parametrize(
    ("role", "told"),
    [
        (ROLE, "NoPermission on AssumeRole"),  # a service's role trusts no user
        ("nobody", "RAM role nobody does not exist"),
        ("acs:ram::1999999999999999:role/flink-probe", "no role of this account"),
    ],
)
def test_a_role_that_cannot_be_assumed_fails_the_run_and_the_policies_are_shown_all_the_same(as_runner, role, told):
    state = run(as_runner, live=True, role=role)

    assert state.is_failed()
    assert told in state.message
    assert "Live probes as" in rows(proof_of(as_runner), "Could not be read")[0][0]
    assert verdict(as_runner, "user alice", "use project orders") == "allowed"


def test_live_probes_without_a_role_are_refused_before_the_cloud_is_asked(going_on):
    state = run(going_on, live=True)

    assert state.is_failed()
    assert "Live probes need a role to assume" in state.message
    assert going_on.calls() == []


def test_the_rights_of_check_suffice(prepared, make_trial):
    trial = make_trial(prepared.world, name="", identity=RUNNER)
    reader(trial, READING)

    state = run(trial)

    assert state.is_completed(), state.message


def test_what_could_not_be_read_is_named_and_nothing_is_taken_for_proven(prepared, make_trial):
    trial = make_trial(prepared.world, name="", identity=RUNNER)
    reader(trial, [name for name in READING if "RAM" not in name])

    state = run(trial)

    assert state.is_failed()
    assert "AliyunRAMReadOnlyAccess" in state.message
    assert "not proven" in proof_of(trial)
    assert "does not exist" not in proof_of(trial)


def test_no_key_of_the_assumed_role_is_left_anywhere(as_runner, caplog, capfd):
    trial = as_runner

    state = run(trial, live=True, role="flink-probe")

    (session,) = ram(trial).sessions.values()
    secrets = [session.access_key_id, session.secret, session.token, RUNNER.access_key_secret]
    shown = "".join([proof_of(trial), str(state), caplog.text, *capfd.readouterr()])
    assert [secret for secret in secrets if secret in shown] == []
    assert json.dumps(state.model_dump(mode="json"), default=str).count(session.access_key_id) == 0
