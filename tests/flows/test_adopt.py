"""adopt: an environment that is read from the account alone, of which plan says that there is nothing to do."""

import re

import pytest

from blocks.document import parse
from blocks.environment import FlinkEnvironment, describe
from emulator import foas as emulated_foas
from emulator import ram as emulated_ram
from emulator import ververica as emulated_ververica
from flows.adopt import adopt
from flows.plan import plan
from flows.prepare import prepare
from tests.flows.conftest import artifact

pytestmark = pytest.mark.xdist_group("prefect")


def adopted(trial, mode, **parameters):
    """Adopt what the account has, and give how the run ended."""
    trial._since = trial.account.cloud.calls.last
    return adopt(trial.environment.credentials, "cn-hangzhou", mode, return_state=True, **parameters)


def document_of(name):
    """Give the environment that stands in the artifact."""
    text = artifact(f"adopted-{name}").data
    return parse(re.search(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1].encode(), "artifact")


def remarks_of(name):
    return artifact(f"adopted-{name}").data.partition("## What the document cannot say")[2].replace("\\", "")


def planned(trial, environment):
    """Save an adopted environment in place of the trial's own, and plan it."""
    trial.environment = environment
    trial.save()
    return trial.run(plan)


def comparable(environment):
    """Give a document without what no account tells: wishes, limits, how long things take, and names of networks."""
    facts = describe(environment)
    for section in ("safety", "attached_storage", "network"):
        facts.pop(section, None)
    for user in facts.get("people", {}).get("users", ()):
        if not user.get("console_logon"):
            user.pop("mfa_required", None)
    if environment.cluster.mode == "managed":
        for project in facts["projects"]:
            project.pop("description", None)  # a namespace has none
    for part in ("users", "groups"):
        facts["people"][part] = sorted(facts["people"].get(part, []), key=lambda each: each["name"])
    facts["projects"] = sorted(facts["projects"], key=lambda each: each["name"])
    return facts


def networks(environment, trial):
    """Give the ids of VPC and vSwitches, whether the document names them by id or by name."""
    found = trial.part("vpc")
    vpcs = {each["name"]: each["id"] for each in found["vpcs"].values()}
    blocks = {each["cidr"]: each["id"] for each in found["vswitches"].values()}
    network = environment.network
    zones = [each.zone or network.zone for each in network.vswitches]
    return (
        network.vpc.id or vpcs[network.vpc.name],
        sorted(zip([each.id or blocks[each.cidr] for each in network.vswitches], zones, strict=True)),
    )


@pytest.mark.requirement("R21")
@pytest.mark.parametrize(("seed", "source"), [("exclusive-order", "exclusive"), ("nothing", "managed")])
def test_what_prepare_has_made_is_adopted_from_the_account_alone_and_plan_has_nothing_to_do(make_trial, seed, source):
    trial = make_trial(seed, source)
    assert trial.run(prepare).is_completed()
    original, before = trial.environment, trial.account.world()

    state = adopted(trial, source)

    assert state.is_completed(), state.message
    assert trial.writes() == []
    found = document_of(original.name)
    assert comparable(found) == comparable(original)
    assert networks(found, trial) == networks(original, trial)
    state = planned(trial, found)
    assert state.is_completed(), state.message
    assert state.message.endswith("nothing to do.")
    assert trial.writes() == []
    assert trial.account.world() == before


@pytest.mark.parametrize(("mode", "cluster"), [("exclusive", "flink"), ("managed", "flink-managed")])
def test_an_account_that_no_environment_has_prepared_is_adopted_too(make_trial, mode, cluster):
    trial = make_trial("everything")
    before = trial.account.world()

    state = adopted(trial, mode)

    assert state.is_completed(), state.message
    found = document_of(cluster)
    assert found.cluster.name == cluster
    assert [project.name for project in found.projects] == ["clickstream"]
    assert [user.name for user in found.people.users] == ["alice", "bob"]
    assert "group realtime-compute uses every project by policy realtime-compute-all" in remarks_of(cluster)
    state = planned(trial, found)
    assert state.is_completed(), state.message
    assert state.message.endswith("nothing to do."), artifact(f"plan-{cluster}").data
    assert trial.writes() == []
    assert trial.account.world() == before


