"""Which chunks a retriever would bring for a question: BM25."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

_WORD = re.compile(r"[^\W_]+")
_SATURATION, _LENGTH = 1.2, 0.75


@dataclass(frozen=True)
class Index:
    """Texts to be found again by their words."""

    texts: Sequence[str]
    _counts: list[Counter[str]] = field(init=False)
    _weights: dict[str, float] = field(init=False)
    _lengths: np.typing.NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        counts = [Counter(words(text)) for text in self.texts]
        holders = Counter(word for counted in counts for word in counted)
        total = len(counts)
        object.__setattr__(self, "_counts", counts)
        object.__setattr__(
            self, "_weights", {word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in holders.items()}
        )
        object.__setattr__(self, "_lengths", np.array([counted.total() for counted in counts], dtype=np.float64))

    def nearest(self, question: str) -> list[int]:
        """All texts' places, the nearest first; equals in their own order.

        Score: sum over the question's words of idf * f (k + 1) / (f + k (1 - b + b length / mean length)), k = 1.2,
        b = 0.75. Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", with
        the idf that is never negative.
        """
        if not len(self._lengths):
            return []
        mean = max(float(self._lengths.mean()), 1.0)
        scores = np.zeros(len(self._counts))
        for word in set(words(question)) & self._weights.keys():
            often = np.array([counted[word] for counted in self._counts], dtype=np.float64)
            damped = often + _SATURATION * (1 - _LENGTH + _LENGTH * self._lengths / mean)
            scores += self._weights[word] * often * (_SATURATION + 1) / damped
        return [int(place) for place in np.argsort(-scores, kind="stable")]


def words(text: str) -> list[str]:
    """Words in lower case."""
    return _WORD.findall(text.casefold())
