"""The emulator's stand-in for the service's safety checks: a short list of phrases, declared here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

PHRASES: dict[str, tuple[str, ...]] = {
    "hate_fairness": ("racially inferior", "exterminate them all", "subhuman race"),
    "self_harm": ("how to kill myself", "ways to hurt yourself", "instructions for suicide"),
    "sexual": ("explicit sexual content", "sexual content involving minors"),
    "violence": ("how to build a bomb", "how to make a bomb", "how to poison someone", "torture them"),
}
"""Phrases by the service's harm types. Data that contains one fails the check; everything else passes."""

_PATTERNS = {kind: re.compile("|".join(map(re.escape, phrases)), re.IGNORECASE) for kind, phrases in PHRASES.items()}

_ANY = re.compile("|".join(pattern.pattern for pattern in _PATTERNS.values()), re.IGNORECASE)
"""Tried first: nearly every text has no phrase of any kind."""


def _texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        entry = pending.pop()
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            pending.extend(entry.values())
        elif isinstance(entry, list):
            pending.extend(entry)


def harms(row: Any) -> set[str]:
    """The harm types whose phrases occur anywhere in a JSON value."""
    suspect = [text for text in _texts(row) if _ANY.search(text)]
    return {kind for text in suspect for kind, pattern in _PATTERNS.items() if pattern.search(text)}


def first_harm(text: str) -> tuple[int, str] | None:
    """Where the first phrase of a text begins and its harm type; None in a text without any."""
    if not _ANY.search(text):
        return None
    found = [(match.start(), kind) for kind, pattern in _PATTERNS.items() if (match := pattern.search(text))]
    return min(found, default=None)
