"""Reads a list to its last page, in each of the ways the products have."""

from collections.abc import Callable
from typing import Any

Call = Callable[..., Any]
SIZE = 2


def dig(reply: Any, path: str) -> list[Any]:
    for name in path.split("."):
        reply = reply[name]
    return list(reply)


def by_marker(call: Call, action: str, path: str, **parameters: Any) -> list[Any]:
    """Follow Marker until nothing is left out, as RAM lists do."""
    rows: list[Any] = []
    marker: dict[str, str] = {}
    while True:
        reply = call(action, MaxItems=SIZE, **marker, **parameters)
        rows += _page(reply, path)
        if not reply["IsTruncated"]:
            return rows
        marker = {"Marker": reply["Marker"]}


def by_token(call: Call, action: str, path: str, holder: str = "", **parameters: Any) -> list[Any]:
    """Follow NextToken until it is empty."""
    rows: list[Any] = []
    token: dict[str, str] = {}
    while True:
        reply = call(action, **token, **parameters)
        facts = reply[holder] if holder else reply
        rows += dig(facts, path)
        if not facts.get("NextToken"):
            return rows
        token = {"NextToken": facts["NextToken"]}


def by_number(
    call: Call,
    action: str,
    path: str,
    names: tuple[str, str, str] = ("PageNumber", "PageSize", "TotalCount"),
    holder: str = "",
    size: int = SIZE,
    **parameters: Any,
) -> list[Any]:
    """Ask for one page after the other until the total is reached, and see that the next is empty."""
    number, length, total = names
    rows: list[Any] = []
    for index in range(1, 100):
        reply = call(action, **{number: index, length: size}, **parameters)
        facts = reply[holder] if holder else reply
        page = dig(facts, path)
        assert len(page) <= size
        if not page:
            assert len(rows) == facts[total]
            return rows
        rows += page
    raise AssertionError("there is no last page")


def _page(reply: Any, path: str) -> list[Any]:
    page = dig(reply, path)
    assert len(page) <= SIZE
    return page
