"""Fine-tuning jobs."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..job_commands import cloning, converging, preflight, reading, steering, submitting


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    verbs.add_parser("list", parents=[common], help="all jobs, newest first").set_defaults(run=reading.list_)
    for name, run, about in (
        ("show", reading.show, "one job, all that is known"),
        ("events", reading.events_, "its log, oldest first"),
        ("checkpoints", reading.checkpoints_, "its saved models"),
    ):
        _of_job(verbs, common, name, about).set_defaults(run=run)
    curve = _of_job(verbs, common, "curve", "its measurements, one line a step")
    curve.add_argument("--metric", action="append", help="only this one; may be given more than once")
    curve.set_defaults(run=reading.curve)
    watch = _of_job(verbs, common, "watch", "print its log until it ends; exit code 5 if it failed or was cancelled")
    watch.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="give up after this many with exit code 8; 0: only look"
    )
    watch.add_argument(
        "--once", dest="timeout", action="store_const", const=0.0, help="print the log so far, and do not wait"
    )
    watch.set_defaults(run=steering.watch)
    for action in ("pause", "resume", "cancel"):
        steer = _of_job(verbs, common, action, f"{action} it")
        steer.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
        steer.add_argument("-y", "--yes", action="store_true", help="do not ask")
        steer.add_argument("--timeout", type=float, default=60.0, help="seconds to wait for the answer")
        steer.set_defaults(run=steering.steer, action=action)
        if action == "pause":
            converging.add_flags(steer)
    cloning.add_clone(_of_job(verbs, common, "clone", "write it as a YAML file to submit again"))
    _add_submit(verbs.add_parser("submit", parents=[common], help="submit a job from flags or a YAML file"))


def _of_job(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser, name: str, about: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, parents=[common], help=about)
    parser.add_argument("job", help="its id, the beginning of its id, or its suffix (the newest of that name)")
    return parser


def _add_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", nargs="?", type=Path, help="a YAML job file, as azd takes it; flags override it")
    parser.add_argument("-f", "--file", type=Path, help="the same")
    parser.add_argument("--model")
    parser.add_argument(
        "--from", dest="from_", metavar="JOB[@STEP]", help="go on from the model or a checkpoint that a job made"
    )
    parser.add_argument("--training-file", help="a path or a file id")
    parser.add_argument("--validation-file", help="a path or a file id")
    parser.add_argument("--method", choices=("supervised", "dpo", "reinforcement"))
    parser.add_argument("--suffix")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--training-type", help="Standard, globalStandard or developerTier")
    parser.add_argument("--grader", type=Path, help="the grader's JSON, for reinforcement")
    parser.add_argument("--response-format", type=Path, help="JSON of the structured output, for reinforcement")
    for name, kind in submitting.HYPERPARAMETERS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=kind.__name__.upper())
    parser.add_argument(
        "--max-cost", type=float, metavar="USD", help="pause a reinforcement job when it has burnt so much"
    )
    parser.add_argument(
        "--dry-rows",
        type=int,
        default=preflight.DRY_ROWS,
        metavar="ROWS",
        help="training rows that the base model answers first, to try the grader; 0 for none",
    )
    parser.add_argument("--base", metavar="DEPLOYMENT", help="the base model's deployment, if not of its own name")
    parser.add_argument("--unchecked", action="store_true", help="submit without looking at data and grader first")
    parser.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    parser.add_argument("--again", action="store_true", help="submit even if the very same job was submitted before")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=submitting.submit)
