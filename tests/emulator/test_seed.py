"""Seeds: those that come along, and those that cannot be."""

from typing import Any

import pytest

from emulator import ram, seed, store
from emulator.cloud import Cloud
from emulator.policy import authorize
from emulator.products import BY_VERSION
from emulator.request import Caller, Request
from emulator.world import World

RAM = BY_VERSION["2015-05-01"].routes


@pytest.mark.parametrize("name", seed.names())
def test_every_seed_that_comes_along_is_possible(world: World, name: str):
    assert seed.sown(world, seed.named(name)).parts


def test_the_four_promised_seeds_come_along():
    assert seed.names() == ["everything", "exclusive-order", "nothing", "traps"]


def test_everything_has_people_with_rights(world: World):
    grown = seed.sown(world, seed.named("everything"))

    key = ram.find_key(grown, "LTAI5tEmulatorCarol")

    assert key is not None
    authorize(grown, key.caller, "vpc:DescribeVpcs", "*")
    assert grown.account_alias == "example"


@pytest.mark.requirement("R7", "R9")
def test_traps_have_a_wrong_trust_and_a_full_policy(world: World):
    grown = seed.sown(world, seed.named("traps"))

    def call(action: str, **parameters: str) -> Any:
        return RAM[action](grown, Request(action, Caller("Account", grown.account_id, "."), parameters))

    role = call("GetRole", RoleName="AliyunStreamDefaultRole")["Role"]
    versions = call("ListPolicyVersions", PolicyName="AliyunStreamDefaultRolePolicy", PolicyType="Custom")
    assert "Service" not in role["AssumeRolePolicyDocument"]
    assert len(versions["PolicyVersions"]["PolicyVersion"]) == 5


def test_a_seed_is_added_to_the_world_that_is(world: World):
    grown = seed.sown(world, {"ram": {"users": [{"name": "alice"}]}})

    twice = seed.sown(grown, {"ram": {"users": [{"name": "bob"}]}, "delays": {"cluster": 60}})

    assert list(twice.part(ram.State).users) == ["alice", "bob"]
    assert (twice.delays.cluster, world.delays.cluster) == (60, 1800)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "an object"),
        (None, "an object"),
        ({"mars": {}}, "mars"),
        ({1: {}}, "unknown section"),
        ({"account": {"id": "me"}}, "id"),
        ({"account": {"alias": "A B"}}, "alias"),
        ({"account": []}, "."),
        ({"delays": {"tea": 1}}, "delays.tea"),
        ({"delays": {"cluster": -1}}, "delays.cluster"),
        ({"delays": {"cluster": True}}, "delays.cluster"),
        ({"delays": {"cluster": float("nan")}}, "delays.cluster"),
        ({"delays": 7}, "."),
        ({"ram": {"users": [{"name": "a b"}]}}, "InvalidParameter.UserName.InvalidChars"),
        ({"ram": {"users": [{"name": "a"}, {"name": "a"}]}}, "EntityAlreadyExists.User"),
        ({"ram": {"users": [{"name": "a", "policies": ["Nothing"]}]}}, "EntityNotExist.Policy"),
        ({"ram": {"users": [{"name": "a", "groups": ["nobody"]}]}}, "EntityNotExist.Group"),
        ({"ram": {"users": [{"name": "a", "password": "x"}]}}, "TooWeak"),
        ({"ram": {"users": [{"shoe": 44}]}}, "."),
        ({"ram": {"policies": [{"name": "p", "documents": [{}]}]}}, "MalformedPolicyDocument"),
        ({"ram": {"service_linked_roles": ["x"]}}, "EntityNotExist.Service"),
        ({"ram": "x"}, "."),
        ({"vpc": {"vpcs": [{"name": "v", "cidr": "8.8.8.8/40"}]}}, "."),
        ({"oss": {"buckets": 7}}, "."),
        ({"oss": []}, "."),
        ({"foas": 7}, "."),
        ({"foas": {"orders": [{}]}}, "."),
        ({"foasconsole": [1]}, "."),
        ({"bssopenapi": {"balance": "much"}}, "."),
        ({"ecs": {"stock": {"mars-a": "Available"}}}, "."),
    ],
)
def test_an_impossible_seed_is_refused_and_leaves_no_trace(world: World, content: Any, reason: str):
    before = store.dump(world)

    with pytest.raises(ValueError, match=reason):
        seed.sown(world, content)

    assert store.dump(world) == before


@pytest.mark.parametrize("text", ["{", "a: b: c", "!!python/object:os.system {}", '"\\uD800"', "x" + "[" * 5000])
def test_what_is_not_yaml_is_refused(text: str):
    with pytest.raises(ValueError, match=r"not YAML|an object"):
        seed.sown(Cloud().world, seed.parse(text))


@pytest.mark.parametrize("name", ["", "nobody", "../seeds/nothing", "nothing.yaml"])
def test_a_seed_that_is_not_there_is_named(name: str):
    with pytest.raises(ValueError, match="no seed is called"):
        seed.named(name)
