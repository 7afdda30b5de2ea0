import threading
from dataclasses import replace

import pytest

from alicloud import oss, oss_objects, ram, vpc
from alicloud.clock import Clock
from alicloud.errors import Overtaken, Uncertain, Unmet, Unreachable
from alicloud.journal import Journal, journal_key
from alicloud.journal_record import Record, What
from alicloud.ram import UserSpec
from alicloud.session import Session
from alicloud.vpc import VpcSpec
from tests.alicloud.test_session import ACCOUNT, BUY_WORKSPACE, SHOP, VPC
from tests.flows.running import start_emulator

BUCKET, KEY = "shop-packages", journal_key("dev")
LOST = ["drop-before", "drop-after", "cut"]


@pytest.fixture(scope="module")
def _running():
    with start_emulator() as running:
        yield running


@pytest.fixture
def emulator(_running):
    _running.reset(SHOP)
    return _running


@pytest.fixture
def open_journal(emulator):
    """Open the journal as another run of another process; all are closed in the end."""
    opened = []

    def make(run, lease_seconds=60.0, wait=lambda seconds: None, speed=1.0):
        cloud = Session(ACCOUNT, "cn-hangzhou", {"*": emulator.url}, Clock(speed, wait=wait), attempts=3)
        journal = Journal(cloud, BUCKET, "dev", run, f"the run {run}", lease_seconds)
        opened.append(journal)
        journal.read()
        return journal

    yield make
    for journal in opened:
        journal.release()


def lines(emulator):
    with Session(ACCOUNT, "cn-hangzhou", {"*": emulator.url}) as cloud:
        found = cloud.send(oss_objects.get_log(BUCKET, KEY))
    return Record.read(found.data if found else b"").entries


def said(emulator):
    return [(entry.run, entry.what.value) for entry in lines(emulator)]


def test_a_run_takes_the_lease_and_gives_it_back(emulator, open_journal):
    journal = open_journal("one")

    assert journal.take()
    assert journal.held
    journal.release()

    assert said(emulator) == [("one", "lease"), ("one", "released")]
    assert open_journal("two").held_by() is None


def test_the_lease_of_a_living_run_is_seen_with_its_name(open_journal):
    open_journal("one").take()

    other = open_journal("two")

    assert other.held_by().who == "the run one"


