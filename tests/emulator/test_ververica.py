import pytest
from pydantic import TypeAdapter

from emulator import foasconsole, foasconsole_seed, ram, ververica, ververica_members, ververica_targets, vpc_seed
from emulator.request import Caller, Refusal, Request
from emulator.world import Clock, World
from tests.emulator.shape import SAMPLES, differences, sample

ACCOUNT = "1376771854400000"
OWNER = Caller("Account", ACCOUNT, "LTAI", principal_id=ACCOUNT)
HANDLERS = {
    "".join(word.capitalize() for word in handler.__name__.split("_")): handler
    for module in (ververica_members, ververica_targets)
    for handler in module.ROUTES.values()
}
ALICE = "user:2000000000000001"
SPACE = {"namespace": "orders-default"}


@pytest.fixture
def world():
    world = World(clock=Clock(wall=lambda: 1_700_000_000.0))
    vswitch = {"id": "vsw-1", "cidr": "10.0.1.0/24", "zone": "cn-hangzhou-b"}
    vpc_seed.seed(world, {"vpcs": [{"id": "vpc-1", "name": "flink", "cidr": "10.0.0.0/8", "vswitches": [vswitch]}]})
    row = {"name": "orders", "vpc_id": "vpc-1", "vswitch_ids": ["vsw-1"], "cpu": 10}
    foasconsole_seed.seed(world, {"workspaces": [row]})
    world.part(ram.State).users["alice"] = ram.User("alice", "2000000000000001", 0.0, 0.0)
    return world


def workspace_id(world):
    return next(iter(world.part(foasconsole.State).workspaces.values())).resource_id


def call(world, action, document=None, path=None, parameters=None, workspace=None):
    headers = {"workspace": workspace_id(world) if workspace is None else workspace}
    path = SPACE | (path or {})
    return HANDLERS[action](world, Request(action, OWNER, parameters or {}, path, document, "cn-hangzhou", headers))


def refused(world, action, *arguments, **more):
    with pytest.raises(Refusal) as caught:
        call(world, action, *arguments, **more)
    if caught.value.status == 200:
        assert caught.value.body["success"] is False
        assert caught.value.body["errorCode"] == caught.value.code
    return caught.value.code


def test_every_action_answers_like_the_published_samples(world):
    member, target = {"member": ALICE}, {"deployment_target_name": "small"}
    script = [
        ("CreateMember", {"member": ALICE, "role": "VIEWER"}, {}, {}),
        ("GetMember", None, member, {}),
        ("UpdateMember", {"member": ALICE, "role": "EDITOR"}, {}, {}),
        ("ListMembers", None, {}, {}),
        ("DeleteMember", None, member, {}),
        ("CreateDeploymentTarget", {"cpu": 1, "memory": "4 GiB"}, {}, {"deploymentTargetName": "small"}),
        ("ListDeploymentTargets", None, {}, {}),
        ("UpdateDeploymentTarget", {"cpu": 2.5, "memory": "8 GiB"}, target, {}),
        ("DeleteDeploymentTarget", None, target, {}),
        ("ListEngineVersionMetadata", None, {}, {}),
        ("CreateUdfArtifact", {"name": "udf", "jarUrl": "oss://b/a.jar", "dependencyJarUris": ["oss://b/c"]}, {}, {}),
        ("GetUdfArtifacts", None, {}, {}),
    ]
    for action, document, path, parameters in script:
        reply = call(world, action, document, path, parameters)
        assert differences(reply, sample("ververica/2022-07-18", action)) == [], action
        assert reply["success"] is True

    assert {action for action, *_ in script} == set(HANDLERS) == set(SAMPLES["ververica/2022-07-18"])


def test_members_are_users_that_exist(world):
    call(world, "CreateMember", {"member": "user: 2000000000000001", "role": "VIEWER"})

    assert call(world, "GetMember", path={"member": ALICE})["data"] == {"member": ALICE, "role": "VIEWER"}
    assert refused(world, "CreateMember", {"member": ALICE, "role": "EDITOR"}) == ververica.ALREADY_THERE
    assert refused(world, "CreateMember", {"member": "user:1", "role": "EDITOR"}) == ververica.NOT_FOUND
    assert refused(world, "UpdateMember", {"member": ALICE, "role": "viewer"}) == "BadRequest"
    assert call(world, "ListMembers", parameters={"pageSize": "1"})["totalSize"] == 2


def test_the_last_owner_stays(world):
    owner = f"user:{ACCOUNT}"

    assert refused(world, "DeleteMember", path={"member": owner}) == ververica.NOT_ALLOWED
    assert refused(world, "UpdateMember", {"member": owner, "role": "VIEWER"}) == ververica.NOT_ALLOWED
    call(world, "CreateMember", {"member": ALICE, "role": "OWNER"})
    call(world, "DeleteMember", path={"member": owner})
    assert call(world, "ListMembers")["data"] == [{"member": ALICE, "role": "OWNER"}]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"workspace": ""}, "BadRequest"),
        ({"workspace": "nobodys"}, "990301"),
        ({"path": {"namespace": "none"}}, "990301"),
        ({"path": {"member": "user:9"}}, "990301"),
    ],
)
def test_what_is_not_there_is_not_found(world, changes, code):
    assert refused(world, "GetMember", **changes) == code


def test_what_is_read_or_refused_leaves_no_trace(world):
    call(world, "ListMembers")
    refused(world, "DeleteMember", path={"member": ALICE})

    assert world.part(ververica.State) == ververica.State()


def test_a_namespace_that_is_made_again_has_no_old_members(world):
    call(world, "CreateMember", {"member": ALICE, "role": "VIEWER"})
    workspace = foasconsole.find_resource(world, workspace_id(world))
    workspace.namespaces["orders-default"].created_at += 60

    assert refused(world, "GetMember", path={"member": ALICE}) == ververica.NOT_FOUND


@pytest.mark.parametrize("action", sorted(HANDLERS))
@pytest.mark.parametrize(
    "document", [None, [], "x", {"cpu": True}, {"member": 1}, {"name": [], "jarUrl": {}}, {"cpu": 1}]
)
def test_hostile_bodies_are_refused_and_never_break(world, action, document):
    try:
        call(world, action, document, parameters={"deploymentTargetName": "t", "pageIndex": "1"})
    except Refusal as refusal:
        assert refusal.status in (200, 400)


def test_the_state_survives_as_json(world):
    call(world, "CreateMember", {"member": ALICE, "role": "VIEWER"})
    adapter = TypeAdapter(ververica.State)
    state = world.part(ververica.State)

    assert adapter.validate_json(adapter.dump_json(state)) == state


def test_rights_are_asked_for_the_namespace(world):
    instance = next(iter(world.part(foasconsole.State).workspaces))
    headers = {"workspace": workspace_id(world)}
    request = Request("GetMember", OWNER, {}, SPACE, None, "cn-hangzhou", headers)

    where = f"acs:stream:cn-hangzhou:{ACCOUNT}:vvpinstance/{instance}/vvpnamespace/orders-default"
    assert ververica.resource(world, request) == where
