"""Makes the pictures of the README from a running `make demo`: the dashboard's pages, and the graph of `prepare`.

    python docs/pictures.py http://127.0.0.1:<dashboard port> http://127.0.0.1:<emulator port>

Needs Debian's chromium and the package playwright. The graph is what the server recorded of the real run.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def main(dashboard: str, emulator: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    run, artifact = _run(dashboard), _artifact(dashboard)
    graph = httpx.get(f"{dashboard}/api/flow_runs/{run}/graph-v2").json()
    (FOLDER / "prepare.mmd").write_text(mermaid(graph))
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as play:
        browser = play.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, headless=True, viewport={"width": 1440, "height": 900}, args=QUIET
        )
        page = browser.new_page()
        _shoot(page, f"{dashboard}/v2/runs/flow-run/{run}?tab=TaskRuns", "flow-run.png")
        _shoot(page, f"{dashboard}/v2/artifacts/artifact/{artifact}", "report.png")
        _shoot(page, f"{emulator}/", "emulator.png")
        browser.close()


def _run(dashboard: str) -> str:
    rows = httpx.post(
        f"{dashboard}/api/flow_runs/filter",
        json={"flow_runs": {"name": {"any_": ["prepare flink-exclusive"]}}, "sort": "START_TIME_ASC", "limit": 1},
    ).json()
    return str(rows[0]["id"])


def _artifact(dashboard: str) -> str:
    rows = httpx.post(
        f"{dashboard}/api/artifacts/filter", json={"artifacts": {"key": {"any_": ["report-flink-exclusive"]}}}
    ).json()
    return str(rows[0]["id"])


def _shoot(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle", timeout=15_000)
    page.wait_for_timeout(4000)  # the graph is drawn on a canvas, which tells nobody when it is done
    page.screenshot(path=str(FOLDER / name))


def mermaid(graph: Any) -> str:
    """Draw the graph that the server recorded of a flow run: a node per task run, an arrow per dependency."""
    nodes = dict(graph["nodes"])
    short = {identifier: f"n{number}" for number, identifier in enumerate(nodes)}
    lines = ["flowchart LR"]
    lines += [f'  {short[key]}["{_clean(node["label"])}"]' for key, node in nodes.items()]
    for key, node in nodes.items():
        lines += [f"  {short[child['id']]} --> {short[key]}" for child in node["parents"] if child["id"] in short]
    return "\n".join(lines) + "\n"


def _clean(label: str) -> str:
    return re.sub(r"[\"\[\]<>]", "", label)


if __name__ == "__main__":
    main(*sys.argv[1:])
