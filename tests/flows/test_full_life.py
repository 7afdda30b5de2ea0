"""A full life of an environment in an account that others work in, from its adoption to its end, flow after flow."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import oss2
import pytest

from blocks.environment import Environment, describe
from emulator import bssopenapi as emulated_bss
from flows.audit import audit
from flows.convert import convert
from flows.people import people
from flows.plan import plan
from flows.prepare import prepare
from flows.renew import renew
from flows.scale import scale
from flows.teardown import teardown
from tests.emulator import client
from tests.flows.conftest import artifact
from tests.flows.test_adopt import adopted, document_of
from tests.reliability import others
from tests.reliability.outcomes import added

pytestmark = pytest.mark.xdist_group("prefect")

DAY = 86_400.0
MALLORY = client.Identity(others.MALLORY["id"], others.MALLORY["secret"])
ORDER = {"instance_id": "blinkonecs_cn-order-0001", "region": "cn-hangzhou"}
# Every action by which money is spent or a subscription changed.
ORDERED = {
    *("CreateCluster", "CreateCellClusterOrder", "ExpandCluster", "ShrinkCluster", "ModifyMasterSpec"),
    *("CreateInstance", "ModifyInstanceSpec", "ModifyPrepayInstanceSpec", "ConvertInstance", "ConvertPrepayInstance"),
    *("RenewInstance", "SetRenewal"),
}


@dataclass(frozen=True)
class Life:
    """What a life is in a mode.

    `seed` is what the account has besides what others have; `small` and `large` are the sizes; `safety` is what the
    owner allows once the environment was adopted. `spent` counts what was ordered. `told` is what the last report says
    of what stays billed, and `written` how it writes the day; `left` is what is left in the end. `scaled` says whether
    the API changes the size, `converted` whether it changes the billing.
    """

    mode: str
    seed: dict[str, Any]
    small: dict[str, Any]
    large: dict[str, Any]
    safety: dict[str, Any]
    spent: dict[str, int]
    told: str
    left: set[str]
    written: str = "%Y-%m-%dT%H:%M:%SZ"
    scaled: bool = True
    converted: bool = False


def paid(**order: Any) -> dict[str, Any]:
    return {"foas": {"orders": [ORDER | {"slave_number": 3} | order]}}


def of_role(name: str, *policies: str) -> set[str]:
    """Give what is left of the service's role where what uses it stays."""
    return {f"ram/roles/{name}", *(f"ram/attached/{policy}" for policy in policies)}


NETWORK = {"ecs/interfaces/<id>", "ecs/security_groups/flink-<id>"}  # that the service made
SLAVES = {"specification": "Ecs_8c32g"}
LIVES = {
    "exclusive": Life(
        "exclusive",
        paid(pay_model="post"),
        {"description": "Of a life", "slave": SLAVES | {"number": 3}},
        {"slave": SLAVES | {"number": 5}},
        {"max_compute_units": 40, "may_order": True},
        {"CreateCluster": 1, "ExpandCluster": 1},
        "",
        set(),
    ),
    "exclusive, subscribed": Life(
        "exclusive",
        paid(pay_model="pre"),
        {"description": "Of a life", "slave": SLAVES | {"number": 3}},
        {"slave": SLAVES | {"number": 5}},
        {"max_compute_units": 40, "may_order": True},
        {"CreateCluster": 1, "RenewInstance": 1},
        "a subscription cannot be destroyed by API: it stays billed (blinkonecs_cn-order-0001 until ",
        {"foas/clusters/life", "ram/policies/AliyunStreamDefaultRolePolicy", "bssopenapi/orders/<id>"}
        | NETWORK
        | of_role(
            "AliyunStreamDefaultRole",
            *("Custom/AliyunStreamDefaultRolePolicy", "System/AliyunStreamRolePolicy", "System/AliyunOSSFullAccess"),
        ),
        scaled=False,
    ),
    "managed": Life(
        "managed",
        {},
        {"compute_units": 16, "charge_type": "PayAsYouGo"},
        {"compute_units": 24},
        {"max_compute_units": 40, "may_order": True, "max_price": 100_000},
        {"CreateInstance": 1, "ModifyInstanceSpec": 1, "ConvertInstance": 1, "RenewInstance": 1},
        "a subscription cannot be deleted by API: it stays billed until ",
        {"foasconsole/workspaces/life", "bssopenapi/orders/<id>", "bssopenapi/instances/<id>", "ververica/spaces/<id>"}
        | NETWORK
        | of_role(
            "AliyunStreamAsiDefaultRole", "System/AliyunStreamAsiDefaultRolePolicy", "System/AliyunDLFFullAccess"
        ),
        written="%Y-%m-%d %H:%M UTC",
        converted=True,
    ),
}


