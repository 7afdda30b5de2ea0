"""An environment as Terraform: a document in its JSON syntax, with an import block for all that exists. No I/O.

In the JSON syntax every string is a template, so what is meant as it stands is escaped. Source: Terraform, "JSON
Configuration Syntax"; the fields: aliyun/alicloud provider 1.289, website/docs/r.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from alicloud import oss, prerequisites
from blocks import desired
from blocks.clusters import ManagedWorkspace
from blocks.environment import Environment, VSwitch
from blocks.present import Key, Present

PROVIDER = {"source": "aliyun/alicloud", "version": ">= 1.252.0"}  # the first that has all of these resources
REQUIRED_VERSION = ">= 1.5.0"  # the first that has import blocks


class Reference(str):
    """A template of ours, which Terraform is to evaluate."""


@dataclass(frozen=True)
class Resource:
    """A resource, and by which key an account knows it."""

    type: str
    label: str
    key: Key
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"{self.type}.{self.label}"


def terraform(environment: Environment, present: Present) -> str:
    """Write the environment as the content of a file `main.tf.json`."""
    found = list(_resources(environment, present))
    resources: dict[str, dict[str, Any]] = {}
    for each in found:
        resources.setdefault(each.type, {})[each.label] = escaped(each.arguments)
    imports = [{"to": each.address, "id": escaped(present.ids[each.key])} for each in found if each.key in present.ids]
    document = {
        "//": "\n".join(left_out(environment)),
        "terraform": {"required_version": REQUIRED_VERSION, "required_providers": {"alicloud": PROVIDER}},
        "provider": {"alicloud": {"region": environment.region}},
        "resource": resources,
        **({"import": imports} if imports else {}),
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def left_out(environment: Environment) -> list[str]:
    """Say what Terraform cannot express, or must not hold."""
    lines = ["Users log on by passwords that only people hold; logons, keys and second factors are not in it."]
    if environment.people.initialize_ram:
        lines.append("Password policy and security preference are the whole account's; they are not in it.")
    if environment.cluster.mode == "exclusive":
        lines.append(f"Cluster {environment.cluster.name}: exclusive mode has no resource; prepare makes it.")
    elif environment.cluster.storage == "managed":
        lines.append(f"Workspace {environment.cluster.name}: its resource wants a bucket, and this one has none.")
    for project in environment.projects:
        lines.append(f"Project {project.name} ({project.compute_units} CUs): there is no resource; prepare makes it.")
    if not environment.service_role.create:
        lines.append("The service's role is only checked in this environment, so it is not in it.")
    return lines


def escaped(value: Any) -> Any:
    """Write strings such that Terraform takes them as they stand."""
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, Mapping):
        return {key: escaped(each) for key, each in value.items()}
    return [escaped(each) for each in value] if isinstance(value, list | tuple) else value


def _label(*names: str) -> str:
    """Make an identifier that no other names give: a digest tells apart what looks the same without its signs."""
    clean = re.sub(r"[^A-Za-z0-9_]", "_", "_".join(names))
    exact = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", "_".join(names)) and len(names) == 1
    return clean if exact else f"r_{clean[:60]}_{sha256(repr(names).encode()).hexdigest()[:8]}"


def _resources(environment: Environment, present: Present) -> Iterator[Resource]:
    yield from _people(environment)
    if environment.service_role.create:
        yield from _service(environment, present)
    yield from _network(environment)
    yield from _bucket(environment)
    if isinstance(environment.cluster, ManagedWorkspace) and environment.cluster.storage == "bucket":
        yield _workspace(environment, environment.cluster)


def _people(environment: Environment) -> Iterator[Resource]:
    for user in environment.people.users:
        texts = _given(display_name=user.display_name, email=user.email)
        yield Resource("alicloud_ram_user", _label(user.name), ("user", user.name), {"name": user.name, **texts})
    for group in environment.people.groups:
        arguments = {"group_name": group.name, **_given(comments=group.comments)}
        yield Resource("alicloud_ram_group", _label(group.name), ("group", group.name), arguments)
        for member in group.members:
            yield Resource(
                "alicloud_ram_user_group_attachment",
                _label(group.name, member),
                ("member", group.name, member),
                {
                    "group_name": _of("alicloud_ram_group", _label(group.name), "group_name"),
                    "user_name": _of("alicloud_ram_user", _label(member), "name"),
                },
            )
    for access in desired.accesses(environment):
        yield _policy(access.policy.name, access.policy.document, access.policy.description)
        kind, who = access.attachment.principal_kind, access.attachment.principal
        named = "name" if kind == "user" else "group_name"
        owner = {f"{kind}_name": _of(f"alicloud_ram_{kind}", _label(who), named)}
        yield _attachment(kind, who, access.policy.name, "Custom", owner)


def _policy(name: str, document: str, description: str) -> Resource:
    arguments = {
        "policy_name": name,
        "policy_document": document,
        "description": description,
        "rotate_strategy": "DeleteOldestNonDefaultVersionWhenLimitExceeded",
    }
    return Resource("alicloud_ram_policy", _label(name), ("policy", name), arguments)


def _attachment(kind: str, who: str, policy: str, of_type: str, owner: Mapping[str, Any]) -> Resource:
    name = _of("alicloud_ram_policy", _label(policy), "policy_name") if of_type == "Custom" else policy
    arguments = {"policy_name": name, "policy_type": of_type, **owner}
    key = ("attachment", kind, who, policy)
    return Resource(f"alicloud_ram_{kind}_policy_attachment", _label(who, policy), key, arguments)


def _service(environment: Environment, present: Present) -> Iterator[Resource]:
    role = desired.service_role(environment)
    trust = present.trust_policy or prerequisites.trust_policy(role.trusted_service)
    arguments = {
        "role_name": role.name,
        "assume_role_policy_document": trust,
        "description": present.role_description or role.description,
    }
    yield Resource("alicloud_ram_role", _label(role.name), ("role", role.name), arguments)
    if environment.cluster.mode == "exclusive":
        custom = desired.exclusive_policy(False)
        yield _policy(custom.name, custom.document, custom.description)
    for policy in desired.service_policies(environment).policies:
        owner = {"role_name": _of("alicloud_ram_role", _label(role.name), "role_name")}
        yield _attachment("role", role.name, policy.name, policy.type, owner)


def _network(environment: Environment) -> Iterator[Resource]:
    """What the environment names by id is somebody else's: it is referred to, and not managed."""
    network = environment.network
    if not network.vpc.id:
        arguments = {"vpc_name": network.vpc.name, "cidr_block": network.vpc.cidr}
        yield Resource("alicloud_vpc", "main", ("vpc",), arguments)
    for number, vswitch in enumerate(network.vswitches):
        if not vswitch.id:
            yield Resource(
                "alicloud_vswitch",
                f"main_{number}",
                ("vswitch", str(number)),
                {
                    "vswitch_name": vswitch.name,
                    "vpc_id": _vpc_id(environment),
                    "cidr_block": vswitch.cidr,
                    "zone_id": vswitch.zone or network.zone,
                },
            )


