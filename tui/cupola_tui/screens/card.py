"""The card before something is done: what, where, at what cost, and the equal command."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from ..commands import bindings
from ..lines import Line, joined, labelled, line, visible
from ..views.actions import Action
from ..widgets.painted import Lines
from .modal import Modal


class CardScreen(Modal[bool]):
    """Answers whether to go on; what was typed before it was there is no answer."""

    BINDINGS = bindings("card")
    SCOPES = ("card",)

    def __init__(self, title: str, rows: Sequence[tuple[str, str]], confirm: str, refuse: str) -> None:
        super().__init__()
        self._title, self._rows = title, rows
        self._confirm, self._refuse = confirm, refuse
        self.asked_at = math.inf

    def compose(self) -> ComposeResult:
        with Vertical(id="card") as box:
            box.border_title = Content(visible(self._title))
            yield Lines(id="card-lines")

    def on_mount(self) -> None:
        """Fill the card."""
        self.query_one(Lines).show(self._lines)
        self.asked_at = time.monotonic()

    def action_confirm(self) -> None:
        """Go on."""
        self.dismiss(True)

    def action_refuse(self) -> None:
        """Leave it."""
        self.dismiss(False)

    def _lines(self, width: int) -> list[Line]:
        out: list[Line] = []
        for name, value in self._rows:
            ink = "accent" if name == "command" else ""
            out += labelled(name, value, width, ink)
        yes = line(("y", "key bold"), (f" {self._confirm}", "muted"))
        no = line(("esc", "key bold"), (f" {self._refuse}", "muted"))
        return [*out, line(""), joined([yes, no], line("   "))]


def action_card(action: Action) -> CardScreen:
    """The card of an action on the cloud."""
    rows = (("what", action.what), ("where", action.where), ("cost", action.cost), ("command", action.command))
    return CardScreen(action.title, rows, "do it", "leave it")


def quit_card(running: int, worker: bool) -> CardScreen:
    """The card before leaving while something runs."""
    jobs = "1 job runs on" if running == 1 else f"{running} jobs run on"
    watching = "The worker keeps watching them." if worker else "Nothing watches them until Cupola is opened again."
    return CardScreen("Leave Cupola", (("goes on", f"{jobs} in the cloud. {watching}"),), "leave", "stay")
