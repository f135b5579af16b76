"""Fine-tuning among retrieved documents (RAFT): questions about documents, quoted answers, a curve over distractors."""

from __future__ import annotations

import argparse

from ..raft_commands import reading, running, steering


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
        verb.add_argument("--demo", action="store_true", help="on the local emulator, started if it does not run")
        verb.add_argument("--speed", type=float, default=10.0, help="of the emulator that --demo starts")
        verb.add_argument("--dry-run", action="store_true", help="print what it would take, and start nothing")
        verb.add_argument("--detach", action="store_true", help="leave it to the worker and return")
        verb.add_argument("--timeout", type=float, help="give up waiting after so many seconds with exit code 8")
        verb.add_argument("--max-cost", type=float, metavar="USD", help="stop before more than this is spent")
        verb.add_argument("--ask-from", type=float, metavar="USD", help="from here on ask before a stage that spends")
        verb.add_argument("--each", action="store_true", help="ask before every stage that spends")
        verb.add_argument("-y", "--yes", action="store_true", help="do not ask")
        verb.set_defaults(run=running.run, whole=name == "run")
    plan = verbs.add_parser("plan", parents=[common], help="what each stage would cost; nothing is started")
    _add_definition(plan)
    plan.set_defaults(run=running.plan, max_cost=None, whole=True)
    verbs.add_parser("list", parents=[common], help="all of them").set_defaults(run=reading.list_)
    _of(verbs, common, "show", "stages, spend and the curve of one").set_defaults(run=reading.show)
    watch = _of(verbs, common, "watch", "follow one until it ends or asks something; exit codes as of run")
    watch.add_argument("--timeout", type=float, help="give up waiting after so many seconds with exit code 8")
    watch.set_defaults(run=running.watch)
    _of(verbs, common, "pause", "begin nothing more; a job at the service trains on").set_defaults(run=steering.pause)
    resume = _of(verbs, common, "resume", "go on: after a pause or a failure, or by saying yes to what it asks")
    resume.add_argument("--max-cost", type=float, metavar="USD", help="another hard limit")
    resume.add_argument("--ask-from", type=float, metavar="USD", help="another soft limit")
    resume.add_argument("-y", "--yes", action="store_true", help="say yes to what it asks")
    resume.set_defaults(run=steering.resume)
    cancel = _of(verbs, common, "cancel", "call it off; its job is cancelled and its deployment removed")
    cancel.add_argument("-y", "--yes", action="store_true", help="do not ask")
    cancel.set_defaults(run=steering.cancel)
    clean = _of(verbs, common, "clean", "remove the deployment that it made")
    clean.add_argument("--keep", action="store_true", help="leave it standing until its fuse; do not ask again")
    clean.add_argument("-y", "--yes", action="store_true", help="do not ask")
    clean.set_defaults(run=steering.clean_)


def _add_definition(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("definition", nargs="?", help="a TOML file, or handbook")
    parser.add_argument("--teacher", metavar="DEPLOYMENT", help="which model writes questions and answers")
    parser.add_argument("--student", metavar="DEPLOYMENT", help="which model is tuned")
    parser.add_argument("--epochs", type=int, help="of training")


def _of(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser, name: str, about: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, parents=[common], help=about)
    parser.add_argument("workflow", type=int, help="its number")
    return parser
