"""The environments and accounts that runners with printed policies are tried on."""

from __future__ import annotations

from typing import Any

import pyrage

from blocks.environment import Environment
from tests.flows.running import environment

ACCOUNT_ID = "1376771854400000"
JAR: dict[str, Any] = {"name": "orders-udf.jar", "path": "orders-udf.jar"}
LARGE_JAR = {"name": "large.jar", "path": "large.jar"}  # that comes in parts
CLICKS_JAR = {"name": "clicks-udf.jar", "path": "orders-udf.jar", "project": "clicks"}
ALICE = {"name": "alice", "display_name": "Alice", "console_logon": True}
BOB = {"name": "bob", "projects": ["*"]}
DEVELOPERS = {"name": "flink-developers", "comments": "Develop", "members": ["alice"], "projects": ["orders"]}

# In a file, since there is no Prefect that keeps Secret blocks.
HANDOVER = {"channel": "file", "public_key": str(pyrage.x25519.Identity.generate().to_public())}

NEW = environment(  # without projects, which a RAM user cannot make
    account=ACCOUNT_ID,
    people={"users": [ALICE, BOB], "groups": [DEVELOPERS | {"projects": ["*"]}], "handover": HANDOVER},
    storage={"udf_packages": [JAR, LARGE_JAR]},
    projects=[],
)
CHANGED = environment(
    account=ACCOUNT_ID,
    people={"users": [ALICE, BOB], "groups": [DEVELOPERS], "handover": HANDOVER},
    storage={"udf_packages": [JAR | {"project": "orders"}, CLICKS_JAR, LARGE_JAR]},
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
MANAGED_DONE = environment("managed", account=ACCOUNT_ID, storage={"udf_packages": [LARGE_JAR]})
NETWORK_BY_ID = environment(  # of the seed `traps`, whose VPC has no name
    account=ACCOUNT_ID,
    people={"users": [], "groups": []},
    network={
        "vpc": {"id": "vpc-bp1trapnameless000000", "name": None, "cidr": None},
        "vswitches": [{"id": "vsw-bp1trapnameless000000"}],
    },
    projects=[],
)

# What grows, shrinks, ends or is billed otherwise: prepared first, changed then.
ORDERS = {"exclusive": {"may_order": True}, "managed": {"may_order": True, "max_price": 10_000}}
SUBSCRIBED = {"charge_type": "Subscription"}


def sized(mode: str, cus: int = 8, elsewhere: bool = False, **cluster: Any) -> Environment:
    """Give an environment with something of its cluster, and the compute units of its project, changed.

    Args:
        elsewhere: its bucket, and so its journal, is another one, which is not there yet.
    """
    project = {"name": {"exclusive": "orders", "managed": "payments"}[mode], "compute_units": cus}
    safety = ORDERS[mode] | {"max_compute_units": 40}
    storage = {"bucket": "flink-managed-journal"} if elsewhere else {}
    return environment(mode, account=ACCOUNT_ID, cluster=cluster, projects=[project], safety=safety, storage=storage)


CLUSTER_LARGER = sized("exclusive", 20, slave={"specification": "Ecs_8c32g", "number": 4})
CLUSTER_LARGER_MASTERS = sized("exclusive", 8, master={"specification": "Ecs_8c32g", "number": 3})
CLUSTER_SMALLER = sized("exclusive", 4, slave={"specification": "Ecs_8c32g", "number": 2})


# Who comes and goes: one leaves, the keys of the other are replaced; erin joins.
STAFF_OF = {"exclusive": ("alice", "bob"), "managed": ("carol", "dave")}


def staffed(mode: str, since: str = "") -> Environment:
    """Give an environment with two people; since a day one of them has left, somebody else has come, and
    keys do not get old.

    Args:
        since: the day; nobody has left unless it is given.
    """
    stays, leaves = STAFF_OF[mode]
    project = {"exclusive": "orders", "managed": "payments"}[mode]
    names = [stays, "erin"] if since else [stays, leaves]
    users = [{"name": name, "display_name": name, "console_logon": True, "projects": ["*"]} for name in names]
    group = {"name": "flink-staff", "members": names, "projects": [project], "exact_members": True}
    people: dict[str, Any] = {"users": users, "groups": [group], "handover": HANDOVER}
    if since:
        leaver = {"name": leaves, "since": since, "grace_days": 30}
        people |= {"leavers": [leaver], "access_keys": [{"user": stays, "max_age_days": 90, "overlap_days": 7}]}
    projects = [{"name": project, "compute_units": 4, "managers": names if mode == "managed" else []}]
    return environment(mode, account=ACCOUNT_ID, people=people, projects=projects)


# Between them a flow sends every call that it can send.
SCENES: dict[str, list[str]] = {
    "prepare": ["new", "changed", "managed", "managed_changed", "network_by_id"],
    "plan": ["new", "changed", "managed", "managed_changed", "network_by_id"],
    "audit": ["new", "changed", "managed", "managed_changed", "network_by_id"],
    "authorize": ["new", "changed", "managed", "managed_changed"],
    "people": [
        *("new", "changed", "managed", "managed_changed"),
        *("leaving", "left", "managed_leaving", "managed_left"),
    ],
    "check": ["new", "changed", "managed", "network_by_id"],
    "create_cluster": ["new", "changed", "managed", "network_by_id"],
    "create_project": ["changed", "managed_changed", "journal_elsewhere"],
    "prove_access": ["new", "changed", "managed_changed"],
    "adopt": ["changed", "managed_changed"],
    "export": ["new", "changed", "managed_changed", "network_by_id"],
    "orphans": ["changed", "managed_changed"],
    "scale": ["larger", "other_masters", "smaller", "managed_larger", "subscribed_larger"],
    "renew": ["ending", "ending_order", "renewing_itself"],
    "convert": ["to_subscription", "to_pay_as_you_go"],
    "teardown": ["done", "managed_done"],
}
