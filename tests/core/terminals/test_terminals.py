"""What reaches the terminal: byte for byte, also through one tmux, two of them, or GNU screen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.terminals.kinds import Terminal, configured, terminal_of
from cupola.terminals.sequences import (
    BEL,
    Dialect,
    Multiplexer,
    Progress,
    notice,
    progress,
    safe,
    window_title,
    wrapped,
)

TMUX, SCREEN = Multiplexer.TMUX, Multiplexer.SCREEN


class FakeTmux:
    """What a tmux with `allow-passthrough on` hands to the terminal around it.

    By tmux 3.3's input parser: a device control string that begins with `tmux;` is passed on with doubled ESCs made
    single, a bell is passed on, a title is taken for the pane, every other operating system command is dropped.
    """

    def __init__(self, passthrough: bool = True) -> None:
        self.passthrough = passthrough
        self.title = ""

    def feed(self, written: str) -> str:
        out = ""
        at = 0
        while at < len(written):
            rest = written[at:]
            if rest.startswith("\x1bP"):
                body, at = self._string(written, at + 2)
                if body.startswith("tmux;") and self.passthrough:
                    out += body.removeprefix("tmux;").replace("\x1b\x1b", "\x1b")
            elif rest.startswith("\x1b]"):
                command = re.match(r"\x1b\](.*?)(?:\x1b\\|\x07)", rest, re.DOTALL)
                assert command, rest
                if command[1].startswith("2;"):
                    self.title = command[1][2:]
                at += command.end()
            else:
                out += rest[0]
                at += 1
        return out

    @staticmethod
    def _string(written: str, at: int) -> tuple[str, int]:
        """The body of a device control string: it ends at the first ESC \\ whose ESC is not one of a pair."""
        body = ""
        while True:
            if written.startswith("\x1b\x1b", at):
                body, at = body + "\x1b\x1b", at + 2
            elif written.startswith("\x1b\\", at):
                return body, at + 2
            else:
                body, at = body + written[at], at + 1


@pytest.mark.parametrize(
    ("dialect", "sent"),
    [
        (Dialect.OSC9, "\x1b]9;Job done: It is.\x1b\\"),
        (Dialect.OSC777, "\x1b]777;notify;Job done;It is.\x1b\\"),
        (Dialect.OSC99, "\x1b]99;i=cupola-7:d=0:p=title;Job done\x1b\\\x1b]99;i=cupola-7:d=1:p=body;It is.\x1b\\"),
        (Dialect.BELL, "\x07"),
    ],
)
def test_a_notice_is_what_the_terminal_documents(dialect: Dialect, sent: str) -> None:
    assert notice(dialect, "Job done", "It is.", 7) == sent


def test_one_tmux_takes_one_wrapping_and_two_take_two() -> None:
    bare = "\x1b]9;T: x\x1b\\"
    assert wrapped(bare, (TMUX,)) == "\x1bPtmux;\x1b\x1b]9;T: x\x1b\x1b\\\x1b\\"
    assert wrapped(bare, (TMUX, TMUX)) == (
        "\x1bPtmux;\x1b\x1bPtmux;\x1b\x1b\x1b\x1b]9;T: x\x1b\x1b\x1b\x1b\\\x1b\x1b\\\x1b\\"
    )


@pytest.mark.parametrize("levels", [0, 1, 2, 3])
@pytest.mark.parametrize("dialect", [Dialect.OSC9, Dialect.OSC777, Dialect.OSC99])
def test_the_outer_terminal_gets_exactly_the_bare_bytes(dialect: Dialect, levels: int) -> None:
    bare = notice(dialect, "T", "Text with ünïcode ✓", 3)
    reached = wrapped(bare, (TMUX,) * levels)
    for _ in range(levels):
        reached = FakeTmux().feed(reached)
    assert reached == bare


@given(st.text(), st.text(), st.sampled_from(list(Dialect)), st.integers(0, 2))
def test_no_text_can_break_out_of_its_notice(title: str, text: str, dialect: Dialect, levels: int) -> None:
    bare = notice(dialect, title, text)
    assert re.fullmatch(r"\x07|(\x1b\][0-9]+;[^\x00-\x1f\x7f-\x9f]*\x1b\\)+", bare)
    reached = wrapped(bare, (TMUX,) * levels)
    for _ in range(levels):
        reached = FakeTmux().feed(reached)
    assert reached == bare


@given(st.text())
def test_a_text_is_one_short_line_without_controls(text: str) -> None:
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", safe(text))
    assert len(safe(text)) <= 240


def test_a_title_that_reads_like_conemus_command_is_none() -> None:
    assert not re.match(r"\x1b\]9;\d+;", notice(Dialect.OSC9, "4;1;50", "x"))


def test_screen_gets_short_pieces_that_hold_no_end_of_their_own() -> None:
    bare = notice(Dialect.OSC777, "T", "x" * 240)
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", wrapped(bare * 4, (SCREEN,)), re.DOTALL)
    assert len(pieces) > 1
    assert all(len(piece) <= 512 for piece in pieces)
    assert "".join(pieces) == bare.replace("\x1b\\", BEL) * 4


def test_tmux_takes_the_title_for_its_pane() -> None:
    tmux = FakeTmux()
    assert tmux.feed(window_title("Cupola: 1 running")) == ""
    assert tmux.title == "Cupola: 1 running"


def asked(answer: str) -> object:
    def ask(words: Sequence[str]) -> str:
        assert words[0] == "tmux"
        return answer

    return ask


@pytest.mark.parametrize(
    ("environment", "name", "dialect"),
    [
        ({"TERM": "xterm-kitty"}, "kitty", Dialect.OSC99),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty", Dialect.OSC99),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "WezTerm", Dialect.OSC777),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iTerm2", Dialect.OSC9),
        ({"TERM": "xterm-ghostty"}, "ghostty", Dialect.OSC9),
        ({"TERM": "foot"}, "foot", Dialect.OSC777),
        ({"TERM": "rxvt-unicode-256color"}, "urxvt", Dialect.OSC777),
        ({"TERM": "xterm-256color", "WT_SESSION": "x"}, "Windows Terminal", Dialect.BELL),
        ({"TERM": "xterm-256color"}, "a terminal that is not known", Dialect.BELL),
        ({}, "a terminal that is not known", Dialect.BELL),
    ],
)
def test_the_environment_tells_the_terminal(environment: Mapping[str, str], name: str, dialect: Dialect) -> None:
    found = terminal_of(environment)
    assert (found.name, found.dialect, found.through) == (name, dialect, ())


def test_inside_tmux_tmux_is_believed_and_not_what_was_inherited() -> None:
    inherited = {"TMUX": "/tmp/t,1,0", "TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "TERM_PROGRAM": "tmux"}
    found = terminal_of(inherited, asked("WezTerm 20240203|xterm-256color|1"))  # type: ignore[arg-type]  # A plain function.
    assert (found.name, found.through, found.passes) == ("WezTerm", (TMUX,), True)
    assert found.notice("T", "x") == wrapped("\x1b]777;notify;T;x\x1b\\", (TMUX,))


def test_a_tmux_that_lets_nothing_through_gets_a_bell_and_the_person_a_remedy() -> None:
    found = terminal_of({"TMUX": "x"}, asked("foot(1.16.2)|foot|0"))  # type: ignore[arg-type]  # A plain function.
    assert found.notice("T", "x") == BEL
    assert "allow-passthrough on" in found.remedy
    assert FakeTmux(passthrough=False).feed(found.notice("T", "x")) == BEL


def test_where_it_is_not_known_what_tmux_lets_through_a_bell_goes_with_the_notice() -> None:
    found = terminal_of({"TMUX": "x", "LC_TERMINAL": "iTerm2"})
    assert FakeTmux(passthrough=False).feed(found.notice("T", "x")) == BEL
    assert FakeTmux().feed(found.notice("T", "x")) == "\x1b]9;T: x\x1b\\" + BEL


def test_a_tmux_in_a_tmux_is_seen_and_the_bell_reaches_the_terminal_at_least() -> None:
    found = terminal_of({"TMUX": "x"}, asked("tmux 3.3a|tmux-256color|1"))  # type: ignore[arg-type]  # A plain function.
    assert found.through == (TMUX, TMUX)
    assert FakeTmux().feed(FakeTmux().feed(found.notice("T", "x"))) == BEL
    told = configured(found, "osc99", 2)
    bare = notice(Dialect.OSC99, "T", "x", 5)
    assert FakeTmux().feed(FakeTmux().feed(told.notice("T", "x", 5))) == bare


def test_progress_goes_only_where_it_is_drawn() -> None:
    assert Terminal("kitty", Dialect.OSC99).progress(Progress.NORMAL, 40) == ""
    ghostty = Terminal("ghostty", Dialect.OSC9, True)
    assert ghostty.progress(Progress.NORMAL, 140) == "\x1b]9;4;1;100\x1b\\" == progress(Progress.NORMAL, 100)
    inside = Terminal("ghostty", Dialect.OSC9, True, (TMUX,), True)
    assert FakeTmux().feed(inside.progress(Progress.NONE)) == "\x1b]9;4;0;0\x1b\\"
