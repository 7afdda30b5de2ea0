"""How the steps hang together: what fails alone, what waits for what, what is looked at again before use."""

import re

import pytest
from prefect.blocks.system import Secret

from blocks import desired
from emulator import foas as emulated_foas
from emulator import oss_state as emulated_oss
from emulator import passwords
from emulator import ram as emulated_ram
from flows.create_cluster import create_cluster
from flows.prepare import prepare
from tests.flows.conftest import artifact
from tests.flows.rights import ROLE, only


def test_a_step_that_fails_stops_only_what_needs_it_and_the_next_run_does_only_what_is_missing(make_trial):
    trial = make_trial("exclusive-order")
    trial.account.fault("refuse", "CreateVSwitch", code="QuotaExceeded.VSwitch", status=400, message="You have 24.")
    trial.account.fault("refuse", "CreateLoginProfile", code="InvalidParameter.Password", status=400)

    first = trial.run(prepare)

    assert first.is_failed()
    refused = {call["action"]: call["request_id"] for call in trial.calls() if call["code"] == "QuotaExceeded.VSwitch"}
    told = f"vSwitch flink-vswitch: QuotaExceeded.VSwitch on CreateVSwitch (request {refused['CreateVSwitch']})"
    assert told in first.message
    assert "ask for a higher quota" in first.message
    assert "Console logon of alice: InvalidParameter.Password" in first.message
    assert re.search(r"\b2 of \d+ steps failed", first.message)
    assert "CreateCluster" not in trial.writes()
    ram, network = trial.part("ram"), trial.part("vpc")
    assert set(ram["users"]) == set(ram["groups"]["flink-developers"]["members"]) == {"alice", "bob"}
    assert len(ram["roles"][ROLE]["policies"]) == 3
    assert only(network["vpcs"]) and not network["vswitches"]
    report = artifact(f"report-{trial.environment.name}").data
    assert "not ready" in report
    assert "QuotaExceeded.VSwitch" in report
    password = Secret.load(desired.logon_secret(trial.environment, trial.environment.people.users[0])).get()

    second = trial.run(prepare)

    assert second.is_completed(), second.message
    assert sorted(trial.writes()) == [
        "BindQueue",
        "BindQueue",
        "CreateCluster",
        "CreateLoginProfile",
        "CreatePackage",
        "CreatePolicyVersion",
        "CreateProject",
        "CreateProject",
        "CreateQueue",
        "CreateQueue",
        "CreateVSwitch",
    ]
    login = trial.account.cloud.world.part(emulated_ram.State).users["alice"].login
    assert passwords.matches(password, login.password_hash)


def test_a_bucket_that_cannot_be_made_stops_the_run_since_it_keeps_the_journal(make_trial):
    trial = make_trial("exclusive-order")
    trial.account.fault("refuse", "PutBucket", code="TooManyBuckets", status=400, message="You have 100 buckets.")

    state = trial.run(prepare)

    assert state.is_failed()
    assert "OSS bucket flink-exclusive-packages: TooManyBuckets on PutBucket (request " in state.message
    assert "ask for a higher quota" in state.message
    assert trial.writes() == ["PutBucket"]
    assert "TooManyBuckets" in artifact(f"report-{trial.environment.name}").data


@pytest.mark.requirement("R22")
def test_a_cluster_that_stays_starting_ends_in_a_ticket_and_people_are_ready_all_the_same(make_trial):
    trial = make_trial("exclusive-order")
    trial.account.cloud.world.part(emulated_foas.State).stuck.append("flink_exclusive")

    state = trial.run(prepare)

    assert state.is_failed()
    name, cluster = trial.environment.name, only(trial.part("foas")["clusters"])
    assert cluster["phase"] == "STARTING"
    assert re.search(r"Cluster flink_exclusive is still STARTING after ([6-9]\d|\d{3,}) minutes", state.message)
    assert f"Submit a ticket with the text of artifact ticket-cluster-{name}" in state.message
    created = next(call for call in trial.calls() if call["action"] == "CreateCluster")
    ticket = artifact(f"ticket-cluster-{name}").data
    facts = [
        cluster["cluster_id"],
        cluster["order_id"],
        cluster["vpc_id"],
        cluster["vswitch_ids"][0],
        cluster["security_group_id"],
        "cn-hangzhou-h",
        "flink-exclusive-packages",
        created["request_id"],
    ]
    assert [fact for fact in facts if fact not in ticket] == []
    secrets = [trial.identity.access_key_secret, trial.identity.access_key_id, trial.account.cloud.world.account_id]
    assert [secret for secret in secrets if secret in ticket] == []
    progress = artifact(f"cluster-{name}")
    assert float(progress.data) < 100
    assert "STARTING" in progress.description
    ram = trial.part("ram")
    assert ram["users"]["alice"]["login"]
    assert len(ram["groups"]["flink-developers"]["policies"]) == 1


@pytest.mark.requirement("R7", "R11")
def test_a_role_that_vanishes_after_it_was_made_is_found_out_before_the_cluster_is_created(make_trial):
    trial = make_trial("exclusive-order")

    def take_the_role_away(world, action, parameters):
        roles = world.part(emulated_ram.State).roles
        if action == "GetRole" and ROLE in roles and len(roles[ROLE].policies) == 3:
            del roles[ROLE]

    trial.meanwhile(take_the_role_away)

    state = trial.run(prepare)

    assert state.is_failed()
    assert f"Authorization of {ROLE}, checked again: RAM role {ROLE} is not assigned" in state.message
    assert "click Authorize" in state.message
    assert "CreateCluster" not in trial.writes()
    assert trial.part("ram")["users"].keys() == {"alice", "bob"}


def vanish(buckets, name):
    del buckets[name]


def become_public(buckets, name):
    buckets[name].acl = "public-read"


@pytest.mark.requirement("R20", "R21")
@pytest.mark.parametrize(
    ("change", "cause"),
    [(vanish, "The bucket was changed meanwhile: create private OSS bucket"), (become_public, "is public-read")],
)
def test_a_bucket_that_changes_after_it_was_made_stops_the_creation_of_the_cluster(make_trial, change, cause):
    trial = make_trial("exclusive-order")
    name = trial.environment.storage.bucket

    def change_the_bucket(world, action, parameters):
        buckets = world.part(emulated_oss.State).buckets
        # Right before the creation; earlier reads of it come before the package is uploaded.
        if action == "GetBucketInfo" and name in buckets and "udf/orders-udf.jar" in buckets[name].objects:
            change(buckets, name)

    trial.meanwhile(change_the_bucket)

    state = trial.run(create_cluster)

    assert state.is_failed()
    assert cause in state.message
    assert "CreateCluster" not in trial.writes()
