"""What must be so before an exclusive cluster is made: network, bucket, stock, and the service's role.

Who makes a cluster hands the role AliyunStreamDefaultRole over to the service, and needs `ram:PassRole` on it. No other
action here hands a role over: the managed mode works through service-linked roles, which the service makes for itself.
"""

from __future__ import annotations

import json
from typing import Any

from emulator import ecs, oss, policy, ram, vpc
from emulator.foas import Node
from emulator.request import Caller, Refusal, Request
from emulator.world import World

ROLE = "AliyunStreamDefaultRole"
ROLE_POLICY = "AliyunStreamRolePolicy"
SERVICE = "stream.aliyuncs.com"  # UNCONFIRMED: what `acs:Service` says
NEEDED_RIGHTS = ("ecs:CreateSecurityGroup", "ecs:CreateNetworkInterface")


def check_bucket(world: World, name: str, region: str) -> None:
    """The bucket is ours, here, of class Standard and not public. Source: Realtime Compute, activation guide."""
    bucket = oss.find_bucket(world, name)
    if bucket is None:
        raise Refusal(404, "OssBucketNotFound", f"The bucket {name} does not exist.")
    if bucket.owner != world.account_id:
        raise Refusal(403, "OssBucketForbidden", f"The bucket {name} belongs to another account.")
    if bucket.region != region:
        raise Refusal(400, "InvalidOssBucket.Region", f"The bucket {name} is in region {bucket.region}.")
    if bucket.storage_class != "Standard":
        raise Refusal(400, "InvalidOssBucket.StorageClass", f"The bucket {name} is of class {bucket.storage_class}.")
    if bucket.acl != "private":
        raise Refusal(400, "InvalidOssBucket.Acl", f"The bucket {name} is {bucket.acl}; it must be private.")


def check_vpc(world: World, vpc_id: str, region: str) -> None:
    """The VPC is here and somebody gave it a name. Source: Realtime Compute, activation guide."""
    network = vpc.find_vpc(world, vpc_id)
    if network is None or network.region != region:
        raise Refusal(404, "InvalidVpcId.NotFound", f"The VPC {vpc_id} does not exist in region {region}.")
    if not network.name:
        raise Refusal(400, "InvalidVpc.Name", f"The VPC {vpc_id} has no name; only named VPCs are recognised.")


def check_vswitch(world: World, vswitch_id: str, vpc_id: str, zone: str, addresses: int) -> None:
    """The vSwitch is in the VPC and the zone, with an address for every node."""
    vswitch = vpc.find_vswitch(world, vswitch_id)
    if vswitch is None or vswitch.vpc_id != vpc_id:
        raise Refusal(404, "InvalidVSwitchId.NotFound", f"The vSwitch {vswitch_id} does not exist in VPC {vpc_id}.")
    if vswitch.zone != zone:
        raise Refusal(400, "InvalidZoneId", f"The vSwitch {vswitch_id} is in zone {vswitch.zone}, not in {zone}.")
    if vswitch.status(world.now()) != "Available":
        raise Refusal(400, "IncorrectVSwitchStatus", f"The vSwitch {vswitch_id} is not Available yet.")
    free = vpc.free_addresses(world, vswitch)
    if free < addresses:
        message = f"The vSwitch {vswitch_id} has {free} free addresses; the cluster needs {addresses}."
        raise Refusal(400, "InsufficientIpAddress", message)


def check_stock(world: World, zone: str, *models: str) -> None:
    # UNCONFIRMED: which ECS types back the machine names; a zone has stock of all of them or of none.
    for model in models:
        if not ecs.has_stock(world, zone):
            raise Refusal(400, "ResourceSoldOut", f"The zone {zone} has no stock of {model}; choose another zone.")


def check_role(world: World) -> None:
    """The service may act in the account: its role is there, trusts it, and carries its policy with its rights."""
    role = ram.live_roles(world).get(ROLE)
    if role is None:
        raise Refusal(403, "ServiceRoleNotFound", f"The role {ROLE} does not exist; authorize Realtime Compute first.")
    if not _trusts_the_service(role.trust_policy):
        raise Refusal(403, "ServiceRoleNotTrusted", f"The role {ROLE} does not trust Realtime Compute.")
    if not {f"System/{ROLE_POLICY}", f"Custom/{ROLE_POLICY}"} & set(role.policies):
        raise Refusal(403, "ServiceRoleNotAuthorized", f"The policy {ROLE_POLICY} is not attached to role {ROLE}.")
    service = Caller("AssumedRoleUser", world.account_id, "", ROLE, f"{role.id}:stream", "stream")
    for action in NEEDED_RIGHTS:
        try:
            policy.authorize(world, service, action, f"acs:ecs:*:{world.account_id}:*")
        except policy.Denied:
            raise Refusal(403, "ServiceRoleNotAuthorized", f"The role {ROLE} may not {action}.") from None


def check_pass_role(world: World, request: Request) -> None:
    """The caller may hand the role to the service. UNCONFIRMED: that this action asks for it; Realtime Compute's policy
    for people grants the right."""
    arn = f"acs:ram:*:{world.account_id}:role/{ROLE}"
    policy.authorize(world, request.caller, "ram:PassRole", arn, {**request.context, "acs:Service": SERVICE})


def make_nodes(world: World, vswitch_id: str, group_id: str, role: str, model: str, count: int) -> list[Node]:
    """Make machines of one kind, each with a network interface in the vSwitch."""
    return [_make_node(world, vswitch_id, group_id, role, model) for _ in range(count)]


def _make_node(world: World, vswitch_id: str, group_id: str, role: str, model: str) -> Node:
    instance_id = f"i-{world.identifiers.letters(20)}"
    interface_id = ecs.make_service_interface(world, vswitch_id, group_id, f"Realtime Compute {role} {instance_id}")
    interface = ecs.find_interface(world, interface_id)
    return Node(instance_id, role, model, interface_id, interface.addresses[0] if interface else "")


def _trusts_the_service(document: str) -> bool:
    # UNCONFIRMED: the service's name in trust policies is not published; any that says "stream" will do.
    try:
        statements = json.loads(document)["Statement"]
        return any(_lets_stream_in(statement) for statement in statements)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _lets_stream_in(statement: dict[str, Any]) -> bool:
    services = statement.get("Principal", {}).get("Service", [])
    names = [services] if isinstance(services, str) else services
    actions = statement.get("Action", [])
    may_assume = "sts:AssumeRole" in ([actions] if isinstance(actions, str) else actions)
    return statement.get("Effect") == "Allow" and may_assume and any("stream" in name for name in names)
