"""The call log: what was sent to the service, and the equal command where there is one."""

from __future__ import annotations

from collections.abc import Sequence

from cupola.models import Call

from ..lines import Line, Span, line
from ..views.words import moment
from .reader import ReaderScreen, text_lines


def calls_screen(calls: Sequence[Call], now: float) -> ReaderScreen:
    """The calls, newest first."""

    def build(width: int) -> list[Line]:
        if not calls:
            return [line(("Nothing was sent yet.", "muted"))]
        return [spans for call in calls for spans in _call_lines(call, now, width)]

    return ReaderScreen("What was sent, newest first", build)


def _call_lines(call: Call, now: float, width: int) -> list[Line]:
    ink = "bad" if call.status is None or call.status >= 400 else "good"
    head = line(
        (f"{moment(call.at, now)}  ", "muted"),
        (f"{call.status or 'no answer'} ", ink),
        (f"{call.method:<6} ", "bold"),
        call.path,
        (f"  {call.milliseconds:.0f} ms", "muted"),
    )
    indent = " " * 10
    out = [head]
    if call.body:
        out += [(Span(indent), *spans) for spans in text_lines(call.body, width - len(indent))[:4]]
    if call.cli:
        out.append(line(indent, (f"$ {call.cli}", "accent")))
    return out
