"""What a model said in one answer, its tool calls laid out as such, so that two answers can be held word by word."""

from __future__ import annotations

import json

from cupola.models import EvaluationAnswer

_DEEPEST = 50_000
"""Letters of a call's arguments that are laid out; longer ones stay as they came."""


def said(answer: EvaluationAnswer) -> str:
    """Text, then each tool call with its arguments a line each; why there is no answer where there is none."""
    calls = [_call(call) for call in _calls(answer.tools)]
    return "\n".join(filter(None, (answer.text, *calls))) or answer.problem


def _calls(tools: str) -> list[str]:
    """The calls one by one: arguments may have lines of their own, and a call ends with its bracket."""
    calls: list[str] = []
    for text in tools.split("\n"):
        if calls and not calls[-1].endswith(")"):
            calls[-1] += f"\n{text}"
        elif text.strip():
            calls.append(text)
    return calls


def _call(call: str) -> str:
    name, bracket, rest = call.partition("(")
    if not bracket or not rest.endswith(")") or len(rest) > _DEEPEST:
        return f"⚙ {call}"
    try:
        told = json.loads(rest[:-1])
    except (ValueError, RecursionError):
        return f"⚙ {call}"
    if not isinstance(told, dict):
        return f"⚙ {call}"
    lines = [f"    {key}: {_value(value)}" for key, value in told.items()]
    return "\n".join([f"⚙ {name}", *lines])


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
