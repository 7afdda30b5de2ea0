"""The log of calls: what came in, from whom, and what became of it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

KEPT = 50_000
VALUE_LENGTH = 8_192
VALUES = 500

_READS = re.compile(r"(Get|List|Describe|Query|Head|Validate|Check|Search|Lookup|AssumeRole$)")
_SECRETS = re.compile(r"(password|secret|securitytoken|security-token|(^|-)signature$)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def is_read(action: str) -> bool:
    """Say whether an action leaves the account as it was. AssumeRole does: a session is nothing an account owns."""
    return _READS.match(action) is not None


def leaves_the_account(action: str) -> bool:
    """Say whether nothing at all is remembered of an action: a session that AssumeRole opens must outlive a restart."""
    return action != "AssumeRole" and is_read(action)


def redacted(parameters: Mapping[str, str]) -> dict[str, str]:
    """Hide secrets, and cut what is too long to keep."""
    kept = list(parameters.items())[:VALUES]
    return {name[:256]: "***" if _SECRETS.search(name) else value[:VALUE_LENGTH] for name, value in kept}


@dataclass(frozen=True)
class Call:
    n: int
    time: str
    product: str
    version: str
    action: str
    caller: str
    access_key_id: str
    method: str
    write: bool
    status: int
    code: str
    request_id: str
    parameters: dict[str, str]


class CallLog:
    """The last 50,000 calls. Numbers go on when old calls are forgotten, and start again on reset."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self.last = 0

    def record(
        self,
        *,
        time: str,
        product: str,
        version: str,
        action: str,
        caller: str,
        access_key_id: str,
        method: str,
        write: bool,
        status: int,
        code: str,
        request_id: str,
        parameters: Mapping[str, str],
    ) -> None:
        """Note one call. A status of 0 says that the client got no answer."""
        self.last += 1
        self._calls.append(
            Call(
                n=self.last,
                time=time,
                product=product,
                version=version,
                action=action,
                caller=caller,
                access_key_id=access_key_id,
                method=method,
                write=write,
                status=status,
                code=code,
                request_id=request_id,
                parameters=redacted(parameters),
            )
        )

    def since(self, number: int = 0, writes: bool = False, action: str = "") -> list[dict[str, Any]]:
        """Give the calls after a number, newest last."""
        found = []
        for call in reversed(self._calls):
            if call.n <= number:
                break
            if (call.write or not writes) and action in ("", call.action):
                found.append(asdict(call))
        return found[::-1]

    def clear(self) -> None:
        self._calls.clear()
        self.last = 0
