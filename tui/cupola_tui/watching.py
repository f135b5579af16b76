"""Seeing that the store changed, for microseconds a look."""

from __future__ import annotations

from dataclasses import dataclass, field

from cupola.store.database import Database


@dataclass(frozen=True, slots=True)
class Change:
    """What a look found."""

    any: bool
    """Another process has committed something, be it only the time of a check."""
    topics: frozenset[str] = frozenset()
    """The topics whose revision moved."""


@dataclass(slots=True)
class StoreWatch:
    """Compares the store's revisions with those of the last look."""

    database: Database
    _version: int | None = None
    _revisions: dict[str, int] = field(default_factory=dict)

    def look(self) -> Change:
        """What changed since the last look; the first look finds every topic.

        Raises:
            StoreError: the store cannot be read now; the next look finds what this one missed.
        """
        version = self.database.data_version()
        if version == self._version:
            return Change(False)
        revisions = self.database.revisions()
        topics = {topic for topic, number in revisions.items() if self._revisions.get(topic) != number}
        self._version, self._revisions = version, revisions
        return Change(True, frozenset(topics))

    def forget_version(self) -> None:
        """Make the next look read the revisions, as after a commit of one's own, which SQLite does not count."""
        self._version = None
