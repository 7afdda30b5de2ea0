"""Secrets that occur once in the world go down every path of credentials; then all that is left behind is searched.

Real processes: an emulator, a Prefect server, a worker and its flow runs, on a copy of the project. The runs are of
both modes, with an AccessKey, a token of STS, and a role; they end well, are refused, get no answer, and break down.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import oss2
import pyrage
import pytest
import yaml
from cryptography.fernet import Fernet
from prefect.settings import PREFECT_API_URL, temporary_settings

from alicloud import ram, sts
from alicloud.session import Identity, Session
from blocks import desired
from blocks.environment import Environment
from deployments import local as embedded
from deployments.local import Local
from deployments.register import register
from deployments.watch import TERMINAL, Prefect
from tests.flows.running import document

SPEED = 200.0  # the half hour of STARTING takes 9 s
PARTS = ("alicloud", "blocks", "tasks", "flows", "deployments", "emulator", "environments", "udf", "prefect.yaml")
ROLE = "acs:ram::1376771854400000:role/canary"
HALF_A_DAY = 43_200
GOOD, BAD = ("exclusive", "managed", "role"), ("wrong", "fault", "planted")

BUG = '''
import logging

from prefect import flow, get_run_logger

from blocks.credentials import AlibabaCloudCredentials
from tasks.step import step


@step("Planted bug", "R1")
def break_down(cloud):
    """Raise an error that holds all that signs."""
    key = cloud.identity
    url = f"https://ram.aliyuncs.com/?AccessKeyId={key.access_key_id}&Signature=Zm9vYmFyZm9vYmFyZm9vYmFy%3D"
    try:
        raise ConnectionError(f"GET {url} with {key.security_token}")
    except ConnectionError as error:
        raise KeyError({"key": [key.access_key_secret], "url": url}) from error


@flow(persist_result=True, log_prints=True)
def planted(environment: str):
    """Tell secrets to loggers, and break down."""
    block = AlibabaCloudCredentials.load(environment)
    with block.get_session("cn-hangzhou") as cloud:
        key = cloud.identity
        get_run_logger().info("signed by %s with %s", key.access_key_id, key.access_key_secret)
        logging.getLogger("prefect.anything").error("Authorization: acs %s:%s", key.access_key_id, key.security_token)
        print(f"{block.access_key_id.get_secret_value()} {block.access_key_secret.get_secret_value()}")
        break_down(cloud)
'''
DEPLOYMENT = {
    "name": "planted",
    "entrypoint": "flows/planted.py:planted",
    "work_pool": {"name": "realtime-compute", "job_variables": {}},
}


def forms(secret: str) -> set[bytes]:
    """Give a secret as it may stand in bytes: plain, in URLs, in JSON, and at each offset of base64."""
    quoted = quote(secret, safe="")
    found = {secret, quoted, quote(quoted, safe=""), quoted.lower(), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    for offset in range(3):
        text = b64encode(bytes(offset) + secret.encode()).decode().rstrip("=")
        found.add(text[4 if offset else 0 : -2])
    return {form.encode() for form in found} | {secret.encode("utf-16-le"), secret.encode().hex().encode()}


def hits(data: bytes, canaries: dict[str, str]) -> list[str]:
    """Name the canaries that are found in bytes, and the signatures."""
    found = [name for name, secret in canaries.items() if any(form in data for form in forms(secret))]
    signature = rb"(?i)(?<![a-z])signature[\"']?(=|%3d|%253d|: ?[\"']?)(?!\*\*\*)[a-z0-9+/=%]{20,}"
    return found + [match[0].decode() for match in re.finditer(signature, data)]


@dataclass
class Watch:
    """Notes arguments and environment of every process that descends from ours, for as long as it runs."""

    roots: set[int] = field(default_factory=set)
    arguments: dict[int, bytes] = field(default_factory=dict)
    variables: dict[int, bytes] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.ended.wait(0.2):
            self.look()

    def look(self) -> None:
        """Look once. A child begins as a copy of its parent, so what it really is shows at a later look."""
        parents = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        for process in parents:
            if self._is_ours(process, parents):
                self._note(process)

    def _is_ours(self, process: int, parents: dict[int, int]) -> bool:
        while process and process not in self.roots:
            process = parents.get(process, 0)
        return bool(process)

    def _note(self, process: int) -> None:
        for name, notes in (("cmdline", self.arguments), ("environ", self.variables)):
            try:
                found = Path(f"/proc/{process}/{name}").read_bytes()
            except OSError:
                continue
            if found not in notes.get(process, b""):
                notes[process] = notes.get(process, b"") + b"\n" + found


@dataclass
class Scene:
    """The processes, the canaries, and what became of the runs."""

    local: Local
    root: Path
    watch: Watch
    canaries: dict[str, str]
    states: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def prefect(self) -> Prefect:
        return Prefect(self.local.prefect_url)

    def session(self) -> Session:
        identity = Identity(self.canaries["id"], self.canaries["secret"])
        return Session(identity, "cn-hangzhou", {"*": self.local.emulator_url})

    def emulator(self, path: str) -> bytes:
        url, browser = f"{self.local.emulator_url}/{path}", {"Accept": "text/html"}
        answer = httpx.get(url, headers=browser, trust_env=False, timeout=30)
        assert answer.status_code == 200
        return answer.content

    def order(self, name: str, content: object) -> None:
        answer = httpx.post(f"{self.local.emulator_url}/_emulator/{name}", json=content, trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.text

    def buckets(self) -> Iterator[oss2.Bucket]:
        auth = oss2.AuthV4(self.canaries["id"], self.canaries["secret"])
        service = oss2.Service(auth, self.local.emulator_url, region="cn-hangzhou")
        for found in oss2.BucketIterator(service):
            yield oss2.Bucket(auth, self.local.emulator_url, found.name, region="cn-hangzhou")

    def read(self, place: str) -> bytes:
        """Give all that stands in a place."""
        return PLACES[place](self)


def _database(scene: Scene) -> bytes:
    return b"\n".join(path.read_bytes() for path in (scene.local.state / "prefect").glob("prefect.db*"))


def _output(scene: Scene) -> bytes:
    """What server, worker, flow runs, emulator and command lines wrote to their terminals."""
    return b"\n".join(path.read_bytes() for path in scene.local.state.glob("*.log"))


def _results(scene: Scene) -> bytes:
    stored = [path for path in (scene.local.state / "prefect" / "storage").rglob("*") if path.is_file()]
    found = b""
    for path in stored:
        content = path.read_bytes()
        found += str(path).encode() + b"\n" + content + b"\n"
        with suppress(ValueError):  # a pickle, as Prefect keeps it: in lines of base64
            found += b64decode(content.split(b'"', 1)[0]) + b"\n"
    return found


def _listed(scene: Scene, kind: str) -> bytes:
    found: list[object] = []
    while page := scene.prefect.post(f"/{kind}/filter", offset=len(found), limit=200):
        found += page
    return json.dumps(found, ensure_ascii=False).encode()


def _objects(scene: Scene) -> bytes:
    """Every object, also what the journal left in the bucket."""
    found = b""
    for bucket in scene.buckets():
        for entry in oss2.ObjectIterator(bucket):
            found += entry.key.encode() + b"\n" + bucket.get_object(entry.key).read() + b"\n"
    return found


PLACES = {
    "database": _database,
    "output": _output,
    "results": _results,
    "logs": lambda scene: _listed(scene, "logs"),
    "artifacts": lambda scene: _listed(scene, "artifacts"),
    "flow runs": lambda scene: _listed(scene, "flow_runs"),
    "task runs": lambda scene: _listed(scene, "task_runs"),
    "objects": _objects,
    "page": lambda scene: scene.emulator(""),
    "world": lambda scene: scene.emulator("_emulator/world"),
    "calls": lambda scene: scene.emulator("_emulator/calls"),
    "arguments": lambda scene: b"\n".join(scene.watch.arguments.values()),
    "variables": lambda scene: b"\n".join(scene.watch.variables.values()),
}
ACCOUNT = ("page", "world", "calls")  # the account knows the ids of its own AccessKeys


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A house in which every run has ended, with its processes still up."""
    root, watch = tmp_path_factory.mktemp("project"), Watch()
    _copy_project(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "ROOT", root)
        local = Local(tmp_path_factory.mktemp("state"))
        thread = threading.Thread(target=watch.run, daemon=True)
        thread.start()
        try:
            scene = Scene(local, root, watch, _canaries())
            _play(scene)
            yield scene
        finally:
            watch.ended.set()
            thread.join()
            local.stop()


