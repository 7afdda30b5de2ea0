"""The RPC dialect: one path, the action named in a parameter or a header."""

from __future__ import annotations

from collections.abc import Mapping

from emulator import products
from emulator.message import Message
from emulator.request import Refusal
from emulator.routing import Route


def speaks(message: Message) -> bool:
    if message.raw_path not in ("", "/"):
        return False
    if "Action" in message.query or "x-acs-action" in message.headers:
        return True
    return message.content_type == "application/x-www-form-urlencoded" and "Action" in message.form


def route(message: Message) -> Route:
    """Find the handler of an RPC call.

    Raises:
        Refusal: no such version, or no such action in it.
    """
    given = message.fields
    action = given.get("Action") or message.header("x-acs-action")
    version = given.get("Version") or message.header("x-acs-version")
    if not version:
        raise Refusal(400, "MissingVersion", "Version is mandatory for this action.")
    product = products.BY_VERSION.get(version)
    if product is None:
        raise Refusal(400, "InvalidVersion", "Specified parameter Version is not valid.")
    handler = product.routes.get(action)
    if message.method not in ("GET", "POST") or handler is None:
        message_text = "Specified api is not found, please check your url and method."
        raise Refusal(404, "InvalidAction.NotFound", message_text)
    return Route(product, action, handler)


def wants_xml(message: Message) -> bool:
    """RPC answers XML unless asked for JSON; V2 clients ask by header alone and mean JSON."""
    if "x-acs-action" in message.headers and "Format" not in message.fields:
        return "xml" in message.header("accept")
    return message.fields.get("Format", "XML").upper() != "JSON"


def parameters(message: Message) -> Mapping[str, str]:
    """A JSON body is no part of the signature, hence none of the parameters."""
    return message.fields
