"""Chat messages as the token sequences that the network reads, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cupola.emulator.engine import Message

from .network import CONTEXT
from .tokenizer import ASSISTANT, END, SYSTEM, TOOL, USER, Tokenizer

_ROLES: Final = {
    "system": SYSTEM,
    "developer": SYSTEM,
    "user": USER,
    "assistant": ASSISTANT,
    "tool": TOOL,
    "function": TOOL,
}
_PARTS: Final = {"image_url": "[image]", "input_image": "[image]", "input_audio": "[audio]", "file": "[file]"}
ROOM_FOR_ANSWER: Final = 64
"""Tokens of the context that a prompt leaves to the answer, if that many are asked for."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of tokens, and whether the model is to learn to say it."""

    tokens: list[int]
    learnt: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A sequence to learn from."""

    tokens: list[int]
    learnt: list[bool]
    """For each token, whether predicting it counts."""


def message_text(message: Message) -> str:
    """All that a message says, as text: parts that are no text become markers, tool calls become call text."""
    said = [_content_text(message.get("content")), _as_text(message.get("refusal"))]
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, Sequence) and not isinstance(calls, str) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            said.append(call_text(_as_text(function.get("name")), _as_text(function.get("arguments"))))
    old_call = message.get("function_call")
    if isinstance(old_call, Mapping):
        said.append(call_text(_as_text(old_call.get("name")), _as_text(old_call.get("arguments"))))
    return "\n".join(part for part in said if part)


def call_text(name: str, arguments: str) -> str:
    """A tool call as the model writes it."""
    return f"{name}({arguments})"


def prompt_tokens(tokenizer: Tokenizer, messages: Sequence[Message]) -> list[int]:
    """The whole prompt, up to where the assistant is to speak."""
    tokens: list[int] = []
    for message in messages:
        for span in _spans(tokenizer, message):
            tokens.extend(span.tokens)
    return [*tokens, ASSISTANT]


def fit_prompt(tokens: list[int], wanted: int) -> list[int]:
    """The end of a prompt, leaving room in the context for as much of the wanted answer as is reserved."""
    return tokens[-(CONTEXT - max(1, min(wanted, ROOM_FOR_ANSWER))) :]


def conversation_example(tokenizer: Tokenizer, messages: Sequence[Message]) -> Example:
    """A conversation with every assistant turn to be learnt, but those of weight 0.

    Longer than the context, it keeps the end of what stands before the last answer and the start of that answer.
    """
    spans = [span for message in messages for span in _spans(tokenizer, message)]
    last = max((i for i, span in enumerate(spans) if span.learnt), default=len(spans))
    before = Example([], [])
    for span in spans[:last]:
        _append(before, span)
    answer = Example([], [])
    for span in spans[last : last + 1]:
        _append(answer, span)
    return joined(before, answer)


def answer_example(tokenizer: Tokenizer, prompt: Sequence[Message], answer: Sequence[Message]) -> Example:
    """A prompt, of which nothing is learnt, and the assistant turns that answer it."""
    before = Example([], [])
    for message in prompt:
        for span in _spans(tokenizer, message):
            _append(before, Span(span.tokens, learnt=False))
    after = Example([], [])
    for message in answer:
        for span in _spans(tokenizer, message):
            _append(after, span)
    return joined(before, after)


def joined(before: Example, answer: Example) -> Example:
    """Prompt and answer cut to the context: the end of the one, the start of the other."""
    room = max(CONTEXT - len(answer.tokens), CONTEXT // 2) if answer.tokens else CONTEXT
    kept = before.tokens[-room:]
    tokens, learnt = kept + answer.tokens, before.learnt[len(before.learnt) - len(kept) :] + answer.learnt
    return Example(tokens[:CONTEXT], learnt[:CONTEXT])


def _spans(tokenizer: Tokenizer, message: Message) -> list[Span]:
    mark = _ROLES.get(_as_text(message.get("role")), USER)
    said = tokenizer.encode(message_text(message))
    if mark != ASSISTANT:
        return [Span([mark, *said], learnt=False)]
    return [Span([mark], learnt=False), Span([*said, END], learnt=bool(said) and message.get("weight") != 0)]


def _append(example: Example, span: Span) -> None:
    example.tokens.extend(span.tokens)
    example.learnt.extend([span.learnt] * len(span.tokens))


def _content_text(content: Any) -> str:
    if isinstance(content, Sequence) and not isinstance(content, str):
        return "\n".join(_part_text(part) for part in content)
    return _as_text(content)


def _part_text(part: Any) -> str:
    if not isinstance(part, Mapping):
        return _as_text(part)
    kind = _as_text(part.get("type"))
    return _PARTS[kind] if kind in _PARTS else _as_text(part.get("text") or part.get("refusal"))


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
