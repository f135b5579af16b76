"""The texts in an output item: what was asked, what was answered, what each grader said."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ...models import EvaluationAnswer, GraderScore
from .reading import Json, mapping, number, objects, text

_INSTANCE = re.compile(r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
"""What the service puts behind a grader's name."""

_NOT_ASKED = ("messages", "trace")


@dataclass(frozen=True, slots=True)
class ToGrade:
    """What a grader reads of an output item."""

    fields: dict[str, object]
    """The row, without what is the model's prompt."""
    text: str
    tool_calls: tuple[dict[str, object], ...]


def to_grade(content: str) -> ToGrade | None:
    """What a grader can read of an output item's JSON text; None where the model did not answer."""
    value = _read(content)
    row, sample = mapping(value.get("datasource_item")), mapping(value.get("sample"))
    output = objects(sample.get("output"))
    if mapping(sample.get("error")) or not output:
        return None
    return ToGrade(
        fields={name: entry for name, entry in row.items() if name not in _NOT_READ},
        text="\n".join(filter(None, (_said(message) for message in output))),
        tool_calls=tuple(call for message in output for call in objects(message.get("tool_calls"))),
    )


_NOT_READ = ("messages", "tools", "parallel_tool_calls", "trace")


def answer(content: str) -> EvaluationAnswer:
    """Read an output item's JSON text; what is missing or of another kind stays empty."""
    value = _read(content)
    row, sample = mapping(value.get("datasource_item")), mapping(value.get("sample"))
    asked = objects(row.get("messages")) or objects(sample.get("input"))
    output = objects(sample.get("output"))
    error = mapping(sample.get("error"))
    return EvaluationAnswer(
        messages=tuple((text(message.get("role")) or "", _text(message.get("content"))) for message in asked),
        fields=tuple((name, _text(entry)) for name, entry in row.items() if name not in _NOT_ASKED and entry),
        text="\n".join(filter(None, (_said(message) for message in output))),
        tools="\n".join(_call(call) for message in output for call in objects(message.get("tool_calls"))),
        finish_reason=text(sample.get("finish_reason")) or "",
        problem=_problem(error),
        grades=tuple(_grade(result) for result in objects(value.get("results"))),
    )


def _read(content: str) -> Json:
    try:
        return mapping(json.loads(content))
    except (ValueError, RecursionError):
        return {}


def _said(message: Json) -> str:
    return _text(message.get("content")) or text(message.get("refusal")) or ""


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return text(value) or ""
    parts = [_text(part.get("text")) for part in objects(value) if isinstance(part.get("text"), str)]
    return "\n".join(parts) if parts else json.dumps(value, ensure_ascii=True)


def _call(call: Json) -> str:
    function = mapping(call.get("function"))
    return f"{text(function.get('name')) or 'tool'}({_text(function.get('arguments'))})"


def _problem(error: Json) -> str:
    return ": ".join(filter(None, (text(error.get("code")), text(error.get("message")))))


def _grade(result: Json) -> GraderScore:
    sample = mapping(result.get("sample"))
    passed = result.get("passed")
    return GraderScore(
        name=_INSTANCE.sub("", text(result.get("name")) or "grader"),
        score=number(result.get("score")),
        passed=passed if isinstance(passed, bool) else None,
        problem=_problem(mapping(result.get("error"))) or _problem(mapping(sample.get("error"))),
        reasons=tuple(filter(None, (_said(message) for message in objects(sample.get("output"))))),
    )
