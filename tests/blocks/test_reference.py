"""The page docs/environment.md says what the model says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_page_of_the_environment_is_current(capsys):
    runpy.run_path(str(ROOT / "docs" / "reference.py"), run_name="__main__")

    assert capsys.readouterr().out == (ROOT / "docs" / "environment.md").read_text("utf-8")
