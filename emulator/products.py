"""The one list of products: which modules serve which version of which API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from emulator import (
    actiontrail,
    bssopenapi,
    bssopenapi_instances,
    bssopenapi_orders,
    bssopenapi_prices,
    bssopenapi_seed,
    ecs,
    ecs_interfaces,
    ecs_security_groups,
    ecs_seed,
    ecs_stock,
    foas,
    foas_clusters,
    foas_orders,
    foas_overview,
    foas_packages,
    foas_projects,
    foas_queues,
    foas_seed,
    foas_tags,
    foasconsole,
    foasconsole_ai,
    foasconsole_changes,
    foasconsole_namespaces,
    foasconsole_overview,
    foasconsole_prices,
    foasconsole_seed,
    foasconsole_tags,
    foasconsole_workspaces,
    oss,
    ram,
    ram_account,
    ram_attachments,
    ram_groups,
    ram_keys,
    ram_mfa,
    ram_overview,
    ram_policies,
    ram_roles,
    ram_seed,
    ram_service_roles,
    ram_users,
    resourcemanager,
    sts,
    ververica,
    ververica_members,
    ververica_targets,
    vpc,
    vpc_seed,
    vpc_vswitches,
)
from emulator.request import Request
from emulator.world import World

Handler = Callable[[World, Request], Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class Product:
    """An API: RPC routes are keyed by action, ROA routes by (method, path). OSS has none here, it routes itself."""

    section: str  # its name in a seed, and in the tests
    name: str
    version: str
    host: str
    namespace: str
    routes: Mapping[Any, Handler]
    modules: tuple[ModuleType, ...]

    def resource(self, world: World, request: Request) -> str:
        """Name what a call is authorized against."""
        return str(self.modules[0].resource(world, request))

    def permission(self, action: str) -> str:
        """Name the right that an action needs, empty when it needs none."""
        permissions = getattr(self.modules[0], "PERMISSIONS", {})
        return str(permissions.get(action, f"{self.namespace}:{action}"))

    @property
    def request_id(self) -> str:
        """How its replies spell RequestId."""
        return str(getattr(self.modules[0], "REQUEST_ID", "RequestId"))

    def offered(self, name: str) -> list[Any]:
        """Give what the modules of the product call by this name (`seed`, `overview`, `State`), each thing once."""
        found = (getattr(module, name, None) for module in self.modules)
        return list({id(thing): thing for thing in found if thing is not None}.values())


def _product(main: ModuleType, *others: ModuleType) -> Product:
    modules = (main, *others)
    routes: dict[Any, Handler] = {}
    for module in modules:
        for key, handler in getattr(module, "ROUTES", {}).items():
            if routes.setdefault(key, handler) is not handler:
                raise ValueError(f"{module.__name__}: {key} is served twice")
    section = main.__name__.rpartition(".")[2]
    return Product(section, main.PRODUCT, main.VERSION, main.HOST, main.NAMESPACE, routes, modules)


# In the order in which a seed fills them: a cluster needs its VPC, its bucket and its order.
PRODUCTS: tuple[Product, ...] = (
    _product(
        ram,
        ram_users,
        ram_keys,
        ram_mfa,
        ram_groups,
        ram_policies,
        ram_attachments,
        ram_roles,
        ram_service_roles,
        ram_account,
        ram_seed,
        ram_overview,
    ),
    _product(sts),
    _product(resourcemanager),
    _product(vpc, vpc_vswitches, vpc_seed),
    _product(ecs, ecs_security_groups, ecs_interfaces, ecs_stock, ecs_seed),
    _product(oss),
    _product(bssopenapi, bssopenapi_orders, bssopenapi_instances, bssopenapi_prices, bssopenapi_seed),
    _product(
        foas,
        foas_orders,
        foas_clusters,
        foas_queues,
        foas_projects,
        foas_packages,
        foas_tags,
        foas_seed,
        foas_overview,
    ),
    _product(
        foasconsole,
        foasconsole_workspaces,
        foasconsole_changes,
        foasconsole_namespaces,
        foasconsole_prices,
        foasconsole_tags,
        foasconsole_ai,
        foasconsole_seed,
        foasconsole_overview,
    ),
    _product(ververica, ververica_members, ververica_targets),
    _product(actiontrail),
)

BY_VERSION: dict[str, Product] = {product.version: product for product in PRODUCTS if product.routes}


def state_types() -> dict[str, type[Any]]:
    """Give the state type of every part, by the part's name."""
    found = (kind for product in PRODUCTS for kind in product.offered("State"))
    return {kind.__module__.rpartition(".")[2]: kind for kind in found}
