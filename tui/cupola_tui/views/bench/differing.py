"""Which words two answers share, for a diff side by side."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ...lines import Span

_WORDS = re.compile(r"\s*\S+|\s+$")
_MOST = 1_200
"""Words of an answer that are compared, since the comparison is quadratic; what follows is shown as different."""


def word_diff(first: str, second: str) -> tuple[list[Span], list[Span]]:
    """Both texts as spans: shared words plain, words of the first alone in `lost`, of the second alone in `gained`."""
    ours, theirs = (_WORDS.findall(text) for text in (first, second))
    left: list[Span] = []
    right: list[Span] = []
    matcher = SequenceMatcher(None, ours[:_MOST], theirs[:_MOST], autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        _add(left, ours[start:end], "" if kind == "equal" else "lost")
        _add(right, theirs[other_start:other_end], "" if kind == "equal" else "gained")
    _add(left, ours[_MOST:], "lost")
    _add(right, theirs[_MOST:], "gained")
    return left, right


def _add(spans: list[Span], words: list[str], ink: str) -> None:
    if words:
        spans.append(Span("".join(words), ink))
