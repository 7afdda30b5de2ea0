"""Whatever is given as an environment is read, or refused in time, in short printable words, with no cloud call."""

from __future__ import annotations

import copy
import os
import re
import socket
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from alicloud.clock import Clock
from alicloud.errors import Misconfigured
from alicloud.session import Identity, Session
from blocks.document import MAX_BYTES, load, parse, problems_of
from blocks.environment import Environment, FlinkEnvironment, UdfPackage
from blocks.shown import shown
from tasks import udf_package
from tests.flows.running import document

ROOT = Path(__file__).parents[2]
RIGHT = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "environments").glob("*.yaml"))}
SECONDS = 2.0  # of this thread: the slowest takes a quarter of it
MEMORY = 32 * 2**20
FUZZ = settings(
    max_examples=80, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(scope="module", autouse=True)
def reached():
    """Nobody is reached: connections are noted and refused."""
    tried = []

    def connect(_socket, address):
        tried.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield tried


def printable(text):
    return all(letter.isprintable() for letter in text)


def checked(error, lines=0):
    """Check how a refusal is worded, and give its message."""
    assert error.remedy and printable(error.remedy)
    told = error.message.split("\n")
    assert len(told) <= 51
    for line in told:
        assert printable(line), ascii(line)
        assert len(line) < 900, len(line)
        found = re.match(r"env\.yaml:([0-9]+: |( and [0-9]+ more| larger than 256 KiB)\.$)", line)
        assert found, line
        if lines and found[1][0].isdigit():
            assert 1 <= int(found[1].split(":")[0]) <= lines
    return error.message


def read(data):
    """Read a document: what comes is an Environment or a well worded refusal, and soon."""
    data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    started = time.thread_time()
    try:
        return parse(data, "env.yaml")
    except Misconfigured as error:
        checked(error, len(data.decode("utf-8", "replace").splitlines()) + 1)
        return error
    finally:
        assert time.thread_time() - started < SECONDS


def refused(data):
    error = read(data)
    assert isinstance(error, Misconfigured)
    return error.message


def filled(piece):
    """Give a document as large as is allowed, of one piece again and again."""
    return piece * (MAX_BYTES // len(piece))


# Mass and bombs

HUGE = {
    "list": filled("- a\n"),
    "flow list": "[" + filled("a,"),
    "flow pairs": "[" + filled("a: b, "),
    "empty sections": "[" + filled("{},"),
    "fields": "".join(f"k{n:05}: 1\n" for n in range(MAX_BYTES // 10)),
    "anchors": "".join(f"k{n:05}: &a{n:05} 1\n" for n in range(MAX_BYTES // 18)),
    "text": "name: " + "x" * (MAX_BYTES - 10),
    "escapes": 'name: "' + "\\x41" * (MAX_BYTES // 4 - 5) + '"',
    "folded": "name: >\n" + " x\n" * (MAX_BYTES // 3 - 5),
    "number": "name: " + "9" * (MAX_BYTES - 10),
    "sexagesimal": "name: 1" + ":59" * (MAX_BYTES // 3 - 10),
    "float": "name: ." + "1_" * (MAX_BYTES // 2 - 10),
    "long name of a field": "? " + "x" * (MAX_BYTES - 10) + "\n: 1",
    "long tag": "a: !" + "x" * (MAX_BYTES - 10) + " b",
    "long tag handle": "a: !" + "x" * (MAX_BYTES - 20) + "!y b",
    "long anchor": "a: &" + "x" * (MAX_BYTES - 20) + " b",
    "long region": "region: " + "x" * (MAX_BYTES - 20),
    "long CIDR block": "network: {zone: x, vpc: {cidr: " + "x" * (MAX_BYTES - 60) + "}}",
    "comments": filled("#\n"),
    "documents": filled("---\n"),
    "directives": filled("%A b\n"),
    "nested lists": "[" * MAX_BYTES,
    "nested sections": "{a: " * (MAX_BYTES // 4),
    "nested dashes": "- " * (MAX_BYTES // 2),
    "nested names": "? " * (MAX_BYTES // 2),
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_huge_document_is_refused_in_time_and_in_few_words(text):
    assert len(refused(text)) < 20_000


def test_a_huge_document_takes_little_memory():
    tracemalloc.start()
    try:
        with pytest.raises(Misconfigured):
            parse(HUGE["flow pairs"].encode(), "env.yaml")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < MEMORY


@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)),
        "a: &a {b: 1}\nc: {<<: [*a, *a]}",
        "&a [*a]",
        "a: &a\n  b: *a",
        "{&a a: *a}",
    ],
    ids=["billion laughs", "merged", "itself", "section in itself", "name and value"],
)
def test_what_stands_for_something_else_is_refused(text):
    assert "aliases are not allowed" in refused(text)


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 50 * 2**30])
def test_a_file_that_is_too_large_is_not_even_read_whole(tmp_path, size):
    path = tmp_path / "env.yaml"
    path.touch()
    os.truncate(path, size)
    tracemalloc.start()

    try:
        with pytest.raises(Misconfigured, match=r"larger than 256 KiB\. An environment is a small"):
            load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 8 * MAX_BYTES


def test_a_file_without_end_is_refused():
    with pytest.raises(Misconfigured, match="larger than 256 KiB"):
        load(Path("/dev/zero"))


# What YAML makes of texts

TAGS = ["!!python/object/apply:os.system [id]", "!!python/name:os.system", "!!binary aGk=", "!!timestamp 2020-01-01"]
TAGS += ["!!set {a, b}", "!!omap [a: 1]", "!!str x", "!<tag:x> y", "!mine x", "! x", "!!map {}", "!!float 1"]


@pytest.mark.parametrize("value", TAGS)
def test_a_tag_is_refused_and_nothing_is_constructed(value):
    assert re.search(
        r"env.yaml:2: (the tag .* is not allowed|found undefined tag handle)", refused(f"a: 1\nb: {value}")
    )


@pytest.mark.parametrize(
    "value",
    (
        *("no", "on", "true", "~", "y: z", "1_000", "0x10", "0o7", "010", "1:20:30", "1e3", ".5", ".inf", ".NaN"),
        *("2020-01-01", "2020-01-01 01:01:01", "[a]", "{a: b}"),
    ),
)
def test_a_name_that_yaml_takes_for_something_else_is_never_taken(value):
    problem = refused(RIGHT["exclusive"].replace("name: flink-exclusive", f"name: {value}", 1))

    assert re.match(r"env.yaml:[0-9]+: (name: |mapping values are not|.* can be read as more than one)", problem)


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf", "-1", "1e400", "9" * 40, "0.00001", "yes", "1 0"])
def test_a_price_that_is_no_price_is_refused_at_its_line(value):
    number = next(n for n, line in enumerate(RIGHT["managed"].splitlines(), 1) if "max_price: 100" in line)

    message = refused(RIGHT["managed"].replace("max_price: 100", f"max_price: {value}"))

    assert message.startswith(f"env.yaml:{number}: safety.max_price: ")


@pytest.mark.parametrize("value", ["1:20", "010", "0x10", "0b11", "1_000", "1_0.0", "00", "1:00.5"])
def test_a_number_that_can_be_read_in_two_ways_is_not_guessed(value):
    assert f"'{value}' can be read as more than one" in refused(
        RIGHT["managed"].replace("price: 100", f"price: {value}")
    )


@pytest.mark.parametrize("value", ["0", "100", "+7", "99.5", "1e2", "1.5e+1", ".5", "100."])
def test_a_number_in_decimal_is_taken(value):
    environment = read(RIGHT["managed"].replace("price: 100", f"price: {value}"))

    assert float(environment.safety.max_price) == float(value)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\xff\xfe" + RIGHT["managed"].encode("utf-16-le"), "not text in UTF-8"),
        (RIGHT["managed"].encode("utf-16-be"), "is not allowed"),
        (b"name: caf\xe9", "not text in UTF-8"),
        (b"name: \xed\xa0\x80", "not text in UTF-8"),
        (b"name: \xc0\xaf", "not text in UTF-8"),
        (b"name: a\x00b", r"'\\x00' is not allowed"),
        (b"name: a\x1b[31mb", r"'\\x1b' is not allowed"),
        (b"name: a\x7fb", r"'\\x7f' is not allowed"),
        ('"\\ud800": 1', "surrogate"),
        ('network: {"\\udfff": 1}', "surrogate|field"),
        ('name: "\\ud83d\\ude00"', "surrogate"),
        ('"\\e[2J\\a\\nenv.yaml:1: all is well": 1', r"\\x1b\[2J\\x07\\nenv"),
        ('"\\u202egnp.exe": 1', r"\\u202e"),
        ("=: 1", "must be text"),
        ("a: =", "could not determine"),
        ("%YAML 3.0\n---\na: b", "incompatible"),
        ("a: b\n...\n---\nc: d", "another document"),
        ("a:\n\tb: c", "cannot start any token"),
        ("a: b\na: c", "stands twice"),
        ("? {a: b}\n: c", "must be text"),
        ("\x85", "is not allowed|must be a section"),
    ],
)
def test_text_that_is_no_plain_text_is_refused_by_its_cause(data, cause):
    assert re.search(cause, refused(data))


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")])
def test_a_byte_order_mark_and_dos_line_ends_change_nothing(change):
    assert read(change(RIGHT["managed"])) == read(RIGHT["managed"])


def test_more_errors_than_a_person_reads_are_counted():
    message = refused(RIGHT["managed"] + "".join(f"k{n}: 1\n" for n in range(200)))

    assert message.endswith("env.yaml: and 150 more.")


def test_a_secret_that_somebody_wrote_into_the_document_is_not_repeated():
    secret = "kN7vQzR2mW9xT4bL8cY3"
    content = yaml.safe_load(RIGHT["managed"]) | {"access_key_secret": secret}

    message = refused(RIGHT["managed"] + f"access_key_secret: {secret}\n")
    with pytest.raises(ValidationError) as caught:
        FlinkEnvironment.model_validate({"environment": content})

    assert "access_key_secret" in message and "access_key_secret" in str(caught.value)
    assert secret not in message and secret not in str(caught.value)


# Anything anywhere

TEXTS = st.text(st.characters(exclude_categories=()), max_size=30)  # with control characters and surrogates
ODD = ["", "x" * 5000, "../..", "\x1b[31m", "\u202e", "\ud800", "*", "<<", "{0.__class__}", "0.0.0.0/0", "exclusive"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**39, -(10**39), 10**400])
    | st.floats()
    | TEXTS
    | st.sampled_from(ODD)
)
NAMES = st.sampled_from([*Environment.model_fields, "id", "name", "cidr", "mode", "users"]) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


def places(content, place=()):
    """Give the place of every node of a document."""
    yield place
    entries = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for name, value in entries:
        yield from places(value, (*place, name))


DOCUMENTS = {"exclusive": document(), "managed": document("managed")}
DOCUMENTS |= {f"{name}.yaml": yaml.safe_load(text) for name, text in RIGHT.items()}
PLACES = [(name, place) for name, content in DOCUMENTS.items() for place in places(content)]


def replaced(name, place, value):
    """Give a right document with a value in one place."""
    if not place:
        return value
    content = copy.deepcopy(DOCUMENTS[name])
    section = content
    for part in place[:-1]:
        section = section[part]
    section[place[-1]] = value
    return content


class Plainly(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


@settings(FUZZ, max_examples=150)
@given(st.sampled_from(PLACES), VALUES)
@example(("managed", ()), {"\ud800": 1})
@example(("managed", ("network",)), {"\ud800": 1})
@example(("managed", ("safety", "max_price")), 10**400)
def test_a_right_document_with_anything_in_one_place_is_read_or_refused(reached, changed, value):
    text = yaml.dump(replaced(*changed, value), Dumper=Plainly, width=10**6)

    result = read(text)

    assert isinstance(result, Environment | Misconfigured)
    assert reached == []


@FUZZ
@given(st.binary(max_size=300) | st.text(max_size=300) | st.text("[]{},:-?&*!|>'\"%@`#\n \tab1", max_size=200))
def test_bytes_and_texts_of_any_kind_are_refused(data):
    assert isinstance(read(data), Misconfigured)


@settings(FUZZ, max_examples=120)
@given(st.sampled_from(PLACES), VALUES | st.binary(max_size=9))
@example(("managed", ()), {"\ud800": 1})
def test_a_block_with_anything_in_one_place_is_made_or_refused_as_the_document_is(reached, changed, value):
    content = replaced(*changed, value)

    problems = problems_of(content)
    try:
        made = FlinkEnvironment.model_validate({"environment": content})
    except ValidationError as error:
        made = None
        assert len(str(error)) < 20_000

    assert (problems == []) == (made is not None)
    for problem in map(str, problems):
        assert printable(problem) and len(problem) < 900
    assert reached == []


def test_a_number_of_more_digits_than_python_writes_is_named_in_words():
    assert shown(10**5000) == "a very long int"


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"network": value}
    return value


@pytest.mark.parametrize("section", [(), ("network",), ("people", "users")])
def test_a_block_nested_without_end_is_refused(section):
    content = replaced("managed", section, nested(50_000))

    with pytest.raises(ValidationError):
        FlinkEnvironment.model_validate({"environment": content})
    assert all(len(str(problem)) < 900 for problem in problems_of(content))


# UDF packages: names and files

NOT_PATHS = ["..", "../x.jar", "a/../../x.jar", "/etc/passwd", "//x", "\\..\\x", "a\\..\\..\\x", "~root/x", "", "a//b"]
NOT_PATHS += ["a/", "a\0.jar", "a\n.jar", "a\x1b.jar", "\u202ejar.exe", "a\u2028b", "\ud800.jar", "x" * 301]
NOT_NAMES = [
    "..",
    ".hidden",
    "a/b",
    "a\\b",
    "a b",
    "a\0",
    "a\n",
    "\uff0e\uff0e",
    "a\u200b",
    "ａ.jar",
    "x" * 101,
    "",
    "-a",
]


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("field", "value"),
    [("path", path) for path in NOT_PATHS] + [("name", name) for name in NOT_NAMES],
    ids=ascii,
)
def test_a_package_whose_name_or_path_leads_elsewhere_is_refused(field, value):
    package = {"name": "a.jar", "path": "a.jar", field: value}

    (problem,) = problems_of(document(storage={"udf_packages": [package]}))

    assert problem.place == ("storage", "udf_packages", 0, field)
    assert printable(str(problem)) and len(str(problem)) < 300


@pytest.fixture
def udf(tmp_path, monkeypatch):
    """The udf/ of a folder that flows run in; beside it something that is not to be given away."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("not for the bucket")
    (tmp_path / "udf-secret").mkdir()
    (tmp_path / "udf-secret" / "x.jar").write_text("not for the bucket")
    (tmp_path / "udf").mkdir()
    return tmp_path / "udf"


def uploaded(path):
    """Carry out the upload of a package, and give its refusal; nobody waits for ever."""
    ended = []

    def upload():
        identity = Identity("LTAI5tNobody", "some-secret")
        clock = Clock(wait=lambda seconds: None)
        with Session(identity, "cn-hangzhou", {"*": "http://127.0.0.1:9"}, clock, attempts=1) as cloud:
            try:
                udf_package.ensure_package.fn(cloud, UdfPackage(name="a.jar", path=path), "flink-packages")
            except Exception as error:
                ended.append(error)

    thread = threading.Thread(target=upload, daemon=True)
    thread.start()
    thread.join(10)
    assert ended, "it is still being read"
    return ended[0]


LEADING_OUT = ["/dev/zero", "/proc/self/environ", "../secret", "../udf-secret/x.jar", "..", "/"]


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("target", LEADING_OUT)
@pytest.mark.parametrize("deep", [False, True])
def test_a_link_out_of_the_folder_is_not_followed(reached, udf, target, deep):
    if deep:
        (udf / "folder").symlink_to((udf / target).resolve() if target.startswith(("/", "..")) else target)
    link = udf / "x.jar"
    link.symlink_to("folder" if deep else target)

    error = uploaded("x.jar")

    assert isinstance(error, Misconfigured)
    assert "lies outside of udf/" in error.message
    assert reached == []


@pytest.mark.requirement("R20")
def test_a_pipe_is_not_waited_for(reached, udf):
    os.mkfifo(udf / "x.jar")

    error = uploaded("x.jar")

    assert isinstance(error, Misconfigured)
    assert "udf/x.jar is not a regular file" in error.message
    assert reached == []


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (lambda path: path.symlink_to(path.name), "cannot be read"),
        (lambda path: path.mkdir(), "is not a regular file"),
        (lambda path: path.symlink_to("gone"), "cannot be read"),
        (lambda path: path.touch() or os.truncate(path, udf_package.MAX_BYTES + 1), "is larger than 256 MiB"),
    ],
    ids=["link to itself", "folder", "link to nothing", "too large"],
)
def test_what_is_no_file_of_the_right_size_is_refused(reached, udf, monkeypatch, make, cause):
    monkeypatch.setattr(udf_package, "MAX_BYTES", 1000)
    make(udf / "x.jar")

    error = uploaded("x.jar")

    assert isinstance(error, Misconfigured)
    assert cause in error.message
    assert reached == []


@pytest.mark.requirement("R20")
def test_a_device_is_not_read(reached, udf, monkeypatch):
    monkeypatch.setattr(udf_package, "FOLDER", Path("/dev"))

    error = uploaded("zero")

    assert "is not a regular file" in error.message
    assert reached == []


def test_a_name_longer_than_the_file_system_takes_is_refused(reached, udf):
    assert isinstance(uploaded("x" * 300), Misconfigured)
    assert reached == []


def test_a_right_package_is_the_one_that_reaches_for_the_cloud(reached, udf):
    (udf / "x.jar").write_bytes(b"right")

    error = uploaded("x.jar")

    assert not isinstance(error, Misconfigured)
    assert reached
    reached.clear()
