"""A single step from the dashboard: it alone writes, and what it builds on must be there."""

from unittest.mock import patch

from flows.authorize import authorize
from flows.plan import plan
from flows.prepare import prepare
from tests.flows.conftest import artifact


def chosen(trial, *steps):
    return trial.run(prepare, steps=list(steps))


def test_a_chosen_step_writes_alone_and_a_second_time_nothing(make_trial):
    trial = make_trial("exclusive-order")

    first = chosen(trial, "ensure_vpc")

    assert first.is_completed(), first.message
    assert first.message.startswith(f"Of environment {trial.environment.name}: ensure_vpc.")
    assert sorted(set(trial.writes()) - {"PutBucket", "PutBucketVersioning", "PutBucketEncryption"}) == ["CreateVpc"]
    assert chosen(trial, "ensure_vpc").is_completed()
    assert trial.writes() == []


def test_what_a_chosen_step_builds_on_is_not_made_but_named(make_trial):
    trial = make_trial("exclusive-order")

    state = chosen(trial, "ensure_vswitch")

    assert state.is_failed()
    assert "This run may not create VPC flink-vpc" in state.message
    assert "Choose it too" in state.message
    assert trial.writes() == []
    assert trial.appends() == 0


def test_chosen_steps_one_after_the_other_make_what_prepare_makes(make_trial):
    trial = make_trial("exclusive-order")
    for steps in (
        ["ensure_user", "ensure_group", "ensure_members", "ensure_policy", "ensure_attachments"],
        ["ensure_service_role", "ensure_exclusive_policy", "ensure_service_policies"],
        ["ensure_vpc", "ensure_vswitch"],
        ["ensure_package"],
        ["ensure_cluster"],
        ["ensure_project"],
    ):
        state = chosen(trial, *steps)
        assert state.is_completed(), state.message

    trial.run(plan)

    left = artifact(f"plan-{trial.environment.name}").data
    trial.run(prepare)
    assert set(trial.writes()) <= {
        "CreateLoginProfile",
        "SetPasswordPolicy",
        "SetSecurityPreference",
        "CreatePackage",
    } | {"CreatePolicyVersion"}, left


def test_a_step_of_the_other_mode_is_refused_before_anything_is_written(make_trial):
    trial = make_trial("exclusive-order")

    state = chosen(trial, "ensure_workspace")

    assert state.is_failed()
    assert "(exclusive mode) has no step ensure_workspace" in state.message
    assert trial.writes() == []


def test_only_a_whole_prepare_says_that_the_environment_is_ready(make_trial):
    trial = make_trial("exclusive-order")

    with patch("tasks.events.emit_event") as emitted:
        trial.run(authorize)
        chosen(trial, "ensure_vpc")
        before = [call.kwargs["event"] for call in emitted.call_args_list]
        trial.run(prepare)

    assert before == []
    assert [call.kwargs["event"] for call in emitted.call_args_list] == ["realtime-compute.environment.ready"]
