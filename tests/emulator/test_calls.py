"""The call log."""

import pytest

from emulator.calls import KEPT, CallLog, is_read, redacted


def record(log: CallLog, action: str = "ListUsers", write: bool = False, **parameters: str):
    log.record(
        time="2026-01-01T00:00:00Z",
        product="Ram",
        version="2015-05-01",
        action=action,
        caller="",
        access_key_id="",
        method="POST",
        write=write,
        status=200,
        code="",
        request_id="",
        parameters=parameters,
    )


@pytest.mark.parametrize(
    ("action", "read"),
    [
        ("GetUser", True),
        ("ListUsers", True),
        ("DescribeVpcs", True),
        ("QueryOrders", True),
        ("ValidateJob", True),
        ("AssumeRole", True),
        ("AssumeRoleWithSAML", False),
        ("CreateUser", False),
        ("DeleteUser", False),
        ("PayOrder", False),
        ("ConvertInstance", False),
        ("", False),
    ],
)
def test_reads_are_told_from_writes_by_name(action: str, read: bool):
    assert is_read(action) is read


def test_old_calls_are_forgotten_and_numbers_go_on():
    log = CallLog()

    for _ in range(KEPT + 5):
        record(log)

    calls = log.since()
    assert (len(calls), calls[0]["n"], calls[-1]["n"], log.last) == (KEPT, 6, KEPT + 5, KEPT + 5)


def test_secrets_are_hidden_whatever_their_case():
    given = {
        "Password": "p",
        "newPassword": "p",
        "AccessKeySecret": "p",
        "SECURITYTOKEN": "p",
        "x-oss-security-token": "p",
        "signature": "p",
        "x-oss-signature": "p",
        "SignatureNonce": "kept",
        "UserAccessKeyId": "kept",
    }

    assert {name: value for name, value in redacted(given).items() if value != "***"} == {
        "SignatureNonce": "kept",
        "UserAccessKeyId": "kept",
    }


def test_what_is_too_long_is_cut():
    kept = redacted({str(number): "x" * 100_000 for number in range(1000)})

    assert len(kept) == 500
    assert max(map(len, kept.values())) == 8192
