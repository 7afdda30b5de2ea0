"""Orphans: reads what an account has of Realtime Compute, and tells what no environment wants. Deletes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from alicloud import (
    bssopenapi,
    foas,
    foasconsole,
    foasconsole_prices,
    oss_listing,
    oss_objects,
    ram_listing,
    vpc,
    vpc_vswitches,
)
from alicloud.bssopenapi import OrderedInstance
from alicloud.endpoints import EXCLUSIVE_REGIONS
from alicloud.errors import Refused
from alicloud.foas import Cluster
from alicloud.foasconsole import Workspace, WorkspaceSpec
from alicloud.journal import FOLDER, journal_key
from alicloud.journal_record import Record
from alicloud.ram_listing import ListedPolicy, ListedRole
from alicloud.session import Session
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks.clusters import ExclusiveCluster
from blocks.environment import Environment
from blocks.orphans import GONE, Holdings, KeptJournal, Orphan, orphans, paid_without_cluster
from blocks.runner_rights import need
from tasks.account import check_account
from tasks.inert import cell, plain
from tasks.known_environments import of_account
from tasks.looking import Step
from tasks.step import step

Exclusive = tuple[tuple[OrderedInstance, ...], tuple[Cluster, ...]]
Managed = tuple[tuple[Workspace, ...], dict[str, str]]
Network = tuple[tuple[Vpc, ...], tuple[VSwitch, ...]]
Ram = tuple[tuple[ListedRole, ...], tuple[ListedPolicy, ...], tuple[str, ...], tuple[str, ...]]


def read_holdings(step: Step, region: str, environments: Sequence[Environment]) -> dict[str, Any]:
    """Read everything that may be an orphan, with `step`; gives the handles by what they are of."""
    codes = {each.cluster.order_product_code for each in environments if isinstance(each.cluster, ExclusiveCluster)}
    usual = str(ExclusiveCluster.model_fields["order_product_code"].default)
    managed = [each for each in environments if each.cluster.mode == "managed" and each.region == region]
    return {
        "account": step(check_account, ""),
        "exclusive": step(read_exclusive, sorted({usual, *codes})),
        "managed": step(read_managed, sorted(each.cluster.name for each in managed)),
        "network": step(read_network),
        "journals": step(read_journals),
        "ram": step(read_ram),
    }


def conclude_orphans(key: str, region: str, read: dict[str, Any], environments: Sequence[Environment]) -> State[Any]:
    """Find the orphans, and publish them as a table."""
    (orders, clusters), (workspaces, prices), (vpcs, vswitches) = read["exclusive"], read["managed"], read["network"]
    roles, policies, users, groups = read["ram"]
    found = Holdings(
        region, orders, clusters, workspaces, prices, vpcs, vswitches, read["journals"], roles, policies, users, groups
    )
    known = of_account(environments, read["account"].account_id)
    rows = orphans(found, known)
    number = paid_without_cluster(found)
    told = f"{region}: {len(rows)} of no environment; {number} paid orders without cluster; {len(known)} environments"
    create_table_artifact([_cells(row) for row in rows], key=f"orphans-{key}", description=plain(told))
    return Completed(message=f"Orphans in {told}. Nothing was deleted.")


def _cells(row: Orphan) -> dict[str, str]:
    """Write a row; names are anybody's."""
    return {"What": row.kind, "Name": cell(row.name), "Id": cell(row.id), "Why": cell(row.why), "Cost": cell(row.cost)}


@step(
    "Orders and clusters of exclusive mode",
    "R12",
    "R13",
    needs=(
        need(bssopenapi.query_available_instances),
        need(foas.get_cluster_details),
        need(foas.list_cluster),
    ),
)
def read_exclusive(cloud: Session, product_codes: Sequence[str]) -> Exclusive:
    """Read what was bought of exclusive mode, and the clusters; nothing where it was never sold."""
    if cloud.region not in EXCLUSIVE_REGIONS:
        return (), ()
    orders = [cloud.send(bssopenapi.query_available_instances(code, cloud.region)) for code in product_codes]
    clusters = [_detailed(cloud, row) for row in cloud.send(foas.list_cluster())]
    return tuple(order for some in orders for order in some), tuple(clusters)


