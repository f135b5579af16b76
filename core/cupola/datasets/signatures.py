"""Signatures of texts by which near-duplicates meet, made for a whole block of texts at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

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

_ALL = 256
_TIERS = ((0, 320, _ALL), (320, 4_096, 32), (4_096, 1 << 62, 8))
"""From how many bytes, below how many, and below which weight of 256 the shingles count."""
# Any fixed order of the bytes will do that has nothing to do with how frequent they are.
_SCATTER = bytes(sorted(range(256), key=lambda byte: hashlib.sha1(bytes([byte])).digest()))

_LOWER = bytes(range(65)) + bytes(range(97, 123)) + bytes(range(91, 256))
_DROPPED = bytes(byte for byte in range(128) if not chr(byte).isalnum())

Hashes = npt.NDArray[np.uint64]
Signatures = npt.NDArray[np.uint32]


def normalised(text: str) -> bytes:
    """A text as near-duplicates are compared: ASCII letters in lower case and digits, other scripts as they are."""
    return text.encode("utf-8", "replace").translate(_LOWER, _DROPPED)


def hash_of(content: bytes) -> bytes:
    """Eight bytes that stand for a content, the same in every process."""
    return hashlib.sha1(content, usedforsecurity=False).digest()[:8]


def hashes_of(contents: Iterable[bytes]) -> Hashes:
    """`hash_of` each, as numbers."""
    sha1 = hashlib.sha1
    digests = b"".join([sha1(content, usedforsecurity=False).digest() for content in contents])
    return np.frombuffer(digests, np.uint8).reshape(-1, 20)[:, :8].copy().view(np.uint64).ravel()


def shingles(texts: Sequence[bytes]) -> tuple[Hashes, npt.NDArray[np.int64]]:
    """Hashes of all runs of `SHINGLE_BYTES` bytes in each text, one text after the other; and how many each has."""
    lengths = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    counts = np.maximum(lengths - SHINGLE_BYTES + 1, 0)
    total = int(lengths.sum())
    hashes = _mixed(_windows(b"".join(texts) + b"\0" * 8, total))
    return hashes[_inside(lengths, counts, total)], counts


def _windows(content: bytes, count: int) -> Hashes:
    """A window of eight bytes at every position, as numbers; the content must have eight bytes more than `count`."""
    return np.ndarray((count,), np.uint64, content, 0, (1,))


def _mixed(windows: Hashes) -> Hashes:
    """Hash each window's first `SHINGLE_BYTES` bytes."""
    hashes = windows & _SHINGLE_MASK
    hashes *= _MIX_A
    hashes ^= hashes >> np.uint64(29)
    hashes *= _MIX_B
    hashes ^= hashes >> np.uint64(32)
    return hashes


def normalised_all(texts: Sequence[str]) -> list[bytes]:
    """`normalised` each; in one go, which is faster."""
    # 0xFF is never part of UTF-8.
    joined = b"\xff".join([text.encode("utf-8", "replace") for text in texts])
    return joined.translate(_LOWER, _DROPPED).split(b"\xff") if texts else []


def signatures(texts: Sequence[bytes], boilerplate: Hashes) -> Signatures:
    """One signature of `BANDS` numbers a text; texts that share any of them, band by band, may be twins.

    One-permutation minhash (Li, Owen and Zhang 2012) with rotation (Shrivastava and Li 2014), banded as in
    Leskovec, Rajaraman and Ullman. Shingles in `boilerplate`, sorted, are left out. With 8 bands of 3, texts with
    a Jaccard similarity of 0.8 meet with probability 0.997, of 0.5 with 0.66.

    The order of the shingles is that of a cheap weight of their first bytes, then of their hash. Of long texts only
    those of low weight are hashed at all (as Manber 1994 chose his anchors): the lowest of each bin is nearly always
    among them, so that texts on both sides of a limit still meet.

    Returns:
        Shape (len(texts), BANDS); rows of zeros for texts with too few shingles.
    """
    bands = np.zeros((len(texts), BANDS), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    for least, below, limit in _TIERS:
        members = np.flatnonzero((lengths >= least) & (lengths < below))
        if len(members):
            bands[members] = _signed(
                [texts[member] for member in members.tolist()], lengths[members], limit, boilerplate
            )
    return bands


def _signed(texts: Sequence[bytes], lengths: npt.NDArray[np.int64], limit: int, boilerplate: Hashes) -> Signatures:
    weights, hashes, owners = _anchors(texts, lengths, limit)
    if len(boilerplate):
        kept = ~_contained(hashes, boilerplate)
        weights, hashes, owners = weights[kept], hashes[kept], owners[kept]
    counts = np.bincount(owners, minlength=len(texts))
    # Bits 40 and up, scaled to the number of bins; the values use the bits below 24.
    bins = (((hashes >> np.uint64(40)) * np.uint64(_BINS)) >> np.uint64(24)).view(np.int64)
    values = (weights.astype(np.uint32) << np.uint32(24)) | (hashes.astype(np.uint32) >> np.uint32(8))
    minima = np.full(len(texts) * _BINS, _EMPTY, np.uint32)
    np.minimum.at(minima, owners * _BINS + bins, values)
    told = counts * (_ALL // limit) >= FEWEST_SHINGLES
    bands = np.zeros((len(texts), BANDS), np.uint32)
    if told.any():
        bands[told] = _bands(_densified(minima.reshape(len(texts), _BINS)[told]))
    return bands


def _anchors(
    texts: Sequence[bytes], lengths: npt.NDArray[np.int64], limit: int
) -> tuple[npt.NDArray[np.uint8], Hashes, npt.NDArray[np.int64]]:
    """Weight, hash and owner of each shingle whose weight is below the limit."""
    joined = b"\xff".join(texts) + b"\xff" * 9
    total = len(joined) - 9
    scattered = np.frombuffer(joined.translate(_SCATTER), np.uint8)
    weights = scattered[:total] ^ scattered[2 : total + 2]
    weights += scattered[1 : total + 1]
    ends = np.cumsum(lengths + 1) - 1
    places = np.flatnonzero(weights < limit) if limit < _ALL else np.arange(total)
    owners = np.repeat(np.arange(len(texts)), np.diff(np.searchsorted(places, ends, "right"), prepend=0))
    inside = places + SHINGLE_BYTES <= ends[owners]
    places, owners = places[inside], owners[inside]
    return weights[places], _mixed(_windows(joined, total)[places]), owners


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