def begun(life: Life, name: str) -> dict[str, Any]:
    """Give the environment that begins: on the network and in the bucket that others have, with people of theirs."""
    return {
        "name": name,
        "region": "cn-hangzhou",
        "credentials": name,
        "people": {
            "users": [{"name": "erin", "display_name": "Erin"}, {"name": "frank"}, {"name": "bob"}],
            "groups": [{"name": "flink-developers", "members": ["erin", "frank", "bob"], "projects": ["orders"]}],
        },
        "network": {
            "zone": "cn-hangzhou-h",
            "vpc": {"id": others.VPC},
            "vswitches": [{"id": others.VSWITCH}],
        },
        "storage": {"bucket": others.BUCKET},
        "cluster": {"mode": life.mode, "name": "life", **life.small},
        "projects": [{"name": "orders", "compute_units": 4}],
        "safety": life.safety,
    }


@dataclass
class Living:
    """A trial that lives a life: what the account had before, how its environment goes on, and what was ordered."""

    trial: Any
    life: Life
    before: Any
    calls: list[dict[str, Any]] = field(default_factory=list)

    def run(self, flow: Any, **parameters: Any) -> Any:
        state = self.trial.run(flow, **parameters)
        self.calls += self.trial.calls()
        return state

    def done(self, flow: Any, **parameters: Any) -> list[str]:
        """Run a flow that has to complete, and give its writes."""
        state = self.run(flow, **parameters)
        assert state.is_completed(), state.message
        return self.trial.writes()

    def becomes(self, **sections: Any) -> None:
        """Change the document, as its owner does, and save the block."""
        facts = describe(self.trial.environment)
        for section, change in sections.items():
            facts[section] = facts.get(section, {}) | change if isinstance(change, dict) else change
        self.trial.environment = Environment.model_validate(facts)
        self.trial.save()

    def told(self, kind: str) -> Any:
        return artifact(f"{kind}-{self.trial.environment.name}").data

    def day(self, later: float = 0.0) -> str:
        """Give the day on the cloud's clock, so many days later."""
        return datetime.fromtimestamp(self.trial.account.cloud.world.now() + later * DAY, UTC).date().isoformat()

    def advance_to_days_before_the_end(self, days: float) -> None:
        clock = self.trial.account.cloud.world.clock
        ends = [each.end_at for each in self.trial.account.cloud.world.part(emulated_bss.State).instances.values()]
        left = min(ends) - days * DAY - clock.now()
        assert left > 0, "the life has lasted too long"
        clock.advance(left)


@pytest.fixture(params=LIVES)
def living(request, make_trial) -> Living:
    """An environment that an earlier owner has prepared in an account of others; nobody has its document any more."""
    life = LIVES[request.param]
    name = f"life-{'-'.join(request.param.replace(',', '').split())}"
    seed = dict(others.OTHERS) | {"bssopenapi": {"balance": "100000.00"}} | life.seed
    trial = make_trial(seed, begun(life, name), name)
    bucket(trial).put_bucket_encryption(oss2.models.ServerSideEncryptionRule("AES256"))
    before = trial.account.world()
    living = Living(trial, life, before)
    living.done(prepare)
    return living


def bucket(trial, identity=client.ACCOUNT):
    auth = oss2.Auth(identity.access_key_id, identity.secret)
    return oss2.Bucket(auth, trial.account.url, others.BUCKET)


@pytest.mark.requirement("R1", "R3", "R4", "R12", "R20", "R21", "R23", "R24")
def test_a_full_life(living):
    is_adopted_and_plan_has_nothing_to_do(living)
    is_extended(living)
    drifts_is_audited_and_repaired(living)
    is_scaled_out(living)
    is_renewed(living)
    lets_a_person_go(living)
    is_torn_down(living)


def is_adopted_and_plan_has_nothing_to_do(living):
    trial = living.trial
    name = trial.environment.name

    state = adopted(trial, living.life.mode)

    assert state.is_completed(), state.message
    assert (trial.writes(), trial.appends()) == ([], 0)
    found = document_of(name)
    assert found.network.vpc.id == others.VPC
    assert {user.name for user in found.people.users} == {"erin", "frank", "bob"}
    trial.environment = found
    trial.save()
    assert living.done(plan) == []
    assert "nothing to do" in living.told("plan")


