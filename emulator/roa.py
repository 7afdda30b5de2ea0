"""The ROA dialect: the action is the method and the path."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

from emulator import products
from emulator.message import Message
from emulator.products import Handler, Product
from emulator.request import Refusal
from emulator.routing import Route

_NOT_FOUND = "Specified api is not found, please check your url and method."


def speaks(message: Message) -> bool:
    return message.path.startswith(("/api/v2/", "/gateway/v2/")) or message.header("authorization").startswith("acs ")


def route(message: Message) -> Route:
    """Find the handler of a ROA call, and what the placeholders of its path stand for.

    Raises:
        Refusal: no such version, or no such method and path in it.
    """
    product = products.BY_VERSION.get(message.header("x-acs-version"))
    if product is None or not _templates(product):
        raise Refusal(400, "NoSuchVersion", "Specified parameter Version is not valid.")
    segments = message.raw_path.strip("/").split("/")
    for template, action, handler in _templates(product).get((message.method, len(segments)), ()):
        if (path := _match(template, segments)) is not None:
            return Route(product, action, handler, path)
    raise Refusal(404, "InvalidApi.NotFound", _NOT_FOUND)


def wants_xml(message: Message) -> bool:
    """ROA answers XML unless JSON is asked for. Source: ROA, common request header Accept."""
    return "json" not in message.header("accept")


def parameters(message: Message) -> Mapping[str, str]:
    """ROA takes its parameters from a form as from JSON."""
    return message.all_fields


Template = tuple[list[str], str, Handler]


@lru_cache
def _templates(product: Product) -> dict[tuple[str, int], list[Template]]:
    """Sort the routes by method and length; a written-out path goes before one with placeholders."""
    found: dict[tuple[str, int], list[Template]] = {}
    for key, handler in product.routes.items():
        if isinstance(key, tuple):
            method, path = key
            template = path.strip("/").split("/")
            action = "".join(word.capitalize() for word in _name(handler).split("_"))
            found.setdefault((method, len(template)), []).append((template, action, handler))
    for templates in found.values():
        templates.sort(key=lambda entry: [part.startswith("{") for part in entry[0]])
    return found


def _name(handler: Handler) -> str:
    return str(getattr(handler, "__name__", ""))


def _match(template: list[str], segments: list[str]) -> dict[str, str] | None:
    path = {}
    for part, given in zip(template, segments, strict=True):
        if part.startswith("{"):
            path[part[1:-1]] = unquote(given)
        elif part != given:
            return None
    return path if all(path.values()) else None
