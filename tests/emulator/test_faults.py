"""Faults on order, as a client feels them."""

import time
from typing import Any

import httpx
import oss2
import pytest

from emulator.faults import ORDERS, Faults
from tests.emulator.client import ACCOUNT, Running, roa, rpc_fields, signed


def order(emulator: Running, **fault: Any):
    emulator.control("POST", "faults", fault)


def users(emulator: Running) -> list[str]:
    return list(emulator.control("GET", "world")["parts"]["ram"]["users"])


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "throttle"}, 400, "Throttling.User"),
        ({"kind": "error"}, 500, "InternalError"),
        ({"kind": "error", "status": 503}, 503, "ServiceUnavailable"),
        ({"kind": "refuse"}, 403, "Forbidden"),
        ({"kind": "refuse", "status": 409, "code": "EntityAlreadyExists.User"}, 409, "EntityAlreadyExists.User"),
    ],
)
def test_a_fault_answers_in_the_clouds_stead_once(emulator: Running, fault: dict[str, Any], status: int, code: str):
    order(emulator, action="CreateUser", **fault)

    struck = emulator.rpc("Ram", "CreateUser", UserName="alice")
    before = users(emulator)
    spared = emulator.rpc("Ram", "CreateUser", UserName="alice")

    assert (struck.status_code, struck.json()["Code"]) == (status, code)
    assert before == []
    assert spared.status_code == 200


def test_a_dropped_request_has_no_effect_and_no_reply(emulator: Running):
    order(emulator, kind="drop-before", action="CreateUser")

    with pytest.raises(httpx.TransportError):
        emulator.rpc("Ram", "CreateUser", UserName="alice")

    assert users(emulator) == []


def test_a_dropped_reply_leaves_the_effect(emulator: Running):
    order(emulator, kind="drop-after", action="CreateUser")

    with pytest.raises(httpx.TransportError):
        emulator.rpc("Ram", "CreateUser", UserName="alice")

    assert users(emulator) == ["alice"]
    assert emulator.control("GET", "calls")["calls"][-1]["status"] == 0


@pytest.mark.parametrize(("kind", "left"), [("hang-before", []), ("hang-after", ["alice"])])
def test_a_call_hangs_until_its_client_goes_away(emulator: Running, kind: str, left: list[str]):
    order(emulator, kind=kind, action="CreateUser")
    fields = signed(rpc_fields("2015-05-01", "CreateUser", UserName="alice"), "POST")

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{emulator.url}/", params=fields, timeout=0.5)

    (call,) = emulator.control("GET", "calls")["calls"]
    assert (call["action"], call["status"]) == ("CreateUser", 0)
    assert users(emulator) == left
    assert emulator.rpc("Ram", "ListUsers").status_code == 200


def test_an_oss_request_can_hang(emulator: Running):
    order(emulator, kind="hang-before", product="Oss")

    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{emulator.url}/some-bucket/?bucketInfo", timeout=0.5)

    assert emulator.control("GET", "calls")["calls"][0]["status"] == 0


def test_a_cut_reply_breaks_off_in_the_middle(emulator: Running):
    order(emulator, kind="cut", action="CreateUser")
    fields = signed(rpc_fields("2015-05-01", "CreateUser", UserName="alice"), "POST")
    got = b""

    with (
        pytest.raises(httpx.RemoteProtocolError),
        httpx.stream("POST", f"{emulator.url}/", params=fields) as response,
    ):
        length = int(response.headers["content-length"])
        for part in response.iter_raw():
            got += part

    assert 0 < len(got) < length
    assert users(emulator) == ["alice"]


def test_the_server_lives_on_after_broken_connections(emulator: Running):
    order(emulator, kind="drop-before", times=3)

    for _ in range(3):
        with pytest.raises(httpx.TransportError):
            emulator.rpc("Ram", "ListUsers")

    assert emulator.rpc("Ram", "ListUsers").status_code == 200


def test_a_business_failure_comes_with_status_200(emulator: Running):
    order(emulator, kind="business-failure", product="Ram", code="NotEnough", message="no money")

    response = emulator.rpc("Ram", "ListUsers")

    assert response.status_code == 200
    assert response.json() == {
        "RequestId": response.json()["RequestId"],
        "Success": False,
        "Code": "NotEnough",
        "Message": "no money",
    }


def test_a_delay_holds_the_reply_back_and_nobody_else(emulator: Running):
    order(emulator, kind="delay", action="ListUsers", seconds=0.2)

    started = time.monotonic()
    response = emulator.rpc("Ram", "ListUsers")

    assert response.status_code == 200
    assert time.monotonic() - started >= 0.2


