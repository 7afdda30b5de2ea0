"""VPC 2016-04-28: the virtual network of the cluster, and the zones of the region; vSwitches: `vpc_vswitches`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, ip_network
from typing import Any

from alicloud.call import PLANNED, Call, Kind, client_token, number_pages
from alicloud.call_rights import EVERYTHING, VPC, VPCS, allowed_by
from alicloud.changes import Change
from alicloud.errors import Unmet
from alicloud.instants import seconds_of
from alicloud.states import Progress, progress

PRODUCT, VERSION = "Vpc", "2016-04-28"
PAGE_SIZE = 50  # the most that VPC gives

# Source: VPC 2016-04-28, Status of DescribeVpcs; what is being deleted is Pending too.
VPC_STATES: Mapping[str, Progress] = {"Pending": Progress.WAIT, "Available": Progress.READY}

DEFAULT_VPC_CIDR = "172.16.0.0/12"  # what CreateVpc takes when it is given none


@dataclass(frozen=True)
class Vpc:
    """A virtual network."""

    vpc_id: str
    name: str
    cidr: str
    status: str
    region: str
    created_at: float = field(default=0.0, compare=False)  # seconds since 1970


@dataclass(frozen=True)
class VpcSpec:
    """The VPC that is wanted: the one of this id, else the one of this name, made when absent.

    `cidr` is compared when it is given. `environment` gives a name to a VPC that is given none.
    """

    environment: str
    region: str
    vpc_id: str = ""
    name: str = ""
    cidr: str = ""
    may_create: bool = True

    @property
    def wanted_name(self) -> str:
        """The name, or one derived from the environment: the service recognises only VPCs that have a name."""
        return self.name or f"flink-{self.environment}"


@allowed_by("vpc:DescribeVpcs", VPCS)
def describe_vpcs(vpc_id: str = "", name: str = "") -> Call[tuple[Vpc, ...]]:
    """List VPCs of the session's region; an unknown id gives none. Source: VPC 2016-04-28, DescribeVpcs."""
    parameters = given(VpcId=vpc_id, VpcName=name, PageSize=str(PAGE_SIZE))
    return Call(
        PRODUCT,
        VERSION,
        "DescribeVpcs",
        Kind.READ,
        _vpcs,
        parameters,
        missing=(),
        next_page=number_pages(PAGE_SIZE),
        means="list VPCs",
    )


@allowed_by("vpc:DescribeVpcs", VPCS)
def read_vpc(spec: VpcSpec) -> Call[tuple[Vpc, ...]]:
    """Read what `vpc_changes` decides on."""
    return describe_vpcs(vpc_id=spec.vpc_id) if spec.vpc_id else describe_vpcs(name=spec.wanted_name)


def vpc_key(spec: VpcSpec) -> str:
    """Give the key of the creation. Every parameter is in it: a token that comes with others again is refused."""
    return f"vpc/{spec.region}/{spec.wanted_name}/{spec.cidr}"


def created_vpc_key(region: str, name: str) -> str:
    """Give the key by which a journal knows a VPC: its id is not known before it exists."""
    return f"vpc:vpc/{region}/{name}"


@allowed_by("vpc:CreateVpc", VPCS)
def create_vpc(spec: VpcSpec) -> Call[str]:
    """Make a VPC and give its id; it is Pending for some seconds. Source: VPC 2016-04-28, CreateVpc."""
    resource = vpc_key(spec)
    token = client_token(resource, "CreateVpc")
    return Call(
        PRODUCT,
        VERSION,
        "CreateVpc",
        Kind.TOKENED,
        lambda body: str(body["VpcId"]),
        given(VpcName=spec.wanted_name, CidrBlock=spec.cidr, ClientToken=token),
        means=f"create VPC {spec.wanted_name} ({spec.cidr or DEFAULT_VPC_CIDR}) in {spec.region}",
        makes=resource,
        creates=created_vpc_key(spec.region, spec.wanted_name),
    )


@allowed_by("vpc:ModifyVpcAttribute", VPC)
def modify_vpc_attribute(vpc_id: str, name: str) -> Call[None]:
    """Name a VPC. Source: VPC 2016-04-28, ModifyVpcAttribute."""
    return Call(
        PRODUCT,
        VERSION,
        "ModifyVpcAttribute",
        Kind.IDEMPOTENT,
        _nothing,
        {"VpcId": vpc_id, "VpcName": name},
        means=f"name VPC {vpc_id} {name}",
    )


