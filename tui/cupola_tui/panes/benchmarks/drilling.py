"""Below the leaderboard: the map of some arms' items, and one item with their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cupola.benchmarks.leaderboard import Leaderboard
from cupola.benchmarks.table import Table

from ...benchmark_facts import BenchmarkFacts
from ...lines import Line
from ...views.bench import compared
from .item import Item
from .items import Items
from .reading import read_item, read_items


class Drill:
    """The two lower levels and what they are about."""

    def __init__(self, facts: BenchmarkFacts) -> None:
        self._facts = facts
        self.items, self.item = Items(), Item()
        self._arms: Sequence[int] = ()
        """The arms whose items are shown, in order; the first one's fails come first."""
        self._compared = False
        self.place: int | None = None
        """Of the item that is open."""

    def choose(self, arms: Sequence[int], *, compared: bool) -> None:
        """Show these arms next."""
        self._arms, self._compared = arms, compared

    @property
    def _pair(self) -> bool:
        """Two arms are held against each other: what the second lost against the first."""
        return self._compared and len(self._arms) == 2

    def step(self, by: int) -> None:
        """To the next item of the list."""
        self.items.table.action_wrap(by)
        key = self.items.table.key
        self.place = key if isinstance(key, int) else self.place

    def show_items(self, found: Leaderboard | None, table: Table | None, *, fresh: bool = False) -> None:
        """Show the map."""
        if found is None or table is None or not self._arms:
            return
        items = read_items(self._facts, found, table, self._arms, self._arms[0], compared=self._pair)
        head: tuple[Callable[[int], list[Line]], ...] = ()
        if self._pair:
            first, second = self._arms
            head = (lambda width: compared.comparison_lines(found, first, second, width),)
        verb = "compared" if self._compared else f"items, {items.arms[0]} first"
        title = f"{found.benchmark.name} · {found.view.name} · {verb}"
        (self.items.open if fresh else self.items.show)(items, title, head)

    def show_item(self, found: Leaderboard | None, *, fresh: bool = False) -> None:
        """Show the item that is open."""
        if found is None or self.place is None:
            return
        places = self.items.places
        number = places.index(self.place) + 1 if self.place in places else 0
        view = read_item(self._facts, found, self._arms, self.place, number, len(places))
        if view is not None:
            self.item.show(view, found.benchmark.name, diff=self._pair if fresh else None)