def _vpc_id(environment: Environment) -> str:
    return environment.network.vpc.id or _of("alicloud_vpc", "main", "id")


def _vswitch_id(number: int, vswitch: VSwitch) -> str:
    return vswitch.id or _of("alicloud_vswitch", f"main_{number}", "id")


def _bucket(environment: Environment) -> Iterator[Resource]:
    """The bucket, and each of its settings as the resource that the provider has for it since 1.220."""
    spec = desired.bucket(environment)
    kept = {"prevent_destroy": True, "ignore_changes": ["versioning", "server_side_encryption_rule"]}
    bucket = {"bucket": spec.name, "storage_class": oss.STORAGE_CLASS, "redundancy_type": spec.redundancy}
    yield Resource("alicloud_oss_bucket", "main", ("bucket",), {**bucket, "lifecycle": kept})
    name = {"bucket": _of("alicloud_oss_bucket", "main", "bucket")}
    yield Resource("alicloud_oss_bucket_acl", "main", ("bucket",), {**name, "acl": oss.ACL})
    yield Resource("alicloud_oss_bucket_versioning", "main", ("versioning",), {**name, "status": "Enabled"})
    if spec.encryption:
        arguments = {**name, "sse_algorithm": spec.encryption}
        yield Resource("alicloud_oss_bucket_server_side_encryption", "main", ("encryption",), arguments)


def _workspace(environment: Environment, wanted: ManagedWorkspace) -> Resource:
    term = {"pricing_cycle": "Month", "duration": wanted.duration_months}
    arguments = {
        "vvp_instance_name": wanted.name,
        "vpc_id": _vpc_id(environment),
        "vswitch_ids": [_vswitch_id(number, each) for number, each in enumerate(environment.network.vswitches)],
        "zone_id": environment.network.zone,
        "payment_type": wanted.charge_type,
        "storage": {"oss": {"bucket": _of("alicloud_oss_bucket", "main", "bucket")}},
        "resource_spec": {"cpu": wanted.compute_units, "memory_gb": 4 * wanted.compute_units},
        **(term if wanted.charge_type == "Subscription" else {}),
        "lifecycle": {"prevent_destroy": True},
    }
    return Resource("alicloud_realtime_compute_vvp_instance", "main", ("workspace",), arguments)


def _of(resource: str, label: str, attribute: str) -> Reference:
    return Reference(f"${{{resource}.{label}.{attribute}}}")


def _given(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
