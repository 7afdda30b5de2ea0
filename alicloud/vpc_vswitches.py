"""VPC 2016-04-28: vSwitches, the parts of a VPC, each in one zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alicloud.call import PLANNED, Call, Kind, client_token, number_pages
from alicloud.call_rights import VPC, VSWITCHES, allowed_by
from alicloud.errors import Unmet
from alicloud.instants import seconds_of
from alicloud.states import Progress, progress
from alicloud.vpc import PAGE_SIZE, PRODUCT, VERSION, given, ip_block, same_block

# Source: VPC 2016-04-28, Status of DescribeVSwitches; what is being deleted is Pending too.
VSWITCH_STATES: Mapping[str, Progress] = {"Pending": Progress.WAIT, "Available": Progress.READY}

RESERVED_ADDRESSES = 4  # of every vSwitch: the first and the last three. Source: VPC 2016-04-28, CreateVSwitch
VSWITCH_MASKS = range(16, 30)


@dataclass(frozen=True)
class VSwitch:
    """A part of a VPC, in one zone. `free_addresses` is what nobody holds yet."""

    vswitch_id: str
    vpc_id: str
    name: str
    cidr: str
    zone: str
    status: str
    free_addresses: int
    created_at: float = field(default=0.0, compare=False)  # seconds since 1970


@dataclass(frozen=True)
class VSwitchSpec:
    """The vSwitch that is wanted: the one of this id, else of this CIDR block (else name) in the VPC.

    `zone` and, beside an id, `cidr` are compared when they are given; a creation needs both.
    """

    environment: str
    vpc_id: str
    vswitch_id: str = ""
    name: str = ""
    cidr: str = ""
    zone: str = ""
    may_create: bool = True

    @property
    def wanted_name(self) -> str:
        """The name, or one derived from the environment."""
        return self.name or f"flink-{self.environment}"


@allowed_by("vpc:DescribeVSwitches", VSWITCHES)
def describe_vswitches(vpc_id: str = "", vswitch_id: str = "") -> Call[tuple[VSwitch, ...]]:
    """List vSwitches of the session's region. Source: VPC 2016-04-28, DescribeVSwitches."""
    return Call(
        PRODUCT,
        VERSION,
        "DescribeVSwitches",
        Kind.READ,
        _vswitches,
        given(VpcId=vpc_id, VSwitchId=vswitch_id, PageSize=str(PAGE_SIZE)),
        absent=frozenset({"InvalidVSwitchId.NotFound", "Forbidden.VpcNotFound"}),
        missing=(),
        next_page=number_pages(PAGE_SIZE),
        means="list vSwitches",
    )


@allowed_by("vpc:DescribeVSwitches", VSWITCHES)
def read_vswitch(spec: VSwitchSpec) -> Call[tuple[VSwitch, ...]]:
    """Read what `vswitch_changes` decides on: the vSwitch of the id wherever it is, else all of the VPC."""
    return describe_vswitches(vswitch_id=spec.vswitch_id) if spec.vswitch_id else describe_vswitches(spec.vpc_id)


def vswitch_key(spec: VSwitchSpec) -> str:
    """Give the key of the creation. Every parameter is in it: a token that comes with others again is refused."""
    return f"vswitch/{spec.vpc_id}/{spec.cidr}/{spec.zone}/{spec.wanted_name}"


def created_vswitch_key(vpc_id: str, cidr: str) -> str:
    """Give the key by which a journal knows a vSwitch: its id is not known before it exists, its block is its own."""
    return f"vpc:vswitch/{vpc_id}/{cidr}"


@allowed_by("vpc:CreateVSwitch", VPC, VSWITCHES)
def create_vswitch(spec: VSwitchSpec) -> Call[str]:
    """Make a vSwitch and give its id; it is Pending for some seconds. Source: VPC 2016-04-28, CreateVSwitch."""
    resource = vswitch_key(spec)
    token = client_token(resource, "CreateVSwitch")
    return Call(
        PRODUCT,
        VERSION,
        "CreateVSwitch",
        Kind.TOKENED,
        lambda body: str(body["VSwitchId"]),
        {
            "VpcId": spec.vpc_id,
            "CidrBlock": spec.cidr,
            "ZoneId": spec.zone,
            "VSwitchName": spec.wanted_name,
            "ClientToken": token,
        },
        means=f"create vSwitch {spec.wanted_name} ({spec.cidr}) in {spec.zone}",
        makes=resource,
        creates=created_vswitch_key(spec.vpc_id, spec.cidr),
    )


