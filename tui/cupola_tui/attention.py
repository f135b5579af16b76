"""What the screen does unasked: tell news, name the window, count money, mind the line. Slow things go on threads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from textual.app import App

from cupola.errors import CupolaError, StoreError
from cupola.models import Job, Problem
from cupola.settings import Profile
from cupola.terminals.kinds import Terminal

from .facts import Facts
from .outlet import Outlet
from .telling import Teller, bar_of, condensed
from .views.frame import FrameState

_MONEY_SECONDS = 5.0
"""At least so long between two sums of what was spent."""
_SLOW_LOOK_SECONDS = 2.0
"""How seldom the store is looked at while the line is slow."""

Say = Callable[[str, str], None]
"""Shows a title and a text on the screen itself."""


@dataclass(frozen=True, slots=True)
class World:
    """What the screen's surroundings are made from."""

    environment: Mapping[str, str]
    config: Path | None
    """The configuration file, if there is to be one."""


class Attention:
    """Minds what nobody pressed a key for."""

    def __init__(
        self,
        app: App[Any],
        profile: Profile,
        facts: Facts,
        outlet: Outlet,
        clock: Callable[[], float],
        world: World,
        say: Say,
    ) -> None:
        self._app, self._profile, self._facts, self._outlet = app, profile, facts, outlet
        self._clock, self._world, self._say = clock, world, say
        self._teller = Teller(facts.database, clock, outlet.say)
        self._terminal: Terminal | None = None
        self._spend = ("", "", "warn")
        self.refusal: Problem | None = None
        """Why nothing more may be paid for; None while something may, or before it is counted."""
        self._money_at = float("-inf")
        self._money_due = True
        self._looked_at = float("-inf")
        self._slow = False
        self._motion = app.animation_level

    def is_due(self) -> bool:
        """Whether to look at the store now: seldom on a slow line."""
        now = self._outlet.pace.now()
        if self._outlet.pace.slow and now - self._looked_at < _SLOW_LOOK_SECONDS:
            return False
        self._looked_at = now
        return True

    def start(self) -> None:
        """Find out, beside the screen, which terminal this is; tell what has gathered; count."""
        self._run(self._find_terminal, "terminal")
        self._count()

    def look(self, state: FrameState, topics: frozenset[str], changed: bool) -> FrameState:
        """Do what is due after a look at the store; return the state with what belongs into the top line.

        Raises:
            StoreError: the store cannot be used.
        """
        if "watches" in topics:
            self._teller.read_watches()
        self._tell(topics)
        self._money_due = self._money_due or changed
        self._count()
        self._mind_line()
        spend, budget, ink = self._spend
        trip = self._outlet.pace.round_trip if self._slow else None
        return replace(state, spend=spend, budget=budget, budget_ink=ink, slow=self._slow, round_trip=trip)

    def show(self, state: FrameState) -> None:
        """Name the window and show the bar; only what has changed is sent."""
        self._teller.show_title(state)
        if self._terminal is not None and self._terminal.draws_progress:
            self._teller.show_bar(self._terminal, bar_of(self._facts.jobs(), self._teller.watched, self._share))

    def leave(self) -> None:
        """Leave the window as it was."""
        self._teller.end(self._terminal)

    def _tell(self, topics: frozenset[str]) -> None:
        if self._terminal is None or "notices" not in topics:
            return
        for number, (title, text) in enumerate(condensed(self._teller.take())):
            self._outlet.say(self._terminal.notice(title, text, number))
            self._say(title, text)

    def _share(self, job: Job) -> float | None:
        from .panes.jobs.reading import read_pace

        progress = read_pace(self._facts, job, self._clock()).progress
        return progress.share if progress is not None else None

    def _find_terminal(self) -> None:
        from cupola.settings import read_settings
        from cupola.terminals.kinds import configured, run, terminal_of
        from cupola.worker.telling import telling_of

        terminal = terminal_of(self._world.environment, run)
        try:
            if self._world.config is not None:
                telling = telling_of(read_settings(self._world.config), self._world.environment)
                terminal = configured(terminal, telling.terminal, telling.tmux)
        except CupolaError:
            # The worker's log and `cupola notify test` tell of a mistake in the table.
            pass
        self._app.call_from_thread(self._found, terminal)

    def _found(self, terminal: Terminal) -> None:
        self._terminal = terminal
        try:
            self._teller.read_watches()
            self._tell(frozenset({"notices"}))
        except StoreError:
            # The look at the store says so.
            return

    def _count(self) -> None:
        now = self._outlet.pace.now()
        if self._money_due and now - self._money_at >= _MONEY_SECONDS:
            self._money_at, self._money_due = now, False
            self._run(self._sum, "money")

    def _sum(self) -> None:
        """What today has cost, on a connection of this thread's own."""
        from cupola.money.amounts import dollars
        from cupola.money.budgets import Standing, budgets_of, refusal, worst
        from cupola.money.prices import prices_of
        from cupola.money.totals import today
        from cupola.settings import read_settings
        from cupola.store.database import open_store
        from cupola_data.prices import price_list

        now = self._clock()
        try:
            prices = price_list()
            if self._world.config is not None:
                prices = prices_of(read_settings(self._world.config), dt.date.fromtimestamp(now))
            database = open_store(self._facts.database.path)
            try:
                spent = today(database, prices, now)
                # Of a day on which nothing is known but that something will cost, there is nothing to say yet.
                words = f"{dollars(spent)} today" if spent.low or spent.high is not None else ""
                over, ink = "", "warn"
                budgets = budgets_of(self._profile, database, prices, now)
                refused, passed = refusal(budgets), worst(budgets)
                if passed is not None:
                    span = f"{passed.span}'s " if passed.span else ""
                    hard = passed.standing is Standing.HARD
                    over, ink = (f"{span}budget used up", "bad") if hard else (f"over {span}soft budget", "warn")
            finally:
                database.close()
        except CupolaError:
            # `cupola cost` tells what is wrong with the store or the prices.
            words, over, ink, refused = "", "", "warn", None
        self._app.call_from_thread(self._counted, (words, over, ink), refused)

    def _counted(self, spend: tuple[str, str, str], refused: Problem | None) -> None:
        self._spend, self.refusal = spend, refused

    def _mind_line(self) -> None:
        """On a slow line nothing moves by itself and the mouse tells of clicks only."""
        slow = self._outlet.pace.slow
        if slow is self._slow:
            return
        self._slow = slow
        self._app.animation_level = "none" if slow else self._motion
        self._outlet.say("\x1b[?1003l" if slow else "\x1b[?1003h")

    def _run(self, work: Callable[[], None], group: str) -> None:
        self._app.run_worker(work, group=f"attention-{group}", thread=True, exit_on_error=False)