def is_extended(living):
    document = describe(living.trial.environment)
    people = document["people"]
    (group,) = people["groups"]
    group["members"] += ["dora"]
    people["users"] += [{"name": "dora", "display_name": "Dora"}]
    people["groups"] += [{"name": "flink-operators", "members": ["bob"], "projects": ["*"]}]
    projects = [*document["projects"], {"name": "clicks", "description": "Clickstream", "compute_units": 4}]
    safety = living.life.safety | {"manual_minutes": 0}  # nobody is there to act by hand
    known = {"finding": "account-key", "resource": "Account", "reason": "Only the account makes projects"}
    accepted = [known | {"until": living.day(365)}]
    living.becomes(people=people, projects=projects, safety=safety, audit={"accepted": accepted})

    assert living.done(plan) == []
    told = living.told("plan")
    assert all(name in told for name in ("dora", "flink-operators", "clicks"))
    assert {"CreateUser", "CreateGroup"} <= set(living.done(prepare))
    assert living.done(prepare) == []
    assert living.trial.appends() == 0


def drifts_is_audited_and_repaired(living):
    trial, name = living.trial, living.trial.environment.name
    cloud = client.Running(trial.account.url, trial.account.cloud)
    policy = f"RealtimeCompute-{name}-group-flink-operators"
    detached = {"GroupName": "flink-operators", "PolicyName": policy, "PolicyType": "Custom"}
    cloud.ok("Ram", "DetachPolicyFromGroup", MALLORY, **detached)
    cloud.ok("Ram", "RemoveUserFromGroup", MALLORY, UserName="dora", GroupName="flink-developers")
    bucket(trial, MALLORY).put_bucket_acl("public-read")

    state = living.run(audit)

    assert state.name == "Drifted"
    found = {row["What"]: row["Who"] for row in json.loads(living.told("audit")) if row["Status"] == "drifted"}
    told = {what: who.split(",")[0] for what, who in found.items()}
    assert told == {
        f"OSS bucket {others.BUCKET}": "user mallory: PutBucketAcl",
        "Policies of group flink-operators": "user mallory: DetachPolicyFromGroup",
        "Members of flink-developers": "user mallory: RemoveUserFromGroup",
    }
    assert trial.writes() == []
    refused = living.run(prepare)
    assert "is public-read" in refused.message  # of others, so it is left to a person
    assert trial.writes() == []
    bucket(trial).put_bucket_acl("private")
    assert sorted(living.done(prepare)) == ["AddUserToGroup", "AttachPolicyToGroup"]
    assert living.done(audit) == []


def is_scaled_out(living):
    living.becomes(cluster=living.life.large)

    state = living.run(scale)

    if not living.life.scaled:
        assert state.is_failed()
        assert "changes only pay-as-you-go clusters by API" in state.message
        assert living.trial.writes() == []
        living.becomes(cluster=living.life.small)
        return
    assert state.is_completed(), state.message
    assert living.trial.writes() != []
    assert living.done(scale) == []


def is_renewed(living):
    living.becomes(cluster={"duration_months": 2})
    if living.life.converted:
        living.becomes(cluster={"charge_type": "Subscription"})
        assert living.done(convert) == ["ConvertInstance"]
        assert living.done(convert) == []
    renewed = ["RenewInstance"] if "RenewInstance" in living.life.spent else []
    if renewed:  # what is paid by use does not end
        living.advance_to_days_before_the_end(20)

    assert living.done(renew) == renewed
    assert living.done(renew) == []


def lets_a_person_go(living):
    people_now = describe(living.trial.environment)["people"]
    people_now["users"] = [user for user in people_now["users"] if user["name"] != "dora"]
    for group in people_now["groups"]:
        group["members"] = [name for name in group["members"] if name != "dora"]
    people_now["leavers"] = [{"name": "dora", "since": living.day(), "reason": "Another team"}]
    living.becomes(people=people_now)

    left = living.done(people)
    assert "RemoveUserFromGroup" in left
    assert "DeleteUser" not in left
    assert "dora" in living.trial.part("ram")["users"]
    living.trial.account.advance(31 * DAY)
    assert living.done(people) == ["DeleteUser"]
    assert "dora" not in living.trial.part("ram")["users"]


def is_torn_down(living):
    trial, life, name = living.trial, living.life, living.trial.environment.name
    assert living.done(teardown) == []
    assert trial.appends() == 0
    assert "DeleteGroup" in living.done(teardown, confirm=name)
    report = living.told("teardown").replace("\\", "")
    assert living.done(teardown, confirm=name) == []

    after = trial.account.world()
    assert added(living.before, after) == life.left
    assert others.harmed(living.before, after) == []
    ordered = [each["action"] for each in living.calls if each["action"] in ORDERED]
    assert Counter(ordered) == life.spent
    assert ("| `$` |" in report) == bool(life.told)
    if life.told:
        (instance,) = after["parts"]["bssopenapi"]["instances"].values()
        end = datetime.fromtimestamp(instance["end_at"], UTC)
        assert f"{life.told}{end:{life.written}}" in report
