import pytest

from flows.prepare import prepare
from tests.flows.conftest import without_journal
from tests.flows.rights import CREATION, CUSTOM, NETWORK, ROLE, allowed, default_document, everywhere, trusted

# What stands in the seed `everything`, written down as an environment.
EVERYTHING = {
    "region": "cn-hangzhou",
    "account": "1376771854400000",
    "people": {
        "users": [
            {"name": "alice", "display_name": "Alice", "console_logon": True, "mfa_required": False},
            {"name": "bob", "display_name": "Bob", "console_logon": True},
        ],
        "groups": [{"name": "realtime-compute", "members": ["alice"], "projects": ["*"]}],
    },
    "network": {
        "zone": "cn-hangzhou-h",
        "vpc": {"id": "vpc-bp1everything00000000"},
        "vswitches": [{"id": "vsw-bp1everythingh0000000"}],
    },
    "storage": {"bucket": "flink-udf-packages", "encryption": ""},
    "cluster": {"mode": "exclusive", "name": "flink", "description": "Flink"},
    "projects": [{"name": "clickstream", "compute_units": 4}],
    "attached_storage": [
        {"name": "orders-db", "region": "cn-hangzhou", "vpc_id": "vpc-bp1everything00000000"},
    ],
}

# In the seed `traps` nearly everything is wrong; this one steps into the traps of network, stock and bucket.
TRAPPED = {
    "region": "cn-hangzhou",
    "network": {
        "zone": "cn-hangzhou-h",
        "vpc": {"id": "vpc-bp1trapnarrow00000000"},
        "vswitches": [{"id": "vsw-bp1trapfull0000000000"}],
    },
    "storage": {"bucket": "flink-public-bucket"},
    "cluster": {"mode": "exclusive", "name": "flink", "description": "Flink"},
    "attached_storage": [
        {"name": "far-db", "region": "cn-beijing"},
        {"name": "next-door", "region": "cn-hangzhou", "vpc_id": "vpc-other"},
    ],
}


@pytest.mark.requirement("R10", "R17", "R21", "R23")
def test_an_account_that_is_prepared_already_gets_only_a_policy_per_environment_and_tighter_rights(make_trial):
    trial = make_trial("everything", EVERYTHING)
    policy = f"RealtimeCompute-{trial.environment.name}-group-realtime-compute"

    state = trial.run(prepare)

    assert state.is_completed(), state.message
    calls = [call for call in without_journal(trial.calls()) if call["write"]]
    written = {(call["action"], call["parameters"].get("PolicyName")) for call in calls}
    assert written == {
        ("CreatePolicy", policy),
        ("AttachPolicyToGroup", policy),
        ("CreatePolicyVersion", CUSTOM),
    }
    assert allowed(default_document(trial.part("ram")["policies"][CUSTOM])) == everywhere(NETWORK)


@pytest.mark.requirement("R15", "R18", "R19", "R20")
def test_an_account_full_of_traps_is_refused_with_every_reason_before_the_first_write(make_trial):
    trial = make_trial("traps", TRAPPED)
    sold_out = make_trial(
        "traps",
        TRAPPED,
        network=TRAPPED["network"] | {"zone": "cn-hangzhou-b", "vswitches": [{"id": "vsw-bp1trapnostock0000000"}]},
        storage={"bucket": "flink-foreign-bucket"},
    )

    states = [trial.run(prepare), sold_out.run(prepare)]

    reasons = [
        ["far-db is in cn-beijing", "next-door is in vpc-other", "flink-public-bucket is public-read", "2 free addr"],
        ["far-db is in cn-beijing", "no stock for", "flink-foreign-bucket", "AccessDenied"],
    ]
    for state, expected in zip(states, reasons, strict=True):
        assert state.is_failed()
        assert "things stand in the way" in state.message
        assert [each for each in expected if each not in state.message] == [], state.message
    assert trial.writes() + sold_out.writes() == []


@pytest.mark.requirement("R7", "R9", "R10", "R17")
def test_what_is_a_little_wrong_is_put_right(make_trial):
    avoiding = TRAPPED | {
        "network": {
            "zone": "cn-hangzhou-h",
            "vpc": {"id": "vpc-bp1trapnameless000000"},
            "vswitches": [{"id": "vsw-bp1trapnameless000000"}],
        },
        "storage": {"bucket": "flink-traps-avoided"},
        "attached_storage": [],
    }
    trial = make_trial("traps", avoiding)
    before = trial.part("ram")["policies"][CUSTOM]

    state = trial.run(prepare)

    assert state.is_completed(), state.message
    ram = trial.part("ram")
    after = ram["policies"][CUSTOM]
    assert trusted(ram["roles"][ROLE]) == [{"Service": ["stream.aliyuncs.com"]}]
    # One version for the creation and one tightened: the two oldest of the five had to go.
    assert list(before["versions"]) == ["v1", "v2", "v3", "v4", "v5"]
    assert list(after["versions"]) == ["v3", "v4", "v5", "v6", "v7"]
    assert allowed(after["versions"]["v6"]["document"]) == everywhere(NETWORK | CREATION)
    assert allowed(default_document(after)) == everywhere(NETWORK)
    vpc = trial.part("vpc")["vpcs"]["vpc-bp1trapnameless000000"]
    assert vpc["name"] == f"flink-{trial.environment.name}"