def vpc_changes(spec: VpcSpec, actual: tuple[Vpc, ...]) -> list[Call[Any]]:
    """Decide what makes the wanted VPC exist and have a name.

    Raises:
        Unmet: the id is unknown, the name is borne by several VPCs, the CIDR block is another, or it is absent and
            may not be created.
    """
    found = wanted_vpcs(spec, actual)
    if not found:
        return _vpc_creation(spec)
    if len(found) > 1:
        ids = ", ".join(vpc.vpc_id for vpc in found)
        raise Unmet(
            f"{len(found)} VPCs are named {spec.wanted_name}: {ids}.",
            remedy="Put the id of the one that is meant into the environment, then Retry this run.",
        )
    vpc = found[0]
    if spec.cidr and not same_block(spec.cidr, vpc.cidr):
        raise Unmet(
            f"VPC {vpc.vpc_id} ({vpc.name or 'without a name'}) has the CIDR block {vpc.cidr}, not {spec.cidr}.",
            remedy="Put its CIDR block, or another VPC, into the environment, then Retry this run.",
        )
    if vpc.name:
        return []
    call = modify_vpc_attribute(vpc.vpc_id, spec.wanted_name)
    return [replace(call, changes=(Change("name", "", spec.wanted_name),))]


def pick_vpc(spec: VpcSpec, vpcs: tuple[Vpc, ...]) -> Vpc:
    """Give the wanted one of the VPCs that were read.

    Raises:
        Unmet: it is not among them.
    """
    found = wanted_vpcs(spec, vpcs)
    if found:
        return found[0]
    wanted = spec.vpc_id or spec.wanted_name
    raise Unmet(f"VPC {wanted} is not in {spec.region}.", remedy="Prepare the network first, then Retry this run.")


def planned_vpc(spec: VpcSpec) -> tuple[Vpc, ...]:
    """Stand in, in a dry run, for what `read_vpc` would give after the changes."""
    cidr = spec.cidr or ("" if spec.vpc_id else DEFAULT_VPC_CIDR)
    return (Vpc(spec.vpc_id or PLANNED, spec.wanted_name, cidr, "Available", spec.region),)


def vpc_ready(vpcs: tuple[Vpc, ...]) -> bool:
    """Say whether the VPCs are there and Available.

    Raises:
        Unmet: a state that we do not know.
    """
    states = [progress(VPC_STATES, vpc.status, f"VPC {vpc.vpc_id}") for vpc in vpcs]
    return bool(states) and all(state is Progress.READY for state in states)


@allowed_by("vpc:DescribeZones", EVERYTHING)
def describe_zones() -> Call[tuple[str, ...]]:
    """List the zones of the session's region. Source: VPC 2016-04-28, DescribeZones."""
    return Call(PRODUCT, VERSION, "DescribeZones", Kind.READ, _zones, missing=(), means="list the zones")


def check_zone(zone: str, zones: tuple[str, ...], region: str) -> None:
    """Check that a zone is one of the region's.

    Raises:
        Unmet: it is not.
    """
    if zone not in zones:
        raise Unmet(
            f"Zone {zone} is not in {region}, which has {', '.join(zones) or 'none that we may see'}.",
            remedy="Put one of these into the environment, then Retry this run.",
        )


def given(**parameters: str) -> dict[str, str]:
    """Give the parameters that are not empty."""
    return {name: value for name, value in parameters.items() if value}


def same_block(one: str, other: str) -> bool:
    """Say whether two CIDR blocks hold the same addresses."""
    return ip_block(one) == ip_block(other)


def ip_block(cidr: str) -> IPv4Network:
    """Read an IPv4 CIDR block."""
    network = ip_network(cidr, strict=False)
    if isinstance(network, IPv4Network):
        return network
    raise ValueError(f"{cidr} is not an IPv4 block")


def wanted_vpcs(spec: VpcSpec, vpcs: tuple[Vpc, ...]) -> list[Vpc]:
    """Give the VPCs that are meant: of the id, else of the name."""
    if spec.vpc_id:
        return [vpc for vpc in vpcs if vpc.vpc_id == spec.vpc_id]
    return [vpc for vpc in vpcs if vpc.name == spec.wanted_name]


def _vpc_creation(spec: VpcSpec) -> list[Call[Any]]:
    if spec.vpc_id:
        raise Unmet(
            f"VPC {spec.vpc_id} does not exist in {spec.region}.",
            remedy="Correct the id or the region in the environment, then Retry this run.",
        )
    if not spec.may_create:
        raise Unmet(
            f"There is no VPC named {spec.wanted_name} in {spec.region}, and the environment forbids creating one.",
            remedy="Put an existing VPC into the environment or allow the creation, then Retry this run.",
        )
    return [create_vpc(spec)]


def _nothing(body: Any) -> None:
    return None


def _vpcs(body: Any) -> tuple[Vpc, ...]:
    return tuple(
        Vpc(
            row["VpcId"],
            row.get("VpcName", ""),
            row["CidrBlock"],
            row["Status"],
            row.get("RegionId", ""),
            seconds_of(row.get("CreationTime", "")),
        )
        for row in body["Vpcs"]["Vpc"]
    )


def _zones(body: Any) -> tuple[str, ...]:
    return tuple(row["ZoneId"] for row in body["Zones"]["Zone"])
