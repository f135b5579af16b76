"""The verbs of the checkpoint noun that are about tests on held-out items, with their flags."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..dataset_commands.arguments import positive
from ..workflow_commands.arguments import add_common, add_start
from . import held_out


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
    about = "of each, in thousands of tokens a minute; left out: enough to carry the test in two minutes"
    test.add_argument("--capacity", type=positive, help=about)
    test.add_argument("--fuse", default="4h", metavar="HOURS", help="removed after so long: 4, 90m, 2d, never")
    test.add_argument("--remove", action="store_true", help="remove the deployments after the test without asking")
    test.add_argument("--max-cost", type=float, metavar="USD", help="stop before more than this is spent")
    add_start(test)
    test.set_defaults(run=held_out.test)
    add_common(verbs, common, held_out.TESTS, "the deployments that a test made")
