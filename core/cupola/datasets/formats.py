"""Telling the formats apart by content, never by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from . import chat, evaluation, preference, question_answer, reinforcement, vision
from .reading import Broken, Reading


class Format(StrEnum):
    """What the rows of a file are for."""

    CHAT = "chat"
    VISION = "vision"
    PREFERENCE = "preference"
    REINFORCEMENT = "reinforcement"
    EVALUATION = "evaluation"
    QUESTION_ANSWER = "question_answer"

    @property
    def trains(self) -> bool:
        """Whether a model can be trained on such rows."""
        return self not in (Format.EVALUATION, Format.QUESTION_ANSWER)


_RECOGNISERS: tuple[tuple[Format, Callable[[dict[str, Any]], bool]], ...] = (
    (Format.PREFERENCE, preference.recognises),
    (Format.EVALUATION, evaluation.recognises),
    (Format.VISION, vision.recognises),
    (Format.REINFORCEMENT, reinforcement.recognises),
    (Format.CHAT, chat.recognises),
    (Format.QUESTION_ANSWER, question_answer.recognises),
)

CHECKS: dict[Format, Callable[[dict[str, Any], Broken], Reading | None]] = {
    Format.CHAT: chat.check,
    Format.VISION: vision.check,
    Format.PREFERENCE: preference.check,
    Format.REINFORCEMENT: reinforcement.check,
    Format.EVALUATION: evaluation.check,
    Format.QUESTION_ANSWER: question_answer.check,
}

METHODS: dict[Format, str] = {
    Format.CHAT: "supervised",
    Format.VISION: "supervised",
    Format.PREFERENCE: "dpo",
    Format.REINFORCEMENT: "reinforcement",
}
"""The method of training that each format is for, in the service's word."""

_KIN = frozenset({Format.CHAT, Format.VISION})


def format_of_row(row: dict[str, Any]) -> Format:
    """What one row looks like; a bare object of fields is an evaluation row."""
    for format_, recognises in _RECOGNISERS:
        if recognises(row):
            return format_
    return Format.CHAT if "messages" in row else Format.EVALUATION


def format_of_rows(rows: Iterable[dict[str, Any]]) -> Format | None:
    """What most rows look like; chat with any image is vision. None if there are no rows."""
    counts = Counter(format_of_row(row) for row in rows)
    if not counts:
        return None
    most = counts.most_common(1)[0][0]
    return Format.VISION if most in _KIN and counts[Format.VISION] else most


def fits(row: dict[str, Any], format_: Format) -> bool:
    """Whether a row that fails a format's checks is at least meant for it.

    Only formats with different keys count as foreign: a conversation with a wrong end is a wrong row, not another
    format, and so is a row that looks like nothing.
    """
    if not any(recognises(row) for _, recognises in _RECOGNISERS):
        return True
    looks = format_of_row(row)
    if looks is format_ or {looks, format_} <= _KIN:
        return True
    conversation = _KIN | {Format.REINFORCEMENT}
    if {looks, format_} <= conversation:
        return True
    return {looks, format_} <= {Format.EVALUATION, Format.QUESTION_ANSWER}
