"""ECS 2014-05-26: the rules of a security group, and which of them let the whole world in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from alicloud.call import Call, Kind, token_pages
from alicloud.call_rights import SECURITY_GROUPS, allowed_by
from alicloud.ecs import PRODUCT, VERSION

RULES_PER_PAGE = "1000"  # the most that ECS gives
SHORTEST_PREFIX = {4: 8, 6: 16}  # a network whose prefix is shorter is the world, or a great part of it
PREFIX_LIST = "pl-"  # what the id of a prefix list begins with


@dataclass(frozen=True)
class Rule:
    """What may come in (ingress) or go out. `ports` is `22/22`, or `-1/-1` for all."""

    direction: str
    policy: str
    protocol: str
    ports: str
    source: str

    @property
    def is_open_to_the_world(self) -> bool:
        """Whether anybody on the internet may come in by it, or a great part of them."""
        return self._accepts and _is_the_world(self.source)

    @property
    def is_not_judged(self) -> bool:
        """Whether those may come in whom a prefix list names, which is not read."""
        return self._accepts and self.source.startswith(PREFIX_LIST)

    @property
    def _accepts(self) -> bool:
        return self.policy.casefold() == "accept" and self.direction.casefold() == "ingress"

    def opens(self, port: int) -> bool:
        """Say whether a port is among those of the rule."""
        first, _, last = self.ports.partition("/")
        if not (first.lstrip("-").isdecimal() and last.lstrip("-").isdecimal()):
            return True  # a list of ports that we cannot see into
        return self.ports == "-1/-1" or int(first) <= port <= int(last)

    def __str__(self) -> str:
        ports = "all ports" if self.ports == "-1/-1" else f"ports {self.ports}"
        return f"{self.protocol} {ports} from {self.source}"


@allowed_by("ecs:DescribeSecurityGroupAttribute", SECURITY_GROUPS)
def describe_security_group_attribute(security_group_id: str) -> Call[tuple[Rule, ...]]:
    """List the rules of a security group, none when it is gone. Source: ECS, DescribeSecurityGroupAttribute."""
    return Call(
        PRODUCT,
        VERSION,
        "DescribeSecurityGroupAttribute",
        Kind.READ,
        _rules,
        {"SecurityGroupId": security_group_id, "Direction": "ingress", "MaxResults": RULES_PER_PAGE},
        absent=frozenset({"InvalidSecurityGroupId.NotFound"}),
        missing=(),
        next_page=token_pages,
        means=f"read the rules of security group {security_group_id}",
    )


def open_to_the_world(rules: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in rules if rule.is_open_to_the_world]


def _is_the_world(source: str) -> bool:
    try:
        network = ip_network(source, strict=False)
    except ValueError:
        return False  # another security group, or a list of networks
    return network.prefixlen < SHORTEST_PREFIX[network.version]


_SOURCES = ("SourceCidrIp", "Ipv6SourceCidrIp", "SourceGroupId", "SourcePrefixListId")


def _rules(body: Any) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            direction=row.get("Direction") or "ingress",
            policy=row.get("Policy") or "Accept",
            protocol=row.get("IpProtocol") or "",
            ports=row.get("PortRange") or "",
            source=next((row[name] for name in _SOURCES if row.get(name)), ""),
        )
        for row in body["Permissions"]["Permission"]
    )