def _detailed(cloud: Session, cluster: Cluster) -> Cluster:
    if cluster.state in GONE:
        return cluster
    return cloud.send(foas.get_cluster_details(cluster.cluster_id)) or cluster


@step(
    "Workspaces, and what those cost that no environment names",
    "R24",
    needs=(
        need(foasconsole.describe_instances),
        need(foasconsole_prices.query_create_instance_price),
    ),
)
def read_managed(cloud: Session, named: Sequence[str]) -> Managed:
    """Read the workspaces, and ask for the prices of those that are not named."""
    workspaces = cloud.send(foasconsole.describe_instances(cloud.region))
    asked = [row for row in workspaces if row.name not in named and row.status not in GONE]
    return workspaces, {row.instance_id: _price(cloud, row) for row in asked}


def _price(cloud: Session, workspace: Workspace) -> str:
    """Give today's price of a workspace like this one; what was agreed for it may be another."""
    spec = WorkspaceSpec(
        region=cloud.region,
        name=workspace.name,
        charge_type=workspace.charge_type,
        cpu=workspace.cpu,
        vpc_id=workspace.vpc_id,
        vswitch_ids=workspace.vswitch_ids,
        bucket=workspace.bucket,
        managed_storage=not workspace.bucket,
        zone=workspace.zone,
    )
    try:
        price = cloud.send(foasconsole_prices.query_create_instance_price(spec))
    except Refused:  # such as one that is not sold any more: an unknown price hides no orphan
        return "not known"
    if price is None or price.code:
        return "not known"
    return f"today {foasconsole_prices.price_text(spec, price)}"


@step(
    "VPCs and vSwitches",
    "R17",
    "R19",
    needs=(
        need(vpc.describe_vpcs),
        need(vpc_vswitches.describe_vswitches),
    ),
)
def read_network(cloud: Session) -> Network:
    """Read all VPCs and vSwitches of the region."""
    return cloud.send(vpc.describe_vpcs()), cloud.send(vpc_vswitches.describe_vswitches())


@step(
    "Journals in the buckets of the region",
    "R20",
    needs=(
        need(oss_listing.list_buckets),
        need(oss_objects.get_object, bucket="any_name", key="any_name"),
        need(oss_objects.list_objects, bucket="any_name"),
    ),
)
def read_journals(cloud: Session) -> tuple[KeptJournal, ...]:
    """Read the journal of every environment that was ever prepared, wherever its bucket is in the region."""
    found = []
    for bucket in cloud.send(oss_listing.list_buckets()):
        for environment in _prepared(cloud, bucket.name) if bucket.region == cloud.region else ():
            data = cloud.send(oss_objects.get_object(bucket.name, journal_key(environment)))
            if data is not None:
                found.append(KeptJournal(bucket.name, environment, Record.read(data)))
    return tuple(found)


def _prepared(cloud: Session, bucket: str) -> list[str]:
    objects = cloud.send(oss_objects.list_objects(bucket, f"{FOLDER}/"))
    return sorted({each.key.removeprefix(f"{FOLDER}/").partition("/")[0] for each in objects})


@step(
    "Roles, policies, users and groups",
    "R1",
    "R4",
    "R7",
    needs=(
        need(ram_listing.list_groups),
        need(ram_listing.list_policies),
        need(ram_listing.list_roles),
        need(ram_listing.list_users),
    ),
)
def read_ram(cloud: Session) -> Ram:
    """Read the names of all roles, custom policies, users and groups."""
    users = tuple(user.name for user in cloud.send(ram_listing.list_users()))
    groups = cloud.send(ram_listing.list_groups())
    return cloud.send(ram_listing.list_roles()), cloud.send(ram_listing.list_policies()), users, groups
