"""Files of preference pairs made from a run's stored answers; nothing is asked and nothing is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..datasets.pairs import Pair, Said, balanced, between_arms, by_labels, by_scores, held_out, write_pairs
from ..datasets.writing import Provenance, record
from ..errors import UsageError
from ..store.benchmarks import Run
from ..store.database import Database
from ..store.provenance import Origin, save
from .preferences import said_in

BY = ("grades", "arms", "labels")
"""The highest graded answer over the lowest, one arm over another, or what people passed over what they failed."""

FEWEST = 10
"""Rows below which the service refuses a training file."""

GUESSABLE = 0.7
"""From here on a rule that looks at length alone is worth a word."""

_REMEDIES = {
    "arms": "Lower --least, or benchmark more prompts.",
    "grades": "Lower --least, or benchmark several arms or repeats, so that answers to one prompt differ.",
    "labels": "Label more answers on the screen, several to each prompt.",
}


@dataclass(frozen=True, slots=True)
class PairsWanted:
    """How pairs are to be made."""

    by: str = "grades"
    """One of `BY`."""
    prefer: str = ""
    """By arms: whose answers are preferred."""
    over: str = ""
    least: float | None = None
    """By how much the preferred answer must score higher."""
    balance: bool = False
    """Whether pairs are left out until length says nothing."""
    validation: float = 0.15
    """Share of the prompts that is held out."""
    seed: int = 7
    grader: str | None = None
    """Whose score counts; the first view if None."""


def pairs_of(database: Database, run: Run, wanted: PairsWanted) -> tuple[list[Said], list[Pair]]:
    """A run's answers and the pairs that they give.

    Raises:
        UsageError: an arm is not named or did not answer, the held-out share is none, or the pairs are too few.
    """
    if wanted.by not in BY:
        raise UsageError(f"Pairs are not made by {wanted.by!r}.", remedy=f"By {', '.join(BY)}.")
    if not 0 <= wanted.validation < 0.5:
        raise UsageError("The validation share must lie from 0 to below 0.5.")
    said = said_in(database, run, wanted.grader)
    pairs = _chosen(wanted, said)
    if wanted.balance:
        pairs = balanced(pairs, wanted.seed)
    if len(pairs) < FEWEST:
        raise UsageError(
            f"{len(said):,} answers give {len(pairs)} pairs; the service needs {FEWEST}.", remedy=_REMEDIES[wanted.by]
        )
    return said, pairs


def write_files(
    database: Database, run: Run, wanted: PairsWanted, pairs: Sequence[Pair], folder: Path, log: Path, now: float
) -> list[Provenance]:
    """Write `pairs.train.jsonl` and, where a share is held out, `pairs.valid.jsonl`; never over a file.

    Args:
        database: Remembers where the files come from.
        run: The run whose answers they are.
        wanted: How the pairs were made.
        pairs: What to write.
        folder: Where the files go; it is there.
        log: Where a line about each file's origin is added.
        now: Unix seconds.

    Raises:
        UsageError: there is no such folder.
        DatasetError: a file exists already or cannot be written.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no directory {folder}.", remedy="Make it first.")
    train, valid = held_out(pairs, wanted.validation, wanted.seed)
    parts = {folder / "pairs.train.jsonl": train, **({folder / "pairs.valid.jsonl": valid} if valid else {})}
    origin: dict[str, object] = {"benchmark": run.benchmark, "run": run.id, "by": wanted.by, "seed": wanted.seed}
    made = write_pairs(parts, now, (), origin)
    for provenance in made:
        record(provenance, log)
        told = asdict(provenance)
        save(database, Origin(**told.pop("output"), **told))
    return made


def _chosen(wanted: PairsWanted, said: Sequence[Said]) -> list[Pair]:
    if wanted.by == "labels":
        return by_labels(said)
    if wanted.by == "grades":
        return by_scores(said, wanted.least or 0.0)
    arms = dict.fromkeys(one.arm for one in said)
    for flag, arm in (("--prefer", wanted.prefer), ("--over", wanted.over)):
        if arm not in arms:
            raise UsageError(f"{flag} must name an arm that answered.", remedy=f"Known: {', '.join(arms)}.")
    return between_arms(said, wanted.prefer, wanted.over, wanted.least)
