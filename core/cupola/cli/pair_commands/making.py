"""The verb that makes preference pairs of stored answers; nothing is asked and nothing is spent."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit
from ..text import clean
from .finding import run_named

if TYPE_CHECKING:
    from ...datasets.check import Report
    from ...datasets.pairs import Pair, Said
    from ...datasets.writing import Provenance

_FEWEST = 10
"""Rows below which the service refuses a training file."""
_MOST_BETA = 2.0
_GUESSABLE = 0.7
"""From here on a rule that looks at length alone is worth a word."""


def make(options: argparse.Namespace, context: Context) -> int:
    """Write training and validation pairs and a job file, check them, and say what the job would cost."""
    from ...benchmarks.preferences import said_in

    _check(options)
    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        run = run_named(database, options)
        said = said_in(database, run, options.grader)
        pairs = chosen(options, said)
        if options.balance_lengths:
            from ...datasets.pairs import balanced

            pairs = balanced(pairs, options.seed)
        _refuse_few(options, said, pairs)
        origin: dict[str, object] = {"benchmark": run.benchmark, "run": run.id, "by": options.by, "seed": options.seed}
        made = _written(options, pairs, origin)
        _remember(context, database, profile.name, made)
        context.say(
            f"{len(pairs):,} pairs of {len(said):,} answers to {len({one.prompt for one in said}):,} prompts of"
            f" {clean(run.benchmark)}. They are its own items: test the tuned model on others."
        )
        _told(options, context, made, pairs)
    return 0


def chosen(options: argparse.Namespace, said: Sequence[Said]) -> list[Pair]:
    """The pairs that the options ask for.

    Raises:
        UsageError: an arm is not named or did not answer.
    """
    from ...datasets.pairs import between_arms, by_labels, by_scores

    if options.by == "labels":
        return by_labels(said)
    if options.by == "grades":
        return by_scores(said, options.least or 0.0)
    arms = dict.fromkeys(one.arm for one in said)
    for flag, arm in (("--prefer", options.prefer), ("--over", options.over)):
        if arm not in arms:
            raise UsageError(f"{flag} must name an arm that answered.", remedy=f"Known: {', '.join(map(clean, arms))}.")
    return between_arms(said, options.prefer, options.over, options.least)


def _check(options: argparse.Namespace) -> None:
    if not (math.isfinite(options.beta) and 0 < options.beta <= _MOST_BETA):
        raise UsageError(f"A beta of {options.beta:g}?", "The service takes above 0, up to 2.", "Take 0.1, say.")
    if not 0 <= options.validation < 0.5:
        raise UsageError("The validation share must lie from 0 to below 0.5.")
    if not options.to.is_dir():
        raise UsageError(f"There is no directory {options.to}.", remedy="Make it first.")


def _refuse_few(options: argparse.Namespace, said: Sequence[Said], pairs: Sequence[Pair]) -> None:
    if len(pairs) >= _FEWEST:
        return
    remedies = {
        "arms": "Lower --least, or benchmark more prompts.",
        "grades": "Lower --least, or benchmark several arms or repeats, so that answers to one prompt differ.",
        "labels": "Label more answers on the screen, several to each prompt.",
    }
    raise UsageError(
        f"{len(said):,} answers give {len(pairs)} pairs; the service needs {_FEWEST}.", remedy=remedies[options.by]
    )


def _written(options: argparse.Namespace, pairs: Sequence[Pair], origin: Mapping[str, object]) -> list[Provenance]:
    from ...datasets.pairs import held_out, write_pairs

    train, valid = held_out(pairs, options.validation, options.seed)
    parts = {options.to / "pairs.train.jsonl": train}
    if valid:
        parts[options.to / "pairs.valid.jsonl"] = valid
    job = options.to / "pairs.job.yaml"
    if job.exists():
        raise UsageError(f"{job} exists already.", remedy="Choose another directory with --to.")
    made = write_pairs(parts, time.time(), (), origin)
    job.write_text(job_file(options, [path.name for path in parts]), encoding="utf-8")
    return made


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


def _remember(context: Context, database: Any, profile: str, made: Sequence[Provenance]) -> None:
    from dataclasses import asdict

    from ...datasets.writing import record
    from ...store.provenance import Origin, save

    for provenance in made:
        record(provenance, context.paths.profile_directory(profile) / "datasets.jsonl")
        told = asdict(provenance)
        save(database, Origin(**told.pop("output"), **told))


def _told(options: argparse.Namespace, context: Context, made: Sequence[Provenance], pairs: Sequence[Pair]) -> None:
    """Print the files, what the checks found, and what training on them would cost."""
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
    if guessed >= _GUESSABLE:
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
