"""docs/emulator.md: every snippet runs as it stands, and every option, seed, fault and address is named."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from emulator import __main__ as command
from emulator import control, seed
from emulator.faults import Kind, Order
from tests.emulator.client import Running

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text("utf-8")
ADDRESS = "127.0.0.1:8400"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def promised(snippet: str) -> list[str]:
    """Give what the comments of a snippet say that it prints."""
    return re.findall(r"(?:#|//) prints (.+)$", snippet, re.MULTILINE)


def title(snippet: str) -> str:
    heading = re.findall(r"^#+ (.+)$", PAGE[: PAGE.index(snippet)], re.MULTILINE)[-1]
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


@pytest.mark.parametrize("snippet", blocks("python"), ids=title)
def test_the_snippets_for_python_run(emulator: Running, snippet: str):
    program = snippet.replace(ADDRESS, emulator.url.removeprefix("http://"))

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == promised(snippet) != []


@pytest.mark.parametrize("block", blocks("console"), ids=range(len(blocks("console"))))
def test_the_commands_answer_as_they_are_shown(emulator: Running, block: str):
    if not shutil.which("curl"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("curl is not installed")

    for line, answer in re.findall(r"^\$ (.+)\n((?:[^$].*\n)*)", block, re.MULTILINE):
        if line.startswith("python -m emulator"):
            assert command._parser().parse_args(shlex.split(line)[3:]).port == 8400
            continue
        here = line.replace(ADDRESS, emulator.url.removeprefix("http://"))
        result = subprocess.run(["bash", "-c", here], capture_output=True, text=True, timeout=60, check=True)

        wanted = ".*".join(re.escape(part) for part in answer.strip().split("..."))
        assert re.fullmatch(wanted, result.stdout.strip()), f"{line}\n{result.stdout}"


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_seed_is_one(emulator: Running, text: str):
    emulator.cloud.world = seed.sown(emulator.cloud.world, seed.parse(text))

    assert emulator.control("GET", "world")["parts"]["ram"]["users"].keys() == {"bob"}


def test_every_option_of_the_command_line_is_told():
    options = [option for action in command._parser()._actions for option in action.option_strings]

    assert [option for option in options if option.startswith("--") and f"`{option}" not in PAGE] == ["--help"]


def test_every_seed_address_and_fault_is_told():
    names = [*seed.names(), *get_args(Kind), *Order.model_fields]
    names += [f"{method} {name}" for name, methods in control._ROUTES.items() for method in methods]

    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_the_key_of_the_account_is_the_one_that_is_told():
    assert f"`{command.ACCESS_KEY_ID}`" in PAGE
    assert f"`{command.ACCESS_KEY_SECRET}`" in PAGE
