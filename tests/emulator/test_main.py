"""The program: python -m emulator."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import oss2
import pytest

from emulator.__main__ import main
from emulator.cloud import Cloud
from tests.emulator.client import ACCOUNT, Identity, Running

ROOT = Path(__file__).parents[2]


@contextmanager
def started(*options: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "emulator", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("emulator listening on http://127.0.0.1:")
        yield Running(line.split()[-1], Cloud())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_an_acknowledged_write_survives_a_kill(tmp_path: Path):
    data = str(tmp_path / "world.json")
    with started("--data", data, "--seed-account", "exclusive-order") as first:
        first.ok("Ram", "CreateUser", UserName="alice")
        created = first.ok("Ram", "CreateAccessKey", UserName="alice")["AccessKey"]
        now = first.control("POST", "clock", {"advance": 5000})["epoch"]

    with started("--data", data, "--seed-account", "traps") as second:
        alice = Identity(created["AccessKeyId"], created["AccessKeySecret"])

        assert second.ok("Sts", "GetCallerIdentity", alice)["IdentityType"] == "RAMUser"
        assert second.control("GET", "clock")["epoch"] >= now
        assert second.control("GET", "world")["parts"]["foas"]["orders"]


def test_a_bucket_and_what_is_in_it_survive_a_kill(tmp_path: Path):
    data = str(tmp_path / "world.json")

    def bucket(emulator: Running) -> oss2.Bucket:
        return oss2.Bucket(oss2.Auth(ACCOUNT.access_key_id, ACCOUNT.secret), emulator.url, "flink-bucket")

    with started("--data", data) as first:
        bucket(first).create_bucket()
        bucket(first).put_object("udf.jar", bytes(range(256)))

    with started("--data", data) as second:
        assert bucket(second).get_object("udf.jar").read() == bytes(range(256))


def test_the_accounts_key_and_the_clocks_speed_are_options():
    key = Identity("LTAI5tMine", "my-secret")
    options = ("--access-key-id", key.access_key_id, "--access-key-secret", key.secret, "--speed", "60")

    with started(*options) as emulator:
        assert emulator.ok("Sts", "GetCallerIdentity", key)["IdentityType"] == "Account"
        assert emulator.rpc("Sts", "GetCallerIdentity").status_code == 404
        assert emulator.control("GET", "clock")["speed"] == 60
        emulator.control("POST", "reset")
        assert emulator.ok("Sts", "GetCallerIdentity", key)


@pytest.mark.parametrize("options", [["--host", "0.0.0.0"], ["--host", "192.0.2.1"]])
def test_other_machines_are_let_in_only_on_demand(options: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(options) == 2
    assert "--allow-remote" in capsys.readouterr().err


def test_a_damaged_file_is_refused_with_a_clear_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    data = tmp_path / "world.json"
    data.write_text("damaged")

    assert main(["--port", "0", "--data", str(data)]) == 2

    assert "move it away" in capsys.readouterr().err
    assert data.read_text() == "damaged"


@pytest.mark.parametrize("seed", ["nobody", "nowhere.yaml"])
def test_a_seed_that_is_not_there_is_refused(seed: str, capsys: pytest.CaptureFixture[str]):
    assert main(["--port", "0", "--seed-account", seed]) == 2
    assert "emulator:" in capsys.readouterr().err


def test_a_seed_may_be_a_file(tmp_path: Path):
    path = tmp_path / "seed.yaml"
    path.write_text(json.dumps({"ram": {"users": [{"name": "alice"}]}}))

    with started("--seed-account", str(path)) as emulator:
        assert emulator.ok("Ram", "GetUser", UserName="alice")
        assert httpx.get(f"{emulator.url}/_emulator/health").status_code == 200