def test_of_runs_that_have_read_the_same_one_takes_the_lease(emulator, open_journal):
    journals = [open_journal(f"run-{number}") for number in range(4)]
    taken, start = [], threading.Barrier(4)

    def take(journal):
        start.wait(10)
        taken.append(journal.take())

    threads = [threading.Thread(target=take, args=[journal]) for journal in journals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(taken) == [False, False, False, True]
    assert [what for _, what in said(emulator)] == ["lease"]


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_the_taking_is_cleared_up_by_reading(emulator, open_journal, kind):
    journal = open_journal("one")
    emulator.fault(kind, "AppendObject")

    assert journal.take()

    assert said(emulator) == [("one", "lease")]


def test_a_lease_is_taken_over_only_after_a_silence(emulator, open_journal):
    dead = open_journal("dead")
    dead.take()
    dead._ended.set()  # killed: it renews no more

    emulator.advance(50)
    assert open_journal("early").held_by() is not None
    emulator.advance(20)
    late = open_journal("late")

    assert late.held_by() is None
    assert late.take()


def test_a_lease_lasts_as_long_as_its_holder_said_though_another_would_wait_for_less(emulator, open_journal):
    dead = open_journal("dead", lease_seconds=600.0)
    dead.take()
    dead._ended.set()

    emulator.advance(120)
    impatient = open_journal("impatient", lease_seconds=4.0).held_by()
    emulator.advance(600)

    assert impatient.who == "the run dead"
    assert open_journal("late", lease_seconds=4.0).held_by() is None


def test_silence_counts_in_our_time_when_the_clock_of_an_emulator_runs_faster(emulator, open_journal):
    dead = open_journal("dead")
    dead.take()
    dead._ended.set()

    emulator.advance(6_000)

    assert open_journal("other", speed=1_000.0).held_by() is not None
    assert open_journal("another", speed=50.0).held_by() is None


def test_a_living_run_renews_its_lease(emulator, open_journal):
    renewed = threading.Event()
    journal = open_journal("one", lease_seconds=0.2)
    append = journal._append
    journal._append = lambda entry: (append(entry), entry.what is What.RENEWED and renewed.set())
    journal.take()

    assert renewed.wait(10)

    assert ("one", "renewed") in said(emulator)


def test_an_intent_stands_in_the_cloud_before_a_once_only_call_may_be_sent(emulator, open_journal):
    journal = open_journal("one")
    journal.take()

    intent = journal.intend(BUY_WORKSPACE)

    written = lines(emulator)[-1]
    assert (written.id, written.what, written.action) == (intent, What.INTENT, "CreateInstance")
    assert written.makes == "workspace/cn-hangzhou/flink-dev"
    assert written.means == "order workspace flink-dev with 16 CUs"


def test_a_once_only_call_is_not_intended_when_the_intent_cannot_be_written_down(emulator, open_journal):
    journal = open_journal("one")
    journal.take()
    emulator.fault("drop-before", "AppendObject", times=10)

    with pytest.raises(Unreachable):
        journal.intend(BUY_WORKSPACE)


def test_what_can_be_repeated_is_written_down_with_the_next_append(emulator, open_journal):
    journal = open_journal("one")
    journal.take()

    journal.conclude(journal.intend(ram.create_user(UserSpec("alice", ""))), What.ANSWERED, "R-1")
    before = said(emulator)
    journal.release()

    assert before == [("one", "lease")]
    assert [what for _, what in said(emulator)] == ["lease", "intent", "answered", "released"]
    assert lines(emulator)[2].request_id == "R-1"


@pytest.mark.parametrize("ends", [None, What.LOST, What.ANSWERED])
def test_a_once_only_call_whose_end_nobody_saw_is_not_intended_again(open_journal, ends):
    dead = open_journal("dead")
    dead.take()
    intent = dead.intend(BUY_WORKSPACE)
    if ends:
        dead.conclude(intent, ends, "R-7")
    dead.release()
    journal = open_journal("next")
    journal.take()

    with pytest.raises(Uncertain, match=r"CreateInstance, to order workspace flink-dev .* by the run dead") as refused:
        journal.intend(replace(BUY_WORKSPACE, parameters={**BUY_WORKSPACE.parameters, "InstanceName": "flink-dev"}))

    assert "It is not sent again." in str(refused.value)
    assert f"deployment `resolve` with intent {intent}" in str(refused.value)
    assert ("request R-7" in str(refused.value)) is (ends is What.ANSWERED)


@pytest.mark.parametrize("ends", ["refused", "seen", "resolved"])
def test_a_once_only_call_whose_end_is_known_may_be_intended_again(open_journal, ends):
    dead = open_journal("dead")
    dead.take()
    intent = dead.intend(BUY_WORKSPACE)
    if ends == "refused":
        dead.conclude(intent, What.REFUSED, "R-1", "InsufficientBalance")
    elif ends == "seen":
        dead.seen(BUY_WORKSPACE.makes)
    else:
        dead.resolve(intent, "the console shows nothing")
    dead.release()
    journal = open_journal("next")
    journal.take()

    assert journal.intend(BUY_WORKSPACE) != intent


def test_a_run_that_was_taken_for_dead_can_write_nothing_any_more(emulator, open_journal):
    zombie = open_journal("zombie")
    zombie.take()
    zombie._ended.set()
    emulator.advance(70)
    other = open_journal("other")
    assert other.take()

    with pytest.raises(Overtaken, match="The lease of environment dev was taken by the run other"):
        zombie.intend(BUY_WORKSPACE)
    with pytest.raises(Overtaken):
        zombie.intend(ram.create_user(UserSpec("alice", "")))
    zombie.release()

    assert said(emulator) == [("zombie", "lease"), ("other", "lease")]


def test_a_thread_that_outlives_its_run_writes_nothing_and_takes_no_lease(emulator, open_journal):
    journal = open_journal("one")
    journal.take()
    journal.release()

    for call in (BUY_WORKSPACE, ram.create_user(UserSpec("alice", "")), oss.put_bucket_encryption(BUCKET)):
        with pytest.raises(Overtaken, match="This run has ended and writes no more"):
            journal.intend(call)

    assert said(emulator) == [("one", "lease"), ("one", "released")]


def test_a_run_that_was_stopped_for_long_asks_before_it_repeats_even_a_harmless_write(emulator, open_journal):
    sleeper = open_journal("sleeper")
    sleeper.take()
    sleeper._ended.set()
    emulator.advance(70)
    open_journal("other").take()
    sleeper._written_at -= 40  # more than half a lease ago

    with pytest.raises(Overtaken):
        sleeper.intend(ram.create_user(UserSpec("alice", "")))


def test_a_journal_that_somebody_removed_stops_the_run(emulator, open_journal):
    journal = open_journal("one")
    journal.take()
    with Session(ACCOUNT, "cn-hangzhou", {"*": emulator.url}) as cloud:
        cloud.send(oss_objects.delete_object(BUCKET, KEY))

    with pytest.raises(Overtaken, match="somebody who removed or replaced the journal"):
        journal.intend(BUY_WORKSPACE)


def test_what_is_no_journal_is_refused_with_its_line(emulator, open_journal):
    open_journal("one").take()
    with Session(ACCOUNT, "cn-hangzhou", {"*": emulator.url}) as cloud:
        found = cloud.send(oss_objects.get_log(BUCKET, KEY))
        cloud.send(oss_objects.append_object(BUCKET, KEY, len(found.data), b"hello\n"))

    with pytest.raises(Unmet, match="line 2 is none of ours"):
        open_journal("two")


@pytest.mark.parametrize("kind", LOST)
def test_writes_of_many_threads_are_written_down_once_each_though_answers_are_lost(emulator, open_journal, kind):
    journal = open_journal("one")
    journal.take()
    emulator.fault(kind, "AppendObject", nth=3, times=2)
    calls = [vpc.create_vpc(VpcSpec("dev", "cn-hangzhou", name=f"vpc-{number}")) for number in range(12)]

    threads = [threading.Thread(target=journal.intend, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    journal.release()

    written = lines(emulator)
    assert sorted(entry.makes for entry in written if entry.what is What.INTENT) == sorted(call.makes for call in calls)
    assert len({entry.id for entry in written}) == len(written)
    assert written[-1].what is What.RELEASED


def test_a_journal_that_somebody_replaced_by_a_normal_object_stops_the_run(emulator, open_journal):
    journal = open_journal("one")
    journal.take()
    with Session(ACCOUNT, "cn-hangzhou", {"*": emulator.url}) as cloud:
        cloud.send(oss_objects.put_object(BUCKET, KEY, cloud.send(oss_objects.get_log(BUCKET, KEY)).data))

    with pytest.raises(Overtaken, match="somebody who removed or replaced the journal"):
        journal.intend(BUY_WORKSPACE)


def test_a_creation_after_a_deletion_is_another_and_carries_another_token(emulator, open_journal):
    tokens = []
    for run in ("first", "second", "third"):
        journal = open_journal(run)
        with Session(ACCOUNT, "cn-hangzhou", {"*": emulator.url}) as cloud:
            cloud.journal = journal
            vpc_id = cloud.send(vpc.create_vpc(VPC))
            if run != "first":
                journal.seen(vpc.vpc_key(VPC))
        journal.release()
        tokens.append((vpc_id, emulator.calls("CreateVpc")[-1]["parameters"]["ClientToken"]))

    assert tokens[0] == tokens[1]  # the first was never seen: the second is the same creation
    assert tokens[2][0] != tokens[1][0]
    assert tokens[2][1] != tokens[1][1]


def test_a_line_holds_no_secret_parameter(emulator, open_journal):
    journal = open_journal("one")
    journal.take()
    call = ram.create_login_profile(ram.LoginProfileSpec("alice", False, "Secret-Pass-1"))

    journal.conclude(journal.intend(call), What.ANSWERED)
    journal.release()

    assert all("Secret-Pass-1" not in entry.line() for entry in lines(emulator))


def test_bytes_that_are_no_journal_never_raise_anything_else():
    for data in (b"\xff\xfe\n", b"[]\n", b"{}\n", b'{"what": "x"}\n', b'{"what": "lease"}\n', b"[" * 100_000):
        with pytest.raises(Unmet):
            Record.read(data)


def test_how_long_something_takes_is_the_median_of_the_last_waits_for_it(open_journal):
    first = open_journal("one")
    first.take()
    for seconds in (90_000.0, 1800.0, 1700.0, 1900.0, 2000.0, 1500.0):
        first.lasted("cluster-dev", seconds)
    first.lasted("workspace-dev", 60.0)
    first.release()

    later = open_journal("two")

    assert later.usual_seconds("cluster-dev") == 1800.0
    assert later.usual_seconds("workspace-dev") == 60.0
    assert later.usual_seconds("cluster-other") is None


def test_a_run_that_does_not_write_notes_no_waits(emulator, open_journal):
    journal = open_journal("one")

    journal.lasted("cluster-dev", 1800.0)
    journal.release()

    assert said(emulator) == []
