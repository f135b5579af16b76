"""How near two texts are, by the metrics of text_similarity graders.

The service does not document its settings, so these are estimates of its scores. `fuzzy_match` is RapidFuzz's
`ratio` / 100. ROUGE is the F-measure of rouge-score without stemming. BLEU is nltk's with smoothing method 1 and
METEOR is nltk's without synonyms, both from 0 to 1; they need the `metrics` extra. `cosine` compares word counts.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from .records import SimilarityMetric

_WORD = re.compile(r"[a-z0-9]+")
_MAX_GLEU_ORDER = 4


class MetricUnavailableError(RuntimeError):
    """A metric needs a library that is not installed."""


def similarity(metric: SimilarityMetric, text: str, reference: str) -> float:
    """Return how near `text` is to `reference`, from 0 to 1.

    Raises:
        MetricUnavailableError: BLEU or METEOR is asked for and nltk is not installed.
    """
    match metric:
        case "fuzzy_match":
            return fuzzy_match(text, reference)
        case "bleu":
            return bleu(text, reference)
        case "meteor":
            return meteor(text, reference)
        case "gleu":
            return gleu(text.split(), reference.split())
        case "cosine":
            return cosine(_words(text), _words(reference))
        case "rouge_l":
            return rouge_l(_words(text), _words(reference))
        case _:
            return rouge_n(_words(text), _words(reference), int(metric.removeprefix("rouge_")))


def fuzzy_match(text: str, reference: str) -> float:
    """Return RapidFuzz's normalised indel similarity of the characters."""
    from rapidfuzz import fuzz

    return fuzz.ratio(text, reference) / 100.0


def rouge_n(words: Sequence[str], reference: Sequence[str], n: int) -> float:
    """Return the F-measure of shared n-grams (Lin 2004, ROUGE-N)."""
    ours, theirs = _ngrams(words, n), _ngrams(reference, n)
    return _f_measure((ours & theirs).total(), ours.total(), theirs.total())


def rouge_l(words: Sequence[str], reference: Sequence[str]) -> float:
    """Return the F-measure of the longest common subsequence of words (Lin 2004, ROUGE-L)."""
    from rapidfuzz.distance import LCSseq

    return _f_measure(int(LCSseq.similarity(words, reference)), len(words), len(reference))


def gleu(words: Sequence[str], reference: Sequence[str]) -> float:
    """Return Google's GLEU: the smaller of precision and recall over all 1- to 4-grams (Wu et al. 2016)."""
    ours: Counter[tuple[str, ...]] = Counter()
    theirs: Counter[tuple[str, ...]] = Counter()
    for n in range(1, _MAX_GLEU_ORDER + 1):
        ours.update(_ngrams(words, n))
        theirs.update(_ngrams(reference, n))
    longer = max(ours.total(), theirs.total())
    return (ours & theirs).total() / longer if longer else 0.0


def cosine(words: Sequence[str], reference: Sequence[str]) -> float:
    """Return the cosine of the angle between the two texts' word counts."""
    ours, theirs = Counter(words), Counter(reference)
    lengths = math.sqrt(sum(n * n for n in ours.values()) * sum(n * n for n in theirs.values()))
    return min(1.0, sum(n * theirs[word] for word, n in ours.items()) / lengths) if lengths else 0.0


def bleu(text: str, reference: str) -> float:
    """Return the sentence BLEU of words split at white space (Papineni et al. 2002), smoothed by method 1."""
    try:
        from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
    except ImportError as error:
        raise _needs_nltk("BLEU") from error
    words, target = text.split(), reference.split()
    if not words or not target:
        return 0.0
    return min(1.0, float(sentence_bleu([target], words, smoothing_function=SmoothingFunction().method1)))


def meteor(text: str, reference: str) -> float:
    """Return METEOR by exact and stemmed words (Banerjee and Lavie 2005); without WordNet, synonyms do not match."""
    try:
        from nltk.translate.meteor_score import single_meteor_score
    except ImportError as error:
        raise _needs_nltk("METEOR") from error
    return float(single_meteor_score(reference.split(), text.split(), wordnet=_NoSynonyms()))


class _NoSynonyms:
    """Stands for WordNet, whose data are not shipped."""

    def synsets(self, word: str) -> list[object]:
        """Return no sets of synonyms."""
        return []


def _needs_nltk(metric: str) -> MetricUnavailableError:
    return MetricUnavailableError(f"{metric} needs nltk. Install it with: pip install 'cupola[metrics]'")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _f_measure(shared: int, ours: int, theirs: int) -> float:
    return 2.0 * shared / (ours + theirs) if shared else 0.0
