"""Keys typed ahead over a slow line: they wait for the screen that they reach, and are no yes to what nobody saw."""

from __future__ import annotations

import asyncio
from typing import Protocol, runtime_checkable

from textual import events
from textual.app import App

_LOOK_SECONDS = 0.001


@runtime_checkable
class Asking(Protocol):
    """A screen that asks for a yes."""

    asked_at: float
    """When it was there to be read, by Textual's clock."""


class TypedAhead(App[str]):
    """An app whose screens take keys only once they are built.

    A key that nobody took bubbles up to the app, which looks at the bindings of the screen that is on top by then,
    though its widgets may not be there yet: an action would look for them in vain, and a screen closed by escape before
    it was built is mounted without children. Either ends the app.
    """

    async def on_event(self, event: events.Event) -> None:
        """Wait for the screen on top, then go on as Textual does; drop what was typed before a question was asked."""
        if isinstance(event, events.InputEvent):
            while not self.screen.is_mounted:
                await asyncio.sleep(_LOOK_SECONDS)
            if isinstance(self.screen, Asking) and event.time < self.screen.asked_at:
                event.stop()
                return
        await super().on_event(event)
