"""Typing a secret: it is not shown, and it goes nowhere but to whoever asked."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from ..commands import bindings
from ..lines import visible
from .modal import Modal


class SecretScreen(Modal[str | None]):
    """Answers with what was typed, or None."""

    BINDINGS = bindings("form")
    SCOPES = ("form",)

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(id="form") as box:
            box.border_title = Content(visible(self._title))
            box.border_subtitle = Content("enter keep it  esc leave it")
            typed = Input(password=True, compact=True, placeholder="typed or pasted; not shown")
            typed.cursor_blink = False
            yield typed

    def action_move(self, by: int) -> None:
        """There is one field only."""

    def action_close(self) -> None:
        """Take nothing."""
        self.dismiss(None)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
