"""The tour: it goes from pane to pane, may be left at once, and is not offered twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from cupola_tui.app import CupolaApp, Preferences
from cupola_tui.views.frame import PANES
from cupola_tui.views.tour import STEPS

OpenApp = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]
ScreenText = Callable[[CupolaApp], str]


def test_the_tour_visits_every_pane_once() -> None:
    assert sorted(step.pane for step in STEPS) == sorted(PANES)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_each_step_opens_its_pane_and_the_last_ends_the_tour(
    open_app: OpenApp, see: See, screen_text: ScreenText, size: tuple[int, int]
) -> None:
    ended: list[bool] = []
    app = open_app(preferences=Preferences(tour=True), tour_ended=lambda: ended.append(True))
    async with app.run_test(size=size) as pilot:
        for step in STEPS:
            await see(pilot, step.title)
            assert app._frame.pane.id == f"pane-{step.pane}"
            assert not ended
            await pilot.press("ctrl+n")
        await pilot.pause()
        assert STEPS[-1].title not in screen_text(app)
        assert ended == [True]


async def test_the_panes_keys_work_during_the_tour_and_one_key_skips_it(
    open_app: OpenApp, see: See, screen_text: ScreenText
) -> None:
    ended: list[bool] = []
    app = open_app(preferences=Preferences(tour=True), tour_ended=lambda: ended.append(True))
    async with app.run_test(size=(120, 40)) as pilot:
        await see(pilot, STEPS[0].title)
        await pilot.press("?")
        await see(pilot, "Help")
        await pilot.press("escape", "ctrl+e")
        await pilot.pause()
        assert STEPS[0].title not in screen_text(app)
        assert ended == [True]
