"""ActionTrail 2020-07-06: who changed what in the account.

UNCONFIRMED, all of it: parameters, fields, and after how many minutes an event can be looked up; see
docs/decisions/0004-unconfirmed-facts.md. So a field that is missing is read as empty, and is never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from alicloud.call import Call, Kind, token_pages
from alicloud.call_rights import EVERYTHING, allowed_by

PRODUCT, VERSION = "Actiontrail", "2020-07-06"
PAGE_SIZE = 50  # the most that LookupEvents gives at once

Attribute = Literal["ResourceName", "EventName"]


@dataclass(frozen=True)
class Event:
    """A write that somebody sent. `who` is a user's name, `root`, or a role and its session; `names` what it named."""

    action: str
    time: str
    who: str
    kind: str  # root-account, ram-user, assumed-role
    request_id: str
    names: tuple[str, ...] = ()
    error: str = ""

    def __str__(self) -> str:
        whose = {
            "root-account": "the account itself",
            "ram-user": f"user {self.who}",
            "assumed-role": f"role {self.who}",
        }
        return f"{whose.get(self.kind, self.who or 'unknown')}: {self.action}, {self.time}, request {self.request_id}"


@allowed_by("actiontrail:LookupEvents", EVERYTHING)
def lookup_events(attribute: Attribute, value: str, since: float, until: float) -> Call[tuple[Event, ...]]:
    """Find the writes of a time that concern something, the newest first.

    Args:
        attribute: ResourceName, or EventName for what has no name, such as SetPasswordPolicy.
        value: the name, or the action.
        since, until: in seconds since 1970 of the cloud's time.
    """
    return Call(
        PRODUCT,
        VERSION,
        "LookupEvents",
        Kind.READ,
        lambda body: tuple(_event(row) for row in body.get("Events") or () if _is_write(row)),
        {
            "LookupAttribute.1.Key": attribute,
            "LookupAttribute.1.Value": value,
            "StartTime": _iso(since),
            "EndTime": _iso(until),
            "Direction": "BACKWARD",
            "MaxResults": str(PAGE_SIZE),
        },
        missing=(),
        next_page=token_pages,
        means=f"look up who changed {value}",
        remedy="Give the runner's identity actiontrail:LookupEvents (docs/runner-rights.md), then Retry this run.",
    )


def last_change(events: Iterable[Event], names: Iterable[str], action: str = "") -> Event | None:
    """Choose the event that tells best who changed something.

    It names the most of what is asked for; among those it is of the action, where one is given, and the last.

    Args:
        names: by which the trail knows what was changed; empty for what has no name.
        action: the write that changes it.
    """
    asked = set(names)
    matching = [
        (len(asked & set(event.names)), event.action == action, event.time, event)
        for event in events
        if not event.error and (asked & set(event.names) if asked else event.action == action)
    ]
    return max(matching, key=lambda each: each[:3])[3] if matching else None


def _is_write(row: Mapping[str, Any]) -> bool:
    return str(row.get("eventRW") or "Write") == "Write"


def _event(row: Mapping[str, Any]) -> Event:
    identity = row.get("userIdentity") or {}
    return Event(
        action=str(row.get("eventName") or ""),
        time=str(row.get("eventTime") or ""),
        who=str(identity.get("userName") or ""),
        kind=str(identity.get("type") or ""),
        request_id=str(row.get("requestId") or row.get("eventId") or ""),
        names=tuple(_names(row)),
        error=str(row.get("errorCode") or ""),
    )


def _names(row: Mapping[str, Any]) -> Iterable[str]:
    for names in (row.get("referencedResources") or {}).values():
        yield from (str(name) for name in names)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
