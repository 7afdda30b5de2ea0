"""How a reply is written: JSON or XML, and the one envelope for every error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from starlette.responses import Response

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def reply(action: str, body: Mapping[str, Any], status: int, xml: bool) -> Response:
    if xml:
        root = "Error" if status >= 400 else f"{action or 'Api'}Response"
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{_elements(body)}</{root}>'
        # Source: @alicloud/openapi-client 0.4.15 reads XML errors under this type alone.
        return Response(text.encode(), status, {"Content-Type": "text/xml;charset=utf-8"})
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, {"Content-Type": "application/json;charset=utf-8"})


def error(
    code: str, message: str, request_id: str, host: str, product: str = "", detail: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Give the body of an error. Source: the common error format of RPC and ROA."""
    recommend = f"https://api.aliyun.com/troubleshoot?q={quote(code)}" + (f"&product={product}" if product else "")
    body: dict[str, Any] = {
        "RequestId": request_id,
        "HostId": host,
        "Code": code,
        "Message": message,
        "Recommend": recommend,
    }
    return body | ({"AccessDeniedDetail": dict(detail)} if detail else {})


def error_document(body: Mapping[str, Any], status: int) -> Response:
    """Give an error as OSS writes it."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{_elements(body)}</Error>'
    return Response(text.encode(), status, media_type="application/xml")


def _elements(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(_element(str(name), item) for name, item in value.items())
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return escape(_NOT_XML.sub("\ufffd", str(value)))


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(f"<{name}>{_elements(item)}</{name}>" for item in value)
    return f"<{name}>{_elements(value)}</{name}>"
