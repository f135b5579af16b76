"""The first start, and starts where no screen can be drawn: what to do is said in plain words."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.end_to_end.conftest import environment

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Session

COMMAND = (sys.executable, "-m", "cupola_tui")

Open = Callable[..., "Session"]


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
def test_whoever_has_set_nothing_up_is_told_what_to_do(
    open_session: Open, tmp_path: Path, size: tuple[int, int]
) -> None:
    session = open_session(COMMAND, columns=size[0], rows=size[1])
    session.wait_for("is not connected")
    session.wait_for("not connected ·")
    # A long path goes over several lines.
    together = re.sub(r"[│\s]+", "", session.text)
    for words in ("cupolademo", "AZURE_OPENAI_ENDPOINT=", "AZURE_OPENAI_API_KEY=", "[profiles.default]", "config.toml"):
        assert words in together, session.text


def test_a_demo_that_was_never_started_says_how_it_is_started(open_session: Open) -> None:
    session = open_session((*COMMAND, "--profile", "demo"))
    session.wait_for("The demo has not been started")
    session.wait_for("cupola demo")


def test_a_missing_key_stands_on_the_empty_screen_with_its_remedy(open_session: Open) -> None:
    session = open_session((*COMMAND, "--endpoint", "http://127.0.0.1:9"))
    session.wait_for("There is no key for profile 'default'")
    session.wait_for("Set AZURE_OPENAI_API_KEY")


def test_a_small_terminal_is_told_the_size_that_is_needed_and_drawn_once_it_has_it(open_session: Open) -> None:
    session = open_session(COMMAND, columns=60, rows=15)
    session.wait_for("Cupola needs 80x24")
    for columns, rows in ((200, 60), (79, 23), (81, 25), (60, 15), (120, 40)):
        session.resize(columns, rows)
    session.wait_for("is not connected")
    assert "Too small" not in session.text
    assert b"Traceback" not in session.sent


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TERM": "dumb"}, "cannot be drawn on a terminal of kind 'dumb'"),
        ({"TERM": ""}, "cannot be drawn on a terminal of kind '(none)'"),
    ],
)
def test_where_no_screen_can_be_drawn_a_sentence_is_printed(
    open_session: Open, changes: dict[str, str], words: str
) -> None:
    session = open_session(COMMAND, changes=changes, columns=400)
    assert session.wait() == 2
    assert words in session.text
    assert b"\x1b" not in session.sent


@pytest.mark.parametrize("locale", ["de_DE.ISO-8859-1", "C"])
def test_a_locale_without_unicode_gets_a_screen_of_ascii_alone(open_session: Open, locale: str) -> None:
    session = open_session(COMMAND, changes={"LC_ALL": locale})
    session.wait_for("Datasets")
    session.wait_for("Connect a resource")
    assert session.sent.isascii()
    assert "+---" in session.text and "|" in session.text


def test_without_a_terminal_the_command_line_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        COMMAND,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("cupola: The screen needs a terminal.")
