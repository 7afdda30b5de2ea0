"""convert: a workspace gets the billing that the environment says, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from alicloud.errors import ManualStep, Uncertain, Unmet
from emulator import bssopenapi as emulated_bss
from emulator import foasconsole as emulated_foasconsole
from flows.convert import convert
from flows.prepare import prepare
from flows.upkeep import conversion
from tests.flows.running import environment
from tests.reliability.runs import Hands, account, running

__all__ = ["account", "running"]

SAFETY = {"max_compute_units": 20, "may_order": True, "max_price": 100_000, "manual_minutes": 0}
CHARGES = {"PRE": "Subscription", "POST": "PayAsYouGo"}
SENT = {"PRE": "ConvertInstance", "POST": "ConvertPrepayInstance"}
BACK = {"PRE": "POST", "POST": "PRE"}
WAYS = ["PRE", "POST"]


def wanted(charge_type, safety=None, **cluster):
    chosen = {"charge_type": CHARGES[charge_type]} | cluster
    return environment("managed", cluster=chosen, safety=SAFETY | (safety or {}))


@pytest.fixture(scope="module")
def _worlds():
    return {}


@pytest.fixture
def billed(account, _worlds):
    """Begin with an account that was prepared, whose workspace is billed in a way."""

    def begin(charge_type, speed=None):
        world = account.prepared(_worlds, charge_type, "nothing", wanted(charge_type), speed)
        world.part(emulated_bss.State).balance_cents = 10_000_000

    return begin


def workspace(account):
    (found,) = account.running.cloud.world.part(emulated_foasconsole.State).workspaces.values()
    return found


def orders(account):
    found = account.running.cloud.world.part(emulated_bss.State).orders.values()
    return [order.months for order in found if order.kind == "Convert"]


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("way", WAYS)
def test_it_converts_and_the_second_run_writes_nothing(account, billed, way):
    billed(BACK[way])
    sizes = {name: each.cpu for name, each in workspace(account).namespaces.items()}

    ended = account.run(wanted(way, duration_months=3), procedure=conversion)

    assert ended.done, str(ended)
    assert ended.writes == [SENT[way]]
    assert workspace(account).charge_type == way
    assert orders(account) == [{"PRE": 3, "POST": 0}[way]]
    assert {name: each.cpu for name, each in workspace(account).namespaces.items()} == sizes
    assert account.run(wanted(way, duration_months=3), procedure=conversion).writes == []
    assert account.journal(wanted(way)).open() == []


@pytest.mark.requirement("R24")
def test_what_no_namespace_holds_is_not_lost_in_a_subscription(account, billed):
    billed("POST")
    workspace(account).cpu = 19

    ended = account.run(wanted("PRE", auto_renew=True), procedure=conversion)

    assert ended.done, str(ended)
    assert (workspace(account).cpu, workspace(account).auto_renew) == (19, True)
    assert workspace(account).namespaces["flink-managed-default"].cpu == 11


REFUSALS = {
    "dearer than allowed": ("PRE", {"max_price": 1}, Unmet, "more than safety.max_price (1)"),
    "nobody may order": ("POST", {"may_order": False}, ManualStep, "does not allow ordering"),
}


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(("way", "safety", "kind", "text"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_not_allowed_is_refused_and_nothing_is_written(account, billed, way, safety, kind, text):
    billed(BACK[way])
    before = account.running.world()

    ended = account.run(wanted(way, safety), procedure=conversion)

    assert isinstance(ended.error, kind), str(ended)
    assert text in str(ended)
    assert account.running.world() == before


@pytest.mark.requirement("R12")
def test_no_api_converts_an_exclusive_cluster(account):
    account.reset("exclusive-order")

    ended = account.run(environment("exclusive", safety={"manual_minutes": 0}), procedure=conversion)

    assert isinstance(ended.error, ManualStep)
    assert "No API converts the billing of exclusive cluster flink_exclusive" in str(ended)
    assert account.writes() == []


def test_prepare_converts_nothing_and_names_convert(account, billed):
    billed("POST")

    ended = account.run(wanted("PRE"))

    assert isinstance(ended.error, Unmet)
    assert ended.writes == []
    assert "convert changes the billing" in str(ended)


# Never twice


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["drop-after", "cut"])
def test_a_conversion_whose_answer_was_lost_is_adopted(account, billed, way, fault):
    billed(BACK[way])
    account.running.fault(fault, SENT[way])

    ended = account.run(wanted(way), procedure=conversion)

    assert ended.done, str(ended)
    assert len(orders(account)) == 1
    assert account.run(wanted(way), procedure=conversion).writes == []
    assert account.journal(wanted(way)).open() == []


@pytest.mark.parametrize("way", WAYS)
def test_a_conversion_that_was_lost_on_its_way_is_sent_again_only_once_somebody_is_certain(account, billed, way):
    billed(BACK[way])
    account.running.fault("drop-before", SENT[way])

    lost = account.run(wanted(way), procedure=conversion)
    again = account.run(wanted(way), procedure=conversion)

    assert isinstance(lost.error, Uncertain), str(lost)
    assert isinstance(again.error, Uncertain), str(again)
    (intent,) = account.journal(wanted(way)).open()
    assert f"deployment `resolve` with intent {intent.id}" in str(again)
    assert len(account.running.calls(SENT[way])) == 1
    account.resolve(wanted(way), intent.id)
    assert account.run(wanted(way), procedure=conversion).done
    assert len(orders(account)) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("when", "converted"), [("before", 1), ("between", 0), ("after", 1)])
def test_the_conversion_of_a_run_that_died_is_never_sent_twice(account, billed, way, when, converted):
    billed(BACK[way], speed=1.0)
    account.run(wanted(way), "the dead run", Hands(SENT[way], when, kill=True), procedure=conversion)
    account.running.advance(61)

    ended = account.run(wanted(way), "the next run", procedure=conversion)

    assert ended.done == (when != "between"), str(ended)
    assert ended.done or isinstance(ended.error, Uncertain)
    assert len(orders(account)) == converted


@pytest.mark.parametrize("way", WAYS)
def test_of_two_runs_at_once_one_converts(account, billed, way):
    billed(BACK[way])

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda who: account.run(wanted(way), who, procedure=conversion), ("one", "two")))

    assert [str(each) for each in ended if not each.done] == []
    assert len(orders(account)) == 1


@pytest.mark.xdist_group("prefect")
@pytest.mark.requirement("R24")
def test_the_flow_converts_and_says_so(make_trial):
    trial = make_trial("nothing", wanted("POST").model_dump(mode="json"), "converted-trial")
    assert trial.run(prepare).is_completed()
    names = {"name": "converted-trial", "credentials": "converted-trial"}
    trial.environment = wanted("PRE").model_copy(update=names)
    trial.save()

    state = trial.run(convert)
    writes = trial.writes()
    again = trial.run(convert)

    assert state.is_completed(), state.message
    assert writes == ["ConvertInstance"]
    assert "nothing to do: zero writes" in again.message
    assert (trial.writes(), trial.appends()) == ([], 0)
