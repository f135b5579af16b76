"""One pane of the screen as text, once: for a log, a mail, a terminal that draws nothing, a screen reader."""

from __future__ import annotations

import argparse

from ...errors import UsageError
from ...store import health
from ..context import Context, Look, session_of, store_of
from ..output import emit_one

_PANES = ("datasets", "benchmarks", "jobs", "checkpoints", "deployments", "activity")
_NARROWEST, _LOWEST = 80, 24


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the flags; the noun has no verbs."""
    parser.add_argument("pane", choices=_PANES, metavar="PANE", help=f"one of {', '.join(_PANES)}")
    parser.add_argument("--size", default="120x40", metavar="COLUMNSxROWS", help="of the screen; default: 120x40")
    parser.add_argument("--keys", nargs="+", default=[], metavar="KEY", help="pressed first, such as down enter")
    parser.add_argument("--timeout", type=float, default=20.0, metavar="SECONDS", help="draw it as it is then")
    parser.set_defaults(run=show)


def show(options: argparse.Namespace, context: Context) -> int:
    """Draw it from what is known locally; nothing is asked, changed or paid for."""
    if context.show_face is None:
        raise UsageError("The screen is not installed beside this command line.")
    width, height = _size(options.size)
    session = session_of(context, options.profile)
    look = Look(options.pane, width, height, tuple(options.keys), options.timeout)
    lines = list(context.show_face(session.profile, session.environment, look))
    if options.output == "table" and not options.query:
        context.out.write("\n".join(lines) + "\n")
        return 0
    with store_of(context, session.profile) as database:
        row = {"pane": look.pane, "width": width, "height": height, "lines": lines}
        emit_one(options, context.out, "cupola.screen/1", row, health.get(database).checked_at)
    return 0


def _size(text: str) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and _NARROWEST <= int(columns) <= 500 and int(rows) <= 300):
        raise UsageError(f"{text!r} is no size.", remedy="Give columns and rows, such as 120x40; 80x24 at least.")
    if int(rows) < _LOWEST:
        raise UsageError("The screen needs 24 rows.", remedy="Give 80x24 at least.")
    return int(columns), int(rows)
