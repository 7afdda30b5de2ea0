"""An operator's desk: a browser on the dashboard of a real Prefect server, and an account on an emulator behind it."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from playwright.sync_api import Locator, Page, Response, TimeoutError, expect, sync_playwright

from deployments.local import ROOT, Local
from tests.reliability.stacks import LEASE_SECONDS, Slot, Stack, until

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
PICTURES = ROOT / "build" / "dashboard"
WIDE = {"width": 1440, "height": 900}
SPEED = 60.0
SLOW = 10.0  # a cluster is STARTING for 3 minutes, long enough to look and to cancel on a busy machine
PATIENCE_MS = 30_000.0
QUIET_MS = 4_000.0
BUSY = 503
BLANK_BYTES = 15_000  # of a picture of a graph that is still empty

# Each environment with the example that it is made from, and what its safety says besides.
ENVIRONMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "flink-exclusive": ("exclusive", {}),
    "flink-managed": ("managed", {}),
    "flink-approved": ("managed", {"approval": "money"}),
    "flink-hurried": ("managed", {"approval": "money", "approval_minutes": 0.1}),
}

# What differs in two requests that ask for the same.
_PASSING = {"Timestamp", "SignatureNonce", "Signature"}


@dataclass
class Account(Slot):
    """The account that all environments are in; each test begins with a new world."""

    def documents(self) -> list[Path]:
        paths = []
        for name, (mode, safety) in ENVIRONMENTS.items():
            facts = yaml.safe_load((ROOT / "environments" / f"{mode}.yaml").read_text("utf-8"))
            facts["name"] = name
            facts["cluster"]["name"] = name.replace("-", "_") if mode == "exclusive" else name
            facts["safety"] |= {"lease_seconds": LEASE_SECONDS, **safety}
            paths.append(self.local.state / f"{name}.yaml")
            paths[-1].write_text(yaml.safe_dump(facts), "utf-8")
        return paths

    def begin(self, seed: str) -> None:
        self.control("DELETE", "faults")
        self.control("POST", "reset", {"seed": seed})
        self.turn(SPEED)

    def fault(self, kind: str, action: str, **more: Any) -> None:
        self.control("POST", "faults", {"kind": kind, "action": action, **more})

    def turn(self, speed: float, advance: float = 0.0) -> None:
        """Let the cloud's clock run at a speed, from so many seconds later on."""
        self.control("POST", "clock", {"speed": speed, "advance": advance})

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        """Give what was written to the account; the journal's own entries are none of it."""
        return [call for call in self.calls(since, writes="true") if call["action"] != "AppendObject"]

    def called(self, action: str) -> list[dict[str, Any]]:
        return until(lambda: self.calls(action=action), action)

    def journal(self, environment: str) -> list[str]:
        """Give what the journal of an environment says, a line of JSON per entry."""
        buckets = self.world()["parts"]["oss_state"]["buckets"].values()
        wanted = f".realtime-compute-preparation/{environment}/journal.jsonl"
        found = [list(bucket["objects"][wanted].values()) for bucket in buckets if wanted in bucket["objects"]]
        assert len(found) == 1, f"{len(found)} journals of {environment}"
        return text_of(found[0][-1]).splitlines()


def text_of(version: dict[str, Any]) -> str:
    """Give the text of an object's version, as the emulator's view of the world shows it."""
    return b64decode(version["body"]).decode("utf-8")


def wish(call: dict[str, Any]) -> tuple[Any, ...]:
    """Give what a call asks for, the same for two calls that ask for the same."""
    asked = {name: value for name, value in call["parameters"].items() if name not in _PASSING}
    return call["product"], call["action"], call["method"], repr(sorted(asked.items()))


