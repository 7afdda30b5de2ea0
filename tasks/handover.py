"""Hands one-time material, such as a first password, over: once, through the channel that the environment names."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
from prefect.blocks.system import Secret
from pydantic import SecretStr

from alicloud.errors import Misconfigured
from alicloud.redaction import know
from blocks.people import Handover

Draw = Callable[[], str]


def one_time(name: str, handover: Handover, draw: Draw) -> str:
    """Give one-time material that is in the channel by now, so that a crash from here on loses nothing.

    Args:
        name: what it is for; no other material has it.
        handover: the channel.
        draw: makes new material. What a Secret block holds from an earlier try is given again; a file can be read by
            nobody here, so that each try draws anew and writes one more.

    Raises:
        Misconfigured: the folder cannot be written to, or lies outside of the project's.
    """
    return _in_file(name, handover, draw) if handover.channel == "file" else _in_block(name, draw)


def check(handover: Handover) -> None:
    """Check that something can be handed over, for what cannot be drawn beforehand.

    Raises:
        Misconfigured: the folder cannot be written to, or lies outside of the project's.
    """
    if handover.channel == "file" and not os.access(_folder(handover.folder), os.W_OK):
        text = f"The folder {handover.folder} of people.handover cannot be written to."
        raise Misconfigured(text, remedy="Let the worker's user write there, then Retry this run.")


def holds(name: str, handover: Handover) -> bool:
    """Say whether material is in the channel, as far as it can be seen from here."""
    if handover.channel == "file":
        return (_folder(handover.folder) / f"{name}.age").exists()
    try:
        Secret.load(name)
    except ValueError:
        return False
    return True


def place(name: str, handover: Handover) -> str:
    """Say where the material is, for the report."""
    if handover.channel == "file":
        return f"file {handover.folder}/{name}.age on the worker; of several, the highest number"
    return f"Secret block {name}"


def _in_block(name: str, draw: Draw) -> str:
    try:
        block: Any = Secret.load(name)  # not a coroutine in a sync step
        material = str(block.get())
        know(material)
    except ValueError:
        material = _drawn(draw)
        Secret(value=SecretStr(material)).save(name)
    return material


def _in_file(name: str, handover: Handover, draw: Draw) -> str:
    material = _drawn(draw)
    recipient = pyrage.x25519.Recipient.from_str(handover.public_key)
    data = pyrage.encrypt(material.encode(), [recipient])
    try:
        _write(_folder(handover.folder), name, data)
    except OSError as error:
        text = f"The folder {handover.folder} of people.handover cannot be written to ({error.strerror})."
        raise Misconfigured(text, remedy="Let the worker's user write there, then Retry this run.") from None
    return material


def _drawn(draw: Draw) -> str:
    material = draw()
    know(material)
    return material


def _folder(name: str) -> Path:
    """Give the folder below the project's root, where flows run."""
    folder = Path(name).resolve()
    if not folder.is_relative_to(Path.cwd().resolve()):
        text = f"The folder {name} of people.handover lies outside of the project's."
        raise Misconfigured(text, remedy="Name one that is no link to elsewhere.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _write(folder: Path, name: str, data: bytes) -> None:
    """Write a new file and see it safe on disk.

    An earlier one stays: when the answer to the call that used it was lost, it may be the one that counts.
    """
    descriptor = _new_file(folder, name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _new_file(folder: Path, name: str) -> int:
    for number in itertools.count(1):
        path = folder / (f"{name}.age" if number == 1 else f"{name}.{number}.age")
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
    raise AssertionError  # the numbers do not end
