"""Flow control: buckets, their rates, and what a client meets that calls too often."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator import products, roa
from emulator.__main__ import main
from emulator.throttle import DEFAULT, OFF, Bucket, Throttle, checked, named
from tests.emulator.client import Running, rpc_fields
from tests.emulator.client import roa as call_roa

NOW = 1_776_500_000.0


def admitted(throttle: Throttle, calls: int, now: float = NOW, action: str = "GetUser", account: str = "1") -> int:
    return sum(throttle.admits(account, "Ram", action, action.startswith("Get"), now) for _ in range(calls))


def test_a_burst_passes_and_then_as_many_as_flow_in():
    bucket = Bucket(calls=300, seconds=60, left=300, at=NOW)

    burst = sum(bucket.take(NOW) for _ in range(400))
    a_second_later = sum(bucket.take(NOW + 1) for _ in range(10))
    an_hour_later = sum(bucket.take(NOW + 3600) for _ in range(400))

    assert (burst, a_second_later, an_hour_later) == (300, 5, 300)


def test_a_clock_that_steps_back_takes_nothing_away():
    bucket = Bucket(calls=10, seconds=1, left=10, at=NOW)

    assert bucket.take(NOW - 3600)
    assert bucket.left == 9


def test_every_account_product_and_action_has_its_own_bucket():
    throttle = Throttle({"ram": {"reads": "3/1", "writes": "2/1", "GetRole": "1/1"}})

    assert admitted(throttle, 5) == 3
    assert admitted(throttle, 5, action="GetGroup") == 3
    assert admitted(throttle, 5, account="2") == 3
    assert admitted(throttle, 5, action="CreateUser") == 2
    assert admitted(throttle, 5, action="GetRole") == 1


def test_what_has_no_rate_is_not_throttled():
    throttle = Throttle({"vpc": {"reads": "1/1"}, "ram": {"writes": "1/1"}})

    assert admitted(throttle, 500) == 500
    assert admitted(Throttle(OFF), 500) == 500


def test_the_table_names_products_and_actions_that_exist():
    actions = {
        product.name.lower(): {key for key in product.routes if isinstance(key, str)}
        | {action for templates in roa._templates(product).values() for _, action, _ in templates}
        for product in products.PRODUCTS
    }

    assert set(DEFAULT) == set(actions)
    for product, section in DEFAULT.items():
        if product != "oss":
            assert set(section) - {"reads", "writes"} <= actions[product]


@pytest.mark.parametrize(
    ("rates", "reason"),
    [
        ([], "rates"),
        ({"mars": {}}, "rates.mars"),
        ({"ram": []}, "rates.ram"),
        ({"ram": {"reads": "fast"}}, "rates.ram.reads"),
        ({"ram": {"reads": "0/1"}}, "rates.ram.reads"),
        ({"ram": {"reads": "1/0"}}, "rates.ram.reads"),
        ({"ram": {"reads": -1}}, "rates.ram.reads"),
        ({"ram": {"reads": None}}, "rates.ram.reads"),
        ({"ram": {"reads": "9" * 50}}, "rates.ram.reads"),
    ],
)
def test_impossible_rates_are_refused_with_a_reason(rates: Any, reason: str):
    with pytest.raises(ValueError, match=reason):
        checked(rates)


def test_rates_may_be_a_file(tmp_path: Path):
    path = tmp_path / "rates.yaml"
    path.write_text("Ram: {reads: 5, CreateUser: 300/60}\n")

    assert named(str(path)) == {"ram": {"reads": "5", "CreateUser": "300/60"}}
    assert (named("off"), named("default")) == (OFF, DEFAULT)


@pytest.mark.parametrize("content", ["ram: [", "ram: 7", "mars: {}"])
def test_a_file_without_rates_is_refused_at_the_start(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "rates.yaml"
    path.write_text(content)

    assert main(["--port", "0", "--rates", str(path)]) == 2
    assert main(["--port", "0", "--rates", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("emulator:") == 2


@pytest.fixture
def throttled(emulator: Running):
    """An emulator whose clock stands still, so that no bucket fills by itself."""
    emulator.control("POST", "clock", {"speed": 0})
    yield emulator
    emulator.cloud.throttle.set_rates(OFF)


def test_one_call_too_many_is_refused_before_it_has_an_effect_and_logged(throttled: Running):
    throttled.control("POST", "rates", {"rates": {"ram": {"CreateUser": "2/1"}}})

    replies = [throttled.rpc("Ram", "CreateUser", UserName=name) for name in ("alice", "bob", "carol")]

    assert [reply.status_code for reply in replies] == [200, 200, 400]
    assert replies[2].json()["Code"] == "Throttling.User"
    assert list(throttled.control("GET", "world")["parts"]["ram"]["users"]) == ["alice", "bob"]
    assert throttled.control("GET", "calls")["calls"][-1]["code"] == "Throttling.User"
    assert throttled.rpc("Ram", "ListUsers").status_code == 200


def test_buckets_fill_on_the_clouds_clock(throttled: Running):
    throttled.control("POST", "rates", {"rates": {"ram": {"reads": "5/5"}}})
    statuses = [throttled.rpc("Ram", "ListUsers").status_code for _ in range(6)]

    throttled.control("POST", "clock", {"advance": 2})
    later = [throttled.rpc("Ram", "ListUsers").status_code for _ in range(3)]

    assert statuses == [200] * 5 + [400]
    assert later == [200, 200, 400]


def test_a_clock_that_runs_90_times_as_fast_fills_them_as_fast(emulator: Running):
    emulator.cloud.throttle.set_rates({"ram": {"reads": "1/30"}})
    emulator.control("POST", "clock", {"speed": 90 * 30})

    statuses = {emulator.rpc("Ram", "ListUsers").status_code for _ in range(20)}
    emulator.cloud.throttle.set_rates(OFF)

    assert statuses == {200}


def test_users_of_an_account_share_its_buckets(throttled: Running):
    alice = throttled.user("alice", "AliyunRAMFullAccess")
    throttled.control("POST", "rates", {"rates": {"ram": {"reads": "1/1"}}})

    assert throttled.rpc("Ram", "ListUsers").status_code == 200
    assert throttled.rpc("Ram", "ListUsers", alice).status_code == 400


def test_a_forged_call_takes_nothing(throttled: Running):
    throttled.control("POST", "rates", {"rates": {"ram": {"reads": "1/1"}}})

    httpx.get(f"{throttled.url}/", params=rpc_fields("2015-05-01", "ListUsers") | {"Signature": "forged"})

    assert throttled.rpc("Ram", "ListUsers").status_code == 200


def test_roa_calls_are_throttled_by_their_action(throttled: Running):
    throttled.control("POST", "rates", {"rates": {"foas": {"ListCluster": "1/1"}}})

    codes = [call_roa(throttled, "GET", "/api/v2/clusters").status_code for _ in range(2)]

    assert codes == [200, 400]
    assert call_roa(throttled, "GET", "/api/v2/projects").status_code == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [("/flink-udf/?bucketInfo", "MetaOperationQpsLimitExceeded"), ("/flink-udf/key", "TotalQpsLimitExceeded")],
)
def test_oss_answers_503_with_a_code_of_its_own(throttled: Running, path: str, code: str):
    throttled.control("POST", "rates", {"rates": {"oss": {"reads": "1/1"}}})

    first, second = (httpx.get(throttled.url + path) for _ in range(2))

    assert first.status_code == 404
    assert (second.status_code, f"<Code>{code}</Code>" in second.text) == (503, True)


def test_rates_are_shown_and_changed(throttled: Running):
    assert throttled.control("POST", "rates", {"rates": "default"}) == {"rates": DEFAULT}
    assert throttled.control("GET", "rates") == {"rates": DEFAULT}
    assert throttled.control("POST", "rates", {"rates": "off"}) == {"rates": {}}
    assert throttled.control("POST", "rates", {"rates": {"ram": {"reads": 5}}}) == {"rates": {"ram": {"reads": "5"}}}


@pytest.mark.parametrize("content", [{}, {"rates": "fast"}, {"rates": 7}, {"rates": {"ram": {"reads": "x"}}}, []])
def test_bad_rates_change_nothing(throttled: Running, content: Any):
    before = throttled.control("GET", "rates")

    response = httpx.post(f"{throttled.url}/_emulator/rates", json=content)

    assert (response.status_code, bool(response.json()["error"])) == (400, True)
    assert throttled.control("GET", "rates") == before


def test_a_reset_fills_the_buckets(throttled: Running):
    throttled.control("POST", "rates", {"rates": {"ram": {"reads": "1/1"}}})
    throttled.ok("Ram", "ListUsers")

    throttled.control("POST", "reset")

    assert throttled.rpc("Ram", "ListUsers").status_code == 200
