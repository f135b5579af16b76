"""Read a rendered grader prompt: its labelled sections, its criteria and its scale."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_LABELS = {
    "question": ("question", "q", "prompt", "customer question", "user question", "user"),
    "reference": ("reference", "reference answer", "expected", "expected answer", "ground truth", "correct answer"),
    "facts": ("facts", "required facts", "key facts"),
    "answer": ("answer", "a", "response", "reply", "output", "model output", "model answer", "model response"),
    "target": ("target",),
    "numbers": ("numbers", "nums"),
}
_ALSO_ANSWER = ("assistant", "submission", "candidate", "completion", "candidate answer", "assistant response")
_KINDS = {label: kind for kind, labels in _LABELS.items() for label in labels} | dict.fromkeys(_ALSO_ANSWER, "answer")
_LABEL = "|".join(sorted(map(re.escape, _KINDS), key=len, reverse=True))
_HEADING = re.compile(rf"^[ \t#*>-]*(?:the )?({_LABEL})[ \t*]*[:=]|<({_LABEL})>", re.IGNORECASE | re.MULTILINE)
_CLOSING = re.compile(rf"</(?:{_LABEL})>", re.IGNORECASE)
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_SCALE = re.compile(
    rf"(?:from|between|scale|range|score|rate|rating)\D{{0,30}}{_NUMBER}\s*(?:to|and|-|–|,)\s*{_NUMBER}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """What a judge is shown."""

    text: str
    sections: Mapping[str, str]
    """By kind: question, reference, facts, answer, target, numbers; those that were found."""
    low: float
    high: float

    def mentions(self, *words: str) -> bool:
        """Whether the instructions, which are all but the answer, name one of these."""
        instructions = self.text.replace(self.sections.get("answer", ""), " ").lower()
        return any(word in instructions for word in words)


def _texts(content: Any) -> Iterable[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        yield from _texts(content.get("text"))
    elif isinstance(content, list | tuple):
        for part in content:
            yield from _texts(part)


def _sections(text: str) -> dict[str, str]:
    found = list(_HEADING.finditer(text))
    sections: dict[str, str] = {}
    for index, match in enumerate(found):
        kind = _KINDS[(match[1] or match[2]).lower()]
        end = found[index + 1].start() if index + 1 < len(found) else len(text)
        # Instructions come first and may use the words of a heading; what is to be judged comes last.
        sections[kind] = _CLOSING.sub("", text[match.end() : end]).strip()
    return sections


def _scale(text: str) -> tuple[float, float] | None:
    for match in _SCALE.finditer(text):
        low, high = float(match[1]), float(match[2])
        if low < high:
            return low, high
    return None


def read_prompt(messages: Iterable[Mapping[str, Any]], scale: tuple[float, float] = (0.0, 1.0)) -> JudgePrompt:
    """Read the messages of a grader prompt; without a labelled answer the last message is taken for it.

    Args:
        scale: The lowest and highest score where the prompt itself names none.
    """
    parts = ["\n".join(_texts(message.get("content"))) for message in messages]
    text = "\n".join(parts)
    sections = _sections(text)
    sections.setdefault("answer", parts[-1] if parts else "")
    low, high = _scale(text) or scale
    return JudgePrompt(text, sections, low, high)
