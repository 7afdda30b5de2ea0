"""Unfinished uploads in an environment's bucket: what a teardown does with them."""

from __future__ import annotations

import random

import pytest

from alicloud import oss_multipart
from alicloud.errors import AlibabaCloudError
from emulator import oss_state
from emulator.faults import Faults
from tests.flows.running import environment
from tests.reliability.teardowns import rehearse, tear_down

KIB = 1024
CONTENT = random.Random(2).randbytes(350 * KIB)
WANTED = environment("managed", storage={"udf_packages": [{"name": "a.jar", "path": "a.jar"}]})
BUCKET = WANTED.storage.bucket


@pytest.fixture
def stocked(account, tmp_path, monkeypatch):
    """An account that is prepared, with a package that came in parts, and an upload of the next one interrupted."""
    monkeypatch.setattr(oss_multipart, "THRESHOLD_BYTES", 150 * KIB)
    monkeypatch.setattr(oss_multipart, "PART_BYTES", 100 * KIB)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "udf").mkdir()
    file = tmp_path / "udf" / "a.jar"
    file.write_bytes(CONTENT)
    account.reset("nothing")
    ended = account.run(WANTED)
    assert ended.done, str(ended)
    file.write_bytes(CONTENT[::-1])
    account.running.fault("drop-before", "UploadPart", nth=3, times=None)
    interrupted = account.run(WANTED)
    assert isinstance(interrupted.error, AlibabaCloudError)
    account.running.cloud.faults = Faults()
    assert len(bucket_of(account).uploads) == 1
    return account


def bucket_of(account):
    return account.running.cloud.world.part(oss_state.State).buckets.get(BUCKET)


@pytest.mark.requirement("R20")
def test_a_bucket_goes_with_an_unfinished_upload_of_ours(stocked):
    before = stocked.running.world()
    told = rehearse(stocked, WANTED, bucket=True)
    assert stocked.running.world() == before

    torn = tear_down(stocked, WANTED, bucket=True)

    assert not torn.errors, str(torn)
    assert torn.signs()[f"OSS bucket {BUCKET}"] == "-"
    assert bucket_of(stocked) is None
    assert torn.writes.count("AbortMultipartUpload") == 1
    assert told is not None


@pytest.mark.requirement("R20")
def test_a_bucket_stays_with_an_unfinished_upload_of_somebody_else_s(stocked):
    upload = oss_state.Upload("F" * 32, "udf/a.jar", 1.0, "application/octet-stream", "Standard")
    bucket_of(stocked).uploads[upload.id] = upload

    torn = tear_down(stocked, WANTED, bucket=True)

    assert torn.why(f"OSS bucket {BUCKET}") == "an upload in it is not finished: udf/a.jar"
    assert len(bucket_of(stocked).uploads) == 2


@pytest.mark.requirement("R20")
def test_the_next_run_finishes_what_was_interrupted(stocked):
    ended, again = stocked.run(WANTED), stocked.run(WANTED)

    assert ended.done, str(ended)
    assert ended.writes == ["UploadPart", "UploadPart", "CompleteMultipartUpload"]
    assert (again.done, again.writes) == (True, [])
    assert bucket_of(stocked).uploads == {}
