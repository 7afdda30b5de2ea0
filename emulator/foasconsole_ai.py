"""The Flink AI service: one per region, opened and closed."""

from __future__ import annotations

from typing import Any

from emulator.foasconsole import AiService, State, refuse, region_of
from emulator.foasconsole_prices import Price, pay
from emulator.request import Request
from emulator.world import World


def open_flink_ai_service(world: World, request: Request) -> dict[str, Any]:
    region = region_of(request)
    services = world.part(State).ai_services
    if region in services:
        raise refuse("ServiceAlreadyOpened", f"The service is open already in region {region}.")
    instance_id = f"fai-cn-{world.identifiers.letters(11)}"
    order_id = pay(world, instance_id, region, "POST", Price(0.0))

    services[region] = AiService(region, instance_id, world.now())
    return {"OrderInfo": {"InstanceId": instance_id, "OrderId": order_id}, "Success": True}


def close_flink_ai_service(world: World, request: Request) -> dict[str, Any]:
    service = _find(world, request)
    if service.deletion_protection:
        raise refuse("DeletionProtected", "The service is protected from deletion.")
    del world.part(State).ai_services[service.region]
    return {"Success": True}


def get_flink_ai_service(world: World, request: Request) -> dict[str, Any]:
    service = _find(world, request)
    facts = {
        "DeletionProtection": service.deletion_protection,
        "FlinkAiInstanceStatus": "RUNNING",  # UNCONFIRMED: the values
        "MainInstanceId": service.instance_id,
        "Region": service.region,
        "ResourceCreateTime": int(service.created_at * 1000),
    }
    return {"FlinkAiServiceDTO": facts, "Success": True}


def get_flink_ai_service_free_quota(world: World, request: Request) -> dict[str, Any]:
    region_of(request)
    return {"FlinkAiFreeQuotaDTO": {"FreeQuota": 0.0, "UsedQuotaDetails": []}, "Success": True}


def modify_ai_service_protection(world: World, request: Request) -> dict[str, Any]:
    request.required("DeletionProtection")
    wanted = request.boolean("DeletionProtection")
    _find(world, request).deletion_protection = wanted
    return {"Success": True}


def _find(world: World, request: Request) -> AiService:
    region = region_of(request)
    service = world.part(State).ai_services.get(region)
    if service is None:
        raise refuse("ServiceNotOpened", f"The service is not open in region {region}.")
    return service


ROUTES = {
    "OpenFlinkAiService": open_flink_ai_service,
    "CloseFlinkAiService": close_flink_ai_service,
    "GetFlinkAiService": get_flink_ai_service,
    "GetFlinkAiServiceFreeQuota": get_flink_ai_service_free_quota,
    "ModifyAiServiceProtection": modify_ai_service_protection,
}
