"""`python -m benchmarks.charts`: draws what `make bench-fleet` has measured into docs/pictures/fleet.png."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

from matplotlib import pyplot

from benchmarks.fleet import OUTPUT
from deployments.local import ROOT

PICTURE = ROOT / "docs" / "pictures" / "fleet.png"
COLOURS = {"exclusive": "#2f6fd0", "managed": "#e8912d"}
Rows = Sequence[Mapping[str, Any]]


def main() -> int:
    rows = json.loads(OUTPUT.read_text("utf-8"))["fleets"]
    draw(rows, PICTURE)
    for mode in COLOURS:
        for what in ("cpu", "calls"):
            slope, rest = fitted([(row["size"], row[what] * row["size"]) for row in of(rows, mode, "first")])
            print(f"{mode}: {what} of a first run = {slope:.2f} for an environment + {rest:.2f}")
    return 0


def of(rows: Rows, mode: str, run: str) -> Rows:
    return [row for row in rows if (row["mode"], row["run"]) == (mode, run)]


def fitted(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Fit a line by least squares; give its slope and where it begins."""
    if len(points) < 2:
        return 0.0, points[0][1] if points else 0.0
    middle_x, middle_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / sum((x - middle_x) ** 2 for x, _ in points)
    return slope, middle_y - slope * middle_x


def draw(rows: Rows, picture: Path) -> None:
    """Draw four panels: time against the bound, the second run, CPU and calls with their fits."""
    figure, ((first, second), (cpu, calls)) = pyplot.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
    for mode, colour in COLOURS.items():
        begun, again = of(rows, mode, "first"), of(rows, mode, "second")
        _line(first, begun, "ratio", mode, colour)
        _line(second, again, "seconds", mode, colour)
        for panel, what in ((cpu, "cpu"), (calls, "calls")):
            points = [(row["size"], row[what] * row["size"]) for row in begun]
            slope, rest = fitted(points)
            panel.plot(*zip(*points, strict=True), "o", color=colour, label=f"{mode}: {slope:.2f} for an environment")
            panel.plot([0, points[-1][0]], [rest, rest + slope * points[-1][0]], "--", color=colour, linewidth=1)
    first.axhline(1.3, color="#b42318", linewidth=1, label="goal at 100: 1.3")
    second.axhline(30, color="#b42318", linewidth=1, label="goal at 100: 30 s")
    titles = {
        first: "First run: time / bound",
        second: "Second run, zero writes: seconds",
        cpu: "CPU seconds of the runner, first run",
        calls: "API calls, first run",
    }
    for panel, title in titles.items():
        panel.set(title=title, xlabel="environments", ylim=(0, None))
        panel.legend(frameon=False)
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=100)


def _line(panel: Any, rows: Rows, what: str, mode: str, colour: str) -> None:
    panel.plot([row["size"] for row in rows], [row[what] for row in rows], "o-", color=colour, label=mode)


if __name__ == "__main__":
    sys.exit(main())
