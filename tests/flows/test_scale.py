"""scale: brings what runs to the wanted size, out and in, once; never beyond what is allowed or below what is used."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from alicloud.errors import ManualStep, Uncertain, Unmet
from emulator import foas as emulated_foas
from emulator import foasconsole as emulated_foasconsole
from flows.plan import plan
from flows.prepare import prepare
from flows.scale import scale
from flows.upkeep import scaling
from tests.flows.conftest import artifact
from tests.flows.running import environment
from tests.reliability.runs import Hands, account, running

__all__ = ["account", "running"]

ORDER = {
    "instance_id": "blinkonecs_cn-order-0001",
    "region": "cn-hangzhou",
    "slave_number": 3,
    "pay_model": "post",
}
SEEDS = {"exclusive": {"bssopenapi": {"balance": "100000.00"}, "foas": {"orders": [ORDER]}}, "managed": "nothing"}
SAFETY = {
    "exclusive": {"max_compute_units": 40, "may_order": True},
    "managed": {"max_compute_units": 40, "may_order": True, "max_price": 100},
}
PAID = {"exclusive": "ExpandCluster", "managed": "ModifyInstanceSpec"}
SIZES = {
    "exclusive": lambda number: {"slave": {"specification": "Ecs_8c32g", "number": number}},
    "managed": lambda number: {"compute_units": number},
}
PROJECTS = {"exclusive": "orders", "managed": "payments"}
NORMAL, LARGE = {"exclusive": 3, "managed": 16}, {"exclusive": 5, "managed": 24}
MODES = ["exclusive", "managed"]
SUBSCRIBED = {
    "cluster": {"charge_type": "Subscription"},
    "safety": SAFETY["managed"] | {"max_price": 10000},
}


def wanted(mode, size=None, cus=None, **changed):
    """Give an environment with a size of its cluster and of its project."""
    sections = {"safety": SAFETY[mode], **changed}
    cluster = SIZES[mode](size or NORMAL[mode]) | changed.get("cluster", {})
    project = {"name": PROJECTS[mode], "compute_units": cus or {"exclusive": 6, "managed": 8}[mode]}
    return environment(mode, **{"projects": [project], **sections, "cluster": cluster})


@pytest.fixture(scope="module")
def _worlds():
    return {}


@pytest.fixture
def prepared(account, _worlds):
    """Begin with an account that was prepared."""

    def begin(mode, former=None, seed=None, speed=None):
        former = former or wanted(mode)
        key = (mode, former.model_dump_json(), str(seed))
        account.prepared(_worlds, key, seed or SEEDS[mode], former, speed)
        return former

    return begin


def size(account, mode):
    """Give the size of the cluster or workspace, and of its project."""
    world = account.running.cloud.world
    if mode == "exclusive":
        state = world.part(emulated_foas.State)
        (cluster,) = state.clusters.values()
        return len(cluster.of("slave")), state.queues[cluster.cluster_id]["root.orders"].vcores // 100
    (workspace,) = world.part(emulated_foasconsole.State).workspaces.values()
    return workspace.cpu, workspace.namespaces["payments"].cpu


# Out and in


@pytest.mark.requirement("R12", "R23", "R24")
@pytest.mark.parametrize(("mode", "cus"), [("exclusive", 24), ("managed", 18)])
def test_it_scales_out_and_the_second_run_writes_nothing(account, prepared, mode, cus):
    prepared(mode)
    large = wanted(mode, LARGE[mode], cus)

    ended = account.run(large, procedure=scaling)

    assert ended.done, str(ended)
    assert size(account, mode) == (LARGE[mode], cus)
    assert account.count(PAID[mode]) == 1
    assert account.run(large, procedure=scaling).writes == []
    assert account.journal(large).open() == []


@pytest.mark.requirement("R12", "R23", "R24")
@pytest.mark.parametrize(("mode", "less"), [("exclusive", 2), ("managed", 6)])
def test_it_scales_in_after_the_projects_have_given_up_their_share(account, prepared, mode, less):
    prepared(mode, wanted(mode, NORMAL[mode], 12))
    small = wanted(mode, less, 4)

    ended = account.run(small, procedure=scaling)

    assert ended.done, str(ended)
    assert size(account, mode) == (less, 4)
    shrink = {"exclusive": ["UpdateQueue", "ShrinkCluster"], "managed": ["ModifyNamespaceSpecV2", "ModifyInstanceSpec"]}
    assert list(dict.fromkeys(ended.writes)) == shrink[mode]
    assert account.run(small, procedure=scaling).writes == []


@pytest.mark.requirement("R24")
def test_a_subscription_is_scaled_by_the_actions_that_it_has(account, prepared):
    prepared("managed", wanted("managed", **SUBSCRIBED))
    large = wanted("managed", 24, 18, **SUBSCRIBED)

    ended = account.run(large, procedure=scaling)

    assert ended.done, str(ended)
    shares = "ModifyPrepayNamespaceSpec"
    assert ended.writes == [shares, "ModifyPrepayInstanceSpec", shares]
    assert size(account, "managed") == (24, 18)
    assert account.run(large, procedure=scaling).writes == []


@pytest.mark.requirement("R12")
def test_masters_are_exchanged_and_their_number_never_changes(account, prepared):
    prepared("exclusive")
    other = wanted("exclusive", cluster={"master": {"specification": "Ecs_8c32g", "number": 3}})
    fewer = wanted("exclusive", cluster={"master": {"specification": "Ecs_8c32g", "number": 1}})

    ended = account.run(other, procedure=scaling)
    refused = account.run(fewer, procedure=scaling)

    assert ended.done, str(ended)
    assert ended.writes == ["ModifyMasterSpec"]
    assert account.run(other, procedure=scaling).writes == []
    assert "their number can never be changed" in str(refused)
    assert refused.writes == []


@pytest.mark.requirement("R12")
def test_nodes_that_the_document_does_not_name_are_left_as_they_are(account, prepared):
    order = ORDER | {"slave_number": 6, "master_spec": "Ecs_8c32g"}
    silent = {"cluster": {"master": None, "slave": None}}
    prepared("exclusive", wanted("exclusive", **silent), {**SEEDS["exclusive"], "foas": {"orders": [order]}})

    ended = account.run(wanted("exclusive", cus=30, **silent), procedure=scaling)

    assert ended.done, str(ended)
    assert ended.writes == ["UpdateQueue"]
    assert size(account, "exclusive") == (6, 30)


# Refused before anything is written

MANUAL = {"manual_minutes": 0}
REFUSALS = {
    "above the most CUs": ("exclusive", 5, {"safety": {"max_compute_units": 20, "may_order": True}}, Unmet, "30 CUs"),
    "a price that cannot be kept low": (
        "exclusive",
        5,
        {"safety": {"max_price": 100, **MANUAL}},
        ManualStep,
        "tells no",
    ),
    "exclusive, nobody may order": (
        "exclusive",
        5,
        {"safety": {"may_order": False, **MANUAL}},
        ManualStep,
        "may not order",
    ),
    "dearer than allowed": ("managed", 24, {"safety": {"max_price": 1}}, Unmet, "more than safety.max_price (1)"),
    "managed, nobody may order": (
        "managed",
        24,
        {"safety": {"may_order": False, **MANUAL}},
        ManualStep,
        "does not allow",
    ),
}


@pytest.mark.requirement("R12", "R24")
@pytest.mark.parametrize(("mode", "number", "changed", "kind", "text"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_not_allowed_is_refused_and_nothing_is_written(account, prepared, mode, number, changed, kind, text):
    prepared(mode)
    before = account.running.world()
    changed = {name: SAFETY[mode] | change for name, change in changed.items()}

    ended = account.run(wanted(mode, number, **changed), procedure=scaling)

    assert isinstance(ended.error, kind)
    assert text in str(ended)
    assert account.running.world() == before


@pytest.mark.requirement("R12")
def test_a_cluster_that_is_subscribed_is_left_to_a_person(account, prepared):
    subscribed = {"bssopenapi": {"balance": "100000.00"}, "foas": {"orders": [ORDER | {"pay_model": "pre"}]}}
    prepared("exclusive", seed=subscribed)

    ended = account.run(wanted("exclusive", 5, safety=SAFETY["exclusive"] | MANUAL), procedure=scaling)

    assert isinstance(ended.error, ManualStep)
    assert "changes only pay-as-you-go clusters by API" in str(ended)
    assert account.count("ExpandCluster") == 0


def busy(account, mode, cus):
    """Let jobs of the project take so many compute units."""
    world = account.running.cloud.world
    if mode == "exclusive":
        for queues in world.part(emulated_foas.State).queues.values():
            queues["root.orders"].used_units = cus
    else:
        for workspace in world.part(emulated_foasconsole.State).workspaces.values():
            workspace.namespaces["payments"].used_cpu = float(cus)


@pytest.mark.requirement("R23", "R24")
@pytest.mark.parametrize(("mode", "less"), [("exclusive", 2), ("managed", 6)])
def test_nobody_is_given_less_than_jobs_use(account, prepared, mode, less):
    prepared(mode)
    busy(account, mode, 5)
    before = account.running.world()

    ended = account.run(wanted(mode, less, 4), procedure=scaling)

    assert isinstance(ended.error, Unmet)
    assert "use 5" in str(ended)
    assert account.running.world() == before


@pytest.mark.requirement("R23", "R24")
@pytest.mark.parametrize(("mode", "less"), [("exclusive", 2), ("managed", 10)])
def test_it_is_not_made_smaller_than_what_others_hold_in_it(account, prepared, mode, less):
    prepared(mode)
    world = account.running.cloud.world
    if mode == "exclusive":
        (queues,) = world.part(emulated_foas.State).queues.values()
        cluster_id = queues["root.orders"].cluster_id
        queues["root.others"] = emulated_foas.Queue(cluster_id, "root.others", 1000, 10 * 4096)
    else:
        (workspace,) = world.part(emulated_foasconsole.State).workspaces.values()
        workspace.namespaces["flink-managed-default"].used_cpu = 3.0
    before = account.running.world()

    ended = account.run(wanted(mode, less), procedure=scaling)

    assert isinstance(ended.error, Unmet)
    assert {"exclusive": "its queues hold 16", "managed": "would be left 2 CUs; its jobs use 3"}[mode] in str(ended)
    assert account.running.world() == before


@pytest.mark.requirement("R19")
def test_a_vswitch_without_addresses_for_the_new_slaves_is_found_before(account, prepared):
    narrow = {"network": {"vswitches": [{"name": "flink-vswitch", "cidr": "172.16.1.0/28"}]}}
    prepared("exclusive", wanted("exclusive", **narrow))
    changed = narrow | {"safety": SAFETY["exclusive"] | {"max_compute_units": 200}}

    ended = account.run(wanted("exclusive", 20, **changed), procedure=scaling)

    assert isinstance(ended.error, Unmet)
    assert "free addresses" in str(ended)
    assert account.count("ExpandCluster") == 0


# Never twice


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", ["drop-after", "cut"])
def test_a_change_whose_answer_was_lost_is_adopted(account, prepared, mode, fault):
    prepared(mode)
    large = wanted(mode, LARGE[mode])
    account.running.fault(fault, PAID[mode])

    ended = account.run(large, procedure=scaling)

    assert ended.done, str(ended)
    assert PAID[mode] in ended.writes
    assert account.count(PAID[mode]) == 1
    assert account.run(large, procedure=scaling).writes == []
    assert account.journal(large).open() == []


@pytest.mark.parametrize("mode", MODES)
def test_a_change_that_was_lost_on_its_way_is_sent_again_only_once_somebody_is_certain(account, prepared, mode):
    prepared(mode)
    large = wanted(mode, LARGE[mode])
    account.running.fault("drop-before", PAID[mode])

    lost = account.run(large, procedure=scaling)
    again = account.run(large, procedure=scaling)

    assert isinstance(lost.error, Uncertain), str(lost)
    assert isinstance(again.error, Uncertain), str(again)
    (intent,) = account.journal(large).open()
    assert f"deployment `resolve` with intent {intent.id}" in str(lost)
    assert f"deployment `resolve` with intent {intent.id}" in str(again)
    assert len(account.running.calls(PAID[mode])) == 1
    account.resolve(large, intent.id)
    assert account.run(large, procedure=scaling).done
    assert size(account, mode)[0] == LARGE[mode]
    assert len(account.running.calls(PAID[mode])) == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_change_of_a_run_that_died_is_gone_on_with(account, prepared, mode, when):
    prepared(mode, speed=1.0)
    large = wanted(mode, LARGE[mode])
    account.run(large, "the dead run", Hands(PAID[mode], when, kill=True), procedure=scaling)
    account.running.advance(61)

    ended = account.run(large, "the next run", procedure=scaling)

    assert ended.done, str(ended)
    assert size(account, mode)[0] == LARGE[mode]
    assert account.count(PAID[mode]) == 1
    assert account.run(large, procedure=scaling).writes == []


@pytest.mark.parametrize("mode", MODES)
def test_a_run_that_died_between_intent_and_answer_stops_the_next(account, prepared, mode):
    prepared(mode, speed=1.0)
    large = wanted(mode, LARGE[mode])
    account.run(large, "the dead run", Hands(PAID[mode], "between", kill=True), procedure=scaling)
    account.running.advance(61)

    stopped = account.run(large, "the next run", procedure=scaling)

    assert isinstance(stopped.error, Uncertain), str(stopped)
    assert "by the dead run" in str(stopped)
    assert account.running.calls(PAID[mode]) == []


@pytest.mark.parametrize("mode", MODES)
def test_of_two_runs_at_once_one_makes_the_change(account, prepared, mode):
    prepared(mode)
    large = wanted(mode, LARGE[mode])

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda who: account.run(large, who, procedure=scaling), ("one", "two")))

    assert [str(each) for each in ended if not each.done] == []
    assert account.count(PAID[mode]) == 1
    assert sorted(PAID[mode] in each.writes for each in ended) == [False, True]


def test_a_size_may_come_back_after_another(account, prepared):
    prepared("managed")
    small, large = wanted("managed"), wanted("managed", 24)

    ended = [account.run(each, procedure=scaling) for each in (large, small, large)]

    assert [str(each) for each in ended if not each.done] == []
    assert account.count("ModifyInstanceSpec") == 3
    assert account.journal(large).open() == []


# As Prefect flows, and beside prepare


@pytest.mark.xdist_group("prefect")
@pytest.mark.requirement("R12", "R24")
def test_the_flow_says_what_it_did_and_its_plan_what_it_costs(make_trial):
    trial = make_trial("nothing", wanted("managed").model_dump(mode="json"), "scaled-trial")
    assert trial.run(prepare).is_completed()
    trial.environment = wanted("managed", 24, name=trial.environment.name, credentials=trial.environment.credentials)
    trial.save()

    state = trial.run(scale)
    writes = trial.writes()
    again = trial.run(scale)

    assert state.is_completed(), state.message
    assert "scaled-trial has its wanted size." in state.message
    assert writes == ["ModifyInstanceSpec"]
    assert "nothing to do: zero writes" in again.message
    assert (trial.writes(), trial.appends()) == ([], 0)


@pytest.mark.xdist_group("prefect")
@pytest.mark.requirement("R12", "R24")
@pytest.mark.parametrize("mode", MODES)
def test_prepare_scales_nothing_and_its_plan_says_what_scale_would_do(make_trial, mode):
    has, now = {"exclusive": (3, 5), "managed": (24, 16)}[mode]
    former, name = wanted(mode, has), f"kept-{mode}"
    trial = make_trial(SEEDS[mode], former.model_dump(mode="json"), name)
    assert trial.run(prepare).is_completed()
    trial.environment = wanted(mode, now, name=name, credentials=name)
    trial.save()

    state = trial.run(plan)

    told = {"exclusive": "slaves 3, wanted 5", "managed": "24 CUs, wanted 16"}[mode]
    assert state.is_completed(), state.message
    assert f"{told}: left as it is; the deployment scale brings it to that" in artifact(f"plan-{name}").data
    assert trial.run(prepare).is_completed()
    assert trial.writes() == []


@pytest.mark.parametrize("cus", [None, 12])
def test_prepare_refuses_a_larger_workspace_or_namespace_and_names_scale(account, prepared, cus):
    prepared("managed")

    ended = account.run(wanted("managed", 16 if cus else 24, cus))

    assert isinstance(ended.error, Unmet)
    assert ended.writes == []
    assert ("deployment scale" if cus else "scale changes the compute units") in str(ended)