def test_a_fault_meets_roa_calls_by_their_path(emulator: Running):
    order(emulator, kind="throttle", product="foas", action="GetClusterDetails", match={"clusterId": "c1"})

    assert roa(emulator, "GET", "/api/v2/clusters/c2/details").json()["Code"] != "Throttling.User"
    assert roa(emulator, "GET", "/api/v2/clusters/c1/details").json()["Code"] == "Throttling.User"


@pytest.mark.parametrize(("kind", "status"), [("throttle", 503), ("error", 500), ("refuse", 403)])
def test_a_fault_meets_oss_requests_in_xml(emulator: Running, kind: str, status: int):
    order(emulator, kind=kind, product="Oss", action="GetBucketInfo")

    response = httpx.get(f"{emulator.url}/some-bucket/?bucketInfo")

    assert response.status_code == status
    assert response.content.startswith(b"<?xml")
    assert response.headers["x-oss-request-id"]


def test_an_oss_request_can_be_dropped(emulator: Running):
    order(emulator, kind="drop-before", product="oss")

    with pytest.raises(httpx.TransportError):
        httpx.get(f"{emulator.url}/some-bucket/?bucketInfo")


def test_a_forged_call_meets_no_fault(emulator: Running):
    order(emulator, kind="throttle")
    fields = rpc_fields("2015-05-01", "ListUsers")

    response = httpx.get(f"{emulator.url}/", params=fields | {"Signature": "forged"})

    assert response.json()["Code"] == "SignatureDoesNotMatch"
    assert emulator.control("GET", "faults")["faults"][0]["seen"] == 0


def test_faults_are_listed_and_taken_back(emulator: Running):
    order(emulator, kind="throttle", times=None)
    listed = emulator.control("GET", "faults")["faults"]

    emulator.control("DELETE", "faults")

    assert [(fault["kind"], fault["times"]) for fault in listed] == [("throttle", None)]
    assert emulator.control("GET", "faults") == {"faults": []}
    assert emulator.rpc("Ram", "ListUsers").status_code == 200


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "explode"},
        {"kind": "throttle", "nth": 0},
        {"kind": "throttle", "times": 0},
        {"kind": "throttle", "probability": 2},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": 1e9},
        {"kind": "throttle", "status": 99},
        {"kind": "throttle", "unknown": 1},
        {"kind": "throttle", "match": {"a": 1}},
        "throttle",
        [{"kind": "throttle"}, 7],
    ],
)
def test_an_impossible_fault_is_refused_with_a_reason(emulator: Running, fault: Any):
    response = httpx.post(f"{emulator.url}/_emulator/faults", json=fault)

    assert response.status_code == 400
    assert response.json()["error"]
    assert emulator.control("GET", "faults") == {"faults": []}


def strikes(calls: int, **fault: Any) -> list[bool]:
    faults = Faults()
    faults.add(ORDERS.validate_python([{"kind": "throttle", **fault}]))
    return [faults.pick("Ram", "ListUsers", {"UserName": "alice"}) is not None for _ in range(calls)]


def test_which_of_the_matching_calls_are_struck():
    assert strikes(4) == [True, False, False, False]
    assert strikes(4, nth=2) == [False, True, False, False]
    assert strikes(4, nth=2, times=2) == [False, True, True, False]
    assert strikes(4, times=None) == [True] * 4
    assert strikes(4, action="GetUser") == [False] * 4
    assert strikes(2, action="ListUsers", product="ram", match={"UserName": "alice"}) == [True, False]
    assert strikes(2, match={"UserName": "bob"}) == [False, False]
    assert strikes(2, match={"Nothing": "bob"}) == [False, False]


def test_chance_repeats_with_its_seed():
    first, again, other = (strikes(50, times=None, probability=0.5, seed=seed) for seed in (1, 1, 2))

    assert first == again != other
    assert 10 < sum(first) < 40


def test_of_two_faults_the_older_strikes_first():
    faults = Faults()
    faults.add(ORDERS.validate_python([{"kind": "throttle"}, {"kind": "error"}]))

    kinds = [fault.kind if (fault := faults.pick("Ram", "ListUsers", {})) else "" for _ in range(3)]

    assert kinds == ["throttle", "error", ""]


@pytest.mark.parametrize(("kind", "left"), [("drop-before", 404), ("drop-after", 200)])
def test_the_vendors_oss_client_loses_its_answer(emulator: Running, kind: str, left: int):
    auth = oss2.Auth(ACCOUNT.access_key_id, ACCOUNT.secret)
    bucket = oss2.Bucket(auth, emulator.url, "flink-bucket")
    order(emulator, kind=kind, product="Oss", action="PutBucket")

    with pytest.raises(oss2.exceptions.RequestError):
        bucket.create_bucket()

    try:
        status = bucket.get_bucket_info().status
    except oss2.exceptions.NoSuchBucket as absent:
        status = absent.status
    assert status == left
    logged = emulator.control("GET", "calls?action=PutBucket")["calls"][-1]
    assert (logged["status"], logged["write"]) == (0, True)
