import pytest
from prefect.client.orchestration import get_client

from alicloud.errors import Forbidden, Misconfigured
from blocks.credentials import AlibabaCloudCredentials
from blocks.environment import as_block
from flows.prepare import prepare
from tasks.opening import opening
from tests.flows.running import environment

pytestmark = pytest.mark.usefixtures("prefect_server")


def save(name, credentials="missing"):
    wanted = environment(name=name, credentials=credentials)
    as_block(wanted).save(name, overwrite=True)
    return wanted


def spoil(block, **facts):
    """Store what the block's own model refuses, as somebody might through the API."""
    with get_client(sync_client=True) as client:
        document = client.read_block_document_by_name(block[1], block[0])
        answer = client.request(
            "PATCH",
            "/block_documents/{id}",
            path_params={"id": document.id},
            json={"data": facts, "merge_existing_data": True},
        )
        answer.raise_for_status()


def test_an_environment_that_nobody_saved_is_told_with_the_way_to_make_it():
    with (
        pytest.raises(Misconfigured, match="There is no Flink Environment block named nowhere") as refused,
        opening("nowhere"),
    ):
        pass

    assert "make register" in refused.value.remedy


def test_an_environment_without_its_credentials_is_told():
    save("lonely", credentials="nobody")

    with (
        pytest.raises(Misconfigured, match="Environment lonely names the credentials block nobody, which does not"),
        opening("lonely"),
    ):
        pass


def test_an_environment_block_that_was_spoiled_is_told_field_by_field():
    wanted = save("spoiled")
    facts = wanted.model_dump(mode="json") | {"region": "nowhere-1"}
    spoil(("flink-environment", "spoiled"), environment=facts)

    with (
        pytest.raises(Misconfigured, match=r"Environment block spoiled is impossible: .*region.*nowhere-1"),
        opening("spoiled"),
    ):
        pass


def test_a_secret_never_stands_in_the_message_on_spoiled_credentials():
    save("leaky", credentials="leaky")
    AlibabaCloudCredentials(access_key_id="LTAI5tLeaky", access_key_secret="the-secret").save("leaky", overwrite=True)
    spoil(("alibaba-cloud-credentials", "leaky"), role_arn="not an arn")

    with (
        pytest.raises(Misconfigured, match="Credentials block leaky of environment leaky is impossible") as refused,
        opening("leaky"),
    ):
        pass

    assert "role_arn" in str(refused.value)
    assert "the-secret" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_wrong_access_key_is_told_with_its_remedy_and_nothing_is_written(make_trial):
    trial = make_trial("exclusive-order")
    trial.identity = type(trial.identity)(trial.identity.access_key_id, "another-secret")
    trial.save()

    state = trial.run(prepare)

    assert isinstance(state.result(raise_on_failure=False), Forbidden)
    assert "SignatureDoesNotMatch on GetCallerIdentity" in state.message
    assert "Correct the AccessKey in the credentials block" in state.message
    assert trial.writes() == []


@pytest.mark.requirement("R12")
def test_credentials_of_another_account_are_refused(make_trial):
    trial = make_trial("exclusive-order", account="1000000000000001")

    state = trial.run(prepare)

    assert state.is_failed()
    assert "belong to account 1376771854400000, the environment to 1000000000000001" in state.message
    assert trial.writes() == []