@pytest.mark.parametrize("role", ["VIEWER", ""])
def test_a_member_whose_role_somebody_has_lowered_is_not_given_it_back(make_trial, role):
    trial = make_trial("nothing", "managed")
    assert trial.run(prepare).is_completed()
    (spaces,) = trial.account.cloud.world.part(emulated_ververica.State).spaces.values()
    dave = f"user:{trial.part('ram')['users']['dave']['id']}"
    members = spaces["payments"].members
    members.pop(dave)
    members |= {dave: role} if role else {}

    state = adopted(trial, "managed")

    assert state.is_completed(), state.message
    assert "RAM user dave is" in remarks_of(trial.environment.name)
    state = planned(trial, document_of(trial.environment.name))
    assert state.message.endswith("nothing to do.")


def test_of_several_workspaces_none_is_chosen_by_itself_and_all_are_listed(make_trial):
    trial = make_trial("everything")
    network = {"vpc_id": "vpc-bp1everything00000000", "vswitch_ids": ["vsw-bp1everythingh0000000"]}
    second = {"name": "second", "bucket": "flink-udf-packages", "cpu": 10, "status": "RUNNING", **network}
    trial.account.sow({"foasconsole": {"workspaces": [second]}})

    refused = adopted(trial, "managed")
    chosen = adopted(trial, "managed", cluster="second", name="the-second")

    assert refused.is_failed()
    assert "There are several in cn-hangzhou: flink-managed, second." in refused.message
    assert chosen.is_completed(), chosen.message
    assert document_of("the-second").cluster.name == "second"


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"region": "xx-nowhere"}, "'xx-nowhere' is no region"),
        ({"credentials": "no-such-block"}, "There is no usable Alibaba Cloud Credentials block named no-such-block."),
        ({"credentials": "../secret"}, "cannot be the name of a block"),
    ],
)
def test_what_cannot_be_is_refused_before_the_cloud_is_asked(make_trial, parameters, told):
    trial = make_trial("everything")
    usual = {"credentials": trial.environment.credentials, "region": "cn-hangzhou", "mode": "exclusive"}

    state = adopt(**usual | parameters, return_state=True)

    assert state.is_failed()
    assert told in state.message
    assert trial.calls() == []


def test_an_account_without_a_cluster_says_so(make_trial):
    trial = make_trial("exclusive-order")

    state = adopted(trial, "exclusive")

    assert state.is_failed()
    assert "There is no cluster (exclusive) in cn-hangzhou. There are: none." in state.message


def test_a_block_is_saved_when_asked_for_and_never_overwritten_unasked(make_trial):
    trial = make_trial("everything")

    def blocks_cluster():
        return FlinkEnvironment.load("adopted-once").environment.cluster.mode

    first = adopted(trial, "exclusive", name="adopted-once", save=True)
    refused = adopted(trial, "managed", name="adopted-once", save=True)
    kept = blocks_cluster()
    replaced = adopted(trial, "managed", name="adopted-once", save=True, overwrite=True)

    assert first.is_completed(), first.message
    assert refused.is_failed()
    assert "There is a Flink Environment block named adopted-once already" in refused.message
    assert kept == "exclusive"
    assert replaced.is_completed(), replaced.message
    assert blocks_cluster() == "managed"


def test_nothing_that_others_wrote_takes_effect_in_the_artifact(make_trial):
    trial = make_trial("everything")
    hostile = "```\n# <script>`x`</script>"
    world = trial.account.cloud.world
    world.part(emulated_ram.State).groups["realtime-compute"].comments = hostile
    world.part(emulated_foas.State).projects["clickstream"].description = "``` <b>![x](y)</b>"

    state = adopted(trial, "exclusive", name="hostile")

    assert state.is_completed(), state.message
    text = artifact("adopted-hostile").data
    assert document_of_any_fence(text).projects[0].description == "``` <b>![x](y)</b>"
    assert "<script>" not in text


def document_of_any_fence(text):
    fence = re.search(r"^(`{3,})yaml$", text, re.MULTILINE)[1]
    return parse(text.partition(f"{fence}yaml\n")[2].partition(f"\n{fence}\n")[0].encode(), "artifact")


def test_the_artifact_holds_no_secret(make_trial):
    trial = make_trial("everything")

    adopted(trial, "exclusive", name="no-secret")

    text = artifact("adopted-no-secret").data
    for secret in (trial.identity.access_key_id, trial.identity.access_key_secret, "Correct-horse-1", "LTAI5t"):
        assert secret not in text
