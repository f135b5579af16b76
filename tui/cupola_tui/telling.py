"""Telling the person at the terminal: watched things that have news, the window's title, a bar on its tab."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cupola.models import Job, Phase
from cupola.store import notices, watches
from cupola.store.database import Database
from cupola.store.notices import Notice
from cupola.store.watches import Subject
from cupola.terminals.kinds import Terminal
from cupola.terminals.sequences import Progress, keep_title, restore_title, window_title

from .views.frame import FrameState

_MOST = 3
"""More notices than these at once are told in one."""

SCREEN = "screen"
"""Who has told a notice, in the store's words."""


def title_of(state: FrameState) -> str:
    """What the window is called: it reads well where little of it is seen."""
    parts = [f"{state.needs_you} need you" if state.needs_you > 1 else "1 needs you"] if state.needs_you else []
    parts += [f"{state.running} running"] if state.running else []
    return " · ".join((*parts, f"Cupola {state.profile.name}"))


def condensed(claimed: Sequence[Notice]) -> list[tuple[str, str]]:
    """Title and text of each notice to show; of many that have gathered, the last ones and how many more there are."""
    shown = [(notice.title, notice.text) for notice in claimed[-_MOST:]]
    more = len(claimed) - len(shown)
    return [*([(f"{more} earlier notices", "`cupola notify list` has them all.")] if more else []), *shown]


def bar_of(jobs: Sequence[Job], watched: frozenset[str], share: Callable[[Job], float | None]) -> tuple[Progress, int]:
    """The bar for the watched jobs under way: the one that has come least far."""
    moving = [job for job in jobs if job.id in watched and not job.phase.ended]
    if not moving:
        return Progress.NONE, 0
    shares = [share(job) for job in moving]
    known = [part for part in shares if part is not None]
    percent = round(100 * min(known)) if known else 0
    if all(job.phase is Phase.PAUSED for job in moving):
        return Progress.PAUSED, percent
    return (Progress.NORMAL, percent) if known else (Progress.UNKNOWN, 0)


class Teller:
    """Writes to the terminal what is news; each thing only when it has changed."""

    def __init__(self, database: Database, clock: Callable[[], float], write: Callable[[str], None]) -> None:
        self._database, self._clock, self._write = database, clock, write
        self._title = ""
        self._bar: tuple[Progress, int] = (Progress.NONE, 0)
        self.watched: frozenset[str] = frozenset()
        """The ids of the watched jobs."""

    def take(self) -> list[Notice]:
        """What is to be told now; nobody else tells it any more.

        Raises:
            StoreError: the store cannot be used; nothing was taken.
        """
        if self._database.read_only:
            # Whoever may write tells them.
            return []
        return notices.claim(self._database, SCREEN, self._clock())

    def read_watches(self) -> None:
        """See again what is watched.

        Raises:
            StoreError: the store cannot be read.
        """
        kept = watches.all_watches(self._database)
        self.watched = frozenset(watch.target for watch in kept if watch.kind is Subject.JOB)

    def show_title(self, state: FrameState) -> None:
        """Name the window, if its name has changed."""
        title = title_of(state)
        if title != self._title:
            self._write(("" if self._title else keep_title()) + window_title(title))
            self._title = title

    def show_bar(self, terminal: Terminal, bar: tuple[Progress, int]) -> None:
        """Show how far it is, if that has changed and the terminal draws it."""
        if bar != self._bar:
            self._write(terminal.progress(*bar))
            self._bar = bar

    def end(self, terminal: Terminal | None) -> None:
        """Leave the window as it was."""
        if terminal is not None:
            self.show_bar(terminal, (Progress.NONE, 0))
        if self._title:
            self._write(restore_title())
            self._title = ""
