import pytest
from pydantic import ValidationError

from alicloud import sts
from alicloud.errors import Forbidden, Misconfigured
from alicloud.redaction import redact
from blocks.credentials import AlibabaCloudCredentials
from tests.flows.running import start_emulator

SECRET = "emulator-carol-secret"
ROLE = "acs:ram::1376771854400000:role/flink-admin"


@pytest.fixture(scope="module")
def _running():
    with start_emulator() as running:
        yield running


@pytest.fixture
def emulator(_running):
    _running.reset("everything")
    return _running


def credentials(**fields):
    return AlibabaCloudCredentials(**{"access_key_id": "LTAI5tEmulatorCarol", "access_key_secret": SECRET, **fields})


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8400", "http://localhost:8400/", "http://[::1]:8400", "https://vpc.cn-hangzhou.aliyuncs.com"],
)
def test_an_endpoint_is_https_or_on_this_machine(url):
    assert credentials(endpoints={"*": url}).endpoints == {"*": url}


@pytest.mark.parametrize(
    "url",
    [
        "http://vpc.aliyuncs.com",
        "http://127.0.0.1.example.com",
        "http://127.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1:8400",
    ],
)
def test_what_is_signed_never_leaves_this_machine_unencrypted(url):
    with pytest.raises(ValidationError, match="plain http is for loopback only"):
        credentials(endpoints={"*": url})


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8400", "ftp://127.0.0.1", "https://user@example.com", "https://x/path", "file:///etc/passwd", ""]
)
def test_an_endpoint_that_is_no_url_of_a_host_is_refused(url):
    with pytest.raises(ValidationError, match=r"is not a URL such as http://127\.0\.0\.1:8400"):
        credentials(endpoints={"*": url})


@pytest.mark.parametrize("arn", ["flink-prep", "acs:ram::1:role/x", "acs:ram::1376771854400000:user/x", f"{ROLE}\n"])
def test_a_role_is_named_by_its_whole_arn(arn):
    with pytest.raises(ValidationError, match="role_arn: must look like acs:ram::1234567890123456:role/flink-prep"):
        credentials(role_arn=arn)


@pytest.mark.parametrize(
    "wrong", [{"endpoints": {"*": "x"}}, {"clock_speed": 0}, {"role_arn": "x"}, {"endpoints": "x"}]
)
def test_no_error_about_a_block_shows_its_secret(wrong):
    with pytest.raises(ValidationError) as caught:
        AlibabaCloudCredentials(access_key_id="k", access_key_secret="s3cr3t", **wrong)

    assert "s3cr3t" not in str(caught.value) + repr(caught.value)
    assert "input_value" not in str(caught.value)


def test_a_block_and_its_session_show_no_secret():
    block = credentials(security_token="token-of-carol")

    with block.get_session("cn-hangzhou") as cloud:
        shown = f"{block!r} {block} {block.model_dump_json()} {cloud.identity!r} {vars(cloud)}"

    assert SECRET not in shown
    assert "token-of-carol" not in shown


def test_what_signs_is_redacted_from_the_first_session_on():
    block = credentials(
        access_key_id="id-of-canary", access_key_secret=" secret-of-canary\n", security_token="token-of-canary"
    )
    assert redact("id-of-canary secret-of-canary token-of-canary") != "*** *** ***"

    with block.get_session("cn-hangzhou"):
        pass

    assert redact("id-of-canary secret-of-canary token-of-canary") == "*** *** ***"


def test_the_key_of_a_role_is_redacted_too(emulator):
    block = AlibabaCloudCredentials(
        access_key_id="LTAI5tEmulatorFlinkPrep",
        access_key_secret="emulator-flink-prep-secret",
        role_arn=ROLE,
        endpoints={"*": emulator.url},
    )

    with block.get_session("cn-hangzhou") as cloud:
        key = cloud.identity

    shown = redact(f"with {key.access_key_id}, {key.access_key_secret}, {key.security_token}")
    assert shown == "with ***, ***, ***"


@pytest.mark.parametrize("empty", [{"access_key_id": ""}, {"access_key_secret": " "}])
def test_a_block_without_accesskey_is_refused_before_any_call(emulator, empty):
    block = credentials(endpoints={"*": emulator.url}, role_arn=ROLE, **empty)

    with pytest.raises(Misconfigured, match=r"has no AccessKey\. Fill in AccessKey ID and secret"):
        block.get_session("cn-hangzhou")

    assert emulator.calls() == []


def test_a_pasted_accesskey_may_have_blanks_around_it(emulator):
    block = credentials(access_key_secret=f" {SECRET}\n", endpoints={"*": emulator.url})

    with block.get_session("cn-hangzhou") as cloud:
        caller = cloud.send(sts.get_caller_identity())

    assert caller.kind == "RAMUser"


def test_a_session_acts_as_the_role_that_the_block_names(emulator):
    assuming = {"users": [{"name": "erin", "keys": [{"id": "LTAI5tErin", "secret": "secret-of-erin"}]}]}
    assuming["users"][0]["policies"] = ["AliyunSTSAssumeRoleAccess"]
    emulator.sow({"ram": assuming})
    block = credentials(
        access_key_id="LTAI5tErin",
        access_key_secret="secret-of-erin",
        role_arn=ROLE,
        endpoints={"*": emulator.url},
        clock_speed=50,
    )

    with block.get_session("cn-shanghai", "prefect-run-7") as cloud:
        caller = cloud.send(sts.get_caller_identity())

    assert caller.kind == "AssumedRoleUser"
    assert caller.arn.endswith("/flink-admin/prefect-run-7")
    assert cloud.region == "cn-shanghai"
    assert cloud.clock.speed == 50


def test_a_role_that_may_not_be_assumed_is_told_with_action_and_remedy(emulator):
    block = credentials(role_arn=ROLE, endpoints={"*": emulator.url})

    with pytest.raises(Forbidden, match=r"NoPermission on AssumeRole .*AliyunSTSAssumeRoleAccess"):
        block.get_session("cn-hangzhou")
