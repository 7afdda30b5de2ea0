"""The names that the cloud accepts, as types: one per kind of resource, with its rule."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError

from alicloud.endpoints import REGIONS
from blocks.shown import shown, shown_text

# What each pattern means, for the operator who broke it.
RULES: dict[str, str] = {}

# Source: VPC 2016-04-28, CreateVpc.
RESERVED = tuple(IPv4Network(block) for block in ("100.64.0.0/10", "224.0.0.0/4", "127.0.0.0/8", "169.254.0.0/16"))


def keeps(rule: Any, name: str) -> bool:
    """Say whether a name is one of a type of this module."""
    try:
        TypeAdapter(rule).validate_python(name)
    except ValidationError:
        return False
    return True


def _rule(pattern: str, meaning: str) -> StringConstraints:
    RULES[pattern] = meaning
    return StringConstraints(pattern=pattern)


def _optional(pattern: str, meaning: str) -> StringConstraints:
    return _rule(f"^$|{pattern}", f"{meaning}, or nothing")


def _cidr(text: str) -> str:
    try:
        network = IPv4Network(text, strict=True)
    except ValueError as error:
        raise ValueError(
            f"{shown(text)} is not a CIDR block such as 172.16.0.0/12 ({shown_text(str(error), 100)})"
        ) from None
    for reserved in RESERVED:
        if network.overlaps(reserved):
            raise ValueError(f"{text!r} overlaps {reserved}, which a VPC may not use")
    return str(network)


def _known_region(text: str) -> str:
    if text not in REGIONS:
        raise ValueError(f"{shown(text)} is not a region; known are {', '.join(sorted(REGIONS))}")
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has line breaks or control characters")
    return text


_RESOURCE = (r"^[A-Za-z][A-Za-z0-9_.-]{1,127}$", "2 to 128 letters, digits, '_', '.' and '-', starting with a letter")
_PROJECT = (r"^[a-z][a-z0-9_-]{1,61}[a-z0-9]$", "3 to 63 lower-case letters, digits, '_' and '-', a letter first")
_ZONE = (r"^[a-z]{2}-[a-z0-9-]{2,40}$", "a zone such as cn-hangzhou-h")

# Source of the rules: RAM 2015-05-01 (lengths and characters), VPC 2016-04-28, OSS bucket names, foas and
# foasconsole creation parameters. Where two texts differ the narrower rule is kept.
EnvironmentName = Annotated[
    str, _rule(r"^[a-z][a-z0-9-]{1,30}[a-z0-9]$", "3 to 32 lower-case letters, digits and '-', starting with a letter")
]
UserName = Annotated[str, _rule(r"^[A-Za-z0-9._-]{1,64}$", "1 to 64 letters, digits, '.', '-' and '_'")]
GroupName = Annotated[str, _rule(r"^[A-Za-z0-9-]{1,64}$", "1 to 64 letters, digits and '-'")]
OptionalRoleName = Annotated[str, _optional(r"^[A-Za-z0-9.-]{1,64}$", "1 to 64 letters, digits, '.' and '-'")]
OptionalServicePrincipal = Annotated[
    str, _optional(r"^[a-z0-9.-]{1,60}\.aliyuncs\.com$", "a service principal such as stream.aliyuncs.com")
]
ResourceName = Annotated[str, _rule(*_RESOURCE)]
OptionalResourceName = Annotated[str, _optional(*_RESOURCE)]
BucketName = Annotated[
    str, _rule(r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", "3 to 63 lower-case letters, digits and '-', no '-' at either end")
]
OptionalVpcId = Annotated[str, _optional(r"^vpc-[a-z0-9]{1,60}$", "an id that starts with vpc-")]
OptionalVSwitchId = Annotated[str, _optional(r"^vsw-[a-z0-9]{1,60}$", "an id that starts with vsw-")]
ZoneId = Annotated[str, _rule(*_ZONE)]
OptionalZoneId = Annotated[str, _optional(*_ZONE)]
OptionalAccountId = Annotated[
    str, _optional(r"^[0-9]{10,20}$", "the account's number, 10 to 20 digits (quote it in YAML)")
]
OptionalOrderId = Annotated[
    str, _optional(r"^[A-Za-z0-9_.-]{3,80}$", "the instance id of an order, such as blinkonecs_1234")
]
ClusterName = Annotated[
    str, _rule(r"^[a-z][a-z0-9_]{2,63}$", "3 to 64 lower-case letters, digits and '_', starting with a letter")
]
WorkspaceName = Annotated[
    str, _rule(r"^[a-z][a-z0-9-]{1,58}[a-z0-9]$", "3 to 60 lower-case letters, digits and '-', starting with a letter")
]
ProjectName = Annotated[str, _rule(*_PROJECT)]
OptionalProjectName = Annotated[str, _optional(*_PROJECT)]
ProjectReference = Annotated[str, _rule(rf"^\*$|{_PROJECT[0]}", "a project's name, or '*' for all")]
BLOCK_NAME = (r"^[a-z0-9][a-z0-9-]{0,99}$", "a block's name: lower-case letters, digits and '-'")
BlockName = Annotated[str, _rule(*BLOCK_NAME)]
OptionalBlockName = Annotated[str, _optional(*BLOCK_NAME)]
FolderName = Annotated[
    str,
    Field(max_length=200),
    _rule(
        r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$",
        "a folder below the project's: letters, digits, '_', '.' and '-', no '..', no '/' in front",
    ),
]
BucketFolder = Annotated[
    str,
    Field(max_length=200),
    _rule(
        r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$",
        "a folder of the bucket: letters, digits, '_', '.', '-' and '/', no '/' at either end",
    ),
]
OptionalVersion = Annotated[
    str, _optional(r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$", "1 to 64 letters, digits, '.', '_', '+' and '-'")
]
OptionalSha256 = Annotated[str, _optional(r"^[0-9a-fA-F]{64}$", "a SHA-256 in 64 hexadecimal digits")]
PackageName = Annotated[
    str,
    _rule(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$", "1 to 100 letters, digits, '_', '.' and '-'"),
]
Specification = Annotated[str, _rule(r"^Ecs_[0-9]{1,3}c[0-9]{1,4}g$", "a machine name such as Ecs_8c32g")]
Region = Annotated[str, AfterValidator(_known_region)]
StorageRegion = Annotated[str, _rule(r"^[a-z]{2}-[a-z0-9-]{2,39}$", "a region such as cn-hangzhou")]
CidrBlock = Annotated[str, AfterValidator(_cidr)]
OptionalCidrBlock = Annotated[str, AfterValidator(lambda text: text and _cidr(text))]
Text = Annotated[str, Field(max_length=256), AfterValidator(_one_line)]
