"""Distillation: a large model teaches a small one; the result is tested against both, and judged."""

from __future__ import annotations

import argparse

from ..distill_commands import reading, running, steering


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
    run.add_argument("--demo", action="store_true", help="Cora on the local emulator, started if it does not run")
    run.add_argument("--speed", type=float, default=10.0, help="of the emulator that --demo starts")
    run.add_argument("--dry-run", action="store_true", help="print what it would take, and start nothing")
    run.add_argument("--detach", action="store_true", help="leave it to the worker and return")
    run.add_argument("--timeout", type=float, help="give up waiting after so many seconds with exit code 8")
    run.add_argument("-y", "--yes", action="store_true", help="do not ask; questions of later stages are left open")
    run.set_defaults(run=running.run)
    plan = verbs.add_parser("plan", parents=[common], help="what each stage would cost; nothing is started")
    _add_settings(plan)
    plan.set_defaults(run=running.plan)
    verbs.add_parser("list", parents=[common], help="all distillations").set_defaults(run=reading.list_)
    _of(verbs, common, "show", "stages, spend and verdict of one").set_defaults(run=reading.show)
    watch = _of(verbs, common, "watch", "follow one until it ends or asks something; exit codes as of run")
    watch.add_argument("--timeout", type=float, help="give up waiting after so many seconds with exit code 8")
    watch.set_defaults(run=running.watch)
    _of(verbs, common, "pause", "begin nothing more; a job at the service trains on").set_defaults(run=steering.pause)
    resume = _of(verbs, common, "resume", "go on: after a pause or a failure, or by saying yes to what it asks")
    resume.add_argument("--max-cost", type=float, metavar="USD", help="another hard limit")
    resume.add_argument("--ask-from", type=float, metavar="USD", help="another soft limit")
    resume.add_argument("-y", "--yes", action="store_true", help="say yes to what it asks")
    resume.set_defaults(run=steering.resume)
    branch = _of(verbs, common, "branch", "another one with other settings; what is unchanged is not paid for again")
    branch.add_argument("--from", dest="at", default="", metavar="STAGE", help="where it begins to differ")
    _add_changes(branch)
    branch.add_argument("-y", "--yes", action="store_true", help="do not ask")
    branch.set_defaults(run=steering.branch)
    cancel = _of(verbs, common, "cancel", "call it off; its job is cancelled and its deployment removed")
    cancel.add_argument("-y", "--yes", action="store_true", help="do not ask")
    cancel.set_defaults(run=steering.cancel)
    report = _of(verbs, common, "report", "write the verdict as Markdown and JSON")
    report.add_argument("--to", metavar="DIRECTORY", default=".", help="where; `-` prints the Markdown")
    report.set_defaults(run=reading.report)
    clean = _of(verbs, common, "clean", "remove the deployment that it made")
    clean.add_argument("--keep", action="store_true", help="leave it standing until its fuse; do not ask again")
    clean.add_argument("-y", "--yes", action="store_true", help="do not ask")
    clean.set_defaults(run=steering.clean_)


def _of(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser, name: str, about: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, parents=[common], help=about)
    parser.add_argument("workflow", type=int, help="its number")
    return parser


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
    parser.add_argument(
        "--student-prompt",
        metavar="FILE",
        help="distil the prompt away: a shorter system prompt for the student, or `none`",
    )
    parser.add_argument("--training-tier", metavar="TIER", help="developerTier, globalStandard or standard")
    parser.add_argument("--sku", help="how the student is deployed: DeveloperTier, GlobalStandard, ...")
    parser.add_argument("--capacity", type=int, help="of the deployment, in thousands of tokens a minute")
    parser.add_argument("--fuse", type=float, metavar="HOURS", help="the deployment removes itself; 0 is never")
    parser.add_argument("--max-cost", type=float, metavar="USD", help="stop before more than this is spent")
    parser.add_argument("--ask-from", type=float, metavar="USD", help="from here on ask before each stage that spends")
