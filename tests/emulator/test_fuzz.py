"""Whatever strangers send: never a 5xx that nobody ordered, never a hang, and the world can still be saved.

Every action of every route table is called. Which parameters a handler reads is found by watching it, so that a new one
is met with hostile values too; some values are good, so that calls get past the first check.
"""

import asyncio
import copy
import json
import random
import re
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import oss2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from emulator import oss_routes, products, roa, seed, store
from emulator.cloud import Cloud
from emulator.request import Caller, Refusal, Request
from emulator.server import Emulator
from emulator.world import Clock, World
from tests.emulator.client import ACCOUNT, Running, roa_headers, rpc_fields, signed

EXAMPLES = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # without shrinking a failure takes no longer than success
    suppress_health_check=list(HealthCheck),
)
ROUNDS = 60  # of watching a handler
LONGEST = 3.0  # seconds of CPU for one call

SEEDED = seed.sown(World(), seed.named("everything"))
ID = "cn-hangzhou"


def values_in(thing: Any) -> set[str]:
    """Give the names and ids that stand in the seeded world."""
    if isinstance(thing, Mapping):
        return {str(key) for key in thing} | {value for item in thing.values() for value in values_in(item)}
    if isinstance(thing, list):
        return {value for item in thing for value in values_in(item)}
    return {thing} if isinstance(thing, str) and len(thing) < 64 else set()


PLAUSIBLE = sorted(values_in(store.dump(SEEDED)["parts"]) - {""})
COMMON = ["1", "2", "10", "true", "false", "cn-hangzhou", "cn-hangzhou-h", "10.1.0.0/16", "2026-04-18T15:02:37Z"]
COMMON += ["POST", "PRE", "Month", "M", "Custom", "System", "Subscription", "PayAsYouGo", "AutoRenewal", "Upgrade"]
COMMON += ['{"Cpu": 10, "MemoryGB": 40}', '["vsw-bp1everythingh0000000"]', '[{"Key": "a", "Value": "b"}]']
COMMON += ['{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}']

HOSTILE = [
    "",
    " ",
    "0",
    "-1",
    "99999999999999999999999999999999999999",
    "1e999",
    "NaN",
    "1.5",
    "0x10",
    "٣",
    "null",
    "[]",
    "{}",
    "[[]]",
    '"text"',
    "[1]",
    "[null]",
    '{"Cpu": 1e400, "MemoryGB": -1}',
    '{"Cpu": 99999999999999999999999, "MemoryGB": {}}',
    '{"Oss": {"Bucket": []}}',
    '{"Oss": 1}',
    '[{"Key": {}, "Value": []}]',
    '[{"Namespace": [], "ResourceSpec": 1}]',
    '{"a": "\\ud800"}',
    "[" * 5000,
    '{"a":' * 900 + "1" + "}" * 900,
    json.dumps({str(number): [number] * 10 for number in range(300)}),
    json.dumps({"Version": "1", "Statement": [{"Effect": [], "Action": {}, "Resource": 1}]}),
    json.dumps({"Version": "1", "Statement": {"Effect": "Allow", "Action": "a:" + "*a" * 500, "Resource": "*"}}),
    "x" * 70_000,
    "\x00",
    "a\r\nb: c",
    "\ud7ff\ufffe\U0001f4a9é漢字",
    "../../etc/passwd",
    "%00%ff%",
    "*",
    "a.1.b",
    "' OR 1=1 --",
    "10.0.0.0/33",
    "::/0",
    "0.0.0.0/0",
    "acs:ram::1:role/x",
    "9999-12-31T23:59:59Z",
    "0000-00-00T00:00:00Z",
]

VALUE = st.one_of(st.sampled_from(COMMON), st.sampled_from(PLAUSIBLE), st.sampled_from(HOSTILE), st.text(max_size=40))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(PLAUSIBLE), st.text(max_size=20)),
    lambda inner: (
        st.just("\ud800") | st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=6,
)


