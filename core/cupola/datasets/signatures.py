"""Signatures of texts by which near-duplicates meet, made for a whole block of texts at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

BANDS = 8
_ROWS_A_BAND = 3
_BINS = BANDS * _ROWS_A_BAND
_SHINGLE_MASK = np.uint64((1 << 48) - 1)
SHINGLE_BYTES = 6
_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xC2B2AE3D27D4EB4F)
_EMPTY = np.uint32(0xFFFFFFFF)
FEWEST_SHINGLES = 12
"""Texts with fewer shingles beside the boilerplate are compared for equality only."""

_LOWER = bytes(range(65)) + bytes(range(97, 123)) + bytes(range(91, 256))
_DROPPED = bytes(byte for byte in range(128) if not chr(byte).isalnum())

Hashes = npt.NDArray[np.uint64]
Signatures = npt.NDArray[np.uint32]


def normalised(text: str) -> bytes:
    """A text as near-duplicates are compared: ASCII letters in lower case and digits, other scripts as they are."""
    return text.encode("utf-8", "replace").translate(_LOWER, _DROPPED)


def hash_of(content: bytes) -> bytes:
    """Eight bytes that stand for a content, the same in every process."""
    return hashlib.blake2b(content, digest_size=8).digest()


def shingles(texts: Sequence[bytes]) -> tuple[Hashes, npt.NDArray[np.int64]]:
    """Hashes of all runs of `SHINGLE_BYTES` bytes in each text, one text after the other; and how many each has."""
    lengths = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    counts = np.maximum(lengths - SHINGLE_BYTES + 1, 0)
    joined = np.frombuffer(b"".join(texts) + b"\0" * 8, np.uint8)
    total = int(lengths.sum())
    # A window of eight bytes at every position; the two last are masked away.
    windows = np.lib.stride_tricks.as_strided(joined[:8].view(np.uint64), (total,), (1,))
    hashes = windows & _SHINGLE_MASK
    hashes *= _MIX_A
    hashes ^= hashes >> np.uint64(29)
    hashes *= _MIX_B
    hashes ^= hashes >> np.uint64(32)
    return hashes[_inside(lengths, counts, total)], counts


def signatures(texts: Sequence[bytes], boilerplate: Hashes) -> Signatures:
    """One signature of `BANDS` numbers a text; texts that share any of them, band by band, may be twins.

    One-permutation minhash (Li, Owen and Zhang 2012) with rotation (Shrivastava and Li 2014), banded as in
    Leskovec, Rajaraman and Ullman. Shingles in `boilerplate`, sorted, are left out. With 8 bands of 3, texts with
    a Jaccard similarity of 0.8 meet with probability 0.997, of 0.5 with 0.66.

    Returns:
        Shape (len(texts), BANDS); rows of zeros for texts with too few shingles.
    """
    hashes, counts = shingles(texts)
    owners = np.repeat(np.arange(len(texts)), counts)
    if len(boilerplate):
        kept = ~_contained(hashes, boilerplate)
        hashes, owners = hashes[kept], owners[kept]
        counts = np.bincount(owners, minlength=len(texts))
    # Bits 40 and up, scaled to the number of bins; the values use the bits below 32.
    bins = (((hashes >> np.uint64(40)) * np.uint64(_BINS)) >> np.uint64(24)).view(np.int64)
    values = hashes.astype(np.uint32)
    minima = np.full(len(texts) * _BINS, _EMPTY, np.uint32)
    np.minimum.at(minima, owners * _BINS + bins, values)
    bands = _bands(_densified(minima.reshape(len(texts), _BINS)))
    bands[counts < FEWEST_SHINGLES] = 0
    return bands


def common_shingles(texts: Sequence[bytes], share: float = 0.2, fewest: int = 20) -> Hashes:
    """The shingles that at least that share of the texts hold, sorted: templates that say nothing about a row."""
    if len(texts) < fewest:
        return np.empty(0, np.uint64)
    hashes, counts = shingles(texts)
    owners = np.repeat(np.arange(len(texts), dtype=np.uint64), counts)
    order = np.lexsort((owners, hashes))
    hashes, owners = hashes[order], owners[order]
    first = np.ones(len(hashes), bool)
    first[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    values, numbers = np.unique(hashes[first], return_counts=True)
    return values[numbers >= share * len(texts)]


def shingle_sets(texts: Sequence[bytes], boilerplate: Hashes) -> list[Hashes]:
    """The different shingles of each text, sorted, boilerplate left out."""
    hashes, counts = shingles(texts)
    if len(boilerplate):
        kept = ~_contained(hashes, boilerplate)
        owners = np.repeat(np.arange(len(texts)), counts)[kept]
        hashes, counts = hashes[kept], np.bincount(owners, minlength=len(texts))
    return [np.unique(part) for part in np.split(hashes, np.cumsum(counts)[:-1])]


def jaccard(one: Hashes, other: Hashes) -> float:
    """The Jaccard similarity of two sets of shingles; 0.0 for two empty ones."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    union = len(one) + len(other) - shared
    return shared / union if union else 0.0


def _inside(lengths: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], total: int) -> npt.NDArray[np.bool_]:
    """Which positions begin a shingle that does not reach into the next text."""
    inside = np.ones(total, bool)
    ends = np.cumsum(lengths)
    for back in range(1, SHINGLE_BYTES):
        positions = ends - back
        inside[positions[lengths >= back]] = False
    return inside


def _contained(hashes: Hashes, table: Hashes) -> npt.NDArray[np.bool_]:
    # Most hashes are ruled out by their low bits, which is far faster than a search.
    low_bits = np.zeros(1 << 16, bool)
    low_bits[table.astype(np.uint16)] = True
    contained = low_bits[hashes.astype(np.uint16)]
    maybe = np.flatnonzero(contained)
    places = np.searchsorted(table, hashes[maybe])
    places[places == len(table)] = 0
    contained[maybe] = table[places] == hashes[maybe]
    return contained


def _densified(minima: Signatures) -> Signatures:
    """Fill each empty bin with the next full one's value, moved by the distance so that chance matches stay rare."""
    for _ in range(_BINS):
        empty = minima == _EMPTY
        if not empty.any():
            break
        moved = np.roll(minima, -1, axis=1)
        step = np.where(moved == _EMPTY, _EMPTY, moved * np.uint32(0x9E3779B1) + np.uint32(1))
        minima = np.where(empty, step, minima)
        if (minima == _EMPTY).all(axis=1).any() and not (moved != _EMPTY).any():
            break
    return minima


def _bands(minima: Signatures) -> Signatures:
    grouped = minima.reshape(len(minima), BANDS, _ROWS_A_BAND).astype(np.uint64)
    mixed = grouped[:, :, 0]
    for column in range(1, _ROWS_A_BAND):
        mixed = (mixed * _MIX_A) ^ (grouped[:, :, column] * _MIX_B)
        mixed ^= mixed >> np.uint64(31)
    bands = mixed.astype(np.uint32)
    # Zero means "no signature".
    bands[bands == 0] = 1
    return bands
