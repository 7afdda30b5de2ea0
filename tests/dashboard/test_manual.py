"""docs/operating.md: ten tasks, each with a picture that tests/dashboard takes."""

import re
from pathlib import Path

from deployments.local import ROOT

MANUAL = (ROOT / "docs" / "operating.md").read_text("utf-8")
TASKS = re.split(r"^## ", MANUAL, flags=re.MULTILINE)[1:]
SHOWN = re.findall(r"\]\((pictures/operating/[a-z-]+\.png)\)", MANUAL)
KEPT = sorted((ROOT / "docs" / "pictures" / "operating").glob("*.png"))
LARGEST = 250_000


def test_there_are_ten_tasks_and_each_has_a_picture():
    assert len(TASKS) == 10
    assert [task.splitlines()[0] for task in TASKS if "](pictures/operating/" not in task] == []


def test_the_pictures_that_are_kept_are_those_that_are_shown_and_small():
    assert sorted(ROOT / "docs" / shown for shown in SHOWN) == KEPT
    assert [path.name for path in KEPT if path.stat().st_size > LARGEST] == []


def test_each_picture_is_taken_by_a_test():
    tests = (Path(__file__).parent / "test_operating.py").read_text("utf-8")

    assert [path.stem for path in KEPT if f'"{path.stem}"' not in tests] == []
