"""The screen in a browser of this machine, behind a token."""

from __future__ import annotations

import argparse

from ...errors import UsageError
from ..context import Context


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the flags; the noun has no verbs."""
    parser.add_argument("--port", type=int, default=8010, help="where to listen on loopback (default 8010)")
    parser.add_argument("--theme", choices=("dark", "light", "contrast"), help="how the screen looks")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, context: Context) -> int:
    """Serve until interrupted."""
    if context.serve_face is None:
        raise UsageError("The screen is not installed beside this command line.")
    if not 1 <= options.port <= 65_535:
        raise UsageError(f"{options.port} is no port.", remedy="Give one from 1 to 65535.")
    flags = [
        *(["-p", options.profile] if options.profile else []),
        *(["--theme", options.theme] if options.theme else []),
        *(["--offline"] if options.offline else []),
        *(["--readonly"] if options.readonly else []),
    ]
    try:
        return context.serve_face(flags, options.port, context.say)
    except ModuleNotFoundError as error:
        raise UsageError(
            "Serving to a browser needs textual-serve.", str(error), "Install it: pip install 'cupola[serve]'"
        ) from error
