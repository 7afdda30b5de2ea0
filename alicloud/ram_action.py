"""What all actions of Resource Access Management (RAM) have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from alicloud.call import Call, Kind, marker_pages

Answer = TypeVar("Answer")

PRODUCT, VERSION = "Ram", "2015-05-01"
PAGE = {"MaxItems": "1000"}  # the most that RAM gives at once, so that one page is the rule

READ_RIGHTS = "AliyunRAMReadOnlyAccess (to change RAM too: AliyunRAMFullAccess)"
WRITE_RIGHTS = "AliyunRAMFullAccess"
_TO_RUNNER = "to the identity that runs this"


def read(
    action: str,
    parse: Callable[[Any], Answer],
    parameters: Mapping[str, str] | None = None,
    *,
    absent: tuple[str, ...] = (),
    missing: Answer | None = None,
    paged: bool = False,
) -> Call[Answer]:
    """Make a read; a paged one asks for the biggest pages."""
    return Call(
        PRODUCT,
        VERSION,
        action,
        Kind.READ,
        parse,
        parameters={**(parameters or {}), **(PAGE if paged else {})},
        absent=frozenset(absent),
        missing=missing,
        next_page=marker_pages if paged else None,
        remedy=f"Attach {READ_RIGHTS} {_TO_RUNNER}, then Retry this run.",
    )


def write(
    action: str,
    means: str,
    parameters: Mapping[str, str],
    *,
    secrets: Mapping[str, str] | None = None,
    done: tuple[str, ...] = (),
    check: str = "correct the names and texts in the environment",
    creates: str = "",
    removes: str = "",
) -> Call[None]:
    """Make a write. All of RAM's but CreateAccessKey may be repeated: names are their keys.

    `check` is what the operator does when it is refused for another reason than rights.
    """
    return Call(
        PRODUCT,
        VERSION,
        action,
        Kind.IDEMPOTENT,
        _nothing,
        parameters=parameters,
        secrets=secrets or {},
        done=frozenset(done),
        means=means,
        creates=creates,
        removes=removes,
        remedy=f"If rights are lacking, attach {WRITE_RIGHTS} {_TO_RUNNER}; else {check}; then Retry this run.",
    )


def given(**parameters: str) -> dict[str, str]:
    """Leave out what is empty: it was not asked for."""
    return {name: value for name, value in parameters.items() if value}


def flag(value: bool) -> str:
    return "true" if value else "false"


def _nothing(body: Any) -> None:
    return None
