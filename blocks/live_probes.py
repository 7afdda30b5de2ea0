"""Live probes: harmless calls that show whether the cloud itself allows what a probe asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alicloud import dry_runs, ecs, foas, foas_projects, foasconsole, oss, ram_policies, vpc, vpc_vswitches
from alicloud.call import Call
from alicloud.call_rights import rights_of
from alicloud.errors import AlibabaCloudError, Misconfigured, Refused
from blocks import desired
from blocks.access_probes import Probe
from blocks.environment import Environment

# How the products say that rights are lacking. Source: RAM error catalogue; POP gateway common errors; OSS error table.
# Not every code that begins with Forbidden is one: Forbidden.VpcNotFound speaks of a VPC.
NO_RIGHTS = frozenset({"NoPermission", "Forbidden", "Forbidden.RAM", "AccessDenied", "NotAuthorized"})


@dataclass(frozen=True)
class LiveProbe:
    """A question about rights, and the call that asks the cloud itself. It changes nothing, whatever the answer.

    Raises:
        AssertionError: the call is neither a read nor a dry run.
    """

    probe: Probe
    call: Call[Any]

    def __post_init__(self) -> None:
        if not dry_runs.is_harmless(self.call):
            raise AssertionError(f"{self.call.action} may change something: no probe sends it")


def live_probes(environment: Environment, account: str) -> list[LiveProbe]:
    """Give the probes of a mode: reads of every product, and dry runs of writes where the product has them."""
    region, bucket = environment.region, environment.storage.bucket
    role = desired.service_role(environment).name
    place = {"region": region, "account": account}
    return [
        _probe("list VPCs", place, vpc.describe_vpcs),
        _probe("list vSwitches", place, vpc_vswitches.describe_vswitches),
        _probe("list security groups", place, ecs.describe_security_groups),
        _probe("list network interfaces", place, ecs.describe_network_interfaces),
        _probe("look at the bucket", place | {"bucket": bucket}, oss.get_bucket_info, bucket, region),
        _probe("read the service's role", place | {"role": role}, ram_policies.get_role, role),
        _probe("create a VPC (dry run)", place, dry_runs.create_vpc),
        *_of_mode(environment, place),
    ]


def role_arn(role: str, account: str) -> str:
    """Give the ARN of a role that somebody named, by its name or ARN.

    Raises:
        Misconfigured: it is neither, or a role of another account.
    """
    if re.fullmatch(r"[A-Za-z0-9.-]{1,64}", role):
        return f"acs:ram::{account}:role/{role}"
    if re.fullmatch(rf"acs:ram::{re.escape(account)}:role/[A-Za-z0-9.-]{{1,64}}", role):
        return role
    raise Misconfigured(
        "The role to assume for live probes is no role of this account.",
        remedy=f"Give the parameter role, by its name or as acs:ram::{account}:role/<name>.",
    )


def answer(error: AlibabaCloudError | None) -> tuple[bool | None, str]:
    """Say whether the cloud allowed a call (None when its answer says nothing about rights), and by which code."""
    if error is None:
        return True, ""
    if isinstance(error, Refused) and error.code in NO_RIGHTS:
        return False, f"{error.code} (request {error.request_id})"
    return None, str(error)


def _of_mode(environment: Environment, place: Mapping[str, str]) -> list[LiveProbe]:
    if environment.cluster.mode == "managed":
        return [_probe("list workspaces", place, foasconsole.describe_instances, environment.region)]
    projects = [
        _probe(f"see project {name}", {**place, "project": name}, foas_projects.list_project_bind_queue, name)
        for name in (each.name for each in environment.projects)
    ]
    return [_probe("list clusters", place, foas.list_cluster), *projects]


def _probe(what: str, names: Mapping[str, str], builder: Callable[..., Call[Any]], *arguments: str) -> LiveProbe:
    (right,) = rights_of(builder)
    (resource,) = right.resources
    return LiveProbe(Probe(what, right.name, resource.format(**names)), builder(*arguments))
