"""The screen on a real pseudo-terminal: what it sends, what it survives."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cupola.models import Event, Health, Job, Point
from cupola.paths import default_paths
from cupola.store import events, health, jobs, points
from cupola.store.database import Database, open_store

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Session

Open = Callable[..., "Session"]

HOSTILE = "a\x1b]0;PWNED\x07b\x1b[2Jc\x9b31md\x85e\u202ef\x7fg[/][@click=app.quit]h[/]"

_KNOWN = re.compile(
    rb"\x1b\[[0-9;?<>=]*[a-zA-Z]"  # colours, moves, modes
    rb"|\x1b\[\?[0-9;]*\$p"  # asking for a mode
    rb"|\x1b[78=>]"
    rb"|\x1b\[[0-9]* q"
    rb"|\x1bP[^\x1b]*\x1b\\"
    rb"|\x1b\]22;[a-z-]*\x07"  # the shape of the mouse pointer
    rb"|\x1b\]2;[^\x00-\x1f\x7f]*Cupola demo\x1b\\"  # the window's title
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(default_paths({"CUPOLA_HOME": str(tmp_path)}).store("demo"))
    now = int(time.time())
    jobs.save(database, [Job("ftjob-1", "gpt-4.1-nano", "supervised", "running", now - 600, suffix="first")])
    points.save(database, "ftjob-1", [Point("train_loss", step, 2.0 / step) for step in range(1, 100)])
    events.save(database, "ftjob-1", [Event("e1", "ftjob-1", now - 500, "info", "Training started.")])
    health.save(database, Health(float(now)))
    yield database
    database.close()


def test_hostile_text_in_every_field_sends_no_control_character_of_its_own(store: Database, open_session: Open) -> None:
    now = int(time.time())
    job = Job(
        HOSTILE, HOSTILE, HOSTILE, HOSTILE, now, suffix=HOSTILE, training_file=HOSTILE, error_code=HOSTILE,
        error_message=HOSTILE, hyperparameters={HOSTILE: HOSTILE},
        raw=json.dumps({HOSTILE: HOSTILE}, ensure_ascii=False),
    )  # fmt: skip
    jobs.save(store, [job])
    events.save(store, HOSTILE, [Event("x", HOSTILE, now, HOSTILE, HOSTILE)])
    points.save(store, HOSTILE, [Point(HOSTILE, step, 1.0 / step) for step in range(1, 30)])
    session = open_session()
    session.wait_for("␛]0;PWNED")
    session.read(1.0)
    for keys in ("]", "]", "]", "]", "v", "\x1b", "x", "\x1b", "=", "z"):
        session.press(keys)
        session.read(0.4)
    assert b"Traceback" not in session.sent, session.text
    left = _KNOWN.sub(b"", bytes(session.sent)).decode("utf-8")
    assert b"PWNED" in session.sent
    foreign = [left[max(0, at - 5) : at + 25] for at, character in enumerate(left) if _is_control(character)]
    assert foreign == []


def test_idle_costs_no_byte_and_a_new_point_few(store: Database, open_session: Open) -> None:
    session = open_session()
    session.wait_for("step 99")
    session.read(2.0)
    session.read_for(6.0)
    assert session.read_for(2.0) == b""
    points.save(store, "ftjob-1", [Point("train_loss", 100, 0.02)])
    session.wait_for("step 100")
    assert len(session.read(0.5)) < 3_000


def test_a_killed_face_leaves_the_store_whole_and_opens_again(store: Database, open_session: Open) -> None:
    session = open_session()
    session.wait_for("first")
    session.kill()
    assert store.rows("PRAGMA quick_check")[0][0] == "ok"
    again = open_session()
    again.wait_for("first")


def test_q_leaves_and_says_what_runs_on(store: Database, open_session: Open) -> None:
    session = open_session()
    session.wait_for("loss")
    session.press("q")
    session.wait_for("1 job runs on")
    session.press("y")
    assert session.wait() == 0
    # On the terminal's own screen: pyte knows one screen only, so that the bytes tell it.
    assert b"1 running in the cloud" in session.sent.rpartition(b"\x1b[?1049l")[2]


def test_the_clipboard_is_reached_by_osc_52(store: Database, open_session: Open) -> None:
    session = open_session()
    session.wait_for("loss")
    session.read(0.5)
    session.press("y")
    session.wait_for("Copied")
    assert b"\x1b]52;c;ZnRqb2ItMQ==\x07" in session.sent


def test_a_crash_shows_where_but_no_local_variable(store: Database, open_session: Open) -> None:
    code = (
        "from cupola_tui.panes.jobs.pane import JobsPane\n"
        "def broken(self):\n"
        "    api_key = 's3cr' + 'et-value'\n"
        "    raise RuntimeError('broken on purpose')\n"
        "JobsPane._warm_up = broken\n"
        "from cupola_tui.launch import main\n"
        "raise SystemExit(main(['--profile', 'demo']))\n"
    )
    session = open_session((sys.executable, "-c", code))
    assert session.wait() != 0
    assert b"broken on purpose" in session.sent
    assert b"s3cret-value" not in session.sent


def test_what_a_library_writes_to_the_error_stream_stays_off_the_screen(
    store: Database, open_session: Open, tmp_path: Path
) -> None:
    code = (
        "import os\n"
        "from cupola_tui.panes.jobs.pane import JobsPane\n"
        "original = JobsPane._warm_up\n"
        "def noisy(self):\n"
        "    os.write(2, b'NOISE ON TWO')\n"
        "    original(self)\n"
        "JobsPane._warm_up = noisy\n"
        "from cupola_tui.launch import main\n"
        "main(['--profile', 'demo'])\n"
    )
    session = open_session((sys.executable, "-c", code))
    session.wait_for("loss")
    assert b"NOISE" not in session.sent
    assert "NOISE ON TWO" in default_paths({"CUPOLA_HOME": str(tmp_path)}).log("screen").read_text()


def _is_control(character: str) -> bool:
    code = ord(character)
    return (code < 0x20 and character not in "\r\n") or 0x7F <= code < 0xA0 or character in "\u202e\u2028"
