"""Datasets: check files before they are paid for, make new ones from them, send them to the service."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..context import Context
from ..dataset_commands.arguments import positive, share
from ..dataset_commands.checking import check
from ..dataset_commands.fetching import add_download
from ..dataset_commands.listing import list_
from ..dataset_commands.making import convert, fix, merge, sample, split
from ..dataset_commands.measuring import cost, shape, twins
from ..dataset_commands.remembering import forget, remember
from ..dataset_commands.sending import delete, upload
from ..dataset_commands.showing import show

Verb = Callable[[argparse.Namespace, Context], int]


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")

    def verb(name: str, run: Verb, about: str, *, many: bool = True) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, parents=[common], help=about, description=about)
        if many:
            made.add_argument("files", nargs="+", type=Path, metavar="FILE")
        else:
            made.add_argument("file", type=Path, metavar="FILE")
        made.set_defaults(run=run)
        return made

    verb("add", remember, "put files or folders on the list; nothing is copied or sent")
    verb("forget", forget, "take files or folders off the list; they stay where they are")
    _add_check(verb("check", check, "every rule of the service, leaks between the files, and what a careful eye sees"))
    show_ = verb("show", show, "one row, and what is wrong with it", many=False)
    show_.add_argument("--line", type=positive, default=1, metavar="N", help="its line, from 1")
    show_.add_argument("--format", dest="kind", help="take the row for this format instead of telling it")
    shape_ = verb("shape", shape, "lengths, turns, roles and languages")
    shape_.add_argument("--model", help="count tokens by this model's encoding")
    twins_ = verb("twins", twins, "rows that are the same or nearly so, inside and across files")
    twins_.add_argument("--threshold", type=share, default=0.8, help="how alike prompts must be, from 0 to 1")
    cost_ = verb("cost", cost, "what training would cost, by model and tier", many=False)
    cost_.add_argument("--model", help="this model only")
    cost_.add_argument("--epochs", type=positive, help="as auto chooses if left out")
    _add_split(verb("split", split, "random, stratified or grouped splits; twins stay together", many=False))
    sample_ = verb("sample", sample, "rows drawn at random", many=False)
    sample_.add_argument("-n", "--rows", type=positive, required=True)
    sample_.add_argument("--seed", type=int, default=0)
    _add_convert(
        verb("convert", convert, "from CSV, JSON, JSON Lines or Parquet to rows for training or evaluation", many=False)
    )
    merge_ = verb("merge", merge, "the rows of several files of one format")
    merge_.add_argument("--unique", action="store_true", help="leave out rows that repeat an earlier one")
    fix_ = verb(
        "fix", fix, "a mended copy: byte order mark, blank lines, line ends, duplicates, role names", many=False
    )
    fix_.add_argument("--only", help="these fixes only, with commas between them")
    for writer in (sample_, merge_, fix_):
        writer.add_argument("--to", type=Path, required=True, metavar="NEW", help="the new file; must not exist")

    _add_service(verbs, common)


def _add_service(verbs: Any, common: argparse.ArgumentParser) -> None:
    about = "files on disk and at the service, the same content on one line"
    listing = verbs.add_parser("list", parents=[common], help=about, description=about)
    listing.add_argument("files", nargs="*", type=Path, metavar="FILE", help="those that are remembered if left out")
    listing.set_defaults(run=list_)
    about = "check files and send them; the same content is not sent twice, and a dropped upload goes on"
    sending = verbs.add_parser("upload", parents=[common], help=about, description=about)
    sending.add_argument("files", nargs="+", type=Path, metavar="FILE")
    sending.add_argument("--purpose", default="fine-tune", choices=("fine-tune", "evals", "batch"))
    sending.add_argument("--force", action="store_true", help="send what the check would refuse")
    sending.set_defaults(run=upload)
    add_download(verbs, common)
    about = "delete a file of the service for good"
    deleting = verbs.add_parser("delete", parents=[common], help=about, description=about)
    deleting.add_argument("id", metavar="FILE-ID")
    deleting.add_argument("-y", "--yes", action="store_true", help="do it without a question")
    deleting.set_defaults(run=delete)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="the model to be trained: counts tokens and holds the file to its limits")
    parser.add_argument("--grader", type=Path, metavar="JSON", help="a grader that must be able to read every row")
    parser.add_argument("--format", dest="kind", help="take the rows for this format instead of telling it from them")
    parser.add_argument("--training", action="store_true", help="rows that cannot train a model are a problem")
    parser.add_argument("--strict", action="store_true", help="let warnings count as problems")


def _add_split(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shares", default="0.8,0.2", help="train,validation or train,validation,test; sum to 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--group", default="", metavar="FIELD", help="keep rows with the same value on one side")
    parser.add_argument("--stratify", default="", metavar="FIELD", help="spread values evenly; or answer, or system")
    parser.add_argument("--separate-twins", action="store_true", help="do not keep near-duplicates on one side")
    parser.add_argument("--to", type=Path, metavar="PREFIX", help="beginning of the new files' names")


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as", dest="kind", default="chat", help="chat, reinforcement, evaluation or question_answer")
    parser.add_argument("--question", default="", metavar="COLUMN")
    parser.add_argument("--answer", default="", metavar="COLUMN")
    parser.add_argument("--system", default="", help="system prompt of the new rows")
    parser.add_argument("--bare", action="store_true", help="do not wrap evaluation rows in item")
    parser.add_argument("--to", type=Path, required=True, metavar="NEW", help="the new file; must not exist")
