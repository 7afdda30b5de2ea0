"""A fixed sample of `make torture`: a fault at a call of a first run, and what follows."""

import pytest

from tests.reliability.outcomes import BAD
from tests.reliability.torture import FAULTS, SEEDS, Case, cases, play, sample, table

EACH = 2  # reads, and as many writes, of each mode and fault
ONCE = {"exclusive": ("foas", "CreateCluster"), "managed": ("foasconsole", "CreateInstance")}


def drawn(mode, fault):
    """Give what the sample has of a fault, and that fault at the call that spends money."""
    some = [case for case in sample(mode, 2 * EACH * len(FAULTS), seed=1) if case.fault == fault]
    paid = [case for case in cases(mode) if case.fault == fault and (case.product, case.action) == ONCE[mode]]
    return list(dict.fromkeys(some + paid))


@pytest.mark.requirement("R21", "R24")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("mode", SEEDS)
def test_after_a_fault_at_any_call_the_account_is_as_after_an_undisturbed_run(mode, fault):
    results = [play(case) for case in drawn(mode, fault)]

    bad = [f"{result.case}: {result.outcome}: {result.found}" for result in results if result.outcome in BAD]
    assert results or fault == "Success false"
    assert bad == []


@pytest.mark.parametrize(
    ("mode", "fault", "outcome"),
    [
        ("managed", "dropped after", "recovered at once"),
        ("managed", "dropped before", "asked the operator"),
        ("managed", "timeout", "recovered by retry"),
        ("exclusive", "500", "asked the operator"),
    ],
)
def test_what_spends_money_is_found_or_asked_for_and_never_sent_again(mode, fault, outcome):
    result = play(Case(mode, *ONCE[mode], 1, fault))

    assert (result.outcome, result.found) == (outcome, [])


def test_the_table_counts_every_case_under_its_outcome():
    results = [play(Case("managed", "Sts", "GetCallerIdentity", 1, fault)) for fault in ("500", "cut")]

    rows = table(results).splitlines()

    assert rows[0].startswith("| Mode | Fault | Cases | Recovered at once |")
    assert rows[-1] == "| both | all | 2 | 2 | 0 | 0 | 0 | 0 |"
