"""The parts of the scale-out demo that need no PostgreSQL; the whole is in test_scale_out_chaos.py."""

import stat
import subprocess
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from blocks.document import load
from deployments.local import Local, NotStarted
from deployments.scale_out import Outcome, main
from deployments.scale_out_chaos import Blow, Chaos
from deployments.scale_out_fleet import Account, Fleet, wrong
from deployments.scale_out_parts import ScaleOut
from deployments.scale_out_processes import descendants, kill, runs
from deployments.scale_out_runs import PENDING_SECONDS, SILENT_SECONDS, TRIES, Operator, Run
from deployments.scale_out_stores import find_programs, redis_command
from deployments.watch import Prefect

PROGRAMS = ("postgres", "initdb", "pg_isready", "redis-server", "haproxy")
PASSWORD = "a-password-for-a-test"


def installed(folder, *names):
    """Put programs into a folder that is like PostgreSQL's or one on PATH."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)


def test_the_newest_postgresql_of_debian_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    installed(tmp_path / "bin", "redis-server", "haproxy")
    for version in ("9.6", "15", "17"):
        installed(tmp_path / "postgresql" / version / "bin", "postgres", "initdb", "pg_isready")

    programs = find_programs(tmp_path / "postgresql")

    assert programs.postgres == str(tmp_path / "postgresql" / "17" / "bin" / "postgres")
    assert programs.redis_server == str(tmp_path / "bin" / "redis-server")


def test_what_is_missing_is_told_in_one_line_and_nothing_is_started(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))

    code = main(["--state", str(tmp_path / "state")])

    (line,) = capsys.readouterr().out.splitlines()
    assert code == 1
    assert "Not installed: " in line
    assert "redis-server" in line
    assert line.endswith("Install with: apt-get install postgresql redis-server haproxy")


def test_redis_keeps_its_password_in_a_file_that_only_we_may_read(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    installed(tmp_path / "bin", *PROGRAMS)

    command = redis_command(find_programs(tmp_path / "none"), tmp_path / "redis", 6390, PASSWORD)

    settings = tmp_path / "redis" / "redis.conf"
    assert PASSWORD not in " ".join(command)
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert {"bind 127.0.0.1", "port 6390", "appendonly yes", f"requirepass {PASSWORD}"} <= set(
        settings.read_text().splitlines()
    )


def test_all_servers_share_one_key_one_database_and_one_redis(tmp_path):
    local = ScaleOut(tmp_path, prefect_url="http://127.0.0.1:4242")

    first, second = local.server_environment(), local.server_environment()

    assert first == second
    assert first["PREFECT_SERVER_ENCRYPTION_KEY"]
    assert first["PREFECT_SERVER_DATABASE_CONNECTION_URL"].startswith("postgresql+asyncpg://prefect:")
    assert first["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"] == "prefect_redis.lease_storage"
    for name in ("encryption.key", "postgres.password", "redis.password"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_workers_are_given_neither_the_key_nor_a_password(tmp_path):
    local = ScaleOut(tmp_path, prefect_url="http://127.0.0.1:4242")
    server, worker = local.server_environment(), local.environment()

    secrets = {(tmp_path / name).read_text() for name in ("encryption.key", "postgres.password", "redis.password")}

    assert all(any(secret in value for value in server.values()) for secret in secrets)
    assert not any(secret in value for value in worker.values() for secret in secrets)


def test_the_fleet_s_environments_are_possible_and_share_no_name(tmp_path):
    fleet = Fleet(5)

    environments = [load(path) for path in fleet.write(tmp_path)]

    assert [each.name for each in environments] == fleet.names
    assert Counter(each.cluster.mode for each in environments) == {"exclusive": 3, "managed": 2}
    for kind, names in fleet.wanted().items():
        assert set(names.values()) == {1}, kind


def test_an_account_that_the_fleet_is_prepared_in_starts_with_a_paid_order_for_each_cluster(tmp_path):
    local, fleet = Local(tmp_path / "state"), Fleet(4)
    try:
        local.start_emulator(str(fleet.seed(tmp_path)), 1.0)
        exists = Account(local.emulator_url).exists()
        world = httpx.get(f"{local.emulator_url}/_emulator/world", trust_env=False).json()
    finally:
        local.stop()

    orders = {each.cluster.order_id for each in map(load, fleet.write(tmp_path)) if each.cluster.mode == "exclusive"}
    assert set(world["parts"]["foas"]["orders"]) == orders
    assert len(orders) == 2
    assert wrong({"clusters": fleet.wanted()["clusters"]}, exists) == [
        "clusters: flink_exclusive_1 is missing",
        "clusters: flink_exclusive_3 is missing",
    ]


@pytest.mark.parametrize(
    ("exists", "told"),
    [
        (["a", "b"], []),
        (["a"], ["clusters: b is missing"]),
        (["a", "b", "b"], ["clusters: b is there too often"]),
        (["a", "c"], ["clusters: b is missing", "clusters: c is there too often"]),
    ],
)
def test_what_is_missing_or_there_twice_is_named(exists, told):
    assert wrong({"clusters": Counter(["a", "b"])}, {"clusters": Counter(exists)}) == told


@pytest.mark.parametrize(
    ("kind", "waited", "died"),
    [
        ("RUNNING", 1000, False),
        ("SCHEDULED", 1000, False),
        ("COMPLETED", 1000, False),
        ("PENDING", PENDING_SECONDS - 10, False),
        ("PENDING", PENDING_SECONDS + 10, True),  # its worker died between claiming it and starting it
        ("CRASHED", 0, True),
        ("FAILED", 0, True),
    ],
)
def test_the_operator_acts_on_runs_that_died_and_on_claims_of_the_dead(kind, waited, died):
    run = Run("flink", "id", {"type": kind}, since=time.monotonic() - waited)

    assert run.died == died


@pytest.mark.parametrize(("left_seconds_ago", "died"), [(SILENT_SECONDS - 10, False), (SILENT_SECONDS + 10, True)])
def test_the_operator_acts_on_a_run_that_died_before_its_first_sign_of_life(left_seconds_ago, died):
    now = time.monotonic()
    run = Run("flink", "id", {"type": "RUNNING"}, since=now - 1000, left=now - left_seconds_ago)
    retried = Run("flink", "id", {"type": "RUNNING"}, since=now, left=now - 1000)

    assert run.died == died
    assert not retried.died


def test_an_operator_who_has_tried_often_enough_takes_a_dead_run_for_ended():
    crashed, done = Run("a", "1", {"type": "CRASHED"}), Run("b", "2", {"type": "COMPLETED"})
    operator = Operator(Prefect("http://127.0.0.1:9"), [crashed, done], print)

    before = operator.all_ended()
    crashed.retries = TRIES

    assert not before
    assert operator.all_ended()


GOOD = {
    "runs": [Run("flink", "1", {"type": "COMPLETED"})],
    "seconds": 1.0,
    "wrong": [],
    "sent": 1,
    "wanted": 1,
    "again": 0,
}


@pytest.mark.parametrize(
    ("changed", "good"),
    [
        ({}, True),
        ({"runs": [Run("flink", "1", {"type": "CRASHED"})]}, False),
        ({"wrong": ["VPCs: flink is there too often"]}, False),
        ({"sent": 2}, False),  # one environment was paid for twice
        ({"again": 1}, False),  # the second run still had something to write
    ],
)
def test_only_what_is_complete_paid_for_once_and_left_alone_by_a_second_run_is_good(changed, good):
    assert Outcome(**{**GOOD, **changed}).good == good


def test_a_blow_that_met_no_run_proves_nothing(tmp_path):
    prefect = Prefect("http://127.0.0.1:9")
    chaos = Chaos(ScaleOut(tmp_path), Operator(prefect, [], print), prefect, [])
    chaos.blows += [Blow("Redis", 10, 2, "", 1), Blow("PostgreSQL", 20, 0, "", 1)]

    missed = chaos.missed()

    assert missed == ["PostgreSQL: no run was under way"]


def test_what_runs_below_a_process_is_found_and_killed_with_it():
    shell = subprocess.Popen(["sh", "-c", "sh -c 'sleep 60 & wait' & echo up; wait"], stdout=subprocess.PIPE)
    shell.stdout.readline()
    end = time.monotonic() + 10
    while len(below := descendants(shell.pid)) < 2 and time.monotonic() < end:
        pass

    shell.kill()
    shell.wait()
    shell.stdout.close()
    kill([shell.pid, *below])  # the first has ended already

    assert len(below) == 2
    while any(Path(f"/proc/{pid}/exe").exists() for pid in below):
        assert time.monotonic() < end


def test_a_process_tells_which_run_it_carries_out():
    process = subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PREFECT__FLOW_RUN_ID": "one"}
    )
    try:
        process.stdin.write(b"up\n")
        process.stdin.flush()
        process.stdout.readline()  # until it answers, the system may not show its environment yet
        assert runs(process.pid, "one")
        assert not runs(process.pid, "on")
    finally:
        process.kill()
        process.communicate()
    assert not runs(process.pid, "one")


def test_a_store_that_ends_at_once_is_told_with_its_log(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    installed(tmp_path / "bin", *PROGRAMS)
    local = ScaleOut(tmp_path / "state")

    with pytest.raises(NotStarted, match=f"The redis did not come up: see {tmp_path / 'state' / 'redis.log'}"):
        local.start_redis()

    local.stop()
