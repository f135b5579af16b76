"""One row of a dataset as a conversation that scrolls; which row it is, its owner decides."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from ..background.tasks import Conversation
from ..commands import bindings
from ..lines import Line, line
from ..views.conversation import conversation_lines, head_line
from .painted import Painted

_LEAST_LINES = 12
"""Of the room for a picture: what does not fit is scrolled to."""
_WIDEST = 60
"""Columns of the widest picture."""


class ConversationView(Painted, can_focus=True):
    """Shows a row; asks for others."""

    BINDINGS = bindings("rows")
    SCOPES = ("rows",)

    class Wanted(Message):
        """Another row is wanted."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

        def can_replace(self, message: Message) -> bool:
            """Only the last of several counts."""
            return isinstance(message, ConversationView.Wanted)

    class Sought(Message):
        """The next or previous row with the words is wanted."""

        def __init__(self, forward: bool) -> None:
            super().__init__()
            self.forward = forward

    class Drawn(Message):
        """Images are to be drawn, or not any more."""

        def __init__(self, room: tuple[int, int] | None) -> None:
            super().__init__()
            self.room = room

    class Prompted(Message):
        """Words to search for, or a line to go to, are to be typed."""

        def __init__(self, line: bool) -> None:
            super().__init__()
            self.line = line

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._conversation: Conversation | None = None
        self._words = ""
        self._top = 0
        self._drawing = False
        self._laid_out: tuple[int, Sequence[Line]] = (0, ())

    @property
    def row(self) -> int | None:
        """The row that is shown, from 0."""
        return self._conversation.row if self._conversation else None

    def show(self, conversation: Conversation | None, words: str = "") -> None:
        """Show a row from its beginning, or at the first place of the words in it."""
        same = _place(conversation) == _place(self._conversation) and words in ("", self._words)
        self._conversation, self._words = conversation, words
        self._laid_out = (0, ())
        if not same:
            self._top = self._first_match()
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self._conversation is None:
            return [line(("reading …", "muted"))]
        content = self._content(width)
        room = max(1, height - 2)
        self._top = max(0, min(self._top, len(content) - room))
        shown = list(content[self._top : self._top + room])
        left = len(content) - self._top - room
        if left > 0:
            shown[-1] = line((f"… {left + 1:,} more lines", "muted"))
        return [head_line(self._conversation, self._words), line(""), *shown]

    def action_scroll(self, by: int) -> None:
        """Scroll inside the row."""
        self._top = max(0, self._top + by)
        self.redraw()

    def action_step(self, by: int) -> None:
        """Ask for another row."""
        if self._conversation is not None:
            wanted = max(0, min(self._conversation.row + by, self._conversation.rows - 1))
            if wanted != self._conversation.row:
                self.post_message(self.Wanted(wanted))

    def action_edge(self, end: bool) -> None:
        """Ask for the first or last row."""
        if self._conversation is not None:
            self.post_message(self.Wanted(self._conversation.rows - 1 if end else 0))

    def action_seek(self, forward: bool) -> None:
        """Ask for the next or previous match."""
        self.post_message(self.Sought(forward))

    def action_draw(self) -> None:
        """Draw the row's images, or show their facts alone again."""
        self._drawing = not self._drawing
        width, height = self.size
        room = (max(8, min(width - 4, _WIDEST)), max(_LEAST_LINES, height - 6))
        self.post_message(self.Drawn(room if self._drawing else None))

    def action_prompt(self, line: bool) -> None:
        """Ask for words or a line."""
        self.post_message(self.Prompted(line))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines on."""
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines back."""
        self.action_scroll(-3)

    def _content(self, width: int) -> Sequence[Line]:
        if self._laid_out[0] != width and self._conversation is not None:
            self._laid_out = width, conversation_lines(self._conversation, width, self._words)
        return self._laid_out[1]

    def _first_match(self) -> int:
        if not self._words or not self.size.width:
            return 0
        content = self._content(self.size.width)
        found = next((n for n, spans in enumerate(content) if any(span.ink == "match" for span in spans)), 0)
        return max(0, found - 3)


def _place(conversation: Conversation | None) -> tuple[int, int, int] | None:
    """Which row it is, drawn or not."""
    return None if conversation is None else (conversation.row, conversation.line, conversation.bytes)
