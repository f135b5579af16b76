"""Tokens of many texts at once: each is cut where every encoder begins a new piece, and each unit is counted once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cupola_data.encodings import pattern_of, vocabulary

from .keys import LONGEST, PADDING, Indices, Table, keys_of
from .merging import LONGEST_PIECE, merges

if TYPE_CHECKING:
    from tiktoken import Encoding

_UNITS_KEPT = 1 << 17
LONG_BYTES = 4 << 20
"""What the remembered units that are too long for a key may take."""
_ENTRY_BYTES = 130
"""What a remembered unit takes beside its own bytes."""
_AT_ONCE_BYTES = 192 * 1024
_LONGEST_UNIT = 1_024
"""Bytes of the longest unit that is split and merged here."""

_HARD = 0.3
"""Share of a text's bytes in long units from which it is hard to count by units."""
_WORTH_THE_ENCODER = 0.1
"""Share of hard texts, by bytes, from which the encoder is worth its memory."""

_BEGIN = 0xFF
"""Stands before each text; never part of UTF-8."""
_SPACE, _NEWLINE, _TAB, _SLASH, _DELETE = 0x20, 0x0A, np.uint8(0x09), 0x2F, 0x7F
_CONTINUES, _WIDE = np.uint8(0x80), np.uint8(_BEGIN - 0x80)
_SLICE = 200_000
_TOO_MANY_BLANKS = 50_000
"""Blanks in a row that the encoder cannot take."""
_LONG_BLANK = re.compile(rf"\s{{{_TOO_MANY_BLANKS}}}")
# A single space before a word always begins a new piece, so that cutting there changes no count.
_CUT = re.compile(r"(?<=\S) (?=\S)")

_WIDE_BLANKS = np.array(
    [
        int.from_bytes(chr(code).encode(), "big")
        for code in (0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
    ]
)
"""White space of two or three bytes, each as one number."""


@cache
def encoder(name: str) -> Encoding:
    """The encoder of that name, made from the vocabulary that ships: nothing is fetched; 0.5 s and 50 MB."""
    import tiktoken

    words = vocabulary(name)
    ranks, pattern, special = dict(words.ranks), words.pattern, dict(words.special)
    # Both are large, and the peak comes with what the encoder makes of them.
    del words
    made = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)
    # The encoder has made its own tables of them; what it keeps beside would be 25 MB.
    ranks.clear()
    return made


@cache
def unit_counter(encoding: str) -> UnitCounter:
    """The counter of an encoding that ships; special tokens count as the plain text that they are."""
    return UnitCounter(encoding)


class UnitCounter:
    """Counts tokens, and remembers the units that it has counted."""

    def __init__(self, encoding: str, long_bytes: int = LONG_BYTES) -> None:
        import regex

        self._encoding = encoding
        self._pieces = regex.compile(pattern_of(encoding)).findall
        self._units = Table(_UNITS_KEPT)
        self._long_units: dict[bytes, int] = {}
        self._long_bytes, self._most_long_bytes = 0, long_bytes
        # Once the encoder is there for some, it is faster for all that is new.
        self._loaded = False

    def counts(self, texts: Sequence[str]) -> Indices:
        """How many tokens each text has; roles, system prompts and whatever else repeats is counted once."""
        places: dict[str, int] = {}
        order = [places.setdefault(text, len(places)) for text in texts]
        return self._different(list(places))[order]

    def _different(self, texts: Sequence[str]) -> Indices:
        counts = np.zeros(len(texts), np.int64)
        batch: list[bytes] = []
        owners: list[int] = []
        size = 0
        for owner, text in enumerate(texts):
            for piece in (text,) if len(text) <= _SLICE else _slices(text):
                batch.append(piece.encode("utf-8", "replace"))
                owners.append(owner)
                size += len(batch[-1])
            if size >= _AT_ONCE_BYTES:
                np.add.at(counts, owners, self._counts(batch))
                batch, owners, size = [], [], 0
        if batch:
            np.add.at(counts, owners, self._counts(batch))
        return counts

    def _counts(self, texts: Sequence[bytes]) -> Indices:
        content = b"\xff".join([b"", *texts, b"\xff" * (PADDING - 1)])
        starts, begins = _units(np.frombuffer(content, np.uint8))
        lengths = np.diff(starts, append=len(content) - PADDING)
        if lengths.max() <= LONGEST:
            return np.add.reduceat(self._short_counts(content, starts, lengths), begins, dtype=np.int64)
        whole = self._by_encoder(texts, lengths, begins)
        counts = np.zeros(len(starts), np.int64)
        counts[begins[whole]] = [self._encoded(texts[place].decode("utf-8", "replace")) for place in whole.tolist()]
        short = lengths <= LONGEST
        long = ~short
        if len(whole):
            left = np.ones(len(texts), bool)
            left[whole] = False
            here = np.repeat(left, np.diff(begins, append=len(starts)))
            short, long = short & here, long & here
        for chosen, count in ((short, self._short_counts), (long, self._long_counts)):
            places = np.flatnonzero(chosen)
            counts[places] = count(content, starts[places], lengths[places])
        return np.add.reduceat(counts, begins)

    def _by_encoder(self, texts: Sequence[bytes], lengths: Indices, begins: Indices) -> Indices:
        """The texts that are better left to the encoder: code, tables and the like, whose units are long and new.

        A few of them among much prose are not worth its memory.
        """
        sizes = np.add.reduceat(lengths, begins)
        hard = np.flatnonzero(np.add.reduceat(np.where(lengths > LONGEST, lengths, 0), begins) > _HARD * sizes)
        worth = self._loaded or sizes[hard].sum() > _WORTH_THE_ENCODER * sizes.sum()
        return hard if worth and len(hard) else np.empty(0, np.int64)

    def _short_counts(self, content: bytes, starts: Indices, lengths: Indices) -> npt.NDArray[np.int32]:
        low, high = keys_of(content, starts, lengths)
        counts = self._units.find((low, high))
        missing = np.flatnonzero(counts < 0)
        if not len(missing):
            return counts
        ends = starts[missing] + lengths[missing]
        units = [content[start:end] for start, end in zip(starts[missing].tolist(), ends.tolist(), strict=True)]
        places = {unit: place for place, unit in reversed(list(enumerate(units)))}
        found = self._whole(list(places))
        order = {unit: number for number, unit in enumerate(places)}
        counts[missing] = found[[order[unit] for unit in units]]
        kept = missing[list(places.values())][: self._units.room]
        self._units.add((low[kept], high[kept]), found[: len(kept)])
        return counts

    def _long_counts(self, content: bytes, starts: Indices, lengths: Indices) -> Sequence[int]:
        units = [
            content[start : start + length] for start, length in zip(starts.tolist(), lengths.tolist(), strict=True)
        ]
        known = self._long_units
        missing = [unit for unit in dict.fromkeys(units) if unit not in known]
        if self._long_bytes + _kept_bytes(missing) > self._most_long_bytes:
            known = self._long_units = {unit: known[unit] for unit in dict.fromkeys(units) if unit in known}
            self._long_bytes = _kept_bytes(known)
        self._long_bytes += _kept_bytes(missing)
        known.update(zip(missing, self._whole(missing).tolist(), strict=True))
        return [known[unit] for unit in units]

    def _whole(self, units: Sequence[bytes]) -> npt.NDArray[np.int32]:
        """The tokens of units: their pieces merged together; those with a long piece by the encoder."""
        counts = np.zeros(len(units), np.int32)
        if self._loaded:
            counts[:] = [self._encoded(unit.lstrip(b"\xff").decode("utf-8", "replace")) for unit in units]
            return counts
        pieces: list[bytes] = []
        owners: list[int] = []
        for owner, unit in enumerate(units):
            text = unit.lstrip(b"\xff").decode("utf-8", "replace")
            split = [piece.encode() for piece in self._pieces(text)] if len(unit) <= _LONGEST_UNIT else []
            if not split or max(map(len, split)) > LONGEST_PIECE:
                counts[owner] = self._encoded(text)
                continue
            pieces.extend(split)
            owners.extend([owner] * len(split))
        if pieces:
            # Read only now: where the encoder does all, nobody needs them.
            np.add.at(counts, owners, merges(self._encoding).counts(pieces))
        return counts

    def _encoded(self, text: str) -> int:
        if not text:
            return 0
        self._loaded = True
        encode = encoder(self._encoding).encode_ordinary
        if len(text) < _TOO_MANY_BLANKS:
            return len(encode(text))
        return sum(len(encode(part)) for part in _without_long_blanks(text))


