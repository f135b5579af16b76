"""The ground of Cupola's widgets: lines are painted once and only the columns that changed are sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from .. import paint
from ..lines import Line, Row
from ..themes import inks


class Painted(Widget):
    """A widget made of lines. Subclasses give the lines; `redraw` compares them with what the screen shows."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []
        self._painted_rows: dict[Row, Strip] = {}

    def lines(self, width: int, height: int) -> Sequence[Line | Row]:
        """The lines to show in a size; those beyond the height are not seen."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Paint again and send what differs. Free of cost while the widget is hidden."""
        width, height = self.size
        if not (width and height and self.is_mounted):
            return
        strips = self._painted(width, height)
        before, self._strips = self._strips, strips
        if len(before) != height:
            self.refresh()
            return
        for y, strip in enumerate(strips):
            columns = paint.changed_columns(before[y], strip)
            if columns:
                self.refresh(Region(columns[0], y, columns[1] - columns[0], 1))

    def render_line(self, y: int) -> Strip:
        """One line from the cache."""
        if not self._strips:
            self._strips = self._painted(*self.size)
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def notify_style_update(self) -> None:
        """Forget what was painted when a theme or a class changes the styles."""
        self._forget()
        super().notify_style_update()

    def on_resize(self, event: Resize) -> None:
        """Lay out anew for the new size."""
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self._strips = []
        self._painted_rows = {}

    def _painted(self, width: int, height: int) -> list[Strip]:
        theme, base = inks(self.app.theme), self.rich_style
        known = self._painted_rows
        shown = self.lines(width, height)[:height]
        rows = [content if isinstance(content, Row) else Row(content) for content in shown]
        self._painted_rows = {
            row: known.get(row) or paint.strip(row.spans, width, theme, base + theme.style(row.ground)) for row in rows
        }
        blank = Strip.blank(width, base)
        return [self._painted_rows[row] for row in rows] + [blank] * (height - len(rows))


class Lines(Painted):
    """Some lines of text; `show` takes a function of the width, so that they may be laid out for it."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._build: Callable[[int], Sequence[Line]] = lambda width: ()
        self._count = self._width = 0

    def show(self, build: Callable[[int], Sequence[Line]]) -> None:
        """Show other lines. A widget of automatic height grows and shrinks with them."""
        self._build = build
        height = self.styles.height
        if height is not None and height.is_auto and len(build(self._width)) != self._count:
            self._strips = []
            self.refresh(layout=True)
        else:
            self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return self._build(width)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many lines as there are."""
        self._width = width
        self._count = len(self._build(width))
        return self._count
