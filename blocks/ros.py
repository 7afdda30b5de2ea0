"""An environment as a template of Resource Orchestration Service (ROS), in YAML. No I/O.

Plain strings are taken as they stand: only maps call functions. Source: ROS, "Template syntax" and the pages of the
resource types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from alicloud import oss, prerequisites
from blocks import desired
from blocks.clusters import ManagedWorkspace
from blocks.environment import Environment
from blocks.present import Key, Present

FORMAT = "2015-09-01"

Named = tuple[str, Key, str, dict[str, Any], list[str]]  # logical id, key, type, properties, what it depends on


def ros(environment: Environment, present: Present) -> str:
    """Write the environment as a template.

    Deleting a stack keeps the resources (DeletionPolicy: Retain). What exists is taken over with a change set of type
    IMPORT, which asks for the ids in the head of the template.
    """
    resources: dict[str, Any] = {}
    head = left_out(environment)
    for name, key, kind, properties, after in _resources(environment, present):
        resources[name] = {
            "Type": kind,
            "DeletionPolicy": "Retain",
            **({"DependsOn": after} if after else {}),
            "Properties": properties,
        }
        if key in present.ids:
            head.append(f"To import: {name} ({kind}) is {_identifier(key, present.ids[key])}")
    document = {"ROSTemplateFormatVersion": FORMAT, "Description": _about(environment), "Resources": resources}
    comments = "".join(f"# {_one_line(line)}\n" for line in head)
    return comments + yaml.dump(document, Dumper=_Whole, sort_keys=False, allow_unicode=False, width=110)


def _identifier(key: Key, known_id: str) -> str:
    """Give what ROS finds a resource by: of a RAM user the name, since GetUser takes no id."""
    return key[1] if key[0] == "user" else known_id


class _Whole(yaml.SafeDumper):
    """Writes each value where it stands: ROS knows no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def left_out(environment: Environment) -> list[str]:
    """Say what a template cannot express, or must not hold."""
    lines = ["Users log on by passwords that only people hold; logons, keys and second factors are not in it."]
    if environment.people.initialize_ram:
        lines.append("Password policy and security preference are the whole account's; they are not in it.")
    if environment.cluster.mode == "exclusive":
        lines.append(f"Cluster {environment.cluster.name}: exclusive mode cannot be bought any more; prepare makes it.")
        lines += [f"Project {project.name}: prepare makes it on the cluster." for project in environment.projects]
    elif environment.cluster.storage == "managed":
        lines.append(f"Workspace {environment.cluster.name} and its namespaces: its type wants a bucket.")
    if environment.cluster.mode == "managed" and environment.projects:
        lines.append("Members of namespaces are not in it; prepare makes them.")
    if not environment.service_role.create:
        lines.append("The service's role is only checked in this environment, so it is not in it.")
    return lines


def _about(environment: Environment) -> str:
    return f"Environment {environment.name} of Realtime Compute for Apache Flink in {environment.region}"


