"""kill -9 in the middle of real runs, then Retry; `make torture-kill` plays any number of such cases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.reliability.killing import DEAD_AFTER_SECONDS, Case, processes_of, stack, table, torture

TOGETHER = [
    Case("exclusive", "worker and flow", "CreateProject"),
    Case("exclusive", "flow, before the write", "CreateCluster"),
    Case("exclusive", "flow, after the write", "CreateCluster"),
    Case("managed", "flow, before the write", "CreateVSwitch", 2),
    Case("managed", "flow, after the write", "CreateInstance"),
    Case("managed", "emulator", "AttachPolicyToRole"),
]
APART = [Case("managed", "Prefect server", "CreateInstance")]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What became of each case; the server that dies is another one, beside the others."""
    folder = tmp_path_factory.mktemp("kill")
    with ThreadPoolExecutor(2) as pool:
        groups = pool.map(lambda group: _played(folder / group[0], group[1]), [("one", TOGETHER), ("two", APART)])
        found = [result for group in groups for result in group]
    print(f"\n{table(found)}")
    return {result.case: result for result in found}


def _played(folder, cases):
    with stack(folder, slots=len(cases)) as running:
        return torture(running, cases)


@pytest.mark.parametrize("case", [*TOGETHER, *APART], ids=str)
def test_what_is_killed_leaves_the_account_of_an_undisturbed_run_after_a_retry(results, case):
    assert results[case].found == []


def test_an_order_that_was_not_sent_is_sent_once_the_operator_says_so(results):
    assert results[TOGETHER[1]].outcome == "asked the operator"


@pytest.mark.parametrize("case", TOGETHER[2:5], ids=str)
def test_what_was_made_is_adopted_by_the_retry(results, case):
    assert results[case].outcome == "recovered by retry"


def test_the_run_of_a_dead_worker_is_marked_as_crashed_in_time(results):
    assert 0 < results[TOGETHER[0]].seconds <= DEAD_AFTER_SECONDS + 15


def test_a_server_that_comes_back_finds_the_run_alive(results):
    assert results[APART[0]].outcome == "recovered at once"


def test_only_processes_of_the_worker_are_found():
    assert processes_of("no-such-run", 1) == []
