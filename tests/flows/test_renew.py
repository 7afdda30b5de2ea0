"""renew: what ends soon is renewed once for each end, by us or by itself; what does not end is left alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from alicloud.errors import ManualStep, Uncertain, Unmet
from emulator import bssopenapi as emulated_bss
from emulator import foas as emulated_foas
from flows.prepare import prepare
from flows.renew import renew
from flows.upkeep import renewals
from tests.flows.running import environment
from tests.reliability.runs import Hands, account, running

__all__ = ["account", "running"]

DAY = 86_400.0
SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}
SAFETY = {
    "exclusive": {"max_compute_units": 20, "may_order": True, "manual_minutes": 0},
    "managed": {"max_compute_units": 20, "may_order": True, "max_price": 100_000, "manual_minutes": 0},
}
CLUSTER = {"exclusive": {}, "managed": {"charge_type": "Subscription"}}
MODES = ["exclusive", "managed"]


def wanted(mode, safety=None, **cluster):
    chosen = {"cluster": CLUSTER[mode] | cluster, "safety": SAFETY[mode] | (safety or {})}
    return environment(mode, **chosen)


@pytest.fixture(scope="module")
def _worlds():
    return {}


@pytest.fixture
def ending(account, _worlds):
    """Begin with an account that was prepared, whose subscription ends in so many days."""

    def begin(mode, days, speed=None):
        world = account.prepared(_worlds, mode, SEEDS[mode], wanted(mode), speed)
        world.part(emulated_bss.State).balance_cents = 10_000_000
        bought(account).end_at = float(int(world.now() + days * DAY))

    return begin


def bought(account):
    (instance,) = account.running.cloud.world.part(emulated_bss.State).instances.values()
    return instance


def orders(account):
    found = account.running.cloud.world.part(emulated_bss.State).orders.values()
    return [order.months for order in found if order.kind == "Renew"]


@pytest.mark.requirement("R12")
@pytest.mark.parametrize("mode", MODES)
def test_what_ends_soon_is_renewed_once_and_the_second_run_writes_nothing(account, ending, mode):
    ending(mode, 20)
    before = bought(account).end_at

    ended = account.run(wanted(mode, duration_months=2), procedure=renewals(30))

    assert ended.done, str(ended)
    assert ended.writes == ["RenewInstance"]
    assert orders(account) == [2]
    assert 59 * DAY <= bought(account).end_at - before <= 62 * DAY
    assert account.run(wanted(mode, duration_months=2), procedure=renewals(30)).writes == []


@pytest.mark.requirement("R12")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("days", "within_days"), [(100, 30), (31, 30), (40, 60)])
def test_what_does_not_end_soon_is_left_alone(account, ending, mode, days, within_days):
    ending(mode, days)

    ended = account.run(wanted(mode), procedure=renewals(within_days))

    assert (ended.done, ended.writes) == (True, [])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("within_days", [30, 365])
def test_a_renewal_for_a_month_is_not_due_again_right_after_it_was_made(account, ending, mode, within_days):
    ending(mode, 0.5)

    first = account.run(wanted(mode), procedure=renewals(within_days))
    again = account.run(wanted(mode), procedure=renewals(within_days))

    assert first.writes == ["RenewInstance"]
    assert (again.done, again.writes) == (True, [])


@pytest.mark.parametrize("mode", MODES)
def test_the_next_end_may_be_renewed_again(account, ending, mode):
    ending(mode, 5)
    account.run(wanted(mode), procedure=renewals(30))
    bought(account).end_at -= 28 * DAY

    ended = account.run(wanted(mode), procedure=renewals(30))

    assert ended.done, str(ended)
    assert orders(account) == [1, 1]
    assert account.journal(wanted(mode)).open() == []


@pytest.mark.requirement("R12")
@pytest.mark.parametrize("mode", MODES)
def test_what_is_to_renew_itself_is_told_so_and_not_renewed_besides(account, ending, mode):
    ending(mode, 5)
    itself = wanted(mode, auto_renew=True, duration_months=12)

    ended = account.run(itself, procedure=renewals(30))

    assert ended.done, str(ended)
    assert ended.writes == ["SetRenewal"]
    instance = bought(account)
    assert (instance.renew_status, instance.renewal_duration, instance.renewal_unit) == ("AutoRenewal", 1, "Y")
    assert account.run(itself, procedure=renewals(30)).writes == []


@pytest.mark.parametrize("mode", MODES)
def test_what_renews_itself_already_is_not_renewed_although_nobody_asked_for_that(account, ending, mode):
    ending(mode, 5)
    bought(account).renew_status = "AutoRenewal"

    ended = account.run(wanted(mode), procedure=renewals(30))

    assert (ended.done, ended.writes) == (True, [])


@pytest.mark.parametrize("mode", MODES)
def test_pay_as_you_go_does_not_end(account, ending, mode):
    ending(mode, 5)
    bought(account).subscription = "PayAsYouGo"
    if mode == "managed":
        (workspace,) = account.running.cloud.world.parts["foasconsole"].workspaces.values()
        workspace.charge_type = "POST"

    ended = account.run(wanted(mode), procedure=renewals(30))

    assert (ended.done, ended.writes) == (True, [])


# Refused before anything is written

REFUSALS = {
    "dearer than allowed": ("managed", {"max_price": 1}, {}, Unmet, "more than safety.max_price (1)"),
    "nobody may order": ("managed", {"may_order": False}, {}, ManualStep, "does not allow ordering"),
    "exclusive, nobody may order": ("exclusive", {"may_order": False}, {}, ManualStep, "cannot be asked"),
    "a price that cannot be kept low": ("exclusive", {"max_price": 100}, {}, ManualStep, "cannot be asked"),
    "no such term": ("exclusive", {}, {"duration_months": 10}, Unmet, "1 to 9, 12, 24 or 36 months"),
    "no such automatic term": ("managed", {}, {"duration_months": 5, "auto_renew": True}, Unmet, "not by 5"),
    "an order that is not there": ("exclusive", {}, {"order_id": "blinkonecs_2"}, ManualStep, "blinkonecs_2 is meant"),
}


@pytest.mark.requirement("R12")
@pytest.mark.parametrize(("mode", "safety", "cluster", "kind", "text"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_not_allowed_is_refused_and_nothing_is_written(account, ending, mode, safety, cluster, kind, text):
    ending(mode, 5)
    before = account.running.world()

    ended = account.run(wanted(mode, safety, **cluster), procedure=renewals(30))

    assert isinstance(ended.error, kind), str(ended)
    assert text in str(ended)
    assert account.running.world() == before


# Never twice


@pytest.mark.parametrize("cluster", [{}, {"auto_renew": True}], ids=["by us", "by itself"])
def test_what_billing_does_not_list_is_left_to_a_person_since_it_may_renew_itself(
    account, ending, monkeypatch, cluster
):
    ending("managed", 20)
    monkeypatch.setattr("emulator.bssopenapi_instances._asked", lambda world, request: [])

    ended = account.run(wanted("managed", **cluster), procedure=renewals(30))

    assert isinstance(ended.error, ManualStep)
    assert ended.writes == []
    assert orders(account) == []


def test_a_workspace_that_billing_knows_by_another_product_code_is_not_renewed_besides(account, ending):
    ending("managed", 20)
    bought(account).product_code, bought(account).renew_status = "another", "AutoRenewal"

    ended = account.run(wanted("managed"), procedure=renewals(30))

    assert ended.done, str(ended)
    assert ended.writes == []


def test_an_order_whose_cluster_is_not_there_is_not_renewed(account, ending):
    ending("exclusive", 20)
    account.running.cloud.world.part(emulated_foas.State).clusters.clear()

    ended = account.run(wanted("exclusive"), procedure=renewals(30))

    assert isinstance(ended.error, Unmet)
    assert "does not exist" in str(ended)
    assert orders(account) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", ["drop-after", "cut"])
def test_a_renewal_whose_answer_was_lost_is_adopted_since_the_end_has_moved(account, ending, mode, fault):
    ending(mode, 5)
    account.running.fault(fault, "RenewInstance")

    ended = account.run(wanted(mode), procedure=renewals(30))

    assert ended.done, str(ended)
    assert orders(account) == [1]
    assert account.run(wanted(mode), procedure=renewals(30)).writes == []
    assert account.journal(wanted(mode)).open() == []


@pytest.mark.parametrize("mode", MODES)
def test_a_renewal_that_was_lost_on_its_way_is_sent_again_only_once_somebody_is_certain(account, ending, mode):
    ending(mode, 5)
    account.running.fault("drop-before", "RenewInstance")

    lost = account.run(wanted(mode), procedure=renewals(30))
    again = account.run(wanted(mode), procedure=renewals(30))

    assert isinstance(lost.error, Uncertain), str(lost)
    assert isinstance(again.error, Uncertain), str(again)
    (intent,) = account.journal(wanted(mode)).open()
    assert f"deployment `resolve` with intent {intent.id}" in str(again)
    assert orders(account) == []
    account.resolve(wanted(mode), intent.id)
    assert account.run(wanted(mode), procedure=renewals(30)).done
    assert orders(account) == [1]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("when", "renewed"), [("before", [1]), ("between", []), ("after", [1])])
def test_the_renewal_of_a_run_that_died_is_never_sent_twice(account, ending, mode, when, renewed):
    ending(mode, 5, speed=1.0)
    account.run(wanted(mode), "the dead run", Hands("RenewInstance", when, kill=True), procedure=renewals(30))
    account.running.advance(61)

    ended = account.run(wanted(mode), "the next run", procedure=renewals(30))

    assert ended.done == (when != "between"), str(ended)
    assert ended.done or isinstance(ended.error, Uncertain)
    assert orders(account) == renewed


@pytest.mark.parametrize("mode", MODES)
def test_of_two_runs_at_once_one_renews(account, ending, mode):
    ending(mode, 5)

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda who: account.run(wanted(mode), who, procedure=renewals(30)), ("one", "two")))

    assert [str(each) for each in ended if not each.done] == []
    assert orders(account) == [1]


@pytest.mark.xdist_group("prefect")
@pytest.mark.requirement("R12", "R24")
def test_the_flow_renews_and_says_so(make_trial):
    trial = make_trial("nothing", wanted("managed").model_dump(mode="json"), "renewed-trial")
    trial.account.cloud.world.part(emulated_bss.State).balance_cents = 10_000_000
    assert trial.run(prepare).is_completed()
    (instance,) = trial.account.cloud.world.part(emulated_bss.State).instances.values()
    instance.end_at = trial.account.cloud.world.now() + 20 * DAY

    state = trial.run(renew)
    writes = trial.writes()
    again = trial.run(renew, within_days=14)

    assert state.is_completed(), state.message
    assert writes == ["RenewInstance"]
    assert "nothing to do: zero writes" in again.message
    assert (trial.writes(), trial.appends()) == ([], 0)
