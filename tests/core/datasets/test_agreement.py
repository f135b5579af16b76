"""What passes here the local service accepts, and what fails it refuses: it checks files with its own eyes."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.datasets.check import Options, check_file
from cupola.datasets.formats import METHODS, Format, format_of_row
from cupola.datasets.rules import RULES
from cupola.emulator.jobs.dataset import check_dataset
from cupola.emulator.jobs.lines import DatasetError

Row = dict[str, Any]

ACCEPTED = {
    "image.size": "the service passes over examples with oversized images in silence",
    "leak.row": "the service never compares the two files of a job",
    "rft.template": "the service finds a variable missing when it grades: invalid_variable_error",
    "line.too_long": "no limit but that of the file is known",
    "file.too_large": "refused when it is uploaded, not when a job begins",
    "tokens.too_many": "weighed with the job's epochs, once its rows are sound",
}
"""Why the service's check of a file accepts what is an error here, by rule."""


def errors_of(path: Path, format_: Format | None = None) -> set[str]:
    report = check_file(path, Options(training=format_ is None, format=format_, twins=False))
    return {group.rule.id for group in report.groups if group.rule.severity == "error"}


def is_refused(path: Path, method: str, *, training: bool, vision: bool = True) -> bool:
    try:
        check_dataset(path, method, training=training, vision=vision)
    except DatasetError:
        return True
    return False


@settings(max_examples=2_000, deadline=None)
@given(seed=st.integers(0, 2**40))
def test_a_row_is_refused_there_exactly_if_it_fails_here(mutant, tmp_path_factory, seed: int):
    row = mutant(Random(seed))
    format_ = format_of_row(row)
    if format_ not in METHODS:
        return
    path = Path(tmp_path_factory.getbasetemp()) / "agreement.jsonl"
    path.write_text(json.dumps(row) + "\n")
    errors = errors_of(path, format_) - ACCEPTED.keys()
    assert is_refused(path, METHODS[format_], training=False) == bool(errors), (row, errors)


USER: Row = {"role": "user", "content": "Which paint?"}
ANSWER: Row = {"role": "assistant", "content": "The blue one."}
TOOL: Row = {"type": "function", "function": {"name": "f", "parameters": {}}}
CALL: Row = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def chat(*messages: object, **more: object) -> Row:
    return {"messages": list(messages), **more}


def calling(*calls: object, then: Row = ANSWER, tools: object = (TOOL,), **more: object) -> Row:
    return chat(USER, {"role": "assistant", "tool_calls": list(calls)}, then, tools=list(tools), **more)


def preference(**changes: object) -> Row:
    row = {"input": chat(USER), "preferred_output": [ANSWER], "non_preferred_output": [{**ANSWER, "content": "No."}]}
    return {key: value for key, value in {**row, **changes}.items() if value is not None}


def pictured(url: object, role: str = "user", count: int = 1, **more: object) -> Row:
    part = {"type": "image_url", "image_url": {"url": url, **more}}
    return chat(USER, {"role": role, "content": [part] * count}, ANSWER)


def png(colour: int = 2, padding: int = 0) -> str:
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 8, 8, 8, colour, 0, 0, 0)
    return "data:image/png;base64," + base64.b64encode(header + bytes(padding)).decode()


