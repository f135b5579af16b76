"""Examples gathered into batches of sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .network import Batch
from .tokenizer import PAD
from .transcript import Example


@dataclass(frozen=True, slots=True)
class Predictions:
    """Where a batch's predictions stand."""

    batch: Batch
    counts: npt.NDArray[np.int64]
    """[B] how many predictions each sequence has; they lie one sequence after the other."""


def batch_of(examples: Sequence[Example]) -> Predictions:
    """The learnt tokens of some examples as the predictions of one batch."""
    longest = max(len(example.tokens) for example in examples)
    tokens = np.full((len(examples), longest), PAD, np.int64)
    learnt = np.zeros((len(examples), longest), bool)
    for row, example in enumerate(examples):
        tokens[row, : len(example.tokens)] = example.tokens
        learnt[row, : len(example.tokens)] = example.learnt
    rows, columns = np.nonzero(learnt[:, 1:])  # the first token follows nothing
    counts = np.bincount(rows, minlength=len(examples))
    return Predictions(Batch(tokens[:, :-1], rows, columns, tokens[rows, columns + 1]), counts)


def sums(values: npt.NDArray[np.float32], predictions: Predictions) -> npt.NDArray[np.float32]:
    """Each sequence's sum [B] of the values [N] of its predictions."""
    rows = predictions.batch.rows
    return np.bincount(rows, weights=values, minlength=len(predictions.counts)).astype(np.float32)
