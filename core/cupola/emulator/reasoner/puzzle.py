"""Recognises a number puzzle in chat messages: numbers, a target, and the form that the answer should have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MIN_NUMBERS = 2
MAX_NUMBERS = 6
_LARGEST = 1_000_000

_MAX_TEXT = 20_000
"""Characters looked at, from the end of a prompt."""

# White space is made single spaces beforehand, and repeats are bounded, so that no prompt takes long to search.
_LIST = r"\[? ?(-?\d{1,9}(?:(?: ?[,;] ?(?:and )?| and | )-?\d{1,9}){1,9})"
_NUMBERS = (
    re.compile(rf"\b(?:numbers?|nums|tiles)\b[\"']?(?: (?:are|is|given|available)){{0,2}}[\"' :=]{{0,6}}{_LIST}", re.I),
    re.compile(rf"\b(?:using|from|with|combine|use)\b[^\d\[]{{0,40}}{_LIST}", re.I),
)
_TARGET = (
    re.compile(r"\btarget\b(?: (?:number|value|is|of)){0,3}[\"' :=]{0,6}(-?\d{1,9})\b", re.I),
    re.compile(
        r"\b(?:make|reach|get|equals?|obtain) (?:the (?:number|value) )?(-?\d{1,9})"
        r"(?= ?(?:$|[.,;:!?)]|from\b|using\b|with\b|by\b|out of\b))",
        re.I,
    ),
)
_JSON = re.compile(r"\bjson\b", re.I)


@dataclass(frozen=True, slots=True)
class NumberPuzzle:
    """Numbers to combine, each exactly once, into a target."""

    nums: tuple[int, ...]
    target: int
    wants_json: bool
    """Whether the prompt asks for JSON."""


def recognise(messages: Sequence[Mapping[str, Any]]) -> NumberPuzzle | None:
    """Return the number puzzle that the messages pose, or None if they pose none.

    The newest user message is looked at first; then all of them together, as the numbers may stand elsewhere.
    """
    texts = [(message.get("role"), _plain(message_text(message.get("content")))) for message in messages]
    asked = " ".join(text for _, text in texts)[-_MAX_TEXT:]
    newest = next((text for role, text in reversed(texts) if role == "user"), "")
    for text in (newest, asked):
        nums, target = _numbers(text), _target(text)
        if nums is not None and target is not None:
            return NumberPuzzle(nums, target, _JSON.search(asked) is not None)
    return None


def _numbers(text: str) -> tuple[int, ...] | None:
    for pattern in _NUMBERS:
        for match in pattern.finditer(text):
            nums = tuple(int(number) for number in re.findall(r"-?\d+", match[1])[: MAX_NUMBERS + 1])
            if MIN_NUMBERS <= len(nums) <= MAX_NUMBERS and _reasonable(nums):
                return nums
    return None


def _target(text: str) -> int | None:
    for pattern in _TARGET:
        match = pattern.search(text)
        if match is not None and _reasonable([int(match[1])]):
            return int(match[1])
    return None


def _plain(text: str) -> str:
    return " ".join(text[-_MAX_TEXT:].split())


def _reasonable(nums: Iterable[int]) -> bool:
    return all(abs(number) <= _LARGEST for number in nums)


def message_text(content: Any) -> str:
    """Return the text of a message's content, whatever its shape."""
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        return " ".join(part for part in parts if isinstance(part, str))
    return ""
