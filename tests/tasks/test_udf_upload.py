"""Large packages: uploaded in parts that survive whatever interrupts them."""

from __future__ import annotations

import base64
import logging
import random
from collections import Counter
from hashlib import sha256

import pytest

from alicloud import oss_multipart
from alicloud.errors import Misconfigured, Unmet, Unreachable, Unsettled
from alicloud.oss_objects import put_object
from alicloud.session import Session
from blocks.environment import UdfPackage
from emulator import oss_state as emulated_oss
from emulator.faults import Faults
from emulator.oss_objects import content
from tasks import udf_package
from tasks.udf_package import ensure_package
from tests.flows.conftest import Meanwhile
from tests.tasks.conftest import SPEED, connected

BUCKET = "flink-udf-packages"
KEY = "udf/large.jar"
PART = 1024 * 1024
CONTENT = random.Random(1).randbytes(2 * PART + PART // 2)
PACKAGE = UdfPackage(name="large.jar", path="large.jar")
WRITES = ["InitiateMultipartUpload", "UploadPart", "UploadPart", "UploadPart", "CompleteMultipartUpload"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(oss_multipart, "THRESHOLD_BYTES", PART)
    monkeypatch.setattr(oss_multipart, "PART_BYTES", PART)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "udf").mkdir()
    (tmp_path / "udf" / "large.jar").write_bytes(CONTENT)
    return tmp_path / "udf"


@pytest.fixture(autouse=True)
def stocked(account):
    account.reset("everything", speed=SPEED)
    account.cloud.faults = Faults()
    yield account
    account.cloud.faults = Faults()


class Killed(BaseException):
    """The process is gone."""


class Mortal(Session):
    """A session whose process is killed: around the nth of the requests that it sends to the package's bucket.

    `when` is `before` (it is not sent) or `after` (its answer is not seen).
    """

    dies_at, when, sent = 0, "before", 0

    def _exchange(self, call, parameters):
        if call.bucket != BUCKET:
            return super()._exchange(call, parameters)
        self.sent += 1
        if self.sent >= self.dies_at and self.when == "before":
            raise Killed
        answer = super()._exchange(call, parameters)
        if self.sent >= self.dies_at:
            raise Killed
        return answer


def run(account, package=PACKAGE, clock=None):
    """Carry the step out as one run does; its journal is written down in the end."""
    with connected(account, clock=clock) as cloud:
        try:
            return ensure_package.fn(cloud, package, BUCKET)
        finally:
            cloud.journal.release()


def killed(account, dies_at, when):
    """Carry the step out until it dies; say whether it did."""
    with connected(account) as cloud:
        cloud.__class__, cloud.dies_at, cloud.when = Mortal, dies_at, when
        try:
            ensure_package.fn(cloud, PACKAGE, BUCKET)
        except Killed:
            return True
        finally:
            cloud.journal._ended.set()
        return False


def bucket_of(account):
    return account.cloud.world.part(emulated_oss.State).buckets[BUCKET]


def versions(account):
    return list(bucket_of(account).objects.get(KEY, {}).values())


def only_ours(account):
    """Check that the package is there, once, whole, and that nothing is left of its uploads."""
    (version,) = versions(account)
    assert base64.b64decode(version.body) == CONTENT
    assert version.headers["x-oss-meta-sha256"] == sha256(CONTENT).hexdigest()
    assert bucket_of(account).uploads == {}


def writes(account):
    return [each for each in account.writes() if each != "AppendObject"]


def effects(account, action):
    """Count the calls of an action that had an effect."""
    return sum(call["status"] < 300 and not call["code"] for call in account.calls(action))


# Undisturbed


@pytest.mark.requirement("R20")
def test_a_large_package_comes_in_parts_with_its_checksum_and_version(account):
    stored = run(account, PACKAGE.model_copy(update={"version": "1.4.2"}))

    only_ours(account)
    assert writes(account) == WRITES
    assert (stored.key, stored.size, stored.version) == (KEY, len(CONTENT), "1.4.2")
    assert stored.sha256 == sha256(CONTENT).hexdigest()
    assert versions(account)[0].kind == "Multipart"


@pytest.mark.requirement("R20")
def test_a_second_run_writes_nothing_and_reads_the_object_alone(account):
    run(account)
    before, since = account.world(), account.cloud.calls.last

    run(account)

    assert account.world() == before
    asked = [call["action"] for call in account.cloud.calls.since(since)]
    assert [each for each in asked if each not in ("GetObject", "ListBuckets")] == ["HeadObject"]


def test_a_plan_has_one_line_and_writes_nothing(account):
    with connected(account, dry=True) as plan:
        stored = ensure_package.fn(plan, PACKAGE, BUCKET)
        again = ensure_package.fn(plan, PACKAGE, BUCKET)

        (line,) = plan.ledger.writes
    assert line.means == "upload udf/large.jar, 2.5 MiB in 3 parts"
    assert stored == again
    assert writes(account) == []


def test_the_writes_of_an_upload_are_those_that_were_foreseen(account):
    with connected(account, dry=True) as plan:
        ensure_package.fn(plan, PACKAGE, BUCKET)
        foreseen = frozenset(write.fingerprint for write in plan.ledger.writes)

    with connected(account) as cloud:
        cloud.foreseen = foreseen
        ensure_package.fn(cloud, PACKAGE, BUCKET)

        assert {write.fingerprint for write in cloud.ledger.writes} == foreseen
    only_ours(account)


def test_another_file_than_the_foreseen_is_not_uploaded(account, folder):
    with connected(account, dry=True) as plan:
        ensure_package.fn(plan, PACKAGE, BUCKET)
        foreseen = frozenset(write.fingerprint for write in plan.ledger.writes)
    (folder / "large.jar").write_bytes(CONTENT[::-1])

    with connected(account) as cloud, pytest.raises(Unmet, match="was not in the plan"):
        cloud.foreseen = foreseen
        ensure_package.fn(cloud, PACKAGE, BUCKET)

    assert writes(account) == []


def test_one_part_at_a_time_is_held_in_memory(account, monkeypatch):
    largest, part = [], udf_package._part

    def counted(path, number):
        largest.append(len(data := part(path, number)))
        return data

    monkeypatch.setattr(udf_package, "_part", counted)

    run(account)

    assert largest == [PART, PART, PART // 2]


@pytest.mark.requirement("R20")
def test_a_package_of_one_part_with_the_same_bytes_is_not_uploaded_again(account):
    """By hand, or by a release that knew of no parts and no metadata."""
    with connected(account) as cloud:
        cloud.send(put_object(BUCKET, KEY, CONTENT))
    before = writes(account)

    run(account)

    assert writes(account) == before


# The checksum of the environment


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("size", [10, len(CONTENT)])
def test_a_file_with_another_checksum_than_the_wanted_is_refused_before_any_write(account, folder, size):
    (folder / "large.jar").write_bytes(CONTENT[:size])

    with pytest.raises(Misconfigured, match=f"but the environment wants {'0' * 64}"):
        run(account, UdfPackage(name="large.jar", path="large.jar", sha256="0" * 64))

    assert writes(account) == []


def test_the_wanted_checksum_may_be_written_in_capitals(account):
    run(account, UdfPackage(name="large.jar", path="large.jar", sha256=sha256(CONTENT).hexdigest().upper()))

    only_ours(account)


# Killed


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 18))
def test_a_run_after_a_kill_at_any_request_sends_only_what_is_missing(account, dies_at, when):
    died = killed(account, dies_at, when)
    former = Counter(writes(account))

    run(account)

    only_ours(account)
    sent = Counter(writes(account))
    assert sent == Counter(WRITES), f"before: {former}"
    assert died == (dies_at <= 16)


