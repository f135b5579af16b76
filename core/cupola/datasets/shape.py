"""The shape of a dataset: how long its rows are, how many turns they have, who speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .check import Report
from .cost import auto_batch, auto_epochs

_BINS = 20
_EXTREMES = 5


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges; `edges` has one entry more than `counts`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number varies over the rows."""

    unit: str
    """tokens, characters or messages."""
    least: int
    median: float
    mean: float
    p95: float
    most: int
    total: int
    histogram: Histogram


@dataclass(frozen=True, slots=True)
class RowLength:
    """A row and how long it is."""

    line: int
    length: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of one file."""

    rows: int
    broken_rows: int
    lengths: Spread | None
    """Tokens if they were counted, else characters; None without rows."""
    answers: Spread | None
    """Characters of the answers; None if there are none."""
    turns: Spread | None
    roles: Mapping[str, int]
    languages: Mapping[str, Mapping[str, int]]
    """For each field (system, prompt, answer), rows by language, the commonest first; "" if it cannot be told.

    Of large files some rows stand for all.
    """
    longest: tuple[RowLength, ...]
    shortest: tuple[RowLength, ...]
    epochs: int
    """What `auto` would choose."""
    batch: int
    """What `auto` would choose."""


def shape_of(report: Report) -> Shape:
    """Sum up a report's rows. Rows that cannot be read count as broken and are left out."""
    whole = report.rows[report.rows["prompt_hash"] != 0]
    unit = "tokens" if report.encoding else "characters"
    lengths = whole[unit].astype(np.int64)
    order = np.argsort(lengths, kind="stable")
    answers = whole["answer"].astype(np.int64)
    turns = whole["turns"].astype(np.int64)
    return Shape(
        rows=len(report.rows),
        broken_rows=report.broken_rows,
        lengths=_spread(lengths, unit),
        answers=_spread(answers[answers > 0], "characters"),
        turns=_spread(turns[turns > 0], "messages"),
        roles=dict(sorted(report.roles.items(), key=lambda item: -item[1])),
        languages=_languages(report.languages),
        longest=_places(whole["line"], lengths, order[::-1]),
        shortest=_places(whole["line"], lengths, order),
        epochs=auto_epochs(len(report.rows)),
        batch=auto_batch(len(report.rows)),
    )


def _languages(counts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (name, language), count in sorted(counts.items(), key=lambda entry: -entry[1]):
        found.setdefault(name, {})[language] = count
    return found


def _places(
    lines: npt.NDArray[np.uint32], lengths: npt.NDArray[np.int64], order: npt.NDArray[np.int64]
) -> tuple[RowLength, ...]:
    return tuple(RowLength(int(lines[row]), int(lengths[row])) for row in order[:_EXTREMES])


def _spread(values: npt.NDArray[np.int64], unit: str) -> Spread | None:
    if not len(values):
        return None
    counts, edges = np.histogram(values, _BINS)
    return Spread(
        unit=unit,
        least=int(values.min()),
        median=float(np.median(values)),
        mean=float(values.mean()),
        p95=float(np.percentile(values, 95)),
        most=int(values.max()),
        total=int(values.sum()),
        histogram=Histogram(tuple(float(edge) for edge in edges), tuple(int(count) for count in counts)),
    )