def _one_line(text: str) -> str:
    """Write a comment that no line break ends."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _logical(kind: str, name: str = "") -> str:
    """Make a logical id of letters and digits that no other name gives: other signs stand as their code."""
    return kind + re.sub(r"[^A-Za-wyz0-9]", lambda sign: f"x{ord(sign[0]):x}x", name)


def _resources(environment: Environment, present: Present) -> Iterator[Named]:
    yield from _people(environment)
    if environment.service_role.create:
        yield from _service(environment, present)
    yield from _network(environment)
    yield _bucket(environment)
    if isinstance(environment.cluster, ManagedWorkspace) and environment.cluster.storage == "bucket":
        yield from _workspace(environment, environment.cluster)


def _people(environment: Environment) -> Iterator[Named]:
    people = environment.people
    for group in people.groups:
        properties = {"GroupName": group.name, **_given(Comments=group.comments)}
        yield _logical("Group", group.name), ("group", group.name), "ALIYUN::RAM::Group", properties, []
    for user in people.users:
        groups = [group.name for group in people.groups if user.name in group.members]
        properties = {"UserName": user.name, **_given(DisplayName=user.display_name, Email=user.email)}
        after = [_logical("Group", name) for name in groups]
        in_groups = properties | ({"Groups": groups} if groups else {})
        yield _logical("User", user.name), ("user", user.name), "ALIYUN::RAM::User", in_groups, after
    for access in desired.accesses(environment):
        kind, who = access.attachment.principal_kind, access.attachment.principal
        properties = _policy(access.policy.name, access.policy.document, access.policy.description)
        held = properties | {f"{kind.capitalize()}s": [who]}
        key = ("policy", access.policy.name)
        after = [_logical(kind.capitalize(), who)]
        yield _logical("Policy", access.policy.name), key, "ALIYUN::RAM::ManagedPolicy", held, after


def _policy(name: str, document: str, description: str) -> dict[str, Any]:
    return {"PolicyName": name, "Description": description, "PolicyDocument": json.loads(document)}


def _service(environment: Environment, present: Present) -> Iterator[Named]:
    role = desired.service_role(environment)
    trust = present.trust_policy or prerequisites.trust_policy(role.trusted_service)
    properties = {
        "RoleName": role.name,
        "Description": present.role_description or role.description,
        "AssumeRolePolicyDocument": json.loads(trust),
    }
    yield "Role", ("role", role.name), "ALIYUN::RAM::Role", properties, []
    if environment.cluster.mode == "exclusive":
        custom = desired.exclusive_policy(False)
        properties = _policy(custom.name, custom.document, custom.description)
        yield "RolePolicy", ("policy", custom.name), "ALIYUN::RAM::ManagedPolicy", properties, []
    for policy in desired.service_policies(environment).policies:
        attached = {"PolicyName": policy.name, "PolicyType": policy.type, "RoleName": role.name}
        after = ["Role", *(["RolePolicy"] if policy.type == "Custom" else [])]
        key = ("attachment", "role", role.name, policy.name)
        yield _logical("Attachment", policy.name), key, "ALIYUN::RAM::AttachPolicyToRole", attached, after


def _network(environment: Environment) -> Iterator[Named]:
    network = environment.network
    if not network.vpc.id:
        properties: dict[str, Any] = {"VpcName": network.vpc.name, "CidrBlock": network.vpc.cidr}
        yield "Vpc", ("vpc",), "ALIYUN::ECS::VPC", properties, []
    for number, vswitch in enumerate(network.vswitches):
        if not vswitch.id:
            properties = {
                "VSwitchName": vswitch.name,
                "VpcId": _vpc_id(environment),
                "ZoneId": vswitch.zone or network.zone,
                "CidrBlock": vswitch.cidr,
            }
            yield f"VSwitch{number}", ("vswitch", str(number)), "ALIYUN::ECS::VSwitch", properties, []


def _vpc_id(environment: Environment) -> Any:
    return environment.network.vpc.id or {"Fn::GetAtt": ["Vpc", "VpcId"]}


def _bucket(environment: Environment) -> Named:
    spec = desired.bucket(environment)
    encryption = {"ServerSideEncryptionConfiguration": {"SSEAlgorithm": spec.encryption}} if spec.encryption else {}
    properties = {
        "BucketName": spec.name,
        "AccessControl": oss.ACL,
        "StorageClass": oss.STORAGE_CLASS,
        "RedundancyType": spec.redundancy,
        "VersioningConfiguration": {"Status": "Enabled"},
        **encryption,
    }
    return "Bucket", ("bucket",), "ALIYUN::OSS::Bucket", properties, []


def _workspace(environment: Environment, wanted: ManagedWorkspace) -> Iterator[Named]:
    subscription = wanted.charge_type == "Subscription"
    term = {"PricingCycle": "Month", "Duration": wanted.duration_months, "AutoRenew": wanted.auto_renew}
    vswitches = [
        each.id or {"Fn::GetAtt": [f"VSwitch{number}", "VSwitchId"]}
        for number, each in enumerate(environment.network.vswitches)
    ]
    properties = {
        "InstanceName": wanted.name,
        "VpcId": _vpc_id(environment),
        "VSwitchIds": vswitches,
        "ZoneId": environment.network.zone,
        "Bucket": environment.storage.bucket,
        "ChargeType": "PRE" if subscription else "POST",
        "ResourceSpec": _units(wanted.compute_units),
        **(term if subscription else {}),
    }
    yield "Workspace", ("workspace",), "ALIYUN::Flink::Instance", properties, ["Bucket"]
    for project in environment.projects:
        namespace = {
            "InstanceId": {"Fn::GetAtt": ["Workspace", "InstanceId"]},
            "Namespace": project.name,
            "ResourceSpec": _units(project.compute_units),
        }
        key = ("namespace", project.name)
        yield _logical("Namespace", project.name), key, "ALIYUN::Flink::NamespaceV2", namespace, []


def _units(cus: int) -> dict[str, int]:
    return {"Cpu": cus, "MemoryGB": 4 * cus}


def _given(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
