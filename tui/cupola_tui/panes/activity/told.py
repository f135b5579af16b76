"""Lines that scroll, and the row of stages that a cursor moves on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.message import Message

from ...commands import Scope, bindings
from ...lines import Line, line
from ...views.workflows import strip
from ...views.workflows.records import WorkflowView
from ...widgets.painted import Lines, Painted


class Told(Painted, can_focus=True):
    """A text that may be longer than its room."""

    BINDINGS = bindings("told")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("told",)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._build: Callable[[int], Sequence[Line]] = lambda width: ()
        self._top = 0

    def show(self, build: Callable[[int], Sequence[Line]], *, anew: bool = False) -> None:
        """Show other lines, from the top if they are of another thing."""
        self._build = build
        self._top = 0 if anew else self._top
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        content = self._build(width)
        self._top = max(0, min(self._top, len(content) - height))
        shown = list(content[self._top : self._top + height])
        if len(content) > self._top + height and shown:
            shown[-1] = line((f"… {len(content) - self._top - height + 1} more", "muted"))
        return shown

    def action_scroll(self, by: int) -> None:
        """Move the view by some lines."""
        self._top = max(0, self._top + by)
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines on."""
        event.stop()
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines back."""
        event.stop()
        self.action_scroll(-3)


class StageStrip(Lines, can_focus=True):
    """The stages side by side."""

    BINDINGS = bindings("stages")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("stages",)

    class Opened(Message):
        """The stage under the cursor is to be opened."""

    class Chosen(Message):
        """A stage was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self) -> None:
        super().__init__(id="stage-strip")
        self._view: WorkflowView | None = None
        self._chosen = ""

    def show_stages(self, view: WorkflowView, chosen: str) -> None:
        """Show a workflow's stages, the cursor on one of them."""
        self._view, self._chosen = view, chosen
        self.show(lambda width: strip.strip_lines(view, chosen, self.has_focus, width))

    def action_open(self) -> None:
        """Open the stage under the cursor."""
        self.post_message(self.Opened())

    def on_focus(self) -> None:
        """The cursor is brighter while the keys go here."""
        self.redraw()

    def on_blur(self) -> None:
        """The cursor is dimmer while the keys go elsewhere."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Go to the stage under the mouse."""
        place = event.get_content_offset(self)
        if place is None or self._view is None:
            return
        name = strip.step_at(self._view, place.x, place.y, self.size.width)
        if name is not None:
            self.post_message(self.Chosen(name))
