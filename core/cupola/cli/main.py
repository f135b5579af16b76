"""The one entrance: find the noun, run its verb, say what went wrong, return an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .. import __version__
from ..errors import CupolaError, UsageError
from .context import Context, OpenFace, ServeFace

NOUNS = {
    "job": "fine-tuning jobs: list, show, events, checkpoints, curve, watch, submit, pause, resume, cancel",
    "checkpoint": "auto-evals of reinforcement jobs: list, evals, diff",
    "dataset": "training files: list, check, shape, twins, cost, split, sample, convert, merge, fix, upload, delete",
    "file": "files of the service: list, upload",
    "bench": "benchmarks of models: run, list, show, compare, pick, gate, items, cancel",
    "grader": "graders: check, run, calibrate",
    "worker": "the process behind the screen: status, start, stop, run",
    "profile": "resources to work with: list, show",
    "store": "what is known locally: path, check",
    "serve": "the screen in a browser of this machine",
    "emulator": "run the local service that learns for real",
    "demo": "two jobs on the local emulator, to watch",
}
"""Each noun is a module of `cupola.cli.nouns`, imported only when it is named."""

EXIT_INTERRUPTED = 130


def main(
    argv: Sequence[str] | None = None,
    *,
    open_face: OpenFace | None = None,
    serve_face: ServeFace | None = None,
    context: Context | None = None,
) -> int:
    """Run a command line and return its exit code.

    Args:
        argv: The words after `cupola`; those of this process if left out.
        open_face: Opens the screen, for `cupola demo`; without it the demo runs without one.
        serve_face: Serves the screen to a browser, for `cupola serve`.
        context: The command's world; this process's if left out.

    Returns:
        0 done; 1 failure; 2 bad usage or a refused question; 3 unreachable or throttled; 4 not allowed; 5 the remote
        job failed or was cancelled; 6 worse and 7 inconclusive (bench gate); 8 still running at the end of --timeout;
        130 interrupted.
    """
    world = context or Context(open_face=open_face, serve_face=serve_face)
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
        options = _parsed(words, world)
        return int(options.run(options, world))
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 1
    except CupolaError as error:
        world.say(f"cupola: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _forget_stdout() -> None:
    """Keep the interpreter from writing at its exit what could not be written now."""
    if sys.__stdout__ is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of printing."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", remedy=f"See `{self.prog} --help`.")


def _parsed(argv: list[str], context: Context) -> argparse.Namespace:
    top = _top()
    first, words = _split(top, argv)
    module = importlib.import_module(f".nouns.{first.noun}", __package__)
    parser = _Parser(prog=f"cupola {first.noun}", description=module.__doc__, parents=[_common(argparse.SUPPRESS)])
    module.add(parser, _common(argparse.SUPPRESS))
    options = parser.parse_args(words, first)
    if not hasattr(options, "run"):
        parser.print_help(context.err)
        raise SystemExit(2)
    return options


def _split(top: argparse.ArgumentParser, argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Flags before the noun are read here; all that follows it is the noun's own."""
    place = next((index for index, word in enumerate(argv) if word in NOUNS and not _is_value(argv, index)), len(argv))
    return top.parse_args(argv[: place + 1]), argv[place + 1 :]


def _is_value(argv: list[str], index: int) -> bool:
    return index > 0 and argv[index - 1] in ("-p", "--profile", "-o", "--output", "--query")


def _top() -> argparse.ArgumentParser:
    width = max(map(len, NOUNS))
    nouns = "\n".join(f"  {noun.ljust(width)}  {about}" for noun, about in NOUNS.items())
    parser = _Parser(
        prog="cupola",
        description="A terminal workbench for model customization on Azure AI Foundry.\nNo noun: the screen.",
        epilog=f"nouns:\n{nouns}\n\n`cupola NOUN --help` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common(None)],
    )
    parser.add_argument("--version", action="version", version=f"cupola {__version__}")
    parser.add_argument("noun", choices=NOUNS, metavar="NOUN", help="what to act on")
    return parser


def _common(default: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    suppress = default == argparse.SUPPRESS
    parser.add_argument("-p", "--profile", default=default, help="the resource to work with")
    parser.add_argument(
        "-o",
        "--output",
        choices=("table", "json", "jsonl", "tsv"),
        default=default if suppress else "table",
        help="how data is printed on stdout",
    )
    parser.add_argument("--query", default=default, metavar="JMESPATH", help="print this part of the data only")
    parser.add_argument(
        "--offline",
        action="store_true",
        default=default if suppress else False,
        help="ask nobody: print what is known locally",
    )
    return parser
