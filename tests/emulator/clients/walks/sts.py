"""Every action of STS once."""

from collections.abc import Callable
from typing import Any

SEED: dict[str, Any] = {
    "ram": {
        "roles": [{"name": "worker", "policies": ["ReadOnlyAccess"]}],
        "users": [
            {
                "name": "alice",
                "keys": [{"id": "LTAI5tAliceOfTheWalk", "secret": "alice-secret"}],
                "policies": ["AliyunSTSAssumeRoleAccess"],
            }
        ],
    }
}


def walk(call: Callable[..., Any], wait: Callable[[float], None]) -> None:
    arn = call("GetCallerIdentity")["Arn"]
    account = arn.split(":")[3]
    call("AssumeRole", RoleArn=f"acs:ram::{account}:role/worker", RoleSessionName="walk", DurationSeconds=900)
