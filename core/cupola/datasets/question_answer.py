"""Plain question-answer rows, to be converted before training."""

from __future__ import annotations

from typing import Any

from .reading import Broken, Reading

PAIRS = (
    ("question", "answer"),
    ("prompt", "completion"),
    ("prompt", "response"),
    ("instruction", "output"),
    ("query", "response"),
    ("input", "output"),
    ("user", "assistant"),
)
"""Names of the two columns that are told without being asked, the likeliest first."""


def columns(row: dict[str, Any]) -> tuple[str, str] | None:
    """The names of a row's question and answer, in whatever case; None if it has no such pair."""
    names = {key.strip().casefold(): key for key in row if isinstance(key, str)}
    for question, answer in PAIRS:
        if question in names and answer in names:
            return names[question], names[answer]
    return None


def recognises(row: dict[str, Any]) -> bool:
    """Whether a row is flat and has a question and an answer."""
    return "messages" not in row and "item" not in row and columns(row) is not None


def check(row: dict[str, Any], broken: Broken) -> Reading | None:
    """Check one row; return its content if it is sound."""
    pair = columns(row)
    if pair is None:
        broken.append(("answer.missing", "", sorted(row)[:8]))
        return None
    question, answer = row[pair[0]], row[pair[1]]
    for key, value in zip(pair, (question, answer), strict=True):
        if not isinstance(value, str) or not value.strip():
            broken.append(("answer.missing", key, value))
    if not isinstance(question, str) or not isinstance(answer, str):
        return None
    return Reading("", question, answer, (), fields=row)
