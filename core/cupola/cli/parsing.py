"""Reading a command line: flags, a noun, a verb."""

from __future__ import annotations

import argparse
import importlib
from typing import NoReturn

from .. import __version__
from ..errors import UsageError
from .context import Context
from .read_only import refuse_changes

NOUNS = {
    "job": "fine-tuning jobs: list, show, events, checkpoints, curve, watch, submit, pause, resume, cancel",
    "checkpoint": "auto-evals of reinforcement jobs: list, evals, diff, watches, regrade, test, open, import",
    "dataset": "training files: list, add, forget, check, show, shape, twins, cost, split, sample, convert, merge, "
    "fix, upload, download, delete",
    "file": "files of the service: list, upload",
    "bench": "benchmarks of models: run, list, show, compare, pick, decisions, label, gate, items, cancel",
    "deploy": "deployments: list, show, create, remove, extend, scale, sweep, quota, models, tiers",
    "distill": "distillation: run, plan, list, show, watch, pause, resume, branch, cancel, report, clean",
    "raft": "fine-tuning among retrieved documents: make, run, plan, list, show, watch, pause, resume, cancel, clean",
    "pairs": "preference pairs: make, wins",
    "advise": "which technique fits, by what is measured and what you say; models: what can be trained, and how",
    "images": "images in training files: tokens, skipped",
    "grader": "graders: check, run, lab, calibrate",
    "worker": "the process behind the screen: status, start, stop, freeze, thaw, run",
    "profile": "resources to work with: list, add, find, show, test, use, remove, key, sign-in",
    "doctor": "what stands between you and your resource: each fact with cause and remedy",
    "config": "settings: show, path, set, unset",
    "model": "base models and when they retire: list",
    "notify": "being told: watch, unwatch, watches, list, test",
    "cost": "what was spent, by day, job, workflow or profile",
    "store": "what is known locally: path, check, calls, export, import",
    "show": "one pane of the screen as text, once",
    "serve": "the screen in a browser of this machine",
    "completion": "teach bash, zsh or fish to complete",
    "emulator": "run the local service that learns for real",
    "demo": "two jobs on the local emulator, to watch",
}
"""Each noun is a module of `cupola.cli.nouns`, imported only when it is named."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of printing."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", remedy=f"See `{self.prog} --help`.")


def parsed(argv: list[str], context: Context) -> argparse.Namespace:
    """Read a command line; only the named noun's module is imported.

    Raises:
        UsageError: it cannot be read.
        ReadOnlyError: it would change something, and nothing may be changed.
    """
    top = _top()
    first, words = _split(top, argv)
    module = importlib.import_module(f".nouns.{first.noun}", __package__)
    parser = _Parser(prog=f"cupola {first.noun}", description=module.__doc__, parents=[_common(argparse.SUPPRESS)])
    module.add(parser, _common(argparse.SUPPRESS))
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            action.dest = "verb"
    options = parser.parse_args(words, first)
    if not hasattr(options, "run"):
        parser.print_help(context.err)
        raise SystemExit(2)
    refuse_changes(options, context)
    return options


def whole_parser() -> argparse.ArgumentParser:
    """A parser of every noun and verb at once, for completion and the reference; slower than `parsed`, which see."""
    top = _Parser(prog="cupola", parents=[_common(None)])
    top.add_argument("--version", action="version", version=f"cupola {__version__}")
    nouns = top.add_subparsers(metavar="NOUN")
    for noun, about in NOUNS.items():
        module = importlib.import_module(f".nouns.{noun}", __package__)
        parser = nouns.add_parser(noun, help=about, description=module.__doc__, parents=[_common(argparse.SUPPRESS)])
        module.add(parser, _common(argparse.SUPPRESS))
    return top


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


def _common(default: str | None) -> _Parser:
    parser = _Parser(add_help=False)
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
    parser.add_argument(
        "--readonly",
        action="store_true",
        default=default if suppress else False,
        help="refuse whatever changes the service or spends; as CUPOLA_READONLY=1 does",
    )
    return parser
