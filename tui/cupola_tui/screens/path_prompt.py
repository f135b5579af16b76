"""Typing the path of a file or folder, with what lies there to choose from."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from ..commands import bindings
from ..lines import Line, line, visible
from ..widgets.painted import Lines
from .modal import Modal

_SHOWN = 12


class PathScreen(Modal[str | None]):
    """Answers with an absolute path, or None."""

    BINDINGS = bindings("path")
    SCOPES = ("path",)

    def __init__(self, title: str, start: Path, endings: Collection[str]) -> None:
        super().__init__()
        self._title, self._start, self._endings = title, start, tuple(endings)
        self._found: list[str] = []
        self._missing = False

    def compose(self) -> ComposeResult:
        with Vertical(id="path") as box:
            box.border_title = Content(visible(self._title))
            box.border_subtitle = Content("tab complete  enter take it  esc leave it")
            words = Input(f"{self._start}{os.sep}", id="words", compact=True, select_on_focus=False)
            words.cursor_blink = False
            yield words
            yield Lines(id="completions")

    def on_mount(self) -> None:
        """Show what lies at the start."""
        self.query_one("#completions", Lines).show(self._lines)
        self._look(self._start.as_posix() + "/")

    def action_complete(self) -> None:
        """Type what all the choices have in common."""
        words = self.query_one(Input)
        common = _beginning(self._found)
        if len(common) > len(_expanded(words.value)):
            words.value = common
            words.cursor_position = len(common)

    def action_close(self) -> None:
        """Take nothing."""
        self.dismiss(None)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._look(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        path = _expanded(event.value)
        if path:
            self._take(Path(path).absolute())

    @work(exclusive=True, thread=True, exit_on_error=False, group="take")
    def _take(self, path: Path) -> None:
        there = path.exists()
        if self.is_attached:
            self.app.call_from_thread(self._answer, str(path) if there else None)

    def _answer(self, path: str | None) -> None:
        if path is not None:
            self.dismiss(path)
        else:
            self._missing = True
            self.query_one("#completions", Lines).show(self._lines)

    @work(exclusive=True, thread=True, exit_on_error=False, group="completions")
    def _look(self, typed: str) -> None:
        # In a thread: a folder may lie on a network that does not answer.
        found = completions(_expanded(typed), self._endings)
        if self.is_attached:
            self.app.call_from_thread(self._show, typed, found)

    def _show(self, typed: str, found: list[str]) -> None:
        if self.is_attached and typed.rstrip("/") == self.query_one(Input).value.rstrip("/"):
            self._found, self._missing = found, False
            self.query_one("#completions", Lines).show(self._lines)

    def _lines(self, width: int) -> list[Line]:
        if self._missing:
            return [line(("There is no such file or folder.", "bad"))]
        if not self._found:
            return [line(("nothing with this beginning", "muted"))]
        shown = [_completion(path) for path in self._found[:_SHOWN]]
        more = len(self._found) - _SHOWN
        return [*shown, line((f"  and {more:,} more", "muted"))] if more > 0 else shown


def completions(typed: str, endings: tuple[str, ...]) -> list[str]:
    """Folders, with a slash, and files of these endings whose path begins as typed; hidden ones if a dot is typed."""
    folder, slash, beginning = typed.rpartition("/")
    try:
        with os.scandir(f"{folder}{slash}" or ".") as entries:
            found = [
                f"{folder}{slash}{entry.name}{'/' if entry.is_dir() else ''}"
                for entry in entries
                if entry.name.startswith(beginning)
                and (beginning.startswith(".") or not entry.name.startswith("."))
                and (entry.is_dir() or entry.name.endswith(endings))
            ]
    except OSError:
        return []
    return sorted(found, key=lambda path: (not path.endswith("/"), path))


def _completion(path: str) -> Line:
    if path.endswith("/"):
        return line("  ", (path.rstrip("/").rpartition("/")[2], "bold"), ("/", "muted"))
    return line("  ", path.rpartition("/")[2])


def _beginning(paths: Sequence[str]) -> str:
    """What all paths begin with, letter by letter."""
    if not paths:
        return ""
    first, last = min(paths), max(paths)
    length = next((n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:length]


def _expanded(typed: str) -> str:
    """The path with `~` written out; a slash at its end stays."""
    typed = typed.strip()
    if not typed.startswith("~"):
        return typed
    try:
        return f"{Path(typed).expanduser()}{'/' if typed.endswith('/') else ''}"
    except RuntimeError:
        # There is no such user.
        return typed