def _canaries() -> dict[str, str]:
    """Make an AccessKey of a RAM user, one that only assumes a role, and a secret that is wrong."""
    return {
        "id": f"LTAI5t{secrets.token_hex(9)}",
        "secret": f"canary{secrets.token_hex(12)}",
        "assuming id": f"LTAI5t{secrets.token_hex(9)}",
        "assuming secret": f"canary{secrets.token_hex(6)}/+{secrets.token_hex(6)}",
        "wrong secret": f"canary{secrets.token_hex(6)}+/={secrets.token_hex(6)}",
    }


def _copy_project(root: Path) -> None:
    for part in PARTS:
        source = embedded.ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    (root / "flows" / "planted.py").write_text(BUG)
    deployments = yaml.safe_load((root / "prefect.yaml").read_text())
    wanted = [each for each in deployments["deployments"] if each["name"] in ("prepare", "authorize")]
    (root / "prefect.yaml").write_text(yaml.safe_dump({**deployments, "deployments": [*wanted, DEPLOYMENT]}))


def _play(scene: Scene) -> None:
    local = scene.local
    local.start_server()
    local.start_emulator("exclusive-order", SPEED)
    scene.watch.roots |= {process.pid for process in local.processes}
    _sow(scene)
    key = pyrage.x25519.Identity.generate()
    documents = _documents(scene, str(key.to_public()))
    paths = {name: _written(local.state / f"{name}.yaml", content) for name, content in documents.items()}
    local.wait_for_server()
    _register(scene, paths)
    local.deploy()
    local.start_worker("realtime-compute")
    scene.watch.roots.add(local.processes[-1].pid)
    runs = {name: scene.prefect.run_deployment(_deployment(name), {"environment": f"canary-{name}"}) for name in paths}
    scene.states = {name: _ended(scene, run) for name, run in runs.items()}
    _note_what_was_made(scene, documents, key)