CHAT_FAULTS: dict[str, Row | bytes] = {
    "json.invalid": b"{broken",
    "json.encoding": b'{"messages": "\xff"}',
    "json.control_character": json.dumps(chat(USER, ANSWER)).replace("blue", "bl\x07ue").encode(),
    "json.surrogate": json.dumps(chat(USER, ANSWER)).replace("blue", "\\ud83d").encode(),
    "json.duplicate_key": json.dumps(chat(USER, ANSWER)).replace("{", '{"tools": null, "tools": null, ', 1).encode(),
    "json.number": json.dumps(chat(USER, ANSWER)).replace("{", '{"n": 1e999, ', 1).encode(),
    "json.too_deep": json.dumps(chat(USER, ANSWER)).replace("{", '{"n": %s, ' % ("[" * 201 + "]" * 201), 1).encode(),
    "json.not_object": b"[]",
    "row.other_format": preference(),
    "messages.missing": {"messages": "none"},
    "messages.empty": chat(),
    "messages.no_user": chat(ANSWER),
    "messages.no_assistant": chat(USER),
    "messages.last_not_assistant": chat(USER, ANSWER, USER),
    "message.not_object": chat("hello", ANSWER),
    "role.missing": chat({"content": "x"}, USER, ANSWER),
    "role.unknown": chat({"role": "human", "content": "x"}, USER, ANSWER),
    "content.missing": chat({"role": "user"}, ANSWER),
    "content.type": chat({"role": "user", "content": 5}, ANSWER),
    "content.part": chat({"role": "user", "content": [{"type": "video"}]}, ANSWER),
    "name.type": chat({**USER, "name": 5}, ANSWER),
    "weight.value": chat(USER, {**ANSWER, "weight": True}),
    "weight.role": chat({**USER, "weight": 1}, ANSWER),
    "tools.type": chat(USER, ANSWER, tools=[{"type": "function"}]),
    "tools.too_many": chat(USER, ANSWER, tools=[TOOL] * 129),
    "tools.parallel": chat(USER, ANSWER, parallel_tool_calls="yes"),
    "tool_calls.type": calling({"id": "a"}),
    "tool_calls.role": chat({**USER, "tool_calls": [CALL]}, ANSWER, tools=[TOOL]),
    "tool_call.id": calling(CALL, CALL),
    "tool_call.arguments": calling({**CALL, "function": {"name": "f", "arguments": {}}}),
    "tool_call.undeclared": calling(CALL, tools=()),
    "tool.no_id": chat(USER, {"role": "tool", "content": "1"}, ANSWER),
    "tool.no_call": chat(USER, {"role": "tool", "tool_call_id": "b", "content": "1"}, ANSWER),
    "image.role": pictured("https://zava.example/a.png", role="system"),
    "image.too_many": pictured("https://zava.example/a.png", count=65),
    "image.url": pictured("http://zava.example/a.png"),
    "image.data": pictured("data:image/png;base64,AA"),
    "image.type": pictured("data:image/gif;base64,AA"),
    "image.size": pictured(png(padding=11 * 1024 * 1024)),
    "image.colour": pictured(png(colour=0)),
    "image.detail": pictured("https://zava.example/a.png", detail="fine"),
}
PREFERENCE_FAULTS: dict[str, Row | bytes] = {
    "input.missing": preference(input=None),
    "output.missing": preference(preferred_output=None),
    "output.empty": preference(preferred_output=[]),
    "output.role": preference(preferred_output=[USER, ANSWER]),
    "output.no_assistant": preference(preferred_output=[{**USER}]),
}
REINFORCEMENT_FAULTS: dict[str, Row | bytes] = {
    "rft.last_not_user": {**chat(USER, {"role": "system", "content": "x"}), "reference": "1"},
}
FILES: dict[str, bytes] = {
    "file.empty": b"\n\n",
    "file.encoding": "\n".join(json.dumps(chat(USER, ANSWER)) for _ in range(12)).encode("utf-16"),
    "file.not_text": b"\x1f\x8b" + bytes(400),
    "file.document": json.dumps([chat(USER, ANSWER)] * 12).encode(),
    "file.table": b"question,answer\n" + b"a,b\n" * 12,
    "file.too_few_rows": json.dumps(chat(USER, ANSWER)).encode(),
    "file.unknown_format": b"{}\n" * 12,
    "file.not_for_training": b'{"question": "a", "answer": "b"}\n' * 12,
    "file.too_many_images": b"".join(
        json.dumps(pictured(f"https://zava.example/{number}.png")).encode() + b"\n" for number in range(50_001)
    ),
}
ELSEWHERE = {
    "image.model": "test_images_for_a_model_without_eyes_are_refused_by_both",
    "item.type": "an evaluation row, no training row",
    "answer.missing": "a question-answer row, no training row",
}
"""Errors that are not tried rule by rule."""

