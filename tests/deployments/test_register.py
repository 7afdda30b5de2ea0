import logging
import sys
import threading

import pytest

from alicloud.errors import Misconfigured
from alicloud.redaction import redact
from deployments.register import credentials_from, main

KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tSomeKey", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "its-secret"}


def test_credentials_come_from_the_variables_of_the_vendor_s_tools():
    variables = KEY | {
        "ALIBABA_CLOUD_SECURITY_TOKEN": "a-token",
        "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1234567890123456:role/flink-prep",
        "REALTIME_COMPUTE_ENDPOINTS": '{"*": "http://127.0.0.1:8400"}',
        "REALTIME_COMPUTE_CLOCK_SPEED": "90",
    }

    credentials = credentials_from(variables)

    assert credentials.access_key_id.get_secret_value() == "LTAI5tSomeKey"
    assert credentials.access_key_secret.get_secret_value() == "its-secret"
    assert credentials.security_token.get_secret_value() == "a-token"
    assert credentials.role_arn == "acs:ram::1234567890123456:role/flink-prep"
    assert credentials.endpoints == {"*": "http://127.0.0.1:8400"}
    assert credentials.clock_speed == 90


def test_without_further_variables_it_is_the_real_cloud_at_its_own_pace():
    credentials = credentials_from(KEY)

    assert (credentials.endpoints, credentials.clock_speed, credentials.role_arn) == ({}, 1.0, "")


def test_without_an_access_key_there_are_no_credentials_to_store():
    assert credentials_from({"ALIBABA_CLOUD_ACCESS_KEY_ID": ""}) is None
    assert credentials_from({}) is None


@pytest.mark.parametrize(
    ("variables", "cause"),
    [
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tSomeKey"}, "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set"),
        (KEY | {"REALTIME_COMPUTE_ENDPOINTS": "127.0.0.1"}, "not JSON"),
        (KEY | {"REALTIME_COMPUTE_CLOCK_SPEED": "fast"}, "not a number"),
        (KEY | {"ALIBABA_CLOUD_ROLE_ARN": "flink-prep"}, "role_arn"),
        (KEY | {"REALTIME_COMPUTE_ENDPOINTS": '{"*": "http://example.com"}'}, "plain http is for loopback only"),
        (KEY | {"REALTIME_COMPUTE_CLOCK_SPEED": "-1"}, "greater than 0"),
    ],
)
def test_impossible_credentials_are_refused_without_showing_the_secret(variables, cause):
    with pytest.raises(Misconfigured) as refused:
        credentials_from(variables)

    assert cause in str(refused.value)
    assert refused.value.remedy
    assert "its-secret" not in str(refused.value)


def test_a_wrong_document_is_told_with_file_and_line_before_anything_is_registered(tmp_path, capsys):
    document = tmp_path / "wrong.yaml"
    document.write_text("name: wrong\nregion: nowhere\n")

    code = main([str(document)])

    assert code == 1
    assert f"{document}:2: region" in capsys.readouterr().err


def test_what_stands_in_the_variables_is_redacted_from_then_on():
    credentials_from(KEY | {"ALIBABA_CLOUD_SECURITY_TOKEN": "token-of-register"})

    assert redact("LTAI5tSomeKey its-secret token-of-register") == "*** *** ***"


def test_the_command_tells_no_secret_and_keeps_it_out_of_logs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)
    document = tmp_path / "wrong.yaml"
    document.write_text("name: wrong\nregion: https://me:hunter-2@example.com\n")

    try:
        main([str(document)])
        record = logging.getLogger("any").makeRecord("any", 20, "f", 1, "Password=%s", ("hunter-2",), None)
    finally:
        logging.setLogRecordFactory(before)

    assert "://***@example.com" in capsys.readouterr().err
    assert record.getMessage() == "Password=***"
