import json
import stat
import time
from pathlib import Path

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.local import BATCHES, Local, NotStarted, answers_in, free_port
from deployments.register import register
from deployments.watch import Prefect
from tests.deployments.test_prefect_yaml import DEPLOYMENTS

DOCUMENTS = [Path(__file__).parent.parent.parent / "environments" / name for name in ("exclusive.yaml", "managed.yaml")]
SECRET = "a-secret-that-only-the-server-may-read"
VARIABLES = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tSomeKey",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET,
    "REALTIME_COMPUTE_ENDPOINTS": '{"*": "http://127.0.0.1:8400"}',
}
PROFILE = """
active = "quick"

[profiles.quick]
PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS = "1"
"""


@pytest.fixture
def local(tmp_path):
    """The embedded default in a folder of its own; what was started ends with the test."""
    local = Local(tmp_path / "state")
    yield local
    local.stop()


def registered(prefect):
    """Give what the server has: blocks with their data, work pools, and automations."""
    blocks = prefect.post("/block_documents/filter", include_secrets=True)
    return {
        "blocks": {(block["block_type"]["slug"], block["name"]): (block["id"], block["data"]) for block in blocks},
        "pools": {pool["name"]: (pool["id"], pool["type"]) for pool in prefect.post("/work_pools/filter")},
        "automations": {each["name"]: (each["id"], each["updated"]) for each in prefect.post("/automations/filter")},
    }


def orders_in(local):
    """Give what the emulated account has of the orders of exclusive mode."""
    world = httpx.get(f"{local.emulator_url}/_emulator/world", trust_env=False).json()
    return world["parts"]["foas"]["orders"]


def until(condition, seconds):
    """Give what a condition says once it is true, or at last."""
    end = time.monotonic() + seconds
    while not (said := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return said


def test_a_server_of_our_own_takes_blocks_deployments_and_schedules(local):
    profiles = local.state / "prefect" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text(PROFILE)
    local.start_server()
    local.wait_for_server()
    prefect = Prefect(local.prefect_url)

    with temporary_settings({PREFECT_API_URL: f"{local.prefect_url}/api"}):
        environments = register(DOCUMENTS, VARIABLES)
        once = registered(prefect)
        register(DOCUMENTS, VARIABLES)
        twice = registered(prefect)
    local.deploy()

    assert [environment.name for environment in environments] == ["flink-exclusive", "flink-managed"]
    check_what_is_registered(once, twice)
    check_that_secrets_are_encrypted(local)
    check_the_deployments(prefect)


def check_what_is_registered(once, twice):
    assert once == twice
    assert set(once["blocks"]) == {
        ("flink-environment", "flink-exclusive"),
        ("flink-environment", "flink-managed"),
        ("alibaba-cloud-credentials", "demo"),
    }
    assert [kind for _, kind in once["pools"].values()] == ["process"]
    assert set(once["automations"]) == {"realtime-compute-dead-runs", "realtime-compute-unanswered"}
    _, credentials = once["blocks"]["alibaba-cloud-credentials", "demo"]
    assert credentials["access_key_secret"] == SECRET
    assert SECRET not in json.dumps([once["blocks"][key] for key in once["blocks"] if key[0] == "flink-environment"])


def check_that_secrets_are_encrypted(local):
    key = local.state / "encryption.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    kept = b"".join(path.read_bytes() for path in local.state.rglob("*") if path.is_file() and path != key)
    assert b"flink-exclusive" in kept
    assert SECRET.encode() not in kept
    assert key.read_bytes().strip() not in kept


def runs_of(prefect, deployment):
    return [run for run in prefect.post("/flow_runs/filter") if run["deployment_id"] == deployment["id"]]


def check_the_deployments(prefect):
    found = {each["name"]: each for each in prefect.post("/deployments/filter")}
    assert set(found) == {deployment["name"] for deployment in DEPLOYMENTS}
    assert all(each["work_pool_name"] == "realtime-compute" for each in found.values())
    check = found["check"]
    assert runs_of(prefect, check) == []  # only a schedule that is switched on makes any
    (schedule,) = check["schedules"]
    answer = prefect.http.patch(
        f"{prefect.url}/api/deployments/{check['id']}/schedules/{schedule['id']}", json={"active": True}
    )
    assert answer.status_code == 204
    # Prefect 3.8.8 with SQLAlchemy 2.1 fires no schedule at all, and says so in the server's log alone.
    runs = until(lambda: runs_of(prefect, check), seconds=20)
    assert {run["deployment_id"] for run in runs} == {check["id"]}
    assert {run["state"]["type"] for run in runs} == {"SCHEDULED"}


def test_the_key_is_made_once_and_no_setting_of_the_caller_s_prefect_comes_through(local, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "https://api.example.com")
    monkeypatch.setenv("PREFECT_API_KEY", "somebody-s-key")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)
    local.prefect_url = "http://127.0.0.1:4242"

    first, second = local.environment(), Local(local.state, prefect_url=local.prefect_url).environment()
    server, again = (Local(local.state, prefect_url=local.prefect_url).server_environment() for _ in range(2))

    assert first == second
    assert server == again
    of_the_server = set(server) - set(first) - set(BATCHES)
    assert of_the_server == {"PREFECT_SERVER_ENCRYPTION_KEY", "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"}
    assert SECRET not in server.values()
    assert first["PREFECT_API_URL"] == "http://127.0.0.1:4242/api"
    assert first["PREFECT_SERVER_API_HOST"] == "127.0.0.1"
    assert first["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert first["PREFECT_HOME"].startswith(str(local.state))
    assert "PREFECT_API_KEY" not in first


def test_the_server_pauses_whole_seconds_between_two_batches():  # Prefect cuts half of one to nothing: it never rests
    pauses = [value for name, value in BATCHES.items() if name.endswith("FLUSH_INTERVAL")]

    assert pauses == ["1", "1"]


def test_an_emulator_keeps_its_world_from_one_start_to_the_next(local):
    local.start_emulator("exclusive-order", 1.0)
    httpx.post(f"{local.emulator_url}/_emulator/clock", json={"advance": 1}, trust_env=False)
    first = orders_in(local)
    local.stop()

    local.start_emulator("nothing", 1.0)  # the seed is for a new world only

    assert list(first) == ["blinkonecs_cn-order-0001"]
    assert orders_in(local) == first


def test_the_emulator_comes_back_under_its_own_address(local):
    local.start_emulator("nothing", 1.0)
    url = local.emulator_url
    local.stop()

    local.start_emulator("nothing", 1.0)

    assert local.emulator_url == url


def test_a_part_that_does_not_come_up_is_told_with_its_log(local):
    with pytest.raises(NotStarted, match=f"The emulator did not come up: see {local.state / 'emulator.log'}"):
        local.start_emulator("no-such-seed", 1.0)

    assert "no-such-seed" in (local.state / "emulator.log").read_text()


def test_what_was_started_is_ended(local):
    local.start_emulator("nothing", 1.0)
    (process,) = local.processes

    local.stop()

    assert process.returncode is not None
    assert local.processes == []
    assert not answers_in(local.emulator_url, 0.2)


def test_nobody_waits_for_the_answer_of_a_process_that_is_gone():
    began = time.monotonic()

    answered = answers_in(f"http://127.0.0.1:{free_port()}", 60, alive=lambda: False)

    assert not answered
    assert time.monotonic() - began < 5


def test_a_free_port_differs_from_one_that_is_taken():
    with httpx.Client(trust_env=False) as client:
        port = free_port()

        with pytest.raises(httpx.ConnectError):
            client.get(f"http://127.0.0.1:{port}")

    assert 1024 <= port < 65536
