"""Benchmarks: ask models the same questions, grade the answers, and say what the numbers carry."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..bench_commands import files, judging, new, noise, reading, running


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    _add_run(verbs.add_parser("run", parents=[common], help="run a benchmark, or carry it on; answers are asked once"))
    verbs.add_parser("list", parents=[common], help="all benchmarks and their last runs").set_defaults(
        run=reading.list_
    )
    show = _of(verbs, common, "show", "the leaderboard")
    show.set_defaults(run=reading.show)
    compare = _of(verbs, common, "compare", "two arms, item by item")
    compare.add_argument("first", metavar="ARM")
    compare.add_argument("second", metavar="ARM")
    compare.set_defaults(run=reading.compare)
    pick = _of(verbs, common, "pick", "who teaches, who learns, who controls; with --role and --arm, decide")
    pick.add_argument("--role", choices=("teacher", "student", "control"))
    pick.add_argument("--arm", help="record this arm for the role instead of the proposed one")
    pick.add_argument("--record", action="store_true", help="write the decision into the ledger")
    pick.add_argument("--card", action="store_true", help="print the decision as a Markdown card")
    pick.set_defaults(run=reading.pick)
    ledger = verbs.add_parser("decisions", parents=[common], help="what was decided, with the numbers there were then")
    ledger.add_argument("benchmark", nargs="?", help="its name; all if left out")
    ledger.set_defaults(run=judging.decisions)
    label = _of(verbs, common, "label", "answers for people to judge blind; with --take, their judgements")
    label.add_argument("--count", type=int, default=60, help="how many answers are worth a label; default: 60")
    label.add_argument(
        "--take", type=Path, metavar="JSONL", help='lines as printed, with "passed" true, false or "unsure"'
    )
    label.set_defaults(run=judging.label)
    gate = _of(verbs, common, "gate", "exit 0: not worse than the baseline, 6: worse, 7: inconclusive")
    gate.add_argument("--candidate", required=True, metavar="ARM")
    gate.add_argument("--baseline", metavar="ARM", help="the benchmark's own if left out")
    gate.set_defaults(run=reading.gate)
    items = _of(verbs, common, "items", "items, worst first")
    items.add_argument("--order", choices=("worst", "disputed", "place"), default="worst")
    items.add_argument("--outcome", help="only items with this outcome in some arm")
    items.add_argument("--disagree", action="store_true", help="only items on which graders disagree")
    items.add_argument("--limit", type=int, default=20)
    items.set_defaults(run=reading.items)
    floor = _of(verbs, common, "noise", "how far an arm moves by itself, and what the items can show")
    floor.add_argument("--see", type=float, metavar="DIFFERENCE", help="how many items it takes to see this much")
    floor.set_defaults(run=noise.noise)
    _add_new(verbs.add_parser("new", parents=[common], help="write a commented definition from answers given as flags"))
    export = verbs.add_parser(
        "export", parents=[common], help="write definition, items, answers and grades into a file"
    )
    export.add_argument("benchmark", help="its name")
    export.add_argument("file", type=Path, metavar="FILE")
    export.set_defaults(run=files.export)
    import_ = verbs.add_parser("import", parents=[common], help="take in what export wrote; nothing is overwritten")
    import_.add_argument("file", type=Path, metavar="FILE")
    import_.add_argument("--name", help="call it this here")
    import_.set_defaults(run=files.import_)
    cancel = verbs.add_parser("cancel", parents=[common], help="ask no more; what is answered stays")
    cancel.add_argument("benchmark")
    cancel.set_defaults(run=running.cancel)


def _of(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser, name: str, about: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, parents=[common], help=about)
    parser.add_argument("benchmark", help="its name")
    parser.add_argument("--by", metavar="GRADER", help="judge by this grader instead of all together")
    parser.add_argument("--run", dest="run_id", type=int, help="an earlier run, by its number")
    return parser


def _add_new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the TOML file to write; never overwritten")
    parser.add_argument("--name", help="the file's name if left out")
    parser.add_argument("--dataset", type=Path, required=True, metavar="JSONL", help="the items")
    parser.add_argument("--items", type=int, help="only so many of them")
    parser.add_argument("--system", metavar="TEXT", help="a system message, or @FILE")
    parser.add_argument("--prompt", metavar="TEXT", help="the question, as {{item.field}}; else each item's messages")
    parser.add_argument(
        "--arm", action="append", required=True, metavar="DEPLOYMENT", help="one to compare; repeatable"
    )
    parser.add_argument("--max-tokens", type=int, help="of each answer")
    parser.add_argument("--repeats", type=int, default=1, help="answers to each item")
    parser.add_argument("--grader", action="append", required=True, type=Path, metavar="JSON", help="repeatable")
    parser.add_argument("--margin", type=float, default=0.05, help="what does not matter, as a share of the scale")
    parser.add_argument("--budget", type=float, metavar="USD")
    parser.add_argument("--baseline", metavar="DEPLOYMENT")
    parser.add_argument("--engine", choices=("here", "evals", "batch"), default="here")
    parser.set_defaults(run=new.new)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("benchmark", help="a TOML file, the name of a known benchmark, or cora-support")
    parser.add_argument("--max-cost", type=float, metavar="USD", help="stop before more than this is spent")
    parser.add_argument("--engine", choices=("here", "evals", "batch"), help="who asks and grades")
    parser.add_argument("--again", metavar="ARM", help="run this arm a second time, for the noise floor")
    parser.add_argument("--dry-run", action="store_true", help="print what it would take, and ask nobody")
    parser.add_argument("--here", action="store_true", help="run in this process instead of the worker")
    parser.add_argument("--no-wait", action="store_true", help="leave it to the worker and return")
    parser.add_argument("--timeout", type=float, help="give up waiting after so many seconds with exit code 8")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=running.run)
