"""Seeds of buckets, what the web page shows of them, and the state as JSON."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from emulator import oss
from emulator.oss_call import Call
from emulator.oss_objects import content, put_object
from emulator.oss_uploads import initiate_multipart_upload, upload_part
from emulator.request import Caller
from emulator.world import World
from tests.emulator.conftest import NOW

STRANGER = "1999999999999999"


def call(world: World, method: str, key: str, body: bytes = b"", **query: str) -> Call:
    caller = Caller("Account", world.account_id, "LTAI")
    headers = {"x-oss-meta-a": "b", "content-type": "text/plain"}
    return Call(method, "127.0.0.1", "mine", key, "", query, headers, body, caller)


def test_a_seed_makes_buckets_of_ours_and_of_others(world: World) -> None:
    objects = [{"key": "udf/a.jar", "text": "hello"}, {"key": "ü", "text": ""}]
    seed = {
        "buckets": [
            {"name": "mine", "versioning": "Enabled", "region": "cn-beijing", "objects": objects},
            {"name": "theirs", "owner": STRANGER, "acl": "public-read", "storage_class": "IA"},
        ]
    }

    oss.seed(world, seed)

    mine, theirs = oss.find_bucket(world, "mine"), oss.find_bucket(world, "theirs")
    found = oss.find_object(world, "mine", "udf/a.jar")
    assert mine and theirs and found
    assert (mine.owner, mine.region, mine.acl, mine.storage_class, mine.versioning) == (
        world.account_id,
        "cn-beijing",
        "private",
        "Standard",
        "Enabled",
    )
    assert (theirs.owner, theirs.region, theirs.acl, theirs.storage_class) == (
        STRANGER,
        world.region,
        "public-read",
        "IA",
    )
    assert (found.size, found.etag, found.modified_at) == (5, "5D41402ABC4B2A76B9719D911017C592", NOW)
    assert oss.find_object(world, "mine", "absent") is None
    assert oss.find_object(world, "absent", "k") is None


@pytest.mark.parametrize(
    "data",
    [
        {"buckets": [{"name": "No"}]},
        {"buckets": [{"name": "mine"}, {"name": "mine"}]},
        {"buckets": [{"name": "mine", "acl": "everybody"}]},
        {"buckets": [{"name": "mine", "owner": "root"}]},
        {"buckets": [{"name": "mine", "storage_class": "Gold"}]},
        {"buckets": [{"name": "mine", "versioning": "On"}]},
        {"buckets": [{"name": "mine", "objects": [{"key": "/k"}]}]},
        {"buckets": [{"name": "mine", "colour": "red"}]},
        {"buckets": [{"name": f"bucket-{number}"} for number in range(101)]},
        {"buckets": {}},
        {"pails": []},
        [],
        "mine",
    ],
)
def test_an_impossible_seed_is_refused_and_changes_nothing(world: World, data: Any) -> None:
    if data == []:
        oss.seed(world, data)  # an empty section
    else:
        with pytest.raises(ValueError, match=r"."):
            oss.seed(world, data)

    assert world.part(oss.State).buckets == {}


def test_a_name_that_the_world_has_cannot_be_seeded_again(world: World) -> None:
    oss.seed(world, {"buckets": [{"name": "mine"}]})

    with pytest.raises(ValueError, match="mine"):
        oss.seed(world, {"buckets": [{"name": "other"}, {"name": "mine"}]})

    assert oss.find_bucket(world, "other") is None


def test_the_web_page_shows_buckets_and_objects(world: World) -> None:
    oss.seed(world, {"buckets": [{"name": "mine", "objects": [{"key": "b", "text": "hello"}, {"key": "a"}]}]})

    tables = oss.overview(world)

    assert [row["Name"] for row in tables["OSS buckets"]] == ["mine"]
    assert [(row["Bucket"], row["Key"], row["Bytes"]) for row in tables["OSS objects"]] == [
        ("mine", "a", 0),
        ("mine", "b", 5),
    ]


def test_the_state_survives_json(world: World) -> None:
    oss.seed(world, {"buckets": [{"name": "mine", "versioning": "Enabled"}]})
    put_object(world, call(world, "PUT", "ü", b"\x00\xff"))
    initiate_multipart_upload(world, call(world, "POST", "m"))
    state = world.part(oss.State)
    upload_id = next(iter(state.buckets["mine"].uploads))
    upload_part(world, call(world, "PUT", "m", b"x", uploadId=upload_id, partNumber="7"))
    adapter = TypeAdapter(oss.State)

    assert adapter.validate_json(adapter.dump_json(state)) == state
    assert adapter.validate_python(adapter.dump_python(state, mode="json")) == state


def test_content_knows_its_size_and_checksums() -> None:
    made = content(b"hello")

    assert (made.size, made.etag, made.crc) == (5, "5D41402ABC4B2A76B9719D911017C592", "11177612005948864433")
