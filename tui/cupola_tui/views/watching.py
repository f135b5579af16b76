"""Watching a thing, and watching it no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cupola.store import watches
from cupola.store.database import Database

if TYPE_CHECKING:
    from ..panes.pane import Watchable


def toggled(database: Database, thing: Watchable, now: float) -> str:
    """Watch it, or no more if it is watched; say which."""
    if watches.remove(database, thing.kind, thing.target):
        return f"You are told of {thing.name} no more."
    if thing.over:
        return f"{thing.name} has ended: nothing more will become of it."
    watches.add(database, thing.kind, thing.target, thing.name, now)
    return f"You are told when something becomes of {thing.name}. `cupola notify test` shows how."
