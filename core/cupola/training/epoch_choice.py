"""Which epoch's checkpoint of a supervised or preference job to keep: the earliest as good as the best, by its loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..models import Checkpoint
from .watches import Series

METRICS = ("full_valid_loss", "valid_loss")
SAME = 0.01
"""Whole validation losses within so large a share of the lowest are alike: this project's own judgement."""
_FEWEST = 6


@dataclass(frozen=True, slots=True)
class EpochChoice:
    """The checkpoint to keep. Steps name checkpoints."""

    best: int
    """The earliest that cannot be told from the lowest."""
    lowest: int
    tied: tuple[int, ...]
    """Those that cannot be told from the lowest, itself included, ascending."""
    metric: str
    error: float | None
    """Losses closer than this are not told apart; None where that is not known, and then only the lowest counts."""
    held: bool
    """Whether the service still holds the best; else `fallback` is the one to take."""
    fallback: int | None
    sentence: str


def choose_epoch(checkpoints: Sequence[tuple[Checkpoint, bool]], series: Mapping[str, Series]) -> EpochChoice | None:
    """The earliest checkpoint whose validation loss cannot be told from the lowest; None where none has such a loss.

    Losses over all validation rows are of the same rows and hardly scatter: those within `SAME` of the lowest count as
    alike. Losses over a sample scatter as neighbouring samples do, by first differences over the square root of two
    (von Neumann 1941): those within one such error of the lowest cannot be told from it.

    Args:
        checkpoints: Each with whether the service still holds it.
        series: The job's curves by metric.
    """
    for metric in METRICS:
        losses = {c.step: c.metrics[metric] for c, _ in checkpoints if math.isfinite(c.metrics.get(metric, math.nan))}
        if losses:
            held = {checkpoint.step for checkpoint, deployable in checkpoints if deployable}
            whole = metric == "full_valid_loss"
            error = SAME * abs(min(losses.values())) if whole else _scatter(series)
            return _choice(metric, losses, held, error)
    return None


def _choice(metric: str, losses: Mapping[int, float], held: set[int], error: float | None) -> EpochChoice:
    lowest = min(losses, key=lambda step: (losses[step], step))
    tied = tuple(step for step in sorted(losses) if losses[step] <= losses[lowest] + (error or 0.0))
    best = tied[0]
    there = [step for step in losses if step in held]
    fallback = None if best in held else min(there, key=lambda step: (losses[step], step), default=None)
    sentence = f"keep step {best}: validation loss {losses[best]:.4g}"
    if best != lowest:
        sentence += f", not told from the lowest, {losses[lowest]:.4g} at step {lowest} (within {error:.2g})"
    elif len(tied) > 1:
        sentence += f", the lowest; later ones are as good: {', '.join(map(str, tied[1:]))}"
    elif error is None and len(losses) > 1:
        sentence += ", the lowest; how far it can be trusted is not known"
    else:
        sentence += ", the lowest"
    if best not in held:
        left = f"step {fallback} is the best still held" if fallback is not None else "none is held any more"
        sentence += f"; the service holds it no more, {left}"
    return EpochChoice(best, lowest, tied, metric, error, best in held, fallback, sentence)


def _scatter(series: Mapping[str, Series]) -> float | None:
    values = series["valid_loss"][1] if "valid_loss" in series else np.empty(0)
    late = values[np.isfinite(values)]
    late = late[len(late) // 2 :]
    return float(np.std(np.diff(late)) / math.sqrt(2)) if len(late) >= _FEWEST else None
