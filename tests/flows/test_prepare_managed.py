import pytest

from flows.prepare import prepare
from tests.flows.conftest import artifact
from tests.flows.rights import only


@pytest.mark.requirement("R13", "R24")
def test_a_new_account_gets_one_workspace_with_its_namespaces_and_members_and_keeps_it(make_trial):
    trial = make_trial("nothing", "managed")

    first = trial.run(prepare)

    assert first.is_completed(), first.message
    check_the_order(trial)
    check_the_workspace(trial)
    assert float(artifact(f"workspace-{trial.environment.name}").data) == 100
    before = trial.account.world()

    second = trial.run(prepare)

    assert second.is_completed()
    assert trial.writes() == []
    assert trial.reads() <= 40
    assert trial.account.world() == before


def check_the_order(trial):
    actions = [call["action"] for call in trial.calls()]
    assert actions.count("CreateInstance") == 1
    assert "QueryCreateInstancePrice" in actions[: actions.index("CreateInstance")]
    assert actions.index("CreateNamespace") > actions.index("CreateInstance")


def check_the_workspace(trial):
    ram, network = trial.part("ram"), trial.part("vpc")
    workspace = only(trial.part("foasconsole")["workspaces"])
    assert (workspace["phase"], workspace["cpu"], workspace["charge_type"]) == ("RUNNING", 16, "POST")
    assert workspace["bucket"] == "flink-managed-storage"
    assert {network["vswitches"][each]["zone"] for each in workspace["vswitch_ids"]} == {
        "cn-hangzhou-h",
        "cn-hangzhou-i",
    }
    namespaces = {name: each["cpu"] for name, each in workspace["namespaces"].items()}
    assert {name: namespaces[name] for name in ("payments", "fraud")} == {"payments": 8, "fraud": 4}
    spaces = trial.part("ververica")["spaces"][workspace["resource_id"]]
    carol, dave = (f"user:{ram['users'][name]['id']}" for name in ("carol", "dave"))
    assert {carol: "OWNER", dave: "EDITOR"}.items() <= spaces["payments"]["members"].items()
    assert {carol, dave}.isdisjoint(spaces.get("fraud", {"members": {}})["members"])
    assert set(ram["roles"]["AliyunStreamAsiDefaultRole"]["policies"]) == {
        "System/AliyunStreamAsiDefaultRolePolicy",
        "System/AliyunDLFFullAccess",
    }


@pytest.mark.requirement("R13", "R24")
def test_a_workspace_that_costs_more_than_allowed_is_not_bought(make_trial):
    trial = make_trial("nothing", "managed", safety={"may_order": True, "max_price": 1})

    state = trial.run(prepare)

    assert state.is_failed()
    assert "more than safety.max_price (1" in state.message
    assert trial.writes() == []
