"""The verb that makes preference pairs of stored answers; nothing is asked and nothing is spent."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit
from ..text import clean
from .finding import run_named

if TYPE_CHECKING:
    from ...benchmarks.pair_files import PairsWanted
    from ...datasets.check import Report
    from ...datasets.pairs import Pair
    from ...datasets.writing import Provenance

_MOST_BETA = 2.0


def make(options: argparse.Namespace, context: Context) -> int:
    """Write training and validation pairs and a job file, check them, and say what the job would cost."""
    from ...benchmarks.pair_files import pairs_of, write_files

    _check(options)
    profile = session_of(context, options.profile).profile
    wanted = _wanted(options)
    with store_of(context, profile) as database:
        run = run_named(database, options)
        said, pairs = pairs_of(database, run, wanted)
        job = options.to / "pairs.job.yaml"
        if job.exists():
            raise UsageError(f"{job} exists already.", remedy="Choose another directory with --to.")
        log = context.paths.profile_directory(profile.name) / "datasets.jsonl"
        made = write_files(database, run, wanted, pairs, options.to, log, time.time())
        job.write_text(job_file(options, [one.output.name for one in made]), encoding="utf-8")
    context.say(
        f"{len(pairs):,} pairs of {len(said):,} answers to {len({one.prompt for one in said}):,} prompts of"
        f" {clean(run.benchmark)}. They are its own items: test the tuned model on others."
    )
    _told(options, context, made, pairs)
    return 0


def _wanted(options: argparse.Namespace) -> PairsWanted:
    from ...benchmarks.pair_files import PairsWanted

    return PairsWanted(
        options.by, options.prefer or "", options.over or "", options.least, options.balance_lengths,
        options.validation, options.seed, options.grader,
    )  # fmt: skip


def _check(options: argparse.Namespace) -> None:
    if not (math.isfinite(options.beta) and 0 < options.beta <= _MOST_BETA):
        raise UsageError(f"A beta of {options.beta:g}?", "The service takes above 0, up to 2.", "Take 0.1, say.")
    if not options.to.is_dir():
        raise UsageError(f"There is no directory {options.to}.", remedy="Make it first.")


def job_file(options: argparse.Namespace, files: Sequence[str]) -> str:
    """A job file as `cupola job submit -f` takes it."""
    import yaml

    settings: dict[str, Any] = {"beta": options.beta}
    if options.epochs is not None:
        settings["n_epochs"] = options.epochs
    names = zip(("training_file", "validation_file"), files, strict=False)
    job: dict[str, Any] = {
        **({"model": options.model} if options.model else {}),
        **{key: f"local:{name}" for key, name in names},
        "seed": options.seed,
        "method": {"type": "dpo", "dpo": {"hyperparameters": settings}},
    }
    return str(yaml.safe_dump(job, sort_keys=False))


def _told(options: argparse.Namespace, context: Context, made: Sequence[Provenance], pairs: Sequence[Pair]) -> None:
    """Print the files, what the checks found, and what training on them would cost."""
    from ...benchmarks.pair_files import GUESSABLE
    from ...datasets.check import Options, check_file
    from ...datasets.pairs import length_rule

    reports = [
        check_file(options.to / one.output.name, Options(options.model, count_tokens=True, training=True, workers=0))
        for one in made
    ]
    rows = [
        {"file": one.output.name, "rows": one.rows, "tokens": report.tokens, "sha256": one.output.sha256}
        for one, report in zip(made, reports, strict=True)
    ]
    emit(options, context.out, "cupola.pairs/1", rows, ("file", "rows", "tokens"), None)
    for report in reports:
        for group in report.groups:
            context.say(f"{report.path.name}: {group.rule.severity}: {group.rule.title} ({group.count:,})")
    guessed = length_rule(pairs)
    if guessed >= GUESSABLE:
        context.say(f"Length alone would tell {guessed:.0%} of the pairs right; --balance-lengths mends it.")
    _say_cost(options, context, reports[0])
    context.say(f"Train on them: cupola job submit -f {options.to / 'pairs.job.yaml'}")


def _say_cost(options: argparse.Namespace, context: Context, report: Report) -> None:
    from cupola_data.models import catalogue
    from cupola_data.prices import price_list

    from ...datasets.cost import auto_epochs, estimates

    if not options.model or report.tokens is None:
        return
    epochs = options.epochs or auto_epochs(len(report.rows))
    for one in estimates(report.tokens, epochs, "dpo", catalogue(), price_list(), options.model):
        price = "no price is published" if one.high is None else f"${one.low:,.2f} to ${one.high:,.2f}"
        context.say(f"{one.model} on {one.tier}: {one.tokens:,} tokens, {price}.")
