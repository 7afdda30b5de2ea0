"""A fixed sample of `make torture`: a fault at a call of each flow, and what follows."""

import pytest

from tests.reliability.outcomes import BAD
from tests.reliability.plays import FLOWS, PLAYS
from tests.reliability.torture import FAULTS, Case, cases, play, sample, table, undisturbed

EACH = 2  # reads, and as many writes, of each mode and fault
FIRST = {"exclusive": "prepare exclusive", "managed": "prepare managed"}
LATER = [name for name, each in PLAYS.items() if each.flow != "prepare"]
ORDERS = {
    "prepare exclusive": ("foas", "CreateCluster"),
    "prepare managed": ("foasconsole", "CreateInstance"),
    "scale exclusive": ("foas", "ExpandCluster"),
    "scale managed": ("foasconsole", "ModifyInstanceSpec"),
    "renew exclusive": ("BssOpenApi", "RenewInstance"),
    "renew managed": ("foasconsole", "RenewInstance"),
    "convert managed": ("foasconsole", "ConvertInstance"),
    "convert-back managed": ("foasconsole", "ConvertPrepayInstance"),
}
REPLACED = ("key-replace exclusive", "key-replace managed")
DELETING = ("Delete", "Remove", "Detach", "Destroy", "Update")


def drawn(mode, fault):
    """Give what the sample has of a fault, and that fault at the call that spends money."""
    name = FIRST[mode]
    some = [case for case in sample(name, 2 * EACH * len(FAULTS), seed=1) if case.fault == fault]
    paid = [case for case in cases(name) if case.fault == fault and (case.product, case.action) == ORDERS[name]]
    return list(dict.fromkeys(some + paid))


def bad(results):
    return [f"{result.case}: {result.outcome}: {result.found}" for result in results if result.outcome in BAD]


@pytest.mark.requirement("R21", "R24")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("mode", FIRST)
def test_after_a_fault_at_any_call_the_account_is_as_after_an_undisturbed_run(mode, fault):
    results = [play(case) for case in drawn(mode, fault)]

    assert results or fault == "Success false"
    assert bad(results) == []


@pytest.mark.requirement("R4", "R12", "R24")
@pytest.mark.parametrize("name", LATER)
def test_so_it_is_after_the_flows_that_change_or_delete(name):
    results = [play(case) for case in sample(name, 4, seed=1)]

    assert len(results) == 4
    assert bad(results) == []


@pytest.mark.requirement("R4", "R12", "R24")
@pytest.mark.parametrize("name", LATER)
def test_no_flow_touches_what_others_have(name):
    assert undisturbed(name).harmed == ()


@pytest.mark.parametrize(
    ("name", "fault", "outcome"),
    [
        ("prepare managed", "dropped after", "recovered at once"),
        ("prepare managed", "dropped before", "asked the operator"),
        ("prepare managed", "timeout", "recovered by retry"),
        ("prepare exclusive", "500", "asked the operator"),
        *((name, "dropped after", "recovered at once") for name in ORDERS if not name.startswith("prepare")),
        *((name, "dropped before", "asked the operator") for name in ORDERS if not name.startswith("prepare")),
    ],
)
def test_what_spends_money_is_found_or_asked_for_and_never_sent_again(name, fault, outcome):
    result = play(Case(name, *ORDERS[name], 1, fault))

    assert (result.outcome, result.found) == (outcome, [])


@pytest.mark.requirement("R1")
@pytest.mark.parametrize("fault", ["500", "timeout", "dropped before", "dropped after", "cut"])
def test_a_key_whose_secret_may_be_lost_is_asked_about_and_never_made_again_by_itself(fault):
    result = play(Case("key-replace exclusive", "Ram", "CreateAccessKey", 1, fault))

    assert (result.outcome, result.found) == ("asked the operator", [])


def test_an_order_is_waited_for_from_when_it_went_out_however_long_its_intent_took_to_write_down():
    result = play(Case("scale managed", "Oss", "AppendObject", 2, "throttled 5 times"))

    assert (result.outcome, result.found) == ("recovered at once", [])


@pytest.mark.parametrize("name", [name for name in LATER if name not in (*ORDERS, *REPLACED)])
def test_a_flow_that_takes_away_is_struck_where_it_does(name):
    struck = {case.action for case in cases(name)}

    assert any(action.startswith(DELETING) for action in struck)


def test_the_table_of_one_flow_counts_every_case_under_its_fault():
    results = [play(Case("prepare managed", "Sts", "GetCallerIdentity", 1, fault)) for fault in ("500", "cut")]

    rows = table(results).splitlines()

    assert rows[0].startswith("| Mode | Fault | Cases | Recovered at once |")
    assert rows[-1] == "| both | all | 2 | 2 | 0 | 0 | 0 | 0 |"


def test_the_table_of_several_flows_counts_them_by_flow():
    results = [play(Case(f"{flow} managed", "Sts", "GetCallerIdentity", 1, "cut")) for flow in ("renew", "people")]

    rows = table(results).splitlines()

    assert rows[0].startswith("| Mode | Flow | Cases |")
    assert [row.split(" | ")[1] for row in rows[2:]] == ["renew", "people", "all"]
    assert set(FLOWS) >= {"prepare", "scale", "renew", "convert", "people", "teardown"}
