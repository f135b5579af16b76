"""Keys typed ahead over a slow line wait until the screen that they are for is there."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App

_LOOK_SECONDS = 0.001


class TypedAhead(App[str]):
    """An app whose screens take keys only once they are built.

    A key that nobody took bubbles up to the app, which looks at the bindings of the screen that is on top by then,
    though its widgets may not be there yet: an action would look for them in vain, and a screen closed by escape before
    it was built is mounted without children. Either ends the app.
    """

    async def on_event(self, event: events.Event) -> None:
        """Wait for the screen on top, then go on as Textual does."""
        if isinstance(event, events.InputEvent):
            while not self.screen.is_mounted:
                await asyncio.sleep(_LOOK_SECONDS)
        await super().on_event(event)
