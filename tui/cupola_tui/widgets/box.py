"""A part of a pane with an edge above and below that lights up while the keys go into it."""

from __future__ import annotations

from textual.containers import Container

from .edge import Edge


class Box(Container):
    """Holds two edges and what lies between them."""

    def on_descendant_focus(self) -> None:
        """The keys go here."""
        self._light(True)

    def on_descendant_blur(self) -> None:
        """The keys go elsewhere, or to another part of the box."""
        self._light(self.has_focus_within)

    def _light(self, lit: bool) -> None:
        for edge in self.query(Edge):
            edge.light(lit)
