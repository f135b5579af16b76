"""The verbs and flags that every noun of workflows has."""

from __future__ import annotations

import argparse
from functools import partial

from . import following, steering
from .noun import Noun, list_

Verbs = argparse._SubParsersAction


def add_common(
    verbs: Verbs[argparse.ArgumentParser], common: argparse.ArgumentParser, noun: Noun, removed: str
) -> None:
    """Add the verbs that list, follow and steer.

    Args:
        verbs: Of the noun.
        common: The flags that every command takes.
        noun: Whose workflows.
        removed: What it deploys: "the deployment that it made".
    """
    verbs.add_parser(noun.listing, parents=[common], help="all of them").set_defaults(run=partial(list_, noun))
    watch = of_number(verbs, common, "watch", "follow one until it ends or asks something; exit codes as of its start")
    add_waiting(watch)
    watch.set_defaults(run=partial(following.watch, noun))
    pause = of_number(verbs, common, "pause", "begin nothing more; a job at the service trains on")
    pause.set_defaults(run=partial(steering.pause, noun))
    resume = of_number(verbs, common, "resume", "go on: after a pause or a failure, or by saying yes to what it asks")
    add_limits(resume, "another hard limit", "another soft limit")
    resume.add_argument("--dry-run", action="store_true", help="print what is left to pay, and go on with nothing")
    resume.add_argument("--no", action="store_true", help="say no to what it asks; nothing more is spent on that")
    resume.add_argument("-y", "--yes", action="store_true", help="say yes to what is left to pay, and to what it asks")
    resume.set_defaults(run=partial(steering.resume, noun))
    cancel = of_number(verbs, common, "cancel", f"call it off. {noun.called_off}".rstrip("."))
    cancel.add_argument("-y", "--yes", action="store_true", help="do not ask")
    cancel.set_defaults(run=partial(steering.cancel, noun))
    clean = of_number(verbs, common, "clean", f"remove {removed}")
    clean.add_argument("--keep", action="store_true", help="leave it standing until its fuse; do not ask again")
    clean.add_argument("-y", "--yes", action="store_true", help="do not ask")
    clean.set_defaults(run=partial(steering.clean_, noun))


def of_number(
    verbs: Verbs[argparse.ArgumentParser], common: argparse.ArgumentParser, name: str, about: str
) -> argparse.ArgumentParser:
    """A verb about one workflow."""
    parser = verbs.add_parser(name, parents=[common], help=about)
    parser.add_argument("workflow", type=int, help="its number")
    return parser


def add_start(parser: argparse.ArgumentParser) -> None:
    """The flags of a verb that starts one."""
    parser.add_argument("--dry-run", action="store_true", help="print what it would take, and start nothing")
    parser.add_argument("--detach", action="store_true", help="leave it to the worker and return")
    add_waiting(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask; questions of later stages are left open")


def add_demo(parser: argparse.ArgumentParser) -> None:
    """The flags that take the local emulator."""
    parser.add_argument("--demo", action="store_true", help="on the local emulator, started if it does not run")
    parser.add_argument("--speed", type=float, default=10.0, help="of the emulator that --demo starts")


def add_limits(
    parser: argparse.ArgumentParser,
    hard: str = "stop before more than this is spent",
    soft: str = "from here on ask before each stage that spends",
) -> None:
    """The flags that bound what is spent."""
    parser.add_argument("--max-cost", type=float, metavar="USD", help=hard)
    parser.add_argument("--ask-from", type=float, metavar="USD", help=soft)


def add_waiting(parser: argparse.ArgumentParser) -> None:
    """The flags that say how long to follow."""
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="give up waiting after so many with exit code 8"
    )
    parser.add_argument(
        "--once", dest="timeout", action="store_const", const=0.0, help="say how it stands, and do not wait"
    )
