"""The steps of an audit that look beyond drift: each reads, lets a pure check decide, and gives findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar

from alicloud import (
    actiontrail,
    bssopenapi,
    bssopenapi_renewal,
    ecs,
    ecs_rules,
    foas,
    foas_queues,
    foasconsole,
    foasconsole_namespaces,
    oss,
    ram,
    ram_account,
    ram_logon,
    vpc,
    vpc_vswitches,
)
from alicloud.actiontrail import Attribute, Event
from alicloud.bssopenapi import OrderedInstance
from alicloud.errors import Unmet
from alicloud.foas import Cluster
from alicloud.foasconsole import Workspace
from alicloud.ram_policies import PrincipalKind
from alicloud.session import Session
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import audit_checks, audit_rights, desired
from blocks.access_wanted import subjects
from blocks.audit_checks import Term
from blocks.audit_finding import Finding
from blocks.clusters import ExclusiveCluster
from blocks.environment import Environment
from blocks.runner_rights import need
from tasks.access import read_principal
from tasks.account import Account
from tasks.run import Run
from tasks.step import needs_of, step

T = TypeVar("T")
Lookup = tuple[Attribute, str]

MOST_GROUPS = 100  # security groups of a VPC whose rules are read


def look(run: Run, account: object) -> list[object]:
    """Look at everything that no decider compares. Writes nothing, in whatever run.

    Returns:
        The handles; each gives a list of findings.
    """
    environment, after = run.environment, [account]
    users = [user.name for user in environment.people.users]
    own = [run.step(find_account_key, environment, account)]
    own += [run.step(find_old_keys, name, environment.audit.key_max_age_days, after=after) for name in users]
    own += [run.step(find_missing_factor, name, after=after) for name in users]
    own += [run.step(find_wide_rights, environment, account, *subject) for subject in subjects(environment)]
    steps = (
        find_lax_passwords,
        find_public_bucket,
        find_open_groups,
        find_lost_network,
        find_expiry,
        find_few_addresses,
        find_overcommitment,
    )
    return [*own, *(run.step(each, environment, after=after) for each in steps)]


@step("Audit: whose AccessKey this is", "R1")
def find_account_key(cloud: Session, environment: Environment, account: Account) -> list[Finding]:
    """Find out whether the account's own AccessKey is in use."""
    return audit_checks.account_key(account.is_root, environment.cluster.mode == "exclusive")


@step("Audit: AccessKeys of user {name}", "R1", needs=(need(ram_logon.list_access_keys, user="users"),))
def find_old_keys(cloud: Session, name: str, oldest_days: int) -> list[Finding]:
    """Find the AccessKeys of a user that are too old."""
    keys = cloud.send(ram_logon.list_access_keys(name))
    return audit_checks.access_keys(name, keys, cloud.clock.now(), oldest_days)


@step(
    "Audit: second factor of user {name}",
    "R1",
    needs=(
        need(ram.get_login_profile, user="users"),
        need(ram_logon.get_user_mfa_info, user="users"),
    ),
)
def find_missing_factor(cloud: Session, name: str) -> list[Finding]:
    """Find out whether a user who may log on has bound a second factor."""
    logon = cloud.recall(ram.get_login_profile(name))
    is_bound = logon is not None and cloud.send(ram_logon.get_user_mfa_info(name))
    return audit_checks.second_factor(name, logon, is_bound)


@step(
    "Audit: rights of {kind} {name}",
    "R3",
    "R4",
    "R8",
    needs=needs_of(read_principal),
)
def find_wide_rights(
    cloud: Session, environment: Environment, account: Account, kind: PrincipalKind, name: str
) -> list[Finding]:
    """Find what somebody holds beyond the environment, and what of their rights reaches too far."""
    principal = read_principal.fn(cloud, kind, name)
    return audit_rights.rights(environment, account.account_id, principal) if principal else []


@step("Audit: password policy", "R2", needs=(need(ram_account.get_password_policy, "settings"),))
def find_lax_passwords(cloud: Session, environment: Environment) -> list[Finding]:
    """Compare the password policy with CIS; nothing where it is not ours to set."""
    if not environment.people.initialize_ram:
        return []
    return audit_checks.password_policy(cloud.recall(ram_account.get_password_policy()))


