"""The world on disk."""

import asyncio
import json
import stat
from pathlib import Path

import pytest

from emulator import products, seed, store
from emulator.cloud import Cloud
from emulator.store import Store, Unreadable
from emulator.world import Clock, World

NOW = 1_776_500_000.0


def clock(now: float = NOW) -> Clock:
    return Clock(wall=lambda: now)


@pytest.mark.parametrize("name", seed.names())
def test_a_seeded_world_comes_back_as_it_was(name: str):
    world = seed.sown(Cloud(World(clock=clock())).world, seed.named(name))

    again = store.load(json.loads(json.dumps(store.dump(world))), clock())

    assert store.dump(again) == store.dump(world)
    assert again.parts == world.parts


def test_every_product_can_be_kept():
    world = World(clock=clock())
    for kind in products.state_types().values():
        world.part(kind)

    again = store.load(json.loads(json.dumps(store.dump(world))), clock())

    assert again.parts == world.parts


def test_identifiers_go_on_where_they_stopped():
    world = World(clock=clock())
    world.identifiers.digits(18)
    expected = World(clock=clock())
    expected.identifiers.digits(18)

    again = store.load(json.loads(json.dumps(store.dump(world))), clock())

    assert again.identifiers.digits(18) == expected.identifiers.digits(18)


@pytest.mark.parametrize(("ahead", "passed", "expected"), [(1000, 10, 1000), (1000, 5000, 5000), (0, 10, 10)])
def test_time_goes_on_and_never_back(ahead: float, passed: float, expected: float):
    world = World(clock=clock())
    world.clock.advance(ahead)

    again = store.load(json.loads(json.dumps(store.dump(world))), clock(NOW + passed))

    assert again.now() == NOW + expected


def test_a_written_file_is_whole_private_and_read_back(tmp_path: Path):
    path = tmp_path / "world.json"
    kept = Store(path)
    world = World(clock=clock(), account_alias="example")

    asyncio.run(kept.commit(lambda: world))

    again = kept.read(clock())
    assert again is not None and again.account_alias == "example"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["world.json", "world.json.lock"]
    kept.close()


def test_writes_that_wait_together_share_a_file_write_and_lose_nothing(tmp_path: Path):
    kept = Store(tmp_path / "world.json")
    world = World(clock=clock())
    written: list[str] = []
    kept.write = lambda text: written.append(json.loads(text)["account_alias"])  # type: ignore[method-assign]

    async def write(number: int) -> bool:
        world.account_alias = f"a{number:03}"
        await kept.commit(lambda: world)
        return any(alias >= f"a{number:03}" for alias in written)

    async def all_at_once() -> list[bool]:
        return await asyncio.gather(*(write(number) for number in range(100)))

    assert all(asyncio.run(all_at_once()))
    assert len(written) < 10
    assert written[-1] == "a099"
    kept.close()


def test_a_missing_file_is_no_world(tmp_path: Path):
    kept = Store(tmp_path / "world.json")

    assert kept.read(clock()) is None
    kept.close()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": 2}',
        b'{"format": 1}',
        b'{"format": 1, "parts": {"nobody": {}}}',
        b'{"format": 1, "parts": []}',
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, content: bytes):
    path = tmp_path / "world.json"
    path.write_bytes(content)
    kept = Store(path)

    with pytest.raises(Unreadable, match="move it away"):
        kept.read(clock())

    assert path.read_bytes() == content
    kept.close()


def test_a_part_of_another_shape_is_named():
    content = store.dump(World(clock=clock()))
    content["parts"] = {"ram": {"users": {"alice": {"name": 7}}}}

    with pytest.raises(Unreadable, match=r"users\.alice"):
        store.load(content, clock())


def test_one_file_has_one_owner(tmp_path: Path):
    first = Store(tmp_path / "world.json")

    with pytest.raises(Unreadable, match="another emulator"):
        Store(tmp_path / "world.json")

    first.close()
    Store(tmp_path / "world.json").close()


def test_a_world_that_replaces_another_while_it_waits_is_written(tmp_path: Path):
    kept = Store(tmp_path / "world.json")
    worlds = [World(clock=clock(), account_alias="old"), World(clock=clock(), account_alias="new")]

    async def replace() -> None:
        holder = [worlds[0]]
        first = asyncio.ensure_future(kept.commit(lambda: holder[0]))
        second = asyncio.ensure_future(kept.commit(lambda: holder[0]))
        await asyncio.sleep(0)
        holder[0] = worlds[1]
        await asyncio.gather(first, second, kept.commit(lambda: holder[0]))

    asyncio.run(replace())

    again = kept.read(clock())
    assert again is not None and again.account_alias == "new"
    kept.close()
