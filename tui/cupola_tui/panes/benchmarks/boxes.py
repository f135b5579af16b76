"""A box with a title above and words below, lit while the keys go into it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from ...widgets.edge import Edge


class Box(Container):
    """Edges around some widgets."""

    def __init__(self, *content: Widget, id: str, title: str = "") -> None:
        super().__init__(id=id, classes="framed")
        self._content = content
        self._upper, self._lower = Edge(title), Edge(below=True)

    def compose(self) -> ComposeResult:
        yield self._upper
        with Container(classes="box"):
            yield from self._content
        yield self._lower

    def entitle(self, title: str, below: str = "") -> None:
        """Show other words on the edges."""
        self._upper.show(title)
        self._lower.show(below)

    def on_descendant_focus(self) -> None:
        """The keys go here."""
        self._light(True)

    def on_descendant_blur(self) -> None:
        """The keys go elsewhere."""
        self._light(False)

    def _light(self, lit: bool) -> None:
        self._upper.light(lit)
        self._lower.light(lit)
