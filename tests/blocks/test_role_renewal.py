"""A session that acts as a role outlives the role's temporary AccessKey."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from alicloud import sts
from alicloud.errors import Forbidden
from alicloud.session import Session
from blocks.credentials import AlibabaCloudCredentials
from tests.flows.running import Running, start_emulator

HOURS = 3600


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    with start_emulator() as running:
        yield running


def credentials(url: str) -> AlibabaCloudCredentials:
    return AlibabaCloudCredentials(
        access_key_id=SecretStr("LTAI5tEmulatorFlinkPrep"),
        access_key_secret=SecretStr("emulator-flink-prep-secret"),
        role_arn="acs:ram::1376771854400000:role/flink-admin",
        endpoints={"*": url},
    )


def test_a_session_of_a_role_assumes_it_again_before_its_key_expires(emulator):
    emulator.reset("everything")
    with credentials(emulator.url).get_session("cn-hangzhou", "flow-1") as cloud:
        first = cloud.identity.access_key_id
        emulator.advance(HOURS - 100)
        cloud.clock.observe(cloud.clock.now() + HOURS - 100)

        caller = cloud.send(sts.get_caller_identity())

        assert (caller.kind, caller.arn.rpartition("/")[2]) == ("AssumedRoleUser", "flow-1")
        assert cloud.identity.access_key_id != first


def test_without_renewal_the_role_key_expires(emulator):
    emulator.reset("everything")
    with credentials(emulator.url).get_session("cn-hangzhou", "flow-1") as cloud:
        held = Session(cloud.identity, "cn-hangzhou", {"*": emulator.url}, attempts=1)
        emulator.advance(2 * HOURS)

        with held, pytest.raises(Forbidden, match="expired"):
            held.send(sts.get_caller_identity())
