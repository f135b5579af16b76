"""The verbs of the checkpoint noun that are about tests on held-out items, with their flags."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..dataset_commands.arguments import positive
from . import held_out, steering


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser, job: str) -> None:
    """Add them; `job` is how a job is named, for the help."""
    test = verbs.add_parser(
        "test",
        parents=[common],
        help="deploy checkpoints with a fuse and test them on held-out items; exit 0: one is shown to be better than"
        " the base, or without a base than all others, 7: none is, 5: it failed, 8: still running, 9: limit reached",
    )
    test.add_argument("job", help=job)
    test.add_argument("--steps", type=int, nargs="+", metavar="STEP", help="which; left out: all that are kept")
    what = test.add_mutually_exclusive_group()
    what.add_argument("--benchmark", metavar="NAME", help="on one that is defined: its items, prompt and graders")
    what.add_argument("--data", type=Path, metavar="FILE", help="or on rows like its own; the job's grader judges")
    test.add_argument("--base", metavar="DEPLOYMENT", help="hold the steps against it; or an arm of the benchmark")
    test.add_argument("--tier", default="DeveloperTier", help="of the deployments")
    test.add_argument("--capacity", type=positive, default=50, help="of each, in thousands of tokens a minute")
    test.add_argument("--fuse", default="4h", metavar="HOURS", help="removed after so long: 4, 90m, 2d, never")
    test.add_argument("--remove", action="store_true", help="remove the deployments after the test without asking")
    test.add_argument("--max-cost", type=float, metavar="USD", help="stop before more than this is spent")
    test.add_argument("--dry-run", action="store_true", help="print what it would take, and start nothing")
    test.add_argument("--detach", action="store_true", help="leave it to the worker and return")
    test.add_argument("--timeout", type=float, help="give up waiting after so many seconds with exit code 8")
    test.add_argument("-y", "--yes", action="store_true", help="do not ask")
    test.set_defaults(run=held_out.test)
    verbs.add_parser("tests", parents=[common], help="all tests that were started").set_defaults(run=steering.list_)
    watch = _of(verbs, common, "watch", "follow a test until it ends or asks something; exit codes as of test")
    watch.add_argument("--timeout", type=float, help="give up waiting after so many seconds with exit code 8")
    watch.set_defaults(run=held_out.watch)
    _of(verbs, common, "pause", "a test begins nothing more").set_defaults(run=steering.pause)
    resume = _of(verbs, common, "resume", "a test goes on: after a pause or a failure, or by a yes to what it asks")
    resume.add_argument("--max-cost", type=float, metavar="USD", help="another limit")
    resume.add_argument("-y", "--yes", action="store_true", help="say yes to what it asks")
    resume.set_defaults(run=steering.resume)
    cancel = _of(verbs, common, "cancel", "call a test off; its deployments are removed")
    cancel.add_argument("-y", "--yes", action="store_true", help="do not ask")
    cancel.set_defaults(run=steering.cancel)
    clean = _of(verbs, common, "clean", "remove the deployments that a test made")
    clean.add_argument("--keep", action="store_true", help="leave them standing until their fuses; do not ask again")
    clean.add_argument("-y", "--yes", action="store_true", help="do not ask")
    clean.set_defaults(run=steering.clean_)


def _of(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser, name: str, about: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, parents=[common], help=about)
    parser.add_argument("workflow", type=int, help="the test's number")
    return parser
