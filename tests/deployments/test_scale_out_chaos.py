"""A scaled-out Prefect under blows: a worker with its runs and an API server killed, PostgreSQL and Redis restarted.

It wants a machine to itself, for some minutes:  SCALE_OUT=1 pytest -n0 tests/deployments/test_scale_out_chaos.py
"""

import os
import tempfile
from pathlib import Path

import pytest

from deployments.scale_out import main


@pytest.mark.skipif("SCALE_OUT" not in os.environ, reason="takes some minutes of a whole machine: set SCALE_OUT=1")
def test_nothing_is_lost_and_nothing_is_there_twice_whatever_is_killed():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's user has to get in

        code = main(["--chaos", "--state", f"{folder}/state"])

    assert code == 0
