"""The emulator's own API."""

import json
from typing import Any

import httpx
import pytest

from tests.emulator.client import ACCOUNT, Running


def test_the_world_is_equal_before_and_after_reads(emulator: Running):
    emulator.user("alice", "AdministratorAccess")
    before = emulator.control("GET", "world")

    emulator.ok("Ram", "ListUsers")
    emulator.ok("Vpc", "DescribeVpcs", RegionId="cn-hangzhou")
    emulator.control("POST", "clock", {"advance": 1})

    assert emulator.control("GET", "world") == before


def test_the_world_changes_with_a_write_and_back_with_its_opposite(emulator: Running):
    empty = emulator.control("GET", "world")
    emulator.ok("Ram", "CreateUser", UserName="alice")
    emulator.ok("Ram", "AttachPolicyToUser", UserName="alice", PolicyType="System", PolicyName="AliyunOSSFullAccess")

    full = emulator.control("GET", "world")
    emulator.ok("Ram", "DetachPolicyFromUser", UserName="alice", PolicyType="System", PolicyName="AliyunOSSFullAccess")
    emulator.ok("Ram", "DeleteUser", UserName="alice")

    assert full != empty == emulator.control("GET", "world")


def test_the_world_holds_no_secrets(emulator: Running):
    emulator.control("POST", "seed", {"name": "everything"})

    text = json.dumps(emulator.control("GET", "world"))

    for secret in (ACCOUNT.secret, "emulator-carol-secret", "scrypt:", "Correct-horse-1"):
        assert secret not in text
    assert '"***"' in text


def test_calls_are_filtered(emulator: Running):
    emulator.ok("Ram", "ListUsers")
    emulator.ok("Ram", "CreateUser", UserName="alice")
    emulator.ok("Ram", "CreateUser", UserName="bob")

    def numbers(query: str) -> list[int]:
        return [call["n"] for call in emulator.control("GET", f"calls?{query}")["calls"]]

    assert numbers("") == [1, 2, 3]
    assert numbers("since=2") == [3]
    assert numbers("writes=true") == [2, 3]
    assert numbers("action=ListUsers") == [1]
    assert numbers("since=3") == []
    assert emulator.control("GET", "calls")["last"] == 3


def test_the_clock_is_stepped_and_sped_up(emulator: Running):
    before = emulator.control("GET", "clock")

    after = emulator.control("POST", "clock", {"advance": 3600, "speed": 10})

    assert after["epoch"] - before["epoch"] >= 3600
    assert after["speed"] == 10
    assert after["now"].endswith("Z")


def test_a_reset_empties_everything(emulator: Running):
    emulator.ok("Ram", "CreateUser", UserName="alice")
    emulator.control("POST", "faults", {"kind": "throttle"})

    emulator.control("POST", "reset")

    assert emulator.control("GET", "world")["parts"]["ram"]["users"] == {}
    assert emulator.control("GET", "calls") == {"calls": [], "last": 0}
    assert emulator.control("GET", "faults") == {"faults": []}
    assert emulator.rpc("Ram", "ListUsers").status_code == 200


def test_a_reset_may_lead_to_a_seed(emulator: Running):
    emulator.control("POST", "reset", {"seed": "everything"})

    assert "alice" in emulator.control("GET", "world")["parts"]["ram"]["users"]


def test_a_seed_may_come_as_yaml(emulator: Running):
    response = httpx.post(f"{emulator.url}/_emulator/seed", content="ram:\n  users:\n    - name: alice\n")

    assert response.json() == {"sections": ["ram"]}
    assert emulator.ok("Ram", "GetUser", UserName="alice")


def test_health_names_the_seeds(emulator: Running):
    health = emulator.control("GET", "health")

    assert health["status"] == "ok"
    assert "everything" in health["seeds"]


@pytest.mark.parametrize(
    ("method", "name", "content"),
    [
        ("POST", "clock", {"advance": -1}),
        ("POST", "clock", {"advance": "1"}),
        ("POST", "clock", {"advance": 1e12}),
        ("POST", "clock", {"advance": None, "speed": 1e9}),
        ("POST", "clock", {"tea": 1}),
        ("POST", "clock", []),
        ("POST", "clock", "x"),
        ("POST", "reset", {"seed": "nobody"}),
        ("POST", "reset", {"seed": 7}),
        ("POST", "seed", {"mars": {}}),
        ("POST", "seed", {"name": "nobody"}),
        ("POST", "seed", []),
        ("GET", "calls?since=x", None),
        ("GET", "calls?since=-1", None),
        ("GET", "calls?since=" + "9" * 50, None),
        ("GET", "calls?writes=perhaps", None),
    ],
)
def test_bad_input_is_refused_with_a_reason(emulator: Running, method: str, name: str, content: Any):
    before = emulator.control("GET", "world")

    response = httpx.request(method, f"{emulator.url}/_emulator/{name}", json=content)

    assert response.status_code == 400
    assert response.json()["error"]
    assert emulator.control("GET", "world") == before


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("name", ["clock", "reset", "seed", "faults"])
def test_a_body_that_cannot_be_read_is_refused(emulator: Running, name: str, body: bytes):
    response = httpx.post(f"{emulator.url}/_emulator/{name}", content=body)

    assert response.status_code == 400
    assert response.json()["error"]


def test_what_is_not_there_is_said_so(emulator: Running):
    assert httpx.get(f"{emulator.url}/_emulator/nothing").status_code == 404
    assert httpx.delete(f"{emulator.url}/_emulator/clock").status_code == 405


@pytest.mark.parametrize("name", ["clock", "reset", "seed", "faults"])
def test_a_page_of_another_origin_may_not_drive_it(emulator: Running, name: str):
    url = f"{emulator.url}/_emulator/{name}"

    foreign = httpx.post(url, headers={"origin": "https://example.com"}, json={})
    sandboxed = httpx.post(url, headers={"origin": "null"}, json={})

    assert (foreign.status_code, sandboxed.status_code) == (403, 403)


def test_its_own_page_may_drive_it(emulator: Running):
    response = httpx.post(f"{emulator.url}/_emulator/clock", headers={"origin": emulator.url}, json={"advance": 1})

    assert response.status_code == 200


@pytest.mark.parametrize("host", ["example.com", "example.com:8400", "127.0.0.1.example.com"])
@pytest.mark.parametrize("path", ["/_emulator/world", "/"])
def test_it_does_not_answer_under_a_foreign_name(emulator: Running, host: str, path: str):
    response = httpx.get(emulator.url + path, headers={"host": host, "accept": "text/html"})

    assert response.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1", "[::1]:8400"])
def test_it_answers_under_the_names_of_this_machine(emulator: Running, host: str):
    assert httpx.get(f"{emulator.url}/_emulator/health", headers={"host": host}).status_code == 200
