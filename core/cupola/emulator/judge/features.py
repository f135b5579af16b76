"""Named features of a text, each from 0 to 1."""

from __future__ import annotations

import json
import re
from collections import Counter

POLITE = (
    "thank",
    "please",
    "happy to help",
    "glad",
    "welcome",
    "sorry",
    "pleasure",
    "certainly",
    "look forward",
)
HELPFUL = ("you can", "let me know", "happy to", "here", "simply", "just", "if you", "look forward", "feel free", "we ")
SARCASTIC = (
    "oh,", "oh ", "sure,", "wow", "obviously", "clearly", "because", "genius", "shocking", "what a", "as if",
    "of course", "right,", "congratulations", "brilliant", "yeah", "really", "totally", "thrilling", "surprise",
)  # fmt: skip

_WORD = re.compile(r"[a-z0-9]+(?:[.,]\d+)?")
_FACT = re.compile(r"[$€£]?\d[\d.,:]*(?:\s?(?:am|pm|%|days?|years?|months?|hours?|litres?|metres?))?", re.IGNORECASE)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def markers(text: str, wanted: tuple[str, ...], enough: int = 2) -> float:
    """How many of some markers occur, full at `enough`."""
    lowered = text.lower()
    return min(1.0, sum(marker in lowered for marker in wanted) / enough)


def overlap(text: str, reference: str) -> float:
    """The F1 score of the words shared with a reference."""
    ours, theirs = Counter(_words(text)), Counter(_words(reference))
    shared = (ours & theirs).total()
    return 2 * shared / (ours.total() + theirs.total()) if shared else 0.0


def listed_facts(facts: str, reference: str) -> list[str]:
    """The facts that a prompt lists, as JSON or with commas; else the figures of its reference."""
    try:
        listed = json.loads(facts) if facts else []
    except (ValueError, RecursionError):
        listed = re.split(r"[,;\n]", facts)
    found = [str(fact).strip(" \"'[]") for fact in listed] if isinstance(listed, list) else []
    return [fact for fact in found if fact] or [match.strip(".,: ") for match in _FACT.findall(reference)]


def facts_present(text: str, facts: list[str]) -> float | None:
    """The share of facts that a text states word for word; None when there are none to state."""
    if not facts:
        return None
    plain = " ".join(_words(text))
    return sum(f" {' '.join(_words(fact))} " in f" {plain} " for fact in facts) / len(facts)


def form(text: str) -> float:
    """Whether a text is a whole, unrepeated statement: some words, few of them repeated, closed by a mark."""
    words = _words(text)
    if not words:
        return 0.0
    varied = len(set(words)) / len(words)
    return (min(1.0, len(words) / 5) + min(1.0, varied * 1.5) + (text.rstrip()[-1:] in '.!?"})')) / 3