@pytest.mark.requirement("R20")
def test_a_part_that_arrived_is_not_sent_again(account):
    killed(account, 9, "after")
    arrived = {number for upload in bucket_of(account).uploads.values() for number in upload.parts}

    run(account)

    sent = [call["parameters"]["partNumber"] for call in account.calls("UploadPart")]
    assert arrived == {1, 2}
    assert sorted(sent) == ["1", "2", "3"]


# Lost answers and other faults

FAULTS = [
    ("drop-before", {}),
    ("drop-after", {}),
    ("cut", {}),
    ("error", {}),
    ("error", {"status": 503}),
    ("throttle", {}),
]


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(("kind", "facts"), FAULTS, ids=[f"{kind}{facts or ''}" for kind, facts in FAULTS])
@pytest.mark.parametrize("action", [*dict.fromkeys(WRITES), "HeadObject", "ListMultipartUploads", "ListParts"])
def test_a_fault_at_any_call_leaves_one_object_and_no_upload(account, action, kind, facts):
    account.fault(kind, action, product="Oss", **facts)

    run(account)

    only_ours(account)


def test_a_write_of_which_only_the_answer_was_lost_stands_in_the_ledger(account):
    for action in ("InitiateMultipartUpload", "CompleteMultipartUpload"):
        account.fault("drop-after", action)

    with connected(account) as cloud:
        ensure_package.fn(cloud, PACKAGE, BUCKET)

        assert [write.action for write in cloud.ledger.writes] == WRITES