CASES = [
    *((Format.CHAT, rule, row) for rule, row in CHAT_FAULTS.items()),
    *((Format.PREFERENCE, rule, row) for rule, row in PREFERENCE_FAULTS.items()),
    *((Format.REINFORCEMENT, rule, row) for rule, row in REINFORCEMENT_FAULTS.items()),
]


def test_every_error_is_tried_or_has_a_reason_not_to_be():
    errors = {rule.id for rule in RULES.values() if rule.severity == "error"}
    tried = {rule for _format, rule, _row in CASES} | FILES.keys()
    assert errors == tried | ACCEPTED.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize(("format_", "rule", "row"), CASES, ids=[rule for _format, rule, _row in CASES])
def test_a_faulty_row_among_good_ones(write, rows, format_: Format, rule: str, row: Row | bytes):
    makers: dict[Format, Callable[..., Row]] = {
        Format.CHAT: rows["chat"],
        Format.PREFERENCE: rows["preference"],
        Format.REINFORCEMENT: rows["reinforcement"],
    }
    good = [makers[format_](number) for number in range(12)]
    path = write([*good[:3], row, *good[3:]])
    assert rule in errors_of(path, format_ if rule != "row.other_format" else None)
    assert is_refused(path, METHODS[format_], training=True) != (rule in ACCEPTED)


@pytest.mark.parametrize("rule", FILES)
def test_a_faulty_file(tmp_path, rule: str):
    path = tmp_path / "data.jsonl"
    path.write_bytes(FILES[rule])
    assert errors_of(path)
    assert all(is_refused(path, method, training=True) for method in set(METHODS.values()))


def test_images_for_a_model_without_eyes_are_refused_by_both(write):
    path = write([pictured(f"https://zava.example/{number}.png") for number in range(12)])
    for model, sees in (("gpt-4.1-2025-04-14", True), ("gpt-4.1-nano-2025-04-14", False)):
        assert check_file(path, Options(model=model)).blocked != sees
        assert is_refused(path, "supervised", training=True, vision=sees) != sees


@pytest.mark.parametrize("depth", [150, 198, 199, 200, 201, 250])
def test_both_take_the_same_depth(write, rows, depth: int):
    deep = json.dumps(rows["chat"](0)).replace("{", '{"n": %s, ' % ("[" * depth + "]" * depth), 1)
    path = write([deep])
    assert ("json.too_deep" in errors_of(path, Format.CHAT)) == is_refused(path, "supervised", training=False)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"{broken", "line 4"),
        (b"[]", "line 4"),
        (b'{"messages": [], "messages": []}', "line 4"),
        (b'{"messages": [{"role": "human", "content": "x"}]}', "line 4"),
        (b'{"messages": "\xff"}', "line 4"),
    ],
)
def test_both_name_the_same_line(write, rows, content: bytes, place: str):
    made = [rows["chat"](n) for n in range(12)]
    made[3] = content
    path = write(made)
    errors = [group for group in check_file(path).groups if group.rule.severity == "error"]
    assert [finding.line for group in errors for finding in group.examples] == [4]
    with pytest.raises(DatasetError, match=place):
        check_dataset(path, "supervised", training=True)


def test_both_want_ten_rows(write, rows):
    few, enough = (write((rows["chat"](n) for n in range(count)), f"{count}.jsonl") for count in (9, 10))
    assert check_file(few).blocked and not check_file(enough).blocked
    assert check_dataset(enough, "supervised", training=True) == 10
    with pytest.raises(DatasetError):
        check_dataset(few, "supervised", training=True)
