"""Keys that wait in the queue of a screen which is closed by the first of them, as on a slow line."""

from __future__ import annotations

from textual.app import App

from cupola_tui.screens.menu import Choice, MenuScreen
from cupola_tui.screens.reader import ReaderScreen, text_lines


async def test_a_screen_that_is_told_twice_to_close_takes_no_other_with_it() -> None:
    app: App[None] = App()
    answers: list[str | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        beneath = ReaderScreen("Beneath", lambda width: text_lines("words", width))
        menu = MenuScreen("Choose", [Choice("one", "One", "the only one")], typing=False)
        await app.push_screen(beneath)
        await app.push_screen(menu, answers.append)
        menu.action_choose()
        menu.action_choose()
        menu.action_close()
        await pilot.pause()
        assert app.screen is beneath
        assert answers == ["one"]