def _kept_bytes(units: Collection[bytes]) -> int:
    return sum(map(len, units)) + _ENTRY_BYTES * len(units)


def _units(content: npt.NDArray[np.uint8]) -> tuple[Indices, Indices]:
    """Where the units of texts begin, and which of them is each text's first.

    A unit begins where a text does, at a single space between two characters that are no white space, and after a
    newline before a printable ASCII character other than a slash. At these places a new piece begins by the split
    pattern whatever stands around them: no piece holds a space but as its first character or among white space, and
    none goes on after a newline but with white space or a slash.
    """
    before, here, after = content[: -PADDING - 1], content[1:-PADDING], content[2 : 1 - PADDING]
    blank = (content == _SPACE) | (content - _TAB < np.uint8(5))
    cut = (here == _SPACE) & ~blank[: -PADDING - 1] & ~blank[2 : 1 - PADDING]
    if (content[:-PADDING] - _CONTINUES < _WIDE).any():
        _keep_beside_wide_blanks(content, cut, before | after)
    cut |= (before == _NEWLINE) & (here > _SPACE) & (here < _DELETE) & (here != _SLASH)
    begin = here == _BEGIN
    cut |= begin
    starts = np.concatenate([[0], np.flatnonzero(cut) + 1])
    return starts, np.flatnonzero(content[starts] == _BEGIN)


def _keep_beside_wide_blanks(content: npt.NDArray[np.uint8], cut: npt.NDArray[np.bool_], beside: object) -> None:
    """Take back the cuts beside white space outside ASCII."""
    places = np.flatnonzero(cut & (np.asarray(beside) >= 0x80)) + 1
    if not len(places):
        return
    ending, starting = _code(content, places - 3), _code(content, places + 1)
    blank = np.isin(ending, _WIDE_BLANKS) | np.isin(ending & 0xFFFF, _WIDE_BLANKS)
    blank |= np.isin(starting, _WIDE_BLANKS) | np.isin(starting >> 8, _WIDE_BLANKS)
    cut[places[blank] - 1] = False


def _code(content: npt.NDArray[np.uint8], places: Indices) -> Indices:
    """Three bytes as one number."""
    first, second, third = (content[places + step].astype(np.int64) for step in range(3))
    return first << 16 | second << 8 | third


def _slices(text: str) -> Iterator[str]:
    """Cut a very long text where that changes no count; runs of 50,000 blanks, which the encoder cannot take, too."""
    start = 0
    for block in _without_long_blanks(text):
        start = 0
        while len(block) - start > _SLICE:
            cut = _CUT.search(block, start + _SLICE)
            end = cut.start() if cut else len(block)
            yield block[start:end]
            start = end
        yield block[start:]


def _without_long_blanks(text: str) -> Iterator[str]:
    start = 0
    for match in _LONG_BLANK.finditer(text):
        yield text[start : match.start()]
        yield match[0]
        start = match.end()
    yield text[start:]
