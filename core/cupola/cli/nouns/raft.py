"""Fine-tuning among retrieved documents (RAFT): questions about documents, quoted answers, a curve over distractors."""

from __future__ import annotations

import argparse

from ..raft_commands import reading, running
from ..workflow_commands.arguments import add_common, add_demo, add_limits, add_start, of_number


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    for name, about in (
        ("make", "the training file alone: questions, answers, quotes checked; nothing is trained"),
        (
            "run",
            "from documents to the curve; exit 0: tuned better than the base with documents, 6: worse,"
            " 7: inconclusive, 5: job failed, 8: still running, 9: limit reached",
        ),
    ):
        verb = verbs.add_parser(name, parents=[common], help=about)
        _add_definition(verb)
        add_demo(verb)
        add_start(verb)
        add_limits(verb)
        verb.add_argument("--each", action="store_true", help="ask before every stage that spends")
        verb.set_defaults(run=running.run, whole=name == "run")
    plan = verbs.add_parser("plan", parents=[common], help="what each stage would cost; nothing is started")
    _add_definition(plan)
    plan.set_defaults(run=running.plan, max_cost=None, whole=True)
    add_common(verbs, common, running.RAFTS, "the deployment that it made")
    of_number(verbs, common, "show", "stages, spend and the curve of one").set_defaults(run=reading.show)


def _add_definition(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("definition", nargs="?", help="a TOML file, or handbook")
    parser.add_argument("--teacher", metavar="DEPLOYMENT", help="which model writes questions and answers")
    parser.add_argument("--student", metavar="DEPLOYMENT", help="which model is tuned")
    parser.add_argument("--epochs", type=int, help="of training")
