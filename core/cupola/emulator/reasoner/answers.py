"""Writes an answer in the form that was asked for, and counts its tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine import Answer, AnswerRequest, Message
from .puzzle import NumberPuzzle, message_text
from .rollouts import Rollout

_TOKEN = re.compile(r"\d{1,3}|[^\W\d]+|[^\w\s]")
_EXPRESSION_NAMES = ("expression", "equation", "formula", "solution", "answer")
_RESULT_NAMES = ("result", "value", "total", "target")


@dataclass(frozen=True, slots=True)
class AnswerKeys:
    """The properties of the JSON that is asked for."""

    expression: str = "expression"
    result: str | None = "result"
    numeric_result: bool = False
    others: tuple[tuple[str, Any], ...] = ()
    """What is required besides, with an empty value of its type."""


def answer_keys(json_schema: Mapping[str, Any] | None) -> AnswerKeys:
    """Find the properties for the expression and its value in a schema, by their names."""
    if json_schema is None:
        return AnswerKeys()
    inner = json_schema.get("schema")
    properties = (inner if isinstance(inner, Mapping) else json_schema).get("properties")
    if not isinstance(properties, Mapping) or not properties:
        return AnswerKeys()
    names = [str(name) for name in properties]
    expression = _named(names, _EXPRESSION_NAMES) or names[0]
    result = _named([name for name in names if name != expression], _RESULT_NAMES)
    others = tuple((name, _empty(properties[name])) for name in names if name not in (expression, result))
    return AnswerKeys(expression, result, _type(properties.get(result)) in ("number", "integer"), others)


def render(puzzle: NumberPuzzle, rollout: Rollout, keys: AnswerKeys) -> str:
    """Return the text of an answer: JSON or a sentence, claiming the value found or the target."""
    claimed = float(puzzle.target) if rollout.claims_target else rollout.value
    written = format(claimed, ".10g")
    if rollout.prose:
        return f"The best that I found is {rollout.expression} = {written}."
    answer: dict[str, Any] = {keys.expression: rollout.expression}
    if keys.result is not None:
        number = int(claimed) if claimed.is_integer() else claimed
        answer[keys.result] = number if keys.numeric_result else written
    return json.dumps(answer | dict(keys.others))


def cut(request: AnswerRequest, text: str, prompt: int, reasoning: int) -> Answer:
    """Return an answer that ends at a stop string or at the token limit, which the thoughts count against."""
    for stop in request.stop:
        if stop:
            text = text.partition(stop)[0]
    room = request.max_tokens - reasoning
    if room < 0:
        return Answer("", "length", prompt, request.max_tokens, request.max_tokens)
    ends = [match.end() for match in _TOKEN.finditer(text)]
    if len(ends) <= room:
        return Answer(text, "stop", prompt, reasoning + len(ends), reasoning)
    return Answer(text[: ends[room - 1]] if room else "", "length", prompt, request.max_tokens, reasoning)


def prompt_tokens(messages: Sequence[Message]) -> int:
    """Return the length of a prompt in the policy's own tokens: a role and its text for each message."""
    return sum(1 + count_tokens(message_text(message.get("content"))) for message in messages)


def count_tokens(text: str) -> int:
    """Return the length of a text in the policy's own tokens: words, signs, and up to three digits."""
    return len(_TOKEN.findall(text))


def _named(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    return next((name for word in wanted for name in names if word in name.lower()), None)


def _type(schema: Any) -> Any:
    return schema.get("type") if isinstance(schema, Mapping) else None


def _empty(schema: Any) -> Any:
    kind = _type(schema)
    kinds: dict[Any, Any] = {"array": [], "object": {}, "number": 0, "integer": 0, "boolean": False, "null": None}
    return kinds.get(kind, "") if isinstance(kind, str) else ""
