"""How the products cut a list into pages: by marker, by number, by token, by index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.request import Refusal, Request


def by_marker(request: Request, rows: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """RAM: MaxItems 1 to 1000 (default 100) and Marker; the reply says IsTruncated and, when true, Marker."""
    size = request.integer("MaxItems", 100, 1, 1000)
    start = _offset(request.text("Marker"), "Marker")
    page = list(rows[start : start + size])
    if start + size < len(rows):
        return page, {"IsTruncated": True, "Marker": str(start + size)}
    return page, {"IsTruncated": False}


def by_number(
    request: Request, rows: Sequence[Any], default: int = 10, maximum: int = 50, number: str = "PageNumber"
) -> tuple[list[Any], dict[str, Any]]:
    """VPC, ECS and (number="PageNum") BSS: the reply echoes page, size and TotalCount."""
    page = request.integer(number, 1, 1)
    size = request.integer("PageSize", default, 1, maximum)
    start = (page - 1) * size
    return list(rows[start : start + size]), {number: page, "PageSize": size, "TotalCount": len(rows)}


def by_token(
    request: Request, rows: Sequence[Any], default: int = 10, maximum: int = 100
) -> tuple[list[Any], dict[str, Any]]:
    """ECS: MaxResults and NextToken; NextToken is empty on the last page."""
    size = request.integer("MaxResults", default, 1, maximum)
    start = _offset(request.text("NextToken"), "NextToken")
    following = str(start + size) if start + size < len(rows) else ""
    return list(rows[start : start + size]), {"NextToken": following}


def by_index(
    request: Request, rows: Sequence[Any], capital: bool = True, default: int = 10, maximum: int = 100
) -> tuple[list[Any], dict[str, Any]]:
    """foasconsole (capital) and foas: PageIndex from 1, PageSize, TotalPage, TotalCount."""
    index = request.integer("PageIndex" if capital else "pageIndex", 1, 1)
    size = request.integer("PageSize" if capital else "pageSize", default, 1, maximum)
    start = (index - 1) * size
    pages = (len(rows) + size - 1) // size
    facts = {"PageIndex": index, "PageSize": size, "TotalPage": pages, "TotalCount": len(rows)}
    return list(rows[start : start + size]), facts


def _offset(marker: str, name: str) -> int:
    if marker == "":
        return 0
    if not marker.isdecimal() or len(marker) > 9:
        raise Refusal(400, f"InvalidParameter.{name}", f"The specified {name} is not valid.")
    return int(marker)
