import pytest
from pydantic import ValidationError

from blocks.environment import Environment, FlinkEnvironment, as_block
from tests.flows.running import document, environment


@pytest.mark.requirement("R20", "R2", "R10", "R13")
def test_what_a_document_leaves_out_is_the_safe_choice():
    wanted = environment(safety=None)

    assert wanted.safety.may_order is False
    assert wanted.safety.max_price is None
    assert wanted.storage.redundancy == "LRS"
    assert wanted.storage.encryption == "AES256"
    assert wanted.people.initialize_ram is True
    assert wanted.people.security_preference.allow_user_to_manage_access_keys is False
    assert all(user.console_logon is False and user.mfa_required is True for user in wanted.people.users)


@pytest.mark.requirement("R19")
def test_an_exclusive_cluster_takes_an_address_for_each_of_its_nodes():
    nodes = {
        "master": {"specification": "Ecs_4c16g", "number": 3},
        "slave": {"specification": "Ecs_8c32g", "number": 7},
    }

    assert environment(cluster=nodes).cluster.nodes == 10


@pytest.mark.requirement("R24")
def test_a_workspace_takes_an_address_for_each_compute_unit_and_some_more():
    assert environment("managed", cluster={"compute_units": 16}).cluster.nodes > 16


def test_an_environment_cannot_be_changed_once_it_is_read():
    wanted = environment()

    with pytest.raises(ValidationError, match="frozen"):
        wanted.safety.max_compute_units = 1_000_000


@pytest.mark.parametrize("mode", ["exclusive", "managed"])
def test_an_environment_comes_back_the_same_from_its_block(mode):
    wanted = environment(mode)

    stored = as_block(wanted).model_dump_json()

    assert FlinkEnvironment.model_validate_json(stored).environment == wanted


def test_a_block_that_was_edited_into_something_impossible_is_refused_with_every_cause():
    content = document(
        network={"zone": "cn-beijing-h"},
        cluster={"slave": {"specification": "Ecs_8c32g", "number": 3}},
        projects=[{"name": "orders", "compute_units": 99}],
    )

    with pytest.raises(ValidationError) as caught:
        FlinkEnvironment.model_validate({"environment": content})

    told = str(caught.value)
    assert "network.zone: cn-beijing-h is not a zone of cn-hangzhou. Choose a zone of the region." in told
    assert "projects: the projects ask for 99 CUs, the cluster has 18." in told
    assert "projects: 99 CUs are more than safety.max_compute_units (20). Raise the limit on purpose." in told


def test_every_field_of_the_form_has_a_title():
    untitled = [
        f"{name}.{field}"
        for name, schema in _schemas(Environment.model_json_schema())
        for field, facts in schema.get("properties", {}).items()
        if "title" not in facts and "$ref" not in facts
    ]

    assert untitled == []


def _schemas(schema):
    return [("Environment", schema), *schema["$defs"].items()]
