"""The rules of a security group: what a request asks for, and when two are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from emulator.request import Refusal, Request
from emulator.world import iso

MAX_PERMISSIONS = 100  # in one request
PROTOCOLS = {"TCP": "TCP", "UDP": "UDP", "ICMP": "ICMP", "ICMPV6": "ICMPv6", "GRE": "GRE", "ALL": "ALL"}
SOURCES = ("SourceCidrIp", "Ipv6SourceCidrIp", "SourceGroupId", "SourcePrefixListId")
PLAIN = ("IpProtocol", "PortRange", "Policy", "Priority", "NicType", "DestCidrIp", "SourcePortRange", *SOURCES)
ALL_PORTS = "-1/-1"


@dataclass
class Rule:
    """One rule for what comes in; of the sources just one is set."""

    protocol: str
    port_range: str
    policy: str = "Accept"
    priority: int = 1
    source_cidr: str = ""
    ipv6_source_cidr: str = ""
    source_group_id: str = ""
    dest_cidr: str = ""
    source_port_range: str = ""
    description: str = ""
    id: str = ""
    created_at: float = 0.0

    def content(self) -> tuple[Any, ...]:
        """Give what makes two rules the same, whatever they are described as."""
        cidrs = [_block(cidr) for cidr in (self.source_cidr, self.dest_cidr)]
        ipv6 = str(IPv6Network(self.ipv6_source_cidr, strict=False)) if self.ipv6_source_cidr else ""
        ports = (self.protocol, self.port_range, self.source_port_range)
        return (*ports, self.policy, self.priority, self.source_group_id, ipv6, *cidrs)


def asked_for(request: Request) -> list[Rule]:
    """Read the rules of AuthorizeSecurityGroup and RevokeSecurityGroup: `Permissions.N.*`, or the old plain fields."""
    numbered = request.records("Permissions")
    plain = {name: request.text(name) for name in (*PLAIN, "Description") if request.has(name)}
    if numbered and plain.keys() & set(PLAIN):
        message = "Permissions.N cannot be mixed with the fields that it replaces."
        raise Refusal(403, "InvalidParamter.Conflict", message)  # The cloud spells it so.
    if not numbered and not plain:
        raise Refusal(403, "MissingParameter", "The parameter Permissions is mandatory for this request.")
    if len(numbered) > MAX_PERMISSIONS:
        raise Refusal(400, "InvalidParameter.Permissions", f"There are more than {MAX_PERMISSIONS} Permissions.")
    return [_rule(fields) for fields in numbered or [plain]]


def permission(rule: Rule, source_group_name: str) -> dict[str, Any]:
    """An item of DescribeSecurityGroupAttribute."""
    return {
        "CreateTime": iso(rule.created_at),
        "Description": rule.description,
        "DestCidrIp": rule.dest_cidr,
        "DestGroupId": "",
        "DestGroupName": "",
        "DestGroupOwnerAccount": "",
        "Direction": "ingress",
        "IpProtocol": rule.protocol,
        "Ipv6DestCidrIp": "",
        "Ipv6SourceCidrIp": rule.ipv6_source_cidr,
        "NicType": "intranet",
        "Policy": rule.policy,
        "PortRange": rule.port_range,
        "Priority": str(rule.priority),
        "SecurityGroupRuleId": rule.id,
        "SourceCidrIp": rule.source_cidr,
        "SourceGroupId": rule.source_group_id,
        "SourceGroupName": source_group_name,
        "SourceGroupOwnerAccount": "",
        "SourcePortRange": rule.source_port_range,
    }


def _rule(fields: Mapping[str, str]) -> Rule:
    protocol = PROTOCOLS.get(_given(fields, "IpProtocol").upper())
    if protocol is None:
        raise Refusal(400, "InvalidIpProtocol.Malformed", "The specified IpProtocol is not valid.")
    _check_source(fields)
    return Rule(
        protocol=protocol,
        port_range=_ports(fields, protocol),
        policy=_policy(fields.get("Policy", "")),
        priority=_priority(fields.get("Priority", "")),
        source_cidr=_cidr(fields, "SourceCidrIp"),
        ipv6_source_cidr=_ipv6(fields.get("Ipv6SourceCidrIp", "")),
        source_group_id=fields.get("SourceGroupId", ""),
        dest_cidr=_cidr(fields, "DestCidrIp"),
        source_port_range=_port_range(fields.get("SourcePortRange", ""), "SourcePortRange"),
        description=_description(fields.get("Description", "")),
    )


def _given(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise Refusal(403, "MissingParameter", f"The parameter {name} is mandatory for this request.")
    return fields[name]


def _check_source(fields: Mapping[str, str]) -> None:
    found = [name for name in SOURCES if fields.get(name)]
    if not found:
        raise Refusal(403, "MissingParameter", f"A rule needs one of {', '.join(SOURCES)}.")
    if len(found) > 1:
        raise Refusal(403, "InvalidParamter.Conflict", f"A rule has one source, not {' and '.join(found)}.")
    if found == ["SourcePrefixListId"]:
        # UNCONFIRMED: the code. The emulated account has no prefix lists.
        raise Refusal(404, "InvalidPrefixListId.NotFound", "The specified prefix list does not exist.")


def _ports(fields: Mapping[str, str], protocol: str) -> str:
    if protocol in ("TCP", "UDP"):
        return _port_range(_given(fields, "PortRange"), "PortRange")
    if fields.get("PortRange", ALL_PORTS) not in ("", ALL_PORTS):
        raise Refusal(400, "InvalidPortRange.Malformed", f"The PortRange of {protocol} is {ALL_PORTS}.")
    return ALL_PORTS


def _port_range(text: str, name: str) -> str:
    if text == "":
        return ""
    ports = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text)
    if ports is None or not 1 <= int(ports[1]) <= int(ports[2]) <= 65535:
        raise Refusal(400, f"Invalid{name}.Malformed", f"The specified {name} is not valid; it looks like 1/200.")
    return f"{int(ports[1])}/{int(ports[2])}"


def _policy(text: str) -> str:
    if text.lower() not in ("", "accept", "drop"):
        raise Refusal(400, "InvalidPolicy.Malformed", "The specified Policy is neither accept nor drop.")
    return text.capitalize() or "Accept"


def _priority(text: str) -> int:
    if text == "":
        return 1
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise Refusal(400, "InvalidPriority.Malformed", "The specified Priority is not from 1 to 100.")
    return int(text)


def _cidr(fields: Mapping[str, str], name: str) -> str:
    text = fields.get(name, "")
    try:
        _block(text)
    except ValueError:
        raise Refusal(400, f"Invalid{name}.Malformed", f"The specified {name} is not valid.") from None
    return text


def _block(text: str) -> str:
    if text and not re.fullmatch(r"[0-9.]{7,15}(/[0-9]{1,2})?", text):
        raise ValueError(text)
    return str(IPv4Network(text, strict=False)) if text else ""


def _ipv6(text: str) -> str:
    try:
        return text if text == "" else str(IPv6Network(text, strict=False))
    except ValueError:
        raise Refusal(400, "InvalidIpv6SourceCidrIp.Malformed", "Ipv6SourceCidrIp is not valid.") from None


def _description(text: str) -> str:
    if len(text) > 512:
        raise Refusal(400, "InvalidDescription.Malformed", "The description of a rule has at most 512 characters.")
    return text
