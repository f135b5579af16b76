"""Distillation: a large model teaches a small one; the result is tested against both, and judged."""

from __future__ import annotations

import argparse

from ..distill_commands import branching, reading, running
from ..workflow_commands.arguments import add_common, add_demo, add_limits, add_start, of_number


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    run = verbs.add_parser(
        "run",
        parents=[common],
        help="start one and follow it; exit 0: as good as the teacher, 6: worse, 7: inconclusive, 5: job failed,"
        " 8: still running, 9: limit reached",
    )
    _add_settings(run)
    add_demo(run)
    add_start(run)
    run.set_defaults(run=running.run)
    plan = verbs.add_parser("plan", parents=[common], help="what each stage would cost; nothing is started")
    _add_settings(plan)
    plan.set_defaults(run=running.plan)
    add_common(verbs, common, running.DISTILLATIONS, "the deployment that it made")
    of_number(verbs, common, "show", "stages, spend and verdict of one").set_defaults(run=reading.show)
    _add_branch(of_number(verbs, common, "branch", "another with other settings; what is unchanged is not paid again"))
    report = of_number(verbs, common, "report", "write the verdict as Markdown and JSON")
    report.add_argument("--to", metavar="DIRECTORY", default=".", help="where; `-` prints the Markdown")
    report.set_defaults(run=reading.report)


def _add_branch(branch: argparse.ArgumentParser) -> None:
    branch.add_argument("--from", dest="at", default="", metavar="STAGE", help="where it begins to differ")
    _add_changes(branch)
    branch.add_argument("--dry-run", action="store_true", help="print what it would take at most, and start nothing")
    branch.add_argument("-y", "--yes", action="store_true", help="do not ask")
    branch.set_defaults(run=branching.branch)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("definition", nargs="?", help="a TOML file, cora, or a known benchmark with --prompts")
    parser.add_argument("--prompts", metavar="FILE", help="training prompts: rows with the fields of the test's")
    _add_changes(parser)
    parser.add_argument("--each", action="store_true", help="ask before every stage that spends")


def _add_changes(parser: argparse.ArgumentParser) -> None:
    for role in ("teacher", "student", "control"):
        parser.add_argument(f"--{role}", metavar="ARM")
    parser.add_argument("--samples", type=int, metavar="K", help="answers of the teacher to each prompt")
    parser.add_argument(
        "--from-stored",
        action="store_true",
        help="take what the service has stored of the teacher before asking it",
    )
    parser.add_argument("--threshold", type=float, metavar="SCORE", help="from which on an answer is learnt from")
    parser.add_argument("--by", metavar="GRADER", help="filter and judge by this grader")
    parser.add_argument("--epochs", type=int, help="of training")
    parser.add_argument("--rate", type=float, metavar="X", help="of learning, in multiples of the service's own")
    parser.add_argument(
        "--student-prompt",
        metavar="FILE",
        help="distil the prompt away: a shorter system prompt for the student, or `none`",
    )
    parser.add_argument("--training-tier", metavar="TIER", help="developerTier, globalStandard or standard")
    parser.add_argument("--sku", help="how the student is deployed: DeveloperTier, GlobalStandard, ...")
    parser.add_argument("--capacity", type=int, help="of the deployment, in thousands of tokens a minute")
    parser.add_argument("--fuse", type=float, metavar="HOURS", help="the deployment removes itself; 0 is never")
    add_limits(parser)
