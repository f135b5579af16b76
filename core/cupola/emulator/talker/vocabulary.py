"""Training of the byte-pair vocabulary (Sennrich et al. 2016, on bytes)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

from .tokenizer import FIRST_MERGE, Tokenizer, pieces, replace_pair

Pair = tuple[int, int]


def train_vocabulary(texts: Iterable[str], merges: int) -> Tokenizer:
    """Merge the most frequent pair of tokens again and again; ties go to the pair with the lower ids.

    Args:
        texts: The corpus.
        merges: How many merges to learn; fewer if the corpus has no repeated pair left.
    """
    counts = Counter(piece for text in texts for piece in pieces(text))
    words = [(list(piece.encode("utf-8", errors="surrogatepass")), count) for piece, count in sorted(counts.items())]
    totals: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)
    for index in range(len(words)):
        _count_word(words, index, totals, places, sign=1)
    learnt: list[Pair] = []
    while len(learnt) < merges and totals:
        pair, total = min(totals.items(), key=lambda entry: (-entry[1], entry[0]))
        if total < 2:
            break
        merged = FIRST_MERGE + len(learnt)
        learnt.append(pair)
        for index in sorted(places.pop(pair)):
            _count_word(words, index, totals, places, sign=-1)
            words[index] = (replace_pair(words[index][0], pair, merged), words[index][1])
            _count_word(words, index, totals, places, sign=1)
        totals.pop(pair, None)
    return Tokenizer(learnt)


def _count_word(
    words: list[tuple[list[int], int]],
    index: int,
    totals: Counter[Pair],
    places: defaultdict[Pair, set[int]],
    sign: int,
) -> None:
    tokens, count = words[index]
    for pair in pairwise(tokens):
        totals[pair] += sign * count
        if sign > 0:
            places[pair].add(index)
