"""kill -9 in the middle of real runs, then Retry; `make torture-kill` plays any number of such cases."""

import pytest

from tests.reliability.killing import Case, table, torture
from tests.reliability.stacks import DEAD_AFTER_SECONDS, processes_of, stack

WORKER = Case("exclusive", "worker and flow", "CreateProject")
ORDER = Case("exclusive", "flow, before the write", "CreateCluster")
MADE = Case("managed", "flow, after the write", "CreateInstance")
EMULATOR = Case("managed", "emulator", "AttachPolicyToRole")
SERVER = Case("managed", "Prefect server", "CreateInstance")
CASES = [WORKER, ORDER, MADE, EMULATOR, SERVER]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What became of each case; the server is killed last."""
    with stack(tmp_path_factory.mktemp("kill"), slots=4) as running:
        found = torture(running, CASES)
    print(f"\n{table(found)}")
    return {result.case: result for result in found}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_killed_leaves_the_account_of_an_undisturbed_run_after_a_retry(results, case):
    assert results[case].found == []


def test_an_order_that_was_not_sent_is_sent_once_the_operator_says_so(results):
    assert results[ORDER].outcome == "asked the operator"


def test_what_was_made_is_adopted_by_the_retry(results):
    assert results[MADE].outcome == "recovered by retry"


def test_the_run_of_a_dead_worker_is_marked_as_crashed_in_time(results):
    assert 0 < results[WORKER].seconds <= DEAD_AFTER_SECONDS + 15


def test_a_server_that_comes_back_finds_the_run_alive(results):
    assert results[SERVER].outcome == "recovered at once"


def test_only_processes_of_the_worker_are_found():
    assert processes_of("no-such-run", 1) == []