@step(
    "Audit: who reaches OSS bucket {environment.storage.bucket}",
    "R20",
    needs=(
        need(oss.get_bucket_info),
        need(oss.get_bucket_policy),
    ),
)
def find_public_bucket(cloud: Session, environment: Environment) -> list[Finding]:
    """Find out whether everybody may reach the bucket."""
    name = environment.storage.bucket
    bucket = cloud.recall(oss.get_bucket_info(name, environment.region))
    return audit_checks.public_bucket(bucket, cloud.recall(oss.get_bucket_policy(name)) if bucket else "")


@step(
    "Audit: security groups of the VPC",
    "R16",
    needs=(
        need(ecs.describe_security_groups),
        need(ecs_rules.describe_security_group_attribute),
        need(vpc.read_vpc),
    ),
)
def find_open_groups(cloud: Session, environment: Environment) -> list[Finding]:
    """Find the rules of the VPC's security groups that let the whole world in."""
    network = _vpc(cloud, environment)
    if network is None:
        return []
    groups = cloud.send(ecs.describe_security_groups(vpc_id=network.vpc_id))[:MOST_GROUPS]
    rules = {each: cloud.send(ecs_rules.describe_security_group_attribute(each.security_group_id)) for each in groups}
    return audit_checks.open_security_groups(rules)


@step(
    "Audit: what the service made in the VPC",
    "R16",
    needs=(
        need(ecs.describe_network_interfaces, "exclusive"),
        need(ecs.describe_security_groups, "exclusive"),
        need(foas.get_cluster_details, "exclusive"),
        need(foas.list_cluster, "exclusive"),
    ),
)
def find_lost_network(cloud: Session, environment: Environment) -> list[Finding]:
    """Find out whether the service's security group and interfaces are still there. Exclusive mode."""
    listed = _cluster(cloud, environment)
    if listed is None or listed.state != "RUNNING":
        return []
    cluster = cloud.recall(foas.get_cluster_details(listed.cluster_id)) or listed
    group_id = cluster.security_group_id
    groups = cloud.recall(ecs.describe_security_groups(security_group_id=group_id))
    interfaces = cloud.recall(ecs.describe_network_interfaces(security_group_id=group_id))
    return audit_checks.service_network(cluster.name, group_id, groups, interfaces)


@step(
    "Audit: when what was bought ends",
    "R13",
    needs=(
        need(bssopenapi.query_available_instances, "exclusive"),
        need(foasconsole.describe_instances, "managed"),
    ),
)
def find_expiry(cloud: Session, environment: Environment) -> list[Finding]:
    """Find the order, or the workspace, that ends soon."""
    wanted = environment.cluster
    if isinstance(wanted, ExclusiveCluster):
        orders = cloud.send(bssopenapi.query_available_instances(wanted.order_product_code, cloud.region))
        orders = tuple(order for order in orders if wanted.order_id in ("", order.instance_id))
        if not orders:
            return audit_checks.order_not_listed(wanted.name, wanted.order_id, wanted.order_product_code)
        terms = _orders(orders)
    else:
        terms = _subscriptions(cloud, environment)
    return audit_checks.expiry(terms, cloud.clock.now(), environment.audit.order_expiry_days)


@step(
    "Audit: addresses for the next scale-out",
    "R19",
    needs=(
        need(vpc.read_vpc),
        need(vpc_vswitches.read_vswitch),
    ),
)
def find_few_addresses(cloud: Session, environment: Environment) -> list[Finding]:
    """Find out whether the vSwitches have an address for each node of the next scale-out."""
    network = _vpc(cloud, environment)
    vswitches = _vswitches(cloud, environment, network) if network else []
    return audit_checks.free_addresses(vswitches, environment.audit.next_scale_out)


