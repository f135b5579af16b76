"""Signs that an answer was cut off before its end."""

from __future__ import annotations

SHORT_ANSWER = 40
"""Answers up to this length in characters may be labels, and are counted by text."""

_LIKELY_WHOLE = 80
_ENDS = frozenset(".!?…)]}\"'`*_>|~;:。！？」』”’»%$€£=0123456789\n")
_OPEN_ENDS = (",", "(", "[", "{", " and", " or", " the", " a", " of", " to", " with", " for", " in", " is")


def seems_cut_off(answer: str) -> bool:
    """Whether an answer stops in mid-sentence, or leaves a code block open.

    Long prose that ends in a letter counts only if it holds other sentences that were finished; lists, code and
    labels do not end in a full stop.
    """
    if "```" in answer and answer.count("```") % 2:
        return True
    if answer[-1:] in _ENDS:
        return False
    text = answer.rstrip()
    if len(text) < _LIKELY_WHOLE or text[-1] in _ENDS:
        return False
    if text.endswith(_OPEN_ENDS):
        return True
    last_line = text.rsplit("\n", 1)[-1]
    return text[-1].isalpha() and last_line.count(". ") >= 1 and len(last_line) >= _LIKELY_WHOLE
