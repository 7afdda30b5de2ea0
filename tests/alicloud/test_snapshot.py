"""What a run has read, and what it wrote or would write."""

from threading import Thread

import pytest

from alicloud.call import Call, Kind
from alicloud.errors import Unmet
from alicloud.snapshot import Ledger, Outcome, Snapshot, Write


def _read(**parameters: str) -> Call[str]:
    return Call("Vpc", "2016-04-28", "DescribeVpcs", Kind.READ, str, parameters)


def _write(kind: Kind = Kind.TOKENED, means: str = "create VPC flink") -> Call[str]:
    return Call("Vpc", "2016-04-28", "CreateVpc", kind, str, means=means)


def test_an_answer_is_remembered_for_the_same_question():
    snapshot = Snapshot()

    snapshot.keep(_read(VpcId="vpc-1"), "one")

    assert snapshot.recall(_read(VpcId="vpc-1")) == (True, "one")
    assert snapshot.recall(_read(VpcId="vpc-2")) == (False, None)


def test_that_something_is_absent_is_an_answer_too():
    snapshot = Snapshot()

    snapshot.keep(_read(), None)

    assert snapshot.recall(_read()) == (True, None)


def test_what_a_dry_run_expects_goes_before_what_it_read():
    snapshot = Snapshot()
    snapshot.keep(_read(), "before")

    snapshot.expect(_read(), "after")

    assert snapshot.recall(_read()) == (True, "after")


def test_facts_leave_out_what_is_only_expected():
    snapshot = Snapshot()
    snapshot.keep(_read(), "before")
    snapshot.expect(_read(), "after")
    snapshot.expect(_read(VpcId="vpc-9"), "planned")

    facts = snapshot.facts()

    assert facts.recall(_read()) == (True, "before")
    assert facts.recall(_read(VpcId="vpc-9")) == (False, None)


def test_facts_are_a_copy():
    snapshot = Snapshot()
    facts = snapshot.facts()

    snapshot.keep(_read(), "later")

    assert facts.recall(_read()) == (False, None)


def test_two_reads_with_other_arguments_or_headers_are_two_questions():
    def head(key: str, workspace: str = "w1") -> Call[str]:
        return Call(
            "oss",
            "",
            "HeadObject",
            Kind.READ,
            str,
            bucket="b",
            operation="head_object",
            arguments={"key": key},
            headers={"workspace": workspace},
        )

    snapshot = Snapshot()

    snapshot.keep(head("a.jar"), "a")

    assert snapshot.recall(head("a.jar")) == (True, "a")
    assert snapshot.recall(head("b.jar")) == (False, None)
    assert snapshot.recall(head("a.jar", "w2")) == (False, None)


def test_threads_that_ask_the_same_at_once_ask_once():
    snapshot, asked = Snapshot(), []

    def ask() -> None:
        with snapshot.one_reader(_read()):
            if not snapshot.recall(_read())[0]:
                asked.append(1)
                snapshot.keep(_read(), "answer")

    threads = [Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert asked == [1]


def test_threads_that_ask_different_things_do_not_wait_for_each_other():
    snapshot = Snapshot()
    order = []
    other = Thread(target=lambda: _enter(snapshot, _read(VpcId="vpc-2"), order))

    with snapshot.one_reader(_read(VpcId="vpc-1")):
        other.start()
        other.join(timeout=5)

    assert order == ["entered"]


def _enter(snapshot: Snapshot, call: Call[str], order: list[str]) -> None:
    with snapshot.one_reader(call):
        order.append("entered")


@pytest.mark.parametrize(("kind", "once_only"), [(Kind.TOKENED, False), (Kind.IDEMPOTENT, False), (Kind.ONCE, True)])
def test_a_write_is_noted_in_the_operators_words(kind, once_only):
    ledger = Ledger()

    ledger.add(_write(kind), "request-1")

    assert ledger.writes == [Write("CreateVpc", "create VPC flink", "request-1", once_only)]


def test_a_write_without_words_is_noted_by_its_action():
    ledger = Ledger()

    ledger.add(_write(means=""))

    assert ledger.writes[0].means == "CreateVpc"


def test_a_write_belongs_to_the_step_that_made_it():
    ledger = Ledger()

    with ledger.step("VPC", ["R17"]):
        ledger.add(_write())
    ledger.add(_write(means="outside"))

    assert [write.means for write in ledger.writes_of("VPC")] == ["create VPC flink"]
    assert ledger.outcomes == {"VPC": Outcome("VPC", ("R17",))}


def test_a_step_inside_another_keeps_its_own_writes():
    ledger = Ledger()

    with ledger.step("network"):
        with ledger.step("VPC"):
            ledger.add(_write(means="inner"))
        ledger.add(_write(means="outer"))

    assert [write.means for write in ledger.writes_of("VPC")] == ["inner"]
    assert [write.means for write in ledger.writes_of("network")] == ["outer"]


def test_a_failed_step_is_noted_with_its_remedy_and_the_error_goes_on():
    ledger = Ledger()

    with pytest.raises(Unmet), ledger.step("VPC", ["R17"]):
        raise Unmet("Two VPCs.", remedy="Name one.")

    assert ledger.outcomes["VPC"] == Outcome("VPC", ("R17",), "Two VPCs. Name one.")


def test_an_error_without_words_is_still_an_error():
    ledger = Ledger()

    with pytest.raises(KeyboardInterrupt), ledger.step("VPC"):
        raise KeyboardInterrupt

    assert ledger.outcomes["VPC"].error == "KeyboardInterrupt"


def test_steps_in_many_threads_do_not_mix():
    ledger = Ledger()

    def work(name: str) -> None:
        with ledger.step(name):
            for _ in range(50):
                ledger.add(_write(means=name))
                ledger.count_read()

    threads = [Thread(target=work, args=(f"step {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all([write.means for write in ledger.writes_of(f"step {n}")] == [f"step {n}"] * 50 for n in range(8))
    assert ledger.reads == 400
