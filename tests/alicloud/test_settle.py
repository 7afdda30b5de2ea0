import pytest

from alicloud.call import Call, Kind
from alicloud.clock import Clock
from alicloud.errors import (
    AlreadyExists,
    Refused,
    TimedOut,
    Unavailable,
    Uncertain,
    Unmet,
    Unreachable,
    Unsettled,
)
from alicloud.settle import settle, wait_until
from alicloud.snapshot import Ledger, Snapshot

LIST = Call("Shop", "1", "ListThings", Kind.READ, lambda body: body, missing=())


def make(name, kind=Kind.IDEMPOTENT):
    return Call("Shop", "1", "MakeThing", kind, lambda body: None, {"Name": name}, means=f"make {name}")


def buy(name):
    return make(name, Kind.ONCE)


def missing(desired, actual):
    return [make(name) for name in desired if name not in actual]


def unbought(desired, actual):
    return [buy(name) for name in desired if name not in actual]


class Cloud:
    """A session to a cloud that holds names.

    `lag` reads after a write still show the world before it; `failures` are raised by the writes in turn;
    `effect` says whether a write does anything.
    """

    settle_seconds = 60.0

    def __init__(self, *things, dry=False, lag=0, failures=(), effect=True, remembered=None):
        self.dry, self.lag, self.effect, self.journal = dry, lag, effect, None
        self.things, self.before = set(things), None
        self.failures = list(failures)
        self.ledger, self.snapshot = Ledger(), Snapshot()
        self.waits, self.sent, self.reads = [], [], 0
        self.clock = Clock(wait=self.waits.append)
        if remembered is not None:
            self.snapshot.keep(LIST, remembered)

    def recall(self, call):
        known, answer = self.snapshot.recall(call)
        return answer if known else self.send(call)

    def send(self, call):
        return self._read() if call.is_read else self._write(call)

    def read_again(self, call):
        return self.send(call)

    def _read(self):
        self.reads += 1
        if self.before is not None and self.lag > 0:
            self.lag -= 1
            return self.before
        return tuple(sorted(self.things))

    def foresee(self, call):
        self.ledger.add(call)

    def _write(self, call):
        assert not self.dry
        self.before = tuple(sorted(self.things))
        self.sent.append(call.parameters["Name"])
        if self.effect:
            self.things.add(call.parameters["Name"])
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.ledger.add(call)


def lost():
    return Uncertain("No answer to MakeThing.", action="MakeThing")


def test_what_is_as_wanted_is_left_alone():
    cloud = Cloud("a", "b")

    actual = settle(cloud, LIST, ("a",), missing)

    assert actual == ("a", "b")
    assert cloud.sent == []
    assert cloud.reads == 1


def test_a_remembered_answer_that_is_as_wanted_needs_no_read():
    cloud = Cloud("a", remembered=("a",))

    settle(cloud, LIST, ("a",), missing)

    assert cloud.reads == 0


def test_what_is_missing_is_made_and_read_back():
    cloud = Cloud("a")

    actual = settle(cloud, LIST, ("a", "b", "c"), missing)

    assert actual == ("a", "b", "c")
    assert cloud.sent == ["b", "c"]
    assert [write.means for write in cloud.ledger.writes] == ["make b", "make c"]
    assert cloud.waits == []


def test_nothing_is_written_because_of_an_old_answer():
    cloud = Cloud("a", remembered=())

    actual = settle(cloud, LIST, ("a",), missing)

    assert actual == ("a",)
    assert cloud.sent == []
    assert cloud.reads == 1


def test_a_later_step_is_not_content_with_what_was_remembered_before_a_change():
    cloud = Cloud(remembered=())

    settle(cloud, LIST, ("a",), missing)

    assert cloud.recall(LIST) == ("a",)


def test_a_change_does_not_make_a_live_run_remember_what_it_had_not():
    cloud = Cloud()

    settle(cloud, LIST, ("a",), missing)

    assert cloud.snapshot.recall(LIST) == (False, None)


def test_a_dry_run_plans_and_sends_nothing():
    cloud = Cloud("a", dry=True)

    actual = settle(cloud, LIST, ("a", "b"), missing, planned=("a", "b"))

    assert actual == ("a", "b")
    assert cloud.things == {"a"}
    assert [write.means for write in cloud.ledger.writes] == ["make b"]


def test_a_dry_run_plans_a_thing_once_for_all_steps():
    cloud = Cloud(dry=True)

    for _ in range(2):
        settle(cloud, LIST, ("a",), missing, planned=("a",))

    assert [write.means for write in cloud.ledger.writes] == ["make a"]


def test_a_dry_run_hands_on_what_is_there_when_nothing_is_planned_instead():
    cloud = Cloud("a", dry=True)

    actual = settle(cloud, LIST, ("b",), missing)

    assert actual == ("a",)


