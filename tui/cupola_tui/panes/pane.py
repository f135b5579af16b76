"""What every pane has: facts that change under it, and a way back inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container

from cupola.store.watches import Subject

from ..commands import Scope
from ..views.actions import Action
from ..widgets.table import Table

if TYPE_CHECKING:
    from cupola.advice.advise import NextStep


@dataclass(frozen=True, slots=True)
class Watchable:
    """A thing whose news can be told."""

    kind: Subject
    target: str
    name: str
    over: bool = False
    """Whether nothing more can become of it."""


class Pane(Container):
    """One of the six places."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Some topics of the store moved; draw again what shows them."""

    def actions(self) -> list[Action]:
        """What may be done to what is selected."""
        return []

    def perform(self, action: Action) -> bool:
        """Do an action that needs no worker; False when it is not of that kind."""
        return False

    def watchable(self) -> Watchable | None:
        """What of the selected can be watched."""
        return None

    def take_step(self, step: NextStep) -> None:
        """Open what the guide advises as the next step, as far as it is this pane's."""

    def back(self) -> bool:
        """Clear or close one thing inside the pane; False when there is nothing left to close."""
        return False

    def show_thing(self, key: str) -> None:
        """Go to one thing by the key that its list knows it by."""
        for table in self.query(Table):
            table.move_to_key(key)

    def take_focus(self) -> None:
        """Put the focus where the work is."""
