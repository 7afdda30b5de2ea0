"""The names that the cloud accepts, as types: one per kind of resource, with its rule."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from alicloud.endpoints import REGIONS

# Source: VPC 2016-04-28, CreateVpc.
RESERVED = tuple(IPv4Network(block) for block in ("100.64.0.0/10", "224.0.0.0/4", "127.0.0.0/8", "169.254.0.0/16"))


def _cidr(text: str) -> str:
    try:
        network = IPv4Network(text, strict=True)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a CIDR block such as 172.16.0.0/12 ({error})") from None
    for reserved in RESERVED:
        if network.overlaps(reserved):
            raise ValueError(f"{text!r} overlaps {reserved}, which a VPC may not use")
    return str(network)


def _known_region(text: str) -> str:
    if text not in REGIONS:
        raise ValueError(f"{text!r} is not a region; known are {', '.join(sorted(REGIONS))}")
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has line breaks or control characters")
    return text


# Source of the rules: RAM 2015-05-01 (lengths and characters), VPC 2016-04-28, OSS bucket names, foas and
# foasconsole creation parameters. Where two texts differ the narrower rule is kept.
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}[a-z0-9]$")]
UserName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
GroupName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
RoleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,64}$")]
PolicyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,128}$")]
ServicePrincipal = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,60}\.aliyuncs\.com$")]
ResourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{1,127}$")]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")]
VpcId = Annotated[str, StringConstraints(pattern=r"^vpc-[a-z0-9]{1,60}$")]
VSwitchId = Annotated[str, StringConstraints(pattern=r"^vsw-[a-z0-9]{1,60}$")]
ZoneId = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}-[a-z0-9-]{2,40}$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{10,20}$")]
OrderId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,80}$")]
ClusterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,63}$")]
WorkspaceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,58}[a-z0-9]$")]
ProjectName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,61}[a-z0-9]$")]
BlockName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
PackageName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
Specification = Annotated[str, StringConstraints(pattern=r"^Ecs_[0-9]{1,3}c[0-9]{1,4}g$")]
Region = Annotated[str, AfterValidator(_known_region)]
CidrBlock = Annotated[str, AfterValidator(_cidr)]
Text = Annotated[str, Field(max_length=256), AfterValidator(_one_line)]

# What each pattern means, for the operator who broke it.
RULES: dict[str, str] = {
    r"^[a-z][a-z0-9-]{1,30}[a-z0-9]$": "3 to 32 lower-case letters, digits and '-', starting with a letter",
    r"^[A-Za-z0-9._-]{1,64}$": "1 to 64 letters, digits, '.', '-' and '_'",
    r"^[A-Za-z0-9-]{1,64}$": "1 to 64 letters, digits and '-'",
    r"^[A-Za-z0-9.-]{1,64}$": "1 to 64 letters, digits, '.' and '-'",
    r"^[A-Za-z0-9-]{1,128}$": "1 to 128 letters, digits and '-'",
    r"^[a-z0-9.-]{1,60}\.aliyuncs\.com$": "a service principal such as stream.aliyuncs.com",
    r"^[A-Za-z][A-Za-z0-9_.-]{1,127}$": "2 to 128 letters, digits, '_', '.' and '-', starting with a letter",
    r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$": "3 to 63 lower-case letters, digits and '-', no '-' at either end",
    r"^vpc-[a-z0-9]{1,60}$": "an id that starts with vpc-",
    r"^vsw-[a-z0-9]{1,60}$": "an id that starts with vsw-",
    r"^[a-z]{2}-[a-z0-9-]{2,40}$": "a zone such as cn-hangzhou-h",
    r"^[0-9]{10,20}$": "the account's number, 10 to 20 digits (quote it in YAML)",
    r"^[A-Za-z0-9_.-]{3,80}$": "the instance id of an order, such as blinkonecs_1234",
    r"^[a-z][a-z0-9_]{2,63}$": "3 to 64 lower-case letters, digits and '_', starting with a letter",
    r"^[a-z][a-z0-9-]{1,58}[a-z0-9]$": "3 to 60 lower-case letters, digits and '-', starting with a letter",
    r"^[a-z][a-z0-9_-]{1,61}[a-z0-9]$": "3 to 63 lower-case letters, digits, '_' and '-', starting with a letter",
    r"^[a-z0-9][a-z0-9-]{0,99}$": "the name of a block: lower-case letters, digits and '-'",
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$": "1 to 100 letters, digits, '_', '.' and '-', starting with a letter or digit",
    r"^Ecs_[0-9]{1,3}c[0-9]{1,4}g$": "a machine name such as Ecs_8c32g",
}
