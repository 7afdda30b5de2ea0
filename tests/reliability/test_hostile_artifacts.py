"""What the cloud or an environment says is shown inert: in artifacts, tickets, log lines, messages and run names."""

from __future__ import annotations

import dataclasses
import logging
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from alicloud import foas, foasconsole
from alicloud.bssopenapi import OrderedInstance
from alicloud.call import Call, Kind
from alicloud.clock import Clock
from alicloud.errors import TimedOut, Unmet, refusal
from alicloud.foas import Cluster
from alicloud.foas_projects import Project
from alicloud.foasconsole import Workspace
from alicloud.foasconsole_namespaces import Namespace
from alicloud.oss import Bucket
from alicloud.oss_objects import StoredObject
from alicloud.ram import Group, User, UserSpec
from alicloud.ram_policies import Policy, Role
from alicloud.session import Identity, Session
from alicloud.snapshot import Ledger
from alicloud.vpc import Vpc
from alicloud.vpc_vswitches import VSwitch
from blocks import desired
from tasks import progress, report
from tasks.account import Account
from tasks.progress import Look, Timing, wait_with_progress
from tasks.ram_user import ensure_user
from tasks.report import Report, publish
from tasks.timeline import Timeline
from tasks.workspace import Quote
from tests.flows.running import environment

FUZZ = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
PIECES = """
<script>alert(1)</script>;<img src=x onerror=alert(1)>;<svg/onload=alert(1)>;<!--;-->;<http://evil.example>;<a@b.c>
[x](javascript:alert(1));[x](data:text/html,x);![x](http://evil.example/x.png);[x]: javascript:alert(1);[x];[^1]
|;||;`;```;````;~~~;~~x~~;**x**;__x__;_;*;#;## Forged;- ;+ ;1. ;> ;---;===;\\;\\|;&lt;script&gt;;&#60;b&#62;;&NewLine;
{0.__class__};{cloud.identity};{{;}};%s;%(x)s;$x$;:smile:;@all;https://evil.example;</td></tr>;</pre>;text
""".replace("\n", ";").split(";")
PIECES += [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\t",
    "    ",
    " ",
    "\0",
    "\x1b[31m",
    "\x1b]0;x\x07",
    "\x0b",
    "\x0c",
    "\x85",
    "\x08",
]
PIECES += [
    "\u2028",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ud800",
    "\ufeff",
    "\n```\n",
    "\r```\r",
    "\n| a | b |\n| - | - |\n",
    "é",
]
HOSTILE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join)
WORST = (
    "\r\n```\r# Forged\n<script>x</script> | ![x](http://e.example) [x](javascript:x) `x` **x** \ud800\x1b[2J\u202e\\"
)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
TEXTUAL = {"text", "text_special", "entity"}
ATTRIBUTES = {"class", "d", "fill", "height", "rx", "stroke", "viewBox", "width", "x", "y"}


def tokens(markdown):
    """Give every token of a text as a browser would get it."""
    for token in MARKDOWN.parse(markdown):
        yield token
        yield from token.children or ()


def structure(markdown):
    """Give what a text is made of, without its words."""
    return [(token.type, token.tag, token.info) for token in tokens(markdown) if token.type not in TEXTUAL]


def last_cells(markdown):
    """Give the last cell of each row of each table."""
    found = MARKDOWN.parse(markdown)
    return [found[n - 2].content for n, token in enumerate(found) if token.type == "tr_close"]


def links(markdown):
    return [token.attrGet("href") for token in tokens(markdown) if token.type == "link_open"]


def is_inert(line):
    """Say whether a line of Markdown is one paragraph of words."""
    return set(structure(line)) <= {
        ("paragraph_open", "p", ""),
        ("inline", "", ""),
        ("paragraph_close", "p", ""),
    }


def printable(text):
    text.encode()  # a half of a surrogate pair cannot be sent to the server
    return all(letter.isprintable() or letter == "\n" for letter in text)


def texts(picture):
    """Give the texts of a picture."""
    return [element.text or "" for element in picture.iter() if element.tag.endswith("}text")]


def made(kind, text):
    """Make something that the cloud tells, with this text wherever a text may be."""
    values = {"str": text, "int": 1, "float": 1.0, "bool": False}
    fields = [field for field in dataclasses.fields(kind) if field.init]
    return kind(**{field.name: values.get(str(field.type), ()) for field in fields})