def vswitch_changes(spec: VSwitchSpec, actual: tuple[VSwitch, ...]) -> list[Call[Any]]:
    """Decide what makes the wanted vSwitch exist; one that exists is never changed.

    Raises:
        Unmet: the id is unknown; it lies in another VPC or zone or has another CIDR block; the name is borne by
            several; or it is absent and cannot be created.
    """
    found = wanted_vswitches(spec, actual)
    if not found:
        return _vswitch_creation(spec, actual)
    if len(found) > 1:
        ids = ", ".join(vswitch.vswitch_id for vswitch in found)
        raise Unmet(
            f"{len(found)} vSwitches of VPC {spec.vpc_id} are named {spec.wanted_name}: {ids}.",
            remedy="Put the id of the one that is meant into the environment, then Retry this run.",
        )
    _check_place(spec, found[0])
    return []


def pick_vswitch(spec: VSwitchSpec, vswitches: tuple[VSwitch, ...]) -> VSwitch:
    """Give the wanted one of the vSwitches that were read.

    Raises:
        Unmet: it is not among them.
    """
    found = wanted_vswitches(spec, vswitches)
    if found:
        return found[0]
    wanted = spec.vswitch_id or spec.cidr or spec.wanted_name
    raise Unmet(
        f"vSwitch {wanted} is not in VPC {spec.vpc_id}.", remedy="Prepare the network first, then Retry this run."
    )


def planned_vswitch(spec: VSwitchSpec, others: tuple[VSwitch, ...] = ()) -> tuple[VSwitch, ...]:
    """Stand in, in a dry run, for what `read_vswitch` would give after the changes.

    Args:
        others: what it gives before them; several vSwitches of one VPC share that read.
    """
    vswitch_id, free = spec.vswitch_id or PLANNED, usable_addresses(spec.cidr) if spec.cidr else 0
    planned = VSwitch(vswitch_id, spec.vpc_id, spec.wanted_name, spec.cidr, spec.zone, "Available", free)
    return (*others, planned)


def vswitch_ready(vswitches: tuple[VSwitch, ...]) -> bool:
    """Say whether the vSwitches are there and all Available.

    Raises:
        Unmet: a state that we do not know.
    """
    states = [progress(VSWITCH_STATES, each.status, f"vSwitch {each.vswitch_id}") for each in vswitches]
    return bool(states) and all(state is Progress.READY for state in states)


def usable_addresses(cidr: str) -> int:
    """Count the addresses that an empty vSwitch of that CIDR block has. Source: VPC 2016-04-28, CreateVSwitch."""
    return int(2 ** (32 - ip_block(cidr).prefixlen)) - RESERVED_ADDRESSES


def check_vswitch(vswitch: VSwitch, zone: str, nodes: int) -> None:
    """Check that a vSwitch is Available, in the zone (when one is named), with an address for each node.

    Raises:
        Unmet: another zone, not Available, or fewer free addresses than nodes.

    Source: VPC 2016-04-28, DescribeVSwitches.
    """
    check_vswitches((vswitch,), zone, nodes)


def check_vswitches(vswitches: Sequence[VSwitch], zone: str, nodes: int) -> None:
    """Check that vSwitches are Available, in the zone (when one is named), with an address for each node together.

    UNCONFIRMED: that nodes spread over several vSwitches as their free addresses allow.

    Raises:
        Unmet: another zone, not Available, or fewer free addresses than nodes.

    Source: VPC 2016-04-28, DescribeVSwitches.
    """
    for vswitch in vswitches:
        _check_available_in(vswitch, zone)
    free = sum(vswitch.free_addresses for vswitch in vswitches)
    if free < nodes:
        them = " and ".join(f"{_words(each)}: {each.free_addresses}" for each in vswitches) or "no vSwitch"
        raise Unmet(
            f"There are {free} free addresses ({them}), and {nodes} nodes need {nodes}.",
            remedy=f"Free some, or use a vSwitch with more (a new /{_mask_for(nodes)} block has enough), then Retry.",
        )


def _check_available_in(vswitch: VSwitch, zone: str) -> None:
    if zone and vswitch.zone != zone:
        raise Unmet(
            f"{_words(vswitch)} is not in zone {zone}, where the nodes are to be.",
            remedy=f"Put a vSwitch of zone {zone} into the environment, then Retry this run.",
        )
    if progress(VSWITCH_STATES, vswitch.status, _words(vswitch)) is not Progress.READY:
        raise Unmet(f"{_words(vswitch)} is {vswitch.status}.", remedy="Retry this run when it is Available.")


