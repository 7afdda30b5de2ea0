"""The environments and accounts that runners with printed policies are tried on."""

from __future__ import annotations

from typing import Any

import pyrage

from tests.flows.running import environment

ACCOUNT_ID = "1376771854400000"
JAR: dict[str, Any] = {"name": "orders-udf.jar", "path": "orders-udf.jar"}
CLICKS_JAR = {"name": "clicks-udf.jar", "path": "orders-udf.jar", "project": "clicks"}
ALICE = {"name": "alice", "display_name": "Alice", "console_logon": True}
BOB = {"name": "bob", "projects": ["*"]}
DEVELOPERS = {"name": "flink-developers", "comments": "Develop", "members": ["alice"], "projects": ["orders"]}

# In a file, since there is no Prefect that keeps Secret blocks.
HANDOVER = {"channel": "file", "public_key": str(pyrage.x25519.Identity.generate().to_public())}

NEW = environment(  # without projects, which a RAM user cannot make
    account=ACCOUNT_ID,
    people={"users": [ALICE, BOB], "groups": [DEVELOPERS | {"projects": ["*"]}], "handover": HANDOVER},
    storage={"udf_packages": [JAR]},
    projects=[],
)
CHANGED = environment(
    account=ACCOUNT_ID,
    people={"users": [ALICE, BOB], "groups": [DEVELOPERS], "handover": HANDOVER},
    storage={"udf_packages": [JAR | {"project": "orders"}, CLICKS_JAR]},
    service_role={"trusted_service": "stream.aliyuncs.com"},
    projects=[{"name": "orders", "compute_units": 6}, {"name": "clicks", "compute_units": 4}],
)
FORMER = environment(
    account=ACCOUNT_ID,
    people={
        "users": [ALICE | {"display_name": "Alicia", "mfa_required": False}, BOB],
        "groups": [DEVELOPERS | {"comments": "Look", "projects": ["*"]}],
        "initialize_ram": False,
        "handover": HANDOVER,
    },
    storage={"udf_packages": [JAR | {"project": "orders"}], "encryption": ""},
    service_role={"trusted_service": "old-stream.aliyuncs.com"},
    projects=[{"name": "orders", "compute_units": 5}],
)
MANAGED = environment("managed", account=ACCOUNT_ID)
MANAGED_CHANGED = environment(
    "managed",
    account=ACCOUNT_ID,
    people={"groups": [dict(MANAGED.people.groups[0].model_dump(), projects=["*"])]},
    projects=[{"name": "payments", "compute_units": 8, "managers": ["carol"]}, {"name": "fraud", "compute_units": 4}],
)
MANAGED_FORMER = environment("managed", projects=[{"name": "payments", "compute_units": 8, "managers": ["dave"]}])
JOURNAL_ELSEWHERE = environment("managed", account=ACCOUNT_ID, storage={"bucket": "flink-managed-journal"})
NETWORK_BY_ID = environment(  # of the seed `traps`, whose VPC has no name
    account=ACCOUNT_ID,
    people={"users": [], "groups": []},
    network={
        "vpc": {"id": "vpc-bp1trapnameless000000", "name": None, "cidr": None},
        "vswitches": [{"id": "vsw-bp1trapnameless000000"}],
    },
    projects=[],
)

# Between them a flow sends every call that it can send.
SCENES: dict[str, list[str]] = {
    "prepare": ["new", "changed", "managed", "managed_changed", "network_by_id"],
    "plan": ["new", "changed", "managed", "managed_changed", "network_by_id"],
    "authorize": ["new", "changed", "managed", "managed_changed"],
    "check": ["new", "changed", "managed", "network_by_id"],
    "create_cluster": ["new", "changed", "managed", "network_by_id"],
    "create_project": ["changed", "managed_changed", "journal_elsewhere"],
    "prove_access": ["new", "changed", "managed_changed"],
}
