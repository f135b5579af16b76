"""A screen that was opened read-only shows everything and changes nothing."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cupola.store.database import Database, open_store
from cupola_tui.app import CupolaApp
from cupola_tui.messages import Keep, Train, Wish
from cupola_tui.screens.submit.draft import Wanted

from .conftest import NOW, PROFILE

See = Callable[..., Awaitable[None]]


@pytest.fixture
def app(store: Database, path: Path) -> Iterator[CupolaApp]:
    database = open_store(path, read_only=True)
    yield CupolaApp(PROFILE, database, clock=lambda: NOW)
    database.close()


def rows(store: Database) -> dict[str, int]:
    """How many rows each table has, and how often each topic has changed."""
    names = [row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    counts = {name: int(store.rows(f'SELECT count(*) FROM "{name}"')[0][0]) for name in names}
    return counts | {f"revision {topic}": number for topic, number in store.revisions().items()}


def said(app: CupolaApp) -> str:
    return " ".join(notice.message for notice in app._notifications)


async def until(pilot: Pilot[str], true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        await pilot.pause(0.02)


async def test_it_says_so_and_every_key_that_changes_is_refused_in_a_plain_line(
    app: CupolaApp, store: Database, see: See
) -> None:
    before = rows(store)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, " read-only ")
        await see(pilot, "cora-distil")
        for key in ("r", "P", "w"):
            app.clear_notifications()
            await pilot.press(key)
            await until(pilot, lambda: "this is read-only" in said(app))
        await pilot.press("x")
        await see(pilot, "Actions")
        await pilot.press("enter")
        await see(pilot, "not now, this is read-only")
    assert rows(store) == before


async def test_no_way_round_the_keys_writes_either(app: CupolaApp, store: Database, see: See) -> None:
    before = rows(store)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        (action, *_) = app.query_one("#pane-jobs").actions()  # type: ignore[attr-defined]
        for message in (Wish(action), Keep(lambda database: database.transaction().__enter__()), Train(Wanted())):
            app.clear_notifications()
            app.post_message(message)
            await until(pilot, lambda: "read-only" in said(app))
    assert rows(store) == before


async def test_what_is_only_kept_for_quickness_is_left_out_without_a_word(app: CupolaApp, see: See) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        app.post_message(Keep(lambda database: database.transaction().__enter__(), aside=True))
        await pilot.pause()
        assert not list(app._notifications)
