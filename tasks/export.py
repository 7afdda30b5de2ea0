"""Export: reads what of an environment exists, and publishes it for Terraform and ROS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from alicloud import foasconsole, oss, ram, ram_policies, vpc, vpc_vswitches
from alicloud import foasconsole_namespaces as namespaces
from alicloud.session import Session
from blocks import desired
from blocks.environment import Environment
from blocks.present import Key, Present
from blocks.ros import ros
from blocks.runner_rights import need
from blocks.terraform import terraform
from tasks.inert import fenced, plain
from tasks.step import step


@step(
    "What of {environment.name} exists",
    needs=(
        need(foasconsole.describe_instances, "managed"),
        need(namespaces.describe_namespaces, "managed"),
        need(oss.get_bucket_info),
        need(ram.get_group, group="groups"),
        need(ram.get_user, user="users"),
        need(ram.list_users_for_group, group="groups"),
        need(ram_policies.get_policy, policy="people_policies"),
        need(ram_policies.get_policy, policy="role_policies"),
        need(ram_policies.get_role),
        need(ram_policies.list_policies_for, user="entitled_users"),
        need(ram_policies.list_policies_for, group="entitled_groups"),
        need(ram_policies.list_policies_for, role="role"),
        need(vpc.describe_vpcs),
        need(vpc_vswitches.describe_vswitches),
    ),
)
def read_present(cloud: Session, environment: Environment) -> Present:
    """Read which resources of the environment the account has, with their ids. Those of others are none of them."""
    ids = {
        **dict(_people(cloud, environment)),
        **dict(_policies(cloud, environment)),
        **dict(_network(cloud, environment)),
        **dict(_bucket(cloud, environment)),
        **dict(_workspace(cloud, environment)),
    }
    role = cloud.send(ram_policies.get_role(desired.service_role(environment).name))
    if role is None:
        return Present(ids)
    ids["role", role.name] = role.name
    return Present(ids, role.trust_policy, role.description)


def conclude_export(environment: Environment, present: Present) -> State[Any]:
    """Write both forms and publish them; nothing in them takes effect."""
    texts = {"terraform": (terraform(environment, present), "json"), "ros": (ros(environment, present), "yaml")}
    told = f"{environment.name}: {len(present.ids)} resources exist and can be taken over"
    for form, (text, language) in texts.items():
        create_markdown_artifact(fenced(text, language), key=f"{form}-{environment.name}", description=plain(told))
    return Completed(message=f"Exported {told}.")


def _people(cloud: Session, environment: Environment) -> Iterator[tuple[Key, str]]:
    for user in environment.people.users:
        found = cloud.send(ram.get_user(user.name))
        if found is not None:
            yield ("user", user.name), found.user_id
    for group in environment.people.groups:
        if cloud.send(ram.get_group(group.name)) is not None:
            yield ("group", group.name), group.name
        for member in cloud.send(ram.list_users_for_group(group.name)):
            yield ("member", group.name, member), f"{group.name}:{member}"


def _policies(cloud: Session, environment: Environment) -> Iterator[tuple[Key, str]]:
    """The policies, and their attachments, by the id that Terraform makes of them: who:policy:type:name."""
    wanted = [access.attachment for access in desired.accesses(environment)]
    for spec in [*wanted, desired.service_policies(environment)]:
        attached = cloud.send(ram_policies.list_policies_for(spec.principal_kind, spec.principal))
        for policy in spec.policies:
            if policy.type == "Custom" and cloud.send(ram_policies.get_policy(policy.name)) is not None:
                yield ("policy", policy.name), policy.name
            if policy in attached:
                key = ("attachment", spec.principal_kind, spec.principal, policy.name)
                yield key, f"{spec.principal_kind}:{policy.name}:{policy.type}:{spec.principal}"


def _network(cloud: Session, environment: Environment) -> Iterator[tuple[Key, str]]:
    wanted = environment.network.vpc
    vpc_id = wanted.id
    if not vpc_id:
        named = [each for each in cloud.send(vpc.describe_vpcs(name=wanted.name)) if each.name == wanted.name]
        if len(named) != 1:
            return
        vpc_id = named[0].vpc_id
        yield ("vpc",), vpc_id
    if all(vswitch.id for vswitch in environment.network.vswitches):
        return
    blocks = {each.cidr: each.vswitch_id for each in cloud.send(vpc_vswitches.describe_vswitches(vpc_id))}
    for number, vswitch in enumerate(environment.network.vswitches):
        if not vswitch.id and vswitch.cidr in blocks:
            yield ("vswitch", str(number)), blocks[vswitch.cidr]


def _bucket(cloud: Session, environment: Environment) -> Iterator[tuple[Key, str]]:
    """The bucket, and those of its settings that exist only once somebody has made them."""
    name = environment.storage.bucket
    found = cloud.send(oss.get_bucket_info(name, environment.region))
    if found is None:
        return
    yield ("bucket",), name
    if found.versioning:
        yield ("versioning",), name
    if found.encryption:
        yield ("encryption",), name


def _workspace(cloud: Session, environment: Environment) -> Iterator[tuple[Key, str]]:
    if environment.cluster.mode == "exclusive":
        return
    rows = cloud.send(foasconsole.describe_instances(cloud.region, environment.cluster.name))
    found = foasconsole.pick_workspace(environment.cluster.name, rows)
    if found is not None:
        yield ("workspace",), found.instance_id
        for namespace in cloud.send(namespaces.describe_namespaces(cloud.region, found.instance_id)):
            yield ("namespace", namespace.name), f"{found.instance_id}:{namespace.name}"
