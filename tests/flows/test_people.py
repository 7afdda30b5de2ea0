"""The flow people as an operator starts it: blocks, plan, report, handover."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prefect.blocks.system import Secret

from blocks.desired import key_secret
from emulator import ram as emulated
from flows.people import people
from flows.prepare import prepare
from tests.flows.conftest import artifact
from tests.flows.running import document

MODES = {"exclusive": ("exclusive-order", "alice", "bob"), "managed": ("nothing", "carol", "dave")}


@pytest.fixture(params=MODES)
def trial(request, make_trial):
    """An account in which two people work; both have a key that is older than it may be."""
    seed, *_ = MODES[request.param]
    trial = make_trial(seed, document(request.param))
    assert trial.run(prepare).is_completed()
    trial.mode = request.param
    for name in MODES[request.param][1:]:
        key = emulated.AccessKey(f"LTAI5tOld{name:x>9}", f"secret-of-{name}", name, now(trial) - 100 * 86_400)
        state(trial).keys[key.id] = key
        state(trial).users[name].keys.append(key.id)
    return trial


def state(trial):
    return trial.account.cloud.world.part(emulated.State)


def now(trial):
    return trial.account.cloud.world.now()


def changed(trial):
    """Let one of the two leave, and the key of the other be replaced."""
    _, stays, leaves = MODES[trial.mode]
    facts = trial.environment.model_dump(mode="json")
    facts["people"]["users"] = [user for user in facts["people"]["users"] if user["name"] != leaves]
    for group in facts["people"]["groups"]:
        group["members"].remove(leaves)
    today = datetime.fromtimestamp(now(trial), UTC).date().isoformat()
    facts["people"]["leavers"] = [{"name": leaves, "since": today, "reason": "another team"}]
    facts["people"]["access_keys"] = [{"user": stays}]
    trial.environment = type(trial.environment).model_validate(facts)
    trial.save()


@pytest.mark.requirement("R1", "R4")
def test_who_leaves_is_told_with_what_they_had_and_a_new_key_is_handed_over_in_a_block(trial, caplog):
    _, stays, _ = MODES[trial.mode]
    changed(trial)

    done = trial.run(people)
    writes, again = trial.writes(), trial.run(people)

    assert done.is_completed(), done.message
    assert again.is_completed(), again.message
    assert trial.writes() == []
    left = ["DeleteMember"] if trial.mode == "managed" else []
    assert sorted(writes) == sorted(["CreateAccessKey", "UpdateAccessKey", "RemoveUserFromGroup", *left])
    (new,) = [key for key in state(trial).keys.values() if key.owner == stays and "Old" not in key.id]
    name = key_secret(trial.environment, stays, new.id)
    assert Secret.load(name).get() == f"AccessKeyId={new.id}\nAccessKeySecret={new.secret}"
    kept = [str(artifact(f"{kind}-{trial.environment.name}").data) for kind in ("report", "inventory", "plan")]
    assert not any(new.secret in each for each in kept)
    assert new.secret not in caplog.text


@pytest.mark.requirement("R1")
def test_the_report_of_an_offboarding_says_what_the_person_had(trial):
    _, _, leaves = MODES[trial.mode]
    changed(trial)

    assert trial.run(people).is_completed()

    rows = str(artifact(f"inventory-{trial.environment.name}").data)
    assert leaves in rows
    assert "(active, never used); group flink" in rows
    assert "jobs are not known here" in rows
    assert "what signs with that AccessKey stops working" in str(artifact(f"plan-{trial.environment.name}").data)
    if trial.mode == "managed":
        assert "was EDITOR" in rows
