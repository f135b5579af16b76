"""A longer text over the pane: help, the call log, raw JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from ..commands import bindings
from ..lines import Line, Span, line, plain, visible
from ..messages import Copy
from ..widgets.painted import Painted
from .modal import Modal


class Pages(Painted, can_focus=True):
    """Lines that scroll."""

    def __init__(self, build: Callable[[int], Sequence[Line]]) -> None:
        super().__init__(id="pages")
        self._build = build
        self._laid_out: tuple[int, Sequence[Line]] = (0, ())
        self._top = 0

    def lines(self, width: int, height: int) -> Sequence[Line]:
        content = self._content(width)
        self._top = max(0, min(self._top, len(content) - height))
        shown = list(content[self._top : self._top + height])
        if len(content) > self._top + height:
            shown[-1] = line((f"… {len(content) - self._top - height + 1} more", "muted"))
        return shown

    def scroll_lines(self, by: int) -> None:
        """Move the view by some lines."""
        self._top = max(0, self._top + by)
        self.redraw()

    def show_anew(self) -> None:
        """Lay out again from the top."""
        self._laid_out = 0, ()
        self._top = 0
        self.redraw()

    def scroll_to_edge(self, end: bool) -> None:
        """Show the beginning or the end."""
        self.scroll_lines(len(self._content(self.size.width)) if end else -self._top)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines on."""
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines back."""
        self.scroll_lines(-3)

    def _content(self, width: int) -> Sequence[Line]:
        if self._laid_out[0] != width:
            self._laid_out = width, self._build(width)
        return self._laid_out[1]


class ReaderScreen(Modal[None]):
    """A title and pages; closes with esc."""

    BINDINGS = bindings("reader")
    SCOPES = ("reader",)

    def __init__(self, title: str, build: Callable[[int], Sequence[Line]], text: str = "") -> None:
        super().__init__()
        self._title, self._build, self._text = title, build, text

    def compose(self) -> ComposeResult:
        with Vertical(id="reader") as box:
            box.border_title = Content(visible(self._title))
            box.border_subtitle = Content("esc close  j k move  g G ends  y copy")
            yield Pages(self._build)

    def action_scroll_by(self, by: int) -> None:
        """Scroll."""
        self.query_one(Pages).scroll_lines(by)

    def action_scroll_edge(self, end: bool) -> None:
        """Scroll to an end."""
        self.query_one(Pages).scroll_to_edge(end)

    def action_copy(self) -> None:
        """Copy the whole text."""
        text = self._text or "\n".join(plain(spans) for spans in self._build(120))
        self.app.post_message(Copy(text, self._title))

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)


def text_lines(text: str, width: int) -> list[Line]:
    """A text broken at its own line ends and at the width, every character kept."""
    out: list[Line] = []
    for raw in text.split("\n"):
        cleaned = visible(raw)
        step = max(1, width)
        out += [line(cleaned[start : start + step]) for start in range(0, max(1, len(cleaned)), step)]
    return out


def json_lines(text: str, width: int) -> list[Line]:
    """Indented JSON with its keys in ink; text that is not JSON as it is."""
    import json

    try:
        indented = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text_lines(text, width)
    return [_inked(spans) for spans in text_lines(indented, width)]


def _inked(spans: Line) -> Line:
    text = plain(spans)
    key, colon, value = text.partition('": ')
    if not colon or not key.lstrip().startswith('"'):
        return spans
    ink = "good" if value.startswith('"') else "series2"
    return (Span(key + '"', "info"), Span(": ", "muted"), Span(value, ink))