def _sow(scene: Scene) -> None:
    c = scene.canaries
    users = [
        {"name": "canary", "keys": [{"id": c["id"], "secret": c["secret"]}], "policies": ["AdministratorAccess"]},
        {
            "name": "assuming",
            "keys": [{"id": c["assuming id"], "secret": c["assuming secret"]}],
            "policies": ["AliyunSTSAssumeRoleAccess"],
        },
    ]
    role = {"name": "canary", "policies": ["AdministratorAccess"], "max_session_duration": HALF_A_DAY}
    scene.order("seed", {"ram": {"users": users, "roles": [role]}})
    silent = {"kind": "drop-before", "times": None}
    scene.order("faults", [{**silent, "action": "GetUser", "match": {"UserName": "fault-user"}}])
    with scene.session() as cloud:
        key = cloud.send(sts.assume_role(ROLE, "canary", HALF_A_DAY))
    c |= {"token": key.security_token, "token's id": key.access_key_id, "token's secret": key.access_key_secret}


def _documents(scene: Scene, public_key: str) -> dict[str, dict[str, object]]:
    handover = {"channel": "file", "public_key": public_key}
    shapes = {
        "exclusive": ("exclusive", handover),
        "managed": ("managed", {}),
        "role": ("managed", handover),
        "wrong": ("exclusive", {}),
        "fault": ("managed", {}),
        "planted": ("managed", {}),
    }
    return {name: _document(name, mode, handed) for name, (mode, handed) in shapes.items()}


def _document(name: str, mode: str, handover: dict[str, str]) -> dict[str, object]:
    joint = "_" if mode == "exclusive" else "-"
    return document(
        mode,
        name=f"canary-{name}",
        credentials=f"canary-{name}",
        people={"users": [{"name": f"{name}-user", "console_logon": True}], "groups": [], "handover": handover},
        network={"vpc": {"name": f"vpc-{name}"}},
        storage={"bucket": f"canary-{name}"},
        cluster={"name": f"canary{joint}{name}"},
        projects=[],
    )


