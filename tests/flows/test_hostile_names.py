"""An environment is named by whoever starts a run: what cannot be a name is refused at once, and reaches nobody."""

from __future__ import annotations

from prefect import flow
from prefect.client.orchestration import get_client

from alicloud.errors import Misconfigured
from alicloud.ram import UserSpec
from flows.check import check
from flows.prepare import prepare
from tasks.ram_user import ensure_user

NOT_NAMES = [
    "..",
    "%2e%2e%2f",
    "",
    "{0.__class__}",
    "x" * 10_000,
    "a\0b",
    "a\x1b[31mred\nforged line",
]


def name_of(state):
    with get_client(sync_client=True) as client:
        return client.read_flow_run(state.state_details.flow_run_id).name


def test_what_cannot_be_the_name_of_an_environment_is_refused_at_once(make_trial):
    trial = make_trial("exclusive-order")
    before = trial.account.cloud.calls.last

    for name in NOT_NAMES:
        state = (check if len(name) % 2 else prepare)(name, return_state=True)

        error = state.result(raise_on_failure=False)
        assert isinstance(error, Misconfigured), (name, error)
        assert "cannot be the name of a Flink Environment block. Give a block's name: lower-case" in state.message
        assert all(letter.isprintable() for letter in state.message)
        assert len(state.message) < 300
        assert name_of(state) in (f"check {name}", f"prepare {name}")  # formatted once
    assert trial.account.cloud.calls.last == before


def test_the_run_of_a_step_has_its_name_formatted_once(make_trial):
    trial = make_trial("exclusive-order")

    @flow
    def naming():
        with trial.session() as cloud:
            return [ensure_user(cloud, UserSpec(name), return_state=True) for name in ("{cloud}", "{0.__class__}")]

    states = naming()

    assert all(state.is_failed() for state in states)  # the cloud takes no such name
    with get_client(sync_client=True) as client:
        names = [client.read_task_run(state.state_details.task_run_id).name for state in states]
    assert names == ["RAM user {cloud}", "RAM user {0.__class__}"]
