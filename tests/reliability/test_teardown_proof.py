"""The bucket, and the proof in it, stay as long as anything is there that only the journal tells to be ours."""

import base64
import json
from datetime import UTC, datetime

import pytest

from alicloud.journal import journal_key
from alicloud.session import Session
from emulator import oss_state, ram
from emulator.faults import Faults
from flows.staff import staff
from tasks import lease
from tasks.removal_proof import KINDS, remains
from tests.flows.running import environment
from tests.reliability import quick
from tests.reliability.teardowns import rehearse, tear_down
from tests.reliability.test_teardown import pay_as_you_go

SEEDS = {"exclusive": "exclusive-order", "managed": "nothing"}
_PEOPLE = environment("managed").model_dump(mode="json")["people"]
_MORE = {  # somebody in no group, and a group with nobody in it
    "users": [*_PEOPLE["users"], {"name": "zoe"}],
    "groups": [*_PEOPLE["groups"], {"name": "old-group", "projects": ["payments"]}],
}
MANAGED = environment("managed", people=_PEOPLE | _MORE)
BUCKET = f"OSS bucket {MANAGED.storage.bucket}"
_WORLDS = {}


@pytest.fixture(params=SEEDS)
def mode(request):
    return request.param


def prepared(account, wanted=MANAGED, mode="managed"):
    account.prepared(_WORLDS, wanted.model_dump_json(), SEEDS[mode], wanted, None)


def without(name, leavers=()):
    """Give the managed environment whose document does not name a user or a group any more."""
    people = MANAGED.model_dump(mode="json")["people"]
    users = [each for each in people["users"] if each["name"] != name]
    groups = [each for each in people["groups"] if each["name"] != name]
    return environment("managed", people=people | {"users": users, "groups": groups, "leavers": list(leavers)})


def users(account):
    return account.running.cloud.world.part(ram.State).users


def buckets(account):
    return account.running.cloud.world.part(oss_state.State).buckets


def leaving(account):
    """Let somebody leave whose grace is long."""
    today = datetime.fromtimestamp(account.running.cloud.world.now(), UTC).date().isoformat()
    wanted = without("zoe", [{"name": "zoe", "since": today, "grace_days": 3000}])
    assert account.run(wanted, procedure=staff).done
    return wanted


def dropped(name):
    return lambda account: without(name)


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        (leaving, "RAM user zoe"),
        (dropped("zoe"), "RAM user zoe"),
        (dropped("old-group"), "RAM group old-group"),
    ],
    ids=["leaver", "user", "group"],
)
def test_the_bucket_stays_with_what_the_document_does_not_name_any_more_and_says_what_that_is(account, change, stays):
    prepared(account)
    wanted = change(account)

    foreseen = rehearse(account, wanted, bucket=True)
    torn = tear_down(account, wanted, bucket=True)
    again = tear_down(account, wanted, bucket=True)
    tear_down(account, MANAGED)  # it is named again
    last = tear_down(account, wanted, bucket=True)

    for each in (foreseen, torn, again):
        assert not each.errors, str(each)
        assert stays in each.why(BUCKET)
        assert "or delete it in the console; then Retry" in each.why(BUCKET)
    assert "carol" not in torn.why(BUCKET)  # who goes in this run
    assert again.writes == []
    assert last.writes == ["DeleteObject", "DeleteBucket"]
    assert buckets(account) == {}


def test_the_bucket_goes_once_a_person_has_deleted_what_was_left_or_another_is_there(account):
    prepared(account)
    wanted = without("zoe")
    tear_down(account, wanted, bucket=True)
    held = list(buckets(account))
    users(account)["zoe"].created_at += 86_400 * 400  # deleted, and made anew by somebody else

    torn = tear_down(account, wanted, bucket=True)

    assert held == [MANAGED.storage.bucket]
    assert torn.writes == ["DeleteObject", "DeleteBucket"]
    assert "zoe" in users(account)


def test_what_the_runner_may_not_look_for_counts_as_there(account):
    prepared(account)
    wanted = without("zoe")
    tear_down(account, wanted)
    account.running.fault("refuse", "GetUser", match={"UserName": "zoe"}, times=99, status=403, code="NoPermission")

    torn = tear_down(account, wanted, bucket=True)
    account.running.cloud.faults = Faults()

    assert not torn.errors, str(torn)
    assert torn.writes == []
    assert "RAM user zoe (GetUser is not allowed)" in torn.why(BUCKET)
    assert "give the runner the rights" in torn.why(BUCKET)


def test_a_kind_of_which_only_a_later_version_knows_counts_as_there(account):
    prepared(account)
    tear_down(account, MANAGED)
    rewrite_the_journal(account, MANAGED, lambda line: line | ({"creates": "cdn:x/y"} if "creates" in line else {}), 1)

    assert "cdn:x/y" in tear_down(account, MANAGED, bucket=True).why(BUCKET)


def rewrite_the_journal(account, wanted, change, skip=0):
    """Change every line of the journal but the first ones that create something."""
    version = buckets(account)[wanted.storage.bucket].current(journal_key(wanted.name))
    lines = []
    for line in map(json.loads, base64.b64decode(version.body).splitlines()):
        skipped = "creates" in line and skip > 0
        skip -= skipped
        lines.append(line if skipped else change(line))
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    version.body, version.size = base64.b64encode(data).decode(), len(data)


def found(account, wanted):
    """Look for everything that an environment has created."""
    cloud = Session(quick.ACCOUNT, wanted.region, {"*": account.running.url}, account.clock())
    with cloud, lease.keeping(wanted, cloud) as journal:
        journal.read()
        cloud.journal = journal
        there, unseen = remains(cloud, wanted.storage.bucket)
        created = {entry.creates.partition("/")[0] for entry in journal.record.entries if entry.creates}
    assert unseen == []
    return there, created & set(KINDS)


def test_every_kind_that_is_created_is_found_while_it_is_there_and_not_when_it_is_gone(
    account, mode, tmp_path, monkeypatch
):
    (tmp_path / "udf").mkdir()
    (tmp_path / "udf" / "orders-udf.jar").write_bytes(b"bytes")
    monkeypatch.chdir(tmp_path)
    seed = pay_as_you_go() if mode == "exclusive" else SEEDS[mode]
    packages = (
        [{"name": "orders-udf.jar", "path": "orders-udf.jar", "project": "orders"}] if mode == "exclusive" else []
    )
    wanted = environment(mode, storage={"udf_packages": packages}) if packages else environment(mode)
    account.reset(seed)
    assert account.run(wanted).done

    there, created = found(account, wanted)
    tear_down(account, wanted)
    rewrite_the_journal(account, wanted, lambda line: {k: v for k, v in line.items() if k != "removes"})

    told = {kind for kind in created if any(words(kind) <= set(each.split()) for each in there)}
    assert told == created - {"oss:bucket"}
    assert len(created) > 6
    assert found(account, wanted)[0] == []


def words(kind):
    return {word for word in KINDS[kind].told.split() if "{" not in word}
