"""The one entrance: find the noun, run its verb, say what went wrong, return an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ..errors import CupolaError
from .context import Context, OpenFace, ServeFace, ShowFace
from .parsing import parsed
from .spending import refuse_beyond_budget

EXIT_INTERRUPTED = 130


def main(
    argv: Sequence[str] | None = None,
    *,
    open_face: OpenFace | None = None,
    serve_face: ServeFace | None = None,
    show_face: ShowFace | None = None,
    context: Context | None = None,
) -> int:
    """Run a command line and return its exit code.

    Args:
        argv: The words after `cupola`; those of this process if left out.
        open_face: Opens the screen, for `cupola demo`; without it the demo runs without one.
        serve_face: Serves the screen to a browser, for `cupola serve`.
        show_face: Draws a pane as text, for `cupola show`.
        context: The command's world; this process's if left out.

    Returns:
        0 done; 1 failure; 2 bad usage or a refused question; 3 unreachable or throttled; 4 not allowed; 5 the remote
        job failed or was cancelled; 6 worse and 7 inconclusive (bench gate); 8 still running at the end of --timeout;
        130 interrupted.
    """
    world = context or Context(open_face=open_face, serve_face=serve_face, show_face=show_face)
    try:
        code = _carried_out(list(sys.argv[1:] if argv is None else argv), world)
        world.out.flush()
        return code
    except BrokenPipeError:
        # The reader (head, a pager) has seen enough.
        _forget_stdout()
        return 0
    except OSError as error:
        # A full disk, a directory that may not be written: the machine's own words, and which file.
        _forget_stdout()
        where = f": {error.filename}" if error.filename else ""
        world.say(f"cupola: {error.strerror or error}{where}.")
        return CupolaError.exit_code


def _carried_out(words: list[str], world: Context) -> int:
    try:
        options = parsed(words, world)
        refuse_beyond_budget(options, world)
        return int(options.run(options, _allowed(options, world)))
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 1
    except CupolaError as error:
        world.say(f"cupola: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _allowed(options: argparse.Namespace, world: Context) -> Context:
    """The world as far as `--offline` lets a command reach into it."""
    if not options.offline:
        return world
    from .offline import forbidding, tell_age

    tell_age(options, world)
    return forbidding(world)


def _forget_stdout() -> None:
    """Keep the interpreter from writing at its exit what could not be written now."""
    if sys.__stdout__ is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