class Watched(dict):
    """Parameters that answer every question with a good guess, and remember it."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__()
        self.asked: set[str] = set()
        self.draw = draw

    def get(self, name: Any, default: Any = None) -> Any:
        self.asked.add(name)
        return self[name]

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: Any) -> str:
        self.asked.add(name)
        self[name] = self.draw.choice(self.draw.choice((COMMON, PLAUSIBLE)))
        return self[name]


def lists_of(product: products.Product) -> set[str]:
    """Give the flattened lists that a product takes, which nobody asks for by name."""
    folder = Path(products.__file__).parent
    source = "".join(path.read_text() for path in [*folder.glob(f"{product.section}*.py"), folder / "labels.py"])
    found = set(re.findall(r'\.items\("(\w+)"\)', source))
    parts = (
        "Key",
        "Value",
        "Code",
        "Config",
        "ModuleCode",
        "PriceType",
        "IpProtocol",
        "PortRange",
        "SourceCidrIp",
        "x.y",
    )
    records = re.findall(r'\.records\("(\w+)"\)', source)
    return {f"{name}.1" for name in found} | {f"{name}.1.{part}" for name in records for part in parts}


def names_read(handler: Any, action: str) -> tuple[list[str], list[str]]:
    """Give the parameters, and the parts of a JSON body, that a handler asks for."""
    draw = random.Random(action)
    parameters, document = Watched(draw), Watched(draw)
    for _ in range(ROUNDS):
        parameters.clear()
        document.clear()
        caller = Caller("Account", SEEDED.account_id, ACCOUNT.access_key_id, principal_id=SEEDED.account_id)
        path = {name: draw.choice(PLAUSIBLE) for name in ("clusterId", "projectName", "namespace", "queueName")}
        headers = {"workspace": next(iter(SEEDED.parts["foasconsole"].workspaces.values())).resource_id}
        request = Request(action, caller, parameters, path, document, ID, headers)
        try:
            handler(WORLD, request)
        except Refusal:
            pass
        except (KeyError, AttributeError, TypeError, ValueError):
            pass  # a watched dict is not what a client can send
    return sorted(parameters.asked), sorted(map(str, document.asked))


WORLD = copy.deepcopy(SEEDED)
RPC = [(product, action) for product in products.PRODUCTS for action in product.routes if isinstance(action, str)]
ROA = [
    (product, method, template, action)
    for product in products.PRODUCTS
    for (method, _), templates in roa._templates(product).items()
    for template, action, _ in templates
]


class App:
    """The emulator as an application, called without a network."""

    def __init__(self) -> None:
        self.cloud = Cloud(world=copy.deepcopy(SEEDED))
        self.app = Emulator(self.cloud)
        self.loop = asyncio.new_event_loop()

    def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, bytes]:
        started = time.process_time()
        status, reply = self.loop.run_until_complete(self._call(method, target, headers, body))
        assert time.process_time() - started < LONGEST
        return status, reply

    async def _call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        given = {"host": "127.0.0.1:8400", "content-length": str(len(body)), **headers}
        scope = {
            "type": "http",
            "method": method,
            "raw_path": path.encode("latin-1"),
            "path": path,
            "query_string": query.encode("latin-1"),
            "headers": [(name.lower().encode(), value.encode("utf-8", "replace")) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8400),
            "scheme": "http",
            "state": {},
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: Any) -> None:
            sent.append(event)

        await self.app(scope, receive, send)
        return sent[0]["status"], b"".join(event.get("body", b"") for event in sent[1:])

    def check(self) -> None:
        """The world can be written down and read back, and all that there is to see can be shown."""
        for target in ("/", "/_emulator/world", "/_emulator/calls"):
            assert self.call("GET", target, {"accept": "text/html"})[0] == 200
        self.loop.close()
        store.load(json.loads(json.dumps(store.dump(self.cloud.world))), Clock())


def test_the_watcher_sees_what_handlers_read():
    ram = products.BY_VERSION["2015-05-01"].routes
    bss = products.BY_VERSION["2017-12-14"].routes

    assert {"UserName", "DisplayName", "Email"} <= set(names_read(ram["CreateUser"], "CreateUser")[0])
    assert {"ProductCode", "RenewPeriod"} <= set(names_read(bss["CreateInstance"], "CreateInstance")[0])
    assert "Parameter.1.Code" in lists_of(products.BY_VERSION["2017-12-14"])


@pytest.mark.parametrize(("product", "action"), RPC, ids=lambda value: getattr(value, "name", value))
def test_no_rpc_call_breaks_anything(product: products.Product, action: str):
    app, (names, _) = App(), names_read(product.routes[action], action)
    names += sorted(lists_of(product))

    @EXAMPLES
    @given(st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUE)), st.booleans())
    def fuzz(parameters: dict[str, str], in_a_form: bool) -> None:
        fields = rpc_fields(product.version, action)
        query = urlencode(signed(fields | parameters, "POST"), errors="replace")
        form = {"content-type": "application/x-www-form-urlencoded"}

        if in_a_form:
            status, reply = app.call("POST", "/", form, query.encode())
        else:
            status, reply = app.call("POST", f"/?{query}", {})

        assert status < 500, reply
        assert isinstance(json.loads(reply), dict)

    fuzz()
    app.check()


@pytest.mark.parametrize(
    ("product", "method", "template", "action"), ROA, ids=lambda value: getattr(value, "name", None)
)
def test_no_roa_call_breaks_anything(product: products.Product, method: str, template: list[str], action: str):
    handler = next(entry[2] for entries in roa._templates(product).values() for entry in entries if entry[1] == action)
    app, (names, parts) = App(), names_read(handler, action)
    holders = [part for part in template if part.startswith("{")]
    workspace = next(iter(SEEDED.parts["foasconsole"].workspaces.values())).resource_id

    @EXAMPLES
    @given(
        st.lists(VALUE, min_size=len(holders), max_size=len(holders)),
        st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUE)),
        st.fixed_dictionaries({}, optional=dict.fromkeys(parts, JSON | VALUE)) | JSON,
        st.booleans(),
    )
    def fuzz(held: list[str], parameters: dict[str, str], document: Any, as_json: bool) -> None:
        filled = iter(held)
        segments = [quote(next(filled) or "x", "", errors="replace") if part in holders else part for part in template]
        path, body = "/" + "/".join(segments), json.dumps(document).encode() if as_json else b""
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        query = {name: value for name, value in parameters.items() if value}
        headers = roa_headers(method, path, query, body, version=product.version, content_type=kind)
        headers["workspace"] = workspace

        status, reply = app.call(method, f"{path}?{urlencode(query, errors='replace')}", headers, body)

        assert status < 500, reply
        assert isinstance(json.loads(reply), dict)

    fuzz()
    app.check()


OSS_NAMES = ["prefix", "marker", "delimiter", "max-keys", "encoding-type", "continuation-token", "start-after"]
OSS_NAMES += [
    "uploadId",
    "partNumber",
    "versionId",
    "key-marker",
    "upload-id-marker",
    "fetch-owner",
    "response-expires",
]
OSS_HEADERS = ["range", "if-match", "if-modified-since", "content-type", "x-oss-acl", "x-oss-forbid-overwrite"]
OSS_HEADERS += ["x-oss-meta-a", "x-oss-copy-source", "x-oss-copy-source-range", "x-oss-tagging", "x-oss-storage-class"]
OSS_HEADERS += ["content-md5", "x-oss-server-side-encryption", "x-oss-metadata-directive"]
OSS_VALUE = st.one_of(
    st.sampled_from([value for value in (*COMMON, *HOSTILE, *PLAUSIBLE) if value.isascii() and value.isprintable()]),
    st.sampled_from(
        ["bytes=0-", "bytes=-1", "bytes=9-1", "/flink-udf-packages/key", "key", "2", "url", "IA", "AES256"]
    ),
)
XML = [
    b"",
    b"<",
    b"<a/>",
    b"\xff\xfe",
    b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    b"<a>" * 20_000,
    b"<Delete><Object><Key>key</Key></Object></Delete>",
    b"<CreateBucketConfiguration><StorageClass>x</StorageClass></CreateBucketConfiguration>",
    b"<CompleteMultipartUpload><Part><PartNumber>9</PartNumber><ETag/></Part></CompleteMultipartUpload>",
    b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    b"<LifecycleConfiguration><Rule><Expiration><Days>-1</Days></Expiration></Rule></LifecycleConfiguration>",
    b"<Tagging><TagSet><Tag><Key/></Tag></TagSet></Tagging>",
    b'{"Version":"1","Statement":[]}',
    b"[" * 10_000,
]


@pytest.mark.parametrize("operation", oss_routes.OPERATIONS, ids="-".join)
def test_no_oss_request_breaks_anything(operation: tuple[str, ...]):
    app, auth = App(), oss2.Auth(ACCOUNT.access_key_id, ACCOUNT.secret)
    method, kind, *selectors = operation

    @EXAMPLES
    @given(
        st.sampled_from(["key", "no", "a/b", "é漢", "%2e%2e", "x" * 1000, "../a"]),
        st.fixed_dictionaries({}, optional=dict.fromkeys(OSS_NAMES, OSS_VALUE)),
        st.fixed_dictionaries({}, optional=dict.fromkeys(OSS_HEADERS, OSS_VALUE)),
        st.sampled_from(XML),
    )
    def fuzz(key: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> None:
        bucket = "flink-udf-packages" if kind != "service" else ""
        key = key if kind == "object" else ""
        path = "/".join(part for part in ("", bucket, quote(key)) if part or part == "") or "/"
        given = {name: "" for name in selectors if not name.startswith("x-oss")} | query
        if "list-type" in selectors:
            given["list-type"] = "2"
        request = oss2.http.Request(method, f"http://127.0.0.1{path}", body, given, headers)
        auth._sign_request(request, bucket, key)
        target = f"{quote(path, '/%')}?{urlencode(given)}" if given else quote(path, "/%")

        status, reply = app.call(
            method, target, {n: v for n, v in request.headers.items() if v}, b"" if method in ("GET", "HEAD") else body
        )

        assert status < 500 or b"<Code>NotImplemented</Code>" in reply or method == "HEAD", reply
        assert status != 500

    fuzz()
    app.check()


@pytest.mark.parametrize("name", ["world", "calls", "clock", "reset", "seed", "faults", "rates", "health", "nothing"])
def test_no_order_to_the_emulator_breaks_it(name: str):
    app = App()

    @EXAMPLES
    @given(st.sampled_from(["GET", "POST", "DELETE", "PUT"]), JSON | st.sampled_from(HOSTILE))
    def fuzz(method: str, content: Any) -> None:
        status, reply = app.call(method, f"/_emulator/{name}", {}, json.dumps(content).encode())

        assert status < 500, reply

    fuzz()
    app.check()


def address(emulator: Running) -> tuple[str, int]:
    host, port = emulator.url.removeprefix("http://").split(":")
    return host, int(port)


@pytest.mark.parametrize(
    "content",
    [
        b"\r\n\r\n",
        b"\x00\xff\x16\x03\x01\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"G\xc3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: [\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 50_000 + b"\r\n",
        b"GET /?" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nx",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnonsense",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=lambda content: ascii(content[:40]),
)
def test_broken_http_is_refused_or_hung_up_on(emulator: Running, content: bytes):
    with socket.create_connection(address(emulator), 5) as raw:
        try:
            raw.sendall(content)
            raw.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: raw.recv(65536), b""))
        except TimeoutError:
            raise
        except OSError:
            received = b""  # hung up on before all had been sent

    last = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert last == b"" or last.startswith(b"HTTP/1.1 4"), last[:200]
    assert emulator.rpc("Ram", "ListUsers").status_code == 200


def test_a_body_that_breaks_off_has_no_effect(emulator: Running):
    fields = signed(rpc_fields("2015-05-01", "CreateUser", UserName="alice"), "POST")
    head = f"POST /?{urlencode(fields)} HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n"

    with socket.create_connection(address(emulator), 5) as raw:
        raw.sendall(head.encode() + b"x")

    assert emulator.control("GET", "world")["parts"]["ram"]["users"] == {}
    assert emulator.ok("Ram", "CreateUser", UserName="alice")


def test_a_client_that_says_nothing_holds_nobody_up(emulator: Running):
    silent = [socket.create_connection(address(emulator), 5) for _ in range(50)]
    for connection in silent[:25]:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Le")

    started = time.monotonic()
    assert emulator.rpc("Ram", "ListUsers").status_code == 200

    assert time.monotonic() - started < 2
    for connection in silent:
        connection.close()


def test_200_clients_at_once_are_all_served(emulator: Running):
    host, port = address(emulator)

    async def client(number: int) -> list[int]:
        reader, writer = await asyncio.open_connection(host, port)
        statuses = []
        for turn in range(3):
            fields = signed(rpc_fields("2015-05-01", "CreateUser", UserName=f"user-{number}-{turn}"), "POST")
            request = f"POST /?{urlencode(fields)} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            statuses.append(int(head.split()[1]))
        writer.close()
        return statuses

    async def all_of_them() -> list[list[int]]:
        return await asyncio.wait_for(asyncio.gather(*(client(number) for number in range(200))), 20)

    statuses = asyncio.run(all_of_them())

    assert statuses == [[200] * 3] * 200
    assert len(emulator.control("GET", "world")["parts"]["ram"]["users"]) == 600