@dataclass
class Desk:
    """What an operator sees and presses."""

    stack: Stack
    page: Page
    pictures: Path = PICTURES

    @property
    def account(self) -> Account:
        return self.stack.slots[0]  # type: ignore[return-value]

    # Pages

    def open(self, path: str) -> None:
        self.page.goto(f"{self.stack.local.prefect_url}/v2/{path}")

    def open_run(self, run: str, tab: str) -> None:
        self.open(f"runs/flow-run/{run}?tab={tab}")
        expect(
            self.page.get_by_role("tab", name=re.compile(rf"^{re.sub('(?<=[a-z])(?=[A-Z])', ' ', tab)}$"))
        ).to_be_visible()

    def open_artifact(self, key: str, run: str) -> None:
        """Open a run's newest artifact of a key."""
        of_it = {"key": {"any_": [key]}, "flow_run_id": {"any_": [run]}}
        wanted = {"artifacts": of_it, "sort": "CREATED_DESC", "limit": 1}
        (artifact,) = until(lambda: self.stack.ask("POST", "/artifacts/filter", **wanted), f"artifact {key}")
        self.open(f"artifacts/artifact/{artifact['id']}")

    def open_block(self, kind: str, name: str, edit: bool = False) -> None:
        block = self.stack.ask("GET", f"/block_types/slug/{kind}/block_documents/name/{name}")
        self.open(f"blocks/block/{block['id']}{'/edit' if edit else ''}")

    @property
    def text(self) -> Locator:
        """What stands on the page, beside the navigation."""
        return self.page.get_by_role("main").first

    def picture(self, name: str, height: int = WIDE["height"], width: int = WIDE["width"]) -> None:
        """Take a picture of the page as it is."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.page.set_viewport_size({"width": width, "height": height})
        with suppress(TimeoutError):  # some pages never cease to ask
            self.page.wait_for_load_state("networkidle", timeout=QUIET_MS)
        self.page.screenshot(path=str(self.pictures / f"{name}.png"), animations="disabled")
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    def drawn(self) -> None:
        """Wait until the graph of a run is drawn; it is a canvas, which tells nobody."""
        canvas = self.page.locator("canvas").first
        expect(canvas).to_be_visible()
        with suppress(AssertionError):  # without it the picture is poorer, and nothing else
            until(lambda: len(canvas.screenshot()) > BLANK_BYTES, "the graph", seconds=10)

    # Hands

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.get_by_role("textbox", name=name, exact=True).fill(value)

    def open_form(self, deployment: str) -> None:
        """Go to a deployment, and to the form of its Run button. The list of them has more than one page."""
        found = self.stack.ask("GET", f"/deployments/name/{deployment}/{deployment}")
        self.open(f"deployments/deployment/{found['id']}")
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Custom run").click()
        expect(self.page.get_by_role("textbox", name="environment", exact=True)).to_be_visible()

    def submit(self) -> str:
        """Send the form and give the id of the run that it starts."""
        answer = self.press(self.page.get_by_role("button", name="Submit"), "/create_flow_run")
        run = str(answer.json()["id"])
        self.open(f"runs/flow-run/{run}")
        return run

    def press(self, button: Locator, request: str) -> Response:
        """Press a button that sends a request of the name, and once more while the server is too busy for it."""
        while True:
            with self.page.expect_response(lambda response: response.url.endswith(request)) as answer:
                button.click()
            if answer.value.status != BUSY:  # as on SQLite, now and then
                assert answer.value.ok, answer.value.status
                return answer.value

    def choose(self, item: str) -> Locator:
        """Choose from the menu of the run that is shown, and give the dialog that opens."""
        self.page.get_by_role("button", name="Open menu").first.click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()
        dialog = self.page.get_by_role("dialog").or_(self.page.get_by_role("alertdialog"))
        expect(dialog).to_be_visible()
        return dialog

    def retry(self, run: str) -> None:
        """Press Retry, and wait until the run has begun again."""
        attempts = self.attempts(run)
        self.choose("Retry").get_by_role("button", name="Retry").click()
        until(lambda: self.attempts(run) > attempts, f"another attempt of run {run}")

    def attempts(self, run: str) -> int:
        return int(self.stack.ask("GET", f"/flow_runs/{run}")["run_count"])

    def suspended(self, run: str) -> None:
        """Wait until a run waits for its operator."""
        state = until(
            lambda: found if (found := self.stack.state(run))["type"] in ENDS else None, f"a question of {run}"
        )
        assert state["name"] == "Suspended", state

    def percent(self) -> int:
        """Read the progress that is shown."""
        shown = self.page.get_by_text(re.compile(r"Progress: \d+"))
        expect(shown).to_be_visible()
        return int(re.findall(r"\d+", shown.inner_text())[0])


ENDS = ("PAUSED", "COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """Start everything in a folder of its own; what was started ends with it."""
    account = Account(1, Local(folder / "account"), SPEED)
    running = Stack(Local(folder / "server"), [account])
    try:
        running.start()  # before the browser: while it is driven, Prefect's own client finds a foreign event loop
        with TemporaryDirectory() as profile, sync_playwright() as play:
            browser = play.chromium.launch_persistent_context(
                profile,
                executable_path=CHROMIUM,
                headless=True,
                viewport=WIDE,
                args=QUIET,  # type: ignore[arg-type]
            )
            page = browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            yield Desk(running, page)
            browser.close()
    finally:
        running.stop()


def actions(calls: Sequence[dict[str, Any]]) -> list[str]:
    return [call["action"] for call in calls]
