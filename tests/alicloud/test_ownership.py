"""What a journal tells of who created what, and that every creation and deletion says what it is about."""

import re

import pytest

from alicloud import ram, ram_removal
from alicloud.call import Kind
from alicloud.clock import Clock
from alicloud.errors import Unmet
from alicloud.journal_record import Created, Entry, Record, What
from alicloud.ram import UserSpec
from alicloud.session import Identity, Session
from tests.reliability.test_kinds import CALLS

KEY = "ram:user/alice"


def record(*entries):
    return Record(0, list(entries))


def intent(number, creates=KEY, removes="", action="CreateUser"):
    at = f"2026-01-01T00:0{number}:00Z"
    return Entry(What.INTENT, f"i{number}", at, "run", action=action, creates=creates, removes=removes)


def became(number, what, code=""):
    return Entry(what, f"o{number}", "2026-01-01T00:09:00Z", "run", intent=f"i{number}", code=code)


ANSWERED, LOST, REFUSED, SEEN, RESOLVED = What.ANSWERED, What.LOST, What.REFUSED, What.SEEN, What.RESOLVED


@pytest.mark.parametrize(
    ("entries", "created"),
    [
        ([], Created.NO),
        ([intent(1)], Created.UNSURE),
        ([intent(1), became(1, ANSWERED)], Created.YES),
        ([intent(1), became(1, LOST)], Created.UNSURE),
        ([intent(1), became(1, LOST), became(1, SEEN)], Created.YES),
        ([intent(1), became(1, REFUSED, "NoPermission")], Created.NO),
        ([intent(1), became(1, REFUSED, "EntityAlreadyExists.User")], Created.UNSURE),
        ([intent(1), became(1, LOST), became(1, RESOLVED)], Created.NO),
        ([intent(1), became(1, ANSWERED), intent(2), became(2, LOST)], Created.YES),
        ([intent(1, creates="ram:user/bob"), became(1, ANSWERED)], Created.NO),
        ([intent(1, creates=""), became(1, ANSWERED)], Created.UNSURE),  # of an earlier version
        ([intent(1), became(1, ANSWERED), intent(2, "", KEY, "DeleteUser"), became(2, ANSWERED)], Created.REMOVED),
        ([intent(1), became(1, ANSWERED), intent(2, "", KEY, "DeleteUser"), became(2, LOST)], Created.YES),
        (
            [
                *[intent(1), became(1, ANSWERED), intent(2, "", KEY, "DeleteUser"), became(2, ANSWERED)],
                *[intent(3), became(3, ANSWERED)],
            ],
            Created.YES,
        ),
    ],
)
def test_the_journal_tells_whether_the_environment_created_something(entries, created):
    assert record(*entries).created(KEY) is created


def test_a_line_keeps_what_it_creates_and_removes():
    entry = intent(1, KEY, "ram:user/bob")

    assert Record.read(entry.line().encode()).entries == [entry]


CREATING = sorted(
    name
    for name, call in CALLS.items()
    if not call.is_read and re.match(r"Create(?!PolicyVersion|AccessKey)|PutObject|PutBucket$", call.action)
)


@pytest.mark.parametrize("name", CREATING)
def test_every_creation_says_what_it_creates(name):
    assert re.match(r"[a-z]+:[a-z]+/", CALLS[name].creates), name


REMOVING = sorted(
    name
    for name, call in CALLS.items()
    if "_removal." in name and call.kind is Kind.IDEMPOTENT and call.action.startswith(("Delete", "Destroy"))
)


@pytest.mark.parametrize("name", REMOVING)
def test_every_deletion_of_a_resource_says_what_it_removes_and_may_be_repeated(name):
    if CALLS[name].action == "DeletePolicyVersion":  # part of a policy
        return

    assert CALLS[name].removes
    assert CALLS[name].done, "what is gone already is as wanted"


def test_a_session_that_is_held_to_a_plan_sends_nothing_else():
    with Session(Identity("LTAI5tNobody", "secret"), "cn-hangzhou", {"*": "http://127.0.0.1:9"}, Clock()) as cloud:
        cloud.foreseen = frozenset({ram_removal.delete_user("bob").fingerprint})

        with pytest.raises(Unmet, match="delete RAM user alice was not in the plan"):
            cloud.send(ram_removal.delete_user("alice"))
        with pytest.raises(Unmet, match="create RAM user bob was not in the plan"):
            cloud.send(ram.create_user(UserSpec("bob")))
