"""Objects in parts: what OSS tells of unfinished uploads, and what to do next."""

from dataclasses import replace
from hashlib import md5, sha256
from types import SimpleNamespace

import pytest
from oss2 import xml_utils

from alicloud import oss_multipart
from alicloud.call import Kind
from alicloud.oss_multipart import Next, Part, Todo, Upload
from alicloud.oss_objects import StoredObject, UdfSpec

KIB = 1024
SIZES = (100 * KIB, 100 * KIB, 50 * KIB)
DIGESTS = tuple(md5(text).hexdigest() for text in (b"1", b"2", b"3"))
CHECKSUM = sha256(b"123").hexdigest()
SPEC = UdfSpec("flink-udf", "udf/x.jar", "x.jar", "0" * 32, sum(SIZES), CHECKSUM, "1.4.2", DIGESTS)
THERE = StoredObject("udf/x.jar", "F-3", sum(SIZES), CHECKSUM, "1.4.2")
OTHER = StoredObject("udf/x.jar", "E-2", 17, "f" * 64, "1.4.1")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(oss_multipart, "PART_BYTES", 100 * KIB)
    monkeypatch.setattr(oss_multipart, "THRESHOLD_BYTES", 150 * KIB)


def part(number, **changed):
    return replace(Part(number, DIGESTS[number - 1], SIZES[number - 1]), **changed)


def upload(id_, *parts, at=1):
    return Upload("flink-udf", "udf/x.jar", id_, at, parts)


ALL = (part(1), part(2), part(3))
STALE = upload("stale", part(1, etag="f" * 32))


# What is there, the unfinished uploads, those known to be ours; what comes next.
COURSE = {
    "nothing is there": (None, [], (), Next(Todo.BEGIN)),
    "it is there": (THERE, [], (), Next(Todo.NOTHING)),
    "another one is there": (OTHER, [], (), Next(Todo.BEGIN)),
    "begun": (None, [upload("a")], (), Next(Todo.SEND, upload("a"), (1, 2, 3))),
    "interrupted": (None, [upload("a", part(2))], (), Next(Todo.SEND, upload("a", part(2)), (1, 3))),
    "all has arrived": (None, [upload("a", *ALL)], (), Next(Todo.FINISH, upload("a", *ALL))),
    "of several the fullest": (
        OTHER,
        [upload("a"), upload("b", part(1), at=9)],
        (),
        Next(Todo.SEND, upload("b", part(1), at=9), (2, 3)),
    ),
    "of equal ones the oldest": (
        None,
        [upload("a", at=2), upload("b", at=1)],
        ("a",),
        Next(Todo.SEND, upload("b"), (1, 2, 3)),
    ),
    "of a moment the first by id": (None, [upload("b"), upload("a")], (), Next(Todo.SEND, upload("a"), (1, 2, 3))),
    "a stale one of ours": (None, [STALE], ("stale",), Next(Todo.ABORT, STALE)),
    "a stale one of somebody's": (None, [STALE], (), Next(Todo.BEGIN)),
    "a stale one of somebody's and ours": (
        None,
        [STALE, upload("a", part(1))],
        ("a",),
        Next(Todo.SEND, upload("a", part(1)), (2, 3)),
    ),
    "done, and one of ours is left": (THERE, [upload("a")], ("a",), Next(Todo.ABORT, upload("a"))),
    "done, and one of somebody's is left": (THERE, [upload("a")], (), Next(Todo.NOTHING)),
}


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(("actual", "uploads", "ours", "expected"), COURSE.values(), ids=COURSE)
def test_what_is_seen_decides_what_comes_next_in_whatever_order_it_is_told(actual, uploads, ours, expected):
    for told in (uploads, uploads[::-1]):
        assert oss_multipart.next_step(SPEC, actual, told, ours) == expected


