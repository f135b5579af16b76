"""Preference pairs: made from stored benchmark answers, ready to train on with DPO; wins of one arm over another."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..pair_commands import making, winning


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    make = verbs.add_parser("make", parents=[common], help="training files and a job file from a run's answers")
    _of_run(make)
    make.add_argument(
        "--by",
        choices=("arms", "grades", "labels"),
        default="grades",
        help="one arm over another (--prefer, --over); the highest graded answer to a prompt over the lowest; or what"
        " people passed over what they failed",
    )
    make.add_argument("--prefer", metavar="ARM", help="whose answers are preferred, such as a teacher")
    make.add_argument("--over", metavar="ARM", help="to whose, such as a student")
    make.add_argument("--least", type=float, metavar="SCORE", help="by how much the preferred answer must score higher")
    make.add_argument("--balance-lengths", action="store_true", help="leave out pairs until length says nothing")
    make.add_argument("--validation", type=float, default=0.15, metavar="SHARE", help="of the prompts, held out")
    make.add_argument("--seed", type=int, default=7)
    make.add_argument("--model", help="to train; the job file names it")
    make.add_argument("--beta", type=float, default=0.1, help="how closely to stay with the base: above 0, up to 2")
    make.add_argument("--epochs", type=int)
    make.add_argument("--to", type=Path, default=Path(), metavar="DIRECTORY", help="where the files go")
    make.set_defaults(run=making.make)
    wins = verbs.add_parser("wins", parents=[common], help="how often one arm beats another, lengths controlled for")
    _of_run(wins)
    wins.add_argument("--arm", required=True, metavar="ARM", help="such as the tuned model")
    wins.add_argument("--base", required=True, metavar="ARM", help="what it is held against")
    wins.set_defaults(run=winning.wins)


def _of_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("benchmark", help="its name")
    parser.add_argument("--run", dest="run_id", type=int, metavar="ID", help="not the newest run")
    parser.add_argument("--grader", help="whose score counts; the first view if left out")
