"""One request to the emulated cloud: who calls, with which parameters, and how it is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.calls import CallLog


class Refusal(Exception):
    """The cloud refuses a request: an HTTP status, a code and a message, as the API would answer.

    `body` replaces the usual error envelope, for products that refuse with HTTP 200 and `Success: false`; OSS adds it
    to its own. `headers` go out with a refusal by OSS.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str = "",
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message or code
        self.body = body
        self.headers = headers or {}


@dataclass(frozen=True)
class Caller:
    """Who signed the request. `kind` is Account, RAMUser or AssumedRoleUser, as GetCallerIdentity says it."""

    kind: str
    account_id: str
    access_key_id: str
    name: str = ""  # RAM user name, or role name
    principal_id: str = ""  # user id, or "<role id>:<session>"
    session_name: str = ""
    session_policy: str = ""  # JSON text given to AssumeRole, empty when none

    @property
    def is_account(self) -> bool:
        return self.kind == "Account"

    @property
    def arn(self) -> str:
        if self.is_account:
            return f"acs:ram::{self.account_id}:root"
        if self.kind == "RAMUser":
            return f"acs:ram::{self.account_id}:user/{self.name}"
        return f"acs:ram::{self.account_id}:role/{self.name}/{self.session_name}"


@dataclass(frozen=True)
class Request:
    """A request whose signature has been verified.

    `parameters` merges query and form body (names as the client sent them), `path` holds what the placeholders
    of a ROA route matched, `document` is a JSON body (ververica), `region` is RegionId or the endpoint's default,
    `context` holds what conditions of policies can ask about, `log` the calls that came before.
    """

    action: str
    caller: Caller
    parameters: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    document: Any = None
    region: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    log: CallLog = field(default_factory=CallLog)

    def has(self, name: str) -> bool:
        return self.parameters.get(name, "") != ""

    def text(self, name: str, default: str = "") -> str:
        value = self.parameters.get(name, "")
        return value if value != "" else default

    def required(self, *names: str) -> tuple[str, ...]:
        """Give the values of mandatory parameters; refuse with 400 MissingParameter when one is absent."""
        for name in names:
            if not self.has(name):
                message = f"The input parameter {name} that is mandatory for processing this request is not supplied."
                raise Refusal(400, f"Missing{name[0].upper()}{name[1:]}", message)
        return tuple(self.parameters[name] for name in names)

    def one(self, name: str) -> str:
        """Give one mandatory parameter."""
        return self.required(name)[0]

    def integer(self, name: str, default: int, minimum: int | None = None, maximum: int | None = None) -> int:
        value = self.text(name)
        if value == "":
            return default
        if not re.fullmatch(r"-?[0-9]{1,15}", value):
            raise Refusal(400, f"Invalid{_upper(name)}", f"The specified {name} is not a whole number.")
        number = int(value)
        if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
            raise Refusal(400, f"Invalid{_upper(name)}", f"The specified {name} is out of range.")
        return number

    def boolean(self, name: str, default: bool = False) -> bool:
        value = self.text(name).lower()
        if value == "":
            return default
        if value not in ("true", "false"):
            raise Refusal(400, f"Invalid{_upper(name)}", f"The specified {name} is neither true nor false.")
        return value == "true"

    def json(self, name: str, default: Any = None) -> Any:
        """Parse a parameter that is JSON in a string; refuse with 400 when it is not JSON."""
        value = self.text(name)
        if value == "":
            return default
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise Refusal(400, f"Invalid{_upper(name)}", f"The specified {name} is not valid JSON.") from None

    def items(self, name: str) -> list[str]:
        """Give a flattened list `Name.1`, `Name.2` ... in order of its numbers."""
        found = []
        for key, value in self.parameters.items():
            match = re.fullmatch(re.escape(name) + r"\.([0-9]{1,4})", key)
            if match:
                found.append((int(match.group(1)), value))
        return [value for _, value in sorted(found)]

    def records(self, name: str) -> list[dict[str, str]]:
        """Give a flattened list of structures `Tag.1.Key`, `Tag.1.Value` ... in order of its numbers."""
        found: dict[int, dict[str, str]] = {}
        for key, value in self.parameters.items():
            match = re.fullmatch(re.escape(name) + r"\.([0-9]{1,4})\.(.+)", key)
            if match:
                found.setdefault(int(match.group(1)), {})[match.group(2)] = value
        return [found[number] for number in sorted(found)]


def _upper(name: str) -> str:
    return name[0].upper() + name[1:]
