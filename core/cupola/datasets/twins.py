"""Rows that are the same or nearly the same, inside a file and across files, named pair by pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from .excerpts import excerpt
from .formats import CHECKS, Format
from .lines import LONGEST_LINE
from .parsing import RowError, parse_row
from .part import Rows
from .signatures import BANDS, Hashes, jaccard, normalised, shingle_sets

NEAR = 0.8
"""Jaccard similarity of the prompts' shingles from which two rows are twins."""

_MOST_COMPARED = 10_000
"""Candidate pairs that are compared in full."""
_COMPARED_AT_ONCE = 250
_MOST_BYTES_COMPARED = 64 * 1024
"""Of longer prompts only the beginnings are compared."""
_MOST_A_BAND = 200_000
"""Candidate pairs that are taken of one band."""
MOST_NAMED = 20_000
"""Pairs of equal rows, and of equal prompts, that are named one by one; the others are counted."""
_MOST_IN_A_RUN = 50
"""Rows of one band value that are compared with the first of them."""

Kind = Literal["row", "prompt", "near"]
Pairs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was scanned."""

    path: Path
    format: Format
    rows: Rows


@dataclass(frozen=True, slots=True)
class Place:
    """A row: the position of its file among those compared, and its line."""

    file: int
    line: int


@dataclass(frozen=True, slots=True)
class Twin:
    """Two rows that are too alike; `first` comes earlier."""

    kind: Kind
    """`row`: the same line. `prompt`: the same prompt, but not the same row. `near`: nearly the same prompt."""
    first: Place
    second: Place
    similarity: float
    """1.0 for equal ones, else the Jaccard similarity of the prompts' shingles beside the boilerplate."""
    excerpt: str

    @property
    def across(self) -> bool:
        """Whether the two are in different files."""
        return self.first.file != self.second.file


@dataclass(frozen=True, slots=True)
class TwinReport:
    """All twins found."""

    twins: tuple[Twin, ...]
    candidates_left: int
    """Candidate pairs that were not compared, because there were too many."""
    equals_left: int = 0
    """Equal rows and equal prompts that are not named, because there were too many."""


def find_twins(
    sources: Sequence[Source], boilerplate: Hashes, threshold: float = NEAR, most_named: int = MOST_NAMED
) -> TwinReport:
    """Find every row's earlier twin in the files given.

    Rows of one group of equals are each paired with the first of it, so that the report grows with the rows; at most
    `most_named` pairs of equal rows, and as many of equal prompts, are in it.
    """
    table = sources[0].rows if len(sources) == 1 else np.concatenate([source.rows for source in sources])
    owner = np.repeat(np.arange(len(sources)), [len(source.rows) for source in sources])
    with _Rereader(sources) as reread:
        same_row = equal_pairs(table["row_hash"])
        same_prompt = equal_pairs(table["prompt_hash"])
        same_prompt = same_prompt[table["row_hash"][same_prompt[:, 0]] != table["row_hash"][same_prompt[:, 1]]]
        twins: list[Twin] = []
        kinds: tuple[tuple[Kind, Pairs], ...] = (("row", same_row), ("prompt", same_prompt))
        for kind, pairs in kinds:
            twins += [_twin(kind, table, owner, pair, 1.0, reread) for pair in _named(pairs, owner, most_named)]
        near, left = _near_pairs(table, boilerplate, threshold, owner, reread)
        twins += [_twin("near", table, owner, pair, alike, reread) for pair, alike in near]
    equals_left = sum(max(0, len(pairs) - most_named) for _, pairs in kinds)
    return TwinReport(tuple(sorted(twins, key=_by_place)), left, equals_left)


def near_twins(source: Source, boilerplate: Hashes) -> TwinReport:
    """The rows of one file that are nearly, but not quite, the same as an earlier one."""
    owner = np.zeros(len(source.rows), np.int64)
    with _Rereader((source,)) as reread:
        near, left = _near_pairs(source.rows, boilerplate, NEAR, owner, reread)
        twins = [_twin("near", source.rows, owner, pair, alike, reread) for pair, alike in near]
    return TwinReport(tuple(sorted(twins, key=_by_place)), left)


def _named(pairs: Pairs, owner: npt.NDArray[np.int64], most: int) -> Pairs:
    """As many as are named: those across files, which are leaks, before the others."""
    if len(pairs) <= most:
        return pairs
    inside = owner[pairs[:, 0]] == owner[pairs[:, 1]]
    return pairs[np.argsort(inside, kind="stable")[:most]]


def equal_pairs(hashes: npt.NDArray[np.uint64]) -> Pairs:
    """Each row that equals an earlier one, with the first such; zeros are equal to nothing. Shape (n, 2)."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    again = np.zeros(len(hashes), bool)
    again[1:] = (ordered[1:] == ordered[:-1]) & (ordered[1:] != 0)
    leaders = np.maximum.accumulate(np.where(again, 0, np.arange(len(hashes))))
    pairs = np.stack([order[leaders[again]], order[again]], axis=1)
    return pairs[np.argsort(pairs[:, 1], kind="stable")]


def groups(rows: int, pairs: Iterator[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Number the rows so that those connected by pairs share a number: the lowest row of each group."""
    parent = np.arange(rows)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return np.fromiter((root(row) for row in range(rows)), np.int64, rows)


