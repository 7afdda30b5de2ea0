import pytest

from alicloud.clock import Clock
from alicloud.errors import ManualStep, Uncertain, Unmet
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from emulator import foasconsole as emulated_workspaces
from tasks.workspace import check_managed_zone, check_price, ensure_workspace, find_workspace, require_workspace
from tests.tasks.conftest import connected, everything, existing

VPC = Vpc("vpc-bp1everything00000000", "realtime-compute", "192.168.0.0/16", "Available", "cn-hangzhou")
VSWITCH = VSwitch("vsw-bp1everythingh0000000", VPC.vpc_id, "h", "192.168.1.0/24", "cn-hangzhou-h", "Available", 252)
WANTED = existing("managed")


@pytest.fixture
def unused(account):
    """The account of the seed `everything` before it had a workspace."""
    seed = everything()
    del seed["foasconsole"]
    account.reset(seed, speed=20_000)
    return account


def order(cloud):
    return ensure_workspace.fn(cloud, WANTED, VPC, [VSWITCH], "1 CNY")


def price(cloud, wanted, existing_one=None):
    return check_price.fn(cloud, wanted, existing_one, VPC, [VSWITCH])


@pytest.mark.requirement("R24")
def test_a_workspace_is_bought_once_and_then_kept(unused, cloud):
    first, second = order(cloud), order(cloud)

    assert first.instance_id == second.instance_id
    assert unused.writes() == ["CreateInstance"]


def test_a_workspace_whose_order_was_answered_into_the_void_is_found_and_not_bought_again(unused, cloud):
    unused.fault("drop-after", "CreateInstance")

    workspace = order(cloud)

    assert workspace.name == "flink-managed"
    assert unused.writes() == ["CreateInstance"]


def test_a_workspace_that_shows_only_after_a_while_is_waited_for_and_not_bought_again(unused):
    unused.control("POST", "clock", {"speed": 0})
    unused.cloud.world.part(emulated_workspaces.State).visible_after = 50.0
    unused.fault("drop-after", "CreateInstance")
    before = unused.cloud.world.now()

    with connected(unused, clock=Clock(wait=unused.advance)) as cloud:
        workspace = order(cloud)

    assert workspace.name == "flink-managed"
    assert 50 <= unused.cloud.world.now() - before <= 60
    assert unused.writes() == ["CreateInstance"]


@pytest.mark.parametrize("kind", ["drop-before", "error"])
def test_an_order_of_which_nothing_is_to_be_seen_is_uncertain_and_never_sent_again(unused, cloud, kind):
    unused.fault(kind, "CreateInstance")

    with pytest.raises(Uncertain):
        order(cloud)

    assert unused.writes() == ["CreateInstance"]


@pytest.mark.requirement("R13", "R24")
def test_the_price_is_told_before_anything_is_ordered(unused, cloud):
    assert "CNY an hour" in price(cloud, WANTED).text
    assert unused.writes() == []


@pytest.mark.requirement("R13", "R24")
@pytest.mark.parametrize(
    ("safety", "error", "cause"),
    [
        ({"may_order": False}, ManualStep, "does not allow ordering"),
        ({"max_price": None}, ManualStep, "does not allow ordering"),
        ({"max_price": "0.01"}, Unmet, r"more than safety.max_price \(0.01\)"),
    ],
)
def test_without_leave_or_beyond_the_limit_nothing_is_ordered(unused, cloud, safety, error, cause):
    with pytest.raises(error, match=cause):
        price(cloud, existing("managed", safety=safety))


def test_a_workspace_that_exists_is_not_priced(account, cloud):
    account.reset("everything", speed=20_000)
    workspace = find_workspace.fn(cloud, "flink-managed")

    assert price(cloud, existing("managed", safety={"may_order": False}), workspace) is None
    assert require_workspace.fn(cloud, "flink-managed") == workspace


@pytest.mark.requirement("R18", "R24")
def test_a_zone_where_none_are_sold_is_told_with_those_where_they_are(unused, cloud):
    unused.cloud.world.part(emulated_workspaces.State).closed_zones.append("cn-hangzhou-h")

    with pytest.raises(Unmet, match="not sold in zone cn-hangzhou-h") as refused:
        check_managed_zone.fn(cloud, "cn-hangzhou-h", None)

    assert "Choose one of cn-hangzhou-" in refused.value.remedy


@pytest.mark.requirement("R24")
def test_namespaces_need_a_workspace_that_runs(unused, cloud):
    with pytest.raises(Unmet, match="Workspace flink-managed does not exist"):
        require_workspace.fn(cloud, "flink-managed")
