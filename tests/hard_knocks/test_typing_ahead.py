"""Keys that wait in the queue of a screen which is closed by the first of them, as on a slow line."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static

from cupola_tui.screens.card import CardScreen
from cupola_tui.screens.menu import Choice, MenuScreen
from cupola_tui.screens.modal import Modal
from cupola_tui.screens.reader import ReaderScreen, text_lines
from cupola_tui.typed_ahead import TypedAhead


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


class LooksForItsWidget(Modal[None]):
    """A screen whose actions, and whose first look, need what it is built of."""

    BINDINGS = [("j", "move", "move"), ("escape", "close", "close")]
    moved = 0

    async def on_compose(self) -> None:
        await asyncio.sleep(0.02)  # A slow machine.

    def compose(self) -> ComposeResult:
        yield Static("words", id="words")

    def on_mount(self) -> None:
        self.query_one("#words")

    def action_move(self) -> None:
        self.query_one("#words")
        self.moved += 1

    def action_close(self) -> None:
        self.dismiss(None)


class Opens(Screen[None]):
    """A screen that opens another on any key, as a pane does when what it asked the store for has come."""

    def __init__(self, opened: LooksForItsWidget) -> None:
        super().__init__()
        self._opened = opened

    def on_key(self, event: events.Key) -> None:
        if event.key == "o":
            event.stop()
            self.app.push_screen(self._opened)


async def test_keys_that_come_before_a_screen_is_built_wait_for_it() -> None:
    app = TypedAhead()
    async with app.run_test(size=(80, 24)) as pilot:
        opened = LooksForItsWidget()
        beneath = Opens(opened)
        await app.push_screen(beneath)
        for key in ("o", "j", "j", "escape"):
            app.post_message(events.Key(key, None))
        async with asyncio.timeout(20.0):
            while opened.moved < 2 or app.screen is not beneath:
                await pilot.pause(0.01)


async def test_a_yes_typed_before_the_card_was_there_is_none() -> None:
    app = TypedAhead()
    answers: list[bool | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        early = events.Key("y", "y")
        card = CardScreen("Spend", [("cost", "$5")], "do it", "leave it")
        await app.push_screen(card, answers.append)
        app.post_message(early)
        await pilot.pause()
        assert (app.screen, answers) == (card, [])
        await pilot.press("y")
        assert answers == [True]


class Searches(Screen[None]):
    """A screen where a key opens a line to type into, by a message as panes do; other keys are commands."""

    BINDINGS = [("slash", "search", "search"), ("h", "harm", "harm")]
    harmed = 0

    class Wanted(Message):
        """The line is wanted."""

    def action_search(self) -> None:
        self.post_message(self.Wanted())

    def action_harm(self) -> None:
        self.harmed += 1

    async def on_searches_wanted(self) -> None:
        words = Input()
        await self.mount(words)
        words.focus()


async def test_letters_typed_right_behind_the_key_that_opens_a_line_stand_in_it() -> None:
    app = TypedAhead()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Searches()
        await app.push_screen(screen)
        for key, character in (("slash", "/"), ("h", "h"), ("a", "a"), ("h", "h")):
            app.take_typed(events.Key(key, character))
        async with asyncio.timeout(20.0):
            while not screen.query(Input) or len(screen.query_one(Input).value) < 3:
                await pilot.pause(0.01)
        assert (screen.query_one(Input).value, screen.harmed) == ("hah", 0)