def _written(path: Path, content: dict[str, object]) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def _register(scene: Scene, paths: dict[str, Path]) -> None:
    c = scene.canaries
    whole = {"ALIBABA_CLOUD_ACCESS_KEY_ID": c["id"], "ALIBABA_CLOUD_ACCESS_KEY_SECRET": c["secret"]}
    assuming = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": c["assuming id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": c["assuming secret"],
        "ALIBABA_CLOUD_ROLE_ARN": ROLE,
    }
    token = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": c["token's id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": c["token's secret"],
        "ALIBABA_CLOUD_SECURITY_TOKEN": c["token"],
    }
    keys = {
        "managed": token,
        "role": assuming,
        "wrong": {**whole, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": c["wrong secret"]},
        "fault": assuming,
        "planted": assuming,
    }
    reach = {
        "REALTIME_COMPUTE_ENDPOINTS": json.dumps({"*": scene.local.emulator_url}),
        "REALTIME_COMPUTE_CLOCK_SPEED": str(SPEED),
    }
    lines = [_command(scene, paths["exclusive"], {**whole, **reach, **change}) for change in ({}, IMPOSSIBLE)]
    with temporary_settings({PREFECT_API_URL: f"{scene.local.prefect_url}/api"}):
        for name, key in keys.items():
            register([paths[name]], {**key, **reach})
    assert [line.wait(60) for line in lines] == [0, 1]


IMPOSSIBLE = {"REALTIME_COMPUTE_ENDPOINTS": '{"*": "http://example.com"}'}


def _command(scene: Scene, path: Path, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """Register as an operator does; that the secret is in this command's environment is the operator's own doing."""
    with (scene.local.state / "register.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "deployments.register", str(path)],
            cwd=scene.root,
            env={**scene.local.environment(), **variables},
            stdout=log,
            stderr=log,
        )


def _deployment(name: str) -> str:
    return {"role": "authorize/authorize", "planted": "planted/planted"}.get(name, "prepare/prepare")


def _ended(scene: Scene, run: str) -> dict[str, str]:
    waiting = threading.Event()
    for _ in range(600):
        state = scene.prefect.get(f"/flow_runs/{run}")["state"]
        if state["type"] in TERMINAL:
            break
        waiting.wait(0.2)
    return dict(state)


def _note_what_was_made(scene: Scene, documents: dict[str, dict[str, object]], key: pyrage.x25519.Identity) -> None:
    """Note the secrets that were made on the way: keys of the role, and passwords."""
    world = json.loads((scene.local.state / "world.json").read_text())
    for number, session in enumerate(_sessions(world)):
        for part in ("access_key_id", "secret", "token"):
            scene.canaries[f"{part} of session {number}"] = session[part]
    blocks = scene.prefect.post("/block_documents/filter", include_secrets=True, limit=200)
    held = {block["name"]: block["data"] for block in blocks}
    for name in GOOD:
        wanted = Environment.model_validate(documents[name])
        secret = desired.logon_secret(wanted, wanted.people.users[0])
        path = scene.root / "handover" / f"{secret}.age"
        if wanted.people.handover.channel == "file":
            scene.canaries[f"password {name}"] = pyrage.decrypt(path.read_bytes(), [key]).decode()
        else:
            scene.canaries[f"password {name}"] = held[secret]["value"]


def _sessions(world: object) -> Iterator[dict[str, str]]:
    """Find the sessions in what the emulator keeps, wherever they are."""
    if isinstance(world, dict):
        if {"access_key_id", "token", "secret"} <= set(world):
            yield world
        for value in world.values():
            yield from _sessions(value)
    elif isinstance(world, list):
        for value in world:
            yield from _sessions(value)


@pytest.mark.requirement("R1")
def test_the_runs_went_where_they_were_to_go(scene):
    ends = {name: state["type"] for name, state in scene.states.items()}
    told = {name: str(state["message"]) for name, state in scene.states.items()}

    assert ends == dict.fromkeys(GOOD, "COMPLETED") | dict.fromkeys(BAD, "FAILED"), told
    assert "Forbidden: SignatureDoesNotMatch on GetCallerIdentity" in told["wrong"]
    assert "No answer to GetUser" in told["fault"]
    assert "KeyError" in told["planted"]
    assert "***" in told["planted"]
    sessions = sum(name.startswith("token of session") for name in scene.canaries)
    assert sessions >= 4  # the token's, and one of each run as the role
    assert {f"password {name}" for name in GOOD} <= set(scene.canaries)


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_left_behind(scene, place):
    secret = {name: value for name, value in scene.canaries.items() if place not in ACCOUNT or " id" not in f" {name}"}
    secret = {name: value for name, value in secret.items() if place not in ACCOUNT or "key_id" not in name}

    data = scene.read(place)

    assert len(data) > 100
    assert hits(data, secret) == []


def test_every_place_was_searched_that_runs_leave_something_in(scene):
    assert b"Planted bug" in scene.read("task runs")
    assert b"signed by *** with ***" in scene.read("logs")
    assert b"signed by *** with ***" in scene.read("output")
    assert b"endpoint of *: plain http is for loopback only" in scene.read("output")
    assert b"KeyError" in scene.read("results")
    assert b"canary-exclusive" in scene.read("artifacts")
    assert b"journal" in scene.read("objects")
    assert b"prefect.flow_engine" in scene.read("arguments") or b"prefect.engine" in scene.read("arguments")
    assert b"PREFECT__FLOW_RUN_ID" in scene.read("variables")
    wal = scene.local.state / "prefect" / "prefect.db-wal"
    assert wal.stat().st_size > 0


def test_only_the_server_has_the_key_of_the_database(scene):
    key = (scene.local.state / "encryption.key").read_bytes().strip()

    holders = [process for process, variables in scene.watch.variables.items() if key in variables]

    assert holders == [scene.local.processes[0].pid]
    assert key not in scene.read("database") + scene.read("output")


def test_blocks_are_encrypted_in_the_database(scene):
    key = Fernet((scene.local.state / "encryption.key").read_bytes().strip())
    with sqlite3.connect(f"file:{scene.local.state}/prefect/prefect.db?mode=ro", uri=True) as database:
        rows = [row[0] for row in database.execute("select data from block_document")]

    opened = b"\n".join(key.decrypt(json.loads(row)) for row in rows)  # all of them are
    assert {"secret", "token", "assuming secret", "wrong secret", "password managed"} <= set(
        hits(opened, scene.canaries)
    )


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_leak_is_found(scene, place):
    leak = f"planted-{secrets.token_hex(8)}"
    assert hits(scene.read(place), {"leak": leak}) == []

    PLANT[place](scene, leak)

    assert hits(scene.read(place), {"leak": leak}) == ["leak"]


def _plant_variable(scene: Scene, leak: str) -> None:
    scene.prefect.post("/variables/", name=f"planted_{secrets.token_hex(4)}", value=leak)


def _plant_output(scene: Scene, leak: str) -> None:
    with (scene.local.state / "worker.log").open("a") as log:
        log.write(f"{leak}\n")


def _plant_result(scene: Scene, leak: str) -> None:
    (scene.local.state / "prefect" / "storage" / secrets.token_hex(8)).write_text(leak)


def _plant_log(scene: Scene, leak: str) -> None:
    record = {"name": "planted", "level": 20, "message": f"with {leak}", "timestamp": "2026-01-01T00:00:00Z"}
    answer = scene.prefect.http.post(f"{scene.local.prefect_url}/api/logs/", json=[record])
    assert answer.status_code == 201


def _plant_artifact(scene: Scene, leak: str) -> None:
    scene.prefect.post("/artifacts/", key="planted", type="markdown", data=f"# {leak}")


def _plant_name(scene: Scene, leak: str, kind: str) -> None:
    run = scene.prefect.post(f"/{kind}/filter", limit=1)[0]["id"]
    answer = scene.prefect.http.patch(f"{scene.local.prefect_url}/api/{kind}/{run}", json={"name": leak})
    assert answer.status_code == 204


def _plant_object(scene: Scene, leak: str) -> None:
    next(scene.buckets()).put_object(f".realtime-compute-preparation/{secrets.token_hex(4)}.json", leak)


def _plant_user(scene: Scene, leak: str) -> None:
    scene.order("seed", {"ram": {"users": [{"name": secrets.token_hex(8), "display_name": leak}]}})


def _plant_call(scene: Scene, leak: str) -> None:
    with scene.session() as cloud:
        assert cloud.send(ram.get_user(leak)) is None


def _plant_process(scene: Scene, leak: str) -> None:
    sleep = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)", leak]
    with subprocess.Popen(sleep, env={**os.environ, "PLANTED": leak}, stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # before it has begun the system may show neither
        scene.watch.roots.add(process.pid)
        scene.watch.look()
        process.kill()


PLANT = {
    "database": _plant_variable,
    "output": _plant_output,
    "results": _plant_result,
    "logs": _plant_log,
    "artifacts": _plant_artifact,
    "flow runs": lambda scene, leak: _plant_name(scene, leak, "flow_runs"),
    "task runs": lambda scene, leak: _plant_name(scene, leak, "task_runs"),
    "objects": _plant_object,
    "page": _plant_user,
    "world": _plant_user,
    "calls": _plant_call,
    "arguments": _plant_process,
    "variables": _plant_process,
}


@pytest.mark.parametrize(
    "written",
    [
        quote("a/b+c=d&e", safe=""),
        quote(quote("a/b+c=d&e", safe=""), safe=""),
        *(b64encode(bytes(offset) + b"a/b+c=d&e" + bytes(2)).decode() for offset in range(3)),
    ],
)
def test_a_leak_in_another_form_is_found(written):
    assert hits(f"x{written}y".encode(), {"leak": "a/b+c=d&e"}) == ["leak"]


@pytest.mark.parametrize("text", ["&Signature=Zm9vYmFyZm9vYmFyZm9v%3D", "'Signature': 'Zm9vYmFyZm9vYmFyZm9v='"])
def test_a_signature_is_found(text):
    assert len(hits(text.encode(), {})) == 1
    assert hits(b"Signature=***&SignatureMethod=HMAC-SHA1&SignatureNonce=" + b"a" * 40, {}) == []
