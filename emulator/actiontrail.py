"""ActionTrail: who changed what in the account, told some time after the fact.

Events are made from the emulator's own log of calls, so they begin anew when it is started anew. Writes alone are
recorded, refused ones too; of OSS, what is done to buckets, not to objects.
UNCONFIRMED, as all of this product: names of parameters and of fields, paging, codes, and after how long an event is
told. They are from memory of ActionTrail 2020-07-06, LookupEvents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from emulator import pages
from emulator.request import Refusal, Request
from emulator.world import World, iso

PRODUCT = "Actiontrail"
VERSION = "2020-07-06"
HOST = "actiontrail.aliyuncs.com"
NAMESPACE = "actiontrail"

KEPT_SECONDS = 90 * 86400.0
ASKED_SECONDS = 7 * 86400.0  # that a request without StartTime looks back
TIME = "%Y-%m-%dT%H:%M:%SZ"

# The parameters that name what a call is about, and the type of that. UNCONFIRMED: the types of Realtime Compute.
RESOURCES: Mapping[str, str] = {
    "UserName": "ACS::RAM::User",
    "GroupName": "ACS::RAM::Group",
    "RoleName": "ACS::RAM::Role",
    "PolicyName": "ACS::RAM::Policy",
    "VpcId": "ACS::VPC::VPC",
    "VSwitchId": "ACS::VPC::VSwitch",
    "SecurityGroupId": "ACS::ECS::SecurityGroup",
    "NetworkInterfaceId": "ACS::ECS::NetworkInterface",
    "bucket": "ACS::OSS::Bucket",
    "InstanceId": "ACS::Stream::Instance",
    "InstanceName": "ACS::Stream::Instance",
    "Namespace": "ACS::Stream::Namespace",
    "clusterId": "ACS::Stream::Cluster",
    "projectName": "ACS::Stream::Project",
    "queueName": "ACS::Stream::Queue",
}
_SIGNATURE = frozenset(
    {"AccessKeyId", "Signature", "SignatureMethod", "SignatureNonce", "SignatureType", "SignatureVersion"}
)
_KINDS = {"root": "root-account", "user": "ram-user", "role": "assumed-role"}  # by the ARN of the caller

Event = dict[str, Any]


@dataclass
class State:
    """How long it takes until an event can be looked up, in seconds."""

    lag_seconds: float = 600.0


class _Seed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    lag_seconds: float = Field(600.0, ge=0, le=86_400)


def seed(world: World, data: Any) -> None:
    """Say how long it takes until an event can be looked up."""
    world.part(State).lag_seconds = _Seed.model_validate(data or {}).lag_seconds


def resource(world: World, request: Request) -> str:
    return f"acs:actiontrail:{request.region}:{world.account_id}:*"


def lookup_events(world: World, request: Request) -> dict[str, Any]:
    """Give the events of a time that have all attributes asked for, the newest first unless FORWARD is asked for."""
    now = world.now()
    until = _time(request, "EndTime", now)
    since = _time(request, "StartTime", max(until - ASKED_SECONDS, now - KEPT_SECONDS))
    if since > until:
        raise Refusal(400, "InvalidQueryParameter", "The StartTime must not be later than the EndTime.")
    told = min(until, now - world.part(State).lag_seconds)
    wanted = _wanted(request)
    found = [
        event
        for event in _events(world, request)
        if max(since, now - KEPT_SECONDS) <= _seconds(event["eventTime"]) <= told and _has(event, wanted)
    ]
    if request.text("Direction", "BACKWARD").upper() != "FORWARD":
        found.reverse()
    page, facts = pages.by_token(request, found, 20, 50)
    return {**facts, "StartTime": iso(since), "EndTime": iso(until), "Events": page}


def _time(request: Request, name: str, default: float) -> float:
    if not request.has(name):
        return default
    try:
        return _seconds(request.text(name))
    except ValueError:
        raise Refusal(400, "InvalidQueryParameter", f"The {name} is not a time such as {iso(0)}.") from None


def _seconds(text: str) -> float:
    return datetime.strptime(text, TIME).replace(tzinfo=UTC).timestamp()


def _wanted(request: Request) -> list[tuple[str, str]]:
    found = [(each.get("Key", ""), each.get("Value", "")) for each in request.records("LookupAttribute")]
    unknown = [key for key, value in found if key not in ATTRIBUTES or not value]
    if unknown:
        raise Refusal(400, "InvalidQueryParameter", f"The LookupAttribute {unknown[0]} is not valid.")
    return found


def _has(event: Event, wanted: list[tuple[str, str]]) -> bool:
    return all(value in ATTRIBUTES[key](event) for key, value in wanted)


def _names(event: Event) -> list[str]:
    return [name for names in event["referencedResources"].values() for name in names]


# What events can be looked up by.
ATTRIBUTES: Mapping[str, Callable[[Event], list[str]]] = {
    "ResourceName": _names,
    "ResourceType": lambda event: list(event["referencedResources"]),
    "EventName": lambda event: [event["eventName"]],
    "EventRW": lambda event: [event["eventRW"]],
    "ServiceName": lambda event: [event["serviceName"]],
    "User": lambda event: [event["userIdentity"]["userName"]],
    "EventAccessKeyId": lambda event: [event["userIdentity"]["accessKeyId"]],
}


def _events(world: World, request: Request) -> Iterator[Event]:
    for call in request.log.since(writes=True):
        objects = call["product"] == "Oss" and "Bucket" not in call["action"]
        if call["caller"] and not objects:
            yield _event(world, call)


def _event(world: World, call: Mapping[str, Any]) -> Event:
    parameters = _parameters(call)
    named: dict[str, list[str]] = {}
    for name, kind in RESOURCES.items():
        if parameters.get(name):
            named.setdefault(kind, []).append(parameters[name])
    event = {
        "eventId": call["request_id"],
        "eventName": call["action"],
        "eventRW": "Write",
        "eventSource": f"{call['product'].lower()}.aliyuncs.com",
        "eventTime": call["time"],
        "eventType": "ApiCall",
        "eventVersion": "1",
        "acsRegion": parameters.get("RegionId", world.region),
        "apiVersion": call["version"],
        "referencedResources": named,
        "requestId": call["request_id"],
        "requestParameters": parameters,
        "serviceName": call["product"],
        "sourceIpAddress": "127.0.0.1",
        "userAgent": "",
        "userIdentity": _identity(world, call),
    }
    return event | ({"errorCode": call["code"], "errorMessage": call["code"]} if call["code"] else {})


def _parameters(call: Mapping[str, Any]) -> dict[str, str]:
    parameters = {name: value for name, value in call["parameters"].items() if name not in _SIGNATURE}
    if call["product"] == "Oss":
        parameters["bucket"] = parameters.pop("path", "").strip("/").partition("/")[0]
    return parameters


def _identity(world: World, call: Mapping[str, Any]) -> dict[str, str]:
    """Say who called: the account, a user by name, or a role as <role>:<session>."""
    kind, _, name = call["caller"].rpartition(":")[2].partition("/")
    return {
        "type": _KINDS[kind],
        "accountId": world.account_id,
        "principalId": world.account_id,
        "userName": "root" if kind == "root" else name.replace("/", ":"),
        "accessKeyId": call["access_key_id"],
    }


ROUTES = {"LookupEvents": lookup_events}
