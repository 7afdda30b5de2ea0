"""The timeline of a run as a picture."""

import re
from base64 import b64decode
from xml.etree import ElementTree

import pytest

from alicloud.snapshot import Attempt, Outcome
from tasks.timeline import HEAD, LEAST, LEFT, RIGHT, TITLES, WIDTH, Timeline, told

SVG = "{http://www.w3.org/2000/svg}"


def step(name, *attempts, error=""):
    """Make a step of its attempts: begin, end, and how many seconds of it were the cloud's own."""
    return Outcome(name, (), error, tuple(Attempt(*attempt) for attempt in attempts))


def drawn(*steps):
    return ElementTree.fromstring(Timeline.of(steps).svg())


def lines(picture, kind):
    """Give height, begin and end of each line of a kind, but that of the legend, from top to bottom."""
    paths = [path.get("d") for path in picture.iter(f"{SVG}path") if path.get("class") == kind]
    found = [tuple(map(float, each)) for path in paths for each in re.findall(r"M([\d.]+) ([\d.]+)H([\d.]+)", path)]
    return sorted((y, begin, end) for begin, y, end in found if y > HEAD)


def lengths(picture, kind):
    return [round(end - begin, 1) for _, begin, end in lines(picture, kind)]


def texts(picture):
    return [text.text for text in picture.iter(f"{SVG}text")]


def titles(picture):
    return [text.text for window in picture.findall(f"{SVG}svg") for text in window]


def test_a_step_waits_from_the_first_step_s_begin_and_then_works():
    picture = drawn(step("VPC", (100, 105, 0)), step("vSwitch", (105, 110, 0)))

    middle = LEFT + (RIGHT - LEFT) / 2
    assert [line[1:] for line in lines(picture, "w")] == [(LEFT, middle)]
    assert [line[1:] for line in lines(picture, "o")] == [(LEFT, middle), (middle, RIGHT)]
    assert lines(picture, "c") == []


def test_each_step_has_a_row_in_the_order_of_their_begin():
    picture = drawn(step("third", (7, 8, 0)), step("first", (1, 9, 0)), step("second", (2, 3, 0)))

    assert titles(picture) == ["first", "second", "third"]
    heights = [line[0] for line in lines(picture, "o")]
    assert len(set(heights)) == 3


def test_a_bar_is_parted_by_how_much_of_it_was_the_cloud_s():
    picture = drawn(step("Cluster", (0, 10, 7.5)))

    assert lengths(picture, "o") == [pytest.approx((RIGHT - LEFT) / 4, abs=0.1)]
    assert lengths(picture, "c") == [pytest.approx((RIGHT - LEFT) * 3 / 4, abs=0.1)]


@pytest.mark.parametrize(
    ("attempt", "kind"),
    [
        pytest.param((5, 5.001, 0), "o", id="short, without the cloud"),
        pytest.param((5, 5, 0), "o", id="no time at all"),
        pytest.param((5, 5.001, 0.001), "c", id="short, all of it the cloud's"),
        pytest.param((5, 5.001, 9), "c", id="more of the cloud's than there was"),
    ],
)
def test_a_step_that_took_next_to_nothing_still_shows(attempt, kind):
    picture = drawn(step("Cluster", (0, 3600, 0)), step("short", attempt))

    shown = lines(picture, kind)[-1]
    assert shown[2] - shown[1] == pytest.approx(LEAST, abs=0.11)


def test_a_step_that_was_carried_out_again_shows_each_attempt_and_waits_between():
    picture = drawn(step("VPC", (0, 2, 0), (12, 20, 0)))

    second = (RIGHT - LEFT) / 20
    assert lengths(picture, "o") == [pytest.approx(2 * second, abs=0.1), pytest.approx(8 * second, abs=0.1)]
    assert lengths(picture, "w") == [pytest.approx(10 * second, abs=0.1)]
    assert "10 s ×2" in texts(picture)


def test_a_failed_step_stands_out_and_the_legend_says_so():
    picture = drawn(step("VPC", (0, 1, 0)), step("Bucket", (0, 1, 0), error="It is public."))

    marked = [text.text for text in picture.iter(f"{SVG}text") if text.get("class") == "f"]
    assert marked == ["failed", "Bucket"]


def test_where_nothing_failed_the_legend_names_three_colours():
    assert texts(drawn(step("VPC", (0, 1, 0))))[:3] == ["waiting for other steps", "working", "the cloud's own time"]
    assert "failed" not in texts(drawn(step("VPC", (0, 1, 0))))


