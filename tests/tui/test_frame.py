"""Going from pane to pane: keys reach what is seen, and facts may change while a pane is being made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.css.query import NoMatches

from cupola.models import Job
from cupola.store import files, jobs
from cupola.store.database import Database
from cupola_tui.app import CupolaApp
from cupola_tui.widgets.table import Table

OpenApp = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]
ScreenText = Callable[[CupolaApp], str]

PANE_KEYS = "123456"


async def test_keys_of_a_pane_that_is_not_seen_do_nothing(open_app: OpenApp, see: See) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("6")
        await pilot.pause()
        assert app.screen.focused is None or app.screen.focused.visible
        await pilot.press("space", "j")
        await pilot.press("3")
        await see(pilot, "cora-distil")
        assert not app.screen.query("#pane-jobs Table").first(Table).marks


@pytest.mark.parametrize("order", [PANE_KEYS, PANE_KEYS[::-1], "1212121212", "24135624"])
async def test_panes_may_be_changed_faster_than_they_are_made_while_facts_change(
    open_app: OpenApp, see: See, store: Database, order: str
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        for number, key in enumerate(order):
            jobs.save(store, [Job(f"ftjob-new-{number}", "m", "supervised", "running", number, raw=str(number))])
            files.save_files(store, [])
            app._look()  # The look that a timer would take just now.
            await pilot.press(key)
            app._look()
        await pilot.press("3")
        await see(pilot, "ftjob-new-0")


async def test_the_footer_is_drawn_while_the_panes_close(open_app: OpenApp, see: See) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        frame = app._frame
        frame.set_focus(None)
        # Textual says of a pane that closes, as all do in the end, that it is not displayed.
        frame.pane.display = False
        await pilot.pause()
        assert frame.scopes() == []
        assert frame.pane.id == "pane-jobs"


async def test_a_look_for_widgets_that_the_end_has_taken_away_is_no_crash(open_app: OpenApp, see: See) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        app.screen.call_later(lambda: app.screen.query_one("#taken-away"))
        app.exit()


async def test_a_look_for_widgets_that_never_were_is_told(open_app: OpenApp, see: See) -> None:
    app = open_app()
    with pytest.raises(NoMatches):
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await see(pilot, "cora-distil")
            app.screen.call_later(lambda: app.screen.query_one("#never-there"))
            await pilot.pause()
