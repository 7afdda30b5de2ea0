"""What ECS has in stock: instance types and disks, zone by zone."""

from __future__ import annotations

import re
from typing import Any

from emulator import ecs, regions, vpc
from emulator.request import Refusal, Request
from emulator.world import World

# Family to GiB of memory per core. Which types back the nodes of Realtime Compute is not public.
FAMILIES = {"c": 2, "g": 4, "r": 8}
SIZES = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "16xlarge": 64}
GENERATIONS = (6, 7)
# Instance type to cores and GiB of memory: ecs.g6.xlarge has 4 and 16.
TYPES = {
    f"ecs.{family}{generation}.{size}": (cores, cores * ratio)
    for generation in GENERATIONS
    for family, ratio in FAMILIES.items()
    for size, cores in SIZES.items()
}
DISKS = ("cloud_essd", "cloud_efficiency")
DESTINATIONS = {
    "DataDisk": DISKS,
    "InstanceType": tuple(TYPES),
    "IoOptimized": ("optimized",),
    "Network": ("vpc",),
    "SystemDisk": DISKS,
    "Zone": (),
    "ddh": (),
}
CATEGORIES = {"Available": "WithStock", "SoldOut": "WithoutStock"}


def describe_available_resource(world: World, request: Request) -> dict[str, Any]:
    """Say zone by zone what can be bought; when nothing matches, no zone is named."""
    destination = request.one("DestinationResource")
    region = regions.named(request)
    if destination not in DESTINATIONS:
        raise Refusal(404, "Invalid.DestinationResource", "The specified DestinationResource is not valid.")
    if request.text("InstanceChargeType", "PostPaid") not in ("PostPaid", "PrePaid"):
        raise Refusal(400, "Invalid.Param", "InstanceChargeType is neither PostPaid nor PrePaid.")
    values = _wanted_types(request) if destination == "InstanceType" else list(DESTINATIONS[destination])
    zones = [zone for zone in vpc.zones(world, region) if request.text("ZoneId", zone) == zone]
    rows = [_zone_stock(world, region, zone, destination, values) for zone in zones]
    return {"AvailableZones": {"AvailableZone": rows if values or not DESTINATIONS[destination] else []}}


def describe_zones(world: World, request: Request) -> dict[str, Any]:
    """List the zones of a region with what is in stock there."""
    zones = vpc.zones(world, regions.named(request))
    return {"Zones": {"Zone": [_zone(zone, _status(world, zone) == "Available") for zone in zones]}}


def describe_regions(world: World, request: Request) -> dict[str, Any]:
    """List the regions."""
    rows = [
        {
            "LocalName": region.name,
            "RegionEndpoint": f"ecs.{region_id}.aliyuncs.com",
            "RegionId": region_id,
            "Status": "available",
        }
        for region_id, region in regions.REGIONS.items()
    ]
    return {"Regions": {"Region": rows}}


def _wanted_types(request: Request) -> list[str]:
    wanted, cores = request.text("InstanceType"), request.integer("Cores", 0, 1)
    memory = request.text("Memory", "0")
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", memory):
        raise Refusal(400, "Invalid.Param", "The specified Memory is not a number.")
    return [
        name
        for name, (has_cores, has_memory) in TYPES.items()
        if wanted in ("", name) and cores in (0, has_cores) and float(memory) in (0.0, float(has_memory))
    ]


def _zone_stock(world: World, region: str, zone: str, destination: str, values: list[str]) -> dict[str, Any]:
    stock = {"Status": _status(world, zone), "StatusCategory": CATEGORIES[_status(world, zone)]}
    sizes = {"Min": 20, "Max": 32768, "Unit": "GiB"} if destination.endswith("Disk") else {}
    supported = [{"Value": value, **stock, **sizes} for value in values]
    resources = [{"Type": destination, "SupportedResources": {"SupportedResource": supported}}] if supported else []
    available = {"AvailableResource": resources}
    return {"RegionId": region, "ZoneId": zone, **stock, "AvailableResources": available}


def _status(world: World, zone: str) -> str:
    return "Available" if ecs.has_stock(world, zone) else "SoldOut"


def _zone(zone: str, in_stock: bool) -> dict[str, Any]:
    types = list(TYPES) if in_stock else []
    disks = list(DISKS) if in_stock else []
    creation = ["VSwitch", "IoOptimized", *(["Instance", "Disk"] if in_stock else [])]
    return {
        "AvailableDedicatedHostTypes": {"DedicatedHostType": []},
        "AvailableDiskCategories": {"DiskCategories": disks},
        "AvailableInstanceTypes": {"InstanceTypes": types},
        "AvailableResourceCreation": {"ResourceTypes": creation},
        "AvailableResources": {"ResourcesInfo": [_resources_info(types, disks)] if in_stock else []},
        "AvailableVolumeCategories": {"VolumeCategories": []},
        "DedicatedHostGenerations": {"DedicatedHostGeneration": []},
        "LocalName": regions.zone_name(zone),
        "ZoneId": zone,
        "ZoneType": "AvailabilityZone",
    }


def _resources_info(types: list[str], disks: list[str]) -> dict[str, Any]:
    families = [f"ecs.{family}{generation}" for generation in GENERATIONS for family in FAMILIES]
    return {
        "DataDiskCategories": {"supportedDataDiskCategory": disks},
        "InstanceGenerations": {"supportedInstanceGeneration": [f"ecs-{each}" for each in GENERATIONS]},
        "InstanceTypeFamilies": {"supportedInstanceTypeFamily": families},
        "InstanceTypes": {"supportedInstanceType": types},
        "IoOptimized": True,
        "NetworkTypes": {"supportedNetworkCategory": ["vpc"]},
        "SystemDiskCategories": {"supportedSystemDiskCategory": disks},
    }


ROUTES = {
    "DescribeAvailableResource": describe_available_resource,
    "DescribeRegions": describe_regions,
    "DescribeZones": describe_zones,
}
