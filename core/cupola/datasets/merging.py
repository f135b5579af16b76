"""Byte pair encoding of many short pieces at once, exactly as the one-by-one algorithm merges them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cupola_data.encodings import Tokens, tokens_of

from .keys import LONGEST, PADDING, Indices, Table, keys_of

LONGEST_PIECE = 32
"""Bytes of the longest piece that is merged here; the work a byte grows with the length."""

_NEVER = np.int32(np.iinfo(np.int32).max)
_AT_ONCE = 20_000

Ranks = npt.NDArray[np.int32]
Number = TypeVar("Number", np.int32, np.int64)


class Merges:
    """The ranks of an encoding's tokens: the lower, the earlier are two neighbours merged into one."""

    def __init__(self, tokens: Tokens) -> None:
        lengths = np.array(tokens.lengths, np.int64)
        content = tokens.content + b"\0" * PADDING
        starts = np.cumsum(lengths) - lengths
        short = np.flatnonzero(lengths <= LONGEST)
        self._short = Table(len(short))
        self._short.add(keys_of(content, starts[short], lengths[short]), short.astype(np.int32))
        long = np.flatnonzero(lengths > LONGEST)
        ends = (starts + lengths)[long].tolist()
        self._long = {
            content[start:end]: rank
            for rank, start, end in zip(long.tolist(), starts[long].tolist(), ends, strict=True)
        }
        self._pairs = np.full(1 << 16, _NEVER, np.int32)
        two = np.flatnonzero(lengths == 2)
        first = np.frombuffer(content, np.uint8)
        self._pairs[first[starts[two]].astype(np.int64) << 8 | first[starts[two] + 1]] = two

    def counts(self, pieces: Sequence[bytes]) -> Indices:
        """How many tokens each piece has; pieces of at most `LONGEST_PIECE` bytes, none of them empty."""
        parts = [self._counts(pieces[start : start + _AT_ONCE]) for start in range(0, len(pieces), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def _counts(self, pieces: Sequence[bytes]) -> Indices:
        content = b"".join(pieces) + b"\0" * PADDING
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        starts = np.cumsum(lengths) - lengths
        counts = np.ones(len(pieces), np.int64)
        left = np.flatnonzero(self._ranks(content, starts, lengths) == _NEVER)
        if len(left):
            counts[left] = self._merged(content, starts[left], lengths[left])
        return counts

    def _ranks(self, content: bytes, starts: Indices, lengths: Indices) -> Ranks:
        """The rank of each string; `_NEVER` for those that are no tokens."""
        ranks = self._short.find(keys_of(content, starts, np.minimum(lengths, LONGEST)))
        ranks[ranks < 0] = _NEVER
        for place in np.flatnonzero(lengths > LONGEST).tolist():
            start = int(starts[place])
            ranks[place] = self._long.get(content[start : start + int(lengths[place])], _NEVER)
        return ranks

    def _merged(self, content: bytes, starts: Indices, lengths: Indices) -> Indices:
        """Merge the pair of the lowest rank, the first of equals, in all pieces at once, until none can be."""
        width = int(lengths.max())
        columns = np.arange(width + 1)
        # Where the parts of each piece begin, and the end of the last one in all columns after it.
        bounds = np.minimum(columns, lengths[:, None]) + starts[:, None]
        codes = np.frombuffer(content, np.uint8).astype(np.int64)
        ranks = self._pairs[codes[bounds[:, :-1]] << 8 | codes[np.minimum(bounds[:, :-1] + 1, len(codes) - 1)]]
        ranks[columns[:-1] >= lengths[:, None] - 1] = _NEVER
        counts = lengths.copy()
        rows = np.arange(len(lengths))
        while True:
            places = ranks.argmin(axis=1)
            going = ranks[np.arange(len(rows)), places] != _NEVER
            if not going.any():
                return counts
            rows, places, bounds, ranks = rows[going], places[going], bounds[going], ranks[going]
            counts[rows] -= 1
            bounds = _without(bounds, places + 1)
            ranks = _without(ranks, places)
            self._rank_again(content, bounds, ranks, places)

    def _rank_again(self, content: bytes, bounds: Indices, ranks: Ranks, places: Indices) -> None:
        """Rank the pairs on both sides of a part that has just been made."""
        rows = np.arange(len(places))
        for place in (places - 1, places):
            told = np.flatnonzero(place >= 0)
            at = place[told]
            begins, ends = bounds[told, at], bounds[told, np.minimum(at + 2, bounds.shape[1] - 1)]
            # A part that is the last one has no neighbour.
            paired = bounds[told, np.minimum(at + 1, bounds.shape[1] - 1)] < ends
            told, at, begins, ends = told[paired], at[paired], begins[paired], ends[paired]
            ranks[rows[place >= 0], place[place >= 0]] = _NEVER
            ranks[told, at] = self._ranks(content, begins, ends - begins)


def _without(table: npt.NDArray[Number], places: Indices) -> npt.NDArray[Number]:
    """Each row without the entry at its place; the last entry is kept twice so that the shape stays."""
    shifted = np.concatenate([table[:, 1:], table[:, -1:]], axis=1)
    return np.where(np.arange(table.shape[1]) < places[:, None], table, shifted)


@cache
def merges(encoding: str) -> Merges:
    """The merges of an encoding that ships; some 0.15 s and 10 MB."""
    return Merges(tokens_of(encoding))
