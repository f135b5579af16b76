"""Hostile text in every column of the store: what the screen and the command line send to a terminal then."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.end_to_end.conftest import SCREEN, Session, environment

from cupola.paths import default_paths
from cupola.store.database import open_store

from .filled_store import fill
from .poison import OWN_WORDS, SEQUENCES, attacked, poison

OF_CUPOLA = re.compile(
    rb"\x1b\[[0-9;?<>=]*[a-zA-Z]"  # colours, moves, modes
    rb"|\x1b\[\?[0-9;]*\$p"  # asking for a mode
    rb"|\x1b[78=>]"
    rb"|\x1b\[[0-9]* q"
    rb"|\x1bP=[12]s\x1b\\"  # an update begins and ends
    rb"|\x1b\]22;[a-z-]*\x07"  # the shape of the mouse pointer
    rb"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07"  # copying
    rb"|\x1b\]2;[^\x00-\x1f\x7f]*\x1b\\"  # the title
    rb"|\r\n"  # the next line; the attack has no line feed
)
STEERS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
PANES = {"1": "datasets", "2": "benchmarks", "3": "jobs", "4": "checkpoints", "5": "deployments", "6": "activity"}

_ESC = "\x1b[27u"
"""Escape as newer terminals send it: never mistaken for the first half of another key, however they arrive."""
_HERE = (
    *"]]]]]",
    *"jv",
    _ESC,
    "x",
    _ESC,
    "=",
    _ESC,
    *"zz",
    *"yY",
    "d",
    _ESC,
    "R",
    _ESC,
    "L",
    _ESC,
    *"mftonN",
    "?",
    _ESC,
)
STROKES = (*_HERE, "\r", *"]]j", "\r", *_HERE, *" j =", _ESC, "a", _ESC, "/", "o\r", _ESC, _ESC, _ESC, _ESC)
"""Every tab, every list and every screen that opens over a pane: here, one level down, two levels down."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose demo store is hostile through and through."""
    paths = default_paths({"CUPOLA_HOME": str(tmp_path)})
    fill(paths.store("demo"), tmp_path, time.time(), attacked)
    poison(paths.store("demo"))
    paths.tour_seen.touch()
    return tmp_path


@pytest.fixture
def session(home: Path) -> Iterator[Session]:
    opened = Session(SCREEN, {**environment(home), "EDITOR": "true"})
    yield opened
    opened.close()


def what_steers(sent: bytes) -> list[str]:
    """What of the sent bytes could steer a terminal and is not Cupola's own."""
    forged = [sequence for sequence in SEQUENCES if sequence.encode() in sent]
    return forged + STEERS.findall(OF_CUPOLA.sub(b"", sent).decode("utf-8", "replace"))


def test_every_text_column_is_attacked_or_holds_words_of_cupolas_own(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite3"
    fill(store, tmp_path, 1_800_000_000.0, attacked)
    poisoned = poison(store)
    database = open_store(store)
    tables = [row[0] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    texts = {
        (table, row["name"])
        for table in tables
        for row in database.rows(f'PRAGMA table_info("{table}")')
        if row["type"] == "TEXT"
    }
    database.close()
    assert texts == poisoned | OWN_WORDS, "a new column must be filled in filled_store, or be named in OWN_WORDS"


def sent_until(session: Session, since: int, text: str) -> str:
    """What the program has written since then, read until a text is in it."""
    end = time.monotonic() + 60.0
    while text not in (shown := session.sent[since:].decode("utf-8", "replace")) and time.monotonic() < end:
        session.read(0.1, look=False)
    return shown


def settle(session: Session) -> None:
    """Read until the program is silent."""
    end = time.monotonic() + 60.0
    while session.read(0.7, look=False) and time.monotonic() < end:
        pass


def test_no_control_byte_of_the_store_reaches_the_terminal_from_any_pane(session: Session) -> None:
    session.wait_for("␛[7777")
    for number, pane in PANES.items():
        before = len(session.sent)
        session.press(number)
        assert "␛" in sent_until(session, before, "␛"), f"nothing hostile was on the screen of {pane}"
        for keys in STROKES:
            session.press(keys)
            session.read(0.015, look=False)
    for keys in ("@", "G", _ESC, "A", "jjjjj", _ESC, ":", _ESC, "?", _ESC):
        session.press(keys)
        session.read(0.1, look=False)
    settle(session)
    last_words = session.sent[-12_000:].decode("utf-8", "replace")
    assert "Traceback" not in last_words, re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", last_words)
    assert what_steers(bytes(session.sent)) == []
