"""python -m emulator: a small Alibaba Cloud on this machine."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
from pathlib import Path

from emulator import ram, seed, throttle
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET, Cloud
from emulator.server import LOOPBACK, Server
from emulator.store import Store, Unreadable
from emulator.world import Clock, World


class _Announcing(Server):
    def ready(self) -> None:
        print(f"emulator listening on {self.url}", flush=True)  # noqa: T201


def main(arguments: list[str] | None = None) -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    options = _parser().parse_args(arguments)
    local = options.host in LOOPBACK
    if not local and not options.allow_remote:
        return _fail(f"{options.host} is not this machine alone; say --allow-remote if you mean it")
    if not local:
        print("WARNING: everyone who reaches this port can read and change the emulated account", file=sys.stderr)  # noqa: T201
    try:
        cloud = _cloud(options)
        server = _Announcing(cloud, options.host, options.port, LOOPBACK if local else frozenset())
    except (Unreadable, ValueError, OSError, OverflowError) as error:
        return _fail(str(error))
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_until_stopped()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8400, help="0 takes a free one (default 8400)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--allow-remote", action="store_true", help="let other machines in")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the cloud's clock runs (default 1)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long every call waits first")
    parser.add_argument("--data", type=Path, help="file that keeps the world between starts")
    parser.add_argument(
        "--seed-account", metavar="SEED", help=f"name or YAML file of the first world: {', '.join(seed.names())}"
    )
    parser.add_argument(
        "--rates",
        default="default",
        metavar="off|default|FILE",
        help="how often each action may be called: as the cloud lets an account, or as a YAML file says",
    )
    parser.add_argument("--access-key-id", default=ACCESS_KEY_ID, help=f"of the account (default {ACCESS_KEY_ID})")
    parser.add_argument("--access-key-secret", default=ACCESS_KEY_SECRET, help=f"(default {ACCESS_KEY_SECRET})")
    return parser


def _cloud(options: argparse.Namespace) -> Cloud:
    """Give the saved world if there is one, else the seeded one, else an empty account."""
    clock = Clock()
    clock.set_speed(options.speed)
    store = Store(options.data) if options.data else None
    saved = store.read(clock) if store else None
    cloud = Cloud(
        world=saved or World(clock=clock),
        access_key_id=options.access_key_id,
        access_key_secret=options.access_key_secret,
        latency_seconds=max(0.0, options.latency_ms) / 1000,
        store=store,
        throttle=throttle.Throttle(throttle.named(options.rates)),
    )
    if saved is None and options.seed_account:
        cloud.world = seed.sown(cloud.world, _seed(options.seed_account))
    ram.set_account_key(cloud.world, options.access_key_id, options.access_key_secret)
    return cloud


def _seed(name_or_path: str) -> object:
    if name_or_path in seed.names():
        return seed.named(name_or_path)
    return seed.parse(Path(name_or_path).read_text("utf-8"))


def _fail(reason: str) -> int:
    print(f"emulator: {reason}", file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main())
