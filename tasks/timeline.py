"""The timeline of a run as a picture: when each step waited, worked, and waited for the cloud."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, takewhile
from unicodedata import combining, east_asian_width
from xml.etree.ElementTree import Element, SubElement, tostring

from alicloud.snapshot import Outcome
from tasks.inert import one_line, plain

# Pixels. The dashboard shows a picture 690 wide, unless it is narrower.
WIDTH, EDGE = 690, 14
TITLES, TIMES = 250, 70  # columns at the left and at the right of the bars
HEAD, ROW, FOOT = 58, 20, 24
LEFT, RIGHT = EDGE + TITLES, WIDTH - EDGE - TIMES
LEAST = 2.0  # a bar that is shorter is not seen
MOST_LETTERS = 80  # of a title, some of which may take no room

TICKS = 6
UNITS = ((0.001, "ms", 1.0), (1.0, "s", 120.0), (60.0, "min", 3 * 3600.0), (3600.0, "h", math.inf))
NARROW, BROAD = " iljtfrI.,:;'|!()[]", "mwMW@%"

# A card of its own, light in both themes. The colours stay apart for those who do not tell red from green.
STYLE = """
text{font:12px Inter,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;fill:#1f2933;white-space:pre}
.n{fill:#52606d;font-size:11px}.f{fill:#b42318;font-weight:600}
.e{text-anchor:end}.m{text-anchor:middle}
path{fill:none;stroke-width:12}.g{stroke:#e4e7eb;stroke-width:1}.w{stroke:#c3cad3;stroke-width:2}
.o{stroke:#e8912d}.c{stroke:#2f6fd0}
""".replace("\n", "")
LEGEND = (("w", "waiting for other steps"), ("o", "working"), ("c", "the cloud's own time"))


@dataclass(frozen=True)
class Timeline:
    """What is drawn: the steps that began, in the order in which they did, and the seconds between first and last."""

    steps: tuple[Outcome, ...]
    began: float
    ended: float

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Timeline:
        """Order the steps of a run; it begins to act with the first of them."""
        steps = sorted((each for each in outcomes if each.attempts), key=lambda each: each.attempts[0].began)
        attempts = [attempt for step in steps for attempt in step.attempts]
        began = min((attempt.began for attempt in attempts), default=0.0)
        return cls(tuple(steps), began, max((attempt.ended for attempt in attempts), default=0.0))

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    def svg(self) -> str:
        """Draw it: a row per step, with its title, its bars and how long it took by itself."""
        bottom = HEAD + ROW * len(self.steps)
        height = bottom + FOOT
        picture = _picture(height)
        _legend(picture, any(step.error for step in self.steps))
        self._axis(picture, bottom)
        for place, step in enumerate(self.steps):
            _title(picture, step, HEAD + ROW * place)
            times = f" ×{len(step.attempts)}" if len(step.attempts) > 1 else ""
            _text(picture, told(_lasted(step)) + times, WIDTH - EDGE, HEAD + ROW * place + 14, "n e")
        for kind, _ in LEGEND:
            _lines(picture, kind, self._bars(kind))
        return tostring(picture, encoding="unicode")

    def markdown(self, environment: str) -> str:
        """Write the page that shows the picture."""
        picture = b64encode(self.svg().encode()).decode()
        lines = [
            f"# Environment {plain(environment)}: timeline",
            f"![What each step waited for, and how long it worked](data:image/svg+xml;base64,{picture})",
            "Orange and blue say how much, not when: blue is all that a step waited for the cloud, orange the rest. "
            "The time at the right is both, without the waiting for other steps.",
        ]
        return "\n\n".join(lines) + "\n"

    def summary(self) -> str:
        """Say in one line how long the run took, and which step the longest."""
        longest = max(self.steps, key=_lasted, default=None)
        if longest is None:
            return "No step began."
        share = 100 * _cloud(longest) / _lasted(longest) if _lasted(longest) else 0.0
        return (
            f"{len(self.steps)} step{'s' if len(self.steps) > 1 else ''} in {told(self.seconds)}. The longest: "
            f"{plain(longest.step)}, {told(_lasted(longest))}, {share:.0f} % of it the cloud's own time."
        )

    def _bars(self, kind: str) -> Iterator[tuple[float, float, float]]:
        """Give the bars of one kind, each with its height, its begin and its end."""
        for place, step in enumerate(self.steps):
            for each, begin, end in self._parts(step):
                if each == kind and round(end - begin, 1) > 0:
                    yield HEAD + ROW * place + 10, begin, end

    def _parts(self, step: Outcome) -> Iterator[tuple[str, float, float]]:
        """Part the row of a step: each attempt shows the work of ours first and then what was the cloud's, as sums."""
        free: float = LEFT
        for attempt in step.attempts:
            begin, lasted = self._x(attempt.began), attempt.ended - attempt.began
            end = max(self._x(attempt.ended), begin + LEAST)
            share = min(1.0, attempt.cloud_seconds / lasted) if lasted > 0 else 0.0
            between = end - share * (end - begin)
            yield from (("w", free, begin), ("o", begin, between), ("c", between, end))
            free = end

    def _x(self, seconds: float) -> float:
        return LEFT + (seconds - self.began) / (self.seconds or 1.0) * (RIGHT - LEFT)

    def _axis(self, picture: Element, bottom: float) -> None:
        unit, name, step = _scale(self.seconds)
        for number in range(int(self.seconds / (unit * step) + 1e-9) + 1):
            x = self._x(self.began + number * unit * step)
            SubElement(picture, "path", {"class": "g", "d": f"M{_number(x)} {HEAD - 4}V{bottom + 4}"})
            for y in (HEAD - 9, bottom + 17):
                _text(picture, f"{number * step:g} {name}", x, y, "n m")


def told(seconds: float) -> str:
    """Write a time as a person tells it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "under 1 ms"
    if seconds < 120:
        return f"{seconds:.{0 if seconds >= 10 else 1}f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _lasted(step: Outcome) -> float:
    return sum(attempt.ended - attempt.began for attempt in step.attempts)


def _cloud(step: Outcome) -> float:
    return sum(attempt.cloud_seconds for attempt in step.attempts)


def _scale(seconds: float) -> tuple[float, str, float]:
    """Give the seconds of the axis's unit, its name, and how many of it lie between two ticks: 1, 2 or 5, and tens."""
    unit, name = next((unit, name) for unit, name, below in UNITS if seconds < below)
    least = max(seconds / unit, 1.0) / TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return unit, name, next(power * first for first in (1, 2, 5, 10) if power * first >= least * (1 - 1e-9))


def _picture(height: float) -> Element:
    size = {"width": str(WIDTH), "height": str(height), "viewBox": f"0 0 {WIDTH} {height}"}
    picture = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
    SubElement(picture, "style").text = STYLE
    card = {"x": "0.5", "y": "0.5", "rx": "8", "fill": "#fff", "stroke": "#d2d6dc"}
    SubElement(picture, "rect", card | {"width": str(WIDTH - 1), "height": str(height - 1)})
    return picture


def _legend(picture: Element, failed: bool) -> None:
    x: float = EDGE
    for kind, text in LEGEND:
        _lines(picture, kind, [(21, x, x + 14)])
        _text(picture, text, x + 20, 25)
        x += 44 + sum(map(_advance, text))
    if failed:
        _text(picture, "failed", x, 25, "f")


def _title(picture: Element, step: Outcome, top: float) -> None:
    """Write a title into a window of its own: whatever letters it has, none covers another row."""
    window = {"x": str(EDGE), "y": str(top), "width": str(TITLES - 10), "height": str(ROW)}
    _text(SubElement(picture, "svg", window), _cut(one_line(step.step)), 0, 14, "f" if step.error else "")


def _cut(title: str) -> str:
    """Cut a title to what its column holds, out of its middle: many begin alike."""
    room = TITLES - 12.0
    if len(title) <= MOST_LETTERS and sum(map(_advance, title)) <= room:
        return title
    begin, end = _fitting(title, 0.6 * room), _fitting(title[::-1], 0.4 * room - 12)[::-1]
    return f"{begin.rstrip()}…{end.lstrip()}"


def _fitting(letters: str, room: float) -> str:
    """Give as many of the first letters as have room."""
    ends = takewhile(lambda end: end <= room, accumulate(map(_advance, letters[: MOST_LETTERS // 2])))
    return letters[: len(list(ends))]


def _advance(letter: str) -> float:
    """Estimate how wide a letter is: nobody tells which font it will be shown in."""
    if combining(letter):
        return 0.0
    if east_asian_width(letter) in "WF":
        return 13.0
    return 3.6 if letter in NARROW else 11.0 if letter in BROAD else 8.4 if letter.isupper() else 6.7


def _lines(picture: Element, kind: str, lines: Iterable[tuple[float, float, float]]) -> None:
    """Draw level lines, each from its height, its begin and its end: a path of them all is the shortest to write."""
    path = "".join(f"M{_number(begin)} {_number(height)}H{_number(end)}" for height, begin, end in lines)
    if path:
        SubElement(picture, "path", {"class": kind, "d": path})


def _text(parent: Element, text: str, x: float, y: float, kind: str = "") -> None:
    named = {"class": kind} if kind else {}
    SubElement(parent, "text", {**named, "x": _number(x), "y": _number(y)}).text = text


def _number(pixels: float) -> str:
    return f"{pixels:.1f}".removesuffix(".0")
