"""A pane drawn once, without a terminal, as lines of text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.pilot import Pilot
from textual.worker import WorkerState

from cupola.paths import default_paths
from cupola.settings import Profile
from cupola.store.database import open_store

from .app import CupolaApp
from .preferences import read_preferences

if TYPE_CHECKING:
    from cupola.cli.context import Look

_LOOK_SECONDS = 0.05
_LOOKS = 6
"""So often in a row it must look the same, with nothing being worked out, to be done."""
_OPENING = 0.6
"""Seconds that it has at least: what the first paint leaves for later begins within them."""


def snapshot(profile: Profile, environment: Mapping[str, str], look: Look) -> list[str]:
    """Draw a pane from what the profile's store holds; nothing is written and no worker is started.

    Raises:
        StoreError: the profile's store cannot be opened.
    """
    paths = default_paths(environment)
    database = open_store(paths.store(profile.name), read_only=True)
    try:
        preferences = read_preferences(paths.config_file)
        app = CupolaApp(profile, database, preferences=preferences, environment=environment, first=look.pane)
        return asyncio.run(_drawn(app, look))
    finally:
        database.close()


async def _drawn(app: CupolaApp, look: Look) -> list[str]:
    end = time.monotonic() + look.timeout
    async with app.run_test(size=(look.width, look.height)) as pilot:
        await _settled(app, pilot, end, _OPENING)
        for key in look.keys:
            await pilot.press(key)
            await _settled(app, pilot, end)
        return _lines(app)


async def _settled(app: CupolaApp, pilot: Pilot[str], end: float, at_least: float = 0.0) -> None:
    before, same, begun = _lines(app), 0, time.monotonic()
    while time.monotonic() < end and (same < _LOOKS or time.monotonic() - begun < at_least):
        await pilot.pause(_LOOK_SECONDS)
        busy = any(worker.state in (WorkerState.PENDING, WorkerState.RUNNING) for worker in app.workers)
        now = _lines(app)
        same = same + 1 if now == before and not busy else 0
        before = now


def _lines(app: CupolaApp) -> list[str]:
    # The lines of the screen have no public way to them.
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
