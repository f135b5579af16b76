"""The line at the bottom of a pane where words are typed: to filter the list, to search rows, to go to a line."""

from __future__ import annotations

from typing import Literal

from textual.message import Message
from textual.widgets import Input

Purpose = Literal["filter", "search", "line"]

_HINTS = {
    "filter": "words to look for, !word to leave out",
    "search": "text to search for in all rows",
    "line": "line to go to",
}


class TypedLine(Input):
    """One input for three purposes; the filter's words stay in it while another purpose does not need it."""

    class Filtered(Message):
        """The filter's words have changed."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Entered(Message):
        """Something was typed and entered, or the filter was left as it is."""

        def __init__(self, purpose: Purpose, value: str) -> None:
            super().__init__()
            self.purpose, self.value = purpose, value

    def __init__(self) -> None:
        super().__init__(id="filter", compact=True)
        self.cursor_blink = False
        self.words = ""
        """What the list is filtered by."""
        self._purpose: Purpose = "filter"

    def ask(self, purpose: Purpose, value: str = "") -> None:
        """Take the focus and let something be typed."""
        self._purpose = purpose
        with self.prevent(Input.Changed):
            self.placeholder, self.value = _HINTS[purpose], self.words if purpose == "filter" else value
        self.display = True
        # At once, so that what is typed ahead goes there.
        self.screen.set_focus(self)

    def leave(self) -> bool:
        """Give up what is being typed, or the filter; False if there is nothing to give up."""
        if not (self.has_focus or self.words):
            return False
        if self._purpose == "filter":
            self.value = ""
        self._close("")
        return True

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        if self._purpose == "filter":
            self.words = event.value
            self.post_message(self.Filtered(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Tell what was entered."""
        event.stop()
        self._close(event.value.strip())

    def _close(self, value: str) -> None:
        purpose, self._purpose = self._purpose, "filter"
        if purpose == "filter":
            self.words = self.value
        else:
            with self.prevent(Input.Changed):
                self.value = self.words
        self.display = bool(self.words)
        self.post_message(self.Entered(purpose, value))
