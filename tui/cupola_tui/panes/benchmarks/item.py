"""One item: its prompt, the answers beside each other, grades with their reasons; a diff of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from ...commands import Scope, bindings
from ...lines import Line, line
from ...views.bench.answers import AnswerView, ItemView, columns_that_fit, item_lines
from ...widgets.painted import Painted
from .boxes import Box


class Answers(Painted, can_focus=True):
    """An item's lines, scrolled."""

    BINDINGS = bindings("item")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("item",)

    class Stepped(Message):
        """The next item is wanted, or the one before."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self) -> None:
        super().__init__(id="answers")
        self._view: ItemView | None = None
        self._first = self._top = 0
        self._diff = self._whole = False
        self._laid_out: tuple[tuple[ItemView, int, int, bool, bool], list[Line]] | None = None

    @property
    def at_left(self) -> AnswerView | None:
        """The answer that stands at the left."""
        return self._view.answers[self._first] if self._view and self._view.answers else None

    def show(self, view: ItemView, *, diff: bool | None = None) -> None:
        """Show an item; another one begins at its top."""
        if self._view is None or self._view.place != view.place:
            self._top = 0
        self._view = view
        self._diff = self._diff if diff is None else diff
        self._first = min(self._first, max(0, len(view.answers) - 1))
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self._view is None:
            return []
        key = (self._view, width, self._first, self._diff, self._whole)
        if self._laid_out is None or self._laid_out[0] != key:
            lines = item_lines(self._view, self._first, width, diff=self._diff, whole=self._whole)
            self._laid_out = key, lines
        content = self._laid_out[1]
        self._top = max(0, min(self._top, len(content) - height))
        shown = content[self._top : self._top + height]
        more = len(content) - self._top - height
        return [*shown[:-1], line((f"… {more + 1} more lines", "muted"))] if more > 0 else shown

    def toggle_whole(self) -> None:
        """The whole prompt, or its beginning."""
        self._whole = not self._whole
        self.redraw()

    def action_scroll(self, by: int) -> None:
        """Move the view by some lines."""
        self._top = max(0, self._top + by)
        self.redraw()

    def action_arm(self, by: int) -> None:
        """Let another answer stand at the left."""
        if self._view is None:
            return
        shown = columns_that_fit(self.size.width, 2 if self._diff else len(self._view.answers))
        self._first = max(0, min(self._first + by, len(self._view.answers) - shown))
        self.redraw()

    def action_step(self, by: int) -> None:
        """Another item."""
        self.post_message(self.Stepped(by))

    def action_diff(self) -> None:
        """Two answers word by word, and back."""
        self._diff = not self._diff
        self.action_arm(0)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines on."""
        event.stop()
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines back."""
        event.stop()
        self.action_scroll(-3)


class Item(Container):
    """The box around one item."""

    def __init__(self) -> None:
        super().__init__(id="item-part")
        self.answers = Answers()
        self._box = Box(self.answers, id="item-box")

    def compose(self) -> ComposeResult:
        yield self._box

    def show(self, view: ItemView, title: str, *, diff: bool | None = None) -> None:
        """Show an item."""
        self.answers.show(view, diff=diff)
        count = len(view.answers)
        below = f"{view.number:,} of {view.total:,} shown · {count} answers" if count > 1 else ""
        self._box.entitle(f"{title} · item {view.place + 1}", below)
