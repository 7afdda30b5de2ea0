"""What policies of RAM mean: the documents that the tests expect, and the account's as sets of rights."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

ROLE = "AliyunStreamDefaultRole"
CUSTOM = "AliyunStreamDefaultRolePolicy"

# R8 and R9: what the service needs of the network, for good and for a creation.
NETWORK = {
    "vpc:DescribeVpcs",
    "vpc:DescribeVSwitches",
    "ecs:CreateNetworkInterface",
    "ecs:DescribeNetworkInterfaces",
    "ecs:AttachNetworkInterface",
    "ecs:DescribeNetworkInterfacePermissions",
    "ecs:CreateNetworkInterfacePermission",
}
CREATION = {"ecs:CreateSecurityGroup", "ecs:AuthorizeSecurityGroup"}


def everywhere(actions: Iterable[str]) -> set[tuple[str, str]]:
    return {(action, "*") for action in actions}


def allowed(document: str) -> set[tuple[str, str]]:
    """Give what a document allows, as pairs of action and resource; one that denies has no place here."""
    pairs = set()
    content = json.loads(document)
    assert content["Version"] == "1"
    for statement in content["Statement"]:
        assert statement["Effect"] == "Allow"
        pairs |= {
            (action, resource) for action in _list(statement["Action"]) for resource in _list(statement["Resource"])
        }
    return pairs


def default_document(policy: Mapping[str, Any]) -> str:
    """Give the document that decides, of a policy as the emulator shows it."""
    document: str = policy["versions"][policy["default_version"]]["document"]
    return document


def trusted(role: Mapping[str, Any]) -> list[dict[str, list[str]]]:
    """Give whom a role trusts."""
    return [statement["Principal"] for statement in json.loads(role["trust_policy"])["Statement"]]


def meaning(ram: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the account's people and roles may do, without times and version numbers."""
    return {
        "members": {name: sorted(group["members"]) for name, group in ram["groups"].items()},
        "policies": {name: allowed(default_document(policy)) for name, policy in ram["policies"].items()},
        "attached": {key: sorted(principals) for key, principals in ram["attached"].items() if principals},
        "trust": {name: trusted(role) for name, role in ram["roles"].items()},
    }


def document_of(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "1", "Statement": [statement]})


def only(things: Mapping[str, Any]) -> Any:
    """Give the one thing that is there."""
    (thing,) = things.values()
    return thing


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
