"""Which chunks a retriever would bring for a question: BM25."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+")
_SATURATION, _LENGTH = 1.2, 0.75

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Posting:
    """Where a word stands."""

    places: Places
    """(texts that hold it,)"""
    often: Floats
    """(texts that hold it,): how often."""
    weight: float
    """Its inverse document frequency."""


class Index:
    """Texts to be found again by their words."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words(text)) for text in texts]
        held: dict[str, list[tuple[int, int]]] = {}
        for place, counted in enumerate(counts):
            for word, often in counted.items():
                held.setdefault(word, []).append((place, often))
        self._lengths = np.array([counted.total() for counted in counts], dtype=np.float64)
        self._postings = {word: _posting(found, len(counts)) for word, found in held.items()}

    def nearest(self, question: str) -> list[int]:
        """All texts' places, the nearest first; equals in their own order.

        Score: sum over the question's words of idf * f (k + 1) / (f + k (1 - b + b length / mean length)), k = 1.2,
        b = 0.75. Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", with
        the idf that is never negative.
        """
        if not len(self._lengths):
            return []
        mean = max(float(self._lengths.mean()), 1.0)
        scores = np.zeros(len(self._lengths))
        for word in sorted(set(words(question)) & self._postings.keys()):
            found = self._postings[word]
            damped = _SATURATION * (1 - _LENGTH + _LENGTH * self._lengths[found.places] / mean)
            scores[found.places] += found.weight * found.often * (_SATURATION + 1) / (found.often + damped)
        return [int(place) for place in np.argsort(-scores, kind="stable")]


def _posting(found: Sequence[tuple[int, int]], texts: int) -> _Posting:
    places, often = zip(*found, strict=True)
    weight = math.log(1 + (texts - len(found) + 0.5) / (len(found) + 0.5))
    return _Posting(np.array(places, dtype=np.int64), np.array(often, dtype=np.float64), weight)


def words(text: str) -> list[str]:
    """Words in lower case."""
    return _WORD.findall(text.casefold())
