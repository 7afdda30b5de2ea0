"""ResourceManager: the service-linked roles, under the product that their callers use."""

from __future__ import annotations

from emulator.ram import resource as ram_resource
from emulator.ram_service_roles import (
    create_service_linked_role,
    delete_service_linked_role,
    get_service_linked_role_deletion_status,
)
from emulator.request import Request
from emulator.world import World

PRODUCT = "ResourceManager"
VERSION = "2020-03-31"
HOST = "resourcemanager.aliyuncs.com"
NAMESPACE = "ram"  # Its role actions are rights of RAM: ram:CreateServiceLinkedRole


def resource(world: World, request: Request) -> str:
    return ram_resource(world, request)


ROUTES = {
    "CreateServiceLinkedRole": create_service_linked_role,
    "DeleteServiceLinkedRole": delete_service_linked_role,
    "GetServiceLinkedRoleDeletionStatus": get_service_linked_role_deletion_status,
}