KINDS = (Account, User, Group, Policy, Role, Vpc, VSwitch, Bucket, StoredObject, OrderedInstance, Quote, Cluster)
KINDS += (Workspace, Project, Namespace)


def hostile_report(text):
    """Make the report of a run in which every text that is not ours is this one."""
    ledger = Ledger()
    with ledger.step(f"RAM user {text}", ("R1",)):
        ledger.add(Call("P", "1", "MakeThing", Kind.IDEMPOTENT, dict, means=f"make {text}"), text)
    error = refusal(text, text, action="MakeThing", request_id=text, status=400)
    with pytest.raises(type(error)), ledger.step(f"Bucket {text}", ("R20",)):
        raise error
    with pytest.raises(Unmet), ledger.step(f"Role {text}"):
        raise Unmet(text, remedy=text)
    results = [made(kind, text) for kind in KINDS]
    people = {"users": [{"name": "alice", "console_logon": True, "display_name": "<b>Alice</b>"}], "groups": []}
    wanted = environment(people=people, projects=[])
    return Report(wanted, ledger, [*results, {f"Policy {text}": text, "Other": f'{{"Statement": "{text}"}}'}])


BENIGN = hostile_report("words")


@settings(FUZZ, max_examples=100)
@given(HOSTILE)
@example(WORST)
@example("\r| a | b | c |\r")
@example("x> <script>alert(1)</script>")
def test_a_hostile_report_is_built_like_a_benign_one(text):
    assume(text.strip())

    markdown = hostile_report(text).markdown()

    assert structure(markdown) == structure(BENIGN.markdown())
    assert last_cells(markdown)[-3:] == ["R1", "R20", ""]  # of the table of steps: no cell came in between
    assert printable(markdown)


@FUZZ
@given(HOSTILE)
@example(WORST)
@example("x> <script>alert(1)</script>")
@example("x/../../evil.example/?")
def test_no_link_of_a_report_leads_where_the_cloud_says(text):
    found = links(hostile_report(text).markdown())

    benign = links(BENIGN.markdown())
    assert len(found) == len(benign)
    for link, expected in zip(found, benign, strict=True):
        assert link.split("/")[:3] == expected.split("/")[:3]
        assert link.count("/") == expected.count("/")


@pytest.mark.parametrize(
    "document", ["[" * 100_000, '{"a":' * 50_000, "9" * 10_000, "NaN", '"\\ud800"', "", "```", WORST]
)
def test_a_policy_document_of_any_kind_stays_in_its_block(document):
    markdown = Report(environment(), Ledger(), [{"Policy": document}]).markdown()

    fences = [token for token in tokens(markdown) if token.type == "fence"]
    assert len(fences) == 1
    assert structure(markdown) == structure(Report(environment(), Ledger(), [{"Policy": "{}"}]).markdown())
    assert printable(markdown)


@FUZZ
@given(HOSTILE)
@example(WORST)
@example("</text></svg><script>alert(1)</script>")
@example("]]>&lol;<!DOCTYPE x [<!ENTITY lol 'x'>]>")
def test_a_hostile_title_is_nothing_but_text_in_the_picture_of_a_run(text):
    timeline = Timeline.of(hostile_report(text).ledger.outcomes.values())

    page, picture = timeline.markdown("dev"), ElementTree.fromstring(timeline.svg())

    assert structure(page) == structure(Timeline.of(BENIGN.ledger.outcomes.values()).markdown("dev"))
    assert printable(page)
    assert {element.tag.partition("}")[2] for element in picture.iter()} == {"svg", "style", "rect", "path", "text"}
    assert {name for element in picture.iter() for name in element.attrib} <= ATTRIBUTES
    assert all(printable(shown) and len(shown) <= 81 for shown in texts(picture))


@FUZZ
@given(HOSTILE)
@example(WORST)
def test_tables_and_descriptions_of_a_report_are_inert_even_where_they_are_taken_for_markdown(text):
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "create_markdown_artifact", lambda markdown, **rest: kept.append(rest))
        patch.setattr(report, "create_table_artifact", lambda rows, **rest: kept.append({"rows": rows} | rest))

        publish(hostile_report(text))

    assert [artifact["key"].partition("-")[0] for artifact in kept] == ["report", "inventory", "links", "timeline"]
    for artifact in kept:
        assert is_inert(artifact["description"])
    for row in kept[1]["rows"]:
        for value in row.values():
            children = MARKDOWN.parseInline(value)[0].children or []
            assert {each.type for each in children} <= {
                *TEXTUAL,
                "strong_open",
                "strong_close",
                "em_open",
                "em_close",
            } | {
                "s_open",
                "s_close",
            }
            assert printable(value) and "\n" not in value
    assert len(kept[1]["rows"]) == len(KINDS)


