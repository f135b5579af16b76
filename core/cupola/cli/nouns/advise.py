"""Which technique fits: prompting, RAG, SFT, DPO, RFT, distillation, RAFT, vision, or no fine-tuning at all."""

from __future__ import annotations

import argparse

from ..advise_commands import asking, models

_EXIT = (
    "Exit 0: there is advice; 7: it cannot be said yet, and what to measure is told; 2: facts contradict each other."
)


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add what it takes, and the verb `models`."""
    parser.epilog = _EXIT
    parser.add_argument(
        "--fact",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what is known: 0.42, 42%%, $50, an interval as 0.33..0.51, or a word; may be given more than once",
    )
    parser.add_argument("--bench", metavar="NAME", help="measured by this benchmark; the one run last if left out")
    parser.add_argument("--unmeasured", action="store_true", help="leave out what the store knows: only --fact counts")
    parser.add_argument("--no-questions", action="store_true", help="do not ask for what is missing")
    parser.add_argument("--tree", action="store_true", help="draw the whole tree with the way through it")
    parser.set_defaults(run=asking.advise_)
    verbs = parser.add_subparsers(metavar="VERB")
    table = verbs.add_parser(
        "models", parents=[common], help="the models table: methods, tiers, regions, prices, dates"
    )
    table.add_argument("--method", choices=("supervised", "dpo", "reinforcement", "vision"), help="that learn so")
    table.add_argument("--region", default="", help="that can be trained there")
    table.set_defaults(run=models.models_)
    facts = verbs.add_parser("facts", parents=[common], help="the facts that --fact takes, and how each is measured")
    facts.set_defaults(run=asking.facts_)
