import pytest

from alicloud.errors import (
    AlibabaCloudError,
    AlreadyExists,
    Forbidden,
    ManualStep,
    Misconfigured,
    NotFound,
    Refused,
    Throttled,
    TimedOut,
    Unavailable,
    Uncertain,
    Unmet,
    Unreachable,
    Unsettled,
    refusal,
)


def refused(code, status=400, remedy="", text="It is so."):
    return refusal(code, text, action="CreateRole", request_id="7463B73D", status=status, remedy=remedy)


CODES = [
    ("Throttling", Throttled),
    ("Throttling.User", Throttled),
    ("Throttling.Api", Throttled),
    ("Rejected.Throttling", Throttled),
    ("InternalError", Unavailable),
    ("ServiceUnavailable", Unavailable),
    ("TaskConflict", Unavailable),
    ("IncorrectVSwitchStatus", Unavailable),
    ("IncorrectStatus.VpcPeer", Unavailable),
    ("TOKEN_PROCESSING", Unavailable),
    ("IdempotentProcessing", Unavailable),
    ("998001", Unavailable),
    ("EntityAlreadyExists.User", AlreadyExists),
    ("EntityAlreadyExists.User.LoginProfile", AlreadyExists),
    ("BucketAlreadyExists", AlreadyExists),
    ("FileAlreadyExists", AlreadyExists),
    ("NoPermission", Forbidden),
    ("Forbidden", Forbidden),
    ("Forbidden.RAM", Forbidden),
    ("AccessDenied", Forbidden),
    ("Inactive", Forbidden),
    ("InvalidAccessKeyId.NotFound", Forbidden),
    ("InvalidAccessKeyId.Inactive", Forbidden),
    ("InvalidAccessKeySecret", Forbidden),
    ("SignatureDoesNotMatch", Forbidden),
    ("InvalidSecurityToken.Expired", Forbidden),
    ("EntityNotExist.User", NotFound),
    ("EntityNotExist.User.LoginProfile", NotFound),
    ("NoSuchBucket", NotFound),
    ("NoSuchKey", NotFound),
    ("InvalidVpcId.NotFound", NotFound),
    ("990301", NotFound),
    ("NoSuchVersion", Refused),
    ("MalformedPolicyDocument", Refused),
    ("LimitExceeded.Policy.Version", Refused),
    ("InvalidCidrBlock.Overlapped", Refused),
    ("IdempotentParameterMismatch", Refused),
    ("", Refused),
]


@pytest.mark.parametrize(("code", "kind"), CODES)
def test_a_code_becomes_the_error_that_says_what_to_do(code, kind):
    error = refused(code)

    assert type(error) is kind
    assert error.code == code
    assert error.remedy


def test_a_servers_fault_with_an_unknown_code_is_transient():
    assert type(refused("Whatever", status=502)) is Unavailable
    assert type(refused("Whatever", status=400)) is Refused


def test_a_known_code_counts_more_than_the_status():
    assert type(refused("NoPermission", status=500)) is Forbidden


TRANSIENT = [Throttled("c"), Unavailable("c"), Unreachable("m")]
LASTING = [
    Refused("c"),
    NotFound("c"),
    AlreadyExists("c"),
    Forbidden("c"),
    Uncertain("m"),
    Unmet("m"),
    ManualStep("m"),
    Unsettled("m"),
    TimedOut("m"),
    Misconfigured("m"),
]


@pytest.mark.parametrize("error", TRANSIENT, ids=[type(error).__name__ for error in TRANSIENT])
def test_waiting_helps(error):
    assert isinstance(error, AlibabaCloudError)
    assert error.transient


@pytest.mark.parametrize("error", LASTING, ids=[type(error).__name__ for error in LASTING])
def test_waiting_does_not_help(error):
    assert isinstance(error, AlibabaCloudError)
    assert not error.transient


def test_a_message_says_what_where_which_request_and_what_to_do():
    error = refused("NoPermission", 403, remedy="Attach AliyunRAMFullAccess.", text="You are not authorized.")

    assert str(error) == (
        "NoPermission on CreateRole (request 7463B73D): You are not authorized. Attach AliyunRAMFullAccess."
    )


def test_a_text_that_only_repeats_the_code_is_said_once():
    assert refused("NoPermission", text="NoPermission").message == "NoPermission on CreateRole (request 7463B73D)."


REMEDIES = [
    ("InvalidAccessKeyId.NotFound", "Correct the AccessKey"),
    ("SignatureDoesNotMatch", "Correct the AccessKey"),
    ("InvalidSecurityToken.Expired", "STS token"),
    ("InvalidTimeStamp.Expired", "clock"),
    ("RequestTimeTooSkewed", "clock"),
    ("Inactive", "Activate RAM"),
    ("INSUFFICIENT.AVAILABLE.QUOTA", "Top up"),
    ("LimitExceeded.User", "quota"),
    ("QuotaExceeded.Vpc", "quota"),
]


@pytest.mark.parametrize(("code", "said"), REMEDIES)
@pytest.mark.parametrize("of_the_call", ["", "Attach AliyunRAMFullAccess."])
def test_a_code_that_names_its_cause_has_its_own_remedy_whatever_the_call_suggests(code, said, of_the_call):
    assert said in refused(code, remedy=of_the_call).remedy


def test_a_calls_remedy_stands_where_the_code_says_no_more():
    assert refused("NoPermission", remedy="Attach AliyunRAMFullAccess.").remedy == "Attach AliyunRAMFullAccess."


@pytest.mark.parametrize("code", ["Throttling.User", "ServiceUnavailable"])
def test_a_transient_refusal_does_not_send_the_operator_after_rights(code):
    assert "AliyunRAMFullAccess" not in refused(code, remedy="Attach AliyunRAMFullAccess.").remedy


def test_an_error_without_a_remedy_of_its_own_has_that_of_its_class():
    assert str(Uncertain("No answer to CreateCluster.")) == f"No answer to CreateCluster. {Uncertain.default_remedy}"
    assert str(Uncertain("No answer.", remedy="Look.")) == "No answer. Look."


def test_what_the_cloud_says_plays_no_tricks_on_a_terminal():
    error = refusal("Odd\x1b[31m", "line one\r\nline two\u202e", action="GetUser", request_id="R\x07", status=400)

    assert str(error).isprintable()
    assert "line one  line two" in str(error)
