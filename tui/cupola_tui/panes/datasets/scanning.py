"""Seeing what lies on the disk, again and again, and reading what is new there."""

from __future__ import annotations

from collections.abc import Callable

from textual.widget import Widget

from cupola.errors import CupolaError
from cupola.models import LocalFile

from ...background.client import Background
from ...background.tasks import Found, Scan
from ...messages import Say
from .listing import Listing
from .looking import Looking

_CHECKED_UNASKED = 8 * 2**20
"""Files up to this size are checked without being selected."""


class Scanning:
    """Looks where datasets are remembered; `changed` is called when the list has to be drawn again."""

    def __init__(
        self, owner: Widget, listing: Listing, looking: Looking, reader: Background, changed: Callable[[], None]
    ) -> None:
        self._owner, self._listing, self._looking, self._reader = owner, listing, looking, reader
        self._changed = changed
        self._sources: tuple[str, ...] = ()
        self.missing: tuple[str, ...] = ()
        """Remembered files and folders that are not there now."""

    def begin(self) -> None:
        """Look now, whatever was under way."""
        self._owner.run_worker(self._scan(), exclusive=True, group="scan")

    def again(self) -> None:
        """Look again, unless that is under way or nobody sees it."""
        under_way = any(worker.group == "scan" and worker.is_running for worker in self._owner.workers)
        if self._owner.display and not under_way:
            self.begin()

    def begin_if_moved(self) -> None:
        """Look now if other places are remembered than those that were looked at."""
        if self._listing.sources() != self._sources:
            self.begin()

    async def _scan(self) -> None:
        self._sources = self._listing.sources()
        try:
            found: Found = await self._reader.ask(Scan(self._sources))
        except CupolaError as error:
            self._owner.post_message(Say(str(error), warning=True))
            return
        self.missing = found.missing
        before = self._listing.paths()
        fresh = self._listing.found(found.files)
        if fresh or before != self._listing.paths():
            self._changed()
        if fresh:
            await self._survey(sorted(fresh, key=lambda file: file.size))

    async def _survey(self, fresh: list[LocalFile]) -> None:
        """Check the small files, the smallest first."""
        for file in fresh:
            if file.size <= _CHECKED_UNASKED:
                learnt = await self._looking.survey(file)
                if learnt is not None:
                    self._listing.learn(learnt)
        self._listing.keep()
        self._changed()
