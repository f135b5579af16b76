"""How long an answer is and what form it has, so that a run's answers can be seen to grow or to become all alike."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..models import EvaluationAnswer

_BULLET = re.compile(r"\s*([-*\u2022]|\d{1,3}[.)])\s")
_MOST_LINES = 40
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """One answer."""

    length: int
    """Characters of its text and its tool calls."""
    form: str
    """Equal for answers that are laid out alike: JSON of the same keys, text of the same kinds of lines."""


def shape_of(answer: EvaluationAnswer) -> AnswerShape:
    """The shape of an answer; an absent one has the form ""."""
    tools = ",".join(sorted({line.partition("(")[0] for line in answer.tools.splitlines()}))
    form = "|".join(filter(None, (_form(answer.text), f"calls {tools}" if tools else "")))
    return AnswerShape(len(answer.text) + len(answer.tools), form)


def entropy(forms: Iterable[str]) -> float:
    """Shannon's entropy in bits of how often each form occurs; NaN without any."""
    counts = Counter(forms)
    total = sum(counts.values())
    if not total:
        return math.nan
    return abs(sum(count / total * math.log2(total / count) for count in counts.values()))


def _form(text: str) -> str:
    plain = text.strip()
    if not plain:
        return ""
    if plain[0] in "{[":
        try:
            return f"json {_keys(json.loads(plain), _DEEPEST)}"
        except (ValueError, RecursionError):
            return "broken json"
    lines = [line for line in plain.splitlines() if line.strip()][:_MOST_LINES]
    kinds = [_kind(line) for line in lines]
    runs = [kind for index, kind in enumerate(kinds) if index == 0 or kind != kinds[index - 1]]
    # Twice as many words is another form; a few more are not.
    return f"{' '.join(runs)} {round(math.log2(1 + len(plain.split())))}"


def _kind(line: str) -> str:
    if line.lstrip().startswith("#"):
        return "heading"
    if line.lstrip().startswith("```"):
        return "fence"
    return "bullet" if _BULLET.match(line) else "text"


def _keys(value: object, depth: int) -> str:
    if isinstance(value, dict):
        inner = ",".join(f"{name}:{_keys(entry, depth - 1)}" for name, entry in sorted(value.items())) if depth else ""
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{_keys(value[0], depth - 1) if value and depth else ''}]"
    return type(value).__name__
