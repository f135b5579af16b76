"""Keys typed ahead over a slow line: each waits for what the one before opens; none is a yes to what nobody saw."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any, Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widgets import Input

_LOOK_SECONDS = 0.002
_PATIENCE_SECONDS = 0.5
"""A key whose effects take longer keeps the next one waiting no longer than this."""


@runtime_checkable
class Asking(Protocol):
    """A screen that asks for a yes."""

    asked_at: float
    """When it was there to be read, by Textual's clock."""


class TypedAhead(App[str]):
    """An app to which keys come one at a time.

    Textual hands each key to what is focused at once, though the key before it may be about to open a screen or a line
    to type into; what was meant as a word is then taken for commands. So the terminal's keys stand in line here, and
    the next one is handed on when the one before has come to rest.

    A key that nobody took bubbles up to the app, which looks at the bindings of the screen that is on top by then,
    though its widgets may not be there yet: an action would look for them in vain, and a screen closed by escape before
    it was built is mounted without children. Either ends the app. So keys wait for that, too.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._typed: deque[Message] = deque()
        self._last: Message | None = None
        self._handing_on: asyncio.Task[None] | None = None

    def get_driver_class(self) -> type[Driver]:
        """The terminal's driver, putting keys in line."""
        return _in_line(super().get_driver_class())

    def take_typed(self, message: Message) -> None:
        """Put a key, or a pasted text, in line; a key held down, or a word being typed, needs no line."""
        last, self._last = self._last, message
        if not self._typed and self._continues(last, message):
            self.post_message(message)
            return
        self._typed.append(message)
        if self._handing_on is None or self._handing_on.done():
            self._handing_on = asyncio.create_task(self._hand_on())

    async def on_event(self, event: events.Event) -> None:
        """Wait for the screen on top, then go on as Textual does; drop what was typed before a question was asked."""
        if isinstance(event, events.InputEvent):
            while not self.screen.is_mounted:
                await asyncio.sleep(_LOOK_SECONDS)
            if isinstance(self.screen, Asking) and event.time < self.screen.asked_at:
                event.stop()
                return
        await super().on_event(event)

    def _continues(self, last: Message | None, message: Message) -> bool:
        if not isinstance(last, events.Key) or not isinstance(message, events.Key):
            return False
        typing = isinstance(self.focused, Input) and last.is_printable and message.is_printable
        return typing or last.key == message.key

    async def _hand_on(self) -> None:
        while self._typed:
            self.post_message(self._typed.popleft())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._at_rest()

    async def _at_rest(self) -> None:
        """Wait until a key that was posted just now has gone its way, and what it set going, too.

        Queues are first in, first out: a mark behind the key passes through the same ones. The key goes from the app to
        what is focused and bubbles back up; what it sets going goes to a pane, or to a screen or a widget just made.
        """
        for _ in range(2):
            await _passed(self)
            for widget in (self.focused or self.screen).ancestors_with_self:
                await _passed(widget)
        await _passed(self)


async def _passed(pump: MessagePump) -> None:
    """Wait until all that stands in a queue now is done, or nobody works it off any more."""
    passed = asyncio.Event()
    pump.call_later(passed.set)
    while not passed.is_set() and pump.is_running:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(passed.wait(), _LOOK_SECONDS)


def _in_line(base: type[Driver]) -> type[Driver]:
    class InLine(base):  # type: ignore[misc, valid-type]  # Textual chooses the base at run time.
        def send_message(self, message: Message) -> None:
            if isinstance(message, events.Key | events.Paste) and isinstance(self._app, TypedAhead):
                self._loop.call_soon_threadsafe(self._app.take_typed, message)
            else:
                super().send_message(message)

    return InLine
