"""Over a bad line: frames hold only what changed, leave when there is room, and what is between them is dropped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cupola.models import Job
from cupola.paths import default_paths
from cupola.store import jobs
from cupola.store.database import Database, open_store
from cupola_tui.ascii import in_ascii
from cupola_tui.frames import Shown
from cupola_tui.line_pace import QUERY, LinePace

from .conftest import LEARNING, PAUSED, learn
from .throttle import Throttled

WIDTH, HEIGHT = 24, 4

styles = st.sampled_from(
    [None, Style.parse("red"), Style.parse("bold #8090a0 on #102030"), Style.parse("reverse"), Style.parse("underline")]
)
pieces = st.lists(st.tuples(st.text("ab é漢│⣿ ", min_size=1, max_size=12), styles), max_size=4)
screens = st.lists(pieces, min_size=HEIGHT, max_size=HEIGHT)


def strip(parts: list[tuple[str, Style | None]]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts]).adjust_cell_length(WIDTH)


def pixels(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Every cell as it looks; the foreground of a plain blank is not seen."""
    out = []
    for row in range(HEIGHT):
        line = []
        for column in range(WIDTH):
            cell = screen.buffer[row][column]
            hidden = cell.data == " " and not cell.underscore and not cell.reverse
            line.append((cell.data, cell.bg, cell.reverse, cell.underscore, None if hidden else (cell.fg, cell.bold)))
        out.append(line)
    return out