def test_a_plan_says_what_is_once_only():
    cloud = Cloud(dry=True)

    settle(cloud, LIST, ("a",), unbought)

    assert [write.once_only for write in cloud.ledger.writes] == [True]


def test_reads_that_lag_behind_a_write_are_repeated_and_the_write_is_not():
    cloud = Cloud(lag=3)

    actual = settle(cloud, LIST, ("a",), missing)

    assert actual == ("a",)
    assert cloud.sent == ["a"]
    assert cloud.waits == [1.0, 2.0, 4.0]


def test_a_write_without_effect_is_unsettled_after_the_window_and_says_what_is_lacking():
    cloud = Cloud(effect=False)

    with pytest.raises(Unsettled, match="MakeThing was answered, but after 60 s the cloud still lacks: make a"):
        settle(cloud, LIST, ("a",), missing)

    assert cloud.sent == ["a"]
    assert sum(cloud.waits) == 60.0


def test_a_once_only_call_whose_answer_is_lost_is_adopted_when_its_effect_shows():
    cloud = Cloud(failures=[lost()], lag=4)

    actual = settle(cloud, LIST, ("a",), unbought)

    assert actual == ("a",)
    assert cloud.sent == ["a"]


def test_a_once_only_call_whose_answer_is_lost_stays_uncertain_when_no_effect_shows():
    cloud = Cloud(failures=[lost()], effect=False)

    with pytest.raises(Uncertain, match="No answer to MakeThing"):
        settle(cloud, LIST, ("a",), unbought)

    assert cloud.sent == ["a"]
    assert sum(cloud.waits) == 60.0


def test_nothing_more_is_sent_after_an_answer_that_is_lost():
    cloud = Cloud(failures=[lost()], effect=False)

    with pytest.raises(Uncertain):
        settle(cloud, LIST, ("a", "b"), unbought)

    assert cloud.sent == ["a"]


def test_a_refusal_is_forgiven_when_the_effect_is_there():
    cloud = Cloud(failures=[Refused("Undocumented", "exists")])

    actual = settle(cloud, LIST, ("a",), missing)

    assert actual == ("a",)


def test_a_refusal_without_effect_is_raised_at_once():
    cloud = Cloud(failures=[Refused("NoStock")], effect=False)

    with pytest.raises(Refused, match="NoStock"):
        settle(cloud, LIST, ("a", "b"), missing)

    assert cloud.sent == ["a"]
    assert cloud.waits == []


def test_what_somebody_else_made_meanwhile_does_not_stop_the_rest():
    cloud = Cloud(failures=[AlreadyExists("EntityAlreadyExists.Thing")])

    actual = settle(cloud, LIST, ("a", "b"), missing)

    assert actual == ("a", "b")
    assert cloud.sent == ["a", "b"]


def test_a_decider_that_refuses_stops_before_any_write():
    def refuse(desired, actual):
        raise Unmet("impossible")

    cloud = Cloud()

    with pytest.raises(Unmet, match="impossible"):
        settle(cloud, LIST, ("a",), refuse)

    assert cloud.sent == []


def test_waiting_ends_when_ready():
    cloud = Cloud()

    def ready(actual):
        cloud.things.add(str(len(actual)))
        return len(actual) == 3

    assert wait_until(cloud, LIST, ready, "The shop") == ("0", "1", "2")
    assert cloud.waits == [2.0, 2.0, 2.0]


def test_waiting_ends_when_the_time_is_up():
    cloud = Cloud()

    with pytest.raises(TimedOut, match="The shop is not ready after 10 s") as caught:
        wait_until(cloud, LIST, bool, "The shop", timeout_seconds=10)

    assert "Retry" in caught.value.remedy
    assert sum(cloud.waits) == 10.0


def test_a_dry_run_does_not_wait():
    cloud = Cloud(dry=True)

    assert wait_until(cloud, LIST, bool, "The shop") == ()
    assert cloud.waits == []


def test_an_unknown_state_is_not_waited_for():
    def ready(actual):
        raise Unmet("unknown state")

    cloud = Cloud()

    with pytest.raises(Unmet, match="unknown state"):
        wait_until(cloud, LIST, ready, "The shop")

    assert cloud.waits == []


@pytest.mark.parametrize("failure", [Unreachable("No answer.", action="MakeThing"), Unavailable("InternalError")])
def test_a_write_that_leaves_a_version_is_looked_for_before_it_is_sent_again(failure):
    found = Cloud(failures=[failure], lag=2)
    settle(found, LIST, ("a",), versioned)
    lost = Cloud(failures=[failure], effect=False)

    with pytest.raises(Unsettled, match="MakeThing was answered"):
        settle(lost, LIST, ("a",), versioned)

    assert found.sent == ["a"]
    assert [write.means for write in found.ledger.writes] == ["make a"]
    assert lost.sent == ["a", "a"]
    assert sum(lost.waits) >= 60


def versioned(desired, actual):
    return [make(name, Kind.LOOKED) for name in desired if name not in actual]
