"""What RAM asks of whoever sends a call: the right's name, and the resources that it must be on.

Each function that builds a call says it of that call, by the decorators here. A resource is a pattern whose `{names}`
are filled by whoever grants the right. Where the vendor says that an action has no resource of its own, it is `*`, and
nothing narrower would do. A dry run needs the rights of what it rehearses.

Sources: RAM, "API authentication rules" (a creation is on `user/*` and its like, whatever the new one is called; an
attachment needs the principal and the policy); BssOpenApi, "Authorization for API calls"; OSS, "Authorization syntax
and elements"; foasconsole 2021-10-28, DescribeInstances; "Realtime Compute Preparation", version 20220125 (a project
of the exclusive mode by its bare name). UNCONFIRMED: all else of foas, ActionTrail, DescribeSupportedZones,
QueryCreateInstancePrice and ververica, whose names follow those that are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter
from typing import Any, Literal, TypeVar

from alicloud.call import Call

B = TypeVar("B", bound=Callable[..., Call[Any]])

EVERYTHING = "*"
ACCOUNT = "acs:ram:*:{account}:*"
USER = "acs:ram:*:{account}:user/{user}"
USERS = "acs:ram:*:{account}:user/*"
GROUP = "acs:ram:*:{account}:group/{group}"
GROUPS = "acs:ram:*:{account}:group/*"
ROLE = "acs:ram:*:{account}:role/{role}"
ROLES = "acs:ram:*:{account}:role/*"
POLICY = "acs:ram:*:{policy}"  # `<account>:policy/<name>`, or `system:policy/<name>`
POLICIES = "acs:ram:*:{account}:policy/*"
VPC = "acs:vpc:{region}:{account}:vpc/{vpc}"
VPCS = "acs:vpc:{region}:{account}:vpc/*"
VSWITCHES = "acs:vpc:{region}:{account}:vswitch/*"
SECURITY_GROUPS = "acs:ecs:{region}:{account}:securitygroup/*"
INTERFACES = "acs:ecs:{region}:{account}:eni/*"
BUCKET = "acs:oss:*:{account}:{bucket}"
BUCKETS = "acs:oss:*:{account}:*"
OBJECT = f"{BUCKET}/{{key}}"
STREAM = "acs:stream:{region}:{account}:*"
CLUSTERS = "acs:stream:{region}:{account}:cluster/*"
PROJECT = "acs:stream:{region}:{account}:{project}"
WORKSPACES = "acs:stream:{region}:{account}:vvpinstance/*"  # the id of one is not known before it exists
NAMESPACE = f"{WORKSPACES}/vvpnamespace/{{project}}"

_READING = re.compile(r"(Get|List|Describe|Query|Lookup)[A-Z]|AssumeRole$")


@dataclass(frozen=True)
class CallRight:
    """A right that a call needs on each of its resources. The name of an action in a policy is `name`.

    `principal` is the kind of whom the call is about, where one builder makes an action for each kind of principal.
    """

    name: str
    resources: tuple[str, ...]
    principal: str = ""

    @property
    def action(self) -> str:
        return self.name.partition(":")[2]

    @property
    def is_read(self) -> bool:
        """Whether it lets nobody change anything: the vendor's names tell."""
        return _READING.match(self.action) is not None

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that its resources want."""
        fields = (field for resource in self.resources for _, field, _, _ in Formatter().parse(resource))
        return frozenset(field for field in fields if field)


def allowed_by(name: str = "", *resources: str, of: Literal["", "user", "group", "role"] = "") -> Callable[[B], B]:
    """Say by which right the call that a function builds is allowed; by several, one above the other.

    Args:
        name: as a policy has it, such as "ram:GetUser"; without one, everybody may send the call.
        of: the right is for calls about this kind of principal alone.
    """

    def note(builder: B) -> B:
        noted = (CallRight(name, resources, of),) if name else ()
        vars(builder)["rights"] = (*noted, *vars(builder).get("rights", ()))
        return builder

    return note


def account_only(reason: str) -> Callable[[B], B]:
    """Say that no right helps with a call: the vendor lets only the account's own AccessKey send it."""

    def note(builder: B) -> B:
        vars(builder)["account_only"] = reason
        return builder

    return note


def rights_of(builder: Callable[..., Call[Any]]) -> tuple[CallRight, ...]:
    """Give the rights that the calls of a builder need."""
    rights: tuple[CallRight, ...] = vars(builder)["rights"]
    return rights


def why_account_only(builder: Callable[..., Call[Any]]) -> str:
    """Give the reason why only the account itself may send the calls of a builder; empty where a right helps."""
    return str(vars(builder).get("account_only", ""))
