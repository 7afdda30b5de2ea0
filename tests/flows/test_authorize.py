import pytest

from emulator import ram as emulated_ram
from flows.authorize import authorize
from tests.flows.rights import ROLE, allowed, default_document


@pytest.mark.requirement("R1", "R4", "R7")
def test_authorize_makes_people_and_role_and_touches_nothing_else(make_trial):
    trial = make_trial("exclusive-order")

    state = trial.run(authorize)

    assert state.is_completed(), state.message
    assert {call["product"] for call in trial.calls() if call["write"]} == {"Ram", "Oss"}
    assert [action for action in trial.writes() if "Bucket" in action] == [
        "PutBucket",
        "PutBucketVersioning",
        "PutBucketEncryption",
    ]  # which keeps the journal
    ram = trial.part("ram")
    assert set(ram["users"]) == {"alice", "bob"}
    assert set(ram["groups"]) == {"flink-developers", "flink-operators"}
    assert set(ram["roles"]) == {ROLE}


@pytest.mark.requirement("R3", "R4")
def test_a_user_may_have_a_policy_of_their_own(make_trial):
    people = {
        "users": [{"name": "erin.o_neil", "projects": ["orders", "clicks"]}],
        "groups": [],
        "initialize_ram": False,
    }
    trial = make_trial("exclusive-order", people=people)

    state = trial.run(authorize)

    assert state.is_completed(), state.message
    ram = trial.part("ram")
    (key,) = ram["users"]["erin.o_neil"]["policies"]
    assert allowed(default_document(ram["policies"][key.removeprefix("Custom/")])) == {
        ("stream:*", "acs:stream:*:*:orders"),
        ("stream:*", "acs:stream:*:*:clicks"),
        ("ram:PassRole", "acs:ram:*:*:*"),
    }
    assert "SetPasswordPolicy" not in trial.writes()


@pytest.mark.requirement("R7", "R11")
def test_a_role_that_is_not_to_be_made_by_api_is_awaited_with_the_address_of_the_authorize_page(make_trial):
    trial = make_trial("exclusive-order", service_role={"create": False})

    state = trial.run(authorize)

    assert state.is_failed()
    assert f"RAM role {ROLE} is not assigned to Realtime Compute: it does not exist" in state.message
    assert "https://realtime-compute.console.aliyun.com/" in state.message
    assert "click Authorize" in state.message
    assert trial.writes() == []
    assert ROLE not in trial.account.cloud.world.part(emulated_ram.State).roles