@pytest.mark.parametrize(
    ("seconds", "ticks"),
    [
        (0, ["0 ms"]),
        (0.004, ["0 ms", "1 ms", "2 ms", "3 ms", "4 ms"]),
        (0.9, ["0 ms", "200 ms", "400 ms", "600 ms", "800 ms"]),
        (3, ["0 s", "0.5 s", "1 s", "1.5 s", "2 s", "2.5 s", "3 s"]),
        (100, ["0 s", "20 s", "40 s", "60 s", "80 s", "100 s"]),
        (120, ["0 min", "0.5 min", "1 min", "1.5 min", "2 min"]),
        (2700, ["0 min", "10 min", "20 min", "30 min", "40 min"]),
        (3 * 3600, ["0 h", "0.5 h", "1 h", "1.5 h", "2 h", "2.5 h", "3 h"]),
        (90 * 3600, ["0 h", "20 h", "40 h", "60 h", "80 h"]),
    ],
)
def test_the_axis_has_few_round_ticks_above_and_below(seconds, ticks):
    picture = drawn(step("VPC", (50, 50 + seconds, 0)))

    shown = [text.text for text in picture.iter(f"{SVG}text") if text.get("class") == "n m"]
    assert sorted(shown) == sorted(ticks * 2)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under 1 ms"),
        (0.0009, "under 1 ms"),
        (0.0214, "21 ms"),
        (1.25, "1.2 s"),
        (9.96, "10.0 s"),
        (45.4, "45 s"),
        (119, "119 s"),
        (120, "2 min"),
        (2640, "44 min"),
        (7200, "2 h 0 min"),
        (9000, "2 h 30 min"),
    ],
)
def test_a_time_is_told_as_a_person_tells_it(seconds, words):
    assert told(seconds) == words


@pytest.mark.parametrize(
    "title",
    [
        "a" * 300,
        "W" * 60,
        "i" * 100_000,
        "漢字" * 40,
        "🚀" * 60,
        "Z" + "\u0301" * 100_000,
        "<b>" * 50,
    ],
    ids=["long", "broad", "narrow", "Han", "emoji", "marks upon marks", "markup"],
)
def test_a_long_title_is_cut_to_its_column(title):
    picture = drawn(step(title, (0, 1, 0)))

    (shown,) = titles(picture)
    (window,) = picture.findall(f"{SVG}svg")
    begin, _, end = shown.partition("…")
    assert title.startswith(begin)
    assert title.endswith(end)
    assert len(shown) <= 81
    assert float(window.get("width")) < TITLES  # an SVG element within another shows nothing outside of itself


def test_a_cut_title_keeps_the_end_by_which_it_differs():
    names = [f"Policy RealtimeCompute-flink-exclusive-of-the-{who}" for who in ("developers", "operators")]

    shown = titles(drawn(*(step(name, (0, 1, 0)) for name in names)))

    assert [each.rpartition("-")[2] for each in shown] == ["developers", "operators"]
    assert all(each.startswith("Policy RealtimeCompute") and "…" in each for each in shown)


def test_a_title_that_fits_is_left_whole():
    name = "vSwitch flink-vswitch-cn-hangzhou-h"

    assert titles(drawn(step(name, (0, 1, 0)))) == [name]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("</text><script>alert(1)</script>", "</text><script>alert(1)</script>"),
        ("<a href='javascript:x'>&lt;", "<a href='javascript:x'>&lt;"),
        ("\x1b[31mred\x00", "\\x1b[31mred\\x00"),
        ("one\r\ntwo\tthree", "one two three"),
        ("half \ud800 \ufffe", "half \\ud800 \\ufffe"),
        ("turned \u202e round", "turned \\u202e round"),
        ("🚀 é", "🚀 é"),
        ("", None),
    ],
)
def test_a_hostile_title_is_text_and_nothing_else(title, shown):
    benign = drawn(step("words", (0, 1, 0)))

    picture = drawn(step(title, (0, 1, 0)))

    assert titles(picture) == [shown]
    assert [element.tag for element in picture.iter()] == [element.tag for element in benign.iter()]


@pytest.mark.parametrize("number", [1, 80])
def test_the_picture_is_as_wide_as_the_dashboard_and_as_high_as_it_needs(number):
    picture = drawn(*(step(f"RAM user {each}", (each, each + 1, 0.5)) for each in range(number)))

    assert picture.get("width") == str(WIDTH)
    assert float(picture.get("height")) == 82 + 20 * number


def test_the_page_of_80_steps_is_small():
    steps = [
        step(f"<RAM user number {each} & of a {'very ' * 9}long name>", *[(each, each + 1, 0.5)] * 3)
        for each in range(80)
    ]

    page = Timeline.of(steps).markdown("flink-exclusive")

    assert len(page) < 60_000


def test_the_page_holds_the_picture():
    timeline = Timeline.of([step("VPC", (0, 1, 0))])

    page = timeline.markdown("flink-exclusive")

    (picture,) = re.findall(r"^!\[[\w, ]+\]\(data:image/svg\+xml;base64,([\w+/=]+)\)$", page, re.MULTILINE)
    assert b64decode(picture).decode() == timeline.svg()
    assert page.startswith("# Environment flink-exclusive: timeline\n")


def test_the_summary_names_the_longest_step_and_the_cloud_s_share_of_it():
    steps = [step("VPC", (0, 5, 1)), step("Cluster <c>", (5, 605, 594)), step("Project", (610, 620, 0))]

    summary = Timeline.of(steps).summary()

    assert summary == "3 steps in 10 min. The longest: Cluster &lt;c&gt;, 10 min, 99 % of it the cloud's own time."


def test_a_run_in_which_no_step_began_has_no_steps():
    timeline = Timeline.of([])

    assert timeline.steps == ()
    assert timeline.summary() == "No step began."