def test_an_upload_whose_beginning_is_never_answered_ends_and_the_next_run_goes_on(account):
    account.fault("drop-before", "InitiateMultipartUpload", times=None)

    with pytest.raises(Unreachable):
        run(account)

    account.cloud.faults = Faults()
    run(account)
    only_ours(account)


# Others


def others_upload(account, *parts):
    """Somebody else has begun an upload of the key and sent these parts."""
    bucket, world = bucket_of(account), account.cloud.world
    upload = emulated_oss.Upload("F" * 32, KEY, world.now() - 60, "application/octet-stream", "Standard")
    for number, data in enumerate(parts, 1):
        made = content(data)
        upload.parts[number] = emulated_oss.Part(made.body, made.size, made.etag, made.crc, world.now())
    bucket.uploads[upload.id] = upload
    return upload


@pytest.mark.requirement("R20")
def test_an_upload_of_somebody_else_s_is_left_alone_and_named(account, caplog):
    strange = others_upload(account, b"x" * PART)

    with caplog.at_level(logging.WARNING):
        run(account)

    assert list(bucket_of(account).uploads) == [strange.id]
    assert writes(account) == WRITES
    assert f"another content, {strange.id}, which nobody here is known to have begun" in caplog.text


@pytest.mark.requirement("R20")
def test_an_upload_of_ours_of_a_file_that_has_changed_since_is_aborted(account, folder):
    (folder / "large.jar").write_bytes(CONTENT[::-1])
    account.fault("drop-before", "UploadPart", nth=2, times=None)
    with pytest.raises(Unreachable):
        run(account)
    account.cloud.faults = Faults()
    (folder / "large.jar").write_bytes(CONTENT)

    run(account)

    only_ours(account)
    assert effects(account, "AbortMultipartUpload") == 1


def test_an_upload_that_somebody_aborts_meanwhile_is_begun_again(account):
    seen = Counter()

    def abort(world, action, _parameters):
        seen[action] += 1
        if (action, seen[action]) == ("UploadPart", 3):
            world.part(emulated_oss.State).buckets[BUCKET].uploads.clear()

    account.cloud.faults = Meanwhile(lambda action, parameters: abort(account.cloud.world, action, parameters))

    run(account)

    only_ours(account)
    assert effects(account, "InitiateMultipartUpload") == 2


def test_an_object_that_somebody_exchanges_each_time_is_not_uploaded_for_ever(account):
    def exchange(world, action, _parameters):
        if action == "HeadObject":
            bucket = world.part(emulated_oss.State).buckets[BUCKET]
            bucket.objects.pop(KEY, None)

    account.cloud.faults = Meanwhile(lambda action, parameters: exchange(account.cloud.world, action, parameters))

    with pytest.raises(Unsettled, match="is still another object"):
        run(account)

    assert effects(account, "CompleteMultipartUpload") == 2


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("action", ["InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])
@pytest.mark.parametrize("nth", [1, 2])
def test_two_runs_at_once_leave_one_object(account, action, nth):
    """The second one, of another environment, does all of its work in the middle of the first one's."""
    seen, inner = Counter(), []

    class Between(Session):
        def _exchange(self, call, parameters):
            if call.bucket == BUCKET:
                seen[call.action] += 1
                if (call.action, seen[call.action]) == (action, nth) and not inner:
                    inner.append(run(account))
            return super()._exchange(call, parameters)

    with connected(account) as cloud:
        cloud.__class__ = Between
        ensure_package.fn(cloud, PACKAGE, BUCKET)

    assert bucket_of(account).uploads == {}
    assert {base64.b64decode(each.body) for each in versions(account)} == {CONTENT}
    assert len(versions(account)) == 1


# The file


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("changed", [CONTENT[:-1], CONTENT + b"x", b"", CONTENT[:PART] + b"x" + CONTENT[PART + 1 :]])
def test_a_file_that_changes_while_it_is_uploaded_is_refused(account, folder, changed):
    class Changing(Session):
        def _exchange(self, call, parameters):
            if call.action == "InitiateMultipartUpload":
                (folder / "large.jar").write_bytes(changed)
            return super()._exchange(call, parameters)

    with connected(account) as cloud, pytest.raises(Unmet, match=r"large\.jar has changed"):
        cloud.__class__ = Changing
        ensure_package.fn(cloud, PACKAGE, BUCKET)

    assert versions(account) == []


def test_the_journal_has_an_intent_for_each_write(account):
    with connected(account) as cloud:
        ensure_package.fn(cloud, PACKAGE, BUCKET)
        cloud.journal.release()
        intents = [each for each in cloud.journal.record.entries if each.what == "intent"]

    assert [each.action for each in intents] == WRITES
    assert cloud.journal.record.creations(f"oss:object/{BUCKET}/{KEY}") == 1
