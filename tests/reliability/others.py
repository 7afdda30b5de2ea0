"""What others have in an account beside the environments that runs work on: none of it may be touched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.reliability.outcomes import lost

VPC, VSWITCH, BUCKET = "vpc-bp1ofothers0000000000", "vsw-bp1ofothers0000000000", "shared-packages"
MALLORY = {"id": "LTAI5tMallory", "secret": "secret-of-mallory"}

# A network, a bucket, people at work, and rules for passwords that are as every environment wants them.
OTHERS: Mapping[str, Any] = {
    "ram": {
        "password_policy": {
            "MinimumPasswordLength": 12,
            "RequireLowercaseCharacters": True,
            "RequireUppercaseCharacters": True,
            "RequireNumbers": True,
            "RequireSymbols": True,
            "MaxPasswordAge": 90,
            "PasswordReusePrevention": 5,
            "MaxLoginAttemps": 5,
        },
        "security_preference": {
            "AllowUserToChangePassword": True,
            "AllowUserToManageAccessKeys": False,
            "EnableSaveMFATicket": False,
            "LoginSessionDuration": 6,
        },
        "groups": [{"name": "auditors", "comments": "people who look", "policies": ["ReadOnlyAccess"]}],
        "users": [
            {"name": "erin", "display_name": "Erin", "groups": ["auditors"]},
            {"name": "frank"},
            {
                "name": "mallory",
                "keys": [MALLORY],
                "policies": ["AdministratorAccess"],
            },
        ],
    },
    "vpc": {
        "vpcs": [
            {
                "id": VPC,
                "name": "shared",
                "cidr": "192.168.0.0/16",
                "vswitches": [
                    {
                        "id": VSWITCH,
                        "name": "shared-h",
                        "cidr": "192.168.1.0/24",
                        "zone": "cn-hangzhou-h",
                    }
                ],
            }
        ]
    },
    "oss": {
        "buckets": [
            {
                "name": BUCKET,
                "versioning": "Enabled",
                "objects": [{"key": "reports/2026.csv", "text": "of others"}],
            }
        ]
    },
}

# An order is used and prolonged, money is spent, and whether a bucket's listing is in order is the emulator's own.
_OURS_TO_CHANGE = re.compile(r"/(balance_cents|end_at|cluster_id|in_order):? ")


def harmed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Name what others had in an account that is gone, or not as it was."""
    return [place for place in lost(before, after) if not _OURS_TO_CHANGE.search(place)]