@step(
    "Audit: compute units that are given away",
    "R23",
    "R24",
    needs=(
        need(foas.list_cluster, "exclusive"),
        need(foas_queues.get_cluster_queue_info, "projects"),
        need(foas_queues.get_cluster_resource, "projects"),
        need(foasconsole.describe_instances, "managed"),
        need(foasconsole_namespaces.describe_namespaces, "managed"),
    ),
)
def find_overcommitment(cloud: Session, environment: Environment) -> list[Finding]:
    """Find out whether queues or namespaces have more compute units than there are."""
    cluster, workspace = _cluster(cloud, environment), _workspace(cloud, environment)
    if workspace is not None:
        read = foasconsole_namespaces.describe_namespaces(environment.region, workspace.instance_id)
        shares: dict[str, float] = {row.name: row.cpu for row in cloud.recall(read)}
        return audit_checks.compute_units(f"Workspace {workspace.name}", shares, workspace.cpu)
    if cluster is None or not environment.projects:
        return []
    resource = cloud.recall(foas_queues.get_cluster_resource(cluster.cluster_id))
    shares = {queue.name: queue.cus for queue in cloud.recall(foas_queues.get_cluster_queue_info(cluster.cluster_id))}
    return audit_checks.compute_units(f"Cluster {cluster.name}", shares, resource.cus) if resource else []


@step("Audit: who changed it, {days} days back", "R1", needs=(need(actiontrail.lookup_events),))
def find_changes(cloud: Session, lookups: Sequence[Lookup], days: int) -> list[Event]:
    """Look in ActionTrail for the writes that concern what was found."""
    until = cloud.clock.now()
    since = until - days * 86_400
    found = (cloud.send(actiontrail.lookup_events(by, value, since, until)) for by, value in lookups)
    return list(dict.fromkeys(event for events in found for event in events))


def _vpc(cloud: Session, environment: Environment) -> Vpc | None:
    spec = desired.vpc(environment)
    return _unless_unmet(lambda: vpc.pick_vpc(spec, cloud.recall(vpc.read_vpc(spec))))


def _vswitches(cloud: Session, environment: Environment, network: Vpc) -> list[VSwitch]:
    found = []
    for wanted in environment.network.vswitches:
        spec = desired.vswitch(environment, wanted, network.vpc_id)
        rows = cloud.recall(vpc_vswitches.read_vswitch(spec))
        found += [row for row in [_unless_unmet(partial(vpc_vswitches.pick_vswitch, spec, rows))] if row is not None]
    return found


def _cluster(cloud: Session, environment: Environment) -> Cluster | None:
    wanted = environment.cluster
    if not isinstance(wanted, ExclusiveCluster):
        return None
    return _unless_unmet(lambda: foas.pick_cluster(wanted.name, cloud.recall(foas.list_cluster())))


def _workspace(cloud: Session, environment: Environment) -> Workspace | None:
    wanted = environment.cluster
    if isinstance(wanted, ExclusiveCluster):
        return None
    read = foasconsole.describe_instances(environment.region, wanted.name)
    return _unless_unmet(lambda: foasconsole.pick_workspace(wanted.name, cloud.recall(read)))


def _unless_unmet(pick: Callable[[], T]) -> T | None:
    """Give nothing where the thing is missing or not beyond doubt; the comparison tells of that."""
    try:
        return pick()
    except Unmet:
        return None


def _orders(orders: Sequence[OrderedInstance]) -> list[Term]:
    """Give the orders that a cluster may have been made from; no API tells which."""
    return [
        Term(
            "Order",
            order.instance_id,
            _unless_unmet(partial(bssopenapi_renewal.ends_at, order)),
            bssopenapi_renewal.renews_itself(order),
        )
        for order in orders
        if order.subscription == "Subscription"
    ]


def _subscriptions(cloud: Session, environment: Environment) -> list[Term]:
    workspace = _workspace(cloud, environment)
    if workspace is None or workspace.charge_type != "PRE" or not workspace.expires_ms:
        return []
    return [Term("Workspace", workspace.name, workspace.expires_ms / 1000)]


def today(cloud: Session) -> date:
    """Give the day on the cloud's clock."""
    return datetime.fromtimestamp(cloud.clock.now(), UTC).date()
