"""One Prefect server, one worker, one account and one browser for all tests of the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from tests.dashboard.desk import CHROMIUM, PATIENCE_MS, Desk
from tests.dashboard.desk import desk as at_desk


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser: install Debian's package chromium ({CHROMIUM})")
    expect.set_options(timeout=PATIENCE_MS)
    with at_desk(tmp_path_factory.mktemp("dashboard")) as desk:
        yield desk


@pytest.fixture
def desk(furnished: Desk, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """The desk; what is on the screen when a test ends, or fails, is kept."""
    yield furnished
    with suppress(Error):  # a page that is being drawn may give no picture: it proves nothing, it only helps
        furnished.picture(f"last-{request.node.name.removeprefix('test_')}")
