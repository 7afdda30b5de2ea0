"""The store of client tokens."""

import pytest

from emulator import client_tokens
from emulator.request import Caller, Refusal, Request

MISMATCH = Refusal(403, "IdempotentParameterMismatch")


def request(action="CreateThing", account="1", **parameters):
    return Request(action, Caller("Account", account, "key"), parameters)


def test_what_differs_between_two_sendings_does_not_count():
    store, replies = client_tokens.Store(), iter([{"Id": "1"}])

    first = client_tokens.once(store, request(ClientToken="t", Timestamp="1"), lambda: next(replies), MISMATCH)
    envelope = {"Timestamp": "2", "SignatureNonce": "n", "Signature": "s", "AccessKeyId": "other", "SecurityToken": "x"}
    second = client_tokens.once(store, request(ClientToken="t", **envelope), lambda: next(replies), MISMATCH)

    assert first == second == {"Id": "1"}


def test_account_and_action_part_the_tokens():
    store, replies = client_tokens.Store(), iter([{"Id": "1"}, {"Id": "2"}, {"Id": "3"}])
    requests = [
        request(ClientToken="t"),
        request(ClientToken="t", action="DeleteThing"),
        request(ClientToken="t", account="2"),
    ]

    found = [client_tokens.once(store, each, lambda: next(replies), MISMATCH)["Id"] for each in requests]

    assert found == ["1", "2", "3"]


def test_a_reply_that_its_reader_changes_stays_as_it_was():
    store = client_tokens.Store()
    client_tokens.once(store, request(ClientToken="t"), lambda: {"Ids": ["1"]}, MISMATCH)["RequestId"] = "r"
    client_tokens.once(store, request(ClientToken="t"), dict, MISMATCH)["Ids"].append("2")

    assert client_tokens.once(store, request(ClientToken="t"), dict, MISMATCH) == {"Ids": ["1"]}


def test_a_refused_request_may_be_sent_again():
    store = client_tokens.Store()

    def refuse():
        raise Refusal(400, "Nope")

    with pytest.raises(Refusal, match="Nope"):
        client_tokens.once(store, request(ClientToken="t"), refuse, MISMATCH)

    assert client_tokens.once(store, request(ClientToken="t", Other="x"), lambda: {"Id": "1"}, MISMATCH) == {"Id": "1"}


def test_the_oldest_tokens_are_forgotten():
    store = client_tokens.Store()

    for number in range(client_tokens.CAPACITY + 1):
        client_tokens.once(store, request(ClientToken=str(number)), dict, MISMATCH)

    assert len(store.effects) == client_tokens.CAPACITY
    assert client_tokens.once(store, request(ClientToken="0"), lambda: {"new": True}, MISMATCH) == {"new": True}
