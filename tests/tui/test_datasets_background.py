"""The background process: hostile files never end it, and what is dropped is not waited for."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cupola.errors import CupolaError
from cupola_tui.background.client import Background
from cupola_tui.background.rows import Readers
from cupola_tui.background.tasks import Check, Checked, Conversation, FindText, Progress, ReadRaw, ReadRow, Scan, Survey
from cupola_tui.lines import plain
from cupola_tui.views.conversation import conversation_lines, folded

HOSTILE = [
    b'{"messages": []}',
    b"[" * 200_000,
    b'{"messages": ' + b'[{"a":' * 5_000,
    b'{"messages": [{"role": "user", "content": "' + b"x" * 3_000_000 + b'"}]}',
    b'{"messages": [{"role": 7, "content": {"deep": [1e999]}}, null, "text", {"role": "assistant", "tool_calls": 3}]}',
    b"\x00\xff\xfe\xfa not text",
    b'{"messages": [{"role": "\\u001b[31m", "content": [{"type": "image_url", "image_url": {"url": "data:x,"}}]}]}',
    b'{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://[::1/a"}}]}]}',
    b'{"input": {"messages": "no"}, "preferred_output": [[]], "non_preferred_output": {}}',
    b'{"a": "\\ud800"}',
]


@pytest_asyncio.fixture
async def background() -> AsyncIterator[Background]:
    opened = Background()
    yield opened
    await opened.close()


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.jsonl"
    path.write_bytes(b"\n".join(HOSTILE))
    return path


async def test_hostile_rows_are_checked_read_and_searched(background: Background, hostile: Path) -> None:
    steps: list[Progress] = []
    checked: Checked = await background.ask(Check(str(hostile)), steps.append)
    assert checked.file.errors
    assert steps[0].size == hostile.stat().st_size
    folder = str(hostile.parent / "indexes")
    for row in range(len(HOSTILE)):
        conversation: Conversation = await background.ask(ReadRow(str(hostile), folder, row))
        text = "\n".join(plain(spans) for spans in conversation_lines(conversation, 60))
        assert len(text) < 100_000
        assert len(await background.ask(ReadRaw(str(hostile), folder, row))) < 500_000
    assert await background.ask(FindText(str(hostile), folder, "preferred_output", 0)) == 8


async def test_what_is_not_there_is_told_and_the_process_goes_on(background: Background, tmp_path: Path) -> None:
    with pytest.raises(CupolaError, match="cannot be read"):
        await background.ask(Survey(str(tmp_path / "none.jsonl")))
    found = await background.ask(Scan((str(tmp_path), str(tmp_path / "none"))))
    assert found.missing == (str(tmp_path / "none"),)


async def test_a_task_that_nobody_waits_for_holds_nothing_up(background: Background, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    row = json.dumps({"messages": [{"role": "user", "content": "w " * 200}, {"role": "assistant", "content": "y"}]})
    path.write_text(f"{row}\n" * 60_000)
    begun = asyncio.Event()
    waiting = asyncio.create_task(background.ask(Check(str(path)), lambda step: begun.set()))
    await begun.wait()
    waiting.cancel()
    await asyncio.wait([waiting])
    short = tmp_path / "short.jsonl"
    short.write_text("{}\n")
    assert (await background.ask(Check(str(short)))).file.rows == 1


async def test_a_fault_over_one_thing_is_told_and_the_next_is_done(background: Background, hostile: Path) -> None:
    await background.start()
    pid = background.pid
    with pytest.raises(CupolaError, match="Cupola has failed") as told:
        await background.ask("no such task")
    assert "TypeError" in told.value.why and "Traceback" in told.value.raw
    assert (await background.ask(Survey(str(hostile)))).sha256
    assert background.pid == pid


async def test_a_process_that_dies_is_told_and_started_anew(background: Background, hostile: Path) -> None:
    assert (await background.ask(Survey(str(hostile)))).sha256
    os.kill(background.pid or 0, signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert (await background.ask(Survey(str(hostile)))).sha256


def test_jumping_past_the_end_shows_the_last_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n\n{"a": 2}\n')
    readers = Readers()
    for task in (ReadRow(str(path), str(tmp_path), 99), ReadRow(str(path), str(tmp_path), line=2**40)):
        assert readers.conversation(task).row == 1
    assert readers.conversation(ReadRow(str(path), str(tmp_path), line=2)).line == 3


@given(st.text(), st.integers(2, 60))
def test_folding_keeps_every_line_in_its_width_and_nothing_harmful(text: str, width: int) -> None:
    pieces = folded(text, width)
    assert all(cell_len(piece) <= max(width, 2) for piece in pieces)
    assert not {character for piece in pieces for character in piece if ord(character) < 32}


@given(st.lists(st.text("ab ", min_size=1), min_size=1), st.integers(4, 40))
def test_folding_loses_no_letter(words: list[str], width: int) -> None:
    text = " ".join(words)
    assert "".join(folded(text, width)).replace(" ", "") == text.replace(" ", "")
