"""How the app meets the terminal: what it sends, what it keeps from it, and the words that it says for a moment."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from textual.css.query import NoMatches
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widget import MountError

from cupola.models import Problem

from .ascii import AsciiFilter
from .lines import visible
from .outlet import Outlet
from .terminal import ControlFilter, narrowed
from .typed_ahead import TypedAhead


class OnTerminal(TypedAhead):
    """The part of the app that sends; what is sent goes through the outlet."""

    _outlet: Outlet
    _in_ascii: bool
    """The terminal's locale has no Unicode."""

    def get_driver_class(self) -> type[Driver]:
        """The terminal's driver, counting what it sends."""
        return self._outlet.driver(super().get_driver_class())

    def get_line_filters(self) -> list[LineFilter]:
        """Keep control characters out of every line, and what the terminal's locale has no sign for."""
        return [*super().get_line_filters(), ControlFilter(), *([AsciiFilter()] if self._in_ascii else [])]

    def _tell_problem(self, problem: Problem, kind: str) -> None:
        text = "\n".join(part for part in (problem.what, problem.why, problem.remedy) if part)
        self._say(text, warning=True, title=kind)

    def _say(self, text: str, *, warning: bool = False, title: str = "") -> None:
        cleaned = "\n".join(visible(part) for part in text.split("\n"))
        self.notify(
            cleaned,
            title=title,
            severity="warning" if warning else "information",
            timeout=8 if warning else 3,
            markup=False,
        )

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send narrow updates, when the line has room. The hook is Textual's own and private; a test counts bytes."""
        if self._outlet.takes(renderable):
            self.post_display_hook()
            return
        super()._display(screen, narrowed(renderable))
        if renderable is not None:
            self._outlet.sent()

    def _handle_exception(self, error: Exception) -> None:
        """Pass over what does not find its widgets once the app ends: they are taken away one by one."""
        if (self._exit or not self._running) and isinstance(error, NoMatches | MountError):
            return
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Show where it broke, without the local variables that Textual would print: they may hold secrets."""
        from rich.segment import Segments
        from rich.traceback import Traceback

        self.bell()
        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()