def plain(strips: list[Strip]) -> list[list[tuple[object, ...]]]:
    """What a terminal shows to which every line was written in full."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    for row, one in enumerate(strips):
        stream.feed(f"\x1b[{row + 1};1H")
        for text, style, _ in one:
            stream.feed((style or Style()).render(text, color_system=ColorSystem.TRUECOLOR))
    return pixels(screen)


@given(st.lists(screens, min_size=1, max_size=4), st.booleans())
def test_after_each_frame_the_terminal_shows_what_it_should(frames: list[list], erases: bool) -> None:  # type: ignore[type-arg]  # Of a strategy.
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream, shown = pyte.Stream(screen), Shown(erases)
    for frame in frames:
        strips = [strip(parts) for parts in frame]
        stream.feed(shown.become(strips, ColorSystem.TRUECOLOR))
        assert pixels(screen) == plain(strips)
        assert shown.become(strips, ColorSystem.TRUECOLOR) == ""


def test_one_changed_cell_costs_a_handful_of_bytes_and_a_blank_screen_little() -> None:
    shown = Shown()
    blank = [Strip([Segment(" " * 120, Style.parse("on #102030"))]) for _ in range(40)]
    assert len(shown.become(blank, ColorSystem.TRUECOLOR)) < 40 * 40
    blank[7] = Strip([Segment(" " * 60 + "x" + " " * 59, Style.parse("on #102030"))])
    assert len(shown.become(blank, ColorSystem.TRUECOLOR)) < 40


def test_a_screen_of_another_size_is_drawn_anew() -> None:
    shown = Shown()
    shown.become([Strip([Segment("abcdef")])] * 2, None)
    wider = shown.become([Strip([Segment("abcdefgh")])] * 2, None)
    assert wider.count("abcdefgh") == 2
    shown.forget()
    assert shown.become([Strip([Segment("abcdefgh")])] * 2, None).count("abcdefgh") == 2


@given(st.text("aé漢│⣿✓…●\u0301🎉 ", max_size=30))
def test_in_ascii_every_line_keeps_its_width(text: str) -> None:
    turned = in_ascii(text)
    assert turned.isascii()
    assert len(turned) == sum(get_character_cell_size(character) for character in text)


def test_a_curve_in_ascii_still_rises() -> None:
    assert in_ascii("⣀⣿⠉⠀") == ".:' "


def test_without_colours_none_are_sent() -> None:
    sent = Shown().become([Strip([Segment("x", Style.parse("bold red on blue"))])], None)
    assert "\x1b[0;1m" in sent and "38;" not in sent and "31" not in sent and "44" not in sent


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(time: Time) -> LinePace:
    pace = LinePace(time, sleep=time.sleep)
    pace.began()
    return pace


def answer_after(pace: LinePace, time: Time, seconds: float) -> None:
    assert pace.ask() == QUERY
    time.now += seconds
    pace.answered()


def test_a_line_is_slow_from_its_first_long_round_trip_on_and_until_three_short_ones(
    pace: LinePace, time: Time
) -> None:
    assert pace.paced and not pace.slow
    answer_after(pace, time, 0.3)
    assert pace.slow and pace.round_trip == pytest.approx(0.3)
    for _ in range(3):
        assert pace.slow
        answer_after(pace, time, 0.02)
    assert not pace.slow and not pace.paced


def test_one_long_round_trip_on_a_good_line_does_not_make_it_slow(pace: LinePace, time: Time) -> None:
    answer_after(pace, time, 0.01)
    answer_after(pace, time, 0.5)
    assert not pace.slow
    assert pace.sent() == QUERY, "A doubtful line is asked again at once."


def test_a_frame_waits_for_the_answer_to_the_one_before_but_not_for_ever(pace: LinePace, time: Time) -> None:
    answer_after(pace, time, 0.3)
    time.now += 1
    assert pace.wait() == 0
    assert pace.sent() == QUERY
    time.now += 1
    assert pace.wait() > 0
    time.now += 60
    assert pace.wait() == 0
    assert pace.sent() == QUERY


def test_a_terminal_that_never_answers_is_not_waited_for(pace: LinePace, time: Time) -> None:
    pace.ask()
    assert pace.paced
    time.now += 2
    assert not pace.paced and not pace.slow and pace.wait() == 0
    before = time.now
    pace.settle(1.0)
    assert time.now == before


def test_a_pseudo_terminal_that_does_not_drain_holds_frames_back(pace: LinePace, time: Time) -> None:
    answer_after(pace, time, 0.01)
    pace.backlog = 100_000
    assert pace.paced and pace.wait() > 0
    pace.backlog = 0
    assert not pace.paced and pace.wait() == 0


def test_a_good_line_is_asked_seldom_and_never_by_itself(pace: LinePace, time: Time) -> None:
    answer_after(pace, time, 0.01)
    assert pace.sent() == ""
    time.now += 11
    assert pace.sent() == QUERY


def test_what_a_person_says_of_the_line_counts(time: Time) -> None:
    slow, fast = LinePace(time, "slow"), LinePace(time, "fast")
    answer_after(slow, time, 0.001)
    answer_after(fast, time, 2.0)
    assert slow.slow and slow.paced
    assert not fast.slow and not fast.paced


def test_the_end_waits_for_an_answer_on_its_way_and_not_longer_than_a_second(pace: LinePace, time: Time) -> None:
    answer_after(pace, time, 0.3)
    pace.ask()
    before = time.now
    pace.settle(1.0)
    assert 0.9 < time.now - before < 1.1


OpenLine = Callable[..., Throttled]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text('default = "far"\n[profiles.far]\n')
    return tmp_path


@pytest.fixture
def kept(home: Path) -> Iterator[Database]:
    database = open_store(default_paths({"CUPOLA_HOME": str(home)}).store("far"))
    jobs.save(database, [LEARNING, PAUSED])
    learn(database, 1, 200)
    yield database
    database.close()


@pytest.fixture
def open_line(home: Path, kept: Database) -> Iterator[OpenLine]:
    opened: list[Throttled] = []

    def make(**line: float | bool) -> Throttled:
        environment = {"CUPOLA_HOME": str(home), "HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "cupola_tui"]
        opened.append(Throttled(command, {**environment, "PATH": "/usr/bin:/bin"}, **line))  # type: ignore[arg-type]  # By name.
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_a_line_of_300_ms_and_5_kb_a_second_stays_usable(open_line: OpenLine, kept: Database) -> None:
    line = open_line(bytes_a_second=5_000.0, delay=0.3)
    line.wait_for("cora-distil", 60)
    assert len(line.sent) < 6_000, "What one came for is there before a second's worth of bytes."
    line.wait_for("slow line", 60)
    line.idle(3)
    before = len(line.sent)
    line.press("?")
    line.wait_for("Help", 60)
    assert len(line.sent) - before < 5_000
    line.press("q")
    line.idle(3)
    before = len(line.sent)
    for key in "jk" * 30 + "j":
        line.press(key)
    line.wait_for("loyalty-rft · reinforcement", 60)
    line.idle(2)
    assert len(line.sent) - before < 12_000, "Sixty moves made sixty frames: none was dropped."
    before = len(line.sent)
    jobs.save(kept, [Job("ftjob-late", "m", "supervised", "running", int(1.9e9), suffix="come-late", raw="1")])
    line.wait_for("come-late", 60)
    assert len(line.sent) - before < 5_000


def test_a_terminal_that_answers_nothing_is_drawn_on_all_the_same(open_line: OpenLine) -> None:
    line = open_line(bytes_a_second=200_000.0, delay=0.0, answers=False)
    line.wait_for("cora-distil", 60)
    line.press("?")
    line.wait_for("Help", 60)
    assert "slow line" not in line.text
