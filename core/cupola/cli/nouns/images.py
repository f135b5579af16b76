"""Images in training files: what they cost in tokens, and which examples the service would pass over."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit, emit_one
from ..text import clean

if TYPE_CHECKING:
    from ...datasets.image_cost import ImageCost
    from ...datasets.image_tokens import Formula


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    tokens = verbs.add_parser(
        "tokens", parents=[common], help="images of files and their tokens, by published formulas"
    )
    tokens.add_argument("files", nargs="+", type=Path)
    tokens.add_argument("--model", default="gpt-4.1", help="whose formula counts")
    tokens.set_defaults(run=tokens_)
    skipped = verbs.add_parser(
        "skipped",
        parents=[common],
        help="examples that are too large to be trained on; with --job, how much of the file was trained on in truth",
    )
    skipped.add_argument("file", type=Path)
    skipped.add_argument("--model", default="gpt-4.1")
    skipped.add_argument("--job", help="a job that has trained on it: its billed tokens are held against the file's")
    skipped.set_defaults(run=skipped_)


def tokens_(options: argparse.Namespace, context: Context) -> int:
    """Print how many images each file holds and what they count for."""
    from ...datasets.image_cost import image_cost
    from ...datasets.image_tokens import SOURCE

    formula = _formula(options.model)
    rows = []
    for path in options.files:
        found = image_cost(path, formula)
        rows.append(
            {
                "file": str(path),
                "rows_with_images": found.rows,
                "images": found.images,
                "details": dict(found.details),
                "remote": found.remote,
                "tokens_low": found.low,
                "tokens_high": found.high,
                "too_large": len(found.skipped),
                "model": options.model,
                "source": SOURCE,
            }
        )
    shown = ("file", "rows_with_images", "images", "details", "remote", "tokens_low", "tokens_high", "too_large")
    emit(options, context.out, "cupola.images/1", rows, shown, None)
    context.say(f"By the formula of {clean(options.model)}: {SOURCE}.")
    return 0


def skipped_(options: argparse.Namespace, context: Context) -> int:
    """Print what would be passed over; 1 if anything would."""
    from ...datasets.image_cost import POLICY, image_cost

    formula = _formula(options.model)
    found = image_cost(options.file, formula)
    rows = [{"line": one.line, "path": one.path, "reason": one.reason} for one in found.skipped]
    emit(options, context.out, "cupola.images.skipped/1", rows, ("line", "path", "reason"), None)
    context.say(
        f"The service also drops, without a word, examples whose images show {', '.join(POLICY[:-1])} or {POLICY[-1]},"
        " or cannot be fetched; that shows in the tokens it bills."
    )
    if options.job:
        _say_share(options, context, found)
    return 1 if rows else 0


def _say_share(options: argparse.Namespace, context: Context, found: ImageCost) -> None:
    from ...datasets.check import Options, check_file
    from ...datasets.image_cost import share_not_trained
    from ...store import jobs

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        job = jobs.get(database, options.job)
    if job is None or not job.trained_tokens:
        raise UsageError(f"No trained tokens are known of {clean(options.job)!r}.", remedy="Name a job that has ended.")
    epochs = job.hyperparameters.get("n_epochs")
    if not isinstance(epochs, int | float) or epochs < 1:
        raise UsageError(f"It is not known how many epochs {clean(job.id)} has trained.")
    report = check_file(options.file, Options(options.model, count_tokens=True, twins=False, workers=0))
    text = max((report.tokens or 0) - found.counted, 0)
    least, most = share_not_trained(job.trained_tokens, text + found.low, text + found.high, int(epochs))
    row: dict[str, object] = {"job": job.id, "trained_tokens": job.trained_tokens, "not_trained_low": round(least, 4)}
    row["not_trained_high"] = round(most, 4)
    emit_one(options, context.out, "cupola.images.share/1", row, job.as_of)
    context.say(
        "What is missing was not trained on, or billed otherwise than published: the local emulator reads text alone"
        " and counts an image as one word."
    )


def _formula(model: str) -> Formula:
    from ...datasets.image_tokens import formula_of

    formula = formula_of(model)
    if formula is None:
        raise UsageError(f"No formula for images is published for {clean(model)!r}.", remedy="Try gpt-4.1 or gpt-4o.")
    return formula
