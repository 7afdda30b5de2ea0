"""CIDR blocks: which ones a VPC and a vSwitch may have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network

from emulator.request import Refusal

DEFAULT_VPC = "172.16.0.0/12"
# Source: VPC 2016-04-28, CreateVpc.
FORBIDDEN = [IPv4Network(block) for block in ("100.64.0.0/10", "224.0.0.0/4", "127.0.0.0/8", "169.254.0.0/16")]
MALFORMED = "InvalidCidrBlock.Malformed"


def for_vpc(text: str, code: str = MALFORMED) -> IPv4Network:
    """Read the CIDR block of a VPC: mask 8 to 28, not inside a forbidden block."""
    block = _read(text, 8, 28, code)
    if any(block.subnet_of(forbidden) for forbidden in FORBIDDEN):
        raise Refusal(400, code, f"The CIDR block {text} is reserved.")
    return block


def for_vswitch(text: str, vpc: str, neighbours: Iterable[str]) -> IPv4Network:
    """Read the CIDR block of a vSwitch: mask 16 to 29, inside the VPC's, clear of its neighbours'."""
    block = _read(text, 16, 29, MALFORMED)
    if not block.subnet_of(IPv4Network(vpc)):
        # UNCONFIRMED: the code.
        raise Refusal(400, MALFORMED, f"The CIDR block {text} is not inside the VPC's, which is {vpc}.")
    if any(block.overlaps(IPv4Network(neighbour)) for neighbour in neighbours):
        message = f"The CIDR block {text} overlaps with that of another vSwitch."
        raise Refusal(400, "InvalidCidrBlock.Overlapped", message)
    return block


def holds(vpc: IPv4Network, vswitches: Iterable[str]) -> bool:
    return all(IPv4Network(vswitch).subnet_of(vpc) for vswitch in vswitches)


def _read(text: str, widest: int, narrowest: int, code: str) -> IPv4Network:
    try:
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}", text):
            raise ValueError(text)
        block = IPv4Network(text)
    except ValueError:
        raise Refusal(400, code, f"{text[:64]} is not a valid CIDR block.") from None
    if not widest <= block.prefixlen <= narrowest:
        raise Refusal(400, code, f"The mask of {text} is not from {widest} to {narrowest}.")
    return block
