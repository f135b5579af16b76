"""The lower part: what changed from one step to another, item by item."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from cupola.training.step_changes import Change

from ...views.checkpoints import changes
from ...views.checkpoints.changes import ChangesView, Texts
from ...widgets.painted import Lines
from ...widgets.table import KeyedRows
from ..benchmarks.boxes import Box
from .tables import FlipTable


class Changes(Container):
    """Shows what it is given."""

    def __init__(self) -> None:
        super().__init__(id="ckpt-changes-part")
        self.table = FlipTable((), id="ckpt-changes", empty="No such item.")
        self._head = Lines(id="ckpt-head")
        self._box = Box(self._head, self.table, id="ckpt-changes-box")
        self._view: ChangesView | None = None
        self._only = 0
        self._within: frozenset[int] | None = None
        self.shown: list[Change] = []
        """The changes in the table, in order."""

    def compose(self) -> ComposeResult:
        yield self._box

    def show(self, view: ChangesView, texts: Texts) -> None:
        """Show one step held against another."""
        before, self._view = self._view, view
        self._texts = texts
        if before is None or (before.first, before.second) != (view.first, view.second):
            self.table.set_columns(changes.columns(view))
        self._list()
        if before is None or (before.first, before.second) != (view.first, view.second):
            self.table.move_to(0)

    def tell(self, view: ChangesView) -> None:
        """Show the same changes with the comparison worked out."""
        self._view = view
        self._head.show(lambda width: changes.head_lines(view, width))

    def next_only(self) -> None:
        """The next kind of changes that there is."""
        for _ in changes.ONLY:
            self._only = (self._only + 1) % len(changes.ONLY)
            self._list()
            if self.shown:
                break
        self.table.move_to(0)

    def filter(self, within: frozenset[int] | None) -> None:
        """Show only these items; None shows all."""
        self._within = within
        self._list()

    def show_all(self) -> bool:
        """All kinds again; False if they stand there already."""
        if not self._only:
            return False
        self._only = 0
        self._list()
        return True

    def to_flip(self, by: int) -> bool:
        """Set the cursor on the next flip, from the last to the first and back; False if there is none."""
        flips = [place for place, change in enumerate(self.shown) if change.flipped]
        if not flips:
            return False
        at = next((place for place, one in enumerate(self.shown) if one.column == self.table.key), -1)
        later = [place for place in flips if place > at] if by > 0 else [place for place in flips if place < at]
        self.table.move_to((later or flips)[0 if by > 0 else -1])
        return True

    def _list(self) -> None:
        view = self._view
        if view is None:
            return
        only = changes.ONLY[self._only]
        within = self._within
        found = changes.selected(view, only)
        self.shown = shown = [one for one in found if within is None or one.column in within]
        texts = self._texts
        self.table.show(KeyedRows([one.column for one in shown], lambda index: changes.cells(shown[index], texts)))
        count = (
            f"{len(shown):,} of {len(view.changes):,} · {only}"
            if len(shown) < len(view.changes)
            else f"{len(shown):,} items"
        )
        self._box.entitle(f"items: step {view.first} → step {view.second}", f"{count} · ] all steps")
        self._head.show(lambda width: changes.head_lines(view, width))
