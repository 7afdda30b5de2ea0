"""ActionTrail: who wrote what, told after a time, page by page."""

import pytest

from tests.emulator.client import Running

VERSION = "2020-07-06"


def events(emulator: Running, **asked):
    return emulator.ok(VERSION, "LookupEvents", **asked)["Events"]


def about(key, value):
    return {"LookupAttribute.1.Key": key, "LookupAttribute.1.Value": value}


@pytest.fixture
def told(emulator: Running) -> Running:
    """An account whose events are told at once."""
    emulator.control("POST", "seed", {"actiontrail": {"lag_seconds": 0.0}})
    return emulator


def test_an_event_says_who_wrote_what_and_when(told: Running):
    alice = told.user("alice", "AliyunRAMFullAccess")
    told.ok("Ram", "CreateGroup", alice, GroupName="developers")

    (event,) = events(told, **about("ResourceName", "developers"))

    assert event["eventName"] == "CreateGroup"
    assert event["userIdentity"]["type"] == "ram-user"
    assert event["userIdentity"]["userName"] == "alice"
    assert event["referencedResources"] == {"ACS::RAM::Group": ["developers"]}
    assert event["requestParameters"]["GroupName"] == "developers"
    assert event["eventTime"].endswith("Z")
    assert "errorCode" not in event
    assert "Signature" not in event["requestParameters"]
    assert alice.secret not in str(event)


def test_what_was_refused_is_told_with_its_code_and_reads_are_not_told(told: Running):
    told.rpc("Ram", "DeleteUser", UserName="nobody")
    told.rpc("Ram", "GetUser", UserName="nobody")

    (event,) = events(told, **about("ResourceName", "nobody"))

    assert (event["eventName"], event["errorCode"]) == ("DeleteUser", "EntityNotExist.User")


def test_an_event_is_told_after_the_lag_alone(emulator: Running):
    emulator.ok("Ram", "CreateGroup", GroupName="developers")

    before = events(emulator)
    emulator.control("POST", "clock", {"advance": 601})
    after = events(emulator)

    assert before == []
    assert [event["eventName"] for event in after] == ["CreateGroup"]


def test_events_come_newest_first_page_by_page_and_within_the_time_asked_for(told: Running):
    for name in "abcde":
        told.ok("Ram", "CreateGroup", GroupName=name)
        told.control("POST", "clock", {"advance": 10})

    found, token = [], ""
    while True:
        page = told.ok(VERSION, "LookupEvents", MaxResults=2, NextToken=token or None)
        found += page["Events"]
        token = page["NextToken"]
        if not token:
            break
    oldest = events(told, Direction="FORWARD", EndTime=found[-1]["eventTime"])

    assert [event["requestParameters"]["GroupName"] for event in found] == list("edcba")
    assert [event["requestParameters"]["GroupName"] for event in oldest] == ["a"]
    assert events(told, StartTime=found[0]["eventTime"])[0]["requestParameters"]["GroupName"] == "e"


@pytest.mark.parametrize(
    "asked",
    [{"StartTime": "yesterday"}, {"LookupAttribute.1.Key": "Colour", "LookupAttribute.1.Value": "red"}],
)
def test_what_cannot_be_asked_is_refused(told: Running, asked):
    response = told.rpc(VERSION, "LookupEvents", **asked)

    assert (response.status_code, response.json()["Code"]) == (400, "InvalidQueryParameter")


def test_a_user_needs_the_right_to_look(told: Running):
    response = told.rpc(VERSION, "LookupEvents", told.user("bob"))

    assert response.status_code == 403


def test_a_user_s_second_factor_is_shown_when_one_is_bound(emulator: Running):
    emulator.control("POST", "seed", {"ram": {"users": [{"name": "alice", "mfa_bound": True}, {"name": "bob"}]}})

    bound = emulator.ok("Ram", "GetUserMFAInfo", UserName="alice")
    unbound = emulator.rpc("Ram", "GetUserMFAInfo", UserName="bob")

    assert bound["MFADevice"]["SerialNumber"].endswith(":mfa/alice")
    assert unbound.json()["Code"] == "EntityNotExist.User.MFADevice"