def test_names_as_they_are_allowed_stand_in_the_inventory_as_they_are():
    name = "flink_prod-1.vpc: 10.0.0.0/8, acs:ram::1234567890123456:role/AliyunStreamAsiDefaultRole"

    (row,) = Report(environment(), Ledger(), [Vpc("vpc-1", name, name, "Available", "cn-hangzhou")]).existing()

    assert report.cell(row.name) == name


@FUZZ
@given(HOSTILE)
@example(WORST)
def test_the_message_of_a_failed_run_is_printable(text):
    message = hostile_report(text).failure()

    assert printable(message)


# Waits: progress, log, ticket


class Hands:
    """A clock that is moved by waiting on it."""

    def __init__(self):
        self.at = 1_000_000.0
        self.clock = Clock(wall=lambda: self.at, wait=self.move)

    def move(self, seconds):
        self.at += seconds


def waited(text, ticket):
    """Wait in vain for something whose name and state are this text; give the artifacts, log lines and the error."""
    kept, lines = [], []

    def keep(first, *rest, **named):
        kept.append([first, *rest, *named.values()])
        return "00000000-0000-0000-0000-000000000001"

    class Lines(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    logger = logging.Logger("waiting")
    logger.addHandler(Lines())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "UUID", str)
        patch.setattr(progress, "create_progress_artifact", lambda percent, key, description: keep(description))
        patch.setattr(progress, "update_progress_artifact", lambda made, progress, description: keep(description))
        patch.setattr(
            progress, "create_markdown_artifact", lambda markdown, key, description: keep(description, markdown)
        )
        patch.setattr(progress, "get_run_logger", lambda: logger)
        with pytest.raises(TimedOut) as caught:
            wait_with_progress(
                Hands(),
                lambda _: Look(False, text, 1_000_000_000),
                Timing(60, 180, 60),
                "key",
                f"Cluster {text}",
                ticket,
            )
    return kept, lines, caught.value


def real_ticket(kind, text):
    if kind == "cluster":
        spec = desired.cluster(environment(), text, text, text)
        return foas.ticket_text(spec, made(Cluster, text), text, 60, [text])
    return foasconsole.ticket_text(made(Workspace, text), text, 60, [text])


@FUZZ
@given(HOSTILE, st.sampled_from(["cluster", "workspace"]))
@example(WORST, "cluster")
@example("\n```\n<script>alert(1)</script>\n", "workspace")
@example("\r   ````\r# Forged", "cluster")
def test_progress_log_ticket_and_timeout_are_inert(text, kind):
    kept, lines, error = waited(text, lambda elapsed: real_ticket(kind, text))

    (description, ticket) = kept.pop()
    for (each,) in [*kept, (description,)]:
        assert is_inert(each) and printable(each) and "\n" not in each
    assert [token.type for token in MARKDOWN.parse(ticket)] == ["heading_open", "inline", "heading_close", "fence"]
    assert printable(ticket)
    assert lines
    assert all(printable(line) and "\n" not in line for line in lines)
    assert printable(str(error)) and "\n" not in str(error)


# Names of steps and runs

BRACES = ["{cloud.identity}", "{0.__class__}", "{spec}", "{", "}", "{{}}", "%s", "{cloud.identity.access_key_secret}"]


@pytest.mark.parametrize("name", BRACES)
def test_the_name_of_a_step_is_formatted_once(name):
    identity = Identity("LTAI5tNobody", "some-secret")
    clock = Clock(wait=lambda seconds: None)
    with Session(identity, "cn-hangzhou", {"*": "http://127.0.0.1:9"}, clock, attempts=1) as cloud:
        with pytest.raises(Exception, match="127"):
            ensure_user.fn(cloud, UserSpec(name))

        (title,) = cloud.ledger.outcomes
    assert title == f"RAM user {name}"
    shown = ensure_user.task_run_name.format(cloud=SimpleNamespace(), spec=UserSpec(name))  # as Prefect does
    assert shown == title
