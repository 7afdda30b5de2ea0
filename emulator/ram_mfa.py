"""The second factors of RAM users. A person binds one in the console; here a seed does.

UNCONFIRMED: how GetUserMFAInfo of RAM 2015-05-01 replies; the code that says that there is none is documented.
"""

from __future__ import annotations

from typing import Any

from emulator.ram import find_user
from emulator.request import Refusal, Request
from emulator.world import World


def get_user_mfa_info(world: World, request: Request) -> dict[str, Any]:
    """Show the second factor that a user has bound; that there is none is said as an error."""
    user = find_user(world, request.one("UserName"))
    if not user.mfa_device:
        raise Refusal(404, "EntityNotExist.User.MFADevice", "The MFA device does not exist.")
    return {"MFADevice": {"SerialNumber": user.mfa_device}}


def serial_number(world: World, user: str) -> str:
    return f"acs:ram::{world.account_id}:mfa/{user}"


ROUTES = {"GetUserMFAInfo": get_user_mfa_info}