@pytest.mark.parametrize(
    ("parts", "fits"),
    [
        ((), True),
        (ALL, True),
        ((part(3),), True),
        ((part(1, etag="f" * 32),), False),
        ((part(1, size=99 * KIB),), False),
        ((part(3, size=100 * KIB),), False),
        ((*ALL, Part(4, "f" * 32, 1)), False),
        ((part(1), part(2, etag=DIGESTS[0])), False),
    ],
)
def test_an_upload_is_of_a_file_when_all_that_has_arrived_is(parts, fits):
    assert oss_multipart.fits(SPEC, upload("a", *parts)) is fits


@pytest.mark.parametrize(("size", "parts"), [(150 * KIB + 1, 2), (200 * KIB, 2), (200 * KIB + 1, 3)])
def test_the_sizes_of_all_parts_are_that_of_the_whole(size, parts):
    assert sum(oss_multipart.size_of_part(size, number) for number in range(1, parts + 1)) == size


def test_the_limits_of_oss_are_kept(monkeypatch):
    monkeypatch.undo()

    assert oss_multipart.PART_BYTES >= 100 * KIB
    assert 256 * KIB * KIB / oss_multipart.PART_BYTES <= 10_000
    assert oss_multipart.THRESHOLD_BYTES >= oss_multipart.PART_BYTES


def test_a_plan_has_one_line_for_the_whole():
    (call,) = oss_multipart.planned_upload(SPEC, OTHER)

    assert call.means == "upload udf/x.jar, 0.2 MiB in 3 parts"
    assert [change.field for change in call.changes] == ["SHA-256", "size", "version"]
    assert call.arguments["headers"] == {"x-oss-meta-sha256": CHECKSUM, "x-oss-meta-version": "1.4.2"}
    assert oss_multipart.planned_upload(SPEC, THERE) == []


def test_who_has_foreseen_the_upload_has_foreseen_its_parts_and_no_other_upload():
    begin = oss_multipart.initiate_multipart_upload(SPEC)
    parts = [
        oss_multipart.upload_part(SPEC, upload("a"), 1, b"x"),
        oss_multipart.complete_multipart_upload(SPEC, upload("a", *ALL)),
        oss_multipart.abort_multipart_upload(upload("b"), begin.fingerprint),
    ]
    other = oss_multipart.initiate_multipart_upload(replace(SPEC, sha256="f" * 64))

    assert {each.fingerprint for each in parts} == {begin.fingerprint}
    assert other.fingerprint != begin.fingerprint


def test_the_journal_knows_an_upload_by_its_id_and_the_object_by_its_completion():
    sent = oss_multipart.upload_part(SPEC, upload("a"), 1, b"x")
    done = oss_multipart.complete_multipart_upload(SPEC, upload("a", *ALL))

    assert sent.creates == done.removes == "oss:upload/flink-udf/udf/x.jar/a"
    assert done.creates == "oss:object/flink-udf/udf/x.jar"


def test_only_sending_a_part_and_aborting_are_repeated_without_a_look():
    calls = [
        oss_multipart.initiate_multipart_upload(SPEC),
        oss_multipart.upload_part(SPEC, upload("a"), 1, b"x"),
        oss_multipart.complete_multipart_upload(SPEC, upload("a", *ALL)),
        oss_multipart.abort_multipart_upload(upload("a")),
    ]

    assert [call.kind for call in calls] == [Kind.LOOKED, Kind.IDEMPOTENT, Kind.LOOKED, Kind.IDEMPOTENT]


def test_parts_are_read_to_the_last_page():
    body = (
        "<ListPartsResult><NextPartNumberMarker>2</NextPartNumberMarker><IsTruncated>true</IsTruncated><Part>"
        "<PartNumber>2</PartNumber><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;AB&quot;</ETag>"
        "<Size>7</Size></Part></ListPartsResult>"
    )
    result = xml_utils.parse_list_parts(SimpleNamespace(parts=[]), body)
    call = oss_multipart.list_parts("b", "k", "a")

    assert call.parse(result) == (Part(2, "ab", 7),)
    assert call.next_page(result) == {"marker": "2"}
    assert call.missing is None