def _words(vswitch: VSwitch) -> str:
    return f"vSwitch {vswitch.vswitch_id} ({vswitch.cidr} in {vswitch.zone})"


def wanted_vswitches(spec: VSwitchSpec, vswitches: tuple[VSwitch, ...]) -> list[VSwitch]:
    """Give the vSwitches that are meant: of the id, else of the CIDR block (else name) in the VPC."""
    if spec.vswitch_id:
        return [each for each in vswitches if each.vswitch_id == spec.vswitch_id]
    inside = [each for each in vswitches if each.vpc_id == spec.vpc_id]
    if spec.cidr:
        return [each for each in inside if same_block(each.cidr, spec.cidr)]
    return [each for each in inside if each.name == spec.wanted_name]


def _vswitch_creation(spec: VSwitchSpec, others: tuple[VSwitch, ...]) -> list[Call[Any]]:
    if spec.vswitch_id:
        raise Unmet(
            f"vSwitch {spec.vswitch_id} does not exist in the region.",
            remedy="Correct the id or the region in the environment, then Retry this run.",
        )
    wanted = spec.cidr or spec.wanted_name
    if not spec.may_create:
        raise Unmet(
            f"There is no vSwitch {wanted} in VPC {spec.vpc_id}, and the environment forbids creating one.",
            remedy="Put an existing vSwitch into the environment or allow the creation, then Retry this run.",
        )
    if not (spec.cidr and spec.zone):
        raise Unmet(
            f"There is no vSwitch {wanted} in VPC {spec.vpc_id}, and creating one takes a CIDR block and a zone.",
            remedy="Put both, or the id of an existing vSwitch, into the environment, then Retry this run.",
        )
    _check_overlap(spec, others)
    return [create_vswitch(spec)]


def _check_overlap(spec: VSwitchSpec, others: tuple[VSwitch, ...]) -> None:
    """Foresee InvalidCidrBlock.Overlapped, which says neither with which vSwitch nor what to do."""
    wanted = ip_block(spec.cidr)
    overlapped = [each for each in others if each.vpc_id == spec.vpc_id and wanted.overlaps(ip_block(each.cidr))]
    if overlapped:
        them = ", ".join(f"{each.vswitch_id} ({each.cidr})" for each in overlapped)
        raise Unmet(
            f"The CIDR block {spec.cidr} overlaps with vSwitch {them} of VPC {spec.vpc_id}.",
            remedy="Put a free CIDR block, or the id of that vSwitch, into the environment, then Retry this run.",
        )


def _check_place(spec: VSwitchSpec, vswitch: VSwitch) -> None:
    differences = [
        (vswitch.vpc_id != spec.vpc_id, f"in VPC {vswitch.vpc_id}, not {spec.vpc_id}"),
        (bool(spec.zone) and vswitch.zone != spec.zone, f"in zone {vswitch.zone}, not {spec.zone}"),
        (not same_block(vswitch.cidr, spec.cidr or vswitch.cidr), f"{vswitch.cidr}, not {spec.cidr}"),
    ]
    wrong = [words for differs, words in differences if differs]
    if wrong:
        raise Unmet(
            f"vSwitch {vswitch.vswitch_id} is {' and '.join(wrong)}; a vSwitch cannot be moved.",
            remedy="Put another vSwitch, or what this one is, into the environment, then Retry this run.",
        )


def _mask_for(nodes: int) -> int:
    fitting = [mask for mask in VSWITCH_MASKS if 2 ** (32 - mask) - RESERVED_ADDRESSES >= nodes]
    return max(fitting, default=VSWITCH_MASKS.start)


def _vswitches(body: Any) -> tuple[VSwitch, ...]:
    return tuple(
        VSwitch(
            vswitch_id=row["VSwitchId"],
            vpc_id=row["VpcId"],
            name=row.get("VSwitchName", ""),
            cidr=row["CidrBlock"],
            zone=row["ZoneId"],
            status=row["Status"],
            free_addresses=int(row["AvailableIpAddressCount"]),
            created_at=seconds_of(row.get("CreationTime", "")),
        )
        for row in body["VSwitches"]["VSwitch"]
    )
