"""The web page."""

import html

import httpx
import pytest

from tests.emulator.client import Running

HTML = {"accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize("name", ["nothing", "exclusive-order", "everything", "traps"])
def test_every_seed_can_be_looked_at(emulator: Running, name: str):
    emulator.control("POST", "reset", {"seed": name})
    emulator.ok("Ram", "ListUsers")

    response = httpx.get(f"{emulator.url}/", headers=HTML)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "Last 30 calls" in response.text
    assert "ListUsers" in response.text


def test_the_page_shows_the_account_and_what_is_in_it(emulator: Running):
    emulator.control("POST", "reset", {"seed": "everything"})

    text = httpx.get(f"{emulator.url}/", headers=HTML).text

    for shown in ("flink-udf-packages", "realtime-compute-h", "AliyunStreamDefaultRole", "blinkonecs_cn-order-0001"):
        assert shown in text
    assert "<progress" in text
    assert "secret" not in text


def test_hostile_texts_are_escaped(emulator: Running):
    hostile = "<script>alert(1)</script>\"'"
    emulator.ok("Ram", "CreateUser", UserName="alice", DisplayName=hostile)
    emulator.rpc("Ram", "<b>")

    text = httpx.get(f"{emulator.url}/", headers=HTML).text

    assert hostile not in text
    assert html.escape(hostile) in text
    assert "<b>" not in text


def test_the_page_loads_nothing_from_elsewhere(emulator: Running):
    response = httpx.get(f"{emulator.url}/", headers=HTML)

    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "http://" not in response.text.replace(emulator.url, "")
