"""The regions and zones that the emulated cloud has, and ids with their region's flavour."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.request import Refusal, Request
from emulator.world import World


@dataclass(frozen=True)
class Region:
    """`mark` opens the random part of the region's ids: a vpc- of cn-hangzhou reads vpc-bp1..."""

    name: str
    mark: str
    letters: str = "abc"


# Where Realtime Compute is sold. Source: endpoints of foas 2018-11-11 and foasconsole 2021-10-28.
REGIONS = {
    "cn-hangzhou": Region("Hangzhou", "bp1", "befghi"),
    "cn-shanghai": Region("Shanghai", "uf6", "befgl"),
    "cn-beijing": Region("Beijing", "2ze", "fghikl"),
    "cn-shenzhen": Region("Shenzhen", "wz9", "cdef"),
    "cn-zhangjiakou": Region("Zhangjiakou", "8vb", "abc"),
    "cn-qingdao": Region("Qingdao", "m5e", "bc"),
    "cn-wulanchabu": Region("Ulanqab", "0jl", "abc"),
    "cn-hongkong": Region("Hong Kong", "j6c", "bcd"),
    "cn-hangzhou-finance": Region("Hangzhou Finance", "bp1", "hij"),
    "cn-shanghai-finance-1": Region("Shanghai Finance", "uf6", "bfg"),
    "cn-shenzhen-finance-1": Region("Shenzhen Finance", "wz9", "de"),
    "cn-north-2-gov-1": Region("Beijing Government", "2ze", "bd"),
    "ap-southeast-1": Region("Singapore", "t4n", "abc"),
    "ap-southeast-3": Region("Kuala Lumpur", "8ps", "ab"),
    "ap-southeast-5": Region("Jakarta", "k1a", "abc"),
    "ap-northeast-1": Region("Tokyo", "6we", "abc"),
    "eu-central-1": Region("Frankfurt", "gw8", "abc"),
    "eu-west-1": Region("London", "d7o", "ab"),
    "us-east-1": Region("Virginia", "0xi", "ab"),
    "us-west-1": Region("Silicon Valley", "rj9", "ab"),
}


def named(request: Request) -> str:
    """Give the region of a request that must name one."""
    return _known(request.one("RegionId"))


def of(world: World, request: Request) -> str:
    """Give the region of a request that may name one."""
    return _known(request.text("RegionId") or request.region or world.region)


def zones(region: str) -> list[str]:
    """Give the zones of a region: cn-hangzhou-b, ap-southeast-1a."""
    dash = "" if region[-1].isdecimal() else "-"
    return [f"{region}{dash}{letter}" for letter in REGIONS[region].letters]


def home(zone: str) -> str:
    """Give the region that a zone lies in, "" when there is none."""
    region = zone[:-1].removesuffix("-")
    return region if region in REGIONS else ""


def zone_name(zone: str) -> str:
    return f"{REGIONS[home(zone)].name} Zone {zone[-1:].upper()}"


def draw_id(world: World, kind: str, region: str) -> str:
    """Give a fresh id: vpc-bp1 and 18 letters and digits."""
    return f"{kind}-{REGIONS[region].mark}{world.identifiers.letters(18)}"


def _known(region: str) -> str:
    if region not in REGIONS:
        raise Refusal(404, "InvalidRegionId.NotFound", "The specified RegionId does not exist.")
    return region
