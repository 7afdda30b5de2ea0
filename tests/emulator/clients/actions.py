"""Which actions the emulator serves, and which of them a client cannot call: the one place that says so."""

from emulator import products, roa

NO_SUCCESS = "refused since 2021-04-28, so there is no reply; a test of its own sees the refusal"

LEFT_OUT: dict[str, dict[str, dict[str, str]]] = {
    "aliyun-python-sdk-*": {
        "ram": {
            "CreateServiceLinkedRole": "no class in 3.3.1; called through CommonRequest",
            "DeleteServiceLinkedRole": "no class in 3.3.1; called through CommonRequest",
        },
        "bssopenapi": {
            "PayOrder": "no class in 2.0.3; called through CommonRequest",
            "RefundInstance": "no class in 2.0.3; called through CommonRequest",
        },
        "foas": {"CreateCellClusterOrder": NO_SUCCESS},
    },
    "alibabacloud_*": {},
}
UNSERVED = {
    "resourcemanager": "its SDK is not among ours; its actions are called through CommonRequest of the V1 core",
    "actiontrail": "its SDKs are not among ours; the house calls it through CommonRequest",
    "foas": "has no V2 SDK",
    "foasconsole": "has no V1 package; the house calls it through CommonRequest",
    "ververica": "has no V1 package; the house calls it through CommonRequest",
    "oss": "has clients of its own: oss2 and alibabacloud_oss_v2",
}


def served(section: str) -> set[str]:
    """Name the actions that the emulator has a route for."""
    [product] = [product for product in products.PRODUCTS if product.section == section]
    named = {key for key in product.routes if isinstance(key, str)}
    return named | {action for rows in roa._templates(product).values() for _, action, _ in rows}


def expected(client: str, section: str) -> set[str]:
    """Name the actions that this client can call."""
    return served(section) - set(LEFT_OUT[client].get(section, ()))
