"""VPCs and vSwitches: their life, and the addresses of a vSwitch."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from emulator.request import Refusal

NEVER = -1.0
RESERVED = 4  # The first and the last three addresses of a vSwitch. Source: VPC 2016-04-28, CreateVSwitch.


@dataclass
class Vpc:
    """`tenants` is what other products keep in it, id to type: it cannot be deleted while there is any."""

    id: str
    region: str
    cidr: str
    name: str = ""
    description: str = ""
    router_id: str = ""
    route_table_id: str = ""
    resource_group_id: str = ""
    user_cidrs: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    created_at: float = 0.0
    available_at: float = 0.0
    gone_at: float = NEVER
    vswitch_ids: list[str] = field(default_factory=list)
    tenants: dict[str, str] = field(default_factory=dict)

    def exists(self, now: float) -> bool:
        return _exists(self.gone_at, now)

    def status(self, now: float) -> str:
        return _status(self.available_at, self.gone_at, now)


@dataclass
class VSwitch:
    """`addresses` maps an address to the id of what holds it; `occupied` more are held by what we do not model."""

    id: str
    vpc_id: str
    region: str
    zone: str
    cidr: str
    name: str = ""
    description: str = ""
    resource_group_id: str = ""
    route_table_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    created_at: float = 0.0
    available_at: float = 0.0
    gone_at: float = NEVER
    addresses: dict[str, str] = field(default_factory=dict)
    occupied: int = 0

    @property
    def usable(self) -> int:
        return int(2 ** (32 - int(self.cidr.rpartition("/")[2]))) - RESERVED

    @property
    def free(self) -> int:
        return self.usable - self.occupied - len(self.addresses)

    def exists(self, now: float) -> bool:
        return _exists(self.gone_at, now)

    def status(self, now: float) -> str:
        return _status(self.available_at, self.gone_at, now)

    def choose_addresses(self, count: int, wanted: list[str]) -> list[str]:
        """Choose free addresses without taking them: those wanted, then any, `count` in all.

        Raises:
            Refusal: the vSwitch has not so many, or a wanted one is not to be had.
        """
        if max(count, len(wanted)) > self.free:
            message = f"The vSwitch {self.id} does not have enough IP addresses."
            raise Refusal(403, "InvalidVSwitchId.IpNotEnough", message)
        chosen = dict.fromkeys(self._check_wanted(address) for address in wanted)
        first, room = int(ipaddress.ip_network(self.cidr)[1]), self.usable - self.occupied
        step = len(self.addresses)  # where the first free one most likely is
        while len(chosen) < count:
            address = str(ipaddress.ip_address(first + step % room))
            if address not in self.addresses:
                chosen[address] = None
            step += 1
        return list(chosen)

    def _check_wanted(self, text: str) -> str:
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError:
            raise Refusal(400, "InvalidIp.Address", f"The address {text} is not valid.") from None
        position = int(address) - int(ipaddress.ip_network(self.cidr)[0])
        if not 1 <= position <= self.usable:
            raise Refusal(403, "InvalidIp.Address", f"The address {text} is not usable in the vSwitch {self.id}.")
        if position > self.usable - self.occupied or str(address) in self.addresses:
            raise Refusal(403, "InvalidIp.IpAssigned", f"The address {text} is assigned already.")
        return str(address)


def _exists(gone_at: float, now: float) -> bool:
    return gone_at == NEVER or now < gone_at


def _status(available_at: float, gone_at: float, now: float) -> str:
    """Pending while it is made, and again until it is gone. Source: VPC 2016-04-28, DescribeVSwitchAttributes."""
    return "Available" if gone_at == NEVER and now >= available_at else "Pending"