def candidate_pairs(bands: npt.NDArray[np.uint32]) -> tuple[Pairs, int]:
    """Pairs of rows that share a value in any band, each with the first of its run and with the one before it.

    Returns:
        Shape (n, 2), without repeats; those that share the most bands come first. And how many pairs were left out
        because rows are so alike that a band gave more than `_MOST_A_BAND` of them.
    """
    found: list[npt.NDArray[np.int64]] = []
    left = 0
    total = len(bands)
    for band in range(BANDS):
        values = bands[:, band]
        rows = _repeated(values)
        order = rows[np.argsort(values[rows], kind="stable")]
        again = np.zeros(len(order), bool)
        again[1:] = values[order[1:]] == values[order[:-1]]
        places = np.arange(len(order))
        leaders = np.maximum.accumulate(np.where(again, 0, places))
        near = np.flatnonzero(again & (places - leaders <= _MOST_IN_A_RUN))
        later = np.flatnonzero(again)
        # The neighbour too: the first of a run is not always the nearest.
        for one, other in ((order[leaders[near]], order[near]), (order[later - 1], order[later])):
            left += max(0, len(one) - _MOST_A_BAND)
            low, high = np.minimum(one, other)[:_MOST_A_BAND], np.maximum(one, other)[:_MOST_A_BAND]
            found.append(low * total + high)
    codes, shared = np.unique(np.concatenate(found), return_counts=True)
    codes = codes[np.argsort(-shared, kind="stable")]
    return np.stack([codes // max(1, total), codes % max(1, total)], axis=1), left


def _repeated(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """The rows whose value another row has too; zeros are no values. Plain sorting is faster than by rows."""
    ordered = np.sort(values)
    again = ordered[1:][(ordered[1:] == ordered[:-1]) & (ordered[1:] != 0)]
    if not len(again):
        return np.empty(0, np.int64)
    places = np.minimum(np.searchsorted(again, values), len(again) - 1)
    return np.flatnonzero(again[places] == values)


def _near_pairs(
    table: Rows, boilerplate: Hashes, threshold: float, owner: npt.NDArray[np.int64], reread: _Rereader
) -> tuple[list[tuple[npt.NDArray[np.int64], float]], int]:
    pairs, left = candidate_pairs(table["bands"])
    prompts = table["prompt_hash"]
    pairs = pairs[prompts[pairs[:, 0]] != prompts[pairs[:, 1]]]
    near: list[tuple[Pairs, float]] = []
    for start in range(0, min(len(pairs), _MOST_COMPARED), _COMPARED_AT_ONCE):
        batch = pairs[start : min(start + _COMPARED_AT_ONCE, _MOST_COMPARED)]
        members, places = np.unique(batch, return_inverse=True)
        texts = [reread.normalised(int(owner[row]), int(table["offset"][row])) for row in members]
        sets = shingle_sets(texts, boilerplate)
        alike = [jaccard(sets[one], sets[other]) for one, other in places.reshape(-1, 2)]
        near += [(pair, value) for pair, value in zip(batch, alike, strict=True) if value >= threshold]
        # The likeliest come first: where a whole batch holds no twin, those that share even less hold none either.
        if max(alike) < threshold and start:
            return near, 0
    return near, left + max(0, len(pairs) - _MOST_COMPARED)


def _twin(
    kind: Kind,
    table: Rows,
    owner: npt.NDArray[np.int64],
    pair: npt.NDArray[np.int64],
    alike: float,
    reread: _Rereader,
) -> Twin:
    first, second = (Place(int(owner[row]), int(table["line"][row])) for row in pair)
    text = reread.prompt(int(owner[pair[1]]), int(table["offset"][pair[1]]))
    return Twin(kind, first, second, alike, excerpt(text, 80))


def _by_place(twin: Twin) -> tuple[int, int, int, int]:
    return (twin.second.file, twin.second.line, twin.first.file, twin.first.line)


class _Rereader:
    """Reads single rows again; keeps each file open while it lives."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources
        self.files: list[BinaryIO] = []

    def __enter__(self) -> _Rereader:
        self.files = [source.path.open("rb") for source in self.sources]
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.files:
            file.close()

    def normalised(self, file: int, offset: int) -> bytes:
        """The prompt of the row at an offset, as it is compared."""
        return normalised(self.prompt(file, offset))[:_MOST_BYTES_COMPARED]

    def prompt(self, file: int, offset: int) -> str:
        """The prompt of the row at an offset; empty if it cannot be read any more."""
        self.files[file].seek(offset)
        line = self.files[file].readline(LONGEST_LINE).rstrip(b"\r\n")
        try:
            reading = CHECKS[self.sources[file].format](parse_row(line), [])
        except RowError:
            return ""
        return reading.prompt if reading else ""
