import pytest

from alicloud import foas
from alicloud.bssopenapi import OrderedInstance
from alicloud.errors import ManualStep, Uncertain, Unmet
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from emulator import ecs as emulated_ecs
from emulator import oss_state as emulated_oss
from tasks.cluster import check_cluster_network, ensure_cluster, find_cluster, find_order, require_cluster
from tests.tasks.conftest import connected, everything, existing

ORDER = "blinkonecs_cn-order-0001"
BOUGHT = OrderedInstance(ORDER, "blinkonecs", "Normal", "cn-hangzhou", "Subscription")
VPC = Vpc("vpc-bp1everything00000000", "realtime-compute", "192.168.0.0/16", "Available", "cn-hangzhou")
VSWITCH = VSwitch("vsw-bp1everythingh0000000", VPC.vpc_id, "h", "192.168.1.0/24", "cn-hangzhou-h", "Available", 252)
WANTED = existing(cluster={"name": "flink"})


@pytest.fixture
def unclustered(account):
    """The account of the seed `everything` before it had clusters."""
    seed = everything()
    del seed["foas"]["clusters"], seed["foas"]["projects"], seed["foasconsole"]
    account.reset(seed, speed=20_000)
    return account


@pytest.fixture
def clustered(account):
    account.reset("everything", speed=20_000)
    return account


def create(cloud):
    return ensure_cluster.fn(cloud, WANTED, BOUGHT, VPC, [VSWITCH])


@pytest.mark.requirement("R21")
def test_a_cluster_is_created_once_and_then_kept(unclustered, cloud):
    first, second = create(cloud), create(cloud)

    assert first.cluster_id == second.cluster_id
    assert unclustered.writes() == ["CreateCluster"]


@pytest.mark.parametrize("kind", ["drop-after", "cut"])
def test_a_cluster_whose_creation_was_answered_into_the_void_is_found_and_not_made_again(unclustered, cloud, kind):
    unclustered.fault(kind, "CreateCluster")

    cluster = create(cloud)

    assert cluster.name == "flink"
    assert unclustered.writes() == ["CreateCluster"]


@pytest.mark.parametrize("kind", ["drop-before", "error"])
def test_a_creation_of_which_nothing_is_to_be_seen_is_uncertain_and_never_sent_again(unclustered, cloud, kind):
    unclustered.fault(kind, "CreateCluster")

    with pytest.raises(Uncertain) as lost:
        create(cloud)

    assert "Look in the console. If it is there" in str(lost.value)
    assert unclustered.writes() == ["CreateCluster"]
    assert len(unclustered.calls("ListCluster")) > 3  # it looked for as long as an effect may take to show


@pytest.mark.requirement("R20", "R21")
def test_no_cluster_is_created_on_a_bucket_that_became_public(unclustered, cloud):
    unclustered.cloud.world.part(emulated_oss.State).buckets["flink-udf-packages"].acl = "public-read"

    with pytest.raises(Unmet, match="is public-read"):
        create(cloud)

    assert unclustered.writes() == []


def test_a_plan_hands_on_a_cluster_that_does_not_exist(unclustered):
    with connected(unclustered, dry=True) as cloud:
        cluster = create(cloud)

        assert (cluster.cluster_id, cluster.state) == ("to-be-created", "STARTING")
        assert [(write.action, write.once_only) for write in cloud.ledger.writes] == [("CreateCluster", True)]


@pytest.mark.requirement("R12", "R13")
def test_the_order_without_a_cluster_is_found(unclustered, cloud):
    order = find_order.fn(cloud, WANTED.cluster, find_cluster.fn(cloud, "flink"))

    assert (order.instance_id, order.status, order.region) == (ORDER, "Normal", "cn-hangzhou")


@pytest.mark.requirement("R12", "R13")
def test_an_order_that_has_its_cluster_is_no_order_for_another(clustered, cloud):
    with pytest.raises(ManualStep) as stopped:
        find_order.fn(cloud, existing(cluster={"name": "second"}).cluster, None)

    assert f"Every order of exclusive mode in cn-hangzhou has its cluster already ({ORDER})" in str(stopped.value)
    assert "with the Alibaba Cloud account" in stopped.value.remedy
    assert clustered.writes() == []


@pytest.mark.requirement("R14")
def test_projects_need_a_cluster_that_runs(clustered, cloud):
    assert require_cluster.fn(cloud, "flink").state == "RUNNING"

    with pytest.raises(Unmet, match="Cluster other does not exist"):
        require_cluster.fn(cloud, "other")


@pytest.mark.requirement("R16")
def test_what_the_service_made_and_somebody_deleted_raises_the_alarm(clustered, cloud):
    cluster = cloud.send(foas.get_cluster_details(find_cluster.fn(cloud, "flink").cluster_id))
    check_cluster_network.fn(cloud, WANTED, cluster, VPC)
    world = clustered.cloud.world
    for interface in list(world.part(emulated_ecs.State).interfaces):
        emulated_ecs.remove_interface(world, interface)

    with pytest.raises(Unmet, match="every network interface") as alarm:
        check_cluster_network.fn(cloud, WANTED, cluster, VPC)

    assert cluster.security_group_id in str(alarm.value)
    assert "can be neither rebuilt nor scaled" in alarm.value.remedy


@pytest.mark.requirement("R21")
def test_a_cluster_in_another_vpc_than_the_environment_s_is_not_taken_for_the_wanted_one(clustered, cloud):
    cluster = cloud.send(foas.get_cluster_details(find_cluster.fn(cloud, "flink").cluster_id))
    other = Vpc("vpc-other", "other", "10.0.0.0/8", "Available", "cn-hangzhou")

    with pytest.raises(Unmet, match="VPC is vpc-bp1everything00000000, wanted vpc-other"):
        check_cluster_network.fn(cloud, WANTED, cluster, other)
